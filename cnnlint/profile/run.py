"""Measures a model on this machine: first the whole of it, then, apart, its layers."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from time import perf_counter, thread_time
from types import ModuleType
from typing import TYPE_CHECKING

from cnnlint.model.graph import Input, Model
from cnnlint.profile.devices import CPU, require_runtime
from cnnlint.profile.environment import describe
from cnnlint.profile.layers import Traced, layer_times
from cnnlint.profile.result import Latency, LayerTimes, Profile
from cnnlint.profile.session import Session, make_feed, open_session, runtime_errors
from cnnlint.profile.timing import (
    Sample,
    Stopwatch,
    WarmUp,
    middle_half,
    noise_of,
    runs_within,
    sample,
    summarise,
    warm_up,
)
from cnnlint.profile.trace import kernel_runs, mean_kernels, read_events

if TYPE_CHECKING:
    from cnnlint.profile.session import Feed

TRACE_S = 1.0
MIN_TRACED_RUNS = 3
MAX_TRACED_RUNS = 40
SETTLING_RUNS = 3


@dataclass(frozen=True, slots=True)
class Options:
    """How to measure; ``duration_s`` bounds the sampling, not the warm-up before it."""

    threads: int = 1
    duration_s: float = 3.0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class _Measured:
    """The raw results of the unprofiled session; times in seconds."""

    created: float
    first_run: float
    warm_up: WarmUp
    sample: Sample


def profile(
    model: Model, options: Options, progress: Callable[[str], None] | None = None
) -> Profile:
    """Measure a model's latency on the CPU, and where in the model the time goes.

    ``progress`` is told what comes next, in a few words.

    Raises:
        ProfileError: there is no runtime, or it can't run this model.
    """
    tell = progress or (lambda _: None)
    runtime = require_runtime()
    feed = make_feed(model.inputs, options.seed)
    environment = describe(runtime, options.threads, options.seed)
    measured = _measure(runtime, model, feed, options, tell)
    latency = _latency(model, options, measured, environment)
    tell("timing the layers")
    return Profile(latency, _layers(runtime, model, feed, options.threads, latency.median_ms))


def _measure(
    runtime: ModuleType,
    model: Model,
    feed: "Feed",
    options: Options,
    tell: Callable[[str], None],
) -> _Measured:
    """Time a plain session; one thread on the CPU is the calling one, so its time is the work."""
    tell("creating the session")
    before = perf_counter()
    session = open_session(runtime, model, options.threads)
    created = perf_counter() - before
    watch = _watch(session, feed, options.threads)
    with runtime_errors("run"):
        first_run = watch.block(1).total
        tell("warming up")
        warm = warm_up(watch)
        tell("measuring")
        taken = sample(watch, options.duration_s, warm.typical)
    return _Measured(created, first_run, warm, taken)


def _watch(session: Session, feed: "Feed", threads: int) -> Stopwatch:
    return Stopwatch(
        run=lambda: session.run(None, feed),
        wall=perf_counter,
        cpu=thread_time if threads == 1 else None,
    )


def _latency(
    model: Model, options: Options, measured: _Measured, environment: Mapping[str, object]
) -> Latency:
    taken, warm = measured.sample, measured.warm_up
    summary = summarise(taken.times)
    batch = batch_size(model.inputs)
    details = {
        "session_ms": measured.created * 1000,
        "first_run_ms": measured.first_run * 1000,
        "warm_up": {"runs": warm.runs, "ms": warm.seconds * 1000, "stable": warm.stable},
        "slope_ms": taken.slope * 1000,
        "block_runs": [taken.block_runs, 3 * taken.block_runs],
    }
    return Latency(
        provider=CPU,
        device=str(environment["cpu"]),
        threads=options.threads,
        batch=batch,
        iterations=len(taken.times),
        median_ms=summary.median * 1000,
        min_ms=summary.minimum * 1000,
        mean_ms=summary.mean * 1000,
        iqr_ms=summary.iqr * 1000,
        p90_ms=_milliseconds(summary.p90),
        p99_ms=_milliseconds(summary.p99),
        ci95_ms=(summary.interval[0] * 1000, summary.interval[1] * 1000),
        cpu_ms=_milliseconds(taken.cpu),
        noise=noise_of(summary, taken.slope, warm.stable),
        throughput=batch / summary.median,
        precision=precision(model),
        parity=None,
        weights="real",
        fallback_nodes=(),
        environment={**environment, **details},
    )


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1000


def batch_size(inputs: Sequence[Input]) -> int:
    """Return the first axis of the first input of two or more axes, 1 where there is none."""
    shapes = (entry.bound for entry in inputs if entry.bound is not None)
    return next((shape[0] or 1 for shape in shapes if len(shape) > 1), 1)


def precision(model: Model) -> str:
    """Return the data type that most of the stored numbers have; the CPU computes in that."""
    sizes: Counter[str] = Counter()
    for value in model.values.values():
        shape = value.static
        if value.stored and value.dtype and shape is not None:
            sizes[value.dtype] += prod(shape)
    if sizes:
        return sizes.most_common(1)[0][0]
    return next((entry.dtype for entry in model.inputs if entry.dtype), "unknown")


def _layers(
    runtime: ModuleType, model: Model, feed: "Feed", threads: int, median_ms: float
) -> LayerTimes:
    """Run a second session under the profiler; its trace is deleted whatever happens."""
    with TemporaryDirectory(prefix="cnnlint-") as folder:
        session = open_session(runtime, model, threads, trace=Path(folder, "trace"))
        watch = _watch(session, feed, threads)
        count = min(max(runs_within(TRACE_S, median_ms / 1000), MIN_TRACED_RUNS), MAX_TRACED_RUNS)
        try:
            with runtime_errors("run"):
                watch.block(SETTLING_RUNS)
                profiled = watch.block(count).times
        finally:
            trace = Path(session.end_profiling())
        events = read_events(json.loads(trace.read_bytes()))
    plain = watch.block(count).times
    chosen = middle_half(profiled)
    runs = kernel_runs(events)[-count:]
    traced = Traced(
        kernels=mean_kernels([runs[place] for place in chosen]),
        profiled_ms=mean(profiled[place] for place in chosen) * 1000,
        plain_ms=mean(plain[place] for place in middle_half(plain)) * 1000,
    )
    return layer_times(model, traced, median_ms)
