"""T704."""

from collections.abc import Iterator
from math import gcd
from typing import Annotated

from cnnlint.facts.facts import Facts
from cnnlint.facts.training.optimizers import Decay, optimizer
from cnnlint.facts.training.recipe import NONE
from cnnlint.lint.finding import Basis, Finding, Fix, Remark, Severity, Silence, Unchecked
from cnnlint.lint.rule import rule

GROUPS = 32
"""Groups of GroupNorm, where the channels allow so many."""


@rule(
    "T704",
    severity=Severity.NOTE,
    basis=Basis.HEURISTIC,
    fix=Fix.UNSAFE,
    proven="ResNet-50 (256 on 8 devices)",
    since="0.1",
)
def batch_size(
    facts: Facts,
    *,
    least: Annotated[int, "least images a device of which nothing is said; a house value"] = 8,
    most: Annotated[int, "most images a device; a house value"] = 1024,
    unscaled: Annotated[int, "largest batch that needs no larger rate; from Goyal et al."] = 256,
    base_lr: Annotated[float, "learning rate of SGD at that batch; from Goyal et al."] = 0.1,
) -> Iterator[Remark]:
    """Batch so small or so large that training suffers.

    ## What it does
    Reports fewer than `least` or more than `most` images on each device: `batch_size` divided by
    `devices` (1 unless the recipe says how many). Fewer than `least` are a warning where the
    network has BatchNormalization, as `norm` of the recipe says or, without it, the file.
    Reports too a batch above `unscaled` for SGD with a learning rate of `base_lr` or less, unless
    `pretrained` names weights that training started with.

    ## Why is this bad?
    BatchNormalization takes its statistics from the images of one device, and few images give
    noisy ones: with 2 images on each, ResNet-50 has 34.7 % error on ImageNet with
    BatchNormalization and 24.1 % with GroupNorm. With large batches an epoch has fewer steps, so
    SGD needs larger ones: k times the images, k times the learning rate. `least` and `most` are
    house values, and so is this advice: start with a batch of 32, and take more where the loss is
    noisy, fewer where memory is short.

    ## Example
    `batch_size = 16` on `devices = 8` leaves 2 images a device. With `batch_size = 1024`,
    `lr = 0.1` and `optimizer = "sgd"` the suggestion is `lr = 0.4`.

    ## When to ignore it
    When statistics are taken over all devices (SyncBatchNorm) or are frozen, or when gradients
    of several small steps are added up; the recipe has no keys for these.

    ## References
    - Wu and He, Group Normalization, 2018
    - Goyal et al., Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour, 2017
    """
    recipe = facts.recipe
    if recipe.batch_size is None:
        yield Unchecked(("batch_size",))
        return
    share = recipe.batch_size / (recipe.devices or 1)
    found = list(_by_device(facts, share, least, most))
    lr, known = recipe.lr, optimizer(recipe.optimizer)
    sgd = known is not None and known.decay is Decay.PLAIN
    scratch = recipe.pretrained in (None, NONE)
    if sgd and scratch and lr and lr <= base_lr and recipe.batch_size > unscaled:
        found.append(
            Finding(
                nodes=(),
                message=f"learning rate {lr:g} at {recipe.batch_size:,} images a step looks like "
                f"that of {unscaled:,}",
                suggestion=f"scale it with the batch, to {lr * recipe.batch_size / unscaled:g}, "
                "and warm it up; needs retraining",
                evidence={"batch_size": recipe.batch_size, "lr": lr, "threshold": base_lr},
            )
        )
    yield from found
    if not found:
        yield Silence(None, f"{_count(share)} images a device are between {least:,} and {most:,}")


def _by_device(facts: Facts, share: float, least: int, most: int) -> Iterator[Finding]:
    """Yield what is wrong with the images on one device."""
    if least <= share <= most:
        return
    few = share < least
    groups = _groups(facts) if few else None
    suggestion = f"{least:,} or more" if few else f"{most:,} or fewer"
    if groups is not None:
        of = f" with {groups} groups" if groups else ""
        suggestion = f"GroupNorm{of} instead of BatchNormalization, or {suggestion} images"
    side = f"fewer than {least:,}" if few else f"more than {most:,}"
    statistics = "" if groups is None else " to take BatchNormalization's statistics from"
    yield Finding(
        nodes=(),
        message=f"{_count(share)} images a device, {side}{statistics}",
        suggestion=f"{suggestion}; needs retraining",
        evidence={
            "images_per_device": share,
            "threshold": least if few else most,
            "batch_norm": groups is not None,
        },
        severity=None if groups is None else Severity.WARNING,
    )


def _count(images: float) -> str:
    return f"{images:,.1f}".removesuffix(".0")


def _groups(facts: Facts) -> int | None:
    """Return the groups of a GroupNorm in the place of BatchNormalization, 0 where unknown.

    None where there is none: what ``norm`` says counts more than the file, which an exporter
    may have rid of it.
    """
    nodes = [node for node in facts.nodes if node.op == "BatchNormalization"]
    shapes = [facts.model.static(name) for node in nodes for name in node.inputs[1:2]]
    if facts.recipe.norm not in (None, "bn") or (facts.recipe.norm is None and not nodes):
        return None
    sizes = [shape[0] for shape in shapes if shape]
    return gcd(GROUPS, *sizes) if sizes else 0
