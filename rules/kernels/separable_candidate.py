"""K108."""

from collections.abc import Iterator, Sequence
from math import prod
from typing import Annotated

from cnnlint.facts.dataflow import size_in_bytes, total
from cnnlint.facts.facts import Facts
from cnnlint.facts.layers import Conv, sides
from cnnlint.facts.remedies.separable import Separable
from cnnlint.lint.finding import Basis, Finding, Fix, Part, Saving, Severity, Silence
from cnnlint.lint.rule import rule

SMALLEST = 3
"""Smallest kernel side: of less there is little to separate."""
MIN_DEPTHWISE = 3
"""A model of as many depthwise convolutions is built of them."""


@rule(
    "K108",
    severity=Severity.NOTE,
    basis=Basis.COMPUTED,
    fix=Fix.UNSAFE,
    proven="MobileNet",
    since="0.1",
    marks=Part.KERNEL,
)
def separable_candidate(
    facts: Facts,
    *,
    min_channels: Annotated[int, "layers with fewer channels on either side are left alone"] = 64,
    min_mac_share: Annotated[
        float, "layers with a smaller share of the model's MACs are left alone"
    ] = 0.03,
    max_depthwise_share: Annotated[
        float, "share of the model's MACs in depthwise layers from which on it is built of them"
    ] = 0.05,
    min_odd_share: Annotated[
        float, "least share of a dense layer in a model that is built of depthwise ones"
    ] = 0.10,
    min_odd_channels: Annotated[int, "least channels on either side of such a layer"] = 16,
) -> Iterator[Finding | Silence]:
    """Dense convolution where a depthwise and a 1x1 convolution take a fraction of its MACs.

    ## What it does
    Reports dense convolutions of 3x3 and larger with at least `min_channels` channels in and out
    and `min_mac_share` of the model's MACs, and computes what a depthwise convolution of that
    kernel followed by a 1x1 costs. Where `max_depthwise_share` of the MACs and more are in
    depthwise layers, the model is built of them, and only the odd one out is reported: a dense
    layer with `min_odd_share` of the MACs beside three or more depthwise ones. For such a layer
    `min_odd_channels` channels are enough if depthwise layers are at least twice as many as
    dense ones of this kind. One finding a model, with all such layers, the largest saving first.

    ## Why is this bad?
    A depthwise k x k and a 1x1 convolution see what the dense one sees, for 1/cout + 1/k² of its
    multiply-adds and weights. They take more time than that says: with onnxruntime on a CPU a
    multiply-add of a depthwise 3x3 was measured to take 4.6 times that of a dense one, and the
    estimate in `time_ratio` allows for it.

    ## Example
    On a 32x32 map a `Conv 3x3 256->128` costs 301,989,888 MACs and 294,912 weights; depthwise
    3x3 and 1x1 cost 35,913,728 MACs and 35,072 weights, 8.4 times fewer, in an estimated 6.8
    times less time (6.3 was measured).

    ## When to ignore it
    When accuracy matters more than cost, or the model runs on a GPU, where dense 3x3 kernels
    are fast for their MACs: VGG and ResNet are dense and work, so this is a note. Stems, patches,
    kernels that cover their map, gates, grouped and transposed convolutions, and models of
    which the MACs are not known are left alone. The default shares and channels are house
    values: they find what is worth a look, and nothing was measured that sets them.

    ## References
    - Howard et al., MobileNets, 2017, section 3.1
    - Chollet, Xception: Deep Learning with Depthwise Separable Convolutions, 2017
    """
    depthwise = [conv for conv in facts.convs if conv.depthwise and not conv.pointwise]
    share = facts.share(total(facts.macs_of(conv.node) for conv in depthwise))
    exemptions = [_exemption(facts, conv) for conv in facts.convs]
    mostly = len(depthwise) >= 2 * exemptions.count(None)
    found = []
    for conv, exemption in zip(facts.convs, exemptions, strict=True):
        own, reason = facts.share(facts.macs_of(conv.node)), exemption
        if reason is None and (not own or share is None):
            reason = "its share of the MACs is not known"
        elif reason is None and own is not None and share is not None:
            odd = len(depthwise) >= MIN_DEPTHWISE and own >= min_odd_share
            least = min_odd_channels if odd and mostly else min_channels
            if min(conv.cin, conv.cout) < least:
                reason = f"it has {conv.cin}->{conv.cout} channels, fewer than {least}"
            elif own < min_mac_share:
                reason = f"it takes {own:.1%} of the model's MACs, less than {min_mac_share:.0%}"
            elif share >= max_depthwise_share and not odd:
                reason = (
                    f"{len(depthwise)} depthwise layers take {share:.1%} of the model's MACs, "
                    f"and it takes {own:.1%}"
                )
        if reason:
            yield Silence(conv.node, reason)
        else:
            found.append(Separable(conv))
    if found:
        found.sort(key=lambda s: s.dense_macs - s.macs, reverse=True)
        yield _finding(facts, found, share or 0.0)


def _exemption(facts: Facts, conv: Conv) -> str | None:
    """Return what about a layer itself keeps the rule silent, None where nothing does."""
    kernel = sides(conv.kernel)
    reasons = {
        "it is depthwise, grouped or transposed": conv.groups > 1 or conv.transposed,
        f"its kernel is {kernel}: there is little to separate": min(conv.kernel) < SMALLEST,
        "it is a stem": conv.node.key in facts.stems,
        "it is part of a gate, or leads to no output": conv.node.key not in facts.topology.trunk,
        f"it cuts patches of {kernel}": conv.patchify,
        "its kernel covers the whole map": conv.grid is not None and prod(conv.grid) == 1,
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def _finding(facts: Facts, found: Sequence[Separable], depthwise_share: float) -> Finding:
    first = found[0]
    conv = first.conv
    dense, separable = sum(s.dense_macs for s in found), sum(s.macs for s in found)
    count = "dense convolution" if len(found) == 1 else f"{len(found)} dense convolutions"
    kernel = sides(conv.kernel)
    dtype = facts.model.value(conv.node.outputs[0]).dtype
    extra = size_in_bytes(sum(s.conv.cin * s.positions for s in found), dtype)
    return Finding(
        nodes=tuple(s.conv.node for s in found),
        message=(
            f"{count} where depthwise and 1x1 ones take {dense / separable:.1f} times fewer MACs"
        ),
        suggestion=(
            f"depthwise Conv {kernel} on {conv.cin} channels and Conv 1x1 {conv.cin}->{conv.cout} "
            f"in place of {conv.node.path}: {first.macs:,} instead of {first.dense_macs:,} MACs, "
            f"{first.weights:,} instead of {conv.weights:,} weights; needs retraining"
        ),
        evidence={
            "layers": len(found),
            "macs": tuple(s.dense_macs for s in found),
            "separable_macs": tuple(s.macs for s in found),
            "separable_weights": tuple(s.weights for s in found),
            "time_ratio": round(dense / sum(s.time for s in found), 1),
            "depthwise_share": round(depthwise_share, 4),
        },
        saving=Saving(
            macs=dense - separable,
            params=sum(s.conv.weights - s.weights for s in found),
            activation_bytes=None if extra is None else -extra,
        ),
    )
