"""What a measurement says, as plain data; times in milliseconds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from cnnlint.model.graph import Key

Noise: TypeAlias = Literal["quiet", "noisy", "unreliable"]


@dataclass(frozen=True, slots=True)
class Latency:
    """How long one run of the whole model takes, and how far to trust the number.

    A percentile is None where the sample is too small for it, ``cpu_ms`` (thread CPU time)
    where several threads share the work.
    """

    provider: str
    device: str
    """The name of the CPU."""
    threads: int
    batch: int
    iterations: int
    median_ms: float
    min_ms: float
    mean_ms: float
    iqr_ms: float
    p90_ms: float | None
    p99_ms: float | None
    ci95_ms: tuple[float, float]
    """The 95 % interval of the median."""
    cpu_ms: float | None
    noise: Noise
    throughput: float
    """Items of the batch a second, from the median."""
    precision: str
    """The data type that most of the stored weights have."""
    parity: float | None
    """Largest difference from CPU float32; None where there is nothing to compare."""
    weights: Literal["real", "random"]
    fallback_nodes: tuple[str, ...]
    """Nodes that did not run on the provider that was asked for."""
    environment: Mapping[str, object]
    """Software, machine, settings, and how the sample was taken; JSON types only."""


@dataclass(frozen=True, slots=True)
class LayerTimes:
    """Where the time of a run goes; scaled so that all of it adds up to the headline median.

    ``sum(by_node.values()) + overhead_ms + unmapped_ms + gap_ms`` is ``Latency.median_ms``.
    """

    by_node: Mapping[Key, float]
    """Kernel time by the node it is credited to; nodes that were fused away have no entry."""
    fused: Mapping[Key, tuple[Key, ...]]
    """For a kernel that does the work of several nodes: who is credited, and all of them."""
    overhead_ms: float
    """Layout reorders that the runtime inserted."""
    gap_ms: float
    """End-to-end time outside of any kernel."""
    unmapped_ms: float
    """Kernels whose nodes could not be told."""
    mapped_share: float
    """The share of kernel time, reorders included, whose origin is known; 0 to 1."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One model measured on one device."""

    latency: Latency
    layers: LayerTimes
