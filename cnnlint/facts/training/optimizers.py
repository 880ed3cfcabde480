"""What is known of an optimiser by its name."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Decay(StrEnum):
    """What weight decay means to an optimiser."""

    PLAIN = "plain"
    """L2 and weight decay are the same: there is one step size for all weights."""
    COUPLED = "coupled"
    """L2 goes through the adaptive step sizes, so that large gradients decay least."""
    DECOUPLED = "decoupled"
    """Weights shrink beside the adaptive step."""


@dataclass(frozen=True, slots=True)
class Optimizer:
    """An optimiser; those that share a name differ in details that don't matter here."""

    state: int
    """Numbers that it keeps for each parameter, momentum included."""
    decay: Decay


_SGD = Optimizer(1, Decay.PLAIN)
_ONE, _TWO = Optimizer(1, Decay.COUPLED), Optimizer(2, Decay.COUPLED)
KNOWN: Mapping[str, Optimizer] = {
    **dict.fromkeys(("sgd", "momentum", "nesterov", "sgdmomentum", "sgdnesterov"), _SGD),
    **dict.fromkeys(("rmsprop", "adagrad"), _ONE),
    **dict.fromkeys(("adam", "nadam", "radam", "adamax", "adadelta"), _TWO),
    **dict.fromkeys(("adamw", "lamb"), Optimizer(2, Decay.DECOUPLED)),
}
"""Optimisers by the letters of their name."""


def optimizer(name: str | None) -> Optimizer | None:
    """Return the optimiser of a name, however it is written: ``torch.optim.AdamW``, ``adam_w``.

    None where none is named, or it isn't known here.
    """
    last = (name or "").rpartition(".")[2]
    return KNOWN.get(re.sub("[^a-z]", "", last.lower()))
