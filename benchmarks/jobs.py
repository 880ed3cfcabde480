"""Wall and CPU time of ``cnnlint check`` with several processes against one.

usage: python benchmarks/jobs.py PATH... [--jobs 2] [--rounds 7]

Each round runs all models with one process, with so many, and as nobody says (auto), in turn one
or the other first; the ratio is that of each round, so that a machine that changes its speed
changes all. Beside it stands what it takes to start a process.
"""

import argparse
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

from child_process import run

ROOT = Path(__file__).parents[1]
START = "import cnnlint.cli.worker as w; w.catalogue(installed=False); import onnx"
"""What a process does before its first model."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run took, and what it said."""

    wall_s: float
    cpu_s: float
    out: str


def cost(arguments: list[str]) -> Cost:
    """Return what a run of Python takes."""
    began = perf_counter()
    done = run([sys.executable, *arguments], cwd=ROOT)
    wall = perf_counter() - began
    if done.code not in (0, 1):
        sys.exit(f"{arguments} exited {done.code}: {done.err}")
    return Cost(wall, done.cpu_s, done.out)


def ways(paths: list[str], jobs: int) -> dict[str, list[str]]:
    """Return the command lines by what they are called."""
    check = ["-m", "cnnlint", "check", "--isolated", *paths]
    return {
        "one": [*check, "--jobs", "1"],
        f"{jobs}": [*check, "--jobs", str(jobs)],
        "auto": check,
        "start": ["-c", START],
    }


def main() -> None:
    """Measure and print a line for each way."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("paths", nargs="+", metavar="PATH")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 2)
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    commands = ways([str(Path(path).absolute()) for path in given.paths], given.jobs)
    rounds: list[dict[str, Cost]] = []
    for index in range(given.rounds + 1):
        names = list(commands) if index % 2 else list(reversed(commands))
        rounds.append({name: cost(commands[name]) for name in names})
    del rounds[0]  # it fills caches
    same = len({each[name].out for each in rounds for name in commands if name != "start"}) == 1
    print(f"{'jobs':6} {'wall s':>7} {'of one':>7} {'CPU s':>7} {'of one':>7}")
    for name in commands:
        wall, cpu = (median(getattr(r[name], f) for r in rounds) for f in ("wall_s", "cpu_s"))
        walls = median(r[name].wall_s / r["one"].wall_s for r in rounds)
        cpus = median(r[name].cpu_s / r["one"].cpu_s for r in rounds)
        print(f"{name:6} {wall:7.2f} {walls:7.2f} {cpu:7.2f} {cpus:7.2f}")
    print(
        f"the reports are {'the same' if same else 'NOT the same'}; load {os.getloadavg()[0]:.1f}"
    )


if __name__ == "__main__":
    main()
