"""H509."""

from collections.abc import Iterator
from math import prod

from cnnlint.facts.facts import Facts
from cnnlint.facts.layers import Dense, sides
from cnnlint.facts.structure.flattening import dominates, flattened_map, size_giver
from cnnlint.lint.finding import Basis, Finding, Fix, Part, Saving, Severity, Silence
from cnnlint.lint.rule import rule
from cnnlint.model.graph import StaticShape


@rule(
    "H509",
    severity=Severity.NOTE,
    basis=Basis.COMPUTED,
    fix=Fix.UNSAFE,
    proven="ResNet",
    since="0.1",
    marks=Part.CHANNELS,
)
def fixed_size_head(facts: Facts) -> Iterator[Finding | Silence]:
    """Map flattened into a dense layer, which fixes the size of the map and so of the input.

    ## What it does
    Reports a dense layer of any size that reads a flattened map of more than one position, and
    computes what global average pooling in front of it saves. Where the layer holds so many
    weights that H501 speaks of it, this rule doesn't.

    ## Why is this bad?
    The layer has a weight for each position of the map. An input of another size gives a map of
    another size (but for a few pixels that strides drop), and the file can't run on it;
    convolutions and global pooling take any size.

    ## Example
    `Flatten` of 64x4x4 into 10 units has 10,240 weights and needs a map of 4x4; global average
    pooling in front leaves 640 weights and takes any map.

    ## When to ignore it
    When the input never has another size, or the position in the map is the answer. Maps that
    have one size whatever the input's (regions of interest, a Resize to a given size) and an
    image that is flattened itself are left alone.

    ## References
    - Lin et al., Network In Network, 2014, section 3.2
    - He et al., Spatial Pyramid Pooling in Deep Convolutional Networks for Visual Recognition,
      2014
    """
    for dense in facts.dense:
        shape = flattened_map(facts, dense)
        if shape is None:
            yield Silence(dense.node, "it reads no flattened map")
        elif dominates(facts, dense, shape):
            yield Silence(dense.node, f"H501 speaks of its {dense.cin * dense.cout:,} weights")
        elif giver := size_giver(facts, dense):
            yield Silence(dense.node, f"{giver.op} gives its map one size, whatever the input's")
        else:
            yield _finding(dense, shape)


def _finding(dense: Dense, shape: StaticShape) -> Finding:
    weights, pooled = dense.cin * dense.cout, shape[0] * dense.cout
    grid = sides(shape[1:])
    return Finding(
        nodes=(dense.node,),
        message=(
            f"a flattened {sides(shape)} map feeds a dense layer: the map can have no other size"
        ),
        suggestion=(
            f"global average pooling in front ({pooled:,} instead of {weights:,} weights), or "
            f"pooling to {grid} whatever the input; needs retraining"
        ),
        evidence={
            "map": shape,
            "positions": prod(shape[1:]),
            "units": dense.cout,
            "weights": weights,
            "pooled_weights": pooled,
        },
        saving=Saving(
            macs=None if dense.rows is None else (weights - pooled) * dense.rows,
            params=weights - pooled,
        ),
    )
