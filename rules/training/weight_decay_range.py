"""T702."""

from collections.abc import Iterator
from typing import Annotated

from cnnlint.facts.facts import Facts
from cnnlint.facts.training.optimizers import Decay, optimizer
from cnnlint.lint.finding import Basis, Finding, Fix, Remark, Severity, Silence, Unchecked
from cnnlint.lint.rule import rule


@rule("T702", severity=Severity.NOTE, basis=Basis.HEURISTIC, fix=Fix.UNSAFE, since="0.1")
def weight_decay_range(
    facts: Facts,
    *,
    sgd_least: Annotated[
        float, "least weight decay of SGD of which nothing is said; a house value"
    ] = 1e-6,
    sgd_most: Annotated[float, "largest one; a house value"] = 1e-2,
    decoupled_least: Annotated[float, "the same for AdamW and LAMB; a house value"] = 1e-4,
    decoupled_most: Annotated[float, "largest one for these; a house value"] = 0.3,
) -> Iterator[Remark]:
    """Weight decay far from the values that its optimizer is used with.

    ## What it does
    Reports a `weight_decay` outside `sgd_least` to `sgd_most` for SGD, with or without momentum,
    and outside `decoupled_least` to `decoupled_most` for AdamW and LAMB. Reports any weight decay
    for Adam, NAdam, RAdam, Adamax, Adadelta, Adagrad and RMSProp, which add it to the gradient
    and so put it through their adaptive step. A weight decay of 0 is left to T701; of optimizers
    that aren't named here nothing is said.

    ## Why is this bad?
    The values for SGD and for AdamW differ by two orders of magnitude, and to carry one over to
    the other is a usual slip: ConvNeXt has 0.05 with AdamW, VGG 5e-4 with SGD, a hundredth of it.
    With Adam, weights with large gradients decay least, so that an L2 penalty is no longer the
    same as weight decay: AdamW was made to mend that. The limits are house values, wide ones.

    ## Example
    `optimizer = "sgd"` with `weight_decay = 0.05` is above 0.01: that is a value for AdamW.

    ## When to ignore it
    When the value comes from a search on your data, or from a published recipe: EfficientNet was
    trained with RMSProp and 1e-5. When your framework's Adam doesn't add it to the gradient, as
    `weight_decay` in Keras: write `adamw` in the recipe. When AdamW shrinks weights by the value
    itself instead of by its product with the learning rate: values are smaller then.

    ## References
    - Liu et al., A ConvNet for the 2020s, 2022
    - Loshchilov and Hutter, Decoupled Weight Decay Regularization, 2019
    - Simonyan and Zisserman, Very Deep Convolutional Networks for Large-Scale Image
      Recognition, 2015, section 3.1
    - Tan and Le, EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks, 2019
    """
    name, decay = facts.recipe.optimizer, facts.recipe.weight_decay
    if name is None or decay is None:
        keys = {"optimizer": name, "weight_decay": decay}
        yield Unchecked(tuple(key for key, value in keys.items() if value is None))
        return
    known = optimizer(name)
    if known is None or decay == 0:
        yield Silence(None, f"no range is known for {name}" if decay else "weight decay is 0")
        return
    if known.decay is Decay.COUPLED:
        message = f"weight decay {decay:g} goes through the adaptive step of {name}"
        suggestion = (
            "AdamW instead, which decays all weights alike; 0.05 is a start; needs retraining"
        )
    else:
        plain = known.decay is Decay.PLAIN
        least, most = (sgd_least, sgd_most) if plain else (decoupled_least, decoupled_most)
        if least <= decay <= most:
            yield Silence(None, f"weight decay {decay:g} is between {least:g} and {most:g}")
            return
        side = f"below {least:g}" if decay < least else f"above {most:g}"
        message = f"weight decay {decay:g} is {side}, unusual for {name}"
        suggestion = f"{'5e-4' if plain else '0.05'} is a start; needs retraining"
    yield Finding(
        nodes=(),
        message=message,
        suggestion=suggestion,
        evidence={"optimizer": name, "weight_decay": decay},
    )
