"""A stack of 3x3 convolutions in place of one with a larger kernel, and what it costs."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import prod

from cnnlint.facts.layers import Conv
from cnnlint.model.graph import StaticShape

MAX_DEPTH = 16
"""A stack of more layers, in place of kernels above 33x33, is no remedy."""
MAX_STRIDE = 3
"""One 3x3 that takes a larger stride would skip part of the map."""


@dataclass(frozen=True, slots=True)
class Stack:
    """Convolutions with kernel side 3 in series, in place of one with a larger kernel."""

    conv: Conv
    """The one that they replace."""
    channels: tuple[int, ...]
    """What each layer reads, and what the last one makes."""
    grids: tuple[StaticShape, ...]
    """What each layer leaves."""
    stride_first: bool
    """Whether the first layer takes the stride, not the last."""

    @property
    def depth(self) -> int:
        """Number of layers."""
        return len(self.grids)

    @property
    def layer_weights(self) -> tuple[int, ...]:
        """Weights of each layer, biases not counted."""
        area = 3 ** len(self.conv.kernel)
        return tuple(area * a * b // self.conv.groups for a, b in pairwise(self.channels))

    @property
    def weights(self) -> int:
        """Weights of all layers."""
        return sum(self.layer_weights)

    @property
    def macs(self) -> int:
        """MACs of all layers at the bound shapes."""
        layers = zip(self.layer_weights, self.grids, strict=True)
        return self._batch * sum(weights * prod(grid) for weights, grid in layers)

    @property
    def direct_macs(self) -> int:
        """MACs of the one that they replace."""
        return self._batch * self.conv.weights * prod(self.grids[-1])

    @property
    def extra_numbers(self) -> int:
        """Numbers in the maps between the layers."""
        maps = zip(self.channels[1:-1], self.grids[:-1], strict=True)
        return self._batch * sum(width * prod(grid) for width, grid in maps)

    @property
    def _batch(self) -> int:
        return prod((self.conv.out_shape or ())[:1])

    @property
    def sees_the_same(self) -> bool:
        """Whether its receptive field is that of the one kernel, not larger."""
        reach = tuple(2 * rate * self.depth + 1 for rate in self.conv.dilation)
        return reach == self.conv.reach and not self.stride_first


def cheapest_stack(conv: Conv) -> Stack | None:
    """Return the cheapest stack of 3x3 that sees as much, whatever it costs; None without one.

    Widths tried are min(cin, cout) and cout, at least min(16, cin) and a quarter of cout. The
    stride stands on the last layer, which keeps the receptive field, or on the first.
    """
    depth = max(conv.kernel) // 2
    if conv.in_grid is None or conv.out_shape is None:
        return None
    if depth > MAX_DEPTH or max(conv.stride) > MAX_STRIDE:
        return None
    least = max(min(16, conv.cin), -(-conv.cout // 4))
    widths = (max(width, least) for width in (min(conv.cin, conv.cout), conv.cout))
    stacks = (
        Stack(conv, (conv.cin, *(width,) * (depth - 1), conv.cout), grids, stride_first)
        for width in sorted({-(-w // conv.groups) * conv.groups for w in widths})
        for grids, stride_first in _grids(conv, depth)
    )
    return min(stacks, key=lambda stack: stack.macs, default=None)


def _grids(conv: Conv, depth: int) -> Iterator[tuple[tuple[StaticShape, ...], bool]]:
    """Yield the grids that a stack leaves, and whether its first layer takes the stride.

    The last grid is that of the large kernel. Its padding goes to the first layers, as much as
    they need to keep the size of their map; a stack that sees more is padded by as much more.
    """
    end, shrinks = conv.grid or (), [2 * rate for rate in conv.dilation]
    spare = [
        before + after + shrink * depth + 1 - reach
        for before, after, shrink, reach in zip(*conv.pads, shrinks, conv.reach, strict=True)
    ]
    axes = tuple(zip(conv.in_grid or (), shrinks, spare, strict=True))
    inner = (
        tuple(size - max(0, shrink * layer - pad) for size, shrink, pad in axes)
        for layer in range(1, depth)
    )
    yield (*inner, end), False
    if max(conv.stride) > 1 and all(pad >= shrink * (depth - 1) for _, shrink, pad in axes):
        yield (end,) * depth, True
