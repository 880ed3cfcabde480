"""R702."""

from collections.abc import Iterator
from typing import Annotated

from cnnlint.facts.facts import Facts
from cnnlint.facts.layers import sides
from cnnlint.facts.remedies.widening import seen_share, widen
from cnnlint.facts.structure.ends import Head
from cnnlint.lint.finding import Basis, Finding, Fix, Saving, Severity, Silence
from cnnlint.lint.rule import rule
from cnnlint.model.graph import StaticShape


@rule(
    "R702",
    severity=Severity.NOTE,
    basis=Basis.HEURISTIC,
    fix=Fix.UNSAFE,
    proven="ResNet",
    since="0.1",
)
def receptive_field_too_small(
    facts: Facts,
    *,
    min_ratio: Annotated[float, "share of the input's side that a position should see"] = 0.5,
) -> Iterator[Finding | Silence]:
    """Global pooling of a map whose positions each see a small part of the input only.

    ## What it does
    Reports global pooling of a map whose positions see less than `min_ratio` of the input on
    every axis, along the widest path, and computes what it changes to downsample more in front
    of the last convolutions: with a stride of 2 before them they reach twice as far for a
    quarter of the multiply-adds. It computes a factor of 2 or 4, where that leaves at least 4
    positions on each axis of the last map; where neither does, it suggests kernels and strides.

    ## Why is this bad?
    Averaging adds up what the positions found; it sees no relation between parts that are
    further apart than the receptive field. What counts in practice is smaller still: the pixels
    at the border of the field weigh little. Of the ImageNet networks of torchvision that end in
    global pooling, SqueezeNet 1.0 sees least of a 224x224 input (155 pixels, 0.69 of the side),
    and most see all of it. The default is a house value below that.

    ## Example
    A ResNet-18 sees 435 x 435 pixels, all of a 224x224 input but 42 % of the side of a
    1024x1024 one. With a 2x2 pool in front of its last three 3x3 it sees 659 x 659.

    ## When to ignore it
    When texture is the answer, or small things are: BagNet classifies by patches of 33 pixels
    and less. Gates (squeeze-and-excitation) only scale channels and are not counted. Maps into
    which attention or other whole-image context was mixed, dense layers on a flattened map and
    outputs that are maps themselves are left alone.

    ## References
    - Luo et al., Understanding the Effective Receptive Field in Deep Convolutional Neural
      Networks, 2016
    - Araujo et al., Computing Receptive Fields of Convolutional Neural Networks, 2019
    - Brendel and Bethge, Approximating CNNs with Bag-of-Local-Features Models Works
      Surprisingly Well on ImageNet, 2019
    """
    if not facts.heads.found:
        yield Silence(None, "no map is pooled or flattened for an answer")
    for head in facts.heads.found:
        seen, size = tuple(axis.largest for axis in head.axes), facts.input_sides(head)
        if not head.pooled:
            yield Silence(head.node, "the map is read flat, so the answer sees all of it")
        elif head.is_global:
            yield Silence(head.node, "whole-image context was mixed into the map before")
        elif size is None:
            yield Silence(head.node, "the size of the input is not known")
        elif seen_share(seen, size) >= min_ratio:
            yield Silence(head.node, f"a position sees {sides(seen)} of {sides(size)} pixels")
        else:
            yield _finding(facts, head, size, min_ratio)


def _finding(facts: Facts, head: Head, size: StaticShape, min_ratio: float) -> Finding:
    seen, trunk = tuple(axis.largest for axis in head.axes), facts.topology.trunk
    layers = [paced for paced in facts.paced if paced.layer.node.key in trunk]
    remedy = widen(layers, facts.receptive, head, size, min_ratio)
    advice = "kernels that look at neighbours, and strides"
    if remedy is not None:
        last = f"{remedy.layers} convolutions" if remedy.layers > 1 else "convolution"
        advice = (
            f"downsample by {remedy.factor} more in front of the last {last} with a window: a "
            f"position then sees {sides(remedy.field)} pixels, and {remedy.saved:,} MACs are saved"
        )
    return Finding(
        nodes=(head.node,),
        message=f"global pooling of a map that sees {sides(seen)} of {sides(size)} pixels",
        suggestion=f"{advice}; needs retraining",
        evidence={
            "receptive_field": seen,
            "input": size,
            "ratio": round(seen_share(seen, size), 4),
            "threshold": min_ratio,
            "widened": remedy.field if remedy else None,
        },
        saving=Saving(
            macs=remedy.saved if remedy else None,
            activation_bytes=None,
            receptive_field=remedy.field[0] - seen[0] if remedy else None,
        ),
    )
