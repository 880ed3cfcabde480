"""P405."""

from collections.abc import Iterator
from fractions import Fraction
from math import prod
from typing import Annotated

from cnnlint.facts.dataflow import total
from cnnlint.facts.facts import Facts
from cnnlint.facts.layers import Conv, Pool, sides, steps
from cnnlint.facts.reach.receptive import Axis
from cnnlint.facts.structure.opening import START, is_window, layers_before, passed
from cnnlint.lint.finding import Basis, Finding, Fix, Part, Saving, Severity, Silence
from cnnlint.lint.rule import rule

ORDINALS = {1: "1st", 2: "2nd", 3: "3rd"}
MIN_CONVOLVED = 0.5
"""Share of the MACs below which convolutions only prepare what other layers work on."""


@rule(
    "P405",
    severity=Severity.WARNING,
    basis=Basis.HEURISTIC,
    fix=Fix.UNSAFE,
    proven="VGG (half the side there)",
    since="0.1",
    marks=Part.STRIDE,
)
def early_downsampling(
    facts: Facts,
    *,
    convolution: Annotated[int, "which convolution with a window is looked at"] = 3,
    max_jump: Annotated[int, "input pixels between its positions from which on it is early"] = 16,
    min_input: Annotated[int, "side of the input below which nothing is said"] = 64,
) -> Iterator[Finding | Silence]:
    """Most of the resolution is gone before the first few convolutions have seen it.

    ## What it does
    Looks at the `convolution`-th convolution with a window (kernel above 1) on the longest path
    from the input, and reports it where neighbours in its output lie `max_jump` or more input
    pixels apart on two axes: its own stride and those of all layers before it, multiplied. Says
    which share of the MACs of the convolutions lies at which distance, and about how much it
    costs to move one of the strides behind that convolution.
    The limits are house values: of published networks at 224x224 most stand at 1 to 4 there,
    some at 8, and AlexNet at 16.

    ## Why is this bad?
    What the first layers throw away no later layer gets back: edges and texture are found at
    full resolution. Iandola et al. expect higher accuracy of downsampling late, all else being
    equal; it costs more MACs.

    ## Example
    AlexNet takes 224x224 to 13x13 with `Conv 11x11 s4` and two pools before its third
    convolution. With stride 2 in the first one, and a stride of 2 behind the third, the three
    have 4 times the positions and cost about 1,219,097,664 MACs more (406,365,888 now).

    ## When to ignore it
    When speed counts most, or objects are large and coarse; a file doesn't show it. Inputs with
    a side below `min_input`, networks that begin with patches (stride = kernel), and blocks whose
    branches join before that convolution (PoolFormer) are left alone, and so are gates, pixels
    that are only rearranged, and signals with one axis, such as sound. Where convolutions do
    less than half of the MACs, they make the patches that attention works on.

    ## References
    - Iandola et al., SqueezeNet, 2016, section 3.1 (downsample late)
    - Szegedy et al., Rethinking the Inception Architecture for Computer Vision, 2016, section 2
    """
    patches = [conv for conv in facts.convs if conv.node.key in facts.stems and conv.patchify]
    if patches:
        yield Silence(None, f"the network begins with patches of {sides(patches[0].kernel)}")
        return
    convolved = facts.share(total(facts.macs_of(conv.node) for conv in facts.convs))
    if convolved is not None and convolved < MIN_CONVOLVED:
        reason = f"convolutions do {convolved:.0%} of the MACs: they make patches for the others"
        yield Silence(None, reason)
        return
    edges = facts.activations.gate_edges
    seen = passed(facts.nodes, facts.layers, facts.activations.of, edges)
    for conv in facts.convs:
        before = seen.get(conv.node.inputs[0], START)
        if not is_window(conv) or before.windows != convolution - 1:
            continue
        if conv.node.key not in facts.topology.trunk:
            yield Silence(conv.node, "it makes a gate, not the main path")
            continue
        jumps, wide = _jumps(facts, conv), _input_sides(facts, conv)
        early = [n for n, jump in zip(wide, jumps, strict=True) if jump >= max_jump]
        if len(early) < 2:
            yield Silence(conv.node, f"its positions lie {_shown(jumps)} input pixels apart")
        elif sum(n >= min_input for n in early) < 2:
            yield Silence(conv.node, f"the input has {sides(wide)} pixels, fewer than {min_input}")
        elif before.joined:
            yield Silence(conv.node, "branches have joined before it: it opens a later stage")
        elif not (strided := _strided(facts, conv)):
            yield Silence(conv.node, "no layer before it has a stride: pixels are rearranged")
        else:
            yield _finding(facts, conv, strided, convolution)
            return


def _axes(facts: Facts, conv: Conv) -> list[Axis]:
    """Return the spatial axes of a convolution's output, in the order of the input."""
    reach = facts.receptive.get(conv.node.outputs[0])
    axes = [axis for axis in reach.axes if axis] if reach else []
    return sorted(axes, key=lambda axis: axis.origin)


def _jumps(facts: Facts, conv: Conv) -> tuple[Fraction, ...]:
    return tuple(axis.jump for axis in _axes(facts, conv))


def _input_sides(facts: Facts, conv: Conv) -> tuple[int, ...]:
    """Return the sides of the input along the axes of a convolution's output, 0 if unknown."""
    shapes = [entry.bound or () for entry in facts.model.inputs]
    sizes = [
        [shape[axis.origin] or 0 for shape in shapes if axis.origin < len(shape)]
        for axis in _axes(facts, conv)
    ]
    return tuple(max(each, default=0) for each in sizes)


def _shown(jumps: tuple[Fraction, ...]) -> str:
    return "x".join(map(str, dict.fromkeys(jumps))) if jumps else "an unknown number of"


def _strided(facts: Facts, conv: Conv) -> list[Conv | Pool]:
    """Return the layers with a stride up to a convolution, in execution order."""
    before = layers_before(facts.model, facts.layers, conv.node)
    windows = [layer for layer in before if isinstance(layer, Conv | Pool)]
    return [layer for layer in windows if max(layer.stride, default=1) > 1]


def _finding(facts: Facts, conv: Conv, strided: list[Conv | Pool], convolution: int) -> Finding:
    first = max(strided, key=lambda layer: prod(layer.stride))
    half = tuple(max(1, step // 2) for step in first.stride)
    moved = tuple(step // less for step, less in zip(first.stride, half, strict=True))
    before = layers_before(facts.model, facts.layers, conv.node)
    now = total(facts.macs_of(layer.node) for layer in before[before.index(first) :])
    more = None if now is None else now * (prod(moved) - 1)
    cost = "" if more is None else f", for about {more:,} more MACs up to there ({now:,} now)"
    jumps = _jumps(facts, conv)
    return Finding(
        nodes=(*(layer.node for layer in strided if layer is not conv), conv.node),
        message=(
            f"the {ORDINALS.get(convolution, f'{convolution}th')} convolution with a window has "
            f"its positions {_shown(jumps)} input pixels apart already{_spread(facts)}"
        ),
        suggestion=(
            f"stride {steps(half)} at {first.node.path}, and a stride of {steps(moved)} behind "
            f"{conv.node.path}: the layers between see {prod(moved)} times the positions{cost}; "
            "needs retraining"
        ),
        evidence={
            "jump": tuple(int(jump) for jump in jumps),
            "convolution": convolution,
            "grid": conv.grid,
            "macs_until_then": now,
        },
        saving=Saving(
            macs=None if more is None else -more, activation_bytes=None, receptive_field=None
        ),
    )


def _spread(facts: Facts) -> str:
    """Return how the MACs of the convolutions are spread over the sizes of maps, in words."""
    levels: dict[Fraction, int] = {}
    for conv in facts.convs:
        jumps, macs = _jumps(facts, conv), facts.macs_of(conv.node)
        if not jumps or macs is None:
            return ""
        levels[max(jumps)] = levels.get(max(jumps), 0) + macs
    every = max(1, sum(levels.values()))
    shares = (f"{macs / every:.0%} at {jump}" for jump, macs in sorted(levels.items()))
    return f"; MACs of the convolutions by that distance: {', '.join(shares)}"
