from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlint.model.graph import Shape
from cnnlint.model.inference.window import count_windows
from tests.model.inference.one_node import Operand, defect_of, shape_of

IMAGE = (1, 4, 8, 8)
SAME = {"auto_pad": "SAME_UPPER"}


@pytest.mark.parametrize(
    ("data", "weight", "attrs", "expected"),
    [
        ((1, 3, 8, 8), (4, 3, 3, 3), {}, (1, 4, 6, 6)),
        ((1, 3, 8, 8), (4, 3, 3, 3), {"kernel_shape": (3, 3), "pads": (1, 1, 1, 1)}, (1, 4, 8, 8)),
        ((1, 3, 8, 8), (4, 3, 3, 3), {"kernel_shape": ()}, (1, 4, 6, 6)),
        ((2, 3, 9, 7), (4, 3, 3, 1), {"strides": (2, 3)}, (2, 4, 4, 3)),
        ((1, 3, 9, 9), (4, 3, 3, 3), {"pads": (1, 0, 0, 2)}, (1, 4, 8, 9)),
        ((1, 3, 9, 9), (4, 3, 3, 3), {"dilations": (2, 3)}, (1, 4, 5, 3)),
        ((1, 4, 8, 8), (6, 2, 3, 3), {"group": 2}, (1, 6, 6, 6)),
        ((1, 4, 8, 8), (4, 1, 3, 3), {"group": 4}, (1, 4, 6, 6)),
        ((1, 3, 9, 9), (4, 3, 3, 3), {**SAME, "strides": (2, 4)}, (1, 4, 5, 3)),
        ((1, 3, 9, 9), (4, 3, 3, 3), {"auto_pad": "SAME_LOWER"}, (1, 4, 9, 9)),
        ((1, 3, 9, 9), (4, 3, 3, 3), {**SAME, "pads": (0, 0, 0, 0)}, (1, 4, 9, 9)),
        ((1, 3, 9, 9), (4, 3, 3, 3), {"auto_pad": "VALID", "pads": (0,) * 4}, (1, 4, 7, 7)),
        ((1, 3, 9, 9), (4, 3, 3, 3), {"auto_pad": "", "pads": (1, 1, 1, 1)}, (1, 4, 9, 9)),
        ((1, 3, 2, 2), (4, 3, 3, 3), SAME, (1, 4, 2, 2)),
        ((1, 3, 8), (4, 3, 3), {}, (1, 4, 6)),
        ((1, 3, 8, 8, 8), (4, 3, 3, 3, 1), {}, (1, 4, 6, 6, 8)),
        ((None, 3, None, 8), (4, 3, 3, 3), {}, (None, 4, None, 6)),
        ((None, None, None, 8), (4, 3, 3, 3), SAME, (None, 4, None, 8)),
        ((1, 3, 8, 8), None, {"kernel_shape": (3, 3)}, (1, None, 6, 6)),
        ((1, 3, 8, 8), None, {}, (1, None, None, None)),
        (None, (4, 3, 3, 3), {}, (None, 4, None, None)),
        (None, None, {}, None),
    ],
)
def test_convolution(
    data: Shape | None, weight: Shape | None, attrs: dict[str, Any], expected: Shape | None
) -> None:
    assert shape_of("Conv", data, weight, **attrs) == expected


@pytest.mark.parametrize(
    ("operands", "attrs", "message"),
    [
        (((1, 3, 8, 8), (4, 4, 3, 3)), {}, "weight takes 4 input channels, the input has 3"),
        (
            ((1, 4, 8, 8), (4, 4, 3, 3)),
            {"group": 2},
            "weight takes 8 input channels, the input has 4",
        ),
        (
            ((1, 3, 8, 8), (4, 1, 3, 3)),
            {"group": 2},
            "3 input channels do not divide into 2 groups",
        ),
        (
            ((1, 4, 8, 8), (5, 2, 3, 3)),
            {"group": 2},
            "5 output channels do not divide into 2 groups",
        ),
        (((1, 4, 8, 8), (4, 4, 3, 3)), {"group": 0}, "a group count of 0"),
        (((1, 4, 8, 8), (4, 4, 3)), {}, "the weight has 3 axes, the input 4"),
        (((1, 4, 8, 8), ()), {}, "the weight has 0 axes, the input 4"),
        (((1, 4), (4, 4)), {}, "the input has 2 axes, a convolution needs 3 or more"),
        (
            ((1, 4, 8, 8), (4, 4, 3, 3)),
            {"kernel_shape": (5, 3)},
            "kernel_shape is 5x3, the weight is 3x3",
        ),
        (
            ((1, 4, 8, 8), (4, 4, 3, 3)),
            {"kernel_shape": (3,)},
            "kernel_shape is 3, the weight is 3x3",
        ),
        (
            ((1, 4, 2, 2), (4, 4, 3, 3)),
            {},
            "a window of 3 does not fit into the padded input of 2",
        ),
        (
            ((1, 4, 2, 2), (4, 4, 3, 3)),
            {"pads": (1, 1, 1, 1), "dilations": (2, 2)},
            "a window of 5 does not fit into the padded input of 4",
        ),
        (((1, 4, 8, 8), (4, 4, 3, 3), (5,)), {}, "bias has 5 values for 4 output channels"),
        (((1, 4, 8, 8), (4, 4, 3, 3)), {"strides": (0, 0)}, "a stride of 0"),
        (((1, 4, 8, 8), (4, 4, 3, 3)), {"strides": (1, -1)}, "a stride of -1"),
        (((1, 4, 8, 8), (4, 4, 3, 3)), {"dilations": (0, 1)}, "a dilation of 0"),
        (((1, 4, 8, 8), (4, 4, 0, 3)), {}, "the weight is 4x4x0x3: it holds no numbers"),
        (
            ((1, 4, 8, 8), (4, 4, 0, 3)),
            {"kernel_shape": (3, 3)},
            "the weight is 4x4x0x3: it holds no numbers",
        ),
        (((1, 4, 8, 8), (4, 4, 3, 3), (4, 1)), {}, "bias has 2 axes where 1 is needed"),
        (((1, 4, 8, 8), (4, 4, 3, 3)), {"pads": (0, 0, -1, 0)}, "a padding of -1"),
        (
            ((1, 4, 8, 8), (4, 4, 3, 3)),
            {**SAME, "pads": (0, 0, 0, 1)},
            "auto_pad SAME_UPPER and pads are both given",
        ),
        (
            ((1, 4, 8, 8), (4, 4, 3, 3)),
            {"strides": (1,)},
            "strides has 1 values where 2 are needed",
        ),
        (((1, 4, 8, 8), (4, 4, 3, 3)), {"pads": (1, 1)}, "pads has 2 values where 4 are needed"),
        (((1, 4, 8, 8), (4, 4, 3, 3)), {"auto_pad": "\x1b"}, "auto_pad has an unknown value"),
        (
            ((1, 4, 8, 8), (4, 4, 3, 3)),
            {"strides": (1.0, 2.0)},
            "attribute strides is not a list of integers",
        ),
        (
            ((1, 4, 8, 8), (4, 4, 3, 3)),
            {"group": "2"},
            "attribute group is not an integer",
        ),
        (((1, 4, 8, 8),), {}, "input W is missing"),
    ],
)
def test_a_convolution_that_cannot_run(
    operands: tuple[Operand, ...], attrs: dict[str, Any], message: str
) -> None:
    assert defect_of("Conv", *operands, **attrs) == message


QUANTISED = (IMAGE, (), (), (6, 4, 3, 3), (), (), (), ())


@pytest.mark.parametrize(
    ("op", "operands", "rest", "expected"),
    [
        ("ConvInteger", (IMAGE, (6, 4, 3, 3), (6,)), {}, (1, 6, 6, 6)),
        ("QLinearConv", (*QUANTISED, (6,)), {}, (1, 6, 6, 6)),
        ("DeformConv", (IMAGE, (6, 4, 3, 3), (1, 18, 6, 6), (6,)), {"opset": 19}, (1, 6, 6, 6)),
        ("FusedConv", (IMAGE, (6, 4, 3, 3)), {"domain": "com.microsoft"}, (1, 6, 6, 6)),
        ("NhwcConv", ((1, 8, 9, 4), (6, 4, 3, 3)), {"domain": "com.microsoft"}, (1, 6, 7, 6)),
        (
            "QLinearConv",
            ((1, 8, 9, 4), *QUANTISED[1:]),
            {"domain": "com.microsoft", "channels_last": 1},
            (1, 6, 7, 6),
        ),
        ("QLinearConv", QUANTISED, {"domain": "com.microsoft"}, (1, 6, 6, 6)),
        ("Conv", (IMAGE, (6, 4, 3, 3)), {"domain": "somebody.else"}, None),
    ],
)
def test_other_spellings_of_a_convolution(
    op: str, operands: tuple[Operand, ...], rest: dict[str, Any], expected: Shape | None
) -> None:
    assert shape_of(op, *operands, **rest) == expected


def test_a_bias_says_nothing_about_an_unknown_weight() -> None:
    assert shape_of("Conv", IMAGE, None, (5,), kernel_shape=(3, 3)) == (1, None, 6, 6)
    assert shape_of("Conv", IMAGE, (6, 4, 3, 3), None) == (1, 6, 6, 6)


def test_the_bias_of_other_spellings_is_checked() -> None:
    assert defect_of("QLinearConv", *QUANTISED, (5,)).startswith("bias has 5 values")
    deformed = (IMAGE, (6, 4, 3, 3), (1, 18, 6, 6), (5,))
    assert defect_of("DeformConv", *deformed, opset=19).startswith("bias has")
    nhwc = ((1, 8, 8, 4), *QUANTISED[1:], (5,))
    message = defect_of("QLinearConv", *nhwc, domain="com.microsoft", channels_last=1)
    assert message.startswith("bias has 5 values")


@pytest.mark.parametrize(
    ("data", "weight", "attrs", "expected"),
    [
        ((1, 4, 5, 5), (4, 6, 3, 3), {}, (1, 6, 7, 7)),
        ((1, 4, 5, 5), (4, 6, 2, 2), {"strides": (2, 2)}, (1, 6, 10, 10)),
        ((1, 4, 5, 5), (4, 3, 3, 3), {"group": 2}, (1, 6, 7, 7)),
        ((1, 4, 5, 5), (4, 6, 3, 3), {"strides": (2, 2), "pads": (1, 1, 1, 1)}, (1, 6, 9, 9)),
        (
            (1, 4, 5, 5),
            (4, 6, 3, 3),
            {"strides": (2, 2), "output_padding": (1, 0)},
            (1, 6, 12, 11),
        ),
        ((1, 4, 5, 5), (4, 6, 3, 3), {"dilations": (2, 1)}, (1, 6, 9, 7)),
        ((1, 4, 5, 5), (4, 6, 3, 3), {**SAME, "strides": (2, 3)}, (1, 6, 10, 15)),
        ((1, 4, 5, 5), (4, 6, 3, 3), {"output_shape": (7, 6)}, (1, 6, 7, 6)),
        ((1, 4, 5, 5), (4, 6, 3, 3), {"output_shape": (1, 6, 3, 6)}, (1, 6, 3, 6)),
        ((1, 4, None, 5), (4, 6, 3, 3), {}, (1, 6, None, 7)),
        ((1, 4, 5, 5), None, {}, (1, None, None, None)),
    ],
)
def test_transposed_convolution(
    data: Shape, weight: Shape | None, attrs: dict[str, Any], expected: Shape
) -> None:
    assert shape_of("ConvTranspose", data, weight, **attrs) == expected


@pytest.mark.parametrize(
    ("operands", "attrs", "message"),
    [
        (((1, 4, 5, 5), (3, 6, 3, 3)), {}, "weight takes 3 input channels, the input has 4"),
        (
            ((1, 4, 5, 5), (4, 6, 3, 3)),
            {"group": 3},
            "4 input channels do not divide into 3 groups",
        ),
        (
            ((1, 4, 5, 5), (4, 3, 3, 3), (3,)),
            {"group": 2},
            "bias has 3 values for 6 output channels",
        ),
        (
            ((1, 4, 1, 1), (4, 6, 3, 3)),
            {"pads": (2, 2, 2, 2)},
            "a padding of 4 leaves nothing of an output of 3",
        ),
        (
            ((1, 4, 1, 1), (4, 6, 3, 3)),
            {"output_shape": (1, 2, 3)},
            "output_shape has 3 values where 2 are needed",
        ),
        (((1, 4, 5, 5), (4, 6, 3, 3)), {"output_shape": (-1, 7)}, "an output_shape of -1"),
        (
            ((1, 4, 5, 5), (4, 6, 3, 3)),
            {"output_shape": (7, 8)},
            "an output_shape of 8 where at most 7 can be reached",
        ),
        (
            ((1, 4, 5, 5), (4, 6, 3, 3)),
            {"output_padding": (0, 1)},
            "an output_padding of 1 beside a stride of 1",
        ),
        (
            ((1, 4, 5, 5), (4, 6, 3, 3)),
            {"output_padding": (-1, 0), "strides": (2, 2)},
            "an output_padding of -1 beside a stride of 2",
        ),
        (((1, 4, 5, 5), (4, 0, 3, 3)), {}, "the weight is 4x0x3x3: it holds no numbers"),
    ],
)
def test_a_transposed_convolution_that_cannot_run(
    operands: tuple[Operand, ...], attrs: dict[str, Any], message: str
) -> None:
    assert defect_of("ConvTranspose", *operands, **attrs) == message


@given(
    size=st.integers(1, 40),
    reach=st.integers(1, 12),
    stride=st.integers(1, 6),
    begin=st.integers(0, 5),
    end=st.integers(0, 11),
    ceil=st.booleans(),
)
def test_window_positions_are_counted(
    size: int, reach: int, stride: int, begin: int, end: int, ceil: bool
) -> None:
    end = min(end, reach - 1)
    total = begin + size + end
    starts = [start for start in range(0, total, stride) if start + reach <= total]
    if not starts:
        assert count_windows(size, reach, stride, (begin, end)) <= 0
        return
    rest_is_left_over = starts[-1] + reach < total
    starts_inside = starts[-1] + stride < begin + size
    extra = ceil and rest_is_left_over and starts_inside
    assert count_windows(size, reach, stride, (begin, end), ceil=ceil) == len(starts) + extra


@given(
    size=st.integers(1, 12),
    kernel=st.integers(1, 5),
    stride=st.integers(1, 4),
    dilation=st.integers(1, 3),
    extra=st.integers(0, 2),
)
def test_a_transposed_convolution_inverts_a_convolution(
    size: int, kernel: int, stride: int, dilation: int, extra: int
) -> None:
    attrs = {"strides": (stride,), "dilations": (dilation,)}
    big = shape_of("ConvTranspose", (1, 1, size), (1, 1, kernel), **attrs)
    assert big is not None
    assert shape_of("Conv", big, (1, 1, kernel), **attrs) == (1, 1, size)
    padded = {**attrs, "output_padding": (min(extra, stride - 1),)}
    wider = shape_of("ConvTranspose", (1, 1, size), (1, 1, kernel), **padded)
    assert shape_of("Conv", wider, (1, 1, kernel), **attrs) == (1, 1, size)


DEFORMED = (IMAGE, (6, 4, 3, 3))


@pytest.mark.parametrize(
    ("more", "rest", "message"),
    [
        (((1, 18, 6, 5),), {}, "the offset is 1x18x6x5 where 1x18x6x6 is needed"),
        (((1, 18, 6),), {}, "the offset is 1x18x6 where 1x18x6x6 is needed"),
        (((1, 18, 6, 6),), {"offset_group": 2}, "the offset is 1x18x6x6 where 1x36x6x6 is needed"),
        (
            ((1, 18, 6, 6), "", (1, 18, 6, 6)),
            {},
            "the mask is 1x18x6x6 where 1x9x6x6 is needed",
        ),
    ],
)
def test_a_deformable_convolution_that_cannot_run(
    more: tuple[Operand, ...], rest: dict[str, Any], message: str
) -> None:
    assert defect_of("DeformConv", *DEFORMED, *more, opset=19, **rest) == message


def test_a_deformable_convolution_with_a_mask() -> None:
    more = ((1, 36, 6, 6), "", (None, 18, 6, None))
    found = shape_of("DeformConv", *DEFORMED, *more, opset=19, offset_group=2)
    assert found == (1, 6, 6, 6)
