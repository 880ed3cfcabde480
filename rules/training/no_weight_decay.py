"""T701."""

from collections.abc import Iterator

from cnnlint.facts.facts import Facts
from cnnlint.facts.training.optimizers import Decay, optimizer
from cnnlint.lint.finding import Basis, Finding, Fix, Remark, Severity, Silence, Unchecked
from cnnlint.lint.rule import rule


@rule(
    "T701",
    severity=Severity.WARNING,
    basis=Basis.PUBLISHED,
    fix=Fix.UNSAFE,
    proven="VGG-16 (SGD, 5e-4)",
    since="0.1",
)
def no_weight_decay(facts: Facts) -> Iterator[Remark]:
    """Training without weight decay.

    ## What it does
    Reports a recipe whose `weight_decay` is 0, and one with an optimizer that has 0 by default
    (SGD, Adam, RMSProp and others) and no `weight_decay`. Where the optimizer is AdamW, LAMB or
    one that cnnlint doesn't know, and the recipe gives no weight decay, the rule is listed as not
    checked: their defaults aren't 0 everywhere (AdamW in PyTorch has 0.01). So it is where the
    recipe names neither an optimizer nor a weight decay.

    ## Why is this bad?
    Weight decay (L2 regularisation) keeps weights small that the data don't need, and with them
    the gap between training and validation. It costs neither parameters nor time, and published
    networks are trained with it: 5e-4 for VGG, with SGD and momentum.

    ## Example
    `optimizer = "sgd"` without `weight_decay` becomes `weight_decay = 5e-4`. SGD and Adam of
    PyTorch take 0 where nobody says anything. With Adam, RMSProp and others of an adaptive step
    the suggestion is AdamW and 0.05, the value of ConvNeXt, since plain weight decay doesn't go
    well with such a step (T702); with AdamW and LAMB it is 0.05.

    ## When to ignore it
    When the data can't be overfitted (a single pass over a very large set), or something else
    takes the place of weight decay, such as an L2 term in the loss; the recipe has no key for
    that.

    ## References
    - Krogh and Hertz, A Simple Weight Decay Can Improve Generalization, 1992
    - Liu et al., A ConvNet for the 2020s, 2022
    - Simonyan and Zisserman, Very Deep Convolutional Networks for Large-Scale Image
      Recognition, 2015, section 3.1
    """
    recipe = facts.recipe
    if recipe.weight_decay is None and recipe.optimizer is None:
        yield Unchecked(("optimizer", "weight_decay"))
        return
    if recipe.weight_decay:
        yield Silence(None, f"weight decay is {recipe.weight_decay:g}")
        return
    known = optimizer(recipe.optimizer)
    decoupled = known is not None and known.decay is Decay.DECOUPLED
    if recipe.weight_decay is None and (known is None or decoupled):
        yield Unchecked(("weight_decay",))
        return
    given = "says weight_decay = 0" if recipe.weight_decay == 0 else "names none"
    adaptive = known is not None and known.decay is not Decay.PLAIN
    start = f"weight_decay = {'0.05' if adaptive else '5e-4'}"
    if adaptive and not decoupled:
        start = f"AdamW with {start}"
    yield Finding(
        nodes=(),
        message=f"no weight decay: the recipe {given}",
        suggestion=f"{start} is a start; try 10 times more and less; needs retraining",
        evidence={"optimizer": recipe.optimizer, "weight_decay": recipe.weight_decay},
    )
