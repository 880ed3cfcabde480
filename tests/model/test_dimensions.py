"""Inputs of open sizes: what is bound, what is assumed, and what stays free."""

import onnx
import pytest
from onnx import TensorProto, helper

from cnnlint.errors import UsageError
from cnnlint.model.binding import Bindings
from cnnlint.model.loader import load
from tests.model.small_graph import FLOAT, RELU, build, node, ones, read, tensor


@pytest.mark.parametrize(
    ("declared", "bindings", "shape", "assumptions", "free"),
    [
        (("batch", 3, 8, 8), Bindings(), (1, 8, 6, 6), ("batch = 1",), ()),
        ((None, 3, 8, 8), Bindings(), (1, 8, 6, 6), ("x.0 = 1",), ()),
        ((-1, 3, 8, 8), Bindings(), (1, 8, 6, 6), ("x.0 = 1",), ()),
        ((0, 3, 8, 8), Bindings(), (1, 8, 6, 6), ("x.0 = 1",), ()),
        (("batch", 3, 8, 8), Bindings(batch=5), (5, 8, 6, 6), (), ()),
        (
            ("n", 3, "h", "w"),
            Bindings(),
            (1, 8, 222, 222),
            ("n = 1", "h = 224", "w = 224"),
            (),
        ),
        (("n", 3, "s", "s"), Bindings(batch=2), (2, 8, 222, 222), ("s = 224",), ()),
        (("n", 3, "h", 8), Bindings(), (1, 8, None, 6), ("n = 1",), ("h",)),
        (("n", 3, "h", "w"), Bindings(dims={"h": 9}), (1, 8, 7, None), ("n = 1",), ("w",)),
        (("n", 3, "s", "s"), Bindings(dims={"s": 9}), (1, 8, 7, 7), ("n = 1",), ()),
        ((1, 3, 8, 8), Bindings(shapes={"": (1, 3, 8, 8)}), (1, 8, 6, 6), (), ()),
        (("n", 3, "h", None), Bindings(shapes={"x": (2, 3, 4, 5)}), (2, 8, 2, 3), (), ()),
    ],
)
def test_open_dimensions(
    declared: tuple[int | str | None, ...],
    bindings: Bindings,
    shape: tuple[int | None, ...],
    assumptions: tuple[str, ...],
    free: tuple[str, ...],
) -> None:
    proto = build([node("Conv", "x w", "y")], [ones("w", 8, 3, 3, 3)], [tensor("x", *declared)])
    model = read(proto, bindings)
    assert model.value("y").shape == shape
    assert (model.assumptions, model.free_dims) == (assumptions, free)
    known = tuple(d if d is None or isinstance(d, str) or d > 0 else None for d in declared)
    assert model.inputs[0].declared == known
    assert model.inputs[0].dtype == "float32"


def test_inputs_of_unknown_shape_and_kind() -> None:
    sequence = helper.make_tensor_sequence_value_info("seq", FLOAT, [1])
    rankless = helper.make_tensor_value_info("rankless", TensorProto.INT64, None)
    untyped = onnx.ValueInfoProto(name="untyped")
    proto = build([node("Relu", "rankless", "y")], inputs=[sequence, rankless, untyped])
    model = read(proto)
    assert [(e.name, e.dtype, e.declared, e.bound) for e in model.inputs] == [
        ("seq", None, None, None),
        ("rankless", "int64", None, None),
        ("untyped", None, None, None),
    ]
    assert model.value("y").shape is None


def test_shapes_that_do_not_fit_are_the_users_error() -> None:
    with pytest.raises(UsageError, match="gives 2 sizes, but input 'input' has 4 axes"):
        load(RELU, Bindings(shapes={"input": (1, 3)}))
