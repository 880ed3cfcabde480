"""P414."""

from collections.abc import Iterator
from math import prod
from typing import Annotated

from cnnlint.facts.dataflow import size_in_bytes
from cnnlint.facts.facts import Facts
from cnnlint.facts.layers import Conv, sides, steps
from cnnlint.facts.sampling.coverage import padding_before
from cnnlint.lint.finding import Basis, Finding, Fix, Part, Saving, Severity, Silence
from cnnlint.lint.rule import rule

UPSAMPLING = frozenset({"ConvTranspose", "DepthToSpace", "Resize", "Upsample"})


@rule(
    "P414",
    severity=Severity.WARNING,
    basis=Basis.COMPUTED,
    fix=Fix.UNSAFE,
    proven="VGG",
    since="0.1",
    marks=Part.KERNEL,
)
def valid_padding_inside(
    facts: Facts,
    *,
    min_drop: Annotated[
        float, "share of a map's positions that a layer drops from which on it is a warning"
    ] = 0.10,
) -> Iterator[Finding | Silence]:
    """Unpadded convolution inside the network, so that the map shrinks and its border counts less.

    ## What it does
    Reports a convolution with stride 1 that has, on some axis, a kernel of 3 or more and no
    padding. A warning where the layer drops `min_drop` of the map's positions or more, else a
    note; a note too where the size of the map is unknown, and in a network that upsamples, where
    the border may be cropped on purpose. The limit is a house value, well above what Inception-v3
    drops early on large maps (2.7 % and 5.4 %, which are notes).

    ## Why is this bad?
    A kernel of k takes k - 1 rows and columns off the map, more where it is dilated. Without
    padding one window of a 3x3 reads a corner of the map, with padding four do; nine read a
    position inside. The smaller the map, the larger the share: 2 rows and columns of 73x73 are
    5.4 %, of 7x7 49 %. After enough such layers no map is left.

    ## Example
    `Conv 5x5 32->32` on 48x48 without padding leaves 44x44: 16 % of the positions are gone. With
    2 rows and columns of zeros on each side it keeps 48x48, for 9,420,800 more MACs.

    ## When to ignore it
    When zeros at the border would do harm, or the input is cut into overlapping tiles, which a
    file doesn't show: the first U-Net does without padding for that reason. Stems (convolutions
    that read the input with no layer with weights between), gates, transposed convolutions,
    kernels that cover their map on the axis, and layers with a Pad straight in front (whatever it
    pads with) are left alone.

    ## References
    - Simonyan and Zisserman, Very Deep Convolutional Networks for Large-Scale Image
      Recognition, 2015, section 2.1
    - Ronneberger et al., U-Net, 2015
    """
    upsamples = any(node.op in UPSAMPLING for node in facts.nodes)
    for conv in facts.convs:
        reason = _place(facts, conv)
        if reason:
            yield Silence(conv.node, reason)
            continue
        before = padding_before(facts.model, conv)
        unpadded = _unpadded_axes(conv)
        axes = before and tuple(
            u and a == b == 0 for u, a, b in zip(unpadded, *before, strict=True)
        )
        if not any(unpadded):
            reason = (
                f"{sides(conv.kernel)} is padded, below 3 or as large as the map on every axis"
            )
            yield Silence(conv.node, reason)
        elif axes is None:
            yield Silence(conv.node, "the map before it is padded by what can't be told")
        elif not any(axes):
            yield Silence(conv.node, "a Pad stands before it")
        else:
            yield _finding(facts, conv, axes, 1.0 if upsamples else min_drop)


def _place(facts: Facts, conv: Conv) -> str:
    """Return why a layer may change the size of its map, "" where it may not."""
    if conv.transposed or max(conv.stride) > 1:
        return f"its stride is {steps(conv.stride)}: it is there to change the size of the map"
    if conv.node.key in facts.stems:
        return "it is a stem"
    return "" if conv.node.key in facts.topology.trunk else "it makes a gate, not the main path"


def _unpadded_axes(conv: Conv) -> tuple[bool, ...]:
    """Return on which axes the kernel is 3 or more, unpadded, and smaller than the map."""
    sizes = conv.in_grid or (None,) * len(conv.kernel)
    axes = zip(conv.kernel, conv.reach, *conv.pads, sizes, strict=True)
    return tuple(k >= 3 and a == b == 0 and n != reach for k, reach, a, b, n in axes)


def _finding(facts: Facts, conv: Conv, axes: tuple[bool, ...], min_drop: float) -> Finding:
    totals = tuple((reach - 1) * s for reach, s in zip(conv.reach, axes, strict=True))
    drop = more = grid = extra = None
    shrinks = costs = ""
    if conv.in_shape is not None and conv.out_shape is not None and 0 not in conv.in_shape:
        before, after = conv.in_shape[2:], conv.out_shape[2:]
        drop = 1 - prod(after) / prod(before)
        grid = tuple(map(int.__add__, after, totals))
        numbers = conv.out_shape[0] * conv.cout * (prod(grid) - prod(after))
        more = numbers * (conv.weights // conv.cout)
        extra = size_in_bytes(numbers, facts.model.value(conv.node.outputs[0]).dtype)
        shrinks = f" from {sides(before)} to {sides(after)}: {drop:.1%} of its positions"
        costs = f" of {sides(grid)}, for {more:,} more MACs here"
    return Finding(
        nodes=(conv.node,),
        message=f"unpadded convolution of {sides(conv.kernel)} shrinks the map{shrinks}",
        suggestion=(
            f"padding of {steps(totals)} in all, half on each side, keeps a map{costs}; "
            "needs retraining"
        ),
        evidence={
            "kernel": conv.kernel,
            "padding": totals,
            "dropped": None if drop is None else round(drop, 4),
        },
        saving=Saving(
            macs=None if more is None else -more,
            activation_bytes=None if extra is None else -extra,
        ),
        severity=Severity.WARNING if drop is not None and drop >= min_drop else Severity.NOTE,
    )
