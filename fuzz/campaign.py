"""Inputs to workers until the time is over; what fails is kept once for each place."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from fuzz.inputs import make
from fuzz.minimise import smaller
from fuzz.target import Fault
from fuzz.workers import Examine, Limits, Worker, ready, team


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do: ``inputs`` may end it before the time is over."""

    seconds: float
    jobs: int = 1
    seed: int = 0
    first: int = 0
    inputs: int | None = None
    models: Path | None = None
    """A folder of more models to start from."""


@dataclass(frozen=True, slots=True)
class Failure:
    """The first input that failed in one place."""

    kind: str
    number: int
    data: bytes
    fault: Fault


@dataclass(slots=True)
class Outcome:
    """What came of it: inputs by kind, failures by place, and how often each place failed."""

    seconds: float = 0.0
    kinds: Counter[str] = field(default_factory=Counter)
    failures: dict[str, Failure] = field(default_factory=dict)
    times: Counter[str] = field(default_factory=Counter)


def run(plan: Plan, examine: Examine, limits: Limits, tell: Callable[[Failure], None]) -> Outcome:
    """Check inputs until the time or the inputs are over; tell of each new failure."""
    outcome, begin, number = Outcome(), monotonic(), plan.first
    end = None if plan.inputs is None else plan.first + plan.inputs
    under_way: dict[Worker, tuple[str, int, bytes]] = {}
    with team(plan.jobs, examine, limits) as workers:
        idle = list(workers)
        while True:
            while idle and monotonic() - begin < plan.seconds and number != end:
                kind, data = make(plan.seed, number, plan.models)
                worker = idle.pop()
                worker.ask(data)
                under_way[worker] = (kind, number, data)
                number += 1
            if not under_way:
                break
            for worker in ready(under_way):
                kind, of, data = under_way.pop(worker)
                fault = worker.answer()
                outcome.kinds[kind] += 1
                idle.append(worker)
                if fault is None:
                    continue
                outcome.times[fault.place] += 1
                if fault.place not in outcome.failures:
                    outcome.failures[fault.place] = Failure(kind, of, data, fault)
                    tell(outcome.failures[fault.place])
    outcome.seconds = monotonic() - begin
    return outcome


def keep(outcome: Outcome, folder: Path, examine: Examine, limits: Limits) -> list[Path]:
    """Write the failing inputs, made smaller where that is quick, and what each one says."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    with team(1, examine, limits) as (worker,):
        for place, failure in outcome.failures.items():

            def fails(data: bytes, place: str = place) -> bool:
                worker.ask(data)
                fault = worker.answer()
                return fault is not None and fault.place == place

            quick = not place.startswith(("Slow", "no answer", "died"))
            data = smaller(failure.data, fails) if quick else failure.data
            file = folder / f"{re.sub(r'[^A-Za-z0-9]+', '_', place).strip('_')}.onnx"
            file.write_bytes(data)
            said = f"{failure.kind} input {failure.number}\n\n{failure.fault.text}"
            file.with_suffix(".txt").write_text(said, encoding="utf-8", errors="backslashreplace")
            files.append(file)
    return files
