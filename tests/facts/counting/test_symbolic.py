"""MACs as a polynomial in open dimensions."""

from collections.abc import Callable
from fractions import Fraction
from math import prod
from pathlib import Path
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlint.facts.counting.symbolic import symbolic, through
from cnnlint.facts.facts import Facts
from cnnlint.model.binding import Bindings
from cnnlint.model.loader import load
from tests.net import Net

DATA = Path(__file__).parents[2] / "data"


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=5), st.integers(-20, 300))
def test_the_polynomial_through_points(coefficients: list[int], start: int) -> None:
    points = range(start, start + len(coefficients))
    values = [Fraction(sum(c * x**i for i, c in enumerate(coefficients))) for x in points]
    assert through(values, start) == coefficients


Formula: TypeAlias = Callable[..., int | None]


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (lambda n, **_: 7 * n, "7*n"),
        (lambda **_: 12, "12"),
        (lambda n, **_: 0 * n, "0"),
        (lambda n, **_: 7 * n + 5, "7*n + 5"),
        (lambda n, **_: 7 * n - 5, "7*n - 5"),
        (lambda n, t, **_: n * t * t + 2 * n * t, "n*t^2 + 2*n*t"),
        (lambda n, **_: n * (n + 1) // 2, "1/2*n^2 + 1/2*n"),
        (lambda n, t, h: n * t * h, "n*t*h"),
        (lambda n, **_: n**3, "8"),
        (lambda n, t, **_: n * (t // 2), "5*n"),
        (lambda n, t, **_: n * -(-t // 4), "3*n"),
        (lambda n, t, **_: n * t + (n > 3) * (t > 11), "10*n"),
        (lambda n, **_: min(n, 20) * 16, "32"),
        (lambda n, t, **_: n * t if t < 300 else 300 * n, "10*n"),
        (lambda **_: None, None),
        (lambda n, **_: None if n > 2 else 5, "5"),
        (lambda n, t, **_: None if n > 2 and t > 10 else n * t, "10*n"),
    ],
)
def test_what_is_followed(formula: Formula, text: str | None) -> None:
    bound = {"n": 2, "t": 10, "h": 3}
    assert symbolic(lambda other: formula(**{**bound, **other}), bound) == text


def test_only_so_many_dimensions_are_followed() -> None:
    bound = dict.fromkeys("abcd", 5)
    assert symbolic(lambda other: prod({**bound, **other}.values()), bound) == "5*a*b*c"


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
    [
        (lambda n: 7 * n, "7*n"),
        (lambda n: 5 + 0 * n, "5"),
        (lambda n: n // 2, None),
        (lambda n: min(n, 20), None),
    ],
)
def test_a_made_up_size_is_never_in_the_result(formula: Formula, text: str | None) -> None:
    assert symbolic(lambda other: formula(other["n"]), {}, ["n"]) == text
    many = dict.fromkeys("abc", 16)
    assert symbolic(lambda other: formula(other["n"]), many, ["n"]) is None


def test_height_and_width_where_strides_round_them() -> None:
    facts = Facts(load(DATA / "mobilenet_v2.ts_dyn.onnx"))
    assert facts.macs_symbolic == "300774272*N"


def test_height_and_width_where_nothing_rounds_them() -> None:
    facts = with_open_sides(Net(3, 32, batch="n").conv(8, 3))
    assert facts.macs_symbolic == f"{3 * 9 * 8}*n*h*w"
