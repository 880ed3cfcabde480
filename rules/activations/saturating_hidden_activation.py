"""A301."""

from collections import Counter
from collections.abc import Iterator

from cnnlint.facts.activations.roles import BOUNDED, SATURATING, Role
from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Basis, Finding, Fix, Severity, Silence
from cnnlint.lint.rule import rule


@rule(
    "A301",
    severity=Severity.WARNING,
    basis=Basis.PUBLISHED,
    fix=Fix.UNSAFE,
    proven="AlexNet",
    since="0.1",
)
def saturating_hidden_activation(facts: Facts) -> Iterator[Finding | Silence]:
    """Sigmoid, tanh or a relative of theirs between hidden layers.

    ## What it does
    Reports Sigmoid, HardSigmoid, Tanh, Softsign and Hardtanh (a Clip from -1 to 1) between hidden
    layers: one finding for each kind, with all its places. Left alone are gates
    (squeeze-and-excitation, GLU, highway, LSTM), attention, parts of SiLU, GELU, HardSwish and
    Mish, coordinates for a sampling operator, and outputs. Suggests the activation that is
    commonest between the other hidden layers, Relu where none has another.

    ## Why is this bad?
    Both ends of these curves are flat: where a unit saturates, hardly any gradient passes. Even
    at its steepest a Sigmoid passes a quarter, so that ten in series pass less than a millionth
    (0.25^10), weights aside. In the AlexNet paper a network of four layers reached 25 % training
    error on CIFAR-10 six times faster with ReLU than with tanh.

    ## Example
    `Conv - Sigmoid - Conv - Sigmoid` becomes `Conv - Relu - Conv - Relu`.

    ## When to ignore it
    When bounded features are the point: codes that are quantised later, values with a physical
    range. A Tanh between the last two dense layers (MaxViT, the first ViT) is a note, if it is the
    only place found.

    ## References
    - Krizhevsky et al., ImageNet Classification with Deep Convolutional Neural Networks, 2012,
      section 3.1 and figure 1
    - Glorot and Bengio, Understanding the difficulty of training deep feedforward neural
      networks, 2010, section 3
    """
    hidden = [a for a in facts.activations.all if a.role is Role.HIDDEN]
    found = [a for a in hidden if a.kind in SATURATING]
    others = Counter(a.kind for a in hidden if a.kind not in BOUNDED | {"Clip"})
    better = max(others, key=others.__getitem__, default="Relu")
    severity = Severity.NOTE if found == [facts.pre_logits] else None
    for kind in dict.fromkeys(a.kind for a in found):
        places = [a for a in found if a.kind == kind]
        count = len(places)
        yield Finding(
            nodes=tuple(a.node for a in places),
            message=(
                f"{kind} between hidden layers saturates"
                if count == 1
                else f"{count} {kind} between hidden layers saturate"
            ),
            suggestion=f"{better} instead; needs retraining",
            evidence={"kind": kind, "count": count, "instead": better},
            severity=severity,
        )
    for activation in facts.activations.all:
        if activation.kind not in SATURATING:
            yield Silence(activation.node, f"{activation.kind} is not flat at both ends")
        elif activation.role is not Role.HIDDEN:
            yield Silence(activation.node, f"not between hidden layers: {activation.role}")
