"""P402."""

from collections.abc import Iterator
from math import prod

from cnnlint.facts.dataflow import size_in_bytes
from cnnlint.facts.facts import Facts
from cnnlint.facts.layers import Conv, sides, steps
from cnnlint.facts.reach.receptive import in_pixels
from cnnlint.facts.remedies.strides import (
    gives_the_same,
    pooled_first,
    share_skipped,
    takes_the_stride,
)
from cnnlint.lint.finding import Basis, Finding, Fix, Part, Saving, Severity, Silence
from cnnlint.lint.rule import rule


@rule(
    "P402",
    severity=Severity.WARNING,
    basis=Basis.COMPUTED,
    fix=Fix.UNSAFE,
    proven="ResNet-B (the ResNet-50 of torchvision)",
    since="0.1",
    marks=Part.STRIDE,
)
def strided_pointwise_main(facts: Facts) -> Iterator[Finding | Silence]:
    """1x1 convolution with a stride on the main path, so that most of the map is never read.

    ## What it does
    Reports a 1x1 convolution (1 on every axis) with a stride, unless it is a shortcut around other
    layers: P403 speaks of those. Suggests to give the stride to the convolution in front where
    that gives the same numbers (nobody else reads what it makes, each number between is treated
    alone, and its kernel is at least as large as the product of both strides), else to the next
    one where its kernel is at least as large as the stride, else an average pool in front. A note
    where another layer reads the whole of the same map, so that nothing is lost.

    ## Why is this bad?
    A 1x1 kernel sees one position and steps over the rest: at stride 2 three quarters of what
    the layers before have computed are thrown away. The first ResNets did so at the beginning
    of each stage; later ones have the stride on the 3x3, which reads every position.

    ## Example
    `Conv 1x1 s2 256->128` on 56x56, then `Conv 3x3 128->128`, reads 25 % of the map. With the
    stride on the 3x3 every position is read; the 1x1 then costs 102,760,448 MACs instead of
    25,690,112, and the 3x3 stays as it is.

    ## When to ignore it
    When you need the weights of a network that was trained so, or the MACs that the change costs;
    with the stride on the convolution in front the weights stay, and MACs are saved. A file
    doesn't show how much accuracy is at stake. Gates, and maps with one position on each axis that
    has a stride, are left alone.

    ## References
    - Dumoulin and Visin, A guide to convolution arithmetic for deep learning, 2016
    - He et al., Bag of Tricks for Image Classification with Convolutional Neural Networks, 2019,
      section 4
    """
    for conv in facts.convs:
        if conv.node.key not in facts.strided_pointwise:
            continue
        join = facts.strided_pointwise[conv.node.key]
        if join is not None:
            yield Silence(conv.node, f"a shortcut that ends at {join.path}: see P403")
        elif conv.node.key not in facts.topology.trunk:
            yield Silence(conv.node, "it makes a gate, not the main path")
        elif share_skipped(conv) == 0:
            yield Silence(conv.node, "its map has one position on each axis with a stride")
        else:
            yield _finding(facts, conv)


def _finding(facts: Facts, conv: Conv) -> Finding:
    skipped = share_skipped(conv)
    graph = (facts.model, facts.data, facts.weighted)
    same = gives_the_same(*graph, facts.activations.of, conv)
    to = same or takes_the_stride(*graph, conv)
    if to is None:
        remedy, saving = _pool(facts, conv)
    else:
        remedy, saving = _earlier(facts, conv, to) if same else _later(facts, conv, to)
    whole = conv.node.inputs[0] in facts.whole_maps
    return Finding(
        nodes=(conv.node,),
        message=(
            f"pointwise convolution at stride {steps(conv.stride)} on the main path never reads "
            f"{skipped:.0%} of its input{' (another layer does)' * whole}"
        ),
        suggestion=remedy if same else f"{remedy}; needs retraining",
        evidence={
            "stride": conv.stride,
            "unread": round(skipped, 4),
            "macs": facts.macs_of(conv.node),
            "stride_to": None if to is None else to.node.path,
            "same_numbers": same is not None,
            "read_elsewhere": whole,
        },
        saving=saving,
        severity=Severity.NOTE if whole else None,
    )


def _pool(facts: Facts, conv: Conv) -> tuple[str, Saving]:
    """Return the remedy with an average pool, and what it saves."""
    pool, reach = pooled_first(conv), facts.receptive.get(conv.node.inputs[0])
    return pool.words, Saving(
        activation_bytes=_less(facts, conv, pool.map_size),
        receptive_field=in_pixels(reach, [step - 1 for step in conv.stride]),
    )


def _earlier(facts: Facts, conv: Conv, before: Conv) -> tuple[str, Saving]:
    """Return the remedy with the stride on the layer in front, and what it saves."""
    numbers = fewer = None
    if conv.in_shape is not None and conv.out_shape is not None:
        dropped = prod(conv.in_shape[2:]) - prod(conv.out_shape[2:])
        numbers = conv.in_shape[0] * before.cout * dropped
        fewer = numbers * (before.weights // before.cout)
    extra = _less(facts, before, numbers)
    words = (
        f"stride {steps(conv.stride)} on the {sides(before.kernel)} in front "
        f"({before.node.path}) instead gives the same numbers"
    )
    return words + (f", for {fewer:,} fewer MACs" if fewer else ""), Saving(
        macs=fewer, activation_bytes=None if extra is None else -extra
    )


def _later(facts: Facts, conv: Conv, later: Conv) -> tuple[str, Saving]:
    """Return the remedy with the stride on the next layer, and what it saves."""
    more = numbers = None
    if conv.in_shape is not None and conv.out_shape is not None:
        added = prod(conv.in_shape[2:]) - prod(conv.out_shape[2:])
        numbers = conv.in_shape[0] * conv.cout * added
        more = numbers * (conv.cin // conv.groups)
    axes = zip(later.kernel, conv.stride, strict=True)
    narrower = [-(side - 1) * (step - 1) for side, step in axes]
    words = (
        f"stride {steps(conv.stride)} on the {sides(later.kernel)} behind it ({later.node.path}) "
        "instead: reads every position"
    )
    return words + (f", for {more:,} more MACs here" if more else ""), Saving(
        macs=None if more is None else -more,
        activation_bytes=_less(facts, conv, numbers),
        receptive_field=in_pixels(facts.receptive.get(conv.node.inputs[0]), narrower),
    )


def _less(facts: Facts, conv: Conv, numbers: int | None) -> int | None:
    """Return what so many numbers more in a map save: less than nothing."""
    dtype = facts.model.value(conv.node.outputs[0]).dtype
    size = None if numbers is None else size_in_bytes(numbers, dtype)
    return None if size is None else -size
