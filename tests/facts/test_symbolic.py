"""MACs as a polynomial in open dimensions."""

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlint.facts.facts import Facts
from cnnlint.facts.symbolic import symbolic, through
from cnnlint.model.binding import Bindings
from cnnlint.model.loader import load
from tests.net import Net

DATA = Path(__file__).parents[1] / "data"


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=5), st.integers(-20, 300))
def test_the_polynomial_through_points(coefficients: list[int], start: int) -> None:
    points = range(start, start + len(coefficients))
    values = [Fraction(sum(c * x**i for i, c in enumerate(coefficients))) for x in points]
    assert through(values, start) == coefficients


def counted(macs: str, sizes: Mapping[str, int]) -> str | None:
    """Follow a formula that Python understands."""
    return symbolic(lambda other: eval(macs, {}, {**sizes, **other}), sizes)  # noqa: S307


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        ("7 * n", "7*n"),
        ("12", "12"),
        ("0 * n", "0"),
        ("7 * n + 5", "7*n + 5"),
        ("7 * n - 5", "7*n - 5"),
        ("n * t * t + 2 * n * t", "n*t^2 + 2*n*t"),
        ("n * (n + 1) // 2", "1/2*n^2 + 1/2*n"),
        ("n * t * h", "n*t*h"),
        ("n ** 3", "8"),
        ("n * (t // 2)", "5*n"),
        ("n * -(-t // 4)", "3*n"),
        ("n * t + (n > 3) * (t > 11)", "10*n"),
        ("min(n, 20) * 16", "32"),
        ("n * t if t < 300 else 300 * n", "10*n"),
        ("None", None),
        ("None if n > 2 else 5", "5"),
        ("None if n > 2 and t > 10 else n * t", "10*n"),
    ],
)
def test_what_is_followed(formula: str, text: str | None) -> None:
    assert counted(formula, {"n": 2, "t": 10, "h": 3}) == text


def test_only_so_many_dimensions_are_followed() -> None:
    assert counted("a * b * c * d", dict.fromkeys("abcd", 5)) == "5*a*b*c"


def with_open_sides(net: Net) -> Facts:
    proto = net.proto()
    for axis, name in ((2, "h"), (3, "w")):
        proto.graph.input[0].type.tensor_type.shape.dim[axis].dim_param = name
    return Facts(load(proto.SerializeToString()))


def test_an_open_batch() -> None:
    net = Net(3, 32, batch="batch").conv(8, 3).relu().conv(4, 1)
    facts = net.facts()
    assert facts.macs == 32 * 32 * (3 * 9 * 8 + 8 * 4)
    assert facts.macs_symbolic == f"{facts.macs}*batch"
    model = net.model(Bindings(batch=6))
    assert Facts(model).macs_symbolic == f"{facts.macs}*batch"


def test_a_fixed_size() -> None:
    facts = Net(3, 32).conv(8, 3).facts()
    assert facts.macs_symbolic == str(facts.macs)


def test_sizes_that_are_not_bound_are_tried() -> None:
    facts = with_open_sides(Net(5, 32).conv(8, 3))
    assert (facts.macs, facts.macs_symbolic) == (None, "360*h*w")
    strided = with_open_sides(Net(5, 32).conv(8, 3, stride=2))
    assert (strided.macs, strided.macs_symbolic) == (None, None)


@pytest.mark.parametrize(
    ("formula", "text"),
    [("7 * n", "7*n"), ("5 + 0 * n", "5"), ("n // 2", None), ("min(n, 20)", None)],
)
def test_a_made_up_size_is_never_in_the_result(formula: str, text: str | None) -> None:
    count = lambda other: eval(formula, {}, {"n": 16, **other})  # noqa: E731, S307
    assert symbolic(count, {}, ["n"]) == text
    assert symbolic(count, dict.fromkeys("abc", 16), ["n"]) is None


def test_height_and_width_where_strides_round_them() -> None:
    facts = Facts(load(DATA / "mobilenet_v2.ts_dyn.onnx"))
    assert facts.macs_symbolic == "300774272*N"


def test_height_and_width_where_nothing_rounds_them() -> None:
    facts = with_open_sides(Net(3, 32, batch="n").conv(8, 3))
    assert facts.macs_symbolic == f"{3 * 9 * 8}*n*h*w"
