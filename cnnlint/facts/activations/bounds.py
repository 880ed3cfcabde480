"""Between which numbers a tensor lies, whatever the input: behind a ReLU nothing is negative."""

from collections.abc import Iterable, Mapping
from itertools import product
from math import inf, isfinite, isnan
from typing import TypeAlias

from cnnlint.facts.activations.roles import Activation, Activations
from cnnlint.model.graph import Model, Node

Bounds: TypeAlias = tuple[float, float]
"""The least and the largest number that a tensor can hold; infinite where there is no limit."""

ANY: Bounds = (-inf, inf)
KINDS: Mapping[str, Bounds] = {
    **dict.fromkeys(("Sigmoid", "HardSigmoid", "Softmax"), (0, 1)),
    **dict.fromkeys(("Tanh", "Softsign"), (-1, 1)),
    "LogSoftmax": (-inf, 0),
    "Softplus": (0, inf),
}
"""What an activation gives, whatever it is applied to."""
PASSING = frozenset({"LeakyRelu", "PRelu", "Elu", "Celu"})
"""Kinds that leave what isn't negative as it is."""
OPERATORS: Mapping[str, Bounds] = {
    **dict.fromkeys(("Exp", "Sqrt", "ReduceL1", "ReduceL2", "ReduceSumSquare"), (0, inf)),
    "Erf": (-1, 1),
}
"""What an operator that is no activation gives, whatever it is applied to."""
PICKING = frozenset(
    {"Identity", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Slice", "Split"}
    | {"Gather", "GatherElements", "GatherND", "Expand", "Tile", "DepthToSpace", "SpaceToDepth"}
    | {"MaxPool", "GlobalMaxPool", "GlobalAveragePool", "ReduceMax", "ReduceMin", "ReduceMean"}
)
"""Operators that pick or average numbers of their first operand."""


def bounds_of_tensors(
    model: Model, data: frozenset[str], activations: Activations
) -> Mapping[str, Bounds]:
    """Return the bounds of each tensor that has any, in one pass.

    Args:
        model: the model.
        data: the tensors that carry data; constants are bounded by their own numbers.
        activations: the activations of the model.
    """
    found: dict[str, Bounds] = {}
    for node in model.nodes:
        if not node.outputs or node.outputs[0] not in data:
            continue
        activation = activations.of.get(node.key)
        if activation is None:
            given = _of_operator(model, data, found, node)
        elif activation.node.key == node.key:
            given = _of_activation(activation, found.get(activation.source, ANY))
        else:
            continue
        if given != ANY:
            names = node.outputs if node.op == "Split" else node.outputs[:1]
            found.update(dict.fromkeys(names, given))
    return found


def leaves_unchanged(activation: Activation, bounds: Bounds) -> bool:
    """Return whether an activation does nothing to numbers between some bounds."""
    if activation.bounds is not None:
        least, most = activation.bounds
        return least <= bounds[0] and bounds[1] <= most
    return activation.kind in PASSING and bounds[0] >= 0


def _of_activation(activation: Activation, source: Bounds) -> Bounds:
    if leaves_unchanged(activation, source):
        return source
    if activation.bounds is None:
        return KINDS.get(activation.kind, ANY)
    least, most = activation.bounds
    if isnan(least) or isnan(most):
        return ANY
    low, high = (min(max(bound, least), most) for bound in source)
    return low, high


def _of_operator(
    model: Model, data: frozenset[str], found: Mapping[str, Bounds], node: Node
) -> Bounds:
    if node.op in OPERATORS:
        return OPERATORS[node.op]
    operands = [
        found.get(name, ANY) if name in data else _of_constant(model, name)
        for name in node.inputs
        if name
    ]
    if not operands:
        return ANY
    first, given = operands[0], ANY
    if node.op in PICKING or _interpolates(node):
        given = first
    elif node.op in ("Cast", "Dropout"):  # which may round or scale, but changes no sign
        given = (0, inf) if first[0] >= 0 else ANY
    elif node.op == "Concat":
        given = _around(operands)
    elif node.op == "AveragePool" or (node.op == "Pad" and len(operands) < 3):
        given = _around((first, (0, 0)))
    elif node.op == "Abs":
        given = (0, max(map(abs, first)))
    elif node.op in ("Add", "Sum"):
        given = sum(low for low, _ in operands), sum(high for _, high in operands)
    elif node.op == "Mul" and len(operands) == 2:
        # Zeros alone are a scale that was never trained: nothing holds for good.
        given = ANY if (0, 0) in operands else _times(*operands)
    return given


def _of_constant(model: Model, name: str) -> Bounds:
    values = model.value(name).const
    if values is None or not values.size or values.dtype.kind not in "fiu":
        return ANY
    low, high = float(values.min()), float(values.max())
    return (low, high) if isfinite(low) and isfinite(high) else ANY


def _interpolates(node: Node) -> bool:
    """Return whether it resizes a map without overshooting, as cubic interpolation may."""
    return (
        node.op in ("Resize", "Upsample")
        and node.get_str("mode", "nearest") in ("nearest", "linear", "bilinear")
        and node.get_str("coordinate_transformation_mode", "") != "tf_crop_and_resize"
    )


def _around(several: Iterable[Bounds]) -> Bounds:
    lows, highs = zip(*several, strict=True)
    return min(lows), max(highs)


def _times(left: Bounds, right: Bounds) -> Bounds:
    products = [a * b if a and b else 0 for a, b in product(left, right)]
    return min(products), max(products)
