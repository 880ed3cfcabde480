"""T703."""

from collections.abc import Iterator, Sequence
from typing import Annotated

from cnnlint.facts.facts import Facts
from cnnlint.facts.structure.dense_series import Joint, dense_series
from cnnlint.lint.finding import Basis, Finding, Fix, Remark, Severity, Silence, Unchecked
from cnnlint.lint.rule import rule
from cnnlint.model.graph import Node

NAMED = 3
"""Layers that a suggestion names; more are counted."""


@rule(
    "T703",
    severity=Severity.WARNING,
    basis=Basis.PUBLISHED,
    fix=Fix.UNSAFE,
    proven="VGG-16",
    since="0.1",
)
def dense_head_without_dropout(
    facts: Facts,
    *,
    warn_weights: Annotated[
        int, "weights of the hidden layers that make it a warning"
    ] = 1_000_000,
) -> Iterator[Remark]:
    """Dense layers in series with no Dropout between them.

    ## What it does
    Reports two or more dense layers in series, the classifier included, with no Dropout between
    any of them. Dropout does nothing in inference, and most exporters leave it out. So the rule
    looks where it shows: in a model exported for training, which has Dropout or
    BatchNormalization in training mode, or in the recipe, whose `dropout` lists what there is (an
    empty list: none). A note below `warn_weights` weights in the layers before the last, and
    where BatchNormalization stands between them. One dense layer alone needs none.

    ## Why is this bad?
    Dense layers hold most weights of the networks that have several, so they learn images by
    heart. Dropout removes half of their inputs at random, others at each step, and none in
    inference: it costs nothing there.

    ## Example
    VGG-16 has 119,537,664 weights in its two hidden dense layers, and Dropout with p = 0.5 behind
    both. Without them it is this pattern.

    ## When to ignore it
    When something else regularises the head, or training has too much data to overfit. Better
    than Dropout in large dense layers is to have none: see flatten-dense-head (H501).

    ## References
    - Srivastava et al., Dropout: A Simple Way to Prevent Neural Networks from Overfitting, 2014
    - Simonyan and Zisserman, Very Deep Convolutional Networks, 2015, section 3.1
    """
    found = dense_series(facts)
    if not found:
        yield Silence(None, "no two dense layers stand in series")
    elif facts.recipe.dropout is None and not _shows_dropout(facts):
        yield Unchecked(("dropout",))
        return
    for series in found:
        dropped = [j for j in series if any(_drops(facts, node) for node in j.between)]
        if dropped:
            where = f"between {dropped[0].first.node.path} and {dropped[0].second.node.path}"
            yield Silence(series[0].first.node, f"a Dropout stands {where}")
        elif listed := _listed(facts, series):
            yield Silence(series[0].first.node, f"the recipe has a Dropout at {listed}")
        else:
            yield _finding(series, warn_weights)


def _finding(series: Sequence[Joint], warn_weights: int) -> Finding:
    hidden = {joint.first.node.key: joint.first for joint in series}
    layers = hidden | {joint.second.node.key: joint.second for joint in series}
    weights = sum(layer.cin * layer.cout for layer in hidden.values())
    normalised = any(node.op == "BatchNormalization" for j in series for node in j.between)
    names = [layer.node.path for layer in hidden.values()]
    where = " and ".join(names) if len(names) <= NAMED else f"each of {len(names)} hidden layers"
    return Finding(
        nodes=tuple(layers[key].node for key in sorted(layers)),
        message=f"{len(layers)} dense layers in series without Dropout, "
        f"{weights:,} weights in the hidden ones",
        suggestion=f"put Dropout with p = 0.5 behind {where}; needs retraining",
        evidence={
            "dense_layers": len(layers),
            "hidden_weights": weights,
            "threshold": warn_weights,
            "batch_norm": normalised,
        },
        severity=Severity.NOTE if normalised or weights < warn_weights else None,
    )


def _shows_dropout(facts: Facts) -> bool:
    """Return whether the file is as in training, so that a Dropout would be in it."""
    return any(
        node.op == "Dropout"
        or (node.op == "BatchNormalization" and node.get_int("training_mode", 0))
        for node in facts.nodes
    )


def _drops(facts: Facts, node: Node) -> bool:
    """Return whether a node is a Dropout, but for one that drops nothing."""
    if node.op != "Dropout":
        return False
    ratio = facts.model.value(node.inputs[1]).const if len(node.inputs) > 1 else None
    return node.get_float("ratio", 0.5) > 0 and (ratio is None or bool(ratio.any()))


def _listed(facts: Facts, series: Sequence[Joint]) -> str | None:
    """Return a Dropout of the recipe that may be between these layers.

    Its place may have the name of a layer, or one that is no longer in the file.
    """
    here = {node.path for j in series for node in (j.first.node, *j.between)}
    elsewhere = {node.path for node in facts.nodes} - here
    places = (d.layer for d in facts.recipe.dropout or () if d.p > 0)
    return next((place for place in places if place not in elsewhere), None)
