"""T703."""

from collections.abc import Iterator, Sequence
from typing import Annotated

from cnnlint.facts.facts import Facts
from cnnlint.facts.structure.dense_series import Joint, dense_series
from cnnlint.facts.training.modes import normalises_by_batch
from cnnlint.lint.finding import Basis, Finding, Fix, Part, Remark, Severity, Silence, Unchecked
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
    marks=Part.CHANNELS,
)
def dense_head_without_dropout(
    facts: Facts,
    *,
    warn_weights: Annotated[
        int, "weights of the hidden layers that make it a warning; a house value"
    ] = 1_000_000,
) -> Iterator[Remark]:
    """Dense layers in series with no Dropout between them.

    ## What it does
    Reports two or more dense layers in series, the classifier included, with no Dropout between
    any two of them: one is enough, if its ratio isn't 0. Dropout does nothing in inference, and
    most exporters leave it out, so the rule speaks only where it would show: in a file with any
    Dropout or with a BatchNormalization in training mode, or where the recipe's `dropout` lists
    what there is (an empty list: none). Else it is listed as not checked. A Dropout of the recipe
    counts unless its `p` is 0, or its `layer` is elsewhere in the file. A note below
    `warn_weights` weights in the layers before the last, and where BatchNormalization stands
    between them.

    ## Why is this bad?
    Several dense layers often hold most of a network's weights (VGG-16: 89 %), and with so many
    they learn images by heart. Dropout with p = 0.5 sets each input of a layer to 0 with a chance
    of one half, others at each step, so that the layer can't rely on a few. In inference it does
    nothing and costs nothing.

    ## Example
    VGG-16 has 119,537,664 weights in its two hidden dense layers, and Dropout with p = 0.5 behind
    each. With `dropout = []` in the recipe it is reported.

    ## When to ignore it
    When something else regularises the head, or there is more training data than the network can
    learn by heart. Left alone are a single dense layer, dense layers in gates
    (squeeze-and-excitation), and those that are applied to each token of a transformer. Better
    than Dropout in large dense layers is not to have them: see flatten-dense-head (H501).

    ## References
    - Srivastava et al., Dropout: A Simple Way to Prevent Neural Networks from Overfitting, 2014
    - Simonyan and Zisserman, Very Deep Convolutional Networks for Large-Scale Image
      Recognition, 2015, section 3.1
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
        or (node.op == "BatchNormalization" and normalises_by_batch(facts.model, node))
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
