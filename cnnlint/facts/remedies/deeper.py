"""Two convolutions in place of one, with no more weights."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from math import isqrt, prod

from cnnlint.facts.layers import Conv
from cnnlint.model.graph import Key

STEP = 8
"""Channels come in multiples of this."""


@dataclass(frozen=True, slots=True)
class Deeper:
    """Two convolutions in place of one."""

    conv: Conv
    middle: int
    """Channels between them."""
    cout: int

    @property
    def weights(self) -> int:
        """Weights of both."""
        return prod(self.conv.kernel) * self.middle * (self.conv.cin + self.cout)

    @property
    def macs(self) -> int | None:
        """MACs of both, the second of which takes the stride; None where a size is unknown."""
        conv = self.conv
        if conv.in_shape is None or conv.out_shape is None:
            return None
        first, second = prod(conv.in_shape[2:]) * conv.cin, prod(conv.out_shape[2:]) * self.cout
        return conv.in_shape[0] * prod(conv.kernel) * self.middle * (first + second)


def deeper(convs: Sequence[Conv], stems: AbstractSet[Key]) -> Deeper | None:
    """Return two layers for the largest convolution, one behind the stem if there is any.

    They have no more weights. A first convolution reads so few channels that both must be
    narrow.
    """
    behind = [c for c in convs if c.node.key not in stems and not c.transposed]
    if behind:
        conv = max(behind, key=lambda c: c.weights)
        middle = conv.cin * conv.cout // (conv.cin + conv.cout) // STEP * STEP
        return Deeper(conv, middle, conv.cout) if middle else None
    conv = convs[0]
    narrow = (isqrt(conv.cin * (conv.cin + 4 * conv.cout)) - conv.cin) // 2 // STEP * STEP
    alone = len(convs) == 1 and not conv.transposed
    return Deeper(conv, narrow, narrow) if narrow and alone else None
