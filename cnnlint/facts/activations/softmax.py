"""Along which axes a Softmax normalises, and where those axes came from."""

from collections.abc import Iterable
from math import prod

from cnnlint.model.graph import Model, Node, Shape

RESHAPING = frozenset({"Reshape", "Flatten", "Squeeze", "Unsqueeze"})
"""Operators that keep the order of the numbers."""
CHOOSING = frozenset({"Slice", "Split"})
"""Operators that keep the axes, perhaps shorter."""
COPYING = frozenset({"Identity", "Dropout", "Cast", "QuantizeLinear", "DequantizeLinear"})
LAYOUT = RESHAPING | CHOOSING | COPYING | {"Transpose"}
"""Operators that make no other number, rounding aside."""
PER_AXIS = 13
"""The operator set from which on Softmax is along one axis; before, from that axis to the last."""


def softmax_axes(model: Model, node: Node) -> tuple[int, ...] | None:
    """Return the axes over which a Softmax or LogSoftmax sums to 1, None where that is unknown."""
    shape = model.value(node.inputs[0]).shape
    opset = node.get_int("opset", model.opsets.get("", PER_AXIS))
    axis = node.get_int("axis", -1 if opset >= PER_AXIS else 1)
    if shape is None or not -len(shape) <= axis < len(shape):
        return None
    axis %= len(shape)
    return (axis,) if opset >= PER_AXIS else tuple(range(axis, len(shape)))


def carried(model: Model, axes: Iterable[int], nodes: Iterable[Node]) -> frozenset[int] | None:
    """Return which axes some axes of a tensor are behind operators of :data:`LAYOUT` in a row.

    Axes of size 1 are left out. None where the axes can't be followed, or are cut into others.
    """
    found: frozenset[int] | None = frozenset(axes)
    for node in nodes:
        before, after = (model.value(name).shape for name in (node.inputs[0], node.outputs[0]))
        if found is None or before is None or after is None:
            return None
        found = _through(node, found, before, after)
    return found


def _through(
    node: Node, axes: frozenset[int], before: Shape, after: Shape
) -> frozenset[int] | None:
    if node.op == "Transpose":
        order = node.get_ints("perm") or tuple(reversed(range(len(before))))
        return frozenset(place for place, axis in enumerate(order) if axis in axes)
    if node.op not in RESHAPING:
        return axes
    keys = _places(before)
    places = {key: axis for axis, key in _places(after).items()}
    several = [axis for axis in axes if before[axis : axis + 1] != (1,)]
    if not all(axis in keys and keys[axis] in places for axis in several):
        return None
    return frozenset(places[keys[axis]] for axis in several)


def _places(shape: Shape) -> dict[int, tuple[int, int]]:
    """Return the size of each axis, and how many numbers lie between its neighbours.

    An axis behind which a size is unknown is left out.
    """
    found = {}
    for axis, size in enumerate(shape):
        behind = shape[axis + 1 :]
        if size is not None and None not in behind:
            found[axis] = size, prod(each or 0 for each in behind)
    return found


def grows_with(model: Model, name: str, axes: Iterable[int]) -> tuple[str, ...]:
    """Return the open dimensions of the inputs that some axes of a tensor grow with.

    Each is tried one larger: what is 1 because the batch is taken to be 1 is not 1 for good.
    """
    shape = model.value(name).shape or ()
    found: list[str] = []
    if model.rebound is None:
        return ()
    for dim, size in model.open_sizes.items():
        other = model.rebound({dim: size + 1}).value(name).shape or ()
        if len(other) == len(shape) and any(other[axis] != shape[axis] for axis in axes):
            found.append(dim)
    return tuple(found)


def batch_dims(model: Model) -> frozenset[str]:
    """Return the open dimensions that are the first axis of an input of several."""
    firsts = [
        entry.declared[0] if isinstance(entry.declared[0], str) else f"{entry.name}.0"
        for entry in model.inputs
        if entry.declared and len(entry.declared) > 1
    ]
    return frozenset(firsts) & model.open_sizes.keys()
