"""``python -m fuzz``: look for inputs that break cnnlint; exit code 1 where there are any."""

import argparse
import sys
from pathlib import Path

from fuzz.campaign import Failure, Plan, keep, run
from fuzz.target import examine
from fuzz.workers import Limits


def main() -> int:
    """Run a campaign, and say what came of it."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--jobs", type=int, default=1, help="worker processes")
    parser.add_argument("--seed", type=int, default=0, help="another seed, other inputs")
    parser.add_argument("--first", type=int, default=0, help="the number of the first input")
    parser.add_argument("--inputs", type=int, help="stop after so many")
    parser.add_argument("--models", type=Path, help="a folder of more models to start from")
    parser.add_argument("--keep", type=Path, default=Path("fuzz-failures"), help="where to")
    asked = parser.parse_args()
    plan = Plan(
        60 * asked.minutes, asked.jobs, asked.seed, asked.first, asked.inputs, asked.models
    )
    print(f"seed {plan.seed}, from input {plan.first} on, {plan.jobs} jobs", flush=True)
    outcome = run(plan, examine, Limits(), _tell)
    total = outcome.kinds.total()
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(outcome.kinds.items()))
    print(f"{total:,} inputs in {outcome.seconds:.0f} s: {kinds}")
    if not outcome.failures:
        print("no failure")
        return 0
    for place, count in outcome.times.most_common():
        print(f"{count:6,} {place}")
    for file in keep(outcome, asked.keep, examine, Limits()):
        print(file)
    return 1


def _tell(failure: Failure) -> None:
    print(f"{failure.kind} input {failure.number}: {failure.fault.place}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
