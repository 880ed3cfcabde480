"""K112."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from cnnlint.facts.dataflow import total
from cnnlint.facts.facts import Facts
from cnnlint.facts.layers import Conv, Dense, sides
from cnnlint.facts.remedies.merging import Merged, merged
from cnnlint.facts.structure.linear import Source, described, has_bias
from cnnlint.lint.finding import Basis, Finding, Fix, Saving, Severity, Silence
from cnnlint.lint.rule import rule
from cnnlint.model.graph import Key

SAME = "the numbers stay the same"
OTHER_BORDER = "the numbers stay the same but for the map's border; needs retraining"


@rule(
    "K112",
    severity=Severity.WARNING,
    basis=Basis.COMPUTED,
    fix=Fix.SAFE,
    proven="Diverse Branch Block (merges a 1x1 and a 3x3 in series for use)",
    since="0.1",
)
def collapsible_linear_pair(facts: Facts) -> Iterator[Finding | Silence]:
    """Two layers with nothing nonlinear between that one smaller layer can replace.

    ## What it does
    Reports a convolution or dense layer that is fed by another one alone, with nothing between
    but normalisation for inference and sums and products with constants, where the one layer that
    both amount to has fewer weights than they have, and no more MACs. Says whether that layer
    gives the same numbers everywhere (`exact` in the evidence) or others at the border of the
    map: there the second layer may pad with zeros what the first one, by its bias or its larger
    kernel, would have filled with other numbers, and the one layer needs retraining.

    ## Why is this bad?
    Without an activation between, two layers can express nothing that one can't: the second
    multiplies what the first has multiplied. They cost the weights, MACs and memory of two.

    ## Example
    `Conv 1x1 16->16` and `Conv 1x1 16->72` behind it, as in MobileNetV3-Small, have 1,408
    weights; one `Conv 1x1 16->72` has 1,152 and gives the same numbers.

    ## When to ignore it
    In training, when the extra layer is there to help the optimiser, as in a Diverse Branch
    Block, and is merged afterwards; then merge before use. Pairs with few channels between
    (bottlenecks), and depthwise with pointwise, have no more weights than one layer would, and
    are left alone. So are a convolution and BatchNormalization (N601), layers that share their
    weights with others, and two convolutions larger than 1x1 if one would give other numbers at
    the border (A303).

    ## References
    - Goodfellow et al., Deep Learning, 2016, section 6.1 (linear layers stay linear)
    - Howard et al., Searching for MobileNetV3, 2019
    - Ding et al., Diverse Branch Block: Building a Convolution as an Inception-like Unit, 2021
    """
    paired: set[Key] = set()
    for key, second in facts.weighted.items():
        if not isinstance(second, Conv | Dense):
            continue
        source = facts.linear_pairs.get(key)
        if source is None:
            yield Silence(second.node, "no layer feeds it alone with nothing nonlinear between")
            continue
        one = merged(facts.model, facts.data, source, second)
        if one is None:
            yield Silence(second.node, "no one layer does what it and the one before do")
            continue
        why = _why_not(facts, source, second, one, paired)
        if why:
            yield Silence(second.node, why)
            continue
        paired.add(key)
        yield _finding(facts, source, second, one)


def _why_not(
    facts: Facts,
    source: Source,
    second: Conv | Dense,
    one: Merged,
    paired: AbstractSet[Key],
) -> str:
    """Return why a pair is left alone, "" where it isn't."""
    first = source.layer
    both = f"one layer for it and {first.node.path}"
    if one.weights >= one.apart:
        return f"{both} has {one.weights:,} weights, they {one.apart:,}"
    if (saved := _saved_macs(facts, first, second, one)) is not None and saved < 0:
        return f"{both} takes {-saved:,} MACs more"
    if first.node.key in paired:
        return f"{first.node.path} is to be merged with what lies before that"
    if facts.shares_weights(first) or facts.shares_weights(second):
        return "another layer has the same weights"
    if _has_window(first) and _has_window(second) and not one.exact:
        return f"{both} gives another border; see A303"
    return ""


def _has_window(layer: Conv | Dense) -> bool:
    return isinstance(layer, Conv) and not layer.pointwise


def _saved_macs(
    facts: Facts, first: Conv | Dense, second: Conv | Dense, one: Merged
) -> int | None:
    apart = total(facts.macs_of(node) for node in (first.node, second.node))
    return None if apart is None or one.macs is None else apart - one.macs


def _finding(facts: Facts, source: Source, second: Conv | Dense, one: Merged) -> Finding:
    first = source.layer
    nodes = (first.node, *reversed(source.between), second.node)
    bias = one.cout if source.shifts or has_bias(second) else 0
    params = sum(facts.params_of(node) for node in nodes)
    words = f"{sides(one.kernel)} " if one.kernel else ""
    groups = f", {one.groups} groups" if one.groups > 1 else ""
    op = first.node.op if second.node.op == "Conv" else second.node.op
    return Finding(
        nodes=(first.node, second.node),
        message=(
            f"nothing nonlinear between {described(first)} and {described(second)}: one layer "
            f"does the same{'' if one.exact else ' but for the border'}"
        ),
        suggestion=(
            f"one {op} {words}{one.cin}->{one.cout}{groups}: {one.weights:,} instead of "
            f"{one.apart:,} weights; {SAME if one.exact else OTHER_BORDER}"
        ),
        evidence={
            "exact": one.exact,
            "weights": one.apart,
            "merged_weights": one.weights,
            "merged_macs": one.macs,
            "kernel": one.kernel,
            "stride": one.stride,
            "dilation": one.dilation,
            "pads": (*one.pads[0], *one.pads[1]),
            "groups": one.groups,
        },
        saving=Saving(
            macs=_saved_macs(facts, first, second, one),
            params=params - one.weights - bias,
            activation_bytes=total(facts.activation_bytes(node) for node in nodes[:-1]),
        ),
        fix=Fix.SAFE if one.exact else Fix.UNSAFE,
    )
