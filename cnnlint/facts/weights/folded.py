"""Whether skip connections sit inside the kernels, as re-parameterised networks have them."""

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING

from cnnlint.facts.layers import Conv, Weighted
from cnnlint.facts.weights.numbers import read
from cnnlint.model.graph import Model

if TYPE_CHECKING:
    import numpy as np

    Floats = np.ndarray[tuple[int, ...], np.dtype[np.float32]]


def folded_skips(
    model: Model, run: Sequence[Weighted], ratio: float, *, told: bool | None = None
) -> str:
    """Return "yes", "no" or "unreadable": whether kernels of a run hold skip connections.

    In RepVGG and MobileOne they were added to the kernels, in which the taps of the identity
    then stand out. The recipe may say so too: ``reparameterized = true``.

    Args:
        model: the model.
        run: layers in series.
        ratio: how much larger those taps are than others in a kernel that holds one; half of
            the kernels that keep channels and grid must.
        told: whether the recipe says so.
    """
    if told:
        return "yes"
    convs = [layer for layer in run if isinstance(layer, Conv)]
    square = [c for c in convs if c.groups == 1 and c.cin == c.cout and set(c.stride) == {1}]
    scores = []
    unread = 0
    for conv in square:
        weight = read(model.value(conv.weight))
        score = None if weight is None else identity_score(weight)
        unread += weight is None
        scores += [] if score is None else [score]
    if scores:
        return "yes" if sum(score >= ratio for score in scores) * 2 >= len(scores) else "no"
    could_be = all(set(c.kernel) <= {1, 3} and c.bias for c in convs)
    return "unreadable" if unread and could_be else "no"


def identity_score(weight: "Floats") -> float | None:
    """Return how much a square kernel holds an identity: centre taps against all others.

    ``weight`` is ``[C, C, *k]`` with odd k. The score is the mean of |W[i, i, centre]| over the
    mean of all other |W|: about 1 for an ordinary kernel, 15-32 where RepVGG has folded a skip
    connection into it. None where it is not defined.
    """
    import numpy as np  # noqa: PLC0415  (see read)

    channels, kernel = weight.shape[0], weight.shape[2:]
    if weight.shape[1] != channels or any(k % 2 == 0 for k in kernel) or weight.size <= channels:
        return None
    size = np.abs(weight).reshape(channels, channels, -1)
    diagonal = np.arange(channels), np.arange(channels), prod(kernel) // 2
    inside = float(size[diagonal].sum(dtype=np.float64))
    size[diagonal] = 0
    outside = float(size.sum(dtype=np.float64))
    if outside <= 0:
        return None
    return (inside / channels) / (outside / (weight.size - channels))
