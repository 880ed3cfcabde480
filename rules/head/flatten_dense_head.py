"""H501."""

from collections.abc import Iterator
from functools import partial
from typing import Annotated

from cnnlint.facts.facts import Facts
from cnnlint.facts.layers import Dense, sides
from cnnlint.facts.structure.flattening import (
    MAX_GRID,
    MIN_SHARE,
    MIN_WEIGHTS,
    dominates,
    flattened_map,
)
from cnnlint.lint.finding import Basis, Finding, Fix, Part, Saving, Severity, Silence
from cnnlint.lint.rule import rule
from cnnlint.model.graph import StaticShape


@rule(
    "H501",
    severity=Severity.WARNING,
    basis=Basis.COMPUTED,
    fix=Fix.UNSAFE,
    proven="ResNet",
    since="0.1",
    marks=Part.CHANNELS,
)
def flatten_dense_head(
    facts: Facts,
    *,
    min_share: Annotated[
        float, "share of all parameters from which on it is a warning"
    ] = MIN_SHARE,
    min_weights: Annotated[
        int, "below that share, layers with fewer weights are left alone; so are smaller networks"
    ] = MIN_WEIGHTS,
    max_grid: Annotated[int, "largest side of a map that may be flattened"] = MAX_GRID,
) -> Iterator[Finding | Silence]:
    """Map flattened into a dense layer that then holds a large part of the weights.

    ## What it does
    Reports a dense layer that reads a flattened map with a side above `max_grid`, and computes
    what global average pooling in front of it saves. A warning from `min_share` of the model's
    parameters on, below that a note from `min_weights` weights on.

    ## Why is this bad?
    A dense layer on a map of H x W positions has H W times the weights of one on its channels.
    It also fixes the size of the input. Many networks since Network In Network average each
    channel over the map instead.

    ## Example
    VGG-16 flattens 512x7x7 into a dense layer of 4,096 units: 102,760,448 weights, 74 % of the
    network. Behind global average pooling it would have 2,097,152.

    ## When to ignore it
    When the position in the map is the answer (coordinates, aligned faces, board games), which
    a file doesn't tell, or when weights cost nothing. Maps of 2x2 and less, networks of fewer
    than `min_weights` parameters (LeNet), and an image that is flattened itself are left alone.
    So is a layer with more weights than the file has parameters: they are copies of fewer. The
    limits are house values: VGG and AlexNet lie above half, and no other network of torchvision
    that was measured flattens a map.

    ## References
    - Lin et al., Network In Network, 2014, section 3.2
    - Simonyan and Zisserman, Very Deep Convolutional Networks for Large-Scale Image
      Recognition, 2015, table 2
    """
    heavy = partial(
        dominates, facts, min_share=min_share, min_weights=min_weights, max_grid=max_grid
    )
    for dense in facts.dense:
        shape = flattened_map(facts, dense)
        if shape is None:
            yield Silence(dense.node, "it reads no flattened map")
        elif not heavy(dense, shape):
            yield Silence(dense.node, _reason(facts, dense, shape, max_grid))
        else:
            yield _finding(dense, shape, dense.cin * dense.cout / facts.params, min_share)


def _reason(facts: Facts, dense: Dense, shape: StaticShape, max_grid: int) -> str:
    """Return why a flattened map is passed over."""
    weights = dense.cin * dense.cout
    if max(shape[1:]) <= max_grid:
        return f"no side of its {sides(shape)} map is above {max_grid}"
    if weights > facts.params:
        return f"its {weights:,} weights are copies of fewer parameters"
    return f"{weights:,} of {facts.params:,} parameters are few"


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
