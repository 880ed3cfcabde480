"""K107."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Annotated

from cnnlint.facts.dataflow import size_in_bytes
from cnnlint.facts.facts import Facts
from cnnlint.facts.layers import Conv, sides
from cnnlint.lint.finding import Basis, Finding, Fix, Part, Saving, Severity, Silence
from cnnlint.lint.rule import rule


@rule(
    "K107",
    severity=Severity.NOTE,
    basis=Basis.COMPUTED,
    fix=Fix.UNSAFE,
    proven="ResNet-50",
    since="0.1",
    marks=Part.CHANNELS,
)
def missing_bottleneck(
    facts: Facts,
    *,
    min_cin: Annotated[int, "layers that read fewer channels are left alone"] = 128,
    min_saving: Annotated[float, "share of the layer's MACs that a bottleneck must save"] = 0.5,
    min_mac_share: Annotated[
        float, "layers with a smaller share of the model's MACs are left alone"
    ] = 0.03,
) -> Iterator[Finding | Silence]:
    """Dense convolution on many channels without a 1x1 convolution in front of it.

    ## What it does
    Reports dense convolutions larger than 1x1 that read at least `min_cin` channels, not straight
    from a 1x1 convolution (activations, pooling and gates may lie between), take at least
    `min_mac_share` of the model's MACs, and would save `min_saving` of their own behind a 1x1
    that leaves a half, a quarter or an eighth of the channels (rounded down to a multiple of 16,
    at least 16). It suggests the widest of these that saves enough. One finding a model, with all
    such layers, the largest saving first.

    ## Why is this bad?
    A k x k convolution costs k² cin cout multiply-adds a position. Behind a 1x1 that leaves r
    channels, both together cost cin r + k² r cout (at stride 1), which is less for every
    r < k² cin cout / (cin + k² cout).

    ## Example
    On a 32x32 map a `Conv 3x3 256->128` costs 301,989,888 MACs; a 1x1 to 64 channels and a
    `Conv 3x3 64->128` cost 92,274,688, 3.27 times less, and 90,112 instead of 294,912 weights.

    ## When to ignore it
    Residual networks of two 3x3 a block (ResNet-18) and plain ones (VGG) do this and work: the
    note is an opportunity, not a fault. A narrow middle also loses information; whether that
    matters can't be seen in a file. Layers behind a 1x1 of any width are left alone, since that
    is where their width was chosen (but not behind an Add or Concat that a 1x1 feeds); so are
    stems, patches (stride = kernel), grouped and transposed convolutions, and models of which
    the MACs are not known. All limits are house values.

    ## References
    - He et al., Deep Residual Learning for Image Recognition, 2016, section 4.1 and figure 5
    - Szegedy et al., Going Deeper with Convolutions, 2015, section 4
    """
    found = []
    for conv in facts.convs:
        share = facts.share(facts.macs_of(conv.node))
        reason = _exemption(facts, conv)
        if reason is None and conv.cin < min_cin:
            reason = f"it reads {conv.cin} channels, fewer than {min_cin}"
        if reason is None and share is None:
            reason = "the model's MACs are not known"
        if reason is None and share is not None and share < min_mac_share:
            reason = f"it takes {share:.1%} of the model's MACs, less than {min_mac_share:.0%}"
        bottleneck = None if reason else widest_bottleneck(conv, min_saving)
        if bottleneck is None:
            yield Silence(conv.node, reason or f"no 1x1 in front saves {min_saving:.0%}")
        else:
            found.append(bottleneck)
    if found:
        found.sort(key=lambda b: b.saved_macs, reverse=True)
        yield _finding(facts, found)


@dataclass(frozen=True, slots=True)
class Bottleneck:
    """A convolution and a 1x1 in front of it that leaves ``width`` channels."""

    conv: Conv
    width: int
    macs: int
    direct_macs: int

    @property
    def saved_macs(self) -> int:
        """MACs saved at the bound shapes."""
        return self.direct_macs - self.macs

    @property
    def saved_weights(self) -> int:
        """Weights saved, biases not counted."""
        conv = self.conv
        return conv.weights - self.width * (conv.cin + prod(conv.kernel) * conv.cout)

    @property
    def extra_numbers(self) -> int:
        """Numbers in the additional map."""
        return self.width * prod(self.conv.in_shape or ()) // self.conv.cin


def widest_bottleneck(conv: Conv, min_saving: float) -> Bottleneck | None:
    """Return the widest of a half, a quarter, an eighth that saves enough; None if none does."""
    if conv.in_shape is None or conv.out_shape is None:
        return None
    direct = prod(conv.out_shape) * conv.cin * prod(conv.kernel)
    for divisor in (2, 4, 8):
        width = max(16, conv.cin // divisor // 16 * 16)
        macs = width * (prod(conv.in_shape) + prod(conv.kernel) * prod(conv.out_shape))
        if direct - macs >= min_saving * direct:
            return Bottleneck(conv, width, macs, direct)
    return None


def _exemption(facts: Facts, conv: Conv) -> str | None:
    """Return what about a layer itself keeps the rule silent, None where nothing does."""
    if conv.groups > 1 or conv.transposed or conv.pointwise or conv.patchify:
        return "it is 1x1, grouped or transposed, or cuts patches"
    if conv.node.key in facts.stems:
        return "it is a stem"
    makers = (facts.weighted.get(node.key) for node in facts.upstream(conv.node.inputs[0]))
    maker = next((layer for layer in makers if layer is not None), None)
    if isinstance(maker, Conv) and maker.pointwise:
        return f"it stands behind a 1x1, {maker.cin}->{maker.cout} channels"
    return None


def _finding(facts: Facts, found: Sequence[Bottleneck]) -> Finding:
    first = found[0]
    conv = first.conv
    least, most = min(b.conv.cin for b in found), max(b.conv.cin for b in found)
    channels = f"{least} to {most}" if least < most else str(most)
    reads = "convolution reads" if len(found) == 1 else f"{len(found)} convolutions read"
    dtype = facts.model.value(conv.node.outputs[0]).dtype
    extra = size_in_bytes(sum(b.extra_numbers for b in found), dtype)
    return Finding(
        nodes=tuple(b.conv.node for b in found),
        message=f"{reads} {channels} channels without a 1x1 in front",
        suggestion=(
            f"reduce the channels first: Conv 1x1 {conv.cin}->{first.width} and "
            f"Conv {sides(conv.kernel)} {first.width}->{conv.cout} in place of {conv.node.path}, "
            f"{first.macs:,} instead of {first.direct_macs:,} MACs; needs retraining"
        ),
        evidence={
            "layers": len(found),
            "cin": tuple(b.conv.cin for b in found),
            "bottleneck": tuple(b.width for b in found),
            "macs": tuple(b.direct_macs for b in found),
            "bottleneck_macs": tuple(b.macs for b in found),
        },
        saving=Saving(
            macs=sum(b.saved_macs for b in found),
            params=sum(b.saved_weights for b in found),
            activation_bytes=None if extra is None else -extra,
        ),
    )
