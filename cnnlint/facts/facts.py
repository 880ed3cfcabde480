"""The door to everything that follows from a model; rules read nothing else."""

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cached_property

from cnnlint.facts.activations.attention import only_attended
from cnnlint.facts.activations.bounds import Bounds, bounds_of_tensors
from cnnlint.facts.activations.roles import Activation, Activations, recognise
from cnnlint.facts.counting.bodies import BodyFacts, cost_of_bodies, over_runs
from cnnlint.facts.counting.cost import MACS, Cost, cost
from cnnlint.facts.counting.symbolic import symbolic
from cnnlint.facts.dataflow import data_tensors, made, size_of, total
from cnnlint.facts.flaws import Flaw, flaws
from cnnlint.facts.layers import Conv, Dense, Layer, Pool, Recurrent, Weighted, typed_layers
from cnnlint.facts.memory.inference import Memory, bytes_moved, memory
from cnnlint.facts.reach.receptive import (
    Reach,
    model_receptive_field,
    receptive_fields,
    useful_input,
)
from cnnlint.facts.remedies.linear import Source, is_affine, is_plain, weights_of
from cnnlint.facts.remedies.pointwise import Pointwise, pointwise_runs
from cnnlint.facts.remedies.splits import Split, splits
from cnnlint.facts.sampling.coverage import read_whole, share_read
from cnnlint.facts.sampling.strided import strided_pointwise
from cnnlint.facts.structure.duplicates import Duplicate, duplicates
from cnnlint.facts.structure.ends import Head, Heads, find_heads
from cnnlint.facts.structure.entry import Entry, Paced, find_entry
from cnnlint.facts.structure.series import following
from cnnlint.facts.structure.topology import Topology, analyse
from cnnlint.facts.training.recipe import Recipe, from_metadata
from cnnlint.facts.weights.parameters import Parameter, first_read, parameters
from cnnlint.model.defect import Kind
from cnnlint.model.graph import Key, Model, Node, StaticShape

MAX_UPSTREAM = 64
"""How many operators in a row are followed back from a tensor."""


class Facts:
    """Facts of one model, each computed when it is first asked for."""

    def __init__(self, model: Model, recipe: Recipe | None = None) -> None:
        """Compute nothing yet. What ``recipe`` says goes before what the model says itself."""
        self.model = model
        self._given = recipe or Recipe()

    @cached_property
    def _metadata(self) -> tuple[Recipe, list[str]]:
        return from_metadata(self.model.metadata)

    @cached_property
    def recipe(self) -> Recipe:
        """How the model was trained: from a recipe, else from the metadata of the model."""
        return self._given.over(self._metadata[0])

    @property
    def odd_metadata(self) -> tuple[str, ...]:
        """What can't be read of the recipe in the metadata of the model, in words."""
        return tuple(self._metadata[1])

    @cached_property
    def images(self) -> int | None:
        """How many images the inputs hold, None where they don't agree on it."""
        sizes = {entry.bound[0] for entry in self.model.inputs if entry.bound}
        return sizes.pop() if len(sizes) == 1 else None

    @cached_property
    def data(self) -> frozenset[str]:
        """Tensors that depend on the numbers of the real inputs."""
        return data_tensors(self.model)

    @cached_property
    def flaws(self) -> Mapping[Kind, tuple[Flaw, ...]]:
        """What can't run as it stands, by kind of defect."""
        return flaws(self.model)

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
    def bodies(self) -> "Mapping[Key, tuple[BodyFacts, ...]]":
        """Facts of the bodies of each If, Loop and Scan, each body as a graph of its own."""
        return {
            key: tuple(
                BodyFacts(body.name, body.runs, Facts(body.model, self.recipe)) for body in bodies
            )
            for key, bodies in self.model.bodies.items()
        }

    @cached_property
    def working(self) -> tuple[Node, ...]:
        """Nodes that cost something at every run, in execution order.

        Those on the data path, and those that multiply constants: the file has them computed
        each time, though a runtime may do so once.
        """
        return tuple(
            node
            for node in self.model.nodes
            if any(name in self.data for name in node.outputs)
            or (node.outputs and (node.op in MACS or node.key in self.model.bodies))
        )

    @cached_property
    def costs(self) -> Mapping[Key, Cost]:
        """What each working node costs, bodies included."""
        return {node.key: self._cost(node) for node in self.working}

    def _cost(self, node: Node) -> Cost:
        bodies = self.bodies.get(node.key)
        return cost(self.model, node) if bodies is None else cost_of_bodies(node.op, bodies)

    @cached_property
    def _added(self) -> tuple[Cost, ...]:
        """What the totals are sums of: what can be counted, and lower bounds of bodies."""
        return tuple(c for key, c in self.costs.items() if c.counted or key in self.bodies)

    @cached_property
    def macs(self) -> int | None:
        """MACs of the model at the bound shapes; None where a counted layer's shape is unknown.

        A lower bound if :attr:`uncounted_ops` has any.
        """
        return total(c.macs for c in self._added)

    @cached_property
    def macs_symbolic(self) -> str | None:
        """MACs as a polynomial in the dimensions that the file leaves open.

        Those that are not bound are tried at some sizes; None where their MACs are no polynomial
        in them, or unknown. A lower bound where :attr:`macs` is one.
        """
        rebound = self.model.rebound
        if rebound is None:
            return None if self.macs is None else str(self.macs)

        def count(other: Mapping[str, int]) -> int | None:
            return Facts(rebound(other)).macs if other else self.macs

        return symbolic(count, self.model.open_sizes, self.model.free_dims)

    @cached_property
    def flops(self) -> int | None:
        """FLOPs: two for each MAC, and the element-wise operations."""
        return total(c.flops for c in self._added)

    @cached_property
    def uncounted_ops(self) -> Mapping[str, int]:
        """Operators that can't be counted, and how often each occurs, bodies included."""
        ops: Counter[str] = Counter()
        for node in self.working:
            for body in self.bodies.get(node.key, ()):
                ops.update(body.facts.uncounted_ops)
            if self.costs[node.key].counted:
                continue
            ops[f"{node.domain}:{node.op}" if node.domain == "com.microsoft" else node.op] += 1
        return dict(sorted(ops.items()))

    @cached_property
    def parameters(self) -> Mapping[Key, tuple[Parameter, ...]]:
        """The learnt tensors that each node reads."""
        found = parameters(self.working, self.model, self.data)
        for key, bodies in self.bodies.items():
            inner = (p for body in bodies for p in body.facts.unique_parameters)
            found[key] = tuple({p.identity: p for p in inner}.values())
        return found

    @cached_property
    def own_parameters(self) -> Mapping[Key, tuple[Parameter, ...]]:
        """The learnt tensors by the first node that reads each; together, every one once."""
        return first_read(self.parameters)

    @cached_property
    def unique_parameters(self) -> tuple[Parameter, ...]:
        """Every learnt tensor once."""
        return tuple(p for own in self.own_parameters.values() for p in own)

    @cached_property
    def params(self) -> int:
        """Number of parameters: weights, biases and affine terms, shared ones once."""
        return sum(parameter.elements for parameter in self.unique_parameters)

    @cached_property
    def weight_bytes(self) -> int:
        """Bytes of the parameters as stored."""
        return sum(parameter.bytes for parameter in self.unique_parameters)

    @cached_property
    def memory(self) -> Memory:
        """Memory that activations take over a run, and what is in use at the peak."""
        return memory(self.model)

    @cached_property
    def traffic(self) -> Mapping[Key, int | None]:
        """Bytes that each working node reads and writes, bodies included; None where unknown."""
        moved = dict(bytes_moved(self.model, self.working))
        for node in self.working:
            if bodies := self.bodies.get(node.key):
                once = [body.facts.bytes_moved for body in bodies]
                moved[node.key] = over_runs(node.op, bodies, once)
        return moved

    @cached_property
    def bytes_moved(self) -> int | None:
        """Bytes that all of them read and write, None where a size is unknown."""
        return total(self.traffic.values())

    @cached_property
    def arithmetic_intensity(self) -> float | None:
        """FLOPs for each byte moved; None where either is unknown or a lower bound only.

        Source: Williams, Waterman and Patterson, Roofline (2009).
        """
        if self.flops is None or not self.bytes_moved or self.uncounted_ops:
            return None
        return self.flops / self.bytes_moved

    @cached_property
    def receptive(self) -> Mapping[str, Reach]:
        """Receptive field of every tensor that has one."""
        return receptive_fields(self.model, self.data, self.layers, self.activations.gate_edges)

    @cached_property
    def receptive_field(self) -> StaticShape | None:
        """The largest receptive field of any map, per spatial axis; None without such an axis."""
        return model_receptive_field(self.model, self.receptive, self.activations.gate_edges)

    @cached_property
    def useful_input(self) -> tuple[int, int] | None:
        """Least and largest side of a square input that the network makes full use of.

        None where a layer contradicts itself: then the network takes no input at all.
        """
        if any(defect.node for defect in self.model.obstacles):
            return None
        convs = [conv for conv in self.convs if conv.node.key in self.topology.trunk]
        return useful_input(self.receptive_field, convs, self.receptive)

    @cached_property
    def activations(self) -> Activations:
        """Activations whatever their spelling, and the role that each one has."""
        return recognise(self.model, self.data, frozenset(self.weighted))

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

    @cached_property
    def bounds(self) -> Mapping[str, Bounds]:
        """Between which numbers each tensor lies, whatever the input; unbounded ones left out."""
        return bounds_of_tensors(self.model, self.data, self.activations)

    @cached_property
    def topology(self) -> Topology:
        """Depth, plain runs and bypasses."""
        return analyse(self.model, self.data, self.weighted, self.activations.gate_edges)

    @cached_property
    def following(self) -> Mapping[Key, Key]:
        """The layer in immediate series after a layer, pooling counted as one; see series.py."""
        return following(self.model, self.data, self.layers, self.activations.gate_edges)

    @cached_property
    def splits(self) -> tuple[Split, ...]:
        """The n x n convolutions that are split into 1 x n and n x 1 in series."""
        return tuple(splits(self.layers, self.following))

    @cached_property
    def pointwise_runs(self) -> tuple[tuple[Pointwise, ...], ...]:
        """Runs of two and more pointwise layers in series that see the same all along."""
        return tuple(pointwise_runs(self.layers, self.following, self.receptive))

    @cached_property
    def partly_read(self) -> Mapping[Key, float]:
        """The share of its input that a window reads, of those that step over positions."""
        windows = ((k, w) for k, w in self.layers.items() if isinstance(w, Conv | Pool))
        shares = ((key, share_read(window)) for key, window in windows)
        return {key: share for key, share in shares if share < 1}

    @cached_property
    def whole_maps(self) -> frozenset[str]:
        """Tensors of which some node reads every number, borders aside, and the outputs."""
        return read_whole(self.model, self.nodes, self.partly_read.keys())

    @cached_property
    def strided_pointwise(self) -> Mapping[Key, Node | None]:
        """Pointwise convolutions with a stride, and the join at which one ends as a shortcut."""
        return strided_pointwise(self.model, self.data, self.weighted, self.trunk_input)

    @cached_property
    def duplicates(self) -> tuple[Duplicate, ...]:
        """Nodes that do what an earlier one has done, in execution order."""
        return duplicates(self.model)

    @cached_property
    def heads(self) -> Heads:
        """Where the maps end: at global pooling, or at a dense layer that reads them flat."""
        gate_edges = self.activations.gate_edges
        return find_heads(self.model, self.data, self.layers, self.receptive, gate_edges)

    @cached_property
    def entry(self) -> Entry | None:
        """The first convolution and the pool behind it, None where there isn't one first."""
        return find_entry(self.model, self.layers, self.stems, self.receptive, self.activations)

    @cached_property
    def paced(self) -> tuple[Paced, ...]:
        """Layers with weights, what they cost, and how coarse what they make is."""
        return tuple(
            Paced(layer, macs, reach.jump if (reach := self.receptive.get(made)) else ())
            for layer in self.weighted.values()
            for made in layer.node.outputs[:1]
            if (macs := self.macs_of(layer.node)) is not None
        )

    @cached_property
    def rescalable(self) -> bool:
        """Whether all MACs are known to grow with the maps of :attr:`paced` layers, or not at all.

        Not so with attention, and behind a pool that leaves one position.
        """
        lost = any(
            isinstance(paced.layer, Conv) and not paced.layer.pointwise and not paced.jump
            for paced in self.paced
        )
        return not lost and self.macs == sum(paced.macs for paced in self.paced)

    def input_side(self, origin: int) -> int | None:
        """Return the size of an axis of the input, None where it is unknown or inputs differ."""
        shapes = (entry.bound for entry in self.model.inputs)
        sides = {shape[origin] for shape in shapes if shape is not None and len(shape) > origin}
        return sides.pop() if len(sides) == 1 else None

    def input_sides(self, head: Head) -> StaticShape | None:
        """Return the sizes of the input along the axes of a head's map, None where one is not."""
        sides = tuple(side for a in head.axes if (side := self.input_side(a.origin)))
        return sides if len(sides) == len(head.axes) else None

    @cached_property
    def unresolved(self) -> tuple[Node, ...]:
        """Nodes on the data path of which an output's shape is not fully known, bodies' too."""
        own = (
            node
            for node in self.nodes
            if any(name and self.model.static(name) is None for name in node.outputs)
        )
        inner = (n for bodies in self.bodies.values() for b in bodies for n in b.facts.unresolved)
        return (*own, *inner)

    def activation_bytes(self, node: Node) -> int | None:
        """Return the bytes of a node's outputs, None where a shape or type is unknown."""
        return total(size_of(self.model, name) for name in made(self.model, node))

    def params_of(self, node: Node) -> int:
        """Return the number of parameters that a node reads and no earlier node has read."""
        return sum(parameter.elements for parameter in self.own_parameters.get(node.key, ()))

    def macs_of(self, node: Node) -> int | None:
        """Return the MACs of one node."""
        found = self.costs.get(node.key)
        return found.macs if found else None

    def is_lower_bound(self, node: Node) -> bool:
        """Return whether a node may cost more than is counted of it, in its bodies too."""
        bodies = self.bodies.get(node.key, ())
        return not self.costs[node.key].counted or any(b.facts.uncounted_ops for b in bodies)

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

    def only_attended(self, node: Node) -> bool:
        """Return whether what a node makes serves as queries, keys or values of attention only."""
        return only_attended(self.model, self.data, self.weighted, node)

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

    def linear_source(self, tensor: str) -> tuple[Weighted | None, tuple[Node, ...]]:
        """Return the layer with weights that a tensor is an affine function of, None without one.

        With it come the nodes between, nearest first: layout, folded or unfolded normalisation,
        sums and products with constants (:func:`~cnnlint.facts.remedies.linear.is_affine`). Where
        one of them is read by others too, so is not the tensor alone what the layer makes.
        """
        between: list[Node] = []
        for node in self.upstream(tensor):
            if node.key in self.weighted:
                return self.weighted[node.key], tuple(between)
            if node.key in self.activations.of or not is_affine(node, self.data):
                break
            between.append(node)
        return None, tuple(between)

    def sole_source(self, tensor: str) -> Source | None:
        """Return the layer with weights that alone makes a tensor, for its one reader alone.

        The tensor is an affine function of it, as in :meth:`linear_source`, and neither it nor
        anything between is read by others or an output: the layer and the reader can be changed
        together. Normalisation in training mode counts as affine.
        """
        between: list[Node] = []
        for _ in range(MAX_UPSTREAM):
            node = self.model.producer_of.get(tensor)
            alone = len(self.model.consumers_of.get(tensor, ())) == 1 and tensor not in self._ends
            if node is None or not alone:
                return None
            layer = self.weighted.get(node.key)
            if layer is not None:
                if isinstance(layer, Recurrent) or not is_plain(layer, self.data):
                    return None
                return Source(layer, tuple(between))
            if not is_affine(node, self.data, training=True):
                return None
            between.append(node)
            tensor = next(name for name in node.inputs if name in self.data)
        return None

    @cached_property
    def _ends(self) -> frozenset[str]:
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

    def shares_weights(self, layer: Conv | Dense) -> bool:
        """Return whether other layers read the kernel or matrix of a layer too."""
        own = self.parameters[layer.node.key]
        return any(self._readers[p.identity] > 1 for p in own if p.elements == weights_of(layer))

    @cached_property
    def _readers(self) -> Counter[object]:
        """How many nodes read each learnt tensor."""
        return Counter(p.identity for group in self.parameters.values() for p in group)

    def share(self, macs: int | None) -> float | None:
        """Return the share of the model's MACs, None where either is unknown."""
        return None if macs is None or not self.macs else macs / self.macs
