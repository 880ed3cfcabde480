"""Where one activation chooses what passes: products of data with a Sigmoid or its like.

A product gates if one of its factors is a bounded activation, seen through operators that move,
repeat, scale or shift it. Squeeze-and-excitation, spatial and split attention, highway layers,
gated linear units and recurrent cells written out as operators are all of this form.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import inf, prod

from cnnlint.facts.activations.arithmetic import ARITHMETIC
from cnnlint.facts.activations.clusters import Cluster
from cnnlint.model.graph import Key, Model, Node

GATING = frozenset({"Sigmoid", "HardSigmoid", "Softmax", "Tanh"})
"""Kinds of activations that gate."""
PRODUCTS = frozenset({"Mul", "QLinearMul"})
CHOOSING = frozenset({"Concat", "Gather", "Pad", "Slice", "Split"})
"""Operators that pass on some of the numbers of their data operands."""
SHAPE_ONLY = CHOOSING | {
    *("Cast", "CastLike", "DequantizeLinear", "Dropout", "Identity", "Neg", "QuantizeLinear"),
    *("Expand", "Flatten", "Reshape", "Squeeze", "Tile", "Transpose", "Unsqueeze"),
    *("DepthToSpace", "Resize", "SpaceToDepth", "Upsample"),
}
"""Operators that move or repeat the numbers of their data operands and don't mix them."""
JOINS = frozenset({"Add", "Concat", "Sum"})
MAX_DETOUR = 512
"""How many nodes are looked at to find whether one factor of a product follows from the other."""
MAX_STEPS = 32
"""How many operators in a row are seen through to find what a tensor is made of."""


@dataclass(frozen=True, slots=True)
class Gates:
    """The gating products of a model; an edge is a tensor and the product that reads it."""

    edges: frozenset[tuple[str, Key]]
    """From a gate to its product."""
    partners: frozenset[tuple[str, Key]]
    """From an activation to a product in which a gate of the same size meets it."""
    self_gates: frozenset[str]
    """Results of activations that are multiplied with what they are computed from."""


def find_gates(model: Model, data: frozenset[str], clusters: Iterable[Cluster]) -> Gates:
    """Return the gating products among the nodes that are no part of an activation."""
    search = _Search(model, data)
    owner = {node.key: cluster for cluster in clusters for node in cluster.members}
    for node in model.nodes:
        cluster = owner.get(node.key)
        if cluster is None and node.outputs:
            search.visit(node)
        elif cluster and cluster.kind in GATING:
            search.gate_of[cluster.result] = cluster
    return Gates(frozenset(search.edges), frozenset(search.partners), frozenset(search.self_gates))


def data_operands(node: Node, data: frozenset[str]) -> tuple[str, ...]:
    """Return the inputs of a node that carry data, each once."""
    return tuple(dict.fromkeys([name for name in node.inputs if name in data]))


def passes_through(node: Node, operands: tuple[str, ...]) -> bool:
    """Return whether a node only moves, repeats, scales or shifts its data operands."""
    if node.op in SHAPE_ONLY:
        return len(operands) == 1 or node.op == "Concat"
    if node.op not in ARITHMETIC or len(operands) != 1:
        return False
    return node.op != "Div" or node.inputs[0] == operands[0]


class _Search:
    def __init__(self, model: Model, data: frozenset[str]) -> None:
        self.model = model
        self.data = data
        self.order: Mapping[Key, int] = {n.key: place for place, n in enumerate(model.nodes)}
        self.gate_of: dict[str, Cluster] = {}
        """The activation that a tensor is but a moved, scaled or shifted form of."""
        self.edges: set[tuple[str, Key]] = set()
        self.partners: set[tuple[str, Key]] = set()
        self.self_gates: set[str] = set()

    def visit(self, node: Node) -> None:
        """Note what a node does with the gates that it reads; nodes come in execution order."""
        operands = data_operands(node, self.data)
        if self.gate_of.keys().isdisjoint(operands):
            return
        if node.op in PRODUCTS and len(operands) == 2:
            self._product(node, operands)
        elif node.op in PRODUCTS and self._gates_a_state(node):
            self.edges.add((operands[0], node.key))
        elif passes_through(node, operands) and all(name in self.gate_of for name in operands):
            self.gate_of.update(dict.fromkeys(node.outputs, self.gate_of[operands[0]]))

    def _product(self, node: Node, operands: tuple[str, ...]) -> None:
        """Decide which factor gates the other.

        A factor from which the other one is computed is what gets gated (a hidden Sigmoid in
        front of squeeze-and-excitation). Of two gates the Tanh is the one let through (LSTM),
        else the larger one.
        """
        other = dict(zip(operands, reversed(operands), strict=True))
        gates = [
            name
            for name in operands
            if name in self.gate_of and not self._follows(other[name], self.gate_of[name].result)
        ]
        if not gates:
            return
        gate = min(gates, key=lambda name: (self.gate_of[name].kind == "Tanh", self._size(name)))
        self.edges.add((gate, node.key))
        activation = self.gate_of[gate]
        if self._stem(other[gate]) == self._stem(activation.source):
            self.self_gates.add(activation.result)
        if len(gates) == 2 and self._size(gate) == self._size(other[gate]):
            self.partners.add((other[gate], node.key))
        if len(gates) == 2 and self.gate_of[other[gate]].kind != "Tanh":
            self.gate_of.update(dict.fromkeys(node.outputs, activation))

    def _gates_a_state(self, node: Node) -> bool:
        """Return whether the other factor is the initial state of a recurrent cell.

        That is a constant that is zero or has a spatial extent, and whose product joins data.
        """
        constant = next((name for name in node.inputs if name not in self.data), "")
        value = self.model.value(constant)
        zero = value.const is not None and not value.const.any()
        spatial = max((value.static or ())[2:], default=1) > 1
        if not (zero or spatial):
            return False
        readers = self.model.consumers_of.get(node.outputs[0], ())
        return bool(readers) and all(
            reader.op in JOINS and len(data_operands(reader, self.data)) > 1 for reader in readers
        )

    def _follows(self, tensor: str, start: str) -> bool:
        """Return whether a tensor is computed from another one."""
        earliest = self.order[self.model.producer_of[start].key]
        seen, front = {tensor}, [tensor]
        while front and len(seen) < MAX_DETOUR:
            node = self.model.producer_of.get(front.pop())
            if node is None or self.order[node.key] < earliest:
                continue
            if start in node.outputs:
                return True
            fresh = [name for name in node.inputs if name not in seen]
            seen.update(fresh)
            front += fresh
        return False

    def _stem(self, tensor: str) -> str:
        """Return what a tensor is but a moved, scaled or shifted form of."""
        for _ in range(MAX_STEPS):
            node = self.model.producer_of.get(tensor)
            operands = data_operands(node, self.data) if node else ()
            if node is None or node.op in CHOOSING or not passes_through(node, operands):
                break
            tensor = operands[0]
        return tensor

    def _size(self, tensor: str) -> float:
        shape = self.model.static(tensor)
        return inf if shape is None else prod(shape)
