"""K109."""

from collections.abc import Iterator
from typing import Annotated

from cnnlint.facts.dataflow import size_in_bytes
from cnnlint.facts.facts import Facts
from cnnlint.facts.layers import Conv, sides
from cnnlint.facts.remedies.splits import Split, long_axis
from cnnlint.lint.finding import Basis, Finding, Fix, Part, Saving, Severity, Silence
from cnnlint.lint.rule import rule


@rule(
    "K109",
    severity=Severity.WARNING,
    basis=Basis.MEASURED,
    fix=Fix.UNSAFE,
    proven="MobileNet",
    since="0.1",
    marks=Part.KERNEL,
)
def spatially_split_depthwise(
    facts: Facts,
    *,
    max_useless: Annotated[int, "longest kernels of which the split is reported"] = 3,
) -> Iterator[Finding | Silence]:
    """Depthwise convolution split into 1x3 and 3x1, which saves next to nothing.

    ## What it does
    Reports two depthwise convolutions in series of 1 x n and n x 1, up to n = `max_useless`, and
    computes what one of n x n costs, and the map between them that it saves. Says whether the
    product of the two kernels gives the same numbers: so it does if nothing lies between, the
    first has no bias and no stride, and the second pads along its own axis only.

    ## Why is this bad?
    Next to the 1x1 convolution that goes with them, depthwise kernels weigh little: split into
    1x3 and 3x1, a separable layer of 256 to 128 channels saves 768 of its 35,072 weights (2.2 %).
    For that it writes and reads one more map: with onnxruntime on CPUs the split layer was
    measured to be as fast as the whole one at best, and 9 % slower at worst.

    ## Example
    `Conv 1x3` and `Conv 3x1`, depthwise on 256 channels of 32x32, cost 1,572,864 MACs and 1,536
    weights; one depthwise 3x3 costs 2,359,296 MACs and 2,304 weights, and a map of 1 MiB less.

    ## When to ignore it
    When the two halves have different tasks, as along the time and the frequency of a
    spectrogram. Longer kernels save more (60 % of the depthwise multiply-adds at n = 5), were not
    measured, and are left alone: hence the default of `max_useless`. So are parallel branches of
    1 x n and n x 1 (InceptionNeXt), kernels of two lengths, maps of unknown size, and pairs with
    a branch or skip connection around one of the two.

    ## References
    - Howard et al., MobileNets, 2017, section 3.1 (its last paragraph)
    """
    member = {conv.node.key: s for s in facts.splits for conv in (s.first, s.second)}
    for conv in facts.convs:
        split = member.get(conv.node.key)
        if split is None or not conv.depthwise:
            yield Silence(conv.node, _unsplit(conv))
        elif split.side > max_useless:
            saved = 1 - split.weights / split.whole_weights
            yield Silence(
                conv.node,
                f"at a length of {split.side} the split saves {saved:.0%} of the weights of "
                f"{sides(split.kernel)}",
            )
        elif conv is split.first:
            yield _finding(facts, split)


def _unsplit(conv: Conv) -> str:
    """Return why a convolution is no part of a depthwise pair."""
    if not conv.depthwise:
        return "it is no depthwise convolution"
    if long_axis(conv) is None:
        return f"its kernel {sides(conv.kernel)} has no window along just one axis"
    return "no depthwise convolution as long on another axis stands in series with it"


def merges_exactly(facts: Facts, split: Split) -> bool:
    """Return whether the product of both kernels gives the same numbers, borders included.

    So it is where nothing lies between, and the second pads nothing but zeros to what, without
    a bias, would be zero there.
    """
    first, second = split.first, split.second
    along = long_axis(first) or 0
    maker = facts.model.producer_of.get(second.node.inputs[0])
    padded = any(pads[along] for pads in second.pads)
    return maker is first.node and not first.bias and not padded and set(first.stride) == {1}


def _finding(facts: Facts, split: Split) -> Finding:
    first, second, whole = split.first, split.second, sides(split.kernel)
    extra = size_in_bytes(split.between, facts.model.value(first.node.outputs[0]).dtype)
    exact = merges_exactly(facts, split)
    return Finding(
        nodes=(first.node, second.node),
        message=(
            f"depthwise {whole} on {first.cin} channels split into {sides(first.kernel)} and "
            f"{sides(second.kernel)}"
        ),
        suggestion=(
            f"one depthwise Conv {whole}: {split.whole_macs:,} instead of {split.macs:,} MACs "
            f"and {split.whole_weights:,} instead of {split.weights:,} weights, but one pass over "
            f"the map less; "
            + ("the product of both kernels keeps the numbers" if exact else "needs retraining")
        ),
        evidence={
            "kernels": (sides(first.kernel), sides(second.kernel)),
            "macs": split.macs,
            "whole_macs": split.whole_macs,
            "exact": exact,
        },
        saving=Saving(
            macs=split.macs - split.whole_macs,
            params=split.weights - split.whole_weights,
            activation_bytes=extra,
        ),
        fix=Fix.SAFE if exact else Fix.UNSAFE,
    )
