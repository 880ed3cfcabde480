"""Dense layers that read a map flat: its size is then fixed, and each position has its weights."""

from math import prod

from cnnlint.facts.activations.arithmetic import ARITHMETIC
from cnnlint.facts.activations.roles import MATRIX_PRODUCTS
from cnnlint.facts.facts import Facts
from cnnlint.facts.layers import Dense
from cnnlint.facts.structure.ends import LAYOUT
from cnnlint.model.graph import Node, StaticShape

UNCHANGED = frozenset({"Identity", "Dropout", "Cast", "QuantizeLinear", "DequantizeLinear"})
AFFINE = ARITHMETIC | {"BatchNormalization"}
REGIONS = frozenset({"RoiAlign", "MaxRoiPool"})
"""Operators that cut regions out of a map, all of one size."""
MIN_SHARE = 0.25
"""Share of the parameters from which on a dense layer on a map dominates a network."""
MIN_WEIGHTS = 1_000_000
"""Weights from which on it does so whatever its share; smaller networks are small anyway."""
MAX_GRID = 2
"""Largest side of a map of which flattening costs little."""


def flattened_map(facts: Facts, dense: Dense) -> StaticShape | None:
    """Return ``(channels, *grid)`` of the map that a dense layer reads flat, None without one.

    The grid has more than one position, and the map is not the image itself.
    """
    for node in facts.upstream(dense.data):
        name = facts.trunk_input(node) or ""
        shape = facts.model.static(name)
        if shape is None or not _keeps_numbers(facts, node):
            return None
        if len(shape) > 2 and prod(shape[1:]) == dense.cin:
            if all(_keeps_numbers(facts, before) for before in facts.upstream(name)):
                return None  # the image itself
            grid = _grid(facts, name, shape)
            return (dense.cin // prod(grid), *grid) if prod(grid) > 1 else None
    return None


def dominates(
    facts: Facts,
    dense: Dense,
    shape: StaticShape,
    *,
    min_share: float = MIN_SHARE,
    min_weights: int = MIN_WEIGHTS,
    max_grid: int = MAX_GRID,
) -> bool:
    """Return whether a dense layer on a flattened map holds so many weights that they matter.

    Args:
        facts: the facts of the model.
        dense: the layer.
        shape: the map that it reads, :func:`flattened_map`.
        min_share: share of all parameters that is enough in a network of ``min_weights``.
        min_weights: number of weights that is enough in itself.
        max_grid: largest side of a map that may be flattened.
    """
    weights = dense.cin * dense.cout
    if max(shape[1:]) <= max_grid or not min_weights <= facts.params >= weights:
        return False
    return weights >= min_weights or weights >= min_share * facts.params


def size_giver(facts: Facts, dense: Dense) -> Node | None:
    """Return what gives the map of a dense layer one size, whatever the input's; None without.

    That is an operator that cuts out regions, or one that resizes to a size that the file holds.
    """
    for node in facts.upstream(dense.data):
        sizes = node.inputs[3] if node.op == "Resize" and len(node.inputs) > 3 else ""
        if node.op in REGIONS or facts.model.value(sizes).stored:
            return node
    return None


def _keeps_numbers(facts: Facts, node: Node) -> bool:
    """Return whether a node leaves each number of its one operand where it can be found."""
    if node.op in AFFINE:
        return facts.trunk_input(node) is not None
    return node.op in LAYOUT | UNCHANGED or node.key in facts.activations.of


def _grid(facts: Facts, name: str, shape: StaticShape) -> StaticShape:
    """Return the sizes of the spatial axes of a map.

    Where they can't be followed, as behind whole-image attention, four axes and more are taken
    for [batch, channels, *grid] if the first is as long as an input's (tokens are not); of three
    nobody knows which are channels, and of what attention makes they are tokens and heads.
    """
    reach = facts.receptive.get(name)
    axes = zip(shape, reach.axes, strict=True) if reach else ()
    spatial = tuple(size for size, axis in axes if axis)
    batches = {(facts.model.value(entry.name).shape or (0,))[0] for entry in facts.model.inputs}
    if spatial or len(shape) < 4 or shape[0] not in batches or _has_heads(facts, name):
        return spatial
    return shape[2:]


def _has_heads(facts: Facts, name: str) -> bool:
    """Return whether a tensor is a product of two matrices of data, transposed at most."""
    maker = next((node for node in facts.upstream(name) if node.op != "Transpose"), None)
    return maker is not None and maker.op in MATRIX_PRODUCTS and maker.key not in facts.weighted
