"""Elementwise arithmetic on small constants, as ONNX defines it."""

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from cnnlint.model.graph import StaticShape
from cnnlint.model.inference.call import Call, Numbers, Unresolved

if TYPE_CHECKING:
    from cnnlint.model.graph import Array

Arithmetic = Callable[..., "Array"]
Fold = Callable[[Call, Sequence[StaticShape]], Sequence[Numbers]]


def _elementwise(function: Callable[[Call, Sequence["Array"]], "Array"]) -> Fold:
    """Return the fold of an operator; an element is known where all of its operands are."""

    def fold(call: Call, _: Sequence[StaticShape]) -> list[Numbers]:
        if "axis" in call.node.attrs:
            raise Unresolved  # operator sets before 7 broadcast their own way
        operands = [call.numbers(index) for index in range(len(call.inputs))]
        array = np.asarray(function(call, [operand.array for operand in operands]))
        masks = [operand.known for operand in operands if operand.known is not None]
        known = reduce(np.logical_and, masks, np.ones((), bool))
        return [Numbers(array, np.broadcast_to(known, array.shape))]

    return fold


def _plain(function: Arithmetic) -> Fold:
    """Return the fold of a function that takes all inputs at once."""
    return _elementwise(lambda _, arrays: function(*arrays))


def _joined(function: Arithmetic) -> Fold:
    """Return the fold of a function of two that joins any number of inputs."""
    return _elementwise(lambda _, arrays: reduce(function, arrays))


def _divided(_: Call, arrays: Sequence["Array"]) -> "Array":
    """Return the quotient; that of integers is truncated toward zero."""
    a, b = arrays
    if a.dtype.kind == "f":
        return np.asarray(np.true_divide(a, b))
    quotient = np.floor_divide(a, b)
    rounded_down = (quotient * b != a) & (np.less(a, 0) != np.less(b, 0))
    return np.where(rounded_down, quotient + 1, quotient)


def _modulo(call: Call, arrays: Sequence["Array"]) -> "Array":
    """Return the remainder, with the sign of the divisor unless ``fmod`` asks for C's."""
    return np.asarray((np.fmod if call.attr_int("fmod", 0) else np.mod)(*arrays))


def _power(_: Call, arrays: Sequence["Array"]) -> "Array":
    """Return the power in the base's type; integers go through floats for negative exponents."""
    base, exponent = arrays
    if np.less(exponent, 0).any():
        base = base.astype("float64")
    return np.asarray(np.power(base, exponent))


def _mean(_: Call, arrays: Sequence["Array"]) -> "Array":
    return np.asarray(np.divide(reduce(np.add, arrays), len(arrays)))


def _clipped(call: Call, _: Sequence[StaticShape]) -> list[Numbers]:
    """Return the numbers between two limits: inputs, or attributes before opset 11."""
    numbers = call.numbers(0)
    array = numbers.array
    for index, (name, bound) in enumerate((("min", np.maximum), ("max", np.minimum)), 1):
        if call.has(index):
            array = bound(array, call.whole(index))
        elif name in call.node.attrs:
            array = bound(array, call.node.get_float(name, 0.0))
    return [Numbers(array, numbers.known)]


def _cast(_: Call, arrays: Sequence["Array"]) -> "Array":
    return arrays[0]  # the driver of folds converts every result to the output's type


ELEMENTWISE: Mapping[str, Fold] = {
    "Abs": _plain(np.abs),
    "Add": _plain(np.add),
    "And": _plain(np.logical_and),
    "Cast": _elementwise(_cast),
    "Ceil": _plain(np.ceil),
    "Clip": _clipped,
    "Div": _elementwise(_divided),
    "Equal": _plain(np.equal),
    "Exp": _plain(np.exp),
    "Floor": _plain(np.floor),
    "Greater": _plain(np.greater),
    "GreaterOrEqual": _plain(np.greater_equal),
    "Less": _plain(np.less),
    "LessOrEqual": _plain(np.less_equal),
    "Log": _plain(np.log),
    "Max": _joined(np.maximum),
    "Mean": _elementwise(_mean),
    "Min": _joined(np.minimum),
    "Mod": _elementwise(_modulo),
    "Mul": _plain(np.multiply),
    "Neg": _plain(np.negative),
    "Not": _plain(np.logical_not),
    "Or": _plain(np.logical_or),
    "Pow": _elementwise(_power),
    "Reciprocal": _plain(np.reciprocal),
    "Relu": _plain(lambda x: np.maximum(x, 0)),
    "Round": _plain(np.rint),
    "Sign": _plain(np.sign),
    "Sqrt": _plain(np.sqrt),
    "Sub": _plain(np.subtract),
    "Sum": _joined(np.add),
    "Xor": _plain(np.logical_xor),
}
