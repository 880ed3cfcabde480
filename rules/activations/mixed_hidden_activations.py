"""A302."""

from collections import Counter
from collections.abc import Iterator
from typing import Annotated

from cnnlint.facts.activations.roles import NORMALISING, SATURATING, Activation, Role
from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Basis, Finding, Fix, Severity, Silence
from cnnlint.lint.rule import rule

RECTIFIERS = frozenset({"Relu", "Relu6", "LeakyRelu", "PRelu"})
"""Kinds that count as one, together with every Clip from 0 on."""
NO_FUNCTION = NORMALISING | {"Clip"}
"""Kinds that normalise or limit numbers, and are no function of a hidden layer."""


@rule(
    "A302",
    severity=Severity.NOTE,
    basis=Basis.HEURISTIC,
    fix=Fix.UNSAFE,
    proven="ResNet",
    since="0.1",
)
def mixed_hidden_activations(
    facts: Facts,
    *,
    max_kinds: Annotated[int, "how many kinds are fine; a rule of thumb"] = 2,
) -> Iterator[Finding | Silence]:
    """Several kinds of activations between the layers of one network.

    ## What it does
    Counts the kinds of activations between hidden layers: ReLU, LeakyReLU, PReLU and every Clip
    from 0 on (ReLU6) are one kind, any other is a kind of its own. Reports more than `max_kinds`
    kinds, and any mixture of kinds that saturate (Sigmoid, Tanh and their like; A301 reports
    these too) with kinds that don't. One finding for the model: it suggests the commonest kind,
    of a mixture the commonest that doesn't saturate, and lists the places of all others.

    ## Why is this bad?
    One initialisation and one learning rate serve the whole network: He's initialisation is
    computed for ReLU, Glorot's for units that are linear near 0. Mixed kinds are often left over
    from an experiment. The limit is a rule of thumb that leaves MobileNetV3 alone, which mixes
    two kinds: HardSwish in the stem and the second half, ReLU between.

    ## Example
    `Conv - Relu - Conv - Tanh - Conv - Relu` becomes `Conv - Relu - Conv - Relu - Conv - Relu`.

    ## When to ignore it
    When the kinds were searched for, or parts of several networks are joined in one file. Not
    counted are gates (squeeze-and-excitation, GLU, LSTM) and what lies inside them, attention,
    coordinates of a sampling operator, parts of a larger activation (the Sigmoid of SiLU),
    outputs, Softmax, a Clip that doesn't start at 0 (but one from -1 to 1 is Hardtanh, which
    saturates), and a Tanh between the last two dense layers (the first ViT).

    ## References
    - He et al., Delving Deep into Rectifiers, 2015, section 2.2
    - Howard et al., Searching for MobileNetV3, 2019, section 5.2
    """
    found = []
    for activation in facts.activations.all:
        reason = _no_part(facts, activation)
        if reason:
            yield Silence(activation.node, reason)
        else:
            found.append((_kind(activation), activation))
    counts = Counter(kind for kind, _ in found)
    saturating = {kind for kind in counts if kind in SATURATING}
    mixed = 0 < len(saturating) < len(counts)
    listed = ", ".join(f"{count} {kind}" for kind, count in counts.most_common())
    if len(counts) <= max_kinds and not mixed:
        yield Silence(None, f"not more than {max_kinds} kinds: {listed or 'none'}")
        return
    better = next(k for k, _ in counts.most_common() if not mixed or k not in saturating)
    for kind, activation in found:
        if kind == better:
            yield Silence(activation.node, f"it is of the kind that is suggested, {better}")
    yield Finding(
        nodes=tuple(activation.node for kind, activation in found if kind != better),
        message=f"{len(counts)} kinds of activations between hidden layers: {listed}"
        + (", of which some saturate and some don't" if mixed else ""),
        suggestion=f"{better} everywhere; needs retraining",
        evidence={
            "kinds": tuple(counts),
            "counts": tuple(counts.values()),
            "max_kinds": max_kinds,
            "mixed_with_saturating": mixed,
            "instead": better,
        },
    )


def _kind(activation: Activation) -> str:
    starts_at_zero = activation.bounds is not None and activation.bounds[0] == 0
    return "Relu" if activation.kind in RECTIFIERS or starts_at_zero else activation.kind


def _no_part(facts: Facts, activation: Activation) -> str | None:
    """Return why an activation does not count, None where it does."""
    if activation.role is not Role.HIDDEN:
        return f"not between hidden layers: {activation.role}"
    if activation.node.key not in facts.topology.trunk:
        return "not on the trunk but inside a gate"
    if _kind(activation) in NO_FUNCTION:
        return f"{activation.kind} is no function of a hidden layer"
    if activation == facts.pre_logits:
        return "Tanh between the last two dense layers, as in the first ViT"
    return None
