"""An n x n convolution split into 1 x n and n x 1 in series, and what it costs in one piece."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod

from cnnlint.facts.layers import Conv, Layer
from cnnlint.model.graph import Key, StaticShape


@dataclass(frozen=True, slots=True)
class Split:
    """Two convolutions in series, each with a window along one axis, not the same one."""

    first: Conv
    second: Conv

    @property
    def depthwise(self) -> bool:
        """Whether both are depthwise; otherwise both are dense."""
        return self.first.depthwise

    @property
    def side(self) -> int:
        """Length of both kernels."""
        return max(self.first.kernel)

    @property
    def kernel(self) -> StaticShape:
        """The kernel of both in one."""
        return tuple(map(max, self.first.kernel, self.second.kernel))

    @property
    def weights(self) -> int:
        """Weights of both, biases not counted."""
        return self.first.weights + self.second.weights

    @property
    def macs(self) -> int:
        """MACs of both at the bound shapes."""
        return sum(conv.weights * (conv.positions or 0) for conv in (self.first, self.second))

    @property
    def whole_weights(self) -> int:
        """Weights of one convolution in their place, as dense or depthwise as they are."""
        return self.second.cout * prod(self.kernel) * (1 if self.depthwise else self.first.cin)

    @property
    def whole_macs(self) -> int:
        """MACs of one convolution in their place."""
        return self.whole_weights * (self.second.positions or 0)

    @property
    def separable_weights(self) -> int:
        """Weights of a depthwise convolution with the whole kernel and a 1x1 behind it."""
        return self.first.cin * (prod(self.kernel) + self.second.cout)

    @property
    def separable_macs(self) -> int:
        """MACs of these two."""
        return self.separable_weights * (self.second.positions or 0)

    @property
    def between(self) -> int:
        """Numbers in the map between the two."""
        return prod(self.first.out_shape or ())

    @property
    def separable_between(self) -> int:
        """Numbers in the map between a depthwise convolution and the 1x1 behind it."""
        return self.first.cin * (self.second.positions or 0)


def splits(layers: Mapping[Key, Layer], following: Mapping[Key, Key]) -> Iterator[Split]:
    """Yield the pairs of a model, each layer in one of them at most, in execution order.

    Args:
        layers: the layers of the model.
        following: the layer in immediate series after a layer.
    """
    taken: set[Key] = set()
    for key, first in layers.items():
        second = layers.get(following.get(key, key))
        if key in taken or not isinstance(first, Conv) or not isinstance(second, Conv):
            continue
        if _is_split(first, second):
            taken.add(second.node.key)
            yield Split(first, second)


def long_axis(conv: Conv) -> int | None:
    """Return the one axis along which a convolution has a window, None where there isn't one."""
    axes = [axis for axis, side in enumerate(conv.kernel) if side > 1]
    return axes[0] if len(axes) == 1 and not conv.transposed else None


def _is_split(first: Conv, second: Conv) -> bool:
    along, across = long_axis(first), long_axis(second)
    if along is None or across is None or along == across:
        return False
    if 0 in (second.out_shape or (0,)):
        return False
    alike = (first.depthwise and second.depthwise) or first.groups == second.groups == 1
    fits = (first.cout, first.grid) == (second.cin, second.in_grid)
    return alike and fits and max(first.kernel) == max(second.kernel)
