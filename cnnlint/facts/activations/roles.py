"""What each activation is there for: a gate, an attention map, an output, or a hidden layer.

A Sigmoid in front of a product chooses what passes; the same Sigmoid between two layers
saturates. Which of them it is follows from the graph alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from cnnlint.facts.activations.clusters import Cluster, find_clusters
from cnnlint.facts.activations.gates import Gates, data_operands, find_gates, passes_through
from cnnlint.model.graph import Key, Model, Node


class Role(StrEnum):
    """What an activation is there for."""

    SILU = "silu-like"
    """Multiplied with its own input."""
    GATE = "gate"
    """Multiplied with other data: squeeze-and-excitation, highway, spatial attention, GLU."""
    ATTENTION = "attention"
    """Weights of a matrix product of two data tensors."""
    RECURRENT = "recurrent"
    """The state of a recurrent cell that is written out as operators."""
    OUTPUT = "output"
    """No layer comes after it."""
    COORDINATE = "bounded-coordinate"
    """Coordinates or offsets of a sampling operator."""
    HIDDEN = "hidden"
    """Between two layers."""


@dataclass(frozen=True, slots=True)
class Activation:
    """One activation function, however many operators it takes."""

    kind: str
    """Canonical name: Relu, Relu6, Clip, SiLU, GELU, QuickGELU, HardSwish, HardSigmoid, Mish,
    LeakyRelu, PRelu, ThresholdedRelu, Elu, Selu, Celu, Softplus, Softsign, Hardtanh, Sigmoid,
    Tanh, Softmax or LogSoftmax."""
    node: Node
    """The node that makes the result."""
    members: tuple[Key, ...]
    """All its nodes, in execution order."""
    source: str
    result: str
    role: Role
    """HIDDEN or OUTPUT for a kind that is never anything else (Relu, GELU ...)."""
    bounds: tuple[float, float] | None = None
    """What a clamp (Relu, Relu6, Hardtanh, Clip) keeps its input between; NaN where unknown."""


@dataclass(frozen=True)
class Activations:
    """The activations of a model, in execution order."""

    all: tuple[Activation, ...]
    gate_edges: frozenset[tuple[str, Key]]
    """Where a gate meets what it gates: the gate's tensor and the product that reads it.

    What reaches the outputs over such edges only is a gate branch, no part of the trunk.
    """

    @cached_property
    def of(self) -> Mapping[Key, Activation]:
        """The activation that a node is a member of."""
        return {key: activation for activation in self.all for key in activation.members}


SATURATING = frozenset({"Sigmoid", "HardSigmoid", "Tanh", "Softsign", "Hardtanh"})
"""Kinds that are flat at both ends."""
NORMALISING = frozenset({"Softmax", "LogSoftmax"})
"""Kinds in which each number depends on the others."""
BOUNDED = SATURATING | NORMALISING
"""Kinds that have more uses than a hidden layer, so that their role has to be found out."""
MATRIX_PRODUCTS = frozenset({"Attention", "Einsum", "FusedMatMul", "Gemm", "MatMul"})
COORDINATE_OPERANDS: Mapping[str, tuple[int, ...]] = {"GridSample": (1,), "DeformConv": (2, 4)}
"""Operands that say where to read."""
INDEX_OPERANDS: Mapping[str, tuple[int, ...]] = {
    **dict.fromkeys(("Gather", "GatherElements", "GatherND"), (1,)),
    **dict.fromkeys(("ScatterElements", "ScatterND", "Compress"), (1,)),
    **dict.fromkeys(("ArgMax", "ArgMin", "NonMaxSuppression", "NonZero", "TopK"), (0, 1)),
    **dict.fromkeys(("Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"), (0, 1)),
    "RoiAlign": (1, 2),
}
"""Operands that only choose which numbers are read: boxes and scores of a detector."""

# What lies ahead of a tensor, as bits.
LIVE = 1  # an output of the model
LAYER = 2  # a layer with weights
LAYER_FIRST = 4  # one before any product of matrices or coordinate operand
PRODUCT_FIRST = 8  # a matrix product of two data tensors before any layer
FAR = LIVE | LAYER | LAYER_FIRST | PRODUCT_FIRST
# What it ends in, seen through operators that only move, scale or shift it.
GATES = 16  # a product, as its gate
PARTNER = 32  # a product, as what a gate of the same size lets through
ELSEWHERE = 64  # anything but these and an output


def recognise(model: Model, data: frozenset[str], weighted: frozenset[Key]) -> Activations:
    """Return the activations of a model with their roles.

    Args:
        model: the model.
        data: the tensors that carry data (:func:`cnnlint.facts.dataflow.data_tensors`).
        weighted: the layers with weights.
    """
    clusters = find_clusters(model, data)
    gates = find_gates(model, data, clusters)
    ahead = _ahead(model, data, weighted, gates)
    gated = frozenset(key for _, key in gates.edges)
    paired = frozenset(key for _, key in gates.partners)
    roles = _Roles(model, data, gates, gated, paired, ahead)
    return Activations(
        tuple(
            Activation(
                kind=cluster.kind,
                node=cluster.members[-1],
                members=tuple(node.key for node in cluster.members),
                source=cluster.source,
                result=cluster.result,
                role=roles.of(cluster),
                bounds=cluster.bounds,
            )
            for cluster in clusters
        ),
        gates.edges,
    )


def _ahead(
    model: Model, data: frozenset[str], weighted: frozenset[Key], gates: Gates
) -> Mapping[str, int]:
    """Return what lies ahead of each tensor that carries data, in one pass from the end."""
    ahead = dict.fromkeys(model.outputs, LIVE)
    for node in reversed(model.nodes):
        onward = 0
        for name in node.outputs:
            onward |= ahead.get(name, 0)
        if not onward & LIVE:
            continue
        operands = data_operands(node, data)
        for place, name in enumerate(node.inputs):
            if name not in data:
                continue
            if node.key in weighted and place not in COORDINATE_OPERANDS.get(node.op, ()):
                found = LIVE | LAYER | LAYER_FIRST | ELSEWHERE
            else:
                found = _through(node, place, operands, onward, gates)
            ahead[name] = ahead.get(name, 0) | found
        for name in node.captures:
            ahead[name] = ahead.get(name, 0) | ELSEWHERE | onward & FAR
    return ahead


def _through(node: Node, place: int, operands: tuple[str, ...], onward: int, gates: Gates) -> int:
    """Return what lies ahead of an input of a node, given what does so of its outputs."""
    name = node.inputs[place]
    if place in COORDINATE_OPERANDS.get(node.op, ()):
        return onward & (LIVE | LAYER)
    if place in INDEX_OPERANDS.get(node.op, ()):
        return LIVE
    if node.op in MATRIX_PRODUCTS and len(operands) > 1:
        return PRODUCT_FIRST | ELSEWHERE | onward & (LIVE | LAYER)
    if (name, node.key) in gates.edges:
        return GATES | onward & FAR
    if (name, node.key) in gates.partners:
        return PARTNER | onward & FAR
    return onward if passes_through(node, operands) else ELSEWHERE | onward & FAR


@dataclass(frozen=True, slots=True)
class _Roles:
    """What the role of an activation is decided by."""

    model: Model
    data: frozenset[str]
    gates: Gates
    gated: frozenset[Key]
    paired: frozenset[Key]
    """Products of a gate with an activation of its size, as in a recurrent cell."""
    ahead: Mapping[str, int]

    def of(self, cluster: Cluster) -> Role:
        """Return the first role that fits."""
        ahead = self.ahead.get(cluster.result, 0)
        gates = ahead & (GATES | PARTNER) and not ahead & ELSEWHERE
        if cluster.kind not in BOUNDED:
            role = Role.HIDDEN if ahead & LAYER else Role.OUTPUT
        elif cluster.result in self.gates.self_gates:
            role = Role.SILU
        elif gates and ahead & PARTNER and self._holds_cell_state(cluster.source):
            role = Role.RECURRENT
        elif gates:
            role = Role.GATE
        elif cluster.kind == "Tanh" and self._starts_cell(cluster.result):
            role = Role.RECURRENT
        elif ahead & PRODUCT_FIRST and not ahead & LAYER_FIRST:
            role = Role.ATTENTION
        elif not ahead & LAYER:
            role = Role.OUTPUT
        elif not ahead & LAYER_FIRST:
            role = Role.COORDINATE
        else:
            role = Role.HIDDEN
        return role

    def _starts_cell(self, tensor: str) -> bool:
        """Return whether a tensor is the first state of a GRU: gated and added to a new one."""
        for kept in self.model.consumers_of.get(tensor, ()):
            if kept.key not in self.gated:
                continue
            for join in self.model.consumers_of.get(kept.outputs[0], ()):
                others = set(join.inputs) - {kept.outputs[0]} if join.op == "Add" else ()
                makers = [self.model.producer_of.get(name) for name in others]
                if any(node is not None and node.key in self.paired for node in makers):
                    return True
        return False

    def _holds_cell_state(self, tensor: str) -> bool:
        """Return whether a tensor is a gated product or a sum of such: what an LSTM keeps."""
        maker = self.model.producer_of.get(tensor)
        parts = data_operands(maker, self.data) if maker and maker.op == "Add" else (tensor,)
        makers = [self.model.producer_of.get(name) for name in parts]
        return all(node is not None and node.key in self.gated for node in makers)
