"""What finer maps would cost: all that comes behind works on more positions."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import prod

from cnnlint.facts.layers import Weighted
from cnnlint.facts.structure.entry import Entry, Jumps
from cnnlint.model.graph import StaticShape


@dataclass(frozen=True, slots=True)
class Paced:
    """A layer with weights, its MACs, and the input pixels between neighbours of what it makes."""

    layer: Weighted
    macs: int
    jump: Jumps
    """Per axis; empty where it makes no map."""


@dataclass(frozen=True, slots=True)
class FinerStem:
    """A kernel of 3 at most, stride 1 and no pool in place of an entry, and what that changes."""

    kernel: StaticShape
    weights: int
    """Weights of the first convolution."""
    more_macs: int
    """MACs of the model that come in addition, at equal widths."""


def finer_stem(entry: Entry, layers: Iterable[Paced]) -> FinerStem | None:
    """Return what an entry that doesn't downsample costs; None where the input's size is unknown.

    Args:
        entry: the entry of the network.
        layers: its layers, the first one included.
    """
    conv = entry.conv
    if conv.positions is None:
        return None
    kernel = tuple(min(3, k) for k in conv.kernel)
    weights = conv.weights // prod(conv.kernel) * prod(kernel)
    change = weights * conv.positions * prod(conv.stride)
    for paced in layers:
        if paced.layer is not conv:
            change += int(paced.macs * prod(map(min, paced.jump, entry.jump)))
        change -= paced.macs
    return FinerStem(kernel, weights, change)


def more_macs_without_end(layers: Iterable[Paced], most: Jumps) -> int:
    """Return the MACs in addition where the last steps are left out: no jump exceeds ``most``."""
    change = 0
    for paced in layers:
        pairs = zip(paced.jump, most, strict=False)
        factor = prod(max(Fraction(1), jump / limit) for jump, limit in pairs)
        change += int(paced.macs * factor) - paced.macs
    return change
