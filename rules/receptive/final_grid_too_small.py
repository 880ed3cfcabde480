"""R703."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Annotated

from cnnlint.facts.facts import Facts
from cnnlint.facts.layers import Conv, sides, steps
from cnnlint.facts.remedies.finer import finer_stem, more_macs_without_end
from cnnlint.facts.structure.ends import Head
from cnnlint.lint.finding import Basis, Finding, Fix, Part, Saving, Severity, Silence
from cnnlint.lint.rule import rule
from cnnlint.model.graph import StaticShape


@rule(
    "R703",
    severity=Severity.WARNING,
    basis=Basis.HEURISTIC,
    fix=Fix.UNSAFE,
    proven="ResNet for CIFAR-10",
    since="0.1",
    marks=Part.SHAPE,
)
def final_grid_too_small(
    facts: Facts,
    *,
    min_grid: Annotated[int, "smallest side of a map on which convolutions make sense"] = 3,
    min_layers: Annotated[int, "convolutions on smaller maps from which on it is reported"] = 2,
) -> Iterator[Finding | Silence]:
    """Last map so small that the convolutions on it multiply mostly padding.

    ## What it does
    Reports a network whose last map, the one that is pooled as a whole or flattened, is smaller
    than `min_grid` on every axis, while at least `min_layers` convolutions with a window read
    maps that small. Computes the multiply-adds with as many downsampling steps less as a map
    of `min_grid` needs: those of the stem where that is enough, else the last ones.

    ## Why is this bad?
    On a 1x1 map a 3x3 convolution multiplies eight of its nine taps with padding, on a 2x2
    map five of them. All nine are stored and multiplied. AlexNet ends at 6x6, ResNet at 7x7,
    SqueezeNet at 13x13, the ResNets for images of 32 pixels at 8x8; `min_grid` and `min_layers`
    are house values, the first one below all of them.

    ## Example
    Three convolutions of VGG-16 read a 2x2 map where the input has 32x32 pixels. Without the
    pool in front of them it is 4x4, and the 13 convolutions have 398.1 million MACs instead of
    313.2.

    ## When to ignore it
    When the input is larger where the model is used: the size that was exported decides here.
    Maps that are small on one axis only (clips, text lines, spectrograms) are left alone.

    ## References
    - He et al., Deep Residual Learning for Image Recognition, 2016, section 4.2
    """
    if not facts.heads.found:
        yield Silence(None, "no map is pooled or flattened for an answer")
    for head in facts.heads.found:
        small = _small(facts, min_grid)
        if head.grid is None:
            yield Silence(head.node, "the size of the map is not known")
        elif max(head.grid) >= min_grid:
            yield Silence(head.node, f"the map has {sides(head.grid)} positions")
        elif len(small) < min_layers:
            yield Silence(head.node, f"{_number(small)} a map as small")
        else:
            yield _finding(facts, head, small, min_grid)


def _number(convs: list[Conv]) -> str:
    return "1 convolution reads" if len(convs) == 1 else f"{len(convs)} convolutions read"


def _small(facts: Facts, min_grid: int) -> list[Conv]:
    """Return the convolutions with a window that read a map below the limit on every axis."""
    return [
        conv
        for conv in facts.convs
        if conv.node.key in facts.topology.trunk
        and not conv.pointwise
        and conv.in_grid
        and max(conv.in_grid) < min_grid
    ]


def _finding(facts: Facts, head: Head, small: list[Conv], min_grid: int) -> Finding:
    grid = head.grid or ()
    advice, finer, more = _remedy(facts, head, grid, min_grid)
    after = facts.macs + more if facts.rescalable and facts.macs is not None else None
    cost = "" if after is None else f", {after:,} instead of {facts.macs:,} MACs at equal widths"
    flat = "" if head.pooled else ", pooled and not flattened"
    return Finding(
        nodes=tuple(conv.node for conv in small),
        message=(
            f"{_number(small)} maps below {sides((min_grid,) * len(grid))}; the "
            f"last map has {sides(grid)} positions"
        ),
        suggestion=f"{advice}: a last map of {sides(finer)}{flat}{cost}; needs retraining",
        evidence={
            "last_grid": grid,
            "threshold": min_grid,
            "layers": len(small),
            "finer_grid": finer,
            "macs_factor": round(after / facts.macs, 2) if after and facts.macs else None,
        },
        saving=Saving(macs=None if after is None else -more, activation_bytes=None),
    )


def _remedy(
    facts: Facts, head: Head, grid: StaticShape, min_grid: int
) -> tuple[str, StaticShape, int]:
    """Return what to change, the last grid that it leaves and the MACs that it adds.

    That is a stem that doesn't downsample, where it is enough, else fewer steps at the end.
    """
    entry, jumps = facts.entry, tuple(axis.jump for axis in head.axes)
    size = facts.input_sides(head) or tuple(
        int(side * jump) for side, jump in zip(grid, jumps, strict=True)
    )
    if entry is not None and max(entry.conv.stride) > 1 and len(entry.jump) == len(jumps):
        finer = _left(size, [jump / less for jump, less in zip(jumps, entry.jump, strict=True)])
        stem = finer_stem(entry, facts.paced)
        if stem is not None and max(finer) >= min_grid:
            pool = " and no pool" if entry.pool else ""
            return f"a {sides(stem.kernel)} stem with stride 1{pool}", finer, stem.more_macs
    most = tuple(_coarsest(jump, side, min_grid) for jump, side in zip(jumps, size, strict=True))
    advice = (
        f"the last strides left out, {steps(tuple(map(int, most)))} pixels for a position "
        f"instead of {steps(tuple(map(int, jumps)))}"
    )
    return advice, _left(size, most), more_macs_without_end(facts.paced, most)


def _left(size: StaticShape, jumps: Sequence[Fraction]) -> StaticShape:
    """Return how many positions a jump leaves."""
    return tuple(max(1, int(side / jump)) for side, jump in zip(size, jumps, strict=True))


def _coarsest(jump: Fraction, side: int, min_grid: int) -> Fraction:
    """Return the largest jump that leaves enough positions, by halves of what it is."""
    while side / jump < min_grid and jump > 1:
        jump /= 2
    return max(jump, Fraction(1))
