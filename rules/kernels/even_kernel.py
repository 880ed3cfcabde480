"""K105."""

from collections.abc import Iterator
from math import prod

from cnnlint.facts.facts import Facts
from cnnlint.facts.layers import Conv, sides, steps
from cnnlint.facts.sampling.coverage import padding_before
from cnnlint.facts.weights.numbers import read
from cnnlint.lint.finding import Basis, Finding, Fix, Part, Saving, Severity, Silence
from cnnlint.lint.rule import rule

MIN_AXES = 2
"""A window that slides along one axis reads a series: text, sound, where any length is usual."""


@rule(
    "K105",
    severity=Severity.WARNING,
    basis=Basis.PUBLISHED,
    fix=Fix.UNSAFE,
    proven="VGG",
    since="0.1",
    marks=Part.KERNEL,
)
def even_kernel(facts: Facts) -> Iterator[Finding | Silence]:
    """Even kernel that shifts the map by half a pixel.

    ## What it does
    Reports a convolution that has on some axis an even kernel side at an odd stride below it
    (mostly 4x4 or 2x2 at stride 1), and computes what the next smaller and larger odd kernels
    cost on its real channels, for a map of the same size. A note for a 2x2 that is padded on one
    side of each axis so that the map keeps its size: the stem of PP-HGNetV2 has two of them.

    ## Why is this bad?
    An even kernel has no middle. At stride 1 its windows stand between the positions of the map,
    so the result lies half a pixel aside, and the map keeps its size only with more padding on
    one side than on the other. The shifts of several layers add up, and a skip connection around
    such a layer joins what does not lie on top of each other.

    ## Example
    `Conv 4x4 64->64` on 32x32 costs 67,108,864 MACs; 3x3 costs 37,748,736 and 5x5 costs
    104,857,600, and neither shifts anything.

    ## When to ignore it
    When a later layer shifts the map back, or when groups of channels are padded towards
    different corners, as Wu et al. do. An even kernel at an even stride (4x4 at stride 2) stands
    centred on the positions that become one, and is left alone. So are strides of the kernel's
    size (patches) and more, transposed convolutions, windows that slide along one axis only (time
    series, text; where the window covers an axis it doesn't slide), even dilations, with which
    the window has a middle, and depthwise convolutions with the same kernel for every channel (a
    fixed blur).

    ## References
    - Wu et al., Convolution with even-sized kernels and symmetric padding, 2019
    """
    for conv in facts.convs:
        reason = _exemption(facts, conv)
        if reason:
            yield Silence(conv.node, reason)
        else:
            severity = Severity.NOTE if _keeps_size(facts, conv) else None
            yield _finding(facts, conv, severity)


def _exemption(facts: Facts, conv: Conv) -> str | None:
    """Return why nothing is said about a layer, None where something is."""
    kernel, stride = sides(conv.kernel), steps(conv.stride)
    if all(k == 1 or k % 2 for k in conv.kernel):
        return f"its kernel {kernel} has no even side"
    if conv.transposed:
        return "it is a transposed convolution"
    if len(_sliding(conv)) < MIN_AXES:
        return f"its window of {kernel} slides along one axis at most"
    if not shifted_axes(conv):
        return f"a kernel of {kernel} at stride {stride} stands centred on the positions it reads"
    if conv.depthwise and _is_one_filter(facts, conv):
        return "every channel has the same kernel, as a fixed blur has"
    return None


def _sliding(conv: Conv) -> list[int]:
    """Return the axes with a window that stands in more than one place."""
    windows = conv.grid or (None,) * len(conv.kernel)
    axes = zip(conv.kernel, windows, strict=True)
    return [axis for axis, (k, count) in enumerate(axes) if k > 1 and count != 1]


def shifted_axes(conv: Conv) -> list[int]:
    """Return the axes on which a window can't stand centred, though that of an odd kernel can."""
    axes = zip(conv.kernel, conv.reach, conv.stride, strict=True)
    off = [reach % 2 == 0 and s % 2 == 1 and s < k for k, reach, s in axes]
    return [axis for axis in _sliding(conv) if off[axis]]


def _keeps_size(facts: Facts, conv: Conv) -> bool:
    """Return whether a 2x2 is padded with one row and column, by itself or a Pad in front."""
    before = padding_before(facts.model, conv)
    if before is None or set(conv.reach) != {2}:
        return False
    added = [sum(each) for each in zip(*before, *conv.pads, strict=True)]
    return all(count == 1 for count in added)


def _is_one_filter(facts: Facts, conv: Conv) -> bool:
    weight = read(facts.model.value(conv.weight))
    return weight is not None and bool((weight == weight[:1]).all())


def _finding(facts: Facts, conv: Conv, severity: Severity | None) -> Finding:
    axes = shifted_axes(conv)
    macs = facts.macs_of(conv.node)
    options = [
        tuple(k + step if axis in axes else k for axis, k in enumerate(conv.kernel))
        for step in (-1, 1)
    ]
    odd = [kernel for kernel in options if all(kernel[axis] > 1 for axis in axes)]
    weights = [conv.weights * prod(kernel) // prod(conv.kernel) for kernel in odd]
    costs = [None if macs is None else macs * prod(k) // prod(conv.kernel) for k in odd]
    words = [
        f"{sides(kernel)} costs {weight if cost is None else cost:,}"
        for kernel, weight, cost in zip(odd, weights, costs, strict=True)
    ]
    now, unit = (conv.weights, "weights") if macs is None else (macs, "MACs")
    return Finding(
        nodes=(conv.node,),
        message=(
            f"even kernel of {sides(conv.kernel)} at stride {steps(conv.stride)} shifts the map "
            "by half a pixel"
        ),
        suggestion=f"an odd kernel: {', '.join(words)} instead of {now:,} {unit}; "
        "needs retraining",
        evidence={
            "kernel": conv.kernel,
            "stride": conv.stride,
            "macs": macs,
            "odd_kernels": tuple(sides(kernel) for kernel in odd),
            "odd_macs": None if macs is None else tuple(c for c in costs if c is not None),
        },
        saving=Saving(
            macs=None if macs is None or costs[0] is None else macs - costs[0],
            params=conv.weights - weights[0],
            receptive_field=None,
        ),
        severity=severity,
    )
