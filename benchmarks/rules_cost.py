"""What the rules add to a check: CPU time of each, beside that of reading the model.

usage: python benchmarks/rules_cost.py MODEL... [--rounds 15] [--top 12]

Each round reads the model, computes what every report shows, and then runs the rules one after
the other; a fact that several rules share is paid by the first that asks for it. Times are CPU
time of the process (median of the rounds), so that a loaded machine matters little.
"""

import argparse
from collections import defaultdict
from pathlib import Path
from statistics import median
from time import process_time

from cnnlint.facts.facts import Facts
from cnnlint.lint.registry import select
from cnnlint.model.binding import Bindings
from cnnlint.model.loader import load
from cnnlint.report.describe import summary


def main() -> None:
    """Print a table for each model."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--top", type=int, default=12, help="how many rules to list")
    arguments = parser.parse_args()
    for path in arguments.models:
        spent = measured(path, arguments.rounds)
        base = spent.pop("")
        added = sum(spent.values())
        print(f"{path.name}: {1000 * base:.1f} ms without rules, the rules add {1000 * added:.1f}")
        dearest = sorted(spent, key=lambda code: -spent[code])
        for code in dearest[: arguments.top]:
            print(f"  {code}  {1000 * spent[code]:6.2f} ms")


def measured(path: Path, rounds: int) -> dict[str, float]:
    """Return the median CPU seconds of each rule by code, and of all the rest as ""."""
    times: dict[str, list[float]] = defaultdict(list)
    for _ in range(rounds + 1):  # the first round pays for imports and is dropped
        start = process_time()
        facts = Facts(load(path, Bindings()))
        summary(facts)
        times[""].append(process_time() - start)
        for rule in select((), ())[0]:
            start = process_time()
            list(rule.remarks(facts))
            times[rule.code].append(process_time() - start)
    return {code: median(spent[1:]) for code, spent in times.items()}


if __name__ == "__main__":
    main()
