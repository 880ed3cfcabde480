from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlint.model.graph import Shape
from cnnlint.model.inference.call import Call, Contradiction, broadcast, spell
from cnnlint.model.inference.handlers import HANDLERS
from tests.model.inference.one_node import (
    Operand,
    defect_of,
    infer_one,
    ints,
    node,
    shape_of,
    shapes_of,
)

IMAGE = (2, 4, 8, 8)
MICROSOFT = {"domain": "com.microsoft"}


@pytest.mark.parametrize(
    ("op", "operands", "rest", "expected"),
    [
        ("Relu", (IMAGE,), {}, IMAGE),
        ("Relu", (None,), {}, None),
        ("Relu", ((None, 4),), {}, (None, 4)),
        ("Clip", (IMAGE, (), ()), {}, IMAGE),
        ("Cast", (IMAGE,), {"to": 10}, IMAGE),
        ("Add", (IMAGE, (4, 1, 1)), {}, IMAGE),
        ("Add", ((1, 8), (4, 1)), {}, (4, 8)),
        ("Add", ((None, 8), (4, None)), {}, (4, 8)),
        ("Add", ((None, 8), (1, 1)), {}, (None, 8)),
        ("Add", ((1, 8), (None, 1)), {}, (None, 8)),
        ("Add", (IMAGE, None), {}, None),
        ("Add", (IMAGE, (4,)), {"axis": 1, "broadcast": 1, "opset": 6}, IMAGE),
        ("Sum", ((2, 1), (1, 3), (3,)), {}, (2, 3)),
        ("Max", ((2, 1),), {}, (2, 1)),
        ("Where", ((2, 1), (1, 3), ()), {}, (2, 3)),
        ("Softmax", (IMAGE,), {"axis": 3}, IMAGE),
        ("Softmax", (IMAGE,), {}, IMAGE),
        ("Softmax", ((),), {"axis": -1}, ()),
        ("PRelu", (IMAGE, (4, 1, 1)), {}, IMAGE),
        ("PRelu", (IMAGE, (4,)), {"opset": 6}, IMAGE),
        ("PRelu", (IMAGE, None), {}, IMAGE),
        ("PRelu", ((5,), (4, 5)), {}, (4, 5)),
        ("InstanceNormalization", (IMAGE, (4,), (4,)), {}, IMAGE),
        ("InstanceNormalization", (IMAGE, None, (None,)), {}, IMAGE),
        ("InstanceNormalization", ((2, None, 8), (4,), (4,)), {}, (2, None, 8)),
        ("GroupNormalization", ((2, None, 8), (2,), (2,)), {"num_groups": 2}, (2, None, 8)),
        ("LayerNormalization", ((2, 8), None), {}, (2, 8)),
        ("GroupNormalization", (IMAGE, (2,), (2,)), {"num_groups": 2}, IMAGE),
        ("GroupNormalization", (IMAGE, (4,), (4,)), {"num_groups": 2, "opset": 21}, IMAGE),
        ("BiasAdd", ((2, 64, 32), (32,), (2, 64, 32)), MICROSOFT, (2, 64, 32)),
        ("QLinearAdd", ((1, 8), (7,), (7,), (4, 1), (), (), (), ()), MICROSOFT, (4, 8)),
        ("QLinearAdd", ((1, 8), (), (), (4, 1)), {**MICROSOFT, "opset": 6}, (4, 8)),
        (
            "QLinearConcat",
            ((), (), (2, 3), (), (), (2, 4), (), ()),
            {**MICROSOFT, "axis": 1},
            (2, 7),
        ),
    ],
)
def test_the_shape_is_kept_or_broadcast(
    op: str, operands: tuple[Operand, ...], rest: dict[str, Any], expected: Shape | None
) -> None:
    assert shape_of(op, *operands, **rest) == expected


@pytest.mark.parametrize(
    ("op", "operands", "rest", "expected"),
    [
        ("Dropout", (IMAGE,), {}, [IMAGE, IMAGE]),
        ("DynamicQuantizeLinear", (IMAGE,), {}, [IMAGE, (), ()]),
        (
            "BatchNormalization",
            (IMAGE, (4,), (4,), (4,), (4,)),
            {"training_mode": 1},
            [IMAGE, (4,), (4,)],
        ),
        ("BatchNormalization", (IMAGE, *((4,),) * 4), {"opset": 9}, [IMAGE, *((4,),) * 4]),
        ("BatchNormalization", ((2,), (1,), (1,), (1,), (1,)), {}, [(2,)]),
        (
            "BatchNormalization",
            (IMAGE, (256,), (256,), (256,), (256,)),
            {"spatial": 0, "opset": 6},
            [IMAGE],
        ),
        ("LayerNormalization", ((2, 9, 8), (8,), (8,)), {}, [(2, 9, 8), (2, 9, 1), (2, 9, 1)]),
        ("LayerNormalization", ((2, 9, 8), (9, 8)), {"axis": 1}, [(2, 9, 8), (2, 1, 1)]),
        ("RMSNormalization", ((2, 9, 8), (8,)), {"opset": 23}, [(2, 9, 8)]),
        (
            "SkipLayerNormalization",
            ((2, 9, 8), (2, 9, 8), (8,)),
            MICROSOFT,
            [(2, 9, 8), (2, 9, 1), (2, 9, 1), (2, 9, 8)],
        ),
    ],
)
def test_several_outputs(
    op: str, operands: tuple[Operand, ...], rest: dict[str, Any], expected: list[Shape | None]
) -> None:
    assert shapes_of(op, *operands, outputs=len(expected), **rest) == expected


BATCH_NORM = ((4,), (4,), (4,), (4,))


@pytest.mark.parametrize(
    ("op", "operands", "rest", "message"),
    [
        ("Add", ((2, 3), (4,)), {}, "shapes 2x3 and 4 do not broadcast"),
        ("Add", ((2, 3), (2,)), {}, "shapes 2x3 and 2 do not broadcast"),
        ("Relu", (), {}, "input X is missing"),
        ("Add", (), {}, "input A is missing"),
        ("Add", ((2,), ""), {}, "input B is missing"),
        ("Softmax", (IMAGE,), {"axis": 4}, "axis 4 does not exist in a tensor with 4 axes"),
        ("PRelu", (IMAGE, (4,)), {}, "shapes 2x4x8x8 and 4 do not broadcast"),
        (
            "BatchNormalization",
            (IMAGE, (5,), *BATCH_NORM[1:]),
            {},
            "scale has 5 values for 4 channels",
        ),
        (
            "BatchNormalization",
            (IMAGE, *BATCH_NORM[1:], (5,)),
            {},
            "variance has 5 values for 4 channels",
        ),
        ("InstanceNormalization", (IMAGE, (5,), (4,)), {}, "scale has 5 values for 4 channels"),
        ("InstanceNormalization", (IMAGE, (4,), (5,)), {}, "bias has 5 values for 4 channels"),
        (
            "GroupNormalization",
            (IMAGE, (4,), (4,)),
            {"num_groups": 3},
            "4 channels do not divide into 3 groups",
        ),
        (
            "GroupNormalization",
            (IMAGE, (4,), (4,)),
            {"num_groups": 0},
            "4 channels do not divide into 0 groups",
        ),
        (
            "GroupNormalization",
            (IMAGE, (4,), (4,)),
            {"num_groups": 2},
            "scale has 4 values for 2 channels",
        ),
        (
            "GroupNormalization",
            (IMAGE, (4,), (2,)),
            {"num_groups": 2, "opset": 21},
            "bias has 2 values for 4 channels",
        ),
        ("GroupNormalization", (IMAGE, (2,), (2,)), {}, "attribute num_groups is missing"),
        ("LayerNormalization", ((2, 8), (9,)), {}, "shapes 2x8 and 9 do not broadcast"),
        (
            "LayerNormalization",
            ((2, 8), (1, 2, 8)),
            {},
            "a scale of 1x2x8 for an input of 2x8",
        ),
        (
            "LayerNormalization",
            ((8,), (8,)),
            {"axis": 1},
            "axis 1 does not exist in a tensor with 1 axes",
        ),
    ],
)
def test_what_cannot_run(
    op: str, operands: tuple[Operand, ...], rest: dict[str, Any], message: str
) -> None:
    assert defect_of(op, *operands, **rest) == message


DIMS = st.lists(st.integers(0, 3), max_size=4)


@given(DIMS, DIMS)
def test_broadcasting_does_what_numpy_does(a: list[int], b: list[int]) -> None:
    try:
        expected = np.broadcast_shapes(tuple(a), tuple(b))
    except ValueError:
        with pytest.raises(Contradiction):
            broadcast(tuple(a), tuple(b))
    else:
        assert broadcast(tuple(a), tuple(b)) == expected


@given(DIMS, DIMS, st.data())
def test_what_is_known_of_a_broadcast_is_true(
    a: list[int], b: list[int], data: st.DataObject
) -> None:
    try:
        expected = np.broadcast_shapes(tuple(a), tuple(b))
    except ValueError:
        return
    hidden = [tuple(None if data.draw(st.booleans()) else d for d in dims) for dims in (a, b)]
    found = broadcast(hidden[0], hidden[1])
    assert len(found) == len(expected)
    assert all(x is None or x == y for x, y in zip(found, expected, strict=True))


def test_shapes_are_spelled_briefly() -> None:
    assert spell(()) == "a scalar"
    assert spell((1, None, 3)) == "1x?x3"
    assert spell((1,) * 9) == "a list of 9 sizes"


def test_every_handler_answers_to_a_node_without_inputs() -> None:
    needs_none = {"ImageDecoder", "OptionalHasElement", "Range", "SequenceLength"}
    needs_none |= {"BlackmanWindow", "HammingWindow", "HannWindow", "MelWeightMatrix"}
    for domain, table in HANDLERS.items():
        for op, handler in table.items():
            call = Call(node(op, "", domain=domain, axis=0), (), {}, 18)
            if op in needs_none:
                assert len(handler(call)) == 1
            else:
                with pytest.raises(Contradiction):
                    handler(call)


def test_random_numbers_need_no_input() -> None:
    assert shape_of("RandomNormal", shape=(1, 2)) == (1, 2)


@pytest.mark.parametrize("odd", ["text", 1.5, (1.5,), ("a",), (), 2**62, (-(2**62),) * 3])
def test_every_handler_survives_attributes_of_the_wrong_kind(odd: Any) -> None:
    names = "axis axes perm pads strides kernel_shape group shape split blocksize num_groups to k"
    attrs: dict[str, Any] = dict.fromkeys(names.split(), odd)
    for domain, table in HANDLERS.items():
        for op in table:
            inferred = infer_one(op, IMAGE, (4, 4, 3, 3), ints(1), ints(1), domain=domain, **attrs)
            assert all(defect.text.isprintable() for defect in inferred.defects)


DATA, PICKED = (3, 4, 5), (2, 4, 5)
SLICES = (IMAGE, (4,), (4,), (4,), (4,))


@pytest.mark.parametrize(
    ("op", "operands", "rest", "expected"),
    [
        ("Clip", (IMAGE, (1,)), {}, IMAGE),
        ("Clip", (IMAGE, (None,)), {}, IMAGE),
        ("CumSum", ((3,), ()), {}, (3,)),
        ("Trilu", ((3, 4),), {}, (3, 4)),
        ("Det", ((2, 3, 4, 4),), {}, (2, 3)),
        ("Det", ((None, 3, None, 4),), {}, (None, 3)),
        ("ScatterElements", (DATA, PICKED, PICKED), {}, DATA),
        ("Scatter", (DATA, PICKED, (2, None, 5)), {"opset": 9}, DATA),
        ("ScatterND", (DATA, (7, 1), (7, 4, 5)), {}, DATA),
        ("ScatterND", (DATA, (7, 3), (7,)), {}, DATA),
        ("ScatterND", (DATA, (7, None), (9,)), {}, DATA),
        ("ScatterND", (DATA, None, (9,)), {}, DATA),
        ("ScatterND", (DATA, (7, 3), None), {}, DATA),
        ("OptionalHasElement", (None,), {}, ()),
        ("SequenceLength", (None,), {}, ()),
        ("ImageDecoder", ((None,),), {"opset": 20}, (None, None, 3)),
        (
            "ImageDecoder",
            ((None,),),
            {"opset": 20, "pixel_format": "Grayscale"},
            (None, None, 1),
        ),
        ("StringConcat", ((2, 1), (3,)), {"opset": 20}, (2, 3)),
        ("RegexFullMatch", ((2, 1),), {"opset": 20, "pattern": "a"}, (2, 1)),
        ("BitCast", ((2, 1),), {"opset": 26, "to": 6}, (2, 1)),
        ("SwiGLU", ((2, 1), (2, 1)), {"opset": 28}, (2, 1)),
        ("GroupNormalization", (IMAGE, (2,), ()), {"num_groups": 2}, IMAGE),
        ("GroupNormalization", (IMAGE, (1,), (2,)), {"num_groups": 2}, IMAGE),
        ("NegativeLogLikelihoodLoss", ((2, 3, 4), (2, 4)), {}, ()),
        ("NegativeLogLikelihoodLoss", ((2, 3, 4), (2, 4)), {"reduction": "none"}, (2, 4)),
        ("NegativeLogLikelihoodLoss", ((2, 3, 4), None), {"reduction": "none"}, None),
        ("LayerNormalization", ((2, 8), (8,), (1,)), {}, (2, 8)),
    ],
)
def test_what_runs(
    op: str, operands: tuple[Operand, ...], rest: dict[str, Any], expected: Shape | None
) -> None:
    assert shape_of(op, *operands, **rest) == expected


def test_a_loss_may_give_its_logarithms() -> None:
    both = shapes_of("SoftmaxCrossEntropyLoss", (2, 3, 4), (2, 4), outputs=2)
    assert both == [(), (2, 3, 4)]


@pytest.mark.parametrize(
    ("op", "operands", "rest", "message"),
    [
        ("Clip", (IMAGE, (2,)), {}, "a bound of 2 is not one number"),
        ("Clip", (IMAGE, "", (1, 1)), {}, "a bound of 1x1 is not one number"),
        ("CumSum", ((), ()), {}, "the input has 0 axes, 1 are the least"),
        ("Trilu", ((3,),), {}, "the input has 1 axes, 2 are the least"),
        ("Det", ((3,),), {}, "the input has 1 axes, a matrix has 2"),
        ("Det", ((3, 4),), {}, "the determinant of a matrix of 3x4"),
        (
            "ScatterElements",
            (DATA, (2, 4), (2, 4)),
            {},
            "the indices have 2 axes, the input 3",
        ),
        (
            "ScatterElements",
            (DATA, PICKED, DATA),
            {"axis": -1},
            "3x4x5 updates for 2x4x5 indices along axis 2",
        ),
        (
            "ScatterElements",
            (DATA, PICKED, PICKED),
            {"axis": 3},
            "axis 3 does not exist in a tensor with 3 axes",
        ),
        ("ScatterND", (DATA, (7, 4), (7,)), {}, "indices of 4 numbers into 3 axes"),
        ("ScatterND", (DATA, (7, 1), (7, 4)), {}, "updates of 7x4 where 7x4x5 fit"),
        ("BatchNormalization", SLICES, {"outputs": 2}, "2 outputs where 1 or 3 are made"),
        (
            "BatchNormalization",
            SLICES,
            {"outputs": 3},
            "statistics are only made in training mode",
        ),
        (
            "BatchNormalization",
            (IMAGE, (4, 1), (4,), (4,), (4,)),
            {},
            "scale has 2 axes where 1 is needed",
        ),
        ("LayerNormalization", ((2, 8), (8,), (4,)), {}, "shapes 2x8 and 4 do not broadcast"),
        (
            "LayerNormalization",
            ((2, 8), (8,), (1, 1, 8)),
            {},
            "a bias of 1x1x8 for an input of 2x8",
        ),
        (
            "NegativeLogLikelihoodLoss",
            ((2,), (2,)),
            {},
            "the input has 1 axes, 2 are the least",
        ),
        (
            "NegativeLogLikelihoodLoss",
            ((2, 3, 4), (2, 5)),
            {},
            "targets of 2x5 for an input that wants 2x4",
        ),
    ],
)
def test_what_does_not_run(
    op: str, operands: tuple[Operand, ...], rest: dict[str, Any], message: str
) -> None:
    assert defect_of(op, *operands, **rest) == message
