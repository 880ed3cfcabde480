"""Where a network stops looking at places: what its global pool or dense layer reads.

A *head* is the node at which the last map that leads to an output loses its spatial axes: global
pooling, a dense layer on the flattened map, or a convolution that covers the whole map. Networks
with such an end are of the classification kind; one whose output is a map has none.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod

from cnnlint.facts.layers import Conv, Dense, Layer, Pool
from cnnlint.facts.reach.receptive import Axis, Reach
from cnnlint.model.graph import Key, Model, Node, StaticShape

MAX_BETWEEN = 16
"""How many nodes may lie between a map and the dense layer that reads it flat."""
REDUCTIONS = frozenset({"ReduceMean", "ReduceSum", "ReduceMax", "QLinearGlobalAveragePool"})
LAYOUT = frozenset({"Flatten", "Reshape", "Squeeze", "Unsqueeze", "Transpose"})


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the last map on the way to an output."""

    node: Node
    """The node that reads the map and leaves no places."""
    map: str
    """The map that it reads."""
    axes: tuple[Axis, ...]
    """The spatial axes of the map."""
    grid: StaticShape | None
    """Its sizes along them, None where one is unknown."""
    pooled: bool
    """Whether it is pooled, not read place by place."""
    is_global: bool
    """Whether whole-image context was mixed into the map before."""


@dataclass(frozen=True, slots=True)
class Heads:
    """The heads of a model."""

    found: tuple[Head, ...]
    everywhere: bool
    """Whether every output comes from such heads only."""


def find_heads(
    model: Model,
    data: frozenset[str],
    layers: Mapping[Key, Layer],
    receptive: Mapping[str, Reach],
    gate_edges: frozenset[tuple[str, Key]],
) -> Heads:
    """Return the heads of every output, each once, and whether there is nothing else.

    Args:
        model: the model.
        data: the tensors that carry data.
        layers: typed layers by node.
        receptive: what each tensor sees of the input.
        gate_edges: a tensor and the node that gates something by it: no way back.
    """
    search = _Search(model, data, layers, receptive, gate_edges)
    found: dict[tuple[Key, str], Head] = {}
    everywhere = True
    for output in model.outputs:
        if output in data:
            heads = list(search.behind(output))
            everywhere &= None not in heads and bool(heads)
            found |= {
                (h.node.key, h.map): h for h in heads if h and (h.node.key, h.map) not in found
            }
    return Heads(tuple(found.values()), everywhere and bool(found))


@dataclass(frozen=True, slots=True)
class _Search:
    model: Model
    data: frozenset[str]
    layers: Mapping[Key, Layer]
    receptive: Mapping[str, Reach]
    gate_edges: frozenset[tuple[str, Key]]

    def behind(self, output: str) -> Iterator[Head | None]:
        """Yield the heads that an output comes from, None for what is no head."""
        seen, front = {output}, [output]
        if self._places(output):
            yield None
            return
        while front:
            node = self.model.producer_of.get(front.pop())
            if node is None:
                yield None  # an input without a head between
                continue
            for name in node.inputs:
                if name not in self.data or (name, node.key) in self.gate_edges or name in seen:
                    continue
                seen.add(name)
                if self._ends(node, name):
                    yield self._head(node, name)
                else:
                    front.append(name)

    def _spatial(self, name: str) -> tuple[tuple[int | None, Axis], ...]:
        """Return size and receptive field along each spatial axis of a tensor."""
        reach, shape = self.receptive.get(name), self.model.value(name).shape
        axes = reach.axes if reach else ()
        sizes = shape if shape is not None and len(shape) == len(axes) else (None,) * len(axes)
        return tuple((size, axis) for size, axis in zip(sizes, axes, strict=True) if axis)

    def _places(self, name: str) -> bool:
        return any(size != 1 for size, _ in self._spatial(name))

    def _ends(self, node: Node, name: str) -> bool:
        """Return whether a node is where a tensor, one behind which no places are, had them."""
        if name not in self.receptive:
            return True
        return self._places(name) or (bool(self._spatial(name)) and self._pools(node))

    def _pools(self, node: Node) -> bool:
        layer = self.layers.get(node.key)
        return node.op in REDUCTIONS or (isinstance(layer, Pool) and layer.is_global)

    def _head(self, node: Node, name: str) -> Head | None:
        spatial = self._spatial(name)
        pooled = self._reading(node, name)
        if not spatial or pooled is None:
            return None
        sizes = [size for size, _ in spatial if size is not None]
        return Head(
            node=node,
            map=name,
            axes=tuple(axis for _, axis in spatial),
            grid=tuple(sizes) if len(sizes) == len(spatial) else None,
            pooled=pooled,
            is_global=self.receptive[name].is_global,
        )

    def _reading(self, node: Node, name: str) -> bool | None:
        """Return whether a map is pooled (True) or read place by place, None for neither.

        A change of layout may come first.
        """
        sizes = (self.model.value(name).shape or ())[1:]
        flat = None if None in sizes else prod(size for size in sizes if size)
        for _ in range(MAX_BETWEEN):
            layer = self.layers.get(node.key)
            if self._pools(node):
                return True
            if isinstance(layer, Conv):
                return False
            if isinstance(layer, Dense):
                return False if layer.cin == flat else None
            readers = self.model.consumers_of.get(node.outputs[0], ())
            if node.op not in LAYOUT or len(readers) != 1:
                return None
            node = readers[0]
        return None
