"""H504."""

from collections.abc import Iterator
from math import e, prod

from cnnlint.facts.activations.roles import NORMALISING, Activation, Role
from cnnlint.facts.activations.softmax import LAYOUT, carried, softmax_axes
from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Basis, Finding, Severity, Silence
from cnnlint.lint.rule import rule
from cnnlint.model.graph import Node

SQUASHING = NORMALISING | {"Sigmoid"}
AT_THE_HEAD = frozenset({Role.OUTPUT, Role.HIDDEN})


@rule(
    "H504",
    severity=Severity.ERROR,
    basis=Basis.COMPUTED,
    proven="ResNet",
    since="0.1",
)
def double_softmax(facts: Facts) -> Iterator[Finding | Silence]:
    """Softmax or Sigmoid of numbers that are probabilities already.

    ## What it does
    Reports a Softmax, LogSoftmax or Sigmoid whose input is the result of another one, with
    nothing but a change of layout or type, or a Slice or Split, between. Attention and gates are
    left alone, and so are two Softmax along different or unknown axes, and a Softmax or LogSoftmax
    behind LogSoftmax, which gives the same probabilities again.

    ## Why is this bad?
    Probabilities lie between 0 and 1, so a second Softmax hardly tells them apart: of 10 classes
    none gets more than 0.23, of 1,000 none more than 0.0027. A second Sigmoid lies between 0.5
    and 0.731. A loss that expects logits and is given probabilities does the same in training.

    ## Example
    `Gemm - Softmax - Softmax` becomes `Gemm - Softmax`; `Gemm - Softmax - LogSoftmax` becomes
    `Gemm - LogSoftmax`.

    ## When to ignore it
    When the answer is only sorted: the order of the classes stays the same. A file doesn't tell.

    ## References
    - Goodfellow et al., Deep Learning, 2016, section 6.2.2 (output units)
    """
    for outer in facts.activations.all:
        if outer.kind not in SQUASHING:
            continue
        if outer.role not in AT_THE_HEAD:
            yield Silence(outer.node, f"it is no classifier: {outer.role}")
            continue
        inner, between = _behind(facts, outer)
        reason = _reason(facts, inner, between, outer) if inner else "its input is no probability"
        if inner is None or reason:
            yield Silence(outer.node, reason or "")
        else:
            yield _finding(facts, inner, outer)


def _behind(facts: Facts, outer: Activation) -> tuple[Activation | None, list[Node]]:
    """Return the squashing activation that makes an input, and what lies between, in order."""
    between: list[Node] = []
    for node in facts.upstream(outer.source):
        activation = facts.activations.of.get(node.key)
        if activation is not None and activation.kind in SQUASHING:
            return activation, between[::-1]
        if activation is not None or node.op not in LAYOUT:
            break
        between.append(node)
    return None, between


def _reason(facts: Facts, inner: Activation, between: list[Node], outer: Activation) -> str | None:
    """Return why a squashing activation of another one is right, None where it isn't."""
    if outer.kind not in NORMALISING or inner.kind not in NORMALISING:
        return None
    first, second = _axes(facts, inner), _axes(facts, outer)
    if first is None or second is None:
        return "the shapes of the two are not known"
    if carried(facts.model, first, between) != second:
        return f"it is along another axis than {inner.node.path}"
    if inner.kind == "LogSoftmax":
        return "of logarithms of probabilities it gives the same again"
    return None


def _axes(facts: Facts, softmax: Activation) -> frozenset[int] | None:
    """Return the axes above 1 along which an activation normalises, None where unknown."""
    axes = softmax_axes(facts.model, softmax.node)
    shape = facts.model.value(softmax.source).shape or ()
    return None if axes is None else frozenset(axis for axis in axes if shape[axis] != 1)


def _finding(facts: Facts, inner: Activation, outer: Activation) -> Finding:
    limit, classes = None, _classes(facts, outer)
    if outer.kind == "Sigmoid":
        limit = 0.5 if inner.kind == "LogSoftmax" else e / (e + 1)
        known = "nothing is above 0.5" if limit == 0.5 else "all lie between 0.5 and 0.731"
    elif classes is None:
        known = "it hardly tells them apart"
    else:
        limit = e / (e + classes - 1)
        known = f"none of {classes:,} gets a probability above {limit:.2g}"
    return Finding(
        nodes=(outer.node, inner.node),
        message=f"{outer.kind} of what {inner.kind} {inner.node.path} made: {known}",
        suggestion=(
            f"take {inner.kind if outer.kind == 'LogSoftmax' else 'one of the two'} out, and see "
            "whether the loss or the caller expects logits"
        ),
        evidence={
            "outer": outer.kind,
            "inner": inner.kind,
            "classes": classes,
            "most": None if limit is None else round(limit, 4),
        },
    )


def _classes(facts: Facts, outer: Activation) -> int | None:
    """Return over how many numbers a Softmax normalises; None for a Sigmoid or where unknown."""
    axes = softmax_axes(facts.model, outer.node)
    shape = facts.model.value(outer.source).shape or ()
    sizes = [shape[axis] for axis in axes or ()]
    if outer.kind == "Sigmoid" or axes is None or None in sizes:
        return None
    return prod(size for size in sizes if size is not None)
