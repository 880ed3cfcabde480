"""The door to everything that follows from a model; rules read nothing else.

It has three storeys, and a fact is on the lowest that knows what it needs:

- :class:`~cnnlint.facts.datapath.DataPath`: nodes, typed layers, activations, the ways between,
- :class:`~cnnlint.facts.network.Network`: receptive fields, runs, joins, beginnings and ends,
- :class:`Facts`: what the model costs, holds and was trained with.
"""

from collections import Counter
from collections.abc import Mapping
from functools import cached_property

from cnnlint.facts.counting.bodies import BodyFacts, cost_of_bodies, over_runs
from cnnlint.facts.counting.cost import MACS, Cost, cost
from cnnlint.facts.counting.symbolic import symbolic
from cnnlint.facts.dataflow import made, size_of, total
from cnnlint.facts.flaws import Flaw, flaws
from cnnlint.facts.layers import Conv, Dense
from cnnlint.facts.memory.inference import Memory, bytes_moved, memory
from cnnlint.facts.network import Network
from cnnlint.facts.remedies.finer import Paced
from cnnlint.facts.structure.linear import weights_of
from cnnlint.facts.training.recipe import Recipe, from_metadata
from cnnlint.facts.weights.parameters import Parameter, first_read, parameters
from cnnlint.model.defect import Kind
from cnnlint.model.graph import Key, Model, Node


class Facts(Network):
    """Facts of one model, each computed when it is first asked for."""

    def __init__(self, model: Model, recipe: Recipe | None = None) -> None:
        """Compute nothing yet. What ``recipe`` says goes before what the model says itself."""
        super().__init__(model)
        self._given = recipe or Recipe()

    @cached_property
    def _metadata(self) -> tuple[Recipe, list[str]]:
        return from_metadata(self.model.metadata)

    @cached_property
    def recipe(self) -> Recipe:
        """How the model was trained: from a recipe, else from the metadata of the model."""
        return self._given.over(self._metadata[0])

    @property
    def exempt_by_metadata(self) -> bool:
        """Whether what :attr:`recipe` has to be ignored, if anything, is from the metadata."""
        return self._given.ignore is None

    @property
    def odd_metadata(self) -> tuple[str, ...]:
        """What can't be read of the recipe in the metadata of the model, in words."""
        return tuple(self._metadata[1])

    @cached_property
    def flaws(self) -> Mapping[Kind, tuple[Flaw, ...]]:
        """What can't run as it stands, by kind of defect."""
        return flaws(self.model)

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
