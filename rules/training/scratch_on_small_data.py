"""T706."""

from collections.abc import Iterator
from typing import Annotated

from cnnlint.facts.facts import Facts
from cnnlint.facts.training.recipe import NONE
from cnnlint.lint.finding import Basis, Finding, Fix, Remark, Severity, Silence, Unchecked
from cnnlint.lint.rule import rule

PER_CLASS = (None, "classification")
"""Tasks in which each class needs images of its own."""


@rule(
    "T706",
    severity=Severity.WARNING,
    basis=Basis.HEURISTIC,
    fix=Fix.UNSAFE,
    proven="R-CNN",
    since="0.1",
)
def scratch_on_small_data(
    facts: Facts,
    *,
    min_images: Annotated[int, "training images from which on scratch is fine"] = 10_000,
    min_per_class: Annotated[int, "of them for each class"] = 100,
) -> Iterator[Remark]:
    """Training from scratch on so few images that fine-tuning does better.

    ## What it does
    Reports a recipe with `pretrained = "none"` and fewer than `min_images` images to train on, or
    fewer than `min_per_class` for each class. The task counts as classification unless the recipe
    names another; only there are images for each class asked for.

    ## Why is this bad?
    A network has millions of weights, and its first layers learn edges, colours and textures,
    which are the same in other pictures. A network trained on a large set has them; few images
    teach them badly, and the rest is learnt by heart. R-CNN went this way for detection, where
    labelled images were few: trained on ImageNet first, then fine-tuned. Both limits are house
    values: there is no number from which on scratch is fine.

    ## Example
    2,040 images of 102 kinds of flowers are below 10,000, and 20 for each class.

    ## When to ignore it
    When your images are unlike any that networks are trained on (spectra, other sensors), when
    nothing pretrained fits the device, or when small data are the point of the work.

    ## References
    - Yosinski et al., How transferable are features in deep neural networks?, 2014
    - Girshick et al., Rich feature hierarchies for accurate object detection, 2014
    """
    recipe = facts.recipe
    images, classes = recipe.train_images, recipe.classes
    if recipe.pretrained is not None and recipe.pretrained != NONE:
        yield Silence(None, f"training started with weights of {recipe.pretrained}")
        return
    if recipe.pretrained is None or images is None:
        keys = {"pretrained": recipe.pretrained, "train_images": images}
        yield Unchecked(tuple(key for key, value in keys.items() if value is None))
        return
    by_class = recipe.task in PER_CLASS
    each = images / classes if by_class and classes else None
    reasons = [f"{images:,} images, fewer than {min_images:,}"] if images < min_images else []
    if each is not None and each < min_per_class:
        reasons.append(f"{each:,.0f} for each class, fewer than {min_per_class:,}")
    if reasons:
        yield Finding(
            nodes=(),
            message=f"trained from scratch on {' and '.join(reasons)}",
            suggestion="fine-tune a network that was trained on a larger set; needs retraining",
            evidence={"train_images": images, "classes": classes, "images_per_class": each},
        )
    elif by_class and classes is None:
        yield Unchecked(("classes",))
    else:
        yield Silence(None, f"{images:,} images are enough to train from scratch")
