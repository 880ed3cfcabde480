"""W801."""

from collections import Counter
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Annotated

from cnnlint.facts.facts import Facts
from cnnlint.facts.layers import Conv
from cnnlint.facts.structure.hidden import hidden_nodes
from cnnlint.lint.finding import Basis, Finding, Fix, Part, Saving, Severity, Silence
from cnnlint.lint.rule import rule
from cnnlint.model.graph import Key

NAMED = 5
"""Widths that a suggestion names."""
ALLOWED_LOSS = 0.1
"""How much of its width a layer may lose by rounding down (MobileNet's own code)."""


@rule(
    "W801",
    severity=Severity.WARNING,
    basis=Basis.MEASURED,
    fix=Fix.SAFE,
    proven="MobileNetV2",
    since="0.1",
    marks=Part.CHANNELS,
)
def channel_misalignment(
    facts: Facts,
    *,
    multiple: Annotated[int, "channel counts should be multiples of this"] = 8,
    min_channels: Annotated[int, "convolutions with fewer output channels are left alone"] = 5,
    min_waste: Annotated[
        float, "what padding adds to the convolutions' MACs, from which on it is a warning"
    ] = 0.05,
) -> Iterator[Finding | Silence]:
    """Hidden channel counts that no vector unit divides evenly.

    ## What it does
    Reports, in one finding, the convolutions with a number of output channels that is no multiple
    of `multiple`, where another layer with weights goes on from their result. Where kernels
    work on blocks of 8 channels, c channels are computed as ceil(c/8)*8, which adds
    ceil(c/8)*8/c - 1 to the MACs of a layer, taken for the worse of its input and output
    channels. A warning if that adds `min_waste` to the MACs of all convolutions, else a note.

    ## Why is this bad?
    Many kernels work on blocks of 8 or 16 channels, and NVIDIA asks for multiples of 8 in half
    precision. What is left over takes a whole block, or a slow path: with 65 channels in and out
    a 3x3 convolution on 28x28 was measured to take at least 1.3 times as long as with 64, and
    with 63 at least 1.2 times (onnxruntime, AVX-512, one thread). There a multiple of 4 was as
    good (60 channels took as long as 64); elsewhere it isn't.

    ## Example
    In `Conv 3x3 60->60` 60 channels are padded to 64, which adds 6.7 % to its MACs; 65 channels
    padded to 72 add 10.8 %.

    ## When to ignore it
    When the file runs where blocks are smaller: set `multiple`, or measure. The image, gates,
    offsets and boxes, and convolutions with no other layer between them and an output are left
    alone, and so is what has fewer than `min_channels` output channels: coordinates, masks,
    colours. Padding weights with zeros keeps the numbers, but a wider layer need not be faster:
    measure it. `min_channels` and `min_waste` are house values.

    ## References
    - Sandler et al., MobileNetV2, 2018 (its code rounds widths to multiples of 8)
    - NVIDIA, Deep Learning Performance: Convolutional Layers User's Guide
    """
    judged = [c for c in facts.convs if c.node.key in facts.topology.trunk]
    hidden = hidden_nodes(facts)
    odd = [
        conv
        for conv in judged
        if conv.node.key in hidden and conv.cout >= min_channels and conv.cout % multiple
    ]
    chosen = {conv.node.key for conv in odd}
    for conv in facts.convs:
        if conv.cout % multiple and conv.node.key not in chosen:
            yield Silence(conv.node, _exemption(conv, hidden, min_channels))
    if not odd:
        said = f"every hidden convolution has a multiple of {multiple} channels"
        yield Silence(None, said if judged else "there are no convolutions")
        return
    costs = {conv.node.key: facts.macs_of(conv.node) or 0 for conv in judged}
    wasted = {
        conv.node.key: costs[conv.node.key] * _waste(facts, conv, multiple, hidden)
        for conv in judged
    }
    share = sum(wasted.values()) / sum(costs.values()) if all(costs.values()) else None
    odd.sort(key=lambda conv: -wasted[conv.node.key])
    severity = Severity.WARNING if share is not None and share >= min_waste else Severity.NOTE
    yield _finding(odd, multiple, share, severity)


def _exemption(conv: Conv, hidden: AbstractSet[Key], min_channels: int) -> str:
    if conv.cout < min_channels:
        return f"{conv.cout} output channels are fewer than {min_channels}"
    where = "in a gate" if conv.node.key in hidden else "of an answer, or only say what to read"
    return f"{conv.cout} output channels {where}"


def _waste(facts: Facts, conv: Conv, multiple: int, hidden: AbstractSet[Key]) -> float:
    """Return what padding adds to a layer's MACs, for the worse of its two channel counts."""
    counts = [] if conv.node.key in facts.stems else [conv.cin]
    counts += [conv.cout] if conv.node.key in hidden else []
    return max((-(-c // multiple) * multiple / c - 1 for c in counts), default=0.0)


def _finding(
    odd: Sequence[Conv], multiple: int, share: float | None, severity: Severity
) -> Finding:
    layers = Counter(conv.cout for conv in odd)
    named = [f"{c}->{_rounded(c, multiple)}" for c in list(layers)[:NAMED]]
    more = f" and {len(layers) - NAMED} more" if len(layers) > NAMED else ""
    counted = f"{len(odd)} convolutions have" if len(odd) > 1 else "a convolution has"
    cost = "" if share is None else f": padding adds {share:.1%} to the convolutions' MACs"
    return Finding(
        nodes=tuple(conv.node for conv in odd),
        message=f"{counted} channels that {multiple} doesn't divide{cost}",
        suggestion=(
            f"widths of multiples of {multiple}: {', '.join(named)}{more}; needs retraining, or "
            "pad the weights with zeros up to the next multiple, which keeps the numbers"
        ),
        evidence={
            "layers": len(odd),
            "widths": tuple(layers),
            "multiple": multiple,
            "waste": None if share is None else round(share, 4),
        },
        saving=Saving(macs=None, params=None, activation_bytes=None),
        severity=severity,
    )


def _rounded(channels: int, multiple: int) -> int:
    """Return the nearest multiple, the next one where that would lose too much of the width."""
    nearest = max(multiple, (channels + multiple // 2) // multiple * multiple)
    return nearest if nearest >= (1 - ALLOWED_LOSS) * channels else nearest + multiple
