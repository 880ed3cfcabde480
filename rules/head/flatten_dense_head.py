"""H501."""

from collections.abc import Iterator
from math import prod
from typing import Annotated

from cnnlint.facts.facts import Facts
from cnnlint.facts.layers import Dense, sides
from cnnlint.lint.finding import Basis, Finding, Fix, Saving, Severity
from cnnlint.lint.rule import rule
from cnnlint.model.graph import Node, StaticShape

LAYOUT = frozenset({"Flatten", "Reshape", "Squeeze", "Unsqueeze", "Transpose"})
UNCHANGED = frozenset({"Identity", "Dropout", "Cast", "QuantizeLinear", "DequantizeLinear"})
AFFINE = frozenset({"BatchNormalization", "Add", "Sub", "Mul", "Div"})


@rule(
    "H501",
    severity=Severity.WARNING,
    basis=Basis.COMPUTED,
    fix=Fix.UNSAFE,
    proven="ResNet",
    since="0.1",
)
def flatten_dense_head(
    facts: Facts,
    *,
    min_share: Annotated[float, "share of all parameters from which on it is a warning"] = 0.25,
    min_weights: Annotated[int, "layers with fewer weights are left alone"] = 1_000_000,
    max_grid: Annotated[int, "largest side of a map that may be flattened"] = 2,
) -> Iterator[Finding]:
    """Map flattened into a dense layer that then holds a large part of the weights.

    ## What it does
    Reports a dense layer of at least `min_weights` weights that reads a flattened map with a
    side above `max_grid`, and computes what global average pooling in front of it saves. A
    warning from `min_share` of the model's parameters on, a note below.

    ## Why is this bad?
    A dense layer on a map of H x W positions has H W times the weights of one on its channels.
    It also fixes the size of the input. Many networks since Network In Network average each
    channel over the map instead.

    ## Example
    VGG-16 flattens 512x7x7 into a dense layer of 4,096 units: 102,760,448 weights, 74 % of the
    network. Behind global average pooling it would have 2,097,152.

    ## When to ignore it
    When the position in the map is the answer (coordinates, aligned faces, board games), which
    a file doesn't tell, or when weights cost nothing. Maps of 2x2 and less, layers with fewer
    than `min_weights` weights, and an image that is flattened itself are left alone.

    ## References
    - Lin et al., Network In Network, 2014, section 3.2
    - Simonyan and Zisserman, Very Deep Convolutional Networks, 2015, table 2
    """
    for dense in facts.dense:
        weights = dense.cin * dense.cout
        if min_weights <= weights <= facts.params:
            shape = flattened_map(facts, dense)
            if shape is not None and max(shape[1:]) > max_grid:
                yield _finding(dense, shape, weights / facts.params, min_share)


def flattened_map(facts: Facts, dense: Dense) -> StaticShape | None:
    """Return ``(channels, *grid)`` of the map that a dense layer reads flat, None without one."""
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


def _keeps_numbers(facts: Facts, node: Node) -> bool:
    """Return whether a node leaves each number of its one operand where it can be found."""
    if node.op in AFFINE:
        return facts.trunk_input(node) is not None
    return node.op in LAYOUT | UNCHANGED or node.key in facts.activations.of


def _grid(facts: Facts, name: str, shape: StaticShape) -> StaticShape:
    """Return the sizes of the spatial axes of a map.

    Where they can't be followed, as behind whole-image attention, four axes and more are taken
    for [batch, channels, *grid]; of three nobody knows which are channels.
    """
    reach = facts.receptive.get(name)
    axes = zip(shape, reach.axes, strict=True) if reach else ()
    spatial = tuple(size for size, axis in axes if axis)
    return spatial or (shape[2:] if len(shape) > 3 else ())


def _finding(dense: Dense, shape: StaticShape, share: float, min_share: float) -> Finding:
    weights, pooled = dense.cin * dense.cout, shape[0] * dense.cout
    return Finding(
        nodes=(dense.node,),
        message=(
            f"a flattened {sides(shape)} map feeds a dense layer that holds {share:.0%} of all "
            "parameters"
        ),
        suggestion=(
            f"global average pooling in front: {pooled:,} instead of {weights:,} weights, and "
            "any input size; needs retraining"
        ),
        evidence={
            "map": shape,
            "units": dense.cout,
            "weights": weights,
            "pooled_weights": pooled,
            "share": round(share, 4),
        },
        saving=Saving(
            macs=None if dense.rows is None else (weights - pooled) * dense.rows,
            params=weights - pooled,
        ),
        severity=Severity.WARNING if share >= min_share else Severity.NOTE,
    )
