"""Matrix products against numpy's own shapes, whatever is transposed or broadcast."""

from math import prod
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlint.facts.counting.cost import Cost
from cnnlint.model.graph import Shape
from tests.facts.counted import cost_of

sizes = st.integers(1, 4)
batches = st.lists(sizes, max_size=2)


def products(left: tuple[int, ...], right: tuple[int, ...]) -> int:
    """Count the multiplications of numpy's matmul: ones times ones sums to how many there are."""
    return int(np.matmul(np.ones(left), np.ones(right)).sum())


@given(batch=batches, keep=st.tuples(st.booleans(), st.booleans()), m=sizes, k=sizes, n=sizes)
def test_matmul(batch: list[int], keep: tuple[bool, bool], m: int, k: int, n: int) -> None:
    """Batches broadcast: a side has them whole, or as ones."""
    left, right = (
        (*(size if whole else 1 for size in batch), *sides)
        for whole, sides in zip(keep, ((m, k), (k, n)), strict=True)
    )
    out = np.matmul(np.ones(left), np.ones(right)).shape
    assert cost_of("MatMul", left, right, out=out).macs == products(left, right)


@pytest.mark.parametrize(
    ("left", "right"),
    [((4,), (4,)), ((4,), (4, 5)), ((3, 4), (4,)), ((4,), (2, 4, 5)), ((2, 3, 4), (4,))],
)
def test_vectors(left: tuple[int, ...], right: tuple[int, ...]) -> None:
    out = np.matmul(np.ones(left), np.ones(right)).shape
    macs = products(left, right)
    unknown: Shape = (None,) * len(left)
    assert cost_of("MatMul", left, right, out=out).macs == macs
    assert cost_of("MatMul", unknown, right, out=out).macs == macs
    assert cost_of("MatMul", left, (None,) * len(right), out=out).macs == macs


@given(m=sizes, k=sizes, n=sizes, turn=st.tuples(st.booleans(), st.booleans()), bias=st.booleans())
def test_gemm(m: int, k: int, n: int, turn: tuple[bool, bool], *, bias: bool) -> None:
    a, b = (k, m) if turn[0] else (m, k), (n, k) if turn[1] else (k, n)
    attrs: dict[str, Any] = {"transA": int(turn[0]), "transB": int(turn[1])}
    c = (n,) if bias else None
    cost = Cost(m * k * n, 2 * m * k * n + bias * m * n)
    assert cost_of("Gemm", a, b, c, out=(m, n), **attrs) == cost
    assert cost_of("Gemm", (None, None), b, c, out=(m, n), **attrs) == cost
    assert cost_of("Gemm", a, (None, None), c, out=(m, n), **attrs) == cost


@given(batch=sizes, m=sizes, k=sizes, n=sizes, flags=st.tuples(*[st.booleans()] * 4))
def test_fused_matmul(batch: int, m: int, k: int, n: int, flags: tuple[bool, ...]) -> None:
    """A side may have its batch axis behind the rows, and its last two axes turned."""
    turned_a, turned_b, batch_a, batch_b = flags
    a = _stored((batch, m, k), turned=turned_a, batch_last=batch_a)
    b = _stored((batch, k, n), turned=turned_b, batch_last=batch_b)
    names = ("transA", "transB", "transBatchA", "transBatchB")
    attrs: dict[str, Any] = dict(zip(names, map(int, flags), strict=True))
    out = (batch, m, n)
    assert cost_of("FusedMatMul", a, b, out=out, **attrs).macs == batch * m * k * n
    assert cost_of("FusedMatMul", (None,), b, out=out, **attrs).macs == batch * m * k * n


def _stored(shape: tuple[int, ...], *, turned: bool, batch_last: bool) -> tuple[int, ...]:
    batch, rows, columns = shape
    rows, columns = (columns, rows) if turned else (rows, columns)
    return (rows, batch, columns) if batch_last else (batch, rows, columns)


@pytest.mark.parametrize(
    ("op", "operands", "attrs", "besides"),
    [
        ("MatMulInteger", ((3, 4), (4, 5), (), ()), {}, 0),
        ("MatMulInteger16", ((3, 4), (4, 5)), {}, 0),
        ("QLinearMatMul", ((3, 4), (), (), (4, 5), (), (), (), ()), {}, 0),
        ("QGemm", ((3, 4), (), (), (4, 5), (), ()), {}, 0),
        ("QGemm", ((4, 3), (), (), (5, 4), (), (), (5,)), {"transA": 1, "transB": 1}, 1),
        ("DynamicQuantizeMatMul", ((3, 4), (4, 5), (), ()), {}, 0),
        ("DynamicQuantizeMatMul", ((3, 4), (4, 5), (), (), (5,)), {}, 1),
        ("MatMulIntegerToFloat", ((3, 4), (4, 5), (), (), (), ()), {}, 0),
        ("MatMulIntegerToFloat", ((3, 4), (4, 5), (), (), (), (), (5,)), {}, 1),
        ("FusedGemm", ((3, 4), (4, 5), (5,)), {"activation": "Relu"}, 2),
        ("FusedMatMulActivation", ((3, 4), (4, 5)), {"activation": "Relu"}, 1),
        ("GemmFastGelu", ((3, 4), (4, 5)), {}, 1),
        ("GemmFastGelu", ((3, 4), (4, 5), (5,)), {}, 2),
        ("TransposeMatMul", ((4, 3), (4, 5)), {"transA": 1}, 0),
        ("MatMulNBits", ((3, 4), (5, 1, 16), (5,)), {"K": 4, "N": 5}, 0),
        ("MatMulNBits", ((3, 4), (5, 1, 16), (5,), None, None, (5,)), {"K": 4, "N": 5}, 1),
        ("MatMulBnb4", ((3, 4), (10,), (1,)), {"K": 4, "N": 5}, 0),
    ],
)
def test_kin(
    op: str, operands: tuple[Shape | None, ...], attrs: dict[str, Any], besides: int
) -> None:
    found = cost_of(op, *operands, out=(3, 5), **attrs)
    assert found == Cost(60, 120 + besides * 15)
    assert cost_of(op, *operands, out=(None, 5), **attrs) == Cost(None, None)


@pytest.mark.parametrize("op", ["MatMul", "MatMulNBits"])
def test_unknown_inner_size(op: str) -> None:
    assert cost_of(op, (3, None), (None, 5), out=(3, 5)) == Cost(None, None)


@pytest.mark.parametrize(("axes", "grid"), [(2, (5, 7)), (3, (3, 5, 7))])
def test_affine_grid(axes: int, grid: tuple[int, ...]) -> None:
    macs = products((prod(grid), axes + 1), (axes + 1, axes))
    out = (1, *grid, axes)
    assert cost_of("AffineGrid", (1, axes, axes + 1), (axes + 2,), out=out).macs == macs
    assert cost_of("AffineGrid", (1, None, axes + 1), (axes + 2,), out=out).macs is None


@pytest.mark.parametrize("op", ["LinearClassifier", "LinearRegressor"])
def test_linear_models(op: str) -> None:
    attrs: dict[str, Any] = {"coefficients": (0.5,) * 12, "domain": "ai.onnx.ml"}
    name = f"ai.onnx.ml:{op}"
    assert cost_of(name, (5, 4), out=(5, 3), **attrs).macs == 5 * 4 * 3
    assert cost_of(name, (4,), out=(1, 3), **attrs).macs == 4 * 3
    assert cost_of(name, (5, 4), out=(5, 3), domain="ai.onnx.ml").macs is None
