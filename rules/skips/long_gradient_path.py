"""S202."""

from bisect import bisect_right
from collections.abc import Iterator
from math import prod
from typing import Annotated

from cnnlint.facts.dataflow import size_in_bytes
from cnnlint.facts.facts import Facts
from cnnlint.facts.structure.cuts import cut_points
from cnnlint.lint.finding import Basis, Finding, Fix, Saving, Severity, Silence
from cnnlint.lint.rule import rule
from cnnlint.model.graph import Node, StaticShape

PLAIN_RUN = 16
"""A plain run above this is what S201 tells of."""


@rule(
    "S202",
    severity=Severity.NOTE,
    basis=Basis.HEURISTIC,
    fix=Fix.UNSAFE,
    proven="SqueezeNet with simple bypass",
    since="0.1",
)
def long_gradient_path(
    facts: Facts,
    *,
    max_gradient_path: Annotated[int, "layers on the shortest path of which nothing is said"] = 40,
) -> Iterator[Finding | Silence]:
    """Deep network of parallel branches in which no path to the output is short.

    ## What it does
    Reports a network whose shortest path from the input to the output has more than
    `max_gradient_path` layers with weights, though no more than 16 of them are a plain run (those
    are reported by S201). A depthwise convolution and the pointwise one behind it count once,
    gates not at all; of several outputs the one with the longest plain run is judged. Names the
    blocks around which a skip connection is free, since what goes in and comes out has the same
    shape.

    ## Why is this bad?
    Modules with parallel branches and no skip connection (Inception, Fire) shorten no path: the
    gradient passes a layer or more in each. The ResNets from 18 to 50 layers have a shortest path
    of 5 or 6 layers, DenseNet-121 one of 5. The longest among the published networks that were
    measured is that of ConvMixer-768/32, with 34; the default is a house value above it.

    ## Example
    60 Fire modules in a row have a shortest path of 121 layers, the stem included. With a skip
    connection around each it has 1.

    ## When to ignore it
    When the network trains well as it is, which a file doesn't show.

    ## References
    - Iandola et al., SqueezeNet, 2016, section 6
    - He et al., Deep Residual Learning for Image Recognition, 2016
    """
    topology = facts.topology
    path = topology.shortest_path
    if path <= max_gradient_path:
        yield Silence(
            None, f"the shortest path has {path} of the {max_gradient_path} layers it may have"
        )
    elif topology.plain_run_units > PLAIN_RUN:
        yield Silence(None, f"S201 speaks of the {topology.plain_run_units} layers in series")
    else:
        yield _finding(facts, path, max_gradient_path)
        yield Silence(None, f"its shortest path of {path} layers is reported once")


def _finding(facts: Facts, path: int, threshold: int) -> Finding:
    topology = facts.topology
    cuts = cut_points(facts.model, topology.output, topology.trunk, facts.activations.gate_edges)
    blocks = _free_blocks(facts, cuts)
    largest = max((prod(facts.model.static(b.outputs[0]) or ()) for b in blocks), default=0)
    kept = size_in_bytes(largest, facts.model.value(blocks[0].outputs[0]).dtype) if blocks else 0
    layers = [layer.node for layer in facts.weighted.values() if layer.node.key in topology.trunk]
    advice = "skip connections with a 1x1 projection around every two or three layers"
    if blocks:
        advice = (
            f"add a skip connection around {len(blocks)} blocks that keep channels and grid, "
            f"from the one that ends at {blocks[0].path} to the one at {blocks[-1].path}: they "
            "need neither weights nor MACs"
        )
    return Finding(
        nodes=tuple(blocks) or tuple(layers),
        message=f"the shortest path to output {topology.output} has {path} layers",
        suggestion=f"{advice}; needs retraining",
        evidence={
            "shortest_path": path,
            "threshold": threshold,
            "depth": topology.depth,
            "free_shortcuts": len(blocks),
        },
        saving=Saving(
            macs=0 if blocks else None,
            params=0 if blocks else None,
            activation_bytes=None if kept is None or not blocks else -kept,
        ),
    )


def _free_blocks(facts: Facts, cuts: tuple[Node, ...]) -> list[Node]:
    """Return the ends of blocks of two layers and more that leave the shape that came in.

    A block lies between two nodes in which all paths meet, and blocks don't overlap.
    """
    order = {node.key: place for place, node in enumerate(facts.model.nodes)}
    places = [order[key] for key in facts.weighted if key in facts.topology.trunk]
    blocks: list[Node] = []
    starts: dict[StaticShape, Node] = {}
    for node in cuts:
        shape = facts.model.static(node.outputs[0])
        if shape is None:
            continue
        start = starts.setdefault(shape, node)
        layers = bisect_right(places, order[node.key]) - bisect_right(places, order[start.key])
        if layers > 1:
            blocks.append(node)
            starts = {shape: node}
    return blocks
