"""T705."""

from collections.abc import Iterator

from cnnlint.facts.facts import Facts
from cnnlint.facts.memory.training import training_memory
from cnnlint.lint.finding import Basis, Finding, Remark, Severity, Silence, Unchecked
from cnnlint.lint.rule import rule

GIB = 1 << 30


@rule("T705", severity=Severity.WARNING, basis=Basis.COMPUTED, since="0.1")
def batch_does_not_fit(facts: Facts) -> Iterator[Remark]:
    """Batch that takes more memory to train on than a device has.

    ## What it does
    Reports a `batch_size` that, divided by `devices` (1 unless the recipe says how many), takes
    more than `device_memory` (in GiB), and tells the largest power of two that fits on one device.
    Counted are the maps that the backward pass needs, at the input size that is checked, and for
    each parameter 4 bytes of weight, 4 of gradient, and what the optimizer keeps: 8 for Adam,
    AdamW and their like, 4 for SGD (taken to have momentum), RMSProp and Adagrad, 0 for others or
    where none is named. Maps have 4 bytes a number, 2 with `precision = "mixed"`. Exporters fold
    normalisation away: give `norm`, since its input is kept too.

    ## Why is this bad?
    Training stops for lack of memory. Only what a usual run can't do without is counted.
    Workspace, gradients of maps and the framework itself come on top, so a batch that passes this
    check may still not fit.

    ## Example
    ResNet-50 at 224x224 with `norm = "bn"` keeps 80.4 MiB for each image. With SGD a batch of 256
    takes 20.4 GiB, and in 16 GiB there is room for 128.

    ## When to ignore it
    When maps are computed a second time instead of kept (checkpointing), or gradients of several
    small batches are added up: then give the size of the small one. Nothing is said where
    `frozen_layers` names any, or the size of a map is unknown.

    ## References
    - Chen et al., Training Deep Nets with Sublinear Memory Cost, 2016
    """
    recipe = facts.recipe
    if recipe.batch_size is None or recipe.device_memory is None:
        keys = {"batch_size": recipe.batch_size, "device_memory": recipe.device_memory}
        yield Unchecked(tuple(key for key, value in keys.items() if value is None))
        return
    memory = None if recipe.frozen_layers else training_memory(facts)
    if memory is None:
        why = "layers are frozen" if recipe.frozen_layers else "sizes of maps are unknown"
        yield Silence(None, f"{why}, so nobody knows what the backward pass keeps")
        return
    images = -(-recipe.batch_size // (recipe.devices or 1))
    needed, there = memory.of(images), recipe.device_memory * GIB
    words = f"take at least {_gib(needed)} GiB of {recipe.device_memory:,g}"
    if needed <= there:
        yield Silence(None, f"{images:,} images {words}")
        return
    largest = memory.largest_batch(there)
    yield Finding(
        nodes=(),
        message=f"{images:,} images a device {words}",
        suggestion=(
            f"a batch of {largest:,} fits; if yours must stay, add up the gradients of several"
            if largest
            else "not one image fits: a smaller input or network, or a larger device"
        ),
        evidence={
            "images_per_device": images,
            "bytes": needed,
            "bytes_per_image": memory.per_image,
            "bytes_of_parameters": memory.parameters,
            "largest_batch": largest,
        },
    )


def _gib(size: int) -> str:
    return f"{size / GIB:,.1f}" if size >= GIB / 10 else f"{size / GIB:.2g}"
