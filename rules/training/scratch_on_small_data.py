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
    min_images: Annotated[
        int, "least training images of which nothing is said; a house value"
    ] = 10_000,
    min_per_class: Annotated[int, "the same for each class; a house value"] = 100,
) -> Iterator[Remark]:
    """Training from scratch on so few images that fine-tuning does better.

    ## What it does
    Reports a recipe with `pretrained = "none"` and fewer than `min_images` `train_images`, or
    fewer than `min_per_class` for each of its `classes`. The second limit holds for
    classification only, which the task is unless the recipe names another. Where the recipe
    lacks the keys to judge by, the rule is listed as not checked.

    ## Why is this bad?
    The first layers of a network learn edges, colours and textures, which are the same in other
    pictures. A network that was trained on a large set has learnt them already; few images teach
    them badly, and a network with millions of weights learns few images by heart. R-CNN showed
    it for detection, where labelled images were few: trained on ImageNet first, then fine-tuned.
    Both limits are house values: nobody knows a number from which on training from scratch is
    fine.

    ## Example
    2,040 images of 102 kinds of flowers are fewer than 10,000, and only 20 for each class.

    ## When to ignore it
    When your images are unlike any that networks are trained on (spectra, other sensors), when
    no pretrained network fits the device, or when small data are the point of the work.

    ## References
    - Yosinski et al., How transferable are features in deep neural networks?, 2014
    - Girshick et al., Rich feature hierarchies for accurate object detection and semantic
      segmentation, 2014
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
    reasons = [f"{images:,} images (fewer than {min_images:,})"] if images < min_images else []
    if each is not None and each < min_per_class:
        reasons.append(f"{each:,.0f} for each class (fewer than {min_per_class:,})")
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
