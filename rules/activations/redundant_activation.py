"""A304."""

from collections.abc import Iterator
from math import isinf

from cnnlint.facts.activations.bounds import ANY, PASSING, Bounds, leaves_unchanged
from cnnlint.facts.activations.roles import Activation
from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Basis, Finding, Fix, Saving, Severity, Silence
from cnnlint.lint.rule import rule
from cnnlint.model.graph import Node


@rule(
    "A304",
    severity=Severity.WARNING,
    basis=Basis.COMPUTED,
    fix=Fix.SAFE,
    proven="ResNet",
    since="0.1",
)
def redundant_activation(facts: Facts) -> Iterator[Finding | Silence]:
    """Activation that changes no number.

    ## What it does
    Reports a ReLU, ReLU6, Clip, LeakyReLU, PReLU, ELU, CELU or Abs that leaves its input as it
    is, because all numbers that can reach it lie where it does nothing: ReLU behind ReLU, Sigmoid
    or Softmax, also with pooling, concatenation, sums or gates between; a Clip without bounds.
    Reports a ReLU or Clip too that only a tighter Clip reads: `Relu - Clip(0, 6)` is `Clip(0, 6)`.

    ## Why is this bad?
    It reads and writes a whole map for nothing. And it may be the trace of a mistake: a layer
    that should stand between two activations was forgotten.

    ## Example
    The second ReLU of `Relu - Relu` on a map of 64x56x56 writes 802,816 bytes in float32, and
    reads as many. timm's Xception-41 has one such pair.

    ## When to ignore it
    When your runtime takes it out anyway. Nothing is said of an activation behind operators whose
    results have no known limit (convolution, normalisation, quantisation), and of one that is
    part of a larger activation (HardSwish).

    ## References
    - ONNX operators, Relu and Clip: what they compute
    """
    nodes = {node.key: node for node in facts.nodes}
    for node in facts.nodes:
        activation = facts.activations.of.get(node.key)
        if node.op == "Abs" and activation is None and node.inputs:
            bounds = facts.bounds.get(node.inputs[0], ANY)
            if bounds[0] >= 0:
                yield _finding(facts, (node,), "Abs", _of_input(bounds), bounds)
            else:
                yield Silence(node, "its input may be negative")
        elif activation is not None and activation.node is node and _may_pass(activation):
            members = tuple(nodes[key] for key in activation.members if key in nodes)
            yield _judge(facts, activation, members)


def _may_pass(activation: Activation) -> bool:
    """Return whether there are numbers that an activation leaves as they are."""
    return activation.bounds is not None or activation.kind in PASSING


def _judge(facts: Facts, activation: Activation, members: tuple[Node, ...]) -> Finding | Silence:
    node, kind = activation.node, activation.kind
    bounds = facts.bounds.get(activation.source, ANY)
    if leaves_unchanged(activation, bounds):
        return _finding(facts, members, kind, _of_input(bounds), bounds)
    tighter = _tighter(facts, activation)
    if tighter is not None and tighter.bounds is not None:
        what = f"the {tighter.kind} behind it, {tighter.node.path}, is at least as tight"
        return _finding(facts, members, kind, what, tighter.bounds)
    if bounds == ANY:
        return Silence(node, "nothing is known of the numbers that reach it")
    return Silence(node, f"it still changes numbers: {_of_input(bounds)}")


def _tighter(facts: Facts, activation: Activation) -> Activation | None:
    """Return the clamp that is all that reads another one and gives the same without it."""
    readers = facts.model.consumers_of.get(activation.result, ())
    if activation.bounds is None or len(readers) != 1 or activation.result in facts.model.outputs:
        return None
    outer = facts.activations.of.get(readers[0].key)
    if outer is None or outer.bounds is None:
        return None
    (least, most), (low, high) = activation.bounds, outer.bounds
    tight = least <= low <= high <= most
    given = facts.bounds.get(activation.result, ANY)
    return outer if tight and not leaves_unchanged(outer, given) else None


def _of_input(bounds: Bounds) -> str:
    """Return in words what the numbers are that reach an activation."""
    least, most = bounds
    if isinf(least):
        return "it has no bounds" if isinf(most) else f"its input is at most {most:g}"
    if isinf(most):
        return "its input is never negative" if not least else f"its input is at least {least:g}"
    return f"its input lies between {least:g} and {most:g}"


def _finding(
    facts: Facts, nodes: tuple[Node, ...], kind: str, because: str, bounds: Bounds
) -> Finding:
    least, most = (None if isinf(bound) else bound for bound in bounds)
    return Finding(
        nodes=nodes,
        message=f"{kind} changes nothing: {because}",
        suggestion="take it out: every output stays the same",
        evidence={"kind": kind, "least": least, "most": most},
        saving=Saving(activation_bytes=facts.activation_bytes(nodes[-1])),
    )
