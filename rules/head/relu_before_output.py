"""H503."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from math import prod

from cnnlint.facts.activations.roles import Activation, Role
from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Basis, Finding, Fix, Severity, Silence
from cnnlint.lint.rule import rule
from cnnlint.model.graph import Node

LIMITS = {"Relu": "is never negative", "Relu6": "stays between 0 and 6"}
SQUASHING = frozenset({"Softmax", "LogSoftmax", "Sigmoid"})
LAYOUT = frozenset({"Flatten", "Reshape", "Squeeze", "Unsqueeze", "Identity", "Transpose"})
TYPE = frozenset({"Cast", "QuantizeLinear", "DequantizeLinear"})
POOLING = frozenset({"GlobalAveragePool", "AveragePool", "ReduceMean"})
COARSE = 64
"""Input pixels for each position of a map from which on it looks like features (8x8)."""


@rule(
    "H503",
    severity=Severity.WARNING,
    basis=Basis.COMPUTED,
    fix=Fix.UNSAFE,
    proven="ResNet",
    since="0.1",
)
def relu_before_output(facts: Facts) -> Iterator[Finding | Silence]:
    """ReLU straight before the output, so that it can never be negative.

    ## What it does
    Reports a ReLU or ReLU6 whose result is an output of the model, or the logits of a Softmax
    or Sigmoid at its end, with nothing between but changes of layout or type, or average pooling.
    A ReLU from which a layer with weights goes on stands between hidden layers, and is left alone.

    ## Why is this bad?
    Logits need both signs. Behind a ReLU the least logit is 0, so a sigmoid never falls below 0.5
    and can't say no to any class. A unit that is negative on all images gets no gradient, and
    learns nothing any more.

    ## Example
    `Gemm - Relu - output` becomes `Gemm - output`: ReLU belongs between hidden layers.

    ## When to ignore it
    When the quantity can't be negative (counts, depth) or the model is a backbone whose features
    others read; a file doesn't say so. What looks like features, and goes through no Softmax or
    Sigmoid, is a note: one of several outputs that are maps, an output with "feat" in its name, a
    map with one position for 64 and more pixels of the input (a house value). A ReLU before
    average pooling is a note as well, since SqueezeNet has it.

    ## References
    - Goodfellow et al., Deep Learning, 2016, section 6.2.2 (output units)
    - Iandola et al., SqueezeNet, 2016
    """
    if not facts.weighted:
        yield Silence(None, "no layer has weights")
        return
    maps = {name for name in facts.model.outputs if len(facts.model.value(name).shape or ()) > 2}
    seen = set()
    for output in facts.model.outputs:
        found = _rectifier(facts, output)
        if found is None or found[0].role is Role.HIDDEN or found[0].node.key in seen:
            continue
        activation, squashed, pooled = found
        seen.add(activation.node.key)
        before = (
            f"the {squashed.op} of output {output}: its input"
            if squashed
            else f"output {output}: it"
        )
        place = "the pool in front of " if pooled else ""
        looks_like_features = squashed is None and _is_features(facts, output, maps)
        yield Finding(
            nodes=(activation.node,),
            message=f"{activation.kind} straight before {place}{before} {LIMITS[activation.kind]}",
            suggestion=(
                "a classifier without the activation in front of the pool; needs retraining"
                if pooled
                else "take the activation out; the output then has both signs; needs retraining"
            ),
            evidence={
                "output": output,
                "kind": activation.kind,
                "squashed_by": squashed.op if squashed else None,
                "pooled": pooled,
            },
            severity=Severity.NOTE if pooled or looks_like_features else None,
        )
    for activation in facts.activations.all:
        if activation.role is Role.HIDDEN:
            yield Silence(activation.node, "a layer goes on from it")
        elif activation.kind not in LIMITS:
            yield Silence(activation.node, f"{activation.kind} is no ReLU")
        elif activation.node.key not in seen:
            yield Silence(activation.node, "it is not straight before an output")


def _rectifier(facts: Facts, output: str) -> tuple[Activation, Node | None, bool] | None:
    """Return the ReLU behind an output, the squashing operator and whether a pool lies between."""
    squashed: Node | None = None
    pooled = False
    for node in facts.upstream(output):
        activation = facts.activations.of.get(node.key)
        if activation is not None and activation.kind in LIMITS:
            return activation, squashed, pooled
        if node.op in SQUASHING and squashed is None:
            squashed = node
        elif node.op in POOLING:
            pooled = True
        elif node.op not in LAYOUT | TYPE:
            return None
    return None


def _is_features(facts: Facts, output: str, maps: AbstractSet[str]) -> bool:
    """Return whether an output looks like features that another network goes on from."""
    reach = facts.receptive.get(output)
    coarse = reach is not None and prod(reach.jump) >= COARSE
    return coarse or "feat" in output.lower() or (len(maps) > 1 and output in maps)
