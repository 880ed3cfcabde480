"""Kernel times become times of the model's own nodes, on the scale of the headline."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from cnnlint.model.graph import Key, Model
from cnnlint.profile.mapping import find_origins
from cnnlint.profile.result import LayerTimes
from cnnlint.profile.trace import Kernel

MAX_PROFILER_MS = 0.005
"""The most that the profiler may have spent inside a kernel's time; 0.002 to 0.004 is usual."""


@dataclass(frozen=True, slots=True)
class Traced:
    """What a profiled session showed; times of one run, means over the same runs.

    ``kernels`` stand in the order they ran; ``profiled_ms`` is a whole run of the session
    under the profiler, ``plain_ms`` one after the profiler was switched off.
    """

    kernels: Sequence[Kernel]
    profiled_ms: float
    plain_ms: float


def layer_times(model: Model, traced: Traced, median_ms: float) -> LayerTimes:
    """Share out the headline, ``median_ms``, among the nodes of the model."""
    origins = find_origins(model, traced.kernels)
    times = without_profiler(traced)
    busy_ms = sum(times)
    scale = median_ms / max(traced.plain_ms, busy_ms)
    by_node: dict[Key, float] = defaultdict(float)
    fused: dict[Key, set[Key]] = defaultdict(set)
    overhead = unmapped = 0.0
    for place, time in enumerate(times):
        if place in origins.anchors:
            key = origins.anchors[place]
            by_node[key] += time * scale
            fused[key].update(origins.members[place])
        elif place in origins.overhead:
            overhead += time * scale
        else:
            unmapped += time * scale
    return LayerTimes(
        by_node=dict(by_node),
        fused={key: tuple(sorted(keys)) for key, keys in fused.items() if keys - {key}},
        overhead_ms=overhead,
        gap_ms=max(0.0, median_ms - busy_ms * scale),
        unmapped_ms=unmapped,
        mapped_share=1 - unmapped / (busy_ms * scale) if busy_ms else 0.0,
    )


def without_profiler(traced: Traced) -> list[float]:
    """Return the kernels' times less what the profiler spent inside each of them.

    It spends about the same on every kernel, writing down shapes: as much as the shortest
    kernel takes, which hardly does anything else; at most what a profiled run costs more than
    a plain one. Small kernels would take over the table otherwise: 172 of them made a network
    of 1.4 ms take 2.6 ms under the profiler.
    """
    times = [kernel.ms for kernel in traced.kernels]
    if not times:
        return []
    extra = max(0.0, traced.profiled_ms - traced.plain_ms) / len(times)
    cost = min(*times, extra, MAX_PROFILER_MS)
    return [time - cost for time in times]
