"""A305."""

from collections.abc import Collection, Iterator
from typing import Annotated

from cnnlint.facts.activations.roles import NORMALISING, SATURATING, Activation, Role
from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Basis, Finding, Fix, Severity, Silence
from cnnlint.lint.rule import rule


@rule(
    "A305",
    severity=Severity.NOTE,
    basis=Basis.HEURISTIC,
    fix=Fix.UNSAFE,
    proven="ResNet",
    since="0.1",
    default=False,
)
def non_relu_activation(
    facts: Facts,
    *,
    allow: Annotated[
        str, "kinds that are fine, as messages name them, with commas between"
    ] = "Relu, Relu6",
) -> Iterator[Finding | Silence]:
    """Activation between hidden layers that is neither ReLU nor ReLU6.

    ## What it does
    Reports LeakyReLU, PReLU, ELU, SELU, CELU, Softplus, HardSwish, SiLU, GELU, Mish and every
    other kind between hidden layers that `allow` does not name: one finding for each kind, with
    all its places. What saturates (Sigmoid, Tanh and their like) is left to A301. The rule is off
    by default and on in the preset `seed`.

    ## Why is this bad?
    It need not be: many good networks have other activations. But ReLU takes one comparison for
    each number, and runtimes often merge it into the convolution before it, with 8-bit integers
    too. SiLU, GELU and Mish take an exponential or an error function for each number, and read
    their map twice where they are written out as several operators. `allow` is a house choice.

    ## Example
    `Conv - Sigmoid, Mul - Conv` (SiLU) becomes `Conv - Relu - Conv`.

    ## When to ignore it
    When you want the gain in accuracy that these kinds have in published networks: write them in
    `allow` behind Relu and Relu6 (what it doesn't name is reported, ReLU too). Outputs, Softmax,
    a Clip that does not start at 0 and a Sigmoid or HardSigmoid that gates are left alone; what
    lies inside a gate, as in squeeze-and-excitation, is reported like the rest.

    ## References
    - Nair and Hinton, Rectified Linear Units Improve Restricted Boltzmann Machines, 2010
    - Glorot, Bordes and Bengio, Deep Sparse Rectifier Neural Networks, 2011
    """
    allowed = [kind.strip() for kind in allow.split(",")]
    instead = allowed[0] if allowed[0] and "Relu" not in allowed else "Relu"
    places: dict[str, list[Activation]] = {}
    for activation in facts.activations.all:
        reason = _reason(activation, allowed)
        if reason:
            yield Silence(activation.node, reason)
        else:
            places.setdefault(activation.kind, []).append(activation)
    for kind, found in places.items():
        count = len(found)
        yield Finding(
            nodes=tuple(activation.node for activation in found),
            message=f"{kind if count == 1 else f'{count} {kind}'} between hidden layers",
            suggestion=f"{instead} instead; needs retraining",
            evidence={
                "kind": kind,
                "count": count,
                "operators": sum(len(activation.members) for activation in found),
                "allow": allow,
            },
        )


def _reason(activation: Activation, allowed: Collection[str]) -> str | None:
    """Return why nothing is said of an activation, None where something is."""
    kind = activation.kind
    if kind in allowed:
        return f"{kind} is allowed"
    if activation.role is not Role.HIDDEN:
        return f"not between hidden layers: {activation.role}"
    if kind in NORMALISING:
        return f"{kind} is no function of a hidden layer"
    if kind in SATURATING:
        return f"{kind} saturates, which A301 reports"
    if kind == "Clip" and (activation.bounds is None or activation.bounds[0] != 0):
        return "a Clip that does not start at 0 limits numbers"
    return None
