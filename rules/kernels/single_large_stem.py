"""K104."""

from collections.abc import Iterator
from math import prod

from cnnlint.facts.dataflow import size_in_bytes
from cnnlint.facts.facts import Facts
from cnnlint.facts.layers import Conv, sides, steps
from cnnlint.lint.finding import Basis, Finding, Fix, Part, Saving, Severity, Silence
from cnnlint.lint.rule import rule

SIDE = 7
"""Side of the kernel that ResNet-C replaces."""
MAX_STRIDE = 2
"""A larger stride cuts overlapping patches (SegFormer): no stem of this kind."""


@rule(
    "K104",
    severity=Severity.NOTE,
    basis=Basis.PUBLISHED,
    fix=Fix.UNSAFE,
    proven="ResNet-50-D",
    since="0.1",
    default=False,
    marks=Part.KERNEL,
)
def single_large_stem(facts: Facts) -> Iterator[Finding | Silence]:
    """One 7x7 stem where three 3x3 are known to be more accurate, and cost more.

    ## What it does
    Reports a stem (a convolution that reads the input with no layer with weights before it) with
    a 7x7 kernel and a stride of 1 or 2, and computes what the stem of ResNet-C costs on the same
    channels: a 3x3 with the stride and another 3x3, both to half of the channels, and a 3x3 to
    all of them. Off by default; on in the preset `accuracy`.

    ## Why is this bad?
    Three layers have three activations and, at stride 2, see more (11 instead of 7 pixels), and
    the published ResNets that start like this are more accurate. They are not cheaper: the
    suggestion trades MACs for accuracy.

    ## Example
    The `Conv 7x7 s2 3->64` of ResNet on 224x224 costs 118,013,952 MACs and 9,408 weights; 3x3
    layers 3->32->32->64 cost 357,654,528 MACs and 28,512 weights.

    ## When to ignore it
    When latency matters more than accuracy: the stem runs on the largest map of the network.
    Grouped stems, transposed convolutions and strides above 2 (overlapping patches) are left
    alone.

    ## References
    - He et al., Bag of Tricks for Image Classification with Convolutional Neural Networks, 2019
    - Szegedy et al., Rethinking the Inception Architecture for Computer Vision, 2016
    """
    for conv in facts.convs:
        reason = _exemption(facts, conv)
        yield Silence(conv.node, reason) if reason else _finding(facts, conv)


def _exemption(facts: Facts, conv: Conv) -> str | None:
    """Return why nothing is said about a layer, None where something is."""
    if conv.node.key not in facts.stems:
        return "it is no stem"
    if set(conv.kernel) != {SIDE} or len(conv.kernel) < 2:
        return f"its kernel is {sides(conv.kernel)}, not {SIDE}x{SIDE}"
    if conv.transposed or conv.groups > 1:
        return "it is transposed or grouped"
    if max(conv.stride) > MAX_STRIDE:
        return f"at stride {steps(conv.stride)} it cuts overlapping patches"
    return None


def _finding(facts: Facts, conv: Conv) -> Finding:
    half = -(-conv.cout // 2)
    three = sides((3,) * len(conv.kernel))
    area = 3 ** len(conv.kernel)
    weights = area * (conv.cin * half + half * half + half * conv.cout)
    macs = facts.macs_of(conv.node)
    stack_macs = None if macs is None else macs // conv.weights * weights
    extra = None
    if conv.out_shape is not None:
        dtype = facts.model.value(conv.node.outputs[0]).dtype
        extra = size_in_bytes(2 * half * prod(conv.out_shape) // conv.cout, dtype)
    costs = "" if macs is None else f"{stack_macs:,} instead of {macs:,} MACs, "
    stride = max(conv.stride)
    return Finding(
        nodes=(conv.node,),
        message=f"one {sides(conv.kernel)} stem where ResNet-C has three {three}",
        suggestion=(
            f"three Conv {three} {conv.cin}->{half}->{half}->{conv.cout}, stride "
            f"{steps(conv.stride)} on the first, ReLU between: {costs}{weights:,} instead of "
            f"{conv.weights:,} weights; needs retraining"
        ),
        evidence={
            "stride": conv.stride,
            "macs": macs,
            "stack_channels": (conv.cin, half, half, conv.cout),
            "stack_macs": stack_macs,
            "stack_weights": weights,
        },
        saving=Saving(
            macs=None if macs is None or stack_macs is None else macs - stack_macs,
            params=conv.weights - weights,
            activation_bytes=None if extra is None else -extra,
            receptive_field=3 + 4 * stride - SIDE if max(conv.dilation) == 1 else None,
        ),
    )
