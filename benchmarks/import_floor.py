"""CPU time and peak memory of ``cnnlint check MODEL`` against the imports that it can't avoid.

usage: python benchmarks/import_floor.py [MODEL...] [--rounds 15]

Without a model it takes those that big_models.py writes to a temporary folder.

Run it with the Python of an environment into which a wheel is installed: missing .pyc files
cost more than the whole check. Each round runs the floor and each model once, so that a machine
that changes its speed changes both; the ratio is that of each round.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from child_process import FLOOR, run


def cost(command: list[str]) -> tuple[float, float]:
    """Return CPU seconds and peak MiB of a command that must end with 0 or 1."""
    done = run(command)
    if done.code not in (0, 1):
        sys.exit(f"{command} exited {done.code}")
    return done.cpu_s, done.peak_mib


def measure(models: list[str], count: int) -> None:
    """Measure each model in so many rounds and print a table."""
    commands = {"(imports only)": [sys.executable, "-c", FLOOR]}
    commands |= {m: [sys.executable, "-m", "cnnlint", "check", m] for m in models}
    rounds = [
        {name: cost(command) for name, command in commands.items()} for _ in range(count + 1)
    ][1:]  # the first fills caches
    print(f"{'model':40}  CPU s  ratio  (least to most)  peak MiB")
    for name in commands:
        cpu = median(r[name][0] for r in rounds)
        ratios = sorted(r[name][0] / r["(imports only)"][0] for r in rounds)
        peak = max(r[name][1] for r in rounds)
        spread = f"({ratios[0]:.2f} to {ratios[-1]:.2f})"
        print(f"{name[-40:]:40}  {cpu:5.3f}  {median(ratios):5.2f}  {spread:16}  {peak:8.0f}")


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*")
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if not arguments.models:
            # made elsewhere: what this process holds counts as its children's
            maker = Path(__file__).with_name("big_models.py")
            subprocess.run([sys.executable, maker, folder], check=True)
        made = sorted(map(str, Path(folder).glob("*.onnx")))
        measure(arguments.models or made, arguments.rounds)


if __name__ == "__main__":
    main()
