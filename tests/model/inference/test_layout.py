from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlint.model.graph import Shape, Value
from cnnlint.model.inference.call import Contradiction
from cnnlint.model.inference.layout import reshaped
from tests.model.inference.one_node import Operand, defect_of, ints, shape_of, shapes_of

UNKNOWN_VECTOR = Value("v", "int64", (2,))
SOME_INTEGERS = Value("v", "int64", (None,))


@pytest.mark.parametrize(
    ("data", "target", "expected"),
    [
        ((2, 3, 4), (6, 4), (6, 4)),
        ((2, 3, 4), (-1, 4), (6, 4)),
        ((2, 3, 4), (0, -1), (2, 12)),
        ((2, 3, 4), (0, 0, 2, -1), (2, 3, 2, 2)),
        ((2, 3, 4), (), None),
        ((1, 1), (), ()),
        ((), (1, 1), (1, 1)),
        ((2, 3, 4), (None, 4), (6, 4)),  # the elements must come out even
        ((2, 3, 4), (None, -1), (None, None)),
        ((None, 3, 4), (0, -1), (None, 12)),
        ((None, 3, 4), (-1, 4), (None, 4)),
        ((None, 3, 4), (5, 6), (5, 6)),
        ((0, 3), (-1, 3), (0, 3)),
        ((0, 3), (0, -1), (0, 3)),
        (None, (0, -1, 5), (None, None, 5)),
        ((2, 3, 4), (5, -1), None),
        ((2, 3, 4), (5, None), None),
        ((2, 3, 4), (2, 3), None),
        ((2, 3), (0, 0, 0), None),
        ((2, 3), (-1, -1), None),
        ((2, 3), (-2, 3), None),
        ((0, 3), (3, 0, -1), (3, 3, 0)),
    ],
)
def test_reshape(data: Shape | None, target: Shape, expected: Shape | None) -> None:
    if expected is None:
        with pytest.raises(Contradiction):
            reshaped(data, target)
    else:
        assert reshaped(data, target) == expected


def test_reshape_may_take_zeros_literally() -> None:
    assert shape_of("Reshape", (0, 3), ints(3, 0), allowzero=1) == (3, 0)
    assert shape_of("Reshape", (0, 3), ints(0, 0, -1), allowzero=1) == (0, 0, None)
    assert defect_of("Reshape", (0, 3), ints(3, 0)) == "0x3 cannot be reshaped to 3x0"


@given(st.lists(st.integers(1, 5), min_size=1, max_size=4), st.data())
def test_reshape_does_what_numpy_does(dims: list[int], data: st.DataObject) -> None:
    shape = tuple(dims)
    target = list(data.draw(st.permutations(dims)))
    if data.draw(st.booleans()):
        target[data.draw(st.integers(0, len(target) - 1))] = -1
    assert reshaped(shape, tuple(target)) == np.empty(shape).reshape(target).shape


@pytest.mark.parametrize(
    ("op", "operands", "rest", "expected"),
    [
        ("Reshape", ((2, 3), ints(3, 2)), {}, (3, 2)),
        ("Reshape", ((2, 3),), {"shape": (3, -1), "opset": 1}, (3, 2)),
        ("Reshape", ((2, 3), UNKNOWN_VECTOR), {}, (None, None)),
        ("Reshape", ((2, 3), SOME_INTEGERS), {}, None),
        ("Flatten", ((2, 3, 4),), {}, (2, 12)),
        ("Flatten", ((2, 3, 4),), {"axis": 0}, (1, 24)),
        ("Flatten", ((2, 3, 4),), {"axis": 3}, (24, 1)),
        ("Flatten", ((2, 3, 4),), {"axis": -1}, (6, 4)),
        ("Flatten", ((None, 3, 4),), {}, (None, 12)),
        ("Flatten", (None,), {}, None),
        ("Transpose", ((2, 3, 4),), {}, (4, 3, 2)),
        ("Transpose", ((2, None, 4),), {"perm": (1, 2, 0)}, (None, 4, 2)),
        ("Squeeze", ((1, 3, 1),), {}, (3,)),
        ("Squeeze", ((1, 3, 1), ints(-1)), {}, (1, 3)),
        ("Squeeze", ((1, 3, None), ints(0, 2)), {}, (3,)),
        ("Squeeze", ((1, 3, 1),), {"axes": (0,), "opset": 11}, (3, 1)),
        ("Squeeze", ((1, 3, None),), {}, None),
        ("Squeeze", ((1, 3, 1), ints()), {}, (3,)),
        ("Squeeze", ((1, 3, None), ints()), {}, None),
        ("Squeeze", ((1, 3, 1),), {"axes": (), "opset": 11}, (3,)),
        ("Squeeze", ((1, 3, 1), UNKNOWN_VECTOR), {}, None),
        ("Squeeze", ((1, 3, 1), SOME_INTEGERS), {}, None),
        ("Unsqueeze", ((3, 4), ints(0, -1)), {}, (1, 3, 4, 1)),
        ("Unsqueeze", ((3, 4),), {"axes": (1,), "opset": 11}, (3, 1, 4)),
        ("Unsqueeze", ((3, 4), UNKNOWN_VECTOR), {}, (None,) * 4),
        ("Unsqueeze", ((3, 4), SOME_INTEGERS), {}, None),
        ("Concat", ((2, 3), (2, 4)), {"axis": 1}, (2, 7)),
        ("Concat", ((2, 3), (2, 4)), {"axis": -1}, (2, 7)),
        ("Concat", ((2, 3), (2, 4)), {"opset": 1}, (2, 7)),
        ("Concat", ((None, 3), (2, None)), {"axis": 1}, (2, None)),
        ("Concat", ((2, 3), None), {"axis": 1}, None),
        ("Expand", ((3, 1), ints(2, 1, 4)), {}, (2, 3, 4)),
        ("Expand", ((3, 1), ints(1)), {}, (3, 1)),
        ("Expand", ((3, 1), UNKNOWN_VECTOR), {}, (3, None)),
        ("Expand", ((3, 1), SOME_INTEGERS), {}, None),
        ("Tile", ((2, 3), ints(2, 1)), {}, (4, 3)),
        ("Tile", ((2, 3), UNKNOWN_VECTOR), {}, (None, None)),
        ("Tile", ((2, 3), SOME_INTEGERS), {}, (None, None)),
        ("Tile", ((2, None), ints(2, 2)), {}, (4, None)),
        ("Tile", ((2, 3), ints(2), ints(0)), {"opset": 1}, None),
        ("Pad", ((1, 2, 5), ints(0, 0, 1, 0, 0, 2)), {}, (1, 2, 8)),
        ("Pad", ((1, 2, 5), ints(0, 0, -1, 0, 0, -2)), {}, (1, 2, 2)),
        ("Pad", ((1, 2, None), ints(0, 1, 0, 0, 0, 0)), {}, (1, 3, None)),
        ("Pad", ((1, 2, 5), ints(1, 2), "", ints(-1)), {}, (1, 2, 8)),
        ("Pad", ((1, 2, 5), SOME_INTEGERS), {}, (None,) * 3),
        ("Pad", ((1, 2, 5), ints(1, 2), "", Value("v", "int64", (1,))), {}, (None,) * 3),
        ("Pad", ((1, 5),), {"pads": (0, 1, 0, 1), "opset": 10}, (1, 7)),
        ("Pad", ((1, 5),), {"paddings": (0, 1, 0, 1), "opset": 1}, (1, 7)),
        ("DepthToSpace", ((1, 8, 2, 3),), {"blocksize": 2}, (1, 2, 4, 6)),
        ("SpaceToDepth", ((1, 2, 4, 6),), {"blocksize": 2}, (1, 8, 2, 3)),
        ("DepthToSpace", ((1, None, 2, None),), {"blocksize": 2}, (1, None, 4, None)),
    ],
)
def test_rearranging(
    op: str, operands: tuple[Operand, ...], rest: dict[str, Any], expected: Shape | None
) -> None:
    assert shape_of(op, *operands, **rest) == expected


@pytest.mark.parametrize(
    ("op", "operands", "rest", "message"),
    [
        ("Reshape", ((2, 3), ints(4, 2)), {}, "2x3 cannot be reshaped to 4x2"),
        ("Reshape", ((2, 3), ints(4, -1)), {}, "2x3 cannot be reshaped to 4x-1"),
        ("Reshape", ((2, 3), ints(-2, 3)), {}, "an impossible target of -2x3"),
        ("Reshape", ((2, 3), ints(-1, -1)), {}, "an impossible target of -1x-1"),
        ("Reshape", ((2, 3), ints(0, 0, 0)), {}, "the 0 at axis 2 copies from 2 axes"),
        ("Reshape", ((2,), np.array([2.0])), {}, "input 1 holds float64, not integers"),
        ("Reshape", ((2,), np.ones(129, int)), {}, "input 1 is a list of 129 integers"),
        ("Flatten", ((2, 3),), {"axis": 3}, "axis 3 does not exist in a tensor with 2 axes"),
        ("Transpose", ((2, 3),), {"perm": (0, 0)}, "perm does not order the 2 axes of the input"),
        ("Transpose", ((2, 3),), {"perm": (0,)}, "perm does not order the 2 axes of the input"),
        ("Squeeze", ((2, 3), ints(1)), {}, "axis 1 of 2x3 is squeezed but is not 1"),
        ("Squeeze", ((2, 3), ints(2)), {}, "axis 2 does not exist in a tensor with 2 axes"),
        ("Unsqueeze", ((2, 3), ints(0, 0)), {}, "an axis is named twice"),
        ("Unsqueeze", ((2,), ints(*range(64))), {}, "a tensor of 65 axes"),
        ("Concat", ((2, 3), (3, 3)), {"axis": 1}, "2x3 and 3x3 do not concatenate along axis 1"),
        ("Concat", ((2, 3), (2,)), {"axis": 1}, "2x3 and 2 do not concatenate along axis 1"),
        ("Concat", ((2, 3), (2, 3)), {}, "attribute axis is missing"),
        ("Concat", (), {"axis": 0}, "Concat has too few inputs"),
        ("Expand", ((3, 2), ints(4)), {}, "shapes 3x2 and 4 do not broadcast"),
        ("Tile", ((2, 3), ints(2)), {}, "1 repeats for 2 axes"),
        ("Tile", ((2, 3), ints(2, -1)), {}, "an axis of -3"),
        ("Pad", ((2, 3), ints(1, 1)), {}, "2 pads for 2 axes"),
        ("Pad", ((2, 3), ints(0, -3, 0, -1)), {}, "an axis of -1"),
        (
            "DepthToSpace",
            ((1, 6, 2, 2),),
            {"blocksize": 2},
            "6 channels do not divide into blocks of 2x2",
        ),
        (
            "SpaceToDepth",
            ((1, 2, 5, 4),),
            {"blocksize": 2},
            "a side of 5 does not divide into blocks of 2",
        ),
        (
            "SpaceToDepth",
            ((1, 2, 4, 5),),
            {"blocksize": 2},
            "a side of 5 does not divide into blocks of 2",
        ),
        ("DepthToSpace", ((1, 8, 2, 2),), {"blocksize": 0}, "a block size of 0"),
        ("SpaceToDepth", ((1, 8, 2, 2),), {"blocksize": 0}, "a block size of 0"),
        (
            "DepthToSpace",
            ((8, 2, 2),),
            {"blocksize": 2},
            "the input has 3 axes where 4 are needed",
        ),
    ],
)
def test_what_cannot_be_rearranged(
    op: str, operands: tuple[Operand, ...], rest: dict[str, Any], message: str
) -> None:
    assert defect_of(op, *operands, **rest) == message


@pytest.mark.parametrize(
    ("operands", "rest", "expected"),
    [
        ((ints(2, 4),), {"outputs": 2}, [(2, 5), (4, 5)]),
        ((Value("v", "int64", (2,)),), {"outputs": 2}, [(None, 5)] * 2),
        ((SOME_INTEGERS,), {"outputs": 2}, [(None, 5)] * 2),
        ((), {"outputs": 2, "split": (2, 4), "opset": 11}, [(2, 5), (4, 5)]),
        ((), {"outputs": 3, "opset": 13}, [(2, 5)] * 3),
        ((), {"outputs": 2, "axis": -1, "num_outputs": 2}, [(6, 3), (6, 2)]),
        ((), {"outputs": 4, "num_outputs": 4}, [(2, 5), (2, 5), (2, 5), (0, 5)]),
    ],
)
def test_split(operands: tuple[Operand, ...], rest: dict[str, Any], expected: list[Shape]) -> None:
    assert shapes_of("Split", (6, 5), *operands, **rest) == expected


def test_split_of_an_unknown_axis() -> None:
    assert shapes_of("Split", (None, 5), outputs=2, opset=13) == [(None, 5)] * 2
    assert shapes_of("Split", (None, 5), ints(2, 4), outputs=2) == [(2, 5), (4, 5)]


@pytest.mark.parametrize(
    ("data", "operands", "rest", "message"),
    [
        ((6, 5), (ints(2, 3),), {"outputs": 2}, "the parts add up to 5, the axis has 6"),
        ((6, 5), (ints(2, 4),), {"outputs": 3}, "2 sizes for 3 outputs"),
        ((6, 5), (), {"outputs": 4, "opset": 13}, "6 does not split into 4 equal parts"),
        ((6, 5), (), {"outputs": 2}, "neither split nor num_outputs is given"),
        ((6, 5), (), {"outputs": 2, "num_outputs": 3}, "num_outputs is 3, there are 2"),
        ((5,), (), {"outputs": 4, "num_outputs": 4}, "5 does not split into 4 equal parts"),
        ((6, 5), (), {"axis": 2}, "axis 2 does not exist in a tensor with 2 axes"),
    ],
)
def test_what_cannot_be_split(
    data: Shape, operands: tuple[Operand, ...], rest: dict[str, Any], message: str
) -> None:
    assert defect_of("Split", data, *operands, **rest) == message


@pytest.mark.parametrize(
    ("data", "operands", "rest", "expected"),
    [
        ((9, 8), (ints(1), ints(4)), {}, (3, 8)),
        ((9, 8), (ints(1), ints(4), ints(1)), {}, (9, 3)),
        ((9, 8), (ints(0, -3), ints(2**62, 2**62), ints(0, -1), ints(2, 1)), {}, (5, 3)),
        ((9,), (ints(-1), ints(-(2**62)), ints(0), ints(-2)), {}, (5,)),
        ((9,), (ints(20), ints(-20), ints(0), ints(-4)), {}, (3,)),
        ((9,), (ints(5), ints(2)), {}, (0,)),
        ((9, 8), (), {"starts": (1,), "ends": (-1,), "axes": (1,), "opset": 9}, (9, 6)),
        ((None, 8), (ints(0, 0), ints(4, 4)), {}, (None, 4)),
        ((9, 8), (Value("v", "int64", (1,)), ints(4)), {}, (None, 8)),
        ((9, 8), (ints(0), Value("v", "int64", (1,))), {}, (None, 8)),
        ((9, 8), (ints(0), ints(4), ints(0), Value("v", "int64", (1,))), {}, (None, 8)),
        ((9, 8), (ints(0), ints(4), ints(0), SOME_INTEGERS), {}, (None, 8)),
        ((9, 8), (ints(0), ints(4), Value("v", "int64", (1,))), {}, (None, None)),
        ((9, 8), (ints(0), ints(4), SOME_INTEGERS), {}, (None, None)),
        ((9, 8), (SOME_INTEGERS, ints(4)), {}, (None, None)),
        ((9, 8), (ints(4), SOME_INTEGERS), {}, (None, None)),
        (None, (ints(0), ints(4)), {}, None),
        ((0,), (ints(-1), ints(-5), ints(0), ints(-1)), {}, (0,)),
    ],
)
def test_slice(
    data: Shape | None, operands: tuple[Operand, ...], rest: dict[str, Any], expected: Shape | None
) -> None:
    assert shape_of("Slice", data, *operands, **rest) == expected


@pytest.mark.parametrize(
    ("operands", "message"),
    [
        ((ints(0), ints(1), ints(0), ints(0)), "a slice with a step of 0"),
        (
            (ints(0), ints(1, 2)),
            "starts, ends, axes and steps differ in length (1 starts)",
        ),
        ((ints(0), ints(1), ints(2)), "axis 2 does not exist in a tensor with 2 axes"),
        ((ints(0, 0), ints(1, 1), ints(1, -1)), "an axis is named twice"),
    ],
)
def test_a_slice_that_cannot_be_cut(operands: tuple[Operand, ...], message: str) -> None:
    assert defect_of("Slice", (9, 8), *operands) == message


SIZES = st.integers(1, 9)
BOUNDS = st.integers(-9, 12)


@given(SIZES, BOUNDS, BOUNDS, st.integers(-4, 4).filter(bool))
def test_slice_does_what_numpy_does(size: int, start: int, stop: int, step: int) -> None:
    if step < 0:
        start = max(start, -size)  # before the front ONNX clamps where numpy finds nothing
    operands = (ints(start), ints(stop), ints(0), ints(step))
    assert shape_of("Slice", (size,), *operands) == np.empty(size)[start:stop:step].shape


@pytest.mark.parametrize(
    ("op", "operands", "rest", "message"),
    [
        ("Reshape", ((1, 2, 4, 4), np.array(-1)), {}, "input 1 has 0 axes where a list is needed"),
        ("Squeeze", ((1, 3), ints(0, 2)), {}, "axis 2 does not exist in a tensor with 2 axes"),
    ],
)
def test_what_a_runtime_refuses(
    op: str, operands: tuple[Operand, ...], rest: dict[str, Any], message: str
) -> None:
    assert defect_of(op, *operands, **rest) == message


@pytest.mark.parametrize(
    ("op", "operands", "rest", "expected"),
    [
        ("Squeeze", ((1, 1, 3), ints(0, 0)), {}, (1, 3)),
        ("Unsqueeze", ((3,), np.array(0)), {}, (1, 3)),
        ("Reshape", ((2, 3), ints(0, 3)), {"allowzero": 2}, (2, 3)),
    ],
)
def test_what_a_runtime_takes(
    op: str, operands: tuple[Operand, ...], rest: dict[str, Any], expected: Shape
) -> None:
    assert shape_of(op, *operands, **rest) == expected
