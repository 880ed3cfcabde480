"""CPU time and peak memory of ``cnnlint check`` now against an earlier revision of it.

usage: python benchmarks/against_revision.py REVISION MODEL... [--rounds 25]

Both revisions are unpacked beside each other and compiled, so that neither has an advantage.
Each round runs both on each model, in turn one or the other first; the ratio is that of each
round, so that a machine that changes its speed changes both.
"""

import argparse
import compileall
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from io import BytesIO
from pathlib import Path
from statistics import median

from child_process import run

ROOT = Path(__file__).parents[1]


def unpacked(revision: str, folder: Path) -> Path:
    """Return a folder with the files of a revision, compiled."""
    git = shutil.which("git") or "git"
    command = [git, "-C", str(ROOT), "archive", "--format=tar", revision]
    packed = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    with tarfile.open(fileobj=BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
    compileall.compile_dir(folder / "cnnlint", quiet=1)
    compileall.compile_dir(folder / "rules", quiet=1)
    return folder


def cost(code: Path, model: str) -> tuple[float, float]:
    """Return CPU seconds and peak MiB of one check."""
    command = [sys.executable, "-m", "cnnlint", "check", "--isolated", model]
    done = run(command, cwd=code)
    if done.code not in (0, 1):
        sys.exit(f"{command} exited {done.code}")
    return done.cpu_s, done.peak_mib


def measure(before: Path, now: Path, model: str, count: int) -> None:
    """Measure one model in so many rounds and print a line."""
    rounds = []
    for index in range(count + 1):
        order = (before, now) if index % 2 else (now, before)
        found = {code: cost(code, model) for code in order}
        rounds.append((found[before], found[now]))
    del rounds[0]  # it fills caches
    ratios = sorted(b[0] / a[0] for a, b in rounds)
    old, new = (median(r[side][0] for r in rounds) for side in (0, 1))
    quarter = len(ratios) // 4
    spread = f"({ratios[quarter]:.3f} to {ratios[-1 - quarter]:.3f})"
    peak = max(r[1][1] for r in rounds)
    name = Path(model).name
    print(f"{name:36}  {old:6.3f}  {new:6.3f}  {median(ratios):6.3f}  {spread:18}  {peak:5.0f}")


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("revision")
    parser.add_argument("models", nargs="+")
    parser.add_argument("--rounds", type=int, default=25)
    arguments = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory() as folder:
        before = unpacked(arguments.revision, Path(folder) / "before")
        now = unpacked("HEAD", Path(folder) / "now")
        print(f"{'model':36}  before     now   ratio  (middle half)       MiB")
        for model in arguments.models:
            measure(before, now, str(Path(model).resolve()), arguments.rounds)


if __name__ == "__main__":
    main()
