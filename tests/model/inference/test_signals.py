from typing import Any

import numpy as np
import pytest

from cnnlint.model.graph import Shape, Value
from tests.model.inference.one_node import Operand, defect_of, infer_one, shape_of

SIGNAL = (1, 8, 9, 1)
SOME_INTEGER = Value("v", "int64", ())


def scalar(number: int) -> Operand:
    return np.array(number)


@pytest.mark.parametrize(
    ("operands", "rest", "expected"),
    [
        ((SIGNAL,), {}, (1, 8, 9, 2)),
        ((SIGNAL, scalar(6)), {}, (1, 8, 6, 2)),
        ((SIGNAL, "", scalar(1)), {}, (1, 8, 9, 2)),
        ((SIGNAL, "", scalar(1)), {"onesided": 1}, (1, 5, 9, 2)),
        ((SIGNAL, scalar(7), scalar(1)), {"onesided": 1}, (1, 4, 9, 2)),
        (((1, 5, 2), "", scalar(1)), {"onesided": 1, "inverse": 1}, (1, 8, 1)),
        (((1, 5, 2), scalar(7), scalar(1)), {"onesided": 1, "inverse": 1}, (1, 7, 1)),
        (((1, 5, 2), "", scalar(1)), {"inverse": 1}, (1, 5, 2)),
        (((1, None, 2), "", scalar(1)), {"onesided": 1}, (1, None, 2)),
        (((1, None, 2), "", scalar(1)), {"onesided": 1, "inverse": 1}, (1, None, 1)),
        ((SIGNAL, SOME_INTEGER), {}, (1, 8, None, 2)),
        ((SIGNAL, "", SOME_INTEGER), {}, (None, None, None, 2)),
        ((SIGNAL, "", SOME_INTEGER), {"onesided": 1, "inverse": 1}, (None, None, None, 1)),
        ((SIGNAL,), {"opset": 17}, (1, 8, 9, 2)),
        ((SIGNAL,), {"opset": 17, "axis": 2, "onesided": 1}, (1, 8, 5, 2)),
        ((None,), {}, None),
    ],
)
def test_dft(operands: tuple[Operand, ...], rest: dict[str, Any], expected: Shape | None) -> None:
    assert shape_of("DFT", *operands, **{"opset": 20, **rest}) == expected


@pytest.mark.parametrize(
    ("operands", "message"),
    [
        (((8,),), "the signal has 1 axes, 2 are the least"),
        (((8, 3),), "the last axis holds 3 parts, not 1 or 2"),
        (((1, 8, 1), "", scalar(3)), "axis 3 does not exist in a tensor with 3 axes"),
        (((1, 8, 1), "", scalar(-1)), "the last axis holds the parts of a number"),
        (((1, 8, 1), scalar(0)), "a transform of 0 samples"),
    ],
)
def test_a_dft_that_cannot_run(operands: tuple[Operand, ...], message: str) -> None:
    assert defect_of("DFT", *operands, opset=20) == message


@pytest.mark.parametrize("op", ["BlackmanWindow", "HammingWindow", "HannWindow"])
def test_windows(op: str) -> None:
    found = infer_one(op, scalar(10)).values["y0"]
    assert (found.shape, found.dtype) == ((10,), "float32")
    assert infer_one(op, scalar(10), output_datatype=11).values["y0"].dtype == "float64"
    assert shape_of(op, SOME_INTEGER) == (None,)
    assert defect_of(op, scalar(-1)) == "an axis of -1"


def test_mel_weights() -> None:
    rest = (scalar(8_000), np.array(1.0), np.array(9.0))
    assert shape_of("MelWeightMatrix", scalar(8), scalar(16), *rest) == (9, 8)
    assert shape_of("MelWeightMatrix", SOME_INTEGER, SOME_INTEGER, *rest) == (None, None)
