"""K101."""

from collections.abc import Iterator
from math import prod
from typing import Annotated

from cnnlint.facts.dataflow import size_in_bytes
from cnnlint.facts.facts import Facts
from cnnlint.facts.layers import Conv, sides, steps
from cnnlint.facts.remedies.stacks import MAX_DEPTH, MAX_STRIDE, Stack, cheapest_stack
from cnnlint.lint.finding import Basis, Finding, Fix, Part, Saving, Severity, Silence
from cnnlint.lint.rule import rule

NUMBERS = {2: "two", 3: "three", 4: "four", 5: "five"}


@rule(
    "K101",
    severity=Severity.WARNING,
    basis=Basis.COMPUTED,
    fix=Fix.UNSAFE,
    proven="VGG",
    since="0.1",
    marks=Part.KERNEL,
)
def large_dense_kernel(
    facts: Facts,
    *,
    min_kernel: Annotated[int, "smallest kernel side that is reported"] = 5,
    min_group: Annotated[int, "grouped layers with fewer channels a group are left alone"] = 16,
    min_mac_share: Annotated[
        float, "share of the model's MACs from which on it is a warning, else a note"
    ] = 0.10,
) -> Iterator[Finding | Silence]:
    """Dense convolution with a large kernel where a stack of 3x3 sees as much and costs less.

    ## What it does
    Reports a convolution of which every kernel side is at least `min_kernel`, and computes what
    a stack of 3x3 convolutions that sees at least as much costs on its real channels and grids.
    Where no such stack takes fewer MACs, or the size of the map isn't known, nothing is said. A
    warning when all such layers together take `min_mac_share` of the model's MACs, else a note.

    ## Why is this bad?
    The multiply-adds of one kernel grow with its area, those of a stack with its side: on C
    channels one 7x7 takes 49 C² a position and three 3x3 take 27 C² (45 % less), one 5x5 takes
    25 C² and two 3x3 take 18 C² (28 % less). A stack also has an activation after each layer.

    ## Example
    `Conv 7x7 128->128` on 28x28 costs 629.4 MMACs and 802,816 weights; three `Conv 3x3
    128->128` cost 346.8 MMACs and 442,368 weights, and two more maps of 392 KiB in float32.

    ## When to ignore it
    When a large kernel is what you are after, and its cost is accepted. Stems, transposed and
    one-dimensional convolutions, strides above 3 (patches), kernels above 33, kernels that cover
    their whole map, gates (spatial attention), depthwise convolutions and groups of fewer than
    `min_group` channels are left alone. A file shows neither time nor accuracy: a stack of more
    layers and maps can be slower than its MACs say, so measure and train it before you believe
    it. All limits are house values.

    ## References
    - Simonyan and Zisserman, Very Deep Convolutional Networks for Large-Scale Image
      Recognition, 2015, section 2.3
    - Szegedy et al., Rethinking the Inception Architecture for Computer Vision, 2016, section 3.1
    """
    found = []
    for conv in facts.convs:
        reason = _exemption(facts, conv, min_kernel, min_group)
        stack = None if reason else cheapest_stack(conv)
        if reason or stack is None or stack.macs >= stack.direct_macs:
            yield Silence(conv.node, reason or _no_gain(conv, stack))
        else:
            found.append(stack)
    share = facts.share(sum(stack.direct_macs for stack in found)) or 0.0
    severity = Severity.WARNING if share >= min_mac_share else Severity.NOTE
    for stack in found:
        yield _finding(facts, stack, severity)


def _exemption(facts: Facts, conv: Conv, min_kernel: int, min_group: int) -> str | None:
    """Return what about a layer itself keeps the rule silent, None where nothing does."""
    kernel, group = sides(conv.kernel), conv.cin // conv.groups
    reasons = {
        "it is a transposed convolution": conv.transposed,
        f"its kernel {kernel} is one-dimensional": len(conv.kernel) < 2,
        f"its kernel {kernel} has a side below {min_kernel}": min(conv.kernel) < min_kernel,
        "it is a stem": conv.node.key in facts.stems,
        "it is part of a gate, or leads to no output": conv.node.key not in facts.topology.trunk,
        f"it has {group} channels a group, fewer than {min_group}": (
            conv.groups > 1 and group < min_group
        ),
        "its kernel covers the whole map": conv.grid is not None and prod(conv.grid) == 1,
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def _no_gain(conv: Conv, stack: Stack | None) -> str:
    """Return why there is no cheaper stack."""
    three = sides((3,) * len(conv.kernel))
    if stack is not None:
        times = stack.macs / stack.direct_macs if stack.direct_macs else 1.0
        return f"a stack of {three} would cost {times:.1f}x its MACs"
    if conv.in_grid is None or conv.grid is None:
        return "the size of its map is not known"
    if max(conv.stride) > MAX_STRIDE:
        return f"a {three} would step over part of the map at stride {steps(conv.stride)}"
    return f"a stack of {three} would have more than {MAX_DEPTH} layers"


def _finding(facts: Facts, stack: Stack, severity: Severity) -> Finding:
    conv, share = stack.conv, facts.share(stack.direct_macs)
    number = NUMBERS.get(stack.depth, str(stack.depth))
    three = sides((3,) * len(conv.kernel))
    sight = "the same window" if stack.sees_the_same else "as much"
    dtype = facts.model.value(conv.node.outputs[0]).dtype
    extra = size_in_bytes(stack.extra_numbers, dtype)
    return Finding(
        nodes=(conv.node,),
        message=f"{sides(conv.kernel)} convolution where {number} {three} would see {sight}",
        suggestion=(
            f"{number} Conv {three} {_chain(stack)}, ReLU between: {stack.macs:,} instead of "
            f"{stack.direct_macs:,} MACs, {stack.weights:,} instead of {conv.weights:,} weights; "
            "needs retraining"
        ),
        evidence={
            "kernel": conv.kernel,
            "macs": stack.direct_macs,
            "mac_share": None if share is None else round(share, 4),
            "stack": stack.depth,
            "stack_channels": stack.channels,
            "stack_macs": stack.macs,
            "stack_weights": stack.weights,
        },
        saving=Saving(
            macs=stack.direct_macs - stack.macs,
            params=conv.weights - stack.weights,
            activation_bytes=None if extra is None else -extra,
            receptive_field=0 if stack.sees_the_same else None,
        ),
        severity=severity,
    )


def _chain(stack: Stack) -> str:
    """Return the channels of a stack, and what else its layers have besides their kernel."""
    conv = stack.conv
    words = ["->".join(map(str, stack.channels))]
    words += [f"{conv.groups} groups"] if conv.groups > 1 else []
    words += [f"dilation {steps(conv.dilation)}"] if max(conv.dilation) > 1 else []
    if max(conv.stride) > 1:
        words += [
            f"stride {steps(conv.stride)} on the {'first' if stack.stride_first else 'last'}"
        ]
    return ", ".join(words)
