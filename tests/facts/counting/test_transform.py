"""Fourier transforms and determinants."""

from typing import Any

import numpy as np
import pytest

from cnnlint.facts.counting.cost import Cost
from cnnlint.facts.counting.transform import fft_flops
from cnnlint.model.graph import Shape
from tests.facts.counted import cost_of


def scalar(number: int) -> "np.ndarray[Any, Any]":
    return np.array(number, np.int64)


@pytest.mark.parametrize(("length", "flops"), [(0, 0), (1, 0), (2, 10), (8, 120), (100, 3322)])
def test_fft(length: int, flops: int) -> None:
    assert fft_flops(length) == flops


@pytest.mark.parametrize(
    ("operands", "opset", "attrs", "flops"),
    [
        (((3, 8, 5, 2), None, scalar(1)), 20, {}, 3 * 5 * 120),
        (((3, 8, 5, 1), None, scalar(1)), 20, {}, 3 * 5 * 60),
        (((3, 5, 8, 2),), 20, {}, 3 * 5 * 120),
        (((3, 8, 5, 2),), 17, {}, 3 * 5 * 120),
        (((3, 5, 8, 2),), 17, {"axis": 2}, 3 * 5 * 120),
        (((3, 5, 8, 2), None, scalar(-4)), 20, {}, 5 * 8 * fft_flops(3)),
        (((3, 5, 8, 2), None, scalar(-5)), 20, {}, None),
        (((3, 8, 5, 2),), 19, {}, 3 * 5 * 120),
        (((3, 5, 6, 2), scalar(8)), 20, {}, 3 * 5 * 120),
        (((3, 5, 8, 2), (), scalar(1)), 20, {}, None),
        (((3, 5, 8, 2), None, ()), 20, {}, None),
        (((3, 5, 8, 2), None, scalar(4)), 20, {}, None),
        (((3, 5, 8, 2), None, np.array([1, 2])), 20, {}, None),
        (((3, 5, 8, 2), None, np.array(1.0)), 20, {}, None),
        (((3, 5, 0, 2), scalar(8)), 20, {}, None),
        (((3, None, 8, 2),), 20, {}, None),
    ],
)
def test_dft(operands: Any, opset: int, attrs: dict[str, Any], flops: int | None) -> None:
    assert cost_of("DFT", *operands, opset=opset, **attrs) == Cost(0, flops)


@pytest.mark.parametrize(
    ("operands", "out", "flops"),
    [
        (((2, 100, 1), (), None, scalar(8)), (2, 9, 5, 2), 18 * 60),
        (((2, 100, 2), (), None, scalar(8)), (2, 9, 8, 2), 18 * 120),
        (((2, 100, 1), (), (8,)), (2, 9, 5, 2), 18 * (60 + 8)),
        (((2, 100, 1), (), (8,), scalar(8)), (2, 9, 5, 2), 18 * (60 + 8)),
        (((2, 100, 1), (), None, ()), (2, 9, 5, 2), None),
        (((2, 100, 1), ()), (2, 9, 5, 2), None),
        (((2, 100, 1), (), (8,)), (2, None, 5, 2), None),
        (((2, None, 1), (), (8,)), (2, 9, 5, 2), None),
    ],
)
def test_stft(operands: Any, out: Shape, flops: int | None) -> None:
    assert cost_of("STFT", *operands, out=out) == Cost(0, flops)


def test_det() -> None:
    assert cost_of("Det", (5, 6, 6), out=(5,)) == Cost(0, 5 * 2 * 216 // 3)
    assert cost_of("Det", (4, 4), out=()) == Cost(0, 2 * 64 // 3)
    assert cost_of("Det", (5, None, 6), out=(5,)) == Cost(0, None)
