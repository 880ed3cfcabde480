"""Layers that work on each position of a map by itself, and runs of them in series."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from math import prod

from cnnlint.facts.layers import Conv, Dense, Layer, Pool, Recurrent
from cnnlint.facts.reach.receptive import Reach
from cnnlint.model.graph import Key, Node, StaticShape

TOKENS = 3
"""A dense layer on a tensor of this rank reads tokens, of which the places aren't known."""
RESIZING = frozenset({"Resize", "Upsample"})


@dataclass(frozen=True, slots=True)
class Pointwise:
    """A 1x1 convolution, or a dense layer over the channels of a map with its channels last."""

    node: Node
    data: str
    """The map that it reads."""
    axes: int
    """Spatial axes of the map."""
    cin: int
    cout: int
    positions: int
    """Output positions of the whole batch."""
    weights: int

    @property
    def macs(self) -> int:
        """MACs at the bound shapes."""
        return self.weights * self.positions

    @property
    def depthwise_weights(self) -> int:
        """Weights of a depthwise convolution with side 3 on the channels that it reads."""
        return prod((3,) * self.axes) * self.cin


def pointwise(layer: Layer) -> Pointwise | None:
    """Return a layer as a pointwise one, None where it isn't one or has one position only.

    Scaling of channels (a depthwise 1x1) mixes nothing, and is none.
    """
    if not isinstance(layer, Conv | Dense) or layer.out_shape is None:
        return None
    shape = layer.out_shape
    if isinstance(layer, Conv):
        plain = layer.pointwise and not layer.depthwise and not layer.transposed
        grid, data, weights = shape[2:], layer.node.inputs[0], layer.weights
        if not plain or prod(grid) < 2:
            return None
    else:
        grid, data, weights = shape[1:-1], layer.data, layer.cin * layer.cout
        if len(shape) <= TOKENS or prod(grid) < 2:
            return None
    positions = shape[0] * prod(grid)
    return Pointwise(layer.node, data, len(grid), layer.cin, layer.cout, positions, weights)


def pointwise_runs(
    layers: Mapping[Key, Layer], following: Mapping[Key, Key], receptive: Mapping[str, Reach]
) -> Iterator[tuple[Pointwise, ...]]:
    """Yield the longest runs of pointwise layers in series that see the same all along.

    Args:
        layers: the layers of the model.
        following: the layer in immediate series after a layer.
        receptive: what each tensor sees.
    """
    found = {key: p for key, layer in layers.items() if (p := pointwise(layer))}
    found = {key: p for key, p in found.items() if _sees_the_same(p.data, p.node, receptive)}
    joined = {
        key: following[key]
        for key, p in found.items()
        if (after := found.get(following.get(key, key)))
        and after is not p
        and _sees_the_same(after.data, p.node, receptive)
    }
    later = set(joined.values())
    for key in found:
        if key in joined and key not in later:
            run = [key]
            while run[-1] in joined:
                run.append(joined[run[-1]])
            yield tuple(found[each] for each in run)


def is_blind(
    layers: Mapping[Key, Layer],
    receptive: Mapping[str, Reach],
    field: StaticShape | None,
    ops: Collection[str],
) -> bool:
    """Return whether no layer has a window, and none on a map has seen the whole of it.

    Nor does anything else gather pixels, but that resized maps may be joined at other places.

    Args:
        layers: the layers of the model.
        receptive: what each tensor sees.
        field: the receptive field of the model.
        ops: the operators on the data path.
    """
    for layer in layers.values():
        if isinstance(layer, Recurrent) or (isinstance(layer, Conv) and not layer.pointwise):
            return False
        if isinstance(layer, Pool) and not layer.is_global and max(layer.kernel or (2,)) > 1:
            return False
        reads = pointwise(layer)
        reach = receptive.get(reads.data) if reads else None
        if reads and (reach is None or reach.is_global or len(reach.largest) < reads.axes):
            return False
    return set(field or ()) == {1} or not RESIZING.isdisjoint(ops)


def _sees_the_same(tensor: str, node: Node, receptive: Mapping[str, Reach]) -> bool:
    """Return whether a tensor sees as much as what a node makes, and both are known."""
    one, other = receptive.get(tensor), receptive.get(node.outputs[0])
    if one is None or other is None:
        return False
    return (one.largest, one.is_global) == (other.largest, other.is_global)
