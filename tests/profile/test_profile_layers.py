"""Sharing out the headline among nodes: everything adds up, and the profiler is left out."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlint.model.graph import Model, Node, Origin
from cnnlint.profile.layers import Traced, layer_times, without_profiler
from cnnlint.profile.result import LayerTimes
from cnnlint.profile.trace import Kernel

MS = st.floats(0.0005, 100.0)


def net() -> Model:
    wires = [("Conv", "x", "a"), ("Relu", "a", "b"), ("MaxPool", "b", "c")]
    nodes = tuple(
        Node(("", place), f"n{place}", op, "", (reads,), (makes,), {}, "")
        for place, (op, reads, makes) in enumerate(wires)
    )
    return Model(
        Origin("net.onnx", Path("net.onnx"), 1), "", 8, {}, "", {}, (), (), nodes, values={}
    )


def kernels(conv: float, pool: float, reorder: float, other: float) -> list[Kernel]:
    return [
        Kernel("b_nchwc", "Conv", 10, None, conv),
        Kernel("ReorderOutput", "ReorderOutput", 11, None, reorder),
        Kernel("n2", "MaxPool", 2, None, pool),
        Kernel("Unheard", "Unheard", 12, None, other),
    ]


def total(times: LayerTimes) -> float:
    rest = times.overhead_ms + times.gap_ms + times.unmapped_ms
    return sum(times.by_node.values()) + rest


def test_times_without_a_profiler_that_costs_anything() -> None:
    traced = Traced(kernels(4.0, 2.0, 1.0, 0.5), profiled_ms=10.0, plain_ms=10.0)
    times = layer_times(net(), traced, median_ms=5.0)
    assert times == LayerTimes(
        by_node={("", 0): 2.0, ("", 2): 1.0},
        fused={("", 0): (("", 0), ("", 1))},
        overhead_ms=0.5,
        gap_ms=1.25,
        unmapped_ms=0.25,
        mapped_share=14 / 15,
    )


def test_kernels_that_take_longer_than_the_run_leave_no_gap() -> None:
    traced = Traced(kernels(4.0, 2.0, 1.0, 1.0), profiled_ms=6.0, plain_ms=6.0)
    times = layer_times(net(), traced, median_ms=4.0)
    assert (times.gap_ms, times.by_node[("", 0)]) == (0.0, 2.0)


def test_kernels_of_one_node_are_added() -> None:
    twice = [Kernel("n2", "MaxPool", 2, None, 1.0), Kernel("n2/Part", "Other", 9, None, 2.0)]
    times = layer_times(net(), Traced(twice, 4.0, 4.0), median_ms=4.0)
    assert times.by_node == {("", 2): 3.0}
    assert times.fused == {}


def test_no_kernels_leave_everything_in_the_gap() -> None:
    times = layer_times(net(), Traced([], 2.0, 2.0), median_ms=3.0)
    assert times == LayerTimes({}, {}, 0.0, 3.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("times", "profiled", "plain", "cost"),
    [
        ([0.010, 0.003], 1.0, 0.5, 0.003),  # as much as the shortest kernel takes
        ([0.010, 0.008], 1.0, 0.992, 0.004),  # as much as the whole run gained
        ([0.010, 0.008], 1.0, 0.5, 0.005),  # never more than that
        ([0.010, 0.003], 0.9, 1.0, 0.0),  # the machine got slower meanwhile
    ],
)
def test_what_the_profiler_spent_inside_each_kernel(
    times: list[float], profiled: float, plain: float, cost: float
) -> None:
    traced = Traced([Kernel(f"k{t}", "K", -1, None, t) for t in times], profiled, plain)
    assert without_profiler(traced) == pytest.approx([t - cost for t in times])


@given(MS, MS, MS, MS, MS, MS, MS)
def test_all_rows_sum_to_the_headline(
    conv: float,
    pool: float,
    reorder: float,
    other: float,
    profiled: float,
    plain: float,
    headline: float,
) -> None:
    traced = Traced(kernels(conv, pool, reorder, other), profiled, plain)
    times = layer_times(net(), traced, headline)
    assert total(times) == pytest.approx(headline)
    assert times.gap_ms >= 0
    assert min(times.by_node.values()) >= 0
    assert 0 <= times.mapped_share <= 1
