"""Which nodes and layers work on data, and the ways back along what they make."""

from collections.abc import Iterator, Mapping
from functools import cached_property

from cnnlint.facts.activations.attention import only_attended
from cnnlint.facts.activations.roles import Activation, Activations, recognise
from cnnlint.facts.dataflow import data_tensors
from cnnlint.facts.layers import Conv, Dense, Layer, Pool, Recurrent, Weighted, typed_layers
from cnnlint.facts.structure.linear import Source, is_affine, is_plain
from cnnlint.model.graph import Key, Model, Node

MAX_UPSTREAM = 64
"""How many operators in a row are followed back from a tensor."""


class DataPath:
    """The nodes and layers of a model that work on data, in execution order."""

    def __init__(self, model: Model) -> None:
        """Compute nothing yet: everything is computed when it is first asked for."""
        self.model = model

    @cached_property
    def images(self) -> int | None:
        """How many images the inputs hold, None where they don't agree on it."""
        sizes = {entry.bound[0] for entry in self.model.inputs if entry.bound}
        return sizes.pop() if len(sizes) == 1 else None

    def input_side(self, origin: int) -> int | None:
        """Return the size of an axis of the input, None where it is unknown or inputs differ."""
        shapes = (entry.bound for entry in self.model.inputs)
        sides = {shape[origin] for shape in shapes if shape is not None and len(shape) > origin}
        return sides.pop() if len(sides) == 1 else None

    @cached_property
    def data(self) -> frozenset[str]:
        """Tensors that depend on the numbers of the real inputs."""
        return data_tensors(self.model)

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """Nodes on the data path, in execution order."""
        return tuple(n for n in self.model.nodes if any(name in self.data for name in n.outputs))

    @cached_property
    def layers(self) -> Mapping[Key, Layer]:
        """Typed layers by node, in execution order."""
        return typed_layers(self.model, self.data)

    @cached_property
    def convs(self) -> tuple[Conv, ...]:
        """Convolutions, transposed ones included, in execution order."""
        return tuple(layer for layer in self.layers.values() if isinstance(layer, Conv))

    @cached_property
    def dense(self) -> tuple[Dense, ...]:
        """Dense layers, those over tokens included, in execution order."""
        return tuple(layer for layer in self.layers.values() if isinstance(layer, Dense))

    @cached_property
    def pools(self) -> tuple[Pool, ...]:
        """Pooling layers, global ones included, in execution order."""
        return tuple(layer for layer in self.layers.values() if isinstance(layer, Pool))

    @cached_property
    def weighted(self) -> Mapping[Key, Weighted]:
        """Layers with weights: convolutions, dense and recurrent layers."""
        return {k: v for k, v in self.layers.items() if not isinstance(v, Pool)}

    @cached_property
    def stems(self) -> frozenset[Key]:
        """Convolutions with a window that read the input with no layer with weights between."""
        fresh = {entry.name for entry in self.model.inputs}
        found = set()
        for node in self.nodes:
            if not all(name in fresh for name in node.inputs if name in self.data):
                continue
            if node.key not in self.weighted:
                fresh.update(node.outputs)
            layer = self.layers.get(node.key)
            if isinstance(layer, Conv) and not layer.pointwise:
                found.add(node.key)
        return frozenset(found)

    @cached_property
    def activations(self) -> Activations:
        """Activations whatever their spelling, and the role that each one has."""
        return recognise(self.model, self.data, frozenset(self.weighted))

    def trunk_input(self, node: Node) -> str | None:
        """Return the one data tensor that a node goes on from; None at a join of several.

        An activation goes on from what it is applied to, however it is spelled; what only
        gates the node does not count.
        """
        activation = self.activations.of.get(node.key)
        if activation is not None:
            return activation.source
        names = {n for n in node.inputs if n in self.data}
        names -= {name for name in names if (name, node.key) in self.activations.gate_edges}
        return names.pop() if len(names) == 1 else None

    def upstream(self, tensor: str) -> Iterator[Node]:
        """Yield the nodes that make a tensor, last one first, up to a join or the input.

        No more than :data:`MAX_UPSTREAM` of them: many layers may ask, and each is answered.
        """
        name: str | None = tensor
        for _ in range(MAX_UPSTREAM):
            node = self.model.producer_of.get(name) if name is not None else None
            if node is None:
                return
            yield node
            name = self.trunk_input(node)

    def only_attended(self, node: Node) -> bool:
        """Return whether what a node makes serves as queries, keys or values of attention only."""
        return only_attended(self.model, self.data, self.weighted, node)

    @cached_property
    def pre_logits(self) -> Activation | None:
        """The Tanh between the last two dense layers (the first ViT, MaxViT); None without one."""
        last = list(self.weighted.values())[-1] if self.weighted else None
        met: Activation | None = None
        for node in self.upstream(last.data) if isinstance(last, Dense) else ():
            if node.key in self.weighted:
                return met if isinstance(self.weighted[node.key], Dense) else None
            activation = self.activations.of.get(node.key)
            met = activation if activation and activation.kind == "Tanh" else met
        return None

    def sole_source(self, tensor: str) -> Source | None:
        """Return the layer with weights that alone makes a tensor, for its one reader alone.

        The tensor is an affine function of it (:func:`~cnnlint.facts.structure.linear.is_affine`),
        and neither it nor anything between is read by others or an output: the layer and the
        reader can be changed together. Normalisation in training mode counts as affine.
        """
        between: list[Node] = []
        for _ in range(MAX_UPSTREAM):
            node = self.model.producer_of.get(tensor)
            alone = len(self.model.consumers_of.get(tensor, ())) == 1 and tensor not in self.ends
            if node is None or not alone:
                return None
            layer = self.weighted.get(node.key)
            if layer is not None:
                if isinstance(layer, Recurrent) or not is_plain(layer, self.data):
                    return None
                return Source(layer, tuple(between))
            if not is_affine(node, self.data):
                return None
            between.append(node)
            tensor = next(name for name in node.inputs if name in self.data)
        return None

    @cached_property
    def ends(self) -> frozenset[str]:
        """The outputs of the model."""
        return frozenset(self.model.outputs)

    @cached_property
    def linear_pairs(self) -> Mapping[Key, Source]:
        """For each convolution and dense layer the one that feeds it with nothing nonlinear."""
        found = {
            key: self.sole_source(layer.data if isinstance(layer, Dense) else layer.node.inputs[0])
            for key, layer in self.weighted.items()
            if isinstance(layer, Conv | Dense)
        }
        return {key: source for key, source in found.items() if source is not None}
