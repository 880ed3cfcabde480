"""K103."""

from collections.abc import Iterator
from math import prod
from typing import Annotated

from cnnlint.facts.facts import Facts
from cnnlint.facts.layers import Conv, sides, steps
from cnnlint.lint.finding import Basis, Finding, Fix, Part, Saving, Severity, Silence
from cnnlint.lint.rule import rule


@rule(
    "K103",
    severity=Severity.WARNING,
    basis=Basis.PUBLISHED,
    fix=Fix.UNSAFE,
    proven="ZFNet",
    since="0.1",
    marks=Part.KERNEL,
)
def oversized_stem_kernel(
    facts: Facts,
    *,
    max_kernel: Annotated[int, "largest kernel side of a stem that is not reported"] = 7,
) -> Iterator[Finding | Silence]:
    """First convolution with a kernel side above 7.

    ## What it does
    Reports a stem (a convolution that reads the input with no layer with weights before it) with
    a kernel side above `max_kernel`, and computes what `max_kernel` costs at the same stride and,
    where the stride is above 2, at stride 2 with a pool for the rest. A note at stride 1.

    ## Why is this bad?
    Zeiler and Fergus looked at the first layer of AlexNet (11x11 at stride 4): it held extremely
    high and low frequencies, hardly any between, and some dead filters; the stride left aliasing
    in the second layer. With 7x7 at stride 2 there were fewer dead filters and no aliasing, and
    the network classified better. Most classifiers since then start with 7x7 or less, or cut
    patches; hence the default of `max_kernel`.

    ## Example
    AlexNet's `Conv 11x11 s4 3->64` on 224x224 costs 70,276,800 MACs and 23,232 weights. 7x7 at
    the same stride costs 28,459,200 MACs and 9,408 weights; at stride 2, with a pool for the
    rest, 118,013,952 MACs.

    ## When to ignore it
    When the input is no photograph: spectrograms are read by longer kernels on purpose. At
    stride 1 (super-resolution, style transfer) a 9x9 stem is published practice, so it is a note.
    Patches (stride = kernel), kernels that are 1 on all axes but one, transposed and grouped
    stems (fixed filters), kernels that cover the whole input, and strides above `max_kernel`, at
    which a smaller kernel would step over pixels, are left alone.

    ## References
    - Zeiler and Fergus, Visualizing and Understanding Convolutional Networks, 2014, section 4.1
    """
    for conv in facts.convs:
        reason = _exemption(facts, conv, max_kernel)
        yield Silence(conv.node, reason) if reason else _finding(facts, conv, max_kernel)


def _exemption(facts: Facts, conv: Conv, max_kernel: int) -> str | None:
    """Return why nothing is said about a layer, None where something is."""
    kernel, grid = sides(conv.kernel), conv.grid
    if conv.node.key not in facts.stems:
        return "it is no stem"
    if max(conv.kernel) <= max_kernel:
        return f"no side of its kernel {kernel} is above {max_kernel}"
    reasons = {
        "it is a transposed convolution": conv.transposed,
        f"its kernel {kernel} is long on one axis only": sum(k > 1 for k in conv.kernel) < 2,
        f"it cuts the input into patches of {kernel}": conv.patchify,
        f"it has {conv.groups} groups, as fixed filters have": conv.groups > 1,
        "its kernel covers the whole input": grid is not None and prod(grid) == 1,
        f"a kernel of {max_kernel} would step over pixels at stride {steps(conv.stride)}": (
            max(conv.stride) > max_kernel
        ),
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def _finding(facts: Facts, conv: Conv, max_kernel: int) -> Finding:
    small = tuple(min(k, max_kernel) for k in conv.kernel)
    weights = conv.weights * prod(small) // prod(conv.kernel)
    macs = facts.macs_of(conv.node)
    small_macs = None if macs is None else macs * prod(small) // prod(conv.kernel)
    finer = _macs_at_stride_two(conv, weights)
    costs = [] if macs is None else [f"{small_macs:,} instead of {macs:,} MACs"]
    costs += [f"{weights:,} instead of {conv.weights:,} weights"]
    rest = "" if finer is None else f"; at stride 2, with a pool for the rest, {finer:,} MACs"
    return Finding(
        nodes=(conv.node,),
        message=f"{sides(conv.kernel)} stem at stride {steps(conv.stride)}",
        suggestion=(
            f"Conv {sides(small)} {conv.cin}->{conv.cout} at the same stride: {', '.join(costs)}"
            f"{rest}; needs retraining"
        ),
        evidence={
            "kernel": conv.kernel,
            "stride": conv.stride,
            "macs": macs,
            "small_kernel": small,
            "small_macs": small_macs,
            "stride_2_macs": finer,
        },
        saving=Saving(
            macs=None if macs is None or small_macs is None else macs - small_macs,
            params=conv.weights - weights,
            receptive_field=-max(
                (k - s) * rate
                for k, s, rate in zip(conv.kernel, small, conv.dilation, strict=True)
            ),
        ),
        severity=Severity.NOTE if max(conv.stride) == 1 else None,
    )


def _macs_at_stride_two(conv: Conv, weights: int) -> int | None:
    """Return the MACs with strides of at most 2, None where that is no change or unknown."""
    if max(conv.stride) <= 2 or conv.in_shape is None:
        return None
    strides = (min(stride, 2) for stride in conv.stride)
    grid = (-(-size // s) for size, s in zip(conv.in_shape[2:], strides, strict=True))
    return conv.in_shape[0] * weights * prod(grid)
