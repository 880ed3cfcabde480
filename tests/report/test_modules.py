import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlint.report.modules import NO_MODULE, by_module, fold, module_of
from cnnlint.report.report import LayerRow
from tests.report.rows import row, subtotal, total


@pytest.mark.parametrize(
    ("path", "op", "depth", "module"),
    [
        ("layer1.0.conv1", "Conv", 1, "layer1"),
        ("layer1.0.conv1", "Conv", 2, "layer1.0"),
        ("layer1.0.conv1", "Conv", 3, "layer1.0.conv1"),
        ("layer1.0.conv1", "Conv", 9, "layer1.0.conv1"),
        ("conv1", "Conv", 2, "conv1"),
        ("features.2.Slice", "Slice", 3, "features.2"),
        ("features.2.Slice_1", "Slice", 3, "features.2"),
        ("features.2.Slice_1~2", "Slice", 3, "features.2"),
        ("features.2.Slice~2", "Slice", 3, "features.2"),
        ("features.2.Slice_a", "Slice", 3, "features.2.Slice_a"),
        ("features.2.relu_1", "Relu", 3, "features.2.relu_1"),
        ("features.Slice.norm", "Slice", 3, "features.Slice.norm"),
        ("features.2.Wavelet", "acme:Wavelet", 3, "features.2"),
        ("features.2.Wavelet", "acme:c++.Wavelet", 3, "features.2.Wavelet"),
        ("features.2.relu", "acme:.*", 3, "features.2.relu"),
        ("features.2.relu", "acme:(", 3, "features.2.relu"),
        ("Flatten", "Flatten", 2, NO_MODULE),
        ("Conv_12", "Conv", 1, NO_MODULE),
        ("", "Conv", 1, NO_MODULE),
    ],
)
def test_module_of(path: str, op: str, depth: int, module: str) -> None:
    assert module_of(path, op, depth) == module


def test_modules_stand_as_they_first_run() -> None:
    rows = [row(path) for path in ("b.0.x", "a.0.x", "b.0.y", "a.1.x", "Relu")]
    found = [(module.path, module.layers) for module in by_module(rows, total(), 2)]
    assert found == [("b.0", 2), ("a.0", 1), ("a.1", 1), (NO_MODULE, 1)]


def test_sums() -> None:
    rows = [
        row(macs=5, flops=11, params=3, activation_bytes=8, time_ms=0.5),
        row(macs=20, flops=40, params=4, activation_bytes=16, time_ms=None),
    ]
    assert fold("a", rows, total(100)) == subtotal(
        "a",
        macs=25,
        macs_share=0.25,
        flops=51,
        params=7,
        activation_bytes=24,
        time_ms=0.5,
    )


def test_sums_of_modules() -> None:
    rows = [
        subtotal(layers=3, macs=5, macs_share=0.2, time_ms=0.25),
        subtotal(layers=4, macs=20, macs_share=0.8, time_ms=0.5),
    ]
    found = fold("(2 others)", rows, total(25))
    assert (found.layers, found.macs, found.macs_share, found.time_ms) == (7, 25, 1.0, 0.75)
    assert not found.macs_are_lower_bound


def test_lower_bound() -> None:
    rows = [row(macs=5, flops=10), row(macs=None, flops=None)]
    found = fold("a", rows, total(20, flops=40))
    assert (found.macs, found.flops, found.macs_are_lower_bound) == (5, 10, True)
    assert found.macs_share == 0.25
    again = fold("b", [found, subtotal()], total(20, flops=40))
    assert (again.macs, again.macs_are_lower_bound) == (5, True)


def test_a_layer_that_may_cost_more_makes_its_module_a_lower_bound() -> None:
    found = fold("a", [row(macs=5, macs_are_lower_bound=True), row(macs=3)], total(20))
    assert (found.macs, found.macs_are_lower_bound) == (8, True)


def test_unknown_total_makes_no_lower_bound() -> None:
    rows = [row(macs=5, flops=10), row(macs=None, flops=None)]
    found = fold("a", rows, total(None, flops=None))
    assert (found.macs, found.flops, found.macs_are_lower_bound) == (None, None, False)
    assert found.macs_share is None
    known = fold("b", rows[:1], total(None, flops=None))
    assert (known.macs, known.flops, known.macs_share) == (5, 10, None)


def test_nothing_known_is_not_zero() -> None:
    found = fold("a", [row(macs=None, flops=None, activation_bytes=None)], total(20))
    assert (found.macs, found.flops, found.macs_are_lower_bound) == (None, None, False)
    assert (found.activation_bytes, found.time_ms) == (None, None)


def test_activation_bytes_are_no_lower_bound() -> None:
    rows = [row(activation_bytes=8), row(activation_bytes=None)]
    assert fold("a", rows, total(20)).activation_bytes is None


def test_no_share_of_nothing() -> None:
    assert fold("a", [row(macs=0)], total(0)).macs_share is None


def layers() -> st.SearchStrategy[list[LayerRow]]:
    path = st.lists(st.sampled_from("ab"), min_size=1, max_size=4).map(".".join)
    count = st.integers(0, 10**15)
    return st.lists(
        st.builds(
            row,
            path,
            macs=count,
            flops=count,
            params=count,
            activation_bytes=count,
            time_ms=st.none() | count.map(float),
        )
    )


@given(layers(), st.integers(1, 5))
def test_modules_sum_to_totals(rows: list[LayerRow], depth: int) -> None:
    macs = sum(r.macs or 0 for r in rows)
    modules = by_module(rows, total(macs), depth)
    assert sum(m.layers for m in modules) == len(rows)
    assert sum(m.macs or 0 for m in modules) == macs
    assert sum(m.flops or 0 for m in modules) == sum(r.flops or 0 for r in rows)
    assert sum(m.params for m in modules) == sum(r.params for r in rows)
    sizes = sum(r.activation_bytes or 0 for r in rows)
    assert sum(m.activation_bytes or 0 for m in modules) == sizes
    assert sum(m.time_ms or 0 for m in modules) == sum(r.time_ms or 0 for r in rows)
    assert len({m.path for m in modules}) == len(modules)
