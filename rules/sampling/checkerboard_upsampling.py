"""P409."""

from collections.abc import Iterator
from math import gcd, prod

from cnnlint.facts.facts import Facts
from cnnlint.facts.layers import Conv, sides, steps
from cnnlint.lint.finding import Basis, Finding, Fix, Part, Saving, Severity, Silence
from cnnlint.lint.rule import rule


@rule(
    "P409",
    severity=Severity.WARNING,
    basis=Basis.PUBLISHED,
    fix=Fix.UNSAFE,
    proven="U-Net (2x2, stride 2)",
    since="0.1",
    marks=Part.KERNEL,
)
def checkerboard_upsampling(facts: Facts) -> Iterator[Finding | Silence]:
    """Transposed convolution whose windows overlap unevenly.

    ## What it does
    Reports a transposed convolution in which some output positions are written by more kernel
    taps than their neighbours: on some axis the kernel is no multiple of the stride (or dilation
    makes its taps fall unevenly). An axis with one input position, where nothing overlaps, is
    left alone.

    ## Why is this bad?
    With a 3x3 kernel at stride 2, every second row is the sum of two taps and the rows between
    of one. The pattern multiplies over both axes (4, 2, 2 and 1 taps) and over layers, and shows
    as a checkerboard in the output that training has to undo and seldom does completely.

    ## Example
    `ConvTranspose 3x3 s2 64->32` from 16x16 costs 4,718,592 MACs and overlaps unevenly; 4x4 s2
    overlaps evenly and costs 8,388,608; a nearest Resize and a `Conv 3x3` cost 18,874,368.

    ## When to ignore it
    When the output is smoothed afterwards, when the kernel is a fixed interpolation, or when you
    looked at the output and it is clean: a file doesn't show the pattern itself. An even overlap
    makes the pattern less likely, not impossible.

    ## References
    - Odena et al., Deconvolution and Checkerboard Artifacts, Distill, 2016
    - Ronneberger et al., U-Net, 2015, section 2
    """
    for conv in facts.convs:
        if not conv.transposed:
            continue
        least, most = _taps(conv)
        if least < most:
            yield _finding(facts, conv, least, most)
        else:
            window = f"a kernel of {sides(conv.kernel)} at stride {steps(conv.stride)}"
            yield Silence(conv.node, f"{window} overlaps evenly: taps on each output: {most}")


def taps_by_output(kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    """Return how many taps write an output on one axis, borders aside: the fewest, the most.

    The taps fall on the phases of the stride in turn, on every gcd(stride, dilation)-th of them.
    """
    step = gcd(stride, dilation)
    phases = stride // step
    return (kernel // phases if step == 1 else 0), -(-kernel // phases)


def _taps(conv: Conv) -> tuple[int, int]:
    """Return how many taps write an output: the fewest, the most.

    An axis with one input position has one window, and nothing overlaps.
    """
    sizes = conv.in_grid or (None,) * len(conv.kernel)
    axes = zip(conv.kernel, conv.stride, conv.dilation, sizes, strict=True)
    taps = [taps_by_output(k, s, d) for k, s, d, size in axes if size != 1]
    return prod(least for least, _ in taps), prod(most for _, most in taps)


def _finding(facts: Facts, conv: Conv, least: int, most: int) -> Finding:
    even = tuple(-(-k // s) * s for k, s in zip(conv.kernel, conv.stride, strict=True))
    three = (3,) * len(conv.kernel)
    macs = facts.macs_of(conv.node)
    even_macs = resized = saved = None
    if macs is not None:
        even_macs = macs * prod(even) // prod(conv.kernel)
        resized = macs * prod(conv.stride) * prod(three) // prod(conv.kernel)
        saved = macs - even_macs
    plain = " without dilation" if max(conv.dilation) > 1 else ""
    return Finding(
        nodes=(conv.node,),
        message=(
            f"transposed convolution of {sides(conv.kernel)} at stride {steps(conv.stride)} "
            f"overlaps unevenly: {least} to {most} taps write an output"
        ),
        suggestion=(
            f"a kernel of {sides(even)}{plain} at the same stride overlaps evenly"
            f"{_cost(even_macs)}; a nearest Resize and a convolution of {sides(three)} have no "
            f"overlap{_cost(resized)}; needs retraining"
        ),
        evidence={
            "kernel": conv.kernel,
            "stride": conv.stride,
            "dilation": conv.dilation,
            "least_taps": least,
            "most_taps": most,
            "macs": macs,
            "even_kernel_macs": even_macs,
            "resize_conv_macs": resized,
        },
        saving=Saving(
            macs=saved,
            params=conv.weights - conv.weights * prod(even) // prod(conv.kernel),
            receptive_field=None,
        ),
    )


def _cost(macs: int | None) -> str:
    return "" if macs is None else f" ({macs:,} MACs)"
