"""R707."""

from collections.abc import Iterator
from typing import Annotated

from cnnlint.facts.facts import Facts
from cnnlint.facts.layers import sides
from cnnlint.facts.reach.resized import Trial, can_be_tried, is_open, spatial_inputs, tried
from cnnlint.lint.finding import Basis, Finding, Fix, Severity, Silence
from cnnlint.lint.rule import rule
from cnnlint.model.graph import Input, StaticShape


@rule("R707", severity=Severity.WARNING, basis=Basis.COMPUTED, fix=Fix.SAFE, since="0.1")
def fixed_batch(
    facts: Facts,
    *,
    allowed_batch: Annotated[int, "the largest fixed batch of which nothing is said"] = 1,
) -> Iterator[Finding | Silence]:
    """Batch of one fixed size, or an open one that only works with one number.

    ## What it does
    Where the file declares the batch open, infers all shapes once more for twice the batch that
    the model is analysed at (for one image, where that is unknown). It is a warning if a node
    can't run so, which is named, or if an output keeps its batch and grows elsewhere, so that
    images are mixed. A fixed batch above `allowed_batch` is a note.

    ## Why is this bad?
    Where an open batch only works with one image, a server that gathers requests into batches
    fails with the first batch of two. A usual cause is a Reshape to 1x2048 that was traced with
    one image: `-1` belongs in the place of the 1. A file with a batch fixed at 8 refuses a single
    image: seven more have to be made up for it.

    ## Example
    An input of `N`x3x32x32 and a Reshape to 1x-1 before a dense layer that reads 2,048 numbers:
    with two images it meets 1x4096 numbers instead of 2x2048.

    ## When to ignore it
    When the runtime wants a fixed batch. A batch fixed at 1 is how exporters trace and how
    devices run it, so nothing is said of that; set `allowed_batch` to 0 to hear of it. Nor is
    anything said of an input that is one image of three axes, as detectors of torchvision take.
    An open batch is not tried in a model with operators that are neither of ONNX nor of
    onnxruntime (`com.microsoft`): what they do with it can't be told.

    ## References
    - ONNX IR specification, static tensor shapes, https://onnx.ai/onnx/repo-docs/IR.html
    """
    model = facts.model
    images = [entry for entry, axes in spatial_inputs(model, facts.receptive) if axes[0] > 0]
    if not images:
        yield Silence(None, "no input is a batch of images")
    elif is_open(images[0], 0):
        yield _open(facts, images[0])
    else:
        yield _fixed(facts, images[0], allowed_batch)


def _fixed(facts: Facts, image: Input, allowed: int) -> Finding | Silence:
    batch = (image.bound or (None,))[0]
    if batch is None or batch <= allowed:
        return Silence(None, f"the batch is fixed at {batch}, as exporters trace it")
    stems = [conv for conv in facts.convs if conv.node.key in facts.stems]
    if stems and all(conv.in_shape and conv.in_shape[0] % batch for conv in stems):
        return Silence(None, f"input {image.name} is one image, without an axis for a batch")
    return Finding(
        nodes=(),
        message=f"the batch is fixed at {batch}",
        suggestion="declare the first axis as open when the model is exported (dynamic axes)",
        evidence={"batch": batch},
        severity=Severity.NOTE,
    )


def _open(facts: Facts, image: Input) -> Finding | Silence:
    if not can_be_tried(facts.model):
        return Silence(None, "what it does with other batches can't be told")
    now = (image.bound or (None,))[0]
    batch = 1 if now is None else 2 * now  # 1 is assumed unless the model contradicts that
    shapes = _with_batch(facts, image, batch)
    if shapes is None:
        return Silence(None, "a size of the input is unknown")
    trial = tried(facts.model, shapes)
    why = trial.fault or _mixed(facts, trial)
    if not why:
        return Silence(None, f"a batch of {batch} runs too")
    return Finding(
        nodes=(trial.node,) if trial.node else (),
        message=f"the batch is declared open, but a batch of {batch} doesn't work: {why}",
        suggestion="reshape with -1 or 0 in the place of the batch, and export it again",
        evidence={"batch": batch, "fault": why},
    )


def _with_batch(facts: Facts, image: Input, batch: int) -> dict[str, StaticShape] | None:
    """Return the inputs with the batch of an image at another batch."""
    symbol = (image.declared or (None,))[0]
    shapes = {}
    for entry in facts.model.inputs:
        if entry.name == image.name or (entry.declared and entry.declared[0] == symbol):
            rest = tuple(size for size in (entry.bound or ())[1:] if size is not None)
            if len(rest) != len(entry.declared or ()) - 1:
                return None
            shapes[entry.name] = (batch, *rest)
    return shapes


def _mixed(facts: Facts, trial: Trial) -> str:
    """Return what becomes of an output that keeps its first axis and grows along another."""
    for name, after in zip(facts.model.outputs, trial.outputs, strict=True):
        before = facts.model.static(name)
        if before and after and before[0] == after[0] and before[1:] != after[1:]:
            return f"output {name} becomes {sides(after)}, it was {sides(before)}"
    return ""
