"""S204."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from math import prod
from statistics import median
from typing import Annotated, TypeAlias

from cnnlint.facts.dataflow import size_in_bytes, total
from cnnlint.facts.facts import Facts
from cnnlint.facts.layers import Conv, sides
from cnnlint.lint.finding import Basis, Finding, Fix, Part, Saving, Severity, Silence
from cnnlint.lint.rule import rule
from cnnlint.model.graph import StaticShape

Kind: TypeAlias = tuple[int, StaticShape, StaticShape, StaticShape | None]
"""Channels, kernel, dilation and output shape of layers that keep channels and grid."""
NAMED = 3
"""How many kinds of layers the suggestion names."""


@rule(
    "S204",
    severity=Severity.WARNING,
    basis=Basis.HEURISTIC,
    fix=Fix.UNSAFE,
    proven="ResNet-18",
    since="0.1",
    marks=Part.CHANNELS,
)
def tall_and_skinny(
    facts: Facts,
    *,
    min_ratio: Annotated[float, "channels for each layer of depth"] = 0.5,
    min_depth: Annotated[int, "layers below which no network is tall"] = 20,
) -> Iterator[Finding | Silence]:
    """Very deep network with very few channels.

    ## What it does
    Divides the median width of the convolutions (the larger of their channels in and out;
    depthwise and grouped layers and gates are left out) by the depth: the layers on the longest
    path, of which a depthwise one and the pointwise one behind it count once. Below `min_ratio`
    in a network of at least `min_depth` layers it suggests a quarter of the layers with twice the
    channels, which have the same weights and multiply-adds: 4 (k²C²) = k²(2C)². The layers next
    to them, which read or make more channels then, are not counted. A warning where more than
    half of the depth is one plain run, else a note.

    ## Why is this bad?
    Depth pays up to a point: plain networks get worse beyond some 20 layers, as S201 says, and
    a layer of few channels passes on little. The lowest ratios of the published networks that
    were measured are 0.63 (HRNet-W32) and 0.64 (DenseNet-201); the default of `min_ratio` is a
    house value below them, and that of `min_depth` the length at which S201 begins to warn.

    ## Example
    40 convolutions of 8 channels and a dense layer have a ratio of 8 / 41 = 0.20. Of the 39 `Conv
    3x3 8->8` among them, 36 have as many weights as 9 `Conv 3x3 16->16`: 20,736.

    ## When to ignore it
    When each layer must stay tiny, as on a microcontroller, or when the network is a ResNet for
    small images with more than 100 layers, where skip connections carry the depth.

    ## References
    - He et al., Deep Residual Learning for Image Recognition, 2016, section 4.2
    - Zagoruyko and Komodakis, Wide Residual Networks, 2016
    """
    topology = facts.topology
    convs = [c for c in facts.convs if c.groups == 1 and c.node.key in topology.trunk]
    if not convs or topology.depth < min_depth:
        yield Silence(None, f"the network is {topology.depth} layers deep")
        return
    width = median(max(conv.cin, conv.cout) for conv in convs)
    ratio = width / topology.depth
    if ratio >= min_ratio:
        reason = f"{width:g} channels in the median, {ratio:.2f} for each layer of depth"
        yield Silence(None, reason)
    else:
        plain = 2 * topology.plain_run_units > topology.depth
        severity = Severity.WARNING if plain else Severity.NOTE
        yield _finding(facts, convs, (width, min_ratio), severity)


def _alike(convs: Sequence[Conv]) -> Mapping[Kind, list[Conv]]:
    """Return layers of which four could become one, by what they have in common."""
    kinds: dict[Kind, list[Conv]] = defaultdict(list)
    for conv in convs:
        if conv.cin == conv.cout and set(conv.stride) == {1} and not conv.transposed:
            kinds[conv.cin, conv.kernel, conv.dilation, conv.out_shape].append(conv)
    return {kind: found for kind, found in kinds.items() if len(found) > 3}


def _finding(
    facts: Facts, convs: Sequence[Conv], measured: tuple[float, float], severity: Severity
) -> Finding:
    (width, threshold), depth = measured, facts.topology.depth
    kinds = _alike(convs)
    plans = [(kind, len(found) // 4) for kind, found in kinds.items()]
    freed = total(None if shape is None else 2 * n * prod(shape) for (*_, shape), n in plans)
    nodes = tuple(conv.node for conv in convs)
    dtype = facts.model.value(nodes[0].outputs[0]).dtype
    return Finding(
        nodes=nodes,
        message=f"{depth} layers deep with {width:g} channels in the median",
        suggestion=(
            f"a quarter of the layers with twice the channels{_named(plans)}; needs retraining"
        ),
        evidence={
            "depth": depth,
            "median_width": width,
            "ratio": round(width / depth, 4),
            "threshold": threshold,
            "layers_less": sum(3 * fewer for _, fewer in plans),
        },
        saving=Saving(
            macs=0 if plans else None,
            params=0 if plans else None,
            activation_bytes=size_in_bytes(freed, dtype) if plans and freed is not None else None,
            receptive_field=_lost_field(facts, kinds) if plans else None,
        ),
        severity=severity,
    )


def _named(plans: Sequence[tuple[Kind, int]]) -> str:
    """Return which layers become which, where four and more are alike."""
    if not plans:
        return ", for about the same weights and MACs"
    named = [
        f"{4 * fewer} Conv {sides(kernel)} {channels}->{channels} become {fewer} of "
        f"{2 * channels}->{2 * channels}"
        for (channels, kernel, _, _), fewer in plans[:NAMED]
    ]
    cut = len(plans) - NAMED
    more = f", and so on for {cut} more kind{'s' if cut > 1 else ''}" if cut > 0 else ""
    weights = sum(4 * fewer * channels**2 * prod(k) for (channels, k, _, _), fewer in plans)
    dropped = sum(3 * fewer for _, fewer in plans)
    same = f"the same {weights:,} weights and MACs in {dropped} layers less"
    return f": {', '.join(named)}{more}; {same}"


def _lost_field(facts: Facts, kinds: Mapping[Kind, Sequence[Conv]]) -> int | None:
    """Return the change of the receptive field, None where it can't be followed.

    Where branches lie side by side, each of these layers need not count; so it is an estimate
    for plain networks and those of residual blocks.
    """
    lost = 0
    for found in kinds.values():
        reach = facts.receptive.get(found[0].node.inputs[0])
        if reach is None or not reach.jump:
            return None
        lost += 3 * (len(found) // 4) * int((found[0].reach[0] - 1) * reach.jump[0])
    return -lost
