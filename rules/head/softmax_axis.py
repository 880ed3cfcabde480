"""H505."""

from collections.abc import Iterator
from math import prod

from cnnlint.facts.activations.roles import NORMALISING, Activation, Role
from cnnlint.facts.activations.softmax import batch_dims, grows_with, softmax_axes
from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Basis, Finding, Severity, Silence
from cnnlint.lint.rule import rule
from cnnlint.model.graph import Shape

AT_THE_HEAD = frozenset({Role.OUTPUT, Role.HIDDEN})


@rule(
    "H505",
    severity=Severity.ERROR,
    basis=Basis.COMPUTED,
    proven="FCN",
    since="0.1",
)
def softmax_axis(facts: Facts) -> Iterator[Finding | Silence]:
    """Softmax along an axis that holds no classes.

    ## What it does
    Reports a Softmax or LogSoftmax whose numbers sum to 1 along the wrong axis: one with a single
    position, where the result is always 1 (or 0); the batch; or, at the end of a network that
    makes a map of several channels, one spatial axis of the map, or its channels and positions
    together. Attention and gates, which may run along any axis, are left alone.

    ## Why is this bad?
    The numbers are no probabilities of classes. Along the batch they depend on the other images;
    along rows of a map, every row shares a probability of 1 between its pixels. Before operator
    set 13 Softmax ran over all axes from `axis` (by default 1) to the last.

    ## Example
    `Softmax(axis=-1)` on scores of 21 classes at 64x64 positions, [1, 21, 64, 64], makes each row
    of 64 sum to 1; `axis=1` makes the 21 classes of a position do so.

    ## When to ignore it
    When one of the spatial axes is the answer: where in each row a lane lies. A Softmax over a
    whole map (heat maps of keypoints), or over an axis that can't be followed, is left alone, and
    so is one whose axis is 1 only because a size is left open.

    ## References
    - ONNX operators, Softmax, versions 11 and 13
    - Long et al., Fully Convolutional Networks for Semantic Segmentation, 2015
    """
    for activation in facts.activations.all:
        if activation.kind not in NORMALISING:
            continue
        if activation.role in AT_THE_HEAD:
            yield _judge(facts, activation)
        else:
            yield Silence(activation.node, f"it is no classifier: {activation.role}")


def _judge(facts: Facts, activation: Activation) -> Finding | Silence:
    node, shape = activation.node, facts.model.value(activation.source).shape
    axes = softmax_axes(facts.model, node)
    if axes is None or shape is None:
        return Silence(node, "the shape of its input is not known")
    sizes = [shape[axis] for axis in axes]
    size = None if None in sizes else prod(known for known in sizes if known is not None)
    single = [axis for axis in axes if shape[axis] == 1]
    open_dims = set(grows_with(facts.model, activation.source, single)) if single else set()
    reach = facts.receptive.get(activation.source)
    batch = reach.batch if reach else None
    if open_dims & batch_dims(facts.model) or (batch in axes and shape[batch or 0] != 1):
        what = "along the batch: what it says of an image depends on the others"
    elif size == 1 and open_dims:
        return Silence(node, f"its axis has the size that {', '.join(sorted(open_dims))} is given")
    elif size == 1:
        constant = "0" if activation.kind == "LogSoftmax" else "1"
        what = f"along an axis with one position: the result is always {constant}"
    else:
        misplaced = _misplaced(facts, activation, axes, shape)
        if misplaced is None:
            many = "" if size is None else f"{size:,} "
            return Silence(node, f"it is along {many}positions that may be classes")
        what = misplaced
    return Finding(
        nodes=(node,),
        message=f"{activation.kind} {what}",
        suggestion="normalise along the axis that holds the classes, and compare with the model "
        "that was exported",
        evidence={"shape": facts.model.static(activation.source), "axes": axes, "size": size},
    )


def _misplaced(
    facts: Facts, activation: Activation, axes: tuple[int, ...], shape: Shape
) -> str | None:
    """Return where the Softmax of a class map runs if not along its channels, else None."""
    reach = facts.receptive.get(activation.source)
    if reach is None or activation.role is not Role.OUTPUT:
        return None
    several = {axis for axis, size in enumerate(shape) if size != 1}
    spatial = {axis for axis in several if reach.axes[axis]}
    classes = [shape[axis] for axis in several - spatial if axis != reach.batch]
    channels = None if None in classes else prod(size for size in classes if size is not None)
    run = several.intersection(axes)
    if channels in (None, 1) or not run & spatial or run == spatial:
        return None
    if run - spatial:
        return f"along {channels:,} channels and the positions of the map together"
    return f"along one axis of a map of {channels:,} channels: no position sums to 1"
