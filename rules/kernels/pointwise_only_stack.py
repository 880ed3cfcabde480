"""K111."""

from collections.abc import Iterator, Sequence
from math import prod
from typing import Annotated

from cnnlint.facts.facts import Facts
from cnnlint.facts.layers import Conv, sides
from cnnlint.facts.structure.pointwise import Pointwise, is_blind, pointwise
from cnnlint.lint.finding import Basis, Finding, Fix, Part, Saving, Severity, Silence
from cnnlint.lint.rule import rule


@rule(
    "K111",
    severity=Severity.WARNING,
    basis=Basis.COMPUTED,
    fix=Fix.UNSAFE,
    proven="MobileNet",
    since="0.1",
    marks=Part.KERNEL,
)
def pointwise_only_stack(
    facts: Facts,
    *,
    min_pointwise: Annotated[int, "least number of pointwise layers that is reported"] = 3,
    min_mac_share: Annotated[
        float, "stacks with a smaller share of the model's MACs are left alone"
    ] = 0.05,
) -> Iterator[Finding | Silence]:
    """Stack of 1x1 convolutions that sees nothing new.

    ## What it does
    Reports `min_pointwise` and more pointwise layers in series (1x1 convolutions, and dense
    layers over the channels of a map) if nothing between them sees more of the image and they
    take at least `min_mac_share` of the model's MACs. Reports as well, once, a network that has
    as many 1x1 convolutions, in series or not, and neither a larger kernel nor pooling, but for
    global pooling. Computes what a depthwise 3x3 among them costs.

    ## Why is this bad?
    A 1x1 convolution is a dense layer on the channels of one position: however many are stacked,
    none sees the positions around, and the receptive field stays as it is. Network in Network
    has two of them behind each convolution with a larger kernel; more add depth but no sight,
    hence the default of `min_pointwise` (that of `min_mac_share` is a house value). A network of
    nothing else looks at an image pixel by pixel.

    ## Example
    Of five `Conv 1x1 64->64` on 32x32, which cost 20,971,520 MACs, one becomes a depthwise 3x3:
    589,824 instead of 4,194,304 MACs, and two pixels more to see on each axis.

    ## When to ignore it
    When positions have no neighbours: point sets, single spectra, tables. A network of 1x1
    convolutions alone is therefore a note where the map has one axis (points, sequences). Stacks
    that end in an output with one prediction for each position, layers around which a branch or
    skip connection goes, dense layers over tokens, and maps of one position or of unknown size
    are left alone.

    ## References
    - Lin et al., Network in Network, 2014
    """
    single = [p for conv in facts.convs if (p := pointwise(conv))]
    ops = {node.op for node in facts.nodes}
    blind = is_blind(facts.layers, facts.receptive, facts.receptive_field, ops)
    if blind and len(single) >= min_pointwise:
        yield _finding(facts, single, blind=True)
        return
    reported = set()
    for run in facts.pointwise_runs:
        macs = sum(p.macs for p in run)
        reason = None
        if len(run) < min_pointwise:
            reason = f"{len(run)} pointwise layers stand in series, fewer than {min_pointwise}"
        elif (share := facts.share(macs)) is None:
            reason = "the model's MACs are not known"
        elif share < min_mac_share:
            reason = f"its stack takes {share:.1%} of the MACs, less than {min_mac_share:.0%}"
        elif _is_prediction_head(facts, run):
            reason = "its stack makes one prediction for each position"
        reported |= {p.node.key for p in run}
        if reason is None:
            yield _finding(facts, run, blind=False)
        else:
            yield from (Silence(p.node, reason) for p in run)
    for conv in facts.convs:
        if conv.node.key not in reported:
            yield Silence(conv.node, _alone(conv))


def _alone(conv: Conv) -> str:
    """Return why a layer is in no run."""
    if pointwise(conv):
        return "no pointwise layer that sees the same stands in series with it"
    if not conv.pointwise:
        return f"its kernel is {sides(conv.kernel)}"
    if conv.depthwise or conv.transposed:
        return "it is depthwise or transposed"
    return "its map has one position only, or an unknown size"


def _is_prediction_head(facts: Facts, run: Sequence[Pointwise]) -> bool:
    """Return whether a run leads straight to outputs with many positions."""
    ahead, seen = list(run[-1].node.outputs), set(run[-1].node.outputs)
    while ahead:
        name = ahead.pop()
        for node in facts.model.consumers_of.get(name, ()):
            if node.key in facts.layers:
                return False
            ahead += [each for each in node.outputs if each not in seen]
            seen.update(node.outputs)
    shapes = [facts.model.static(name) for name in facts.model.outputs if name in seen]
    return all(shape is None or prod(shape[2:]) > 1 for shape in shapes)


def _finding(facts: Facts, stack: Sequence[Pointwise], *, blind: bool) -> Finding:
    chosen, replaced = _place(stack)
    macs = sum(p.macs for p in stack)
    share = facts.share(macs)
    depthwise = chosen.depthwise_weights * chosen.positions
    three = sides((3,) * chosen.axes)
    of_model = "" if share is None else f", {share:.0%} of the model's"
    reach = facts.receptive.get(chosen.data)
    return Finding(
        nodes=tuple(p.node for p in stack),
        message=(
            f"{len(stack)} pointwise layers "
            f"{'and no layer with a window' if blind else 'in series see nothing new'} "
            f"({macs:,} MACs{of_model})"
        ),
        suggestion=(
            f"a depthwise Conv {three} on {chosen.cin} channels in place of {chosen.node.path}: "
            f"{depthwise:,} instead of {chosen.macs:,} MACs; needs retraining"
            if replaced
            else f"a depthwise Conv {three} on {chosen.cin} channels in front of "
            f"{chosen.node.path}, for {depthwise:,} MACs; needs retraining"
        ),
        evidence={
            "layers": len(stack),
            "macs": macs,
            "mac_share": None if share is None else round(share, 4),
            "blind": blind,
            "depthwise_macs": depthwise,
        },
        saving=Saving(
            macs=chosen.macs * replaced - depthwise,
            params=chosen.weights * replaced - chosen.depthwise_weights,
            receptive_field=int(2 * max(reach.jump)) if reach and reach.jump else None,
        ),
        severity=Severity.NOTE if blind and chosen.axes == 1 else None,
    )


def _place(stack: Sequence[Pointwise]) -> tuple[Pointwise, bool]:
    """Return where a depthwise convolution is cheapest, and whether it replaces that layer."""
    alike = [p for p in stack if p.cin == p.cout and p.weights > p.depthwise_weights]
    if alike:
        return max(alike, key=lambda p: p.macs), True
    return min(stack[1:], key=lambda p: p.cin * p.positions), False
