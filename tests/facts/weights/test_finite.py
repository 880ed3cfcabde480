from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlint.facts.weights.finite import Extremes, extremes
from cnnlint.facts.weights.stored import PIECE
from cnnlint.model.graph import Payload, Value

NAN, INF = float("nan"), float("inf")


def kept(numbers: "list[float]", dtype: str = "float32") -> Value:
    array = np.array(numbers, dtype)
    return Value("w", dtype, array.shape, const=array, stored=True)


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        pytest.param([1, -2.5], Extremes(largest=2.5), id="fine"),
        pytest.param([3, -2], Extremes(largest=3), id="fine, positive"),
        pytest.param([], Extremes(), id="empty"),
        pytest.param([1, NAN, NAN, -4], Extremes(2, 0, 4), id="not a number"),
        pytest.param([INF, 1], Extremes(0, 1, 1), id="infinite"),
        pytest.param([-INF, 1, INF], Extremes(0, 2, 1), id="both infinite"),
        pytest.param([-INF, NAN], Extremes(1, 1, 0), id="nothing else"),
        pytest.param([3.4e38] * 9, Extremes(largest=float(np.float32(3.4e38))), id="large"),
    ],
)
def test_floats(numbers: list[float], expected: Extremes) -> None:
    assert extremes(kept(numbers)) == expected
    if expected.largest < 1e30:
        assert extremes(kept(numbers, "float64")) == expected


@pytest.mark.parametrize(
    ("bits", "expected"),
    [
        pytest.param([0x3C00, 0x7BFF, 0xFBFF, 0x0001], Extremes(), id="fine"),
        pytest.param([0x7C00, 0xFC00, 0x3C00], Extremes(0, 2), id="infinite"),
        pytest.param([0x7C01, 0xFE00, 0x7C00], Extremes(2, 1), id="not a number"),
    ],
)
def test_float16(bits: list[int], expected: Extremes) -> None:
    array = np.array(bits, np.uint16).view(np.float16)
    value = Value("w", "float16", array.shape, const=array)
    assert extremes(value) == expected
    assert extremes(value) == Extremes(int(np.isnan(array).sum()), int(np.isinf(array).sum()))


@pytest.mark.parametrize(
    ("bits", "expected"),
    [
        pytest.param([0x3F80, 0x7F7F, 0xFF7F], Extremes(), id="fine"),
        pytest.param([0x7F80, 0xFF80], Extremes(0, 2), id="infinite"),
        pytest.param([0x7F81, 0x7F80], Extremes(1, 1), id="not a number"),
        pytest.param([0x7C01], Extremes(), id="large"),
    ],
)
def test_bfloat16(bits: list[int], expected: Extremes, tmp_path: Path) -> None:
    file = tmp_path / "weights.bin"
    file.write_bytes(np.array(bits, np.uint16).tobytes())
    payload = Payload(file, 0, 2 * len(bits))
    assert extremes(Value("w", "bfloat16", (len(bits),), payload=payload)) == expected


def test_pieces_are_added_up(tmp_path: Path) -> None:
    numbers = np.zeros(PIECE // 2, np.float32)
    numbers[[0, 7, -1]] = NAN, -5, INF
    file = tmp_path / "weights.bin"
    file.write_bytes(numbers.tobytes())
    payload = Payload(file, 0, numbers.nbytes)
    found = extremes(Value("w", "float32", numbers.shape, payload=payload))
    assert found == Extremes(1, 1, 5)


@pytest.mark.parametrize(
    "value",
    [
        Value("w", "int8", (2,), const=np.array([1, 2], np.int8)),
        Value("w", "float32", (2,)),
        Value("w", None, (2,)),
    ],
)
def test_what_is_not_looked_at(value: Value) -> None:
    assert extremes(value) is None


@given(st.lists(st.floats(width=32)))
def test_against_numpy(numbers: list[float]) -> None:
    array = np.array(numbers, np.float32)
    finite = np.abs(array[np.isfinite(array)])
    assert extremes(kept(numbers)) == Extremes(
        int(np.isnan(array).sum()), int(np.isinf(array).sum()), float(finite.max(initial=0))
    )
