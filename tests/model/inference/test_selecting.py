from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlint.model.graph import Shape, Value
from tests.model.inference.one_node import (
    Operand,
    defect_of,
    ints,
    numbers_of,
    shape_of,
    shapes_of,
)

UNKNOWN_VECTOR = Value("v", "int64", (2,))
WORDS: dict[str, Any] = {
    "mode": "TF",
    "ngram_indexes": (0, 4, 2),
    "ngram_counts": (0,),
    "max_skip_count": 0,
    "min_gram_length": 1,
    "max_gram_length": 1,
}
SOME_INTEGERS = Value("v", "int64", (None,))


def scalar(number: float) -> Operand:
    return np.array(number)


@pytest.mark.parametrize(
    ("op", "operands", "rest", "expected"),
    [
        ("Gather", ((5, 6), (2, 3)), {}, (2, 3, 6)),
        ("Gather", ((5, 6), ()), {"axis": -1}, (5,)),
        ("Gather", (None, ()), {}, None),
        ("GatherElements", ((5, 6), (2, 3)), {"axis": 1}, (2, 3)),
        ("GatherND", ((5, 6, 7), (2, 3, 1)), {}, (2, 3, 6, 7)),
        ("GatherND", ((5, 6, 7), (5, 3, 1)), {"batch_dims": 1}, (5, 3, 7)),
        ("GatherND", ((5, 6, 7), (2, None)), {}, None),
        ("GatherND", ((5, 6), (2, 0)), {}, (2, 5, 6)),
        ("OneHot", ((2, 3), scalar(10), (2,)), {}, (2, 3, 10)),
        ("OneHot", ((2, 3), np.array([10.0]), (2,)), {"axis": 0}, (10, 2, 3)),
        ("OneHot", ((2, 3), Value("v", "int64", ()), (2,)), {}, (2, 3, None)),
        ("ArgMax", ((2, 3),), {}, (1, 3)),
        ("ArgMin", ((2, 3),), {"axis": -1, "keepdims": 0}, (2,)),
        ("Shape", ((2, None, 4),), {}, (3,)),
        ("Shape", ((2, None, 4),), {"start": 1}, (2,)),
        ("Shape", ((2, None, 4),), {"start": -2, "end": -1}, (1,)),
        ("Shape", ((2, None, 4),), {"start": 2, "end": 1}, (0,)),
        ("Shape", ((2, None, 4),), {"start": -9, "end": 9}, (3,)),
        ("Shape", (None,), {}, (None,)),
        ("Size", (None,), {}, ()),
        ("ConstantOfShape", (ints(2, 3),), {}, (2, 3)),
        ("ConstantOfShape", (UNKNOWN_VECTOR,), {}, (None, None)),
        ("ConstantOfShape", (SOME_INTEGERS,), {}, None),
        ("ConstantOfShape", (ints(10**12),), {}, (10**12,)),
        ("RandomNormal", (), {"shape": (2, 3)}, (2, 3)),
        ("Range", (scalar(0), scalar(7), scalar(2)), {}, (4,)),
        ("Range", (scalar(7), scalar(0), scalar(-3)), {}, (3,)),
        ("Range", (scalar(7), scalar(0), scalar(1)), {}, (0,)),
        ("Range", (scalar(0.0), scalar(1.0), scalar(0.3)), {}, (4,)),
        ("Range", (scalar(0), scalar(10**12), scalar(1)), {}, (10**12,)),
        ("Range", (scalar(0), scalar(2**60 + 1), scalar(1)), {}, (2**60 + 1,)),
        ("Range", (scalar(0), Value("v", "int64", ()), scalar(1)), {}, (None,)),
        ("NonZero", (np.array([[1, 0], [1, 1]]),), {}, (2, 3)),
        ("NonZero", ((4, 5),), {}, (2, None)),
        ("NonMaxSuppression", ((1, 9, 4), (1, 2, 9)), {}, (None, 3)),
        ("AffineGrid", ((2, 2, 3), ints(2, 3, 5, 6)), {"opset": 20}, (2, 5, 6, 2)),
        ("AffineGrid", ((2, 3, 4), ints(2, 3, 4, 5, 6)), {"opset": 20}, (2, 4, 5, 6, 3)),
        ("AffineGrid", ((2, 2, 3), SOME_INTEGERS), {"opset": 20}, None),
        ("Col2Im", ((1, 12, 9), ints(4, 5), ints(2, 3)), {}, (1, 2, 4, 5)),
        ("Col2Im", ((1, None, 9), ints(4, 5), ints(2, 3)), {}, (1, None, 4, 5)),
        ("Col2Im", ((1, 12, 9), ints(4, 5), UNKNOWN_VECTOR), {}, (1, None, 4, 5)),
        ("Col2Im", ((1, 12, 9), SOME_INTEGERS, ints(2, 3)), {}, None),
        ("Col2Im", ((1, 12, 9), ints(4, 5), SOME_INTEGERS), {}, None),
        ("STFT", ((1, 128, 1), scalar(8), (16,)), {}, (1, 15, 9, 2)),
        ("STFT", ((1, 128, 1), scalar(8), "", scalar(16)), {"onesided": 0}, (1, 15, 16, 2)),
        ("STFT", ((1, None, 1), scalar(8), (16,)), {}, (1, None, 9, 2)),
        ("STFT", ((1, 128, 1), Value("v", "int64", ()), (16,)), {}, (1, None, None, 2)),
        ("STFT", ((1, 128, 1), scalar(8)), {}, (1, None, None, 2)),
        ("STFT", ((1, 128, 1), Value("v", "int64", (1,)), (16,)), {}, (1, None, None, 2)),
        ("CenterCropPad", ((5, 6, 7), ints(3, 4, 9)), {}, (3, 4, 9)),
        ("CenterCropPad", ((5, 6, 7), ints(3)), {"axes": (-1,)}, (5, 6, 3)),
        ("CenterCropPad", ((5, 6, 7), SOME_INTEGERS), {}, None),
    ],
)
def test_selecting_and_generating(
    op: str, operands: tuple[Operand, ...], rest: dict[str, Any], expected: Shape | None
) -> None:
    assert shape_of(op, *operands, **rest) == expected


@pytest.mark.parametrize(
    ("operands", "rest", "expected"),
    [
        ((), {}, (1, 1, 1)),
        ((), {"keepdims": 0}, ()),
        ((), {"axes": (1, -1), "opset": 11}, (2, 1, 1)),
        ((), {"axes": (1,), "keepdims": 0, "opset": 11}, (2, 4)),
        ((ints(0),), {}, (1, 3, 4)),
        ((ints(),), {}, (1, 1, 1)),
        ((ints(),), {"noop_with_empty_axes": 1}, (2, 3, 4)),
        ((), {"noop_with_empty_axes": 1}, (2, 3, 4)),
        ((UNKNOWN_VECTOR,), {}, (None,) * 3),
        ((SOME_INTEGERS,), {}, (None,) * 3),
        ((SOME_INTEGERS,), {"keepdims": 0}, None),
    ],
)
def test_reducing(operands: tuple[Operand, ...], rest: dict[str, Any], expected: Shape) -> None:
    assert shape_of("ReduceMean", (2, 3, 4), *operands, **rest) == expected


def test_all_reducers_are_known() -> None:
    for name in ("L1", "L2", "LogSum", "LogSumExp", "Max", "Min", "Prod", "Sum", "SumSquare"):
        assert shape_of(f"Reduce{name}", (2, 3), ints(1)) == (2, 1)


def test_top_k() -> None:
    assert shapes_of("TopK", (2, 9), ints(3), outputs=2) == [(2, 3)] * 2
    assert shapes_of("TopK", (9, 2), k=3, axis=0, outputs=2, opset=1) == [(3, 2)] * 2
    assert shapes_of("TopK", (2, None), ints(3), outputs=2) == [(2, 3)] * 2
    assert shapes_of("TopK", (2, 9), SOME_INTEGERS, outputs=2) == [(2, None)] * 2


@pytest.mark.parametrize(
    ("op", "operands", "rest", "message"),
    [
        ("Gather", ((5, 6), ()), {"axis": 2}, "axis 2 does not exist in a tensor with 2 axes"),
        ("GatherND", ((5, 6), ()), {}, "the indices are a scalar"),
        ("GatherND", ((5, 6), (2, 3)), {}, "indices of 3 numbers into 2 axes"),
        ("GatherND", ((5, 6), (5, 2)), {"batch_dims": 1}, "indices of 2 numbers into 1 axes"),
        ("OneHot", ((5,), scalar(-2), (2,)), {}, "an axis of -2"),
        ("OneHot", ((5,), np.empty(0), (2,)), {}, "malformed inputs or attributes"),
        ("TopK", ((2, 9), ints(10)), {"outputs": 2}, "the top 10 of 9"),
        ("TopK", ((2, 9), ints(1, 1)), {"outputs": 2}, "k is more than one number"),
        (
            "TopK",
            ((2, 9), np.array(1)),
            {"outputs": 2},
            "input 1 has 0 axes where a list is needed",
        ),
        ("TopK", ((2, 9),), {"outputs": 2, "opset": 1}, "attribute k is missing"),
        ("ReduceSum", ((2, 3), ints(2)), {}, "axis 2 does not exist in a tensor with 2 axes"),
        ("ReduceSum", ((2, 3), ints(0, 2)), {}, "axis 2 does not exist in a tensor with 2 axes"),
        ("ConstantOfShape", (ints(2, -3),), {}, "an axis of -3"),
        ("RandomNormal", (), {}, "attribute shape is missing"),
        ("Size", (), {}, "input data is missing"),
        ("NonMaxSuppression", (), {}, "input boxes is missing"),
        (
            "Range",
            (scalar(0), scalar(5), scalar(0)),
            {},
            "a range from 0 to 5 in steps of 0",
        ),
        (
            "Range",
            (scalar(0.0), scalar(float("inf")), scalar(1.0)),
            {},
            "a range from 0 to inf in steps of 1",
        ),
        (
            "Col2Im",
            ((1, 13, 9), ints(4, 5), ints(2, 3)),
            {},
            "13 rows do not divide into blocks of 6",
        ),
        (
            "Col2Im",
            ((1, 12, 9), ints(4, 5), ints(2, 0)),
            {},
            "12 rows do not divide into blocks of 0",
        ),
        ("STFT", ((1, 128, 1), scalar(0), (16,)), {}, "frames of 16 every 0 samples"),
        ("STFT", ((1, 128, 1), scalar(8), "", scalar(0)), {}, "frames of 0 every 8 samples"),
        ("CenterCropPad", ((5, 6), ints(3)), {}, "1 sizes for 2 axes"),
    ],
)
def test_what_cannot_be_selected(
    op: str, operands: tuple[Operand, ...], rest: dict[str, Any], message: str
) -> None:
    assert defect_of(op, *operands, **rest) == message


@given(st.integers(-20, 20), st.integers(-20, 20), st.integers(-5, 5).filter(bool))
def test_range_does_what_numpy_does(start: int, limit: int, delta: int) -> None:
    operands = (scalar(start), scalar(limit), scalar(delta))
    expected = np.arange(start, limit, delta)
    assert shape_of("Range", *operands) == expected.shape
    numbers = numbers_of("Range", *operands)
    assert numbers is not None
    assert np.array_equal(numbers, expected)


@pytest.mark.parametrize(
    ("op", "operands", "rest", "expected"),
    [
        ("Compress", ((4, 5), np.array([True, False, True])), {}, (2,)),
        ("Compress", ((4, 5), np.array([True, False, True])), {"axis": -2}, (2, 5)),
        ("Compress", ((4, 5), Value("c", "bool", (3,))), {"axis": 1}, (4, None)),
        ("Compress", ((4, 5), Value("c", "bool", (3,))), {}, (None,)),
        ("Compress", ((3, 1), np.array([True, False, True, True, True])), {}, (2,)),
        ("Compress", ((2, 5), np.array([False, True, True])), {"axis": 0}, (1, 5)),
        ("Compress", ((None, 5), np.array([False, True, True])), {"axis": 0}, (None, 5)),
        ("Compress", ((None, 5), np.array([False, False])), {"axis": 0}, (0, 5)),
        ("Multinomial", ((4, 5),), {"sample_size": 7}, (4, 7)),
        ("Multinomial", ((4, 5),), {}, (4, 1)),
        ("TfIdfVectorizer", ((6,),), WORDS, (5,)),
        ("TfIdfVectorizer", ((2, 6),), WORDS, (2, 5)),
        ("TfIdfVectorizer", ((6,),), {**WORDS, "ngram_indexes": ()}, (None,)),
        ("ReduceSum", ((2, 3), ints(1, -1)), {"keepdims": 0}, (2,)),
        ("ReduceSum", ((2, 3), ints(1)), {"keepdims": 2}, (2,)),
        ("ArgMax", ((2, 3),), {"keepdims": 2}, (3,)),
        ("GatherElements", (None, (2, 3)), {}, (2, 3)),
        ("NonMaxSuppression", (None, None), {}, (None, 3)),
        ("NonMaxSuppression", ((1, 9, None), (1, 2, None)), {}, (None, 3)),
    ],
)
def test_what_is_picked(
    op: str, operands: tuple[Operand, ...], rest: dict[str, Any], expected: Shape | None
) -> None:
    assert shape_of(op, *operands, **rest) == expected


def test_unique() -> None:
    assert shapes_of("Unique", (2, 3), outputs=4) == [(None,), (None,), (6,), (None,)]
    assert shapes_of("Unique", (2, 3), outputs=4, axis=-1) == [(2, None), (None,), (3,), (None,)]


@pytest.mark.parametrize(
    ("op", "operands", "rest", "message"),
    [
        ("Multinomial", ((4,),), {}, "the input has 1 axes where 2 are needed"),
        ("TfIdfVectorizer", ((1, 2, 6),), WORDS, "the input has 3 axes where 1 or 2 are needed"),
        ("Compress", ((4,), (4,)), {"axis": 1}, "axis 1 does not exist in a tensor with 1 axes"),
        ("GatherElements", ((2, 3, 4), (2, 3)), {}, "the indices have 2 axes, the input 3"),
        (
            "GatherElements",
            ((2, 3), (2, 3)),
            {"axis": 2},
            "axis 2 does not exist in a tensor with 2 axes",
        ),
        (
            "NonMaxSuppression",
            ((9, 4), (1, 2, 9)),
            {},
            "the boxes are 9x4, not so many of 4 numbers",
        ),
        (
            "NonMaxSuppression",
            ((1, 9, 5), (1, 2, 9)),
            {},
            "the boxes are 1x9x5, not so many of 4 numbers",
        ),
        (
            "NonMaxSuppression",
            ((1, 9, 4), (2, 9)),
            {},
            "the scores have 2 axes where 3 are needed",
        ),
        ("NonMaxSuppression", ((1, 9, 4), (1, 2, 8)), {}, "9 boxes with scores for 8"),
        (
            "ConstantOfShape",
            (np.array(3),),
            {},
            "input 0 has 0 axes where a list is needed",
        ),
        ("ConstantOfShape", (ints(-1, 3),), {}, "an axis of -1"),
        (
            "ConstantOfShape",
            (ints(2**40, 2**40),),
            {},
            "a tensor of 1099511627776x1099511627776: 64 bits don't count that",
        ),
    ],
)
def test_what_cannot_be_picked(
    op: str, operands: tuple[Operand, ...], rest: dict[str, Any], message: str
) -> None:
    assert defect_of(op, *operands, **rest) == message


def test_as_many_elements_as_64_bits_count() -> None:
    assert shape_of("ConstantOfShape", ints(2**31, 2**31)) == (2**31, 2**31)
    assert shape_of("ConstantOfShape", ints(2**63 - 1)) == (2**63 - 1,)
    assert "64 bits" in defect_of("ConstantOfShape", ints(2**32, 2**31))
