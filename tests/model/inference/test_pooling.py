from typing import Any

import pytest

from cnnlint.model.graph import Shape
from tests.model.inference.one_node import Operand, defect_of, infer_one, ints, shape_of, shapes_of

IMAGE = (1, 4, 8, 8)
BESIDE = "a padding of 2 beside a window of 2"
SAME = {"auto_pad": "SAME_UPPER"}


@pytest.mark.parametrize("op", ["MaxPool", "AveragePool", "LpPool"])
@pytest.mark.parametrize(
    ("data", "attrs", "expected"),
    [
        ((1, 4, 8, 8), {"kernel_shape": (2, 2)}, (1, 4, 7, 7)),
        ((1, 4, 8, 8), {"kernel_shape": (3, 3), "strides": (2, 2)}, (1, 4, 3, 3)),
        ((1, 4, 8, 8), {"kernel_shape": (3, 3), "strides": (2, 2), "ceil_mode": 1}, (1, 4, 4, 4)),
        # the last window would start in the padding at the end
        ((1, 4, 3), {"kernel_shape": (1,), "strides": (2,), "ceil_mode": 1}, (1, 4, 2)),
        ((1, 4, 4), {"kernel_shape": (1,), "strides": (4,), "ceil_mode": 1}, (1, 4, 1)),
        ((1, 4, 2), {"kernel_shape": (3,), "strides": (2,), "ceil_mode": 1}, (1, 4, 1)),
        ((1, 4, 8), {"kernel_shape": (3,), "dilations": (3,)}, (1, 4, 2)),
        ((1, 4, 9), {"kernel_shape": (3,), "strides": (2,), **SAME}, (1, 4, 5)),
        ((1, 4, None), {"kernel_shape": (3,)}, (1, 4, None)),
        (None, {"kernel_shape": (3,)}, None),
    ],
)
def test_pooling(op: str, data: Shape | None, attrs: dict[str, Any], expected: Shape) -> None:
    assert shape_of(op, data, opset=19, **attrs) == expected


def test_max_pooling_may_return_indices() -> None:
    inferred = infer_one("MaxPool", IMAGE, outputs=2, kernel_shape=(2, 2))
    assert [inferred.values[y].shape for y in ("y0", "y1")] == [(1, 4, 7, 7)] * 2
    assert [inferred.values[y].dtype for y in ("y0", "y1")] == ["float32", "int64"]


@pytest.mark.parametrize(
    ("op", "operands", "attrs", "expected"),
    [
        ("GlobalAveragePool", (IMAGE,), {}, (1, 4, 1, 1)),
        ("GlobalMaxPool", ((2, 4, None),), {}, (2, 4, 1)),
        ("MaxUnpool", ((1, 4, 4), (1, 4, 4)), {"kernel_shape": (2,), "strides": (2,)}, (1, 4, 8)),
        ("MaxUnpool", ((1, 4, 4), (1, 4, 4), ints(1, 4, 9)), {"kernel_shape": (2,)}, (1, 4, 9)),
        ("RoiAlign", (IMAGE, (5, 4), (5,)), {"output_height": 7, "output_width": 6}, (5, 4, 7, 6)),
        ("RoiAlign", (IMAGE, None, None), {}, (None, 4, 1, 1)),
        ("MaxRoiPool", (IMAGE, (5, 5)), {"pooled_shape": (7, 6)}, (5, 4, 7, 6)),
        ("GridSample", (IMAGE, (1, 5, 6, 2)), {}, (1, 4, 5, 6)),
        ("GridSample", ((None, 4, 8, 8), (1, 5, 6, 2)), {}, (1, 4, 5, 6)),
    ],
)
def test_other_windows(
    op: str, operands: tuple[Operand, ...], attrs: dict[str, Any], expected: Shape
) -> None:
    assert shape_of(op, *operands, **attrs) == expected


@pytest.mark.parametrize(
    ("op", "attrs", "expected"),
    [
        ("NhwcMaxPool", {"kernel_shape": (2, 2)}, [(1, 7, 8, 4)]),
        ("QLinearAveragePool", {"kernel_shape": (2, 2), "channels_last": 1}, [(1, 7, 8, 4)]),
        ("QLinearAveragePool", {"kernel_shape": (2, 2)}, [(1, 8, 8, 3)]),
        ("QLinearGlobalAveragePool", {"channels_last": 1}, [(1, 1, 1, 4)]),
        ("QLinearGlobalAveragePool", {}, [(1, 8, 1, 1)]),
    ],
)
def test_pooling_with_channels_last(
    op: str, attrs: dict[str, Any], expected: list[Shape | None]
) -> None:
    assert shapes_of(op, (1, 8, 9, 4), domain="com.microsoft", **attrs) == expected


@pytest.mark.parametrize(
    ("op", "operands", "rest", "message"),
    [
        ("MaxPool", (IMAGE,), {}, "attribute kernel_shape is missing"),
        (
            "MaxPool",
            (IMAGE,),
            {"kernel_shape": (2,)},
            "a window of 1 axes on an input with 4 axes",
        ),
        (
            "AveragePool",
            (IMAGE,),
            {"kernel_shape": (9, 9)},
            "a window of 9 does not fit into the padded input of 8",
        ),
        ("MaxPool", (IMAGE,), {"kernel_shape": (2, 2), "strides": (0, 0)}, "a stride of 0"),
        ("GlobalAveragePool", ((4,),), {}, "global pooling needs 2 axes or more, the input has 1"),
        (
            "MaxUnpool",
            (IMAGE, IMAGE),
            {"kernel_shape": (2,)},
            "a window of 1 axes on an input with 4 axes",
        ),
        (
            "MaxUnpool",
            (IMAGE, IMAGE),
            {"kernel_shape": ()},
            "a window of 0 axes on an input with 4 axes",
        ),
        ("MaxPool", (IMAGE,), {"kernel_shape": (2, 2), "pads": (0, 0, 0, 2)}, BESIDE),
        ("AveragePool", (IMAGE,), {"kernel_shape": (2, 2), "pads": (2, 0, 0, 0)}, BESIDE),
        (
            "RoiAlign",
            ((1, 4, 8), (5, 4), (5,)),
            {},
            "regions are pooled from 4 axes, the input has 3",
        ),
        ("RoiAlign", (IMAGE, (4,), (5,)), {}, "the regions are 4, not so many of 4 numbers"),
        ("RoiAlign", (IMAGE, (5, 5), (5,)), {}, "the regions are 5x5, not so many of 4 numbers"),
        (
            "MaxRoiPool",
            (IMAGE, (5, 4)),
            {"pooled_shape": (1, 1)},
            "the regions are 5x4, not so many of 5 numbers",
        ),
        (
            "RoiAlign",
            (IMAGE, (5, 4), (5,)),
            {"output_height": 0},
            "regions are pooled to 0x1",
        ),
        ("GridSample", (IMAGE, (1, 5, 6, 3)), {}, "the grid holds 3 coordinates for 2 axes"),
        ("GridSample", (IMAGE, (1, 5, 2)), {}, "the grid has 3 axes, the input 4"),
        ("GridSample", (IMAGE, (2, 5, 6, 2)), {}, "a batch of 1 with a grid for 2"),
        (
            "NhwcMaxPool",
            ((1, 8),),
            {"kernel_shape": (), "domain": "com.microsoft"},
            "pooling needs 3 axes or more, the input has 2",
        ),
    ],
)
def test_a_window_that_cannot_run(
    op: str, operands: tuple[Operand, ...], rest: dict[str, Any], message: str
) -> None:
    assert defect_of(op, *operands, **rest) == message


def test_pooling_goes_by_auto_pad_where_pads_are_given_too() -> None:
    rest = {**SAME, "kernel_shape": (3, 3), "pads": (9, 9, 9, 9)}
    assert shape_of("MaxPool", IMAGE, **rest) == IMAGE
    assert shape_of("AveragePool", IMAGE, kernel_shape=(3, 3), pads=(2,) * 4) == (1, 4, 10, 10)
