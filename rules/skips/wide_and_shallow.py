"""S205."""

from collections.abc import Iterator, Sequence
from math import prod
from statistics import median
from typing import Annotated

from cnnlint.facts.dataflow import size_in_bytes
from cnnlint.facts.facts import Facts
from cnnlint.facts.layers import Conv, sides, steps
from cnnlint.facts.remedies.deeper import Deeper, deeper
from cnnlint.lint.finding import Basis, Finding, Fix, Part, Saving, Severity, Silence
from cnnlint.lint.rule import rule


@rule(
    "S205",
    severity=Severity.NOTE,
    basis=Basis.HEURISTIC,
    fix=Fix.UNSAFE,
    proven="VGG-16",
    since="0.1",
    marks=Part.CHANNELS,
)
def wide_and_shallow(
    facts: Facts,
    *,
    max_depth: Annotated[int, "layers up to which a network is shallow"] = 5,
    min_width: Annotated[int, "median channels from which on it is wide"] = 512,
    min_params: Annotated[
        int, "or parameters above which one layer may not hold most"
    ] = 1_000_000,
    max_share: Annotated[float, "share of the parameters that one convolution may hold"] = 0.5,
    min_input: Annotated[int, "inputs with no side as long as this are left alone"] = 9,
) -> Iterator[Finding | Silence]:
    """Few layers with many channels, where more and narrower ones cost the same.

    ## What it does
    Reports a network of at most `max_depth` layers that pools or flattens a map for its answer,
    if the median of the output channels of its convolutions is at least `min_width`, or if it has
    more than `min_params` parameters and one convolution holds more than `max_share` of them.
    Computes two layers in place of the largest convolution behind the first that together have
    no more weights. Where there is only the first, both of the two have fewer channels than it.

    ## Why is this bad?
    Weights buy more in depth than in width, up to a point: where a layer has as many channels in
    as out, two with half as many between them have the same weights, see further (if their
    kernel is larger than 1x1) and have an activation more. Howard et al. took either layers or
    channels out of MobileNet until it cost the same, and lost less with fewer channels.

    ## Example
    `Conv 3x3 1024->1024` has 9,437,184 weights, and so have `Conv 3x3 1024->512` and `Conv 3x3
    512->1024` together; on 32x32 either costs 9.66 GMACs.

    ## When to ignore it
    When few layers are the aim: for latency, as a baseline, on features that are deep already.
    Inputs of which no side reaches `min_input` are left alone; grouped, depthwise and transposed
    convolutions and gates are not replaced. All limits are house values.

    ## References
    - Howard et al., MobileNets, 2017, section 4.1
    - Simonyan and Zisserman, Very Deep Convolutional Networks, 2015, section 2.3
    """
    topology, head = facts.topology, next(iter(facts.heads.found), None)
    convs = [c for c in facts.convs if c.groups == 1 and c.node.key in topology.trunk]
    if head is None or not convs:
        yield Silence(None, "no convolution leads to a map that is pooled or flattened")
        return
    width = median(conv.cout for conv in convs)
    largest = max(convs, key=lambda conv: conv.weights)
    share = largest.weights / facts.params if facts.params else 0.0
    size = facts.input_sides(head)
    plan = deeper(convs, facts.stems)
    if topology.depth > max_depth:
        yield Silence(None, f"the network is {topology.depth} layers deep")
    elif width < min_width and (facts.params <= min_params or share <= max_share):
        reason = f"its {facts.params:,} parameters are spread, {width:g} channels in the median"
        yield Silence(None, reason)
    elif size is not None and max(size) < min_input:
        yield Silence(None, f"the input has {sides(size)} pixels")
    elif plan is None:
        yield Silence(largest.node, "two layers in its place would save nothing")
    else:
        yield _finding(facts, convs, plan, width)


def _change(before: int, after: int, unit: str) -> str:
    if after == before:
        return f"{after:,} {unit} as before"
    return f"{after:,} instead of {before:,} {unit}"


def _finding(facts: Facts, convs: Sequence[Conv], plan: Deeper, width: float) -> Finding:
    conv, depth = plan.conv, facts.topology.depth
    before = facts.macs_of(conv.node)
    reach = facts.receptive.get(conv.node.inputs[0])
    further = int((conv.reach[0] - 1) * reach.jump[0]) if reach and reach.jump else None
    extra = plan.middle * prod((conv.in_shape or ())[2:]) * (conv.in_shape or (0,))[0]
    kept = size_in_bytes(extra, facts.model.value(conv.node.outputs[0]).dtype)
    stride = f" with stride {steps(conv.stride)} on the second" if max(conv.stride) > 1 else ""
    weights = _change(conv.weights, plan.weights, "weights")
    macs = ""
    if before is not None and plan.macs is not None:
        macs = f", {_change(before, plan.macs, 'MACs')}"
    share = conv.weights / facts.params
    return Finding(
        nodes=tuple(c.node for c in convs),
        message=(
            f"{depth} layers deep and {width:g} channels wide in the median; {conv.node.path} "
            f"holds {share:.1%} of all parameters"
        ),
        suggestion=(
            f"Conv {sides(conv.kernel)} {conv.cin}->{plan.middle} and {plan.middle}->{plan.cout}"
            f"{stride} in place of {conv.node.path}: {weights}{macs}, and one activation more; "
            "needs retraining"
        ),
        evidence={
            "depth": depth,
            "median_width": width,
            "largest_share": round(share, 4),
            "channels": (conv.cin, plan.middle, plan.cout),
        },
        saving=Saving(
            macs=None if plan.macs is None or before is None else before - plan.macs,
            params=conv.weights - plan.weights,
            activation_bytes=None if kept is None or conv.in_shape is None else -kept,
            receptive_field=further,
        ),
    )
