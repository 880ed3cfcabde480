"""R704."""

from collections.abc import Iterator
from typing import Annotated

from cnnlint.facts.facts import Facts
from cnnlint.facts.layers import sides, steps
from cnnlint.facts.remedies.finer import finer_stem
from cnnlint.facts.structure.entry import Entry
from cnnlint.lint.finding import Basis, Finding, Fix, Part, Saving, Severity, Silence
from cnnlint.lint.rule import rule
from cnnlint.model.graph import StaticShape


@rule(
    "R704",
    severity=Severity.WARNING,
    basis=Basis.PUBLISHED,
    fix=Fix.UNSAFE,
    proven="ResNet for CIFAR-10",
    since="0.1",
    marks=Part.STRIDE,
)
def imagenet_stem_on_small_input(
    facts: Facts,
    *,
    max_input: Annotated[int, "largest side of an input that is small"] = 64,
    min_jump: Annotated[int, "pixels between neighbours behind the stem, as on ImageNet"] = 4,
    enough_grid: Annotated[int, "side of the last map from which on nothing is said"] = 8,
) -> Iterator[Finding | Silence]:
    """Small image of which the stem throws most positions away at once.

    ## What it does
    Reports a first convolution that, with the pool behind it, leaves one position for
    `min_jump` pixels and more on every axis of an input whose sides are at most `max_input`, in
    networks that pool or flatten a map for their answer and have fewer than `enough_grid`
    positions a side left there. Computes what a 3x3 convolution
    with stride 1 and no pool costs instead, at the same widths.

    ## Why is this bad?
    A 7x7 convolution with stride 2 and a pool with stride 2 are made for 224 pixels: they leave
    56x56. Of 32x32 they leave 8x8 before the first block has seen anything, and later stages
    end at 1x1. Networks for images of this size begin with a 3x3 at stride 1 and no pool.

    ## Example
    A ResNet-18 for 10 classes on 32x32 has 37.0 million MACs. With a 3x3 stem at stride 1 and no
    pool it has 555.4 million, 15 times as many: make it narrower where that is too much.

    ## When to ignore it
    When the image is an enlarged smaller one, or speed is worth more than accuracy. Stems that
    cut the image into patches (stride = kernel, no padding) are a choice of their own and left
    alone. The limits on input and stem are house values; the remedy is published, and so are
    the 8x8 positions that its networks end with.

    ## References
    - He et al., Deep Residual Learning for Image Recognition, 2016, section 4.2
    """
    entry, head = facts.entry, next(iter(facts.heads.found), None)
    if entry is None or head is None:
        yield Silence(None, "no first convolution and map that is pooled or flattened behind it")
        return
    conv, size = entry.conv, facts.input_sides(head)
    if size is None or head.grid is None:
        yield Silence(conv.node, "the size of the input is not known")
    elif max(size) > max_input:
        yield Silence(conv.node, f"the input has {sides(size)} pixels, more than {max_input}")
    elif min(entry.jump) < min_jump:
        yield Silence(conv.node, f"one position for {_pixels(entry)} pixels behind the stem")
    elif conv.patchify:
        yield Silence(conv.node, f"it cuts the image into patches of {sides(conv.kernel)}")
    elif max(head.grid) >= enough_grid:
        yield Silence(conv.node, f"the last map still has {sides(head.grid)} positions")
    else:
        yield _finding(facts, entry, size, head.grid)


def _pixels(entry: Entry) -> str:
    return steps(tuple(map(int, entry.jump)))


def _finding(facts: Facts, entry: Entry, size: StaticShape, grid: StaticShape) -> Finding:
    conv, pool, stem = entry.conv, entry.pool, finer_stem(entry, facts.paced)
    kernel, weights = (stem.kernel, stem.weights) if stem else (conv.kernel, conv.weights)
    total = facts.macs
    after = total + stem.more_macs if total and stem and facts.rescalable else None
    cost = "" if after is None else f": {after:,} instead of {total:,} MACs"
    return Finding(
        nodes=(conv.node, *([pool.node] if pool else [])),
        message=(
            f"stem{' and pool leave' if pool else ' leaves'} one position for {_pixels(entry)} "
            f"pixels on each axis of a {sides(size)} input"
        ),
        suggestion=(
            f"Conv {sides(kernel)} {conv.cin}->{conv.cout} with stride 1"
            f"{' and no pool' if pool else ''}, and fewer channels if need be{cost}; needs "
            "retraining"
        ),
        evidence={
            "input": size,
            "jump": tuple(map(int, entry.jump)),
            "last_grid": grid,
            "macs_factor": round(after / total, 2) if after and total else None,
        },
        saving=Saving(
            macs=total - after if total and after else None,
            params=conv.weights - weights,
            activation_bytes=None,
        ),
    )
