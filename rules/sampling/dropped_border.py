"""P404."""

from collections.abc import Iterator, Sequence
from math import prod
from typing import Annotated

from cnnlint.facts.dataflow import size_in_bytes, total
from cnnlint.facts.facts import Facts
from cnnlint.facts.layers import Conv, Pool, sides, steps
from cnnlint.facts.reach.resized import is_open, spatial_inputs
from cnnlint.facts.sampling.border import Border, far_border, worst_axis
from cnnlint.facts.sampling.coverage import read_whole
from cnnlint.lint.finding import Basis, Finding, Fix, Part, Saving, Severity, Silence
from cnnlint.lint.rule import rule

MAX_NAMED = 3
"""How many layers the suggestion names."""


@rule(
    "P404",
    severity=Severity.NOTE,
    basis=Basis.COMPUTED,
    fix=Fix.UNSAFE,
    proven="VGG (every side a multiple of the stride)",
    since="0.1",
    marks=Part.STRIDE,
)
def dropped_border(
    facts: Facts,
    *,
    max_levels: Annotated[int, "on up to so many sizes of maps it is only a note"] = 2,
    max_share: Annotated[float, "share of an axis up to which it is only a note"] = 0.02,
) -> Iterator[Finding | Silence]:
    """Last rows or columns of a map that no window of a strided layer reaches.

    ## What it does
    Looks where the last window of each convolution and pooling layer with a stride ends, and
    reports all layers that leave rows or columns at the far border unread, as one finding.
    Padding, also by a Pad in front, is no part of the map. The finding is a note. It is a warning
    where layers do so on maps of more than `max_levels` sizes, or drop more than `max_share` of
    an axis in all; maps that another layer reads whole don't count for that, and a size of the
    image that the file leaves open and that was assumed keeps it a note. Both limits are house
    values: SqueezeNet at 224x224, which drops 1 row and 1 column of 224, stays below them.

    ## Why is this bad?
    What was computed there is thrown away, and the map is no longer centred on the image: all
    that is dropped lies at the bottom and at the right.

    ## Example
    `MaxPool 2x2 s2` on 11x11 gives 5x5 and never reads the last row and column, 9.1 % of the
    axis: a warning. With `ceil_mode` it reads them and gives 6x6.

    ## When to ignore it
    When the input has another size than the one that was analysed, or nothing of interest lies
    at that border; a file doesn't show it. Positions between two windows belong to P401, those
    that a 1x1 steps over to P402 and P403.

    ## References
    - Dumoulin and Visin, A guide to convolution arithmetic for deep learning, 2016
    """
    found = []
    for layer in facts.layers.values():
        if not isinstance(layer, Conv | Pool) or max(layer.stride, default=1) == 1:
            continue
        border = far_border(facts.model, layer)
        if isinstance(border, str):
            yield Silence(layer.node, border)
        else:
            found.append(border)
    if found:
        yield _finding(facts, found, max_levels, max_share)


def _finding(facts: Facts, found: Sequence[Border], max_levels: int, max_share: float) -> Finding:
    dropping = facts.partly_read.keys() | {border.layer.node.key for border in found}
    kept = read_whole(facts.model, facts.nodes, dropping)
    lost = [border for border in found if border.layer.node.inputs[0] not in kept]
    levels, share = worst_axis(found)
    lost_levels, lost_share = worst_axis(lost)
    loud = lost_levels > max_levels or lost_share > max_share
    loud = loud and not _is_assumed(facts)
    several = len(found) > 1
    many = f"{len(found)} layers leave" if several else "leaves"
    in_all = " in all" if several else ""
    return Finding(
        nodes=tuple(border.layer.node for border in found),
        message=f"{many} the far border of the map unread: {share:.1%} of an axis{in_all}",
        suggestion=f"{_remedy(facts, found)}; needs retraining",
        evidence={
            "layers": len(found),
            "levels": levels,
            "share": round(share, 4),
            "unread": found[0].unread,
        },
        saving=Saving(
            macs=_more(facts, found),
            activation_bytes=_larger(facts, found),
            receptive_field=None,
        ),
        severity=Severity.WARNING if loud else None,
    )


def _is_assumed(facts: Facts) -> bool:
    """Return whether the file leaves a side of its images open, and nobody said how long it is."""
    assumed = {text.partition(" = ")[0] for text in facts.model.assumptions}
    images = spatial_inputs(facts.model, facts.receptive)
    return any(
        is_open(entry, axis) and (entry.declared or ())[axis] in assumed
        for entry, axes in images
        for axis in axes
    )


def _remedy(facts: Facts, found: Sequence[Border]) -> str:
    """Return what makes the layers read their whole maps."""
    inputs = {entry.name for entry in facts.model.inputs}
    words = []
    for border in found[:MAX_NAMED]:
        how = "ceil_mode" if isinstance(border.layer, Pool) else "more padding at the end"
        path, unread = border.layer.node.path, steps(border.unread)
        one = f"{path} with {how} reads the last {unread} of {sides(border.size)}"
        if border.layer.node.inputs[0] in inputs:
            enough = sides(tuple(map(int.__sub__, border.size, border.unread)))
            one += f" (without, an input of {enough} gives the same)"
        words.append(f"{one} and gives a map of {sides(border.grid)}")
    rest = len(found) - MAX_NAMED
    return ", ".join(words) + (f", and {rest} more" if rest > 0 else "")


def _more(facts: Facts, found: Sequence[Border]) -> int | None:
    """Return the MACs that the layers save with a window more: less than none."""
    costs = []
    for border in found:
        macs = facts.macs_of(border.layer.node)
        now = prod((border.layer.out_shape or ())[2:])
        costs.append(None if macs is None else macs - macs * prod(border.grid) // max(1, now))
    return total(costs)


def _larger(facts: Facts, found: Sequence[Border]) -> int | None:
    """Return the bytes that their maps save: less than none."""
    costs = []
    for border in found:
        shape, name = border.layer.out_shape or (), border.layer.node.outputs[0]
        more = prod(shape[:2]) * (prod(border.grid) - prod(shape[2:]))
        size = size_in_bytes(more, facts.model.value(name).dtype)
        costs.append(None if size is None else -size)
    return total(costs)
