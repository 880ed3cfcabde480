"""A303."""

from collections import Counter
from collections.abc import Iterator, Sequence

from cnnlint.facts.activations.arithmetic import ARITHMETIC
from cnnlint.facts.activations.roles import BOUNDED, Role
from cnnlint.facts.dataflow import total
from cnnlint.facts.facts import Facts
from cnnlint.facts.layers import Conv, sides
from cnnlint.facts.remedies.merging import merged
from cnnlint.facts.structure.linear import Source, described
from cnnlint.lint.finding import Basis, Finding, Fix, Saving, Severity, Silence
from cnnlint.lint.rule import rule
from cnnlint.model.graph import Key, StaticShape

SEEN_THROUGH = ARITHMETIC | {"BatchNormalization", "Dropout", "Identity", "Pad", "Transpose"}
"""What may lie between; more of a change of layout (PixelShuffle) is there on purpose."""


@rule(
    "A303",
    severity=Severity.WARNING,
    basis=Basis.COMPUTED,
    fix=Fix.UNSAFE,
    proven="VGG",
    since="0.1",
)
def missing_activation(facts: Facts) -> Iterator[Finding | Silence]:
    """Convolutions in series with no activation between.

    ## What it does
    Reports convolutions larger than 1x1 in series with nothing between but batch normalisation,
    padding, Dropout, and sums and products with constants, where each result goes into the next
    one and nowhere else. Suggests the activation that is commonest between hidden layers, Relu
    where there is none.

    ## Why is this bad?
    Linear layers in series compute no more than a single linear layer can: two 3x3 convolutions
    of stride 1 do nothing that one 5x5 couldn't. The second one makes the window wider and adds
    no depth; with an activation between, the same weights and MACs express more.

    ## Example
    `Conv 3x3 32->32 - Conv 3x3 32->32 - Relu` becomes `Conv - Relu - Conv - Relu`: the same
    18,432 weights and the same MACs. As it was, it is one linear 5x5, borders aside.

    ## When to ignore it
    When the layers are linear on purpose, as a fixed filter in front of the first one. Left alone
    are pointwise and depthwise convolutions, 1xn and nx1 in series, a narrow middle (fewer
    channels than come in and than go out), gates (squeeze-and-excitation), a PixelShuffle between,
    layers whose result others read too (where a skip connection starts), and pairs that one
    smaller layer replaces exactly (K112). So is a convolution behind a transposed one: many
    decoders have no activation there.

    ## References
    - Goodfellow et al., Deep Learning, 2016, section 6.1 (linear layers stay linear)
    - Simonyan and Zisserman, Very Deep Convolutional Networks for Large-Scale Image
      Recognition, 2015, section 2.3
    """
    chain_to: dict[Key, list[Conv]] = {}
    chains: list[list[Conv]] = []
    silent: list[Silence] = []
    for second in facts.convs:
        source = facts.linear_pairs.get(second.node.key)
        if source is None or not isinstance(source.layer, Conv):
            why = "no convolution feeds it alone with nothing nonlinear between"
            silent.append(Silence(second.node, why))
            continue
        first = source.layer
        why = _why_linear(first, second) or _why_there(facts, source, first, second)
        if why:
            silent.append(Silence(second.node, why))
            continue
        if first.node.key not in chain_to:
            chains.append([first])
            chain_to[first.node.key] = chains[-1]
        chain_to[second.node.key] = chain_to[first.node.key]
        chain_to[second.node.key].append(second)
    yield from (each for each in silent if each.node and each.node.key not in chain_to)
    for chain in chains:
        yield _finding(facts, chain)


def _why_linear(first: Conv, second: Conv) -> str:
    """Return why two such layers may well be linear on purpose, "" where they aren't."""
    for conv in (first, second):
        if conv.pointwise or conv.depthwise:
            return f"{conv.node.path} is {'pointwise' if conv.pointwise else 'depthwise'}"
    if first.transposed and not second.transposed:
        return f"{first.node.path} upsamples for it"
    if all(min(pair) == 1 for pair in zip(first.kernel, second.kernel, strict=False)):
        return f"{sides(first.kernel)} and {sides(second.kernel)} factor one kernel"
    if first.cout < min(first.cin, second.cout):
        return f"{first.cin}->{first.cout}->{second.cout} is a narrow middle"
    return ""


def _why_there(facts: Facts, source: Source, first: Conv, second: Conv) -> str:
    """Return why their place in the network asks for no activation, "" where it does."""
    plain = {node.op for node in source.between} <= SEEN_THROUGH
    if not plain or (first.cout, len(first.kernel)) != (second.cin, len(second.kernel)):
        return f"the map is rearranged between {first.node.path} and it"
    if second.node.key not in facts.topology.trunk:
        return "it is part of a gate, or leads nowhere"
    one = merged(facts.model, facts.data, source, second)
    if one is not None and one.exact and one.weights < one.apart:
        return f"one smaller layer does what it and {first.node.path} do; see K112"
    return ""


def _finding(facts: Facts, chain: Sequence[Conv]) -> Finding:
    first, last = chain[0], chain[-1]
    window = _window(chain)
    kind = _usual_activation(facts)
    places = [conv.node.path for conv in chain[:-1]]
    shown = ", ".join(places[:3]) + (f" and {len(places) - 3} more" if len(places) > 3 else "")
    extra = total(facts.activation_bytes(conv.node) for conv in chain[:-1])
    together = f": together they are one linear {sides(window)}" if window else ""
    return Finding(
        nodes=tuple(conv.node for conv in chain),
        message=(
            f"{len(chain)} convolutions from {described(first)} to {described(last)} with no "
            f"activation between{together}"
        ),
        suggestion=f"{kind} behind {shown}; needs retraining",
        evidence={
            "layers": len(chain),
            "activation": kind,
            "window": window,
            "weights": sum(conv.weights for conv in chain),
        },
        saving=Saving(activation_bytes=None if extra is None else -extra),
    )


def _window(chain: Sequence[Conv]) -> StaticShape | None:
    """Return what one output sees of the first one's input; None where it is upsampled."""
    if any(conv.transposed for conv in chain):
        return None
    sizes, jumps = [1] * len(chain[0].kernel), [1] * len(chain[0].kernel)
    for conv in chain:
        for axis, (reach, stride) in enumerate(zip(conv.reach, conv.stride, strict=True)):
            sizes[axis] += (reach - 1) * jumps[axis]
            jumps[axis] *= stride
    return tuple(sizes)


def _usual_activation(facts: Facts) -> str:
    kinds = Counter(a.kind for a in facts.activations.all if a.role is Role.HIDDEN)
    others = {kind: count for kind, count in kinds.items() if kind not in BOUNDED | {"Clip"}}
    return max(others, key=others.__getitem__, default="Relu")
