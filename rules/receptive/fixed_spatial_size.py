"""R706."""

from collections.abc import Iterator, Sequence
from typing import Annotated

from cnnlint.facts.facts import Facts
from cnnlint.facts.layers import sides
from cnnlint.facts.reach.resized import (
    Spatial,
    Trial,
    can_be_tried,
    is_open,
    scaled,
    spatial_inputs,
    tried,
)
from cnnlint.lint.finding import Basis, Finding, Fix, Severity, Silence
from cnnlint.lint.rule import rule


@rule("R706", severity=Severity.ERROR, basis=Basis.COMPUTED, fix=Fix.SAFE, since="0.1")
def fixed_spatial_size(
    facts: Facts,
    *,
    fixed_sizes: Annotated[bool, "whether fixed sizes that nothing needs are reported"] = False,
) -> Iterator[Finding | Silence]:
    """Input size that is declared open but isn't, or fixed though nothing needs that.

    ## What it does
    Infers all shapes once more for inputs of other sizes. Where the file declares the size of
    images open, and the model works neither at twice nor at half the size that it is analysed at,
    that is an error. It doesn't work where a node can't run, which is named, or where the batch of
    an output changes: a Reshape has made places of the map into images then. With `fixed_sizes`
    also a note where the size is declared fixed, and the model works at twice the size as well,
    with all maps among its outputs larger.

    ## Why is this bad?
    An open size that only works with one number fails at run time, on the first image of another
    size. The other way round, a network of convolutions and global pooling takes images of any
    size; declared as 224x224 it refuses all others, so that they are cropped or distorted first.

    ## Example
    An input of `N`x3x`H`x`W`, and a dense layer on a flattened 8x112x112 map, as 224x224 images
    give it: neither 448x448 nor 112x112 works. A ResNet-50 declared for 224x224 would run at
    448x448 as well.

    ## When to ignore it
    Most exporters fix sizes where nobody asks, and many accelerators want that, so it is said
    only where `fixed_sizes` is set. A network that needs its size, as one with a flattened head
    (H501, H509), window attention or a table of positions, is left alone even then. Nothing is
    said of a model with operators that are neither of ONNX nor of onnxruntime (`com.microsoft`):
    what they do at other sizes can't be told.

    ## References
    - Lin et al., Network In Network, 2014 (global average pooling)
    - Long et al., Fully Convolutional Networks for Semantic Segmentation, 2015
    """
    model = facts.model
    found = spatial_inputs(model, facts.receptive)
    if not found or not can_be_tried(model):
        what = "what it does at other sizes can't be told" if found else "no input has sides"
        yield Silence(None, what)
    elif any(is_open(entry, axis) for entry, axes in found for axis in axes):
        yield _open(facts, found)
    elif not fixed_sizes:
        yield Silence(None, f"the size is fixed at {_sizes(found, None)}, as exporters trace it")
    else:
        yield _fixed(facts, found)


def _open(facts: Facts, found: Sequence[Spatial]) -> Finding | Silence:
    """Look whether sizes that are declared open are so."""
    chosen = [(entry, tuple(a for a in axes if is_open(entry, a))) for entry, axes in found]
    trials = [
        tried(facts.model, shapes)
        for times in (2.0, 0.5)
        if (shapes := scaled(chosen, times)) is not None
    ]
    works = next((trial for trial in trials if not _fault(facts, trial)), None)
    if works or len(trials) < 2:
        said = f"{_sizes(chosen, works)} runs too" if works else "a size of the input is unknown"
        return Silence(None, said)
    first, second = (_sizes(chosen, trial) for trial in trials)
    trial, fault = trials[0], _fault(facts, trials[0])
    return Finding(
        nodes=(trial.node,) if trial.node else (),
        message=f"sizes are declared open, but neither {first} nor {second} works: {fault}",
        suggestion="declare the size that the model is made for, or pool to a fixed size",
        evidence={"tried": (first, second), "fault": fault},
    )


def _fixed(facts: Facts, found: Sequence[Spatial]) -> Finding | Silence:
    """Look whether sizes that are declared fixed have to be so."""
    shapes = scaled(found, 2.0)
    if shapes is None or all((entry.bound or ())[a] == 1 for entry, axes in found for a in axes):
        return Silence(None, "the input has no sides above 1")
    trial = tried(facts.model, shapes)
    now, then = _sizes(found, None), _sizes(found, trial)
    if fault := _fault(facts, trial):
        return Silence(trial.node, f"{now} is needed, {then} doesn't work: {fault}")
    if not _follows(facts, trial):
        return Silence(None, f"{now} is needed: at {then} an output keeps its size")
    return Finding(
        nodes=(),
        message=f"the input takes {now} only, though nothing needs that: {then} runs as well",
        suggestion="declare these axes as open when the model is exported (dynamic axes)",
        evidence={"size": now, "tried": then},
        severity=Severity.NOTE,
    )


def _sizes(found: Sequence[Spatial], trial: Trial | None) -> str:
    """Return the sizes of the first input along its axes, as bound or as tried."""
    entry, axes = next((entry, axes) for entry, axes in found if axes)
    shape = trial.shapes[entry.name] if trial else entry.bound or ()
    return sides(tuple(shape[axis] or 0 for axis in axes))


def _fault(facts: Facts, trial: Trial) -> str:
    """Return why a trial doesn't work: it can't run, or places of the map become images."""
    for name, after in zip(facts.model.outputs, trial.outputs, strict=True):
        before = facts.model.static(name)
        if before and after and before[0] != after[0]:
            return trial.fault or f"output {name} becomes {sides(after)}, it was {sides(before)}"
    return trial.fault


def _follows(facts: Facts, trial: Trial) -> bool:
    """Return whether every map among the outputs has changed its size with the input."""
    for name, shape in zip(facts.model.outputs, trial.outputs, strict=True):
        before, reach = facts.model.static(name), facts.receptive.get(name)
        if shape is None or before is None or len(shape) != len(before):
            return False
        axes = [i for i, axis in enumerate(reach.axes) if axis] if reach else []
        if any(shape[i] == before[i] for i in axes):
            return False
    return True
