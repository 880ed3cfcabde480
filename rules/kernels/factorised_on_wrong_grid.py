"""K110."""

from collections.abc import Iterator, Sequence
from typing import Annotated

from cnnlint.facts.dataflow import size_in_bytes
from cnnlint.facts.facts import Facts
from cnnlint.facts.layers import sides
from cnnlint.facts.remedies.splits import Split
from cnnlint.lint.finding import Basis, Finding, Fix, Part, Saving, Severity, Silence
from cnnlint.lint.rule import rule


@rule(
    "K110",
    severity=Severity.NOTE,
    basis=Basis.COMPUTED,
    fix=Fix.UNSAFE,
    proven="MobileNet",
    since="0.1",
    marks=Part.KERNEL,
)
def factorised_on_wrong_grid(
    facts: Facts,
    *,
    min_kernel: Annotated[
        int, "length from which on a split is judged by the size of its map"
    ] = 5,
    max_grid: Annotated[int, "largest side of a map on which long splits are left alone"] = 35,
) -> Iterator[Finding | Silence]:
    """Dense convolution split into 1 x n and n x 1 where that saves little or is known to fail.

    ## What it does
    Reports dense convolutions of 1 x n and n x 1 in series: with n below `min_kernel` on every
    map, from `min_kernel` on only where a side of the map is above `max_grid`. It computes what
    one n x n costs, and what a depthwise n x n and a 1x1 cost; pairs of which these two would not
    take fewer MACs are left alone. One finding a model, with all such pairs, the largest saving
    first.

    ## Why is this bad?
    On C channels the split takes 2 n C² multiply-adds a position instead of n² C²: a third less
    at n = 3, 71 % less at n = 7. At n = 3 other layers save more: depthwise 3x3 and 1x1 take
    (9 + C) C where the split takes 6 C². Szegedy et al. found the split to work on maps of
    medium size (12 to 20), and not in early layers.

    ## Example
    On 32x32 a `Conv 1x3 64->64` and a `Conv 3x1 64->64` cost 25,165,824 MACs; one `Conv 3x3`
    costs 37,748,736, and depthwise 3x3 and 1x1 cost 4,784,128.

    ## When to ignore it
    When the network is trained and fast enough: Inception-ResNet-v2 and ERFNet are split like
    this and work. Parallel branches of 1 x n and n x 1, splits of time and space (1x3x3 and
    3x1x1), kernels of two lengths, grouped layers (K109 has the depthwise ones), maps of unknown
    size, and pairs with a branch or skip connection around one of the two are left alone. The
    limits are house values; Inception-v3 has its long splits on 17x17.

    ## References
    - Szegedy et al., Rethinking the Inception Architecture for Computer Vision, 2016, section 3.2
    """
    member = {conv.node.key: s for s in facts.splits for conv in (s.first, s.second)}
    found = []
    for conv in facts.convs:
        split = member.get(conv.node.key)
        reason = _exemption(split, min_kernel, max_grid)
        if reason:
            yield Silence(conv.node, reason)
        elif split and conv is split.first:
            found.append(split)
    if found:
        found.sort(key=lambda s: s.macs - s.separable_macs, reverse=True)
        yield _finding(facts, found)


def _exemption(split: Split | None, min_kernel: int, max_grid: int) -> str | None:
    """Return why nothing is said about a layer, None where something is."""
    if split is None or split.depthwise:
        return "it is no half of a dense 1 x n and n x 1 in series"
    grid = split.second.grid or ()
    if split.side >= min_kernel and max(grid) <= max_grid:
        return f"length {split.side} is split on a map of {sides(grid)}, no larger than {max_grid}"
    if split.separable_macs >= split.macs:
        return (
            f"a depthwise {sides(split.kernel)} and a 1x1 would cost "
            f"{split.separable_macs / split.macs:.1f}x the MACs"
        )
    return None


def _finding(facts: Facts, found: Sequence[Split]) -> Finding:
    split = found[0]
    first, second, whole = split.first, split.second, sides(split.kernel)
    pair = f"{sides(first.kernel)} and {sides(second.kernel)}"
    single = len(found) == 1
    count = f"{whole} split into {pair}" if single else f"{len(found)} splits like {pair}"
    saved = 1 - sum(s.macs for s in found) / sum(s.whole_macs for s in found)
    worth = f"{saved:.0%}" if saved > 0 else "nothing"
    dtype = facts.model.value(first.node.outputs[0]).dtype
    between = size_in_bytes(sum(s.between for s in found), dtype)
    separable = size_in_bytes(sum(s.separable_between for s in found), dtype)
    return Finding(
        nodes=tuple(conv.node for s in found for conv in (s.first, s.second)),
        message=f"{count}: saves {worth} of the MACs of {whole if single else 'n x n'}",
        suggestion=(
            f"depthwise Conv {whole} and Conv 1x1 {first.cin}->{second.cout} in place of "
            f"{first.node.path} and {second.node.path}: {split.separable_macs:,} instead of "
            f"{split.macs:,} MACs; one Conv {whole} costs {split.whole_macs:,}; needs retraining"
        ),
        evidence={
            "pairs": len(found),
            "lengths": tuple(s.side for s in found),
            "grids": tuple(sides(s.second.grid or ()) for s in found),
            "macs": tuple(s.macs for s in found),
            "separable_macs": tuple(s.separable_macs for s in found),
            "whole_macs": tuple(s.whole_macs for s in found),
        },
        saving=Saving(
            macs=sum(s.macs - s.separable_macs for s in found),
            params=sum(s.weights - s.separable_weights for s in found),
            activation_bytes=(
                None if between is None or separable is None else between - separable
            ),
        ),
    )
