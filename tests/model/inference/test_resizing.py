from typing import Any

import numpy as np
import pytest

from cnnlint.model.graph import Shape, Value
from tests.model.inference.one_node import Operand, defect_of, ints, shape_of

SOME_INTEGERS = Value("v", "int64", (None,))


def scales(*numbers: float) -> Operand:
    return np.array(numbers, "float32")


NONE = ""
MAP = (1, 3, 7, 8)


@pytest.mark.parametrize(
    ("operands", "rest", "expected"),
    [
        ((NONE, scales(1, 1, 2, 2.5)), {}, (1, 3, 14, 20)),
        ((NONE, scales(1, 1, 16 / 7, 0.3)), {}, (1, 3, 16, 2)),
        ((NONE, scales(2, 3), ""), {"axes": (3, 2)}, (1, 3, 21, 16)),
        ((NONE, (4,)), {}, (None,) * 4),
        ((NONE, NONE, ints(1, 3, 9, 9)), {}, (1, 3, 9, 9)),
        ((NONE, scales(), ints(1, 3, 9, 9)), {}, (1, 3, 9, 9)),
        ((NONE, NONE, Value("v", "int64", (4,))), {}, (None,) * 4),
        ((NONE, NONE, SOME_INTEGERS), {"axes": (2, 3)}, (1, 3, None, None)),
        ((NONE, scales(1, 1, 2, 2), ints()), {}, (1, 3, 14, 16)),
        (
            (NONE, NONE, ints(14, 20)),
            {"axes": (2, 3), "keep_aspect_ratio_policy": "not_larger"},
            (1, 3, 14, 16),
        ),
        (
            (NONE, NONE, ints(14, 20)),
            {"axes": (2, 3), "keep_aspect_ratio_policy": "not_smaller"},
            (1, 3, 18, 20),
        ),
        (
            (NONE, NONE, Value("v", "int64", (2,))),
            {"axes": (2, 3), "keep_aspect_ratio_policy": "not_smaller"},
            (1, 3, None, None),
        ),
        ((scales(1, 1, 2, 2),), {"opset": 10}, (1, 3, 14, 16)),
        (
            (scales(0, 1), scales(1, 1, 2, 2)),
            {"coordinate_transformation_mode": "tf_crop_and_resize"},
            (None,) * 4,
        ),
    ],
)
def test_resize(operands: tuple[Operand, ...], rest: dict[str, Any], expected: Shape) -> None:
    assert shape_of("Resize", MAP, *operands, **rest) == expected


def test_resize_of_an_unknown_map() -> None:
    assert shape_of("Resize", (1, 3, None, 4), NONE, scales(1, 1, 2, 2)) == (1, 3, None, 8)
    policy = {"axes": (2, 3), "keep_aspect_ratio_policy": "not_larger"}
    unknown = (1, 3, None, 4)
    assert shape_of("Resize", unknown, NONE, NONE, ints(8, 8), **policy) == (1, 3, None, None)


def test_upsample() -> None:
    assert shape_of("Upsample", MAP, scales(1, 1, 2, 3), opset=9) == (1, 3, 14, 24)
    assert shape_of("Upsample", MAP, scales=(1.0, 1.0, 2.0, 3.0), opset=7) == (1, 3, 14, 24)
    sides = {"height_scale": 2.0, "width_scale": 3.0}
    assert shape_of("Upsample", MAP, opset=1, **sides) == (1, 3, 14, 24)


@pytest.mark.parametrize(
    ("operands", "rest", "message"),
    [
        ((NONE, scales(1, 1, 2)), {}, "scales for 4 axes are needed"),
        ((NONE, scales(1, 1, 2, 0)), {}, "a scale of 0"),
        ((NONE, scales(1, 1, 2, float("inf"))), {}, "a scale of inf"),
        ((NONE, scales(1, 1, 2, float("nan"))), {}, "a scale of nan"),
        ((NONE, NONE, ints(1, 1)), {}, "2 sizes for 4 axes"),
        ((NONE, scales(1), NONE), {"axes": (9,)}, "axis 9 does not exist in a tensor with 4 axes"),
    ],
)
def test_what_cannot_be_resized(
    operands: tuple[Operand, ...], rest: dict[str, Any], message: str
) -> None:
    assert defect_of("Resize", MAP, *operands, **rest) == message


def floats(*numbers: float) -> Operand:
    return np.array(numbers, "float32")


EMPTY = np.zeros(0, "float32")
SMALL = (1, 2, 4, 4)


@pytest.mark.parametrize(
    ("op", "operands", "rest", "message"),
    [
        ("Resize", (SMALL,), {}, "neither scales nor sizes are given"),
        ("Resize", (SMALL, "", ""), {}, "neither scales nor sizes are given"),
        ("Resize", (SMALL, "", EMPTY), {}, "neither scales nor sizes are given"),
        (
            "Resize",
            (SMALL, "", floats(1, 1, 2, 2), ints(1, 2, 8, 8)),
            {},
            "scales and sizes are both given",
        ),
        (
            "Resize",
            (SMALL, "", (4,), Value("s", "int64", (4,))),
            {},
            "scales and sizes are both given",
        ),
        ("Resize", (SMALL, "", "", ints(1, 2, 0, 8)), {}, "a size of 0"),
        ("Resize", (SMALL, "", (3,)), {}, "scales for 4 axes are needed"),
        ("Resize", (SMALL, "", floats(1, 1, 1e30, 1e30)), {}, "an axis beyond 64 bits"),
        ("Upsample", (SMALL, floats(1, 1, 0.5, 2)), {"opset": 9}, "a scale of 0.5 makes smaller"),
    ],
)
def test_what_a_runtime_refuses(
    op: str, operands: tuple[Operand, ...], rest: dict[str, Any], message: str
) -> None:
    assert defect_of(op, *operands, **rest) == message


@pytest.mark.parametrize(
    ("op", "operands", "rest", "expected"),
    [
        ("Resize", (SMALL, "", EMPTY, ints(1, 2, 8, 8)), {}, (1, 2, 8, 8)),
        ("Resize", (SMALL, "", (4,), (None,)), {}, (None,) * 4),
        ("Resize", (SMALL, "", (None,)), {}, (None,) * 4),
        ("Upsample", (SMALL, floats(1, 1, 1, 2)), {"opset": 9}, (1, 2, 4, 8)),
    ],
)
def test_what_a_runtime_takes(
    op: str, operands: tuple[Operand, ...], rest: dict[str, Any], expected: Shape
) -> None:
    assert shape_of(op, *operands, **rest) == expected
