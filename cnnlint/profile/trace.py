"""Reads the trace that onnxruntime's profiler writes: kernels, in the order they ran."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cnnlint.model.graph import StaticShape

SUFFIX = "_kernel_time"

CUT_OFF_MS = 0.0005
"""Durations are cut to whole microseconds, which takes half of one on average."""


@dataclass(frozen=True, slots=True)
class Kernel:
    """One node of the optimised graph, as the profiler saw it run.

    ``index`` is its place in the optimised graph, -1 where the trace has none; ``shape`` that
    of its first output; ``ms`` its time in one run, the body of a Loop or If included.
    """

    name: str
    op: str
    index: int
    shape: StaticShape | None
    ms: float


@dataclass(frozen=True, slots=True)
class Event:
    """A span of the trace, in whole microseconds since the session began."""

    name: str
    category: str
    start: int
    end: int
    args: Mapping[str, object]


def read_events(document: object) -> list[Event]:
    """Return the spans of a trace that was parsed as JSON; what has another form is skipped."""
    events = []
    for entry in document if isinstance(document, list) else ():
        match entry:
            case {"name": str(name), "cat": str(category), "ts": int(start), "dur": int(length)}:
                args = entry.get("args")
                args = args if isinstance(args, dict) else {}
                events.append(Event(name, category, start, start + length, args))
    return events


def kernel_runs(events: Iterable[Event]) -> list[list[Event]]:
    """Return the kernels of every run of the model, in the order they started.

    A kernel that runs inside another one, in the body of a Loop, Scan or If, is part of it.
    """
    runs: list[list[Event]] = []
    run_until = busy_until = -1
    for event in sorted(events, key=lambda event: (event.start, -event.end)):
        if event.name == "model_run":
            runs.append([])
            run_until, busy_until = event.end, event.start
        elif event.category == "Node" and busy_until <= event.start <= run_until:
            runs[-1].append(event)
            busy_until = event.end
    return runs


def mean_kernels(runs: Sequence[Sequence[Event]]) -> list[Kernel]:
    """Return each kernel of the model with its mean time over some runs, in execution order."""
    totals: dict[tuple[str, str, int], int] = {}
    shapes: dict[tuple[str, str, int], StaticShape | None] = {}
    for event in (event for run in runs for event in run):
        key = (event.name.removesuffix(SUFFIX), str(event.args.get("op_name", "")), _index(event))
        totals[key] = totals.get(key, 0) + event.end - event.start
        shapes[key] = _first_shape(event.args.get("output_type_shape"))
    return [
        Kernel(*key, shape=shapes[key], ms=total / 1000 / len(runs) + CUT_OFF_MS)
        for key, total in totals.items()
    ]


def _index(event: Event) -> int:
    text = str(event.args.get("node_index", ""))
    return int(text) if text.isdecimal() else -1


def _first_shape(shapes: object) -> StaticShape | None:
    """Return the shape in ``[{"float": [1, 8]}, ...]``."""
    match shapes:
        case [{**first}, *_]:
            sizes = next(iter(first.values()), None)
            if isinstance(sizes, list) and all(isinstance(size, int) for size in sizes):
                return tuple(sizes)
    return None
