"""Nodes that compute what another one has computed already: common subexpressions.

Two nodes are equal if they are the same operator of ONNX with the same attributes on equal
operands. Tensors are equal if they are one and the same, or made by equal nodes; stored ones if
they lie at the same place, or hold the same bytes. Bytes are read only of those that are to be
compared: first the beginning, and the rest where that is equal.
"""

from collections.abc import Hashable
from dataclasses import dataclass

from cnnlint.facts.weights.stored import same_bytes, start_of
from cnnlint.model.graph import Model, Node, Value

_UNLIKE = frozenset(
    {
        *("Bernoulli", "Dropout", "Multinomial"),
        *("RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"),
        *("If", "Loop", "Scan"),
    }
)
"""Operators that may do something else at each call, or of which not everything is seen."""
_COMPARED = 8
"""With how many of a kind a node is compared in full: more than one is hardly ever needed."""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A node, and an earlier one that makes the same."""

    node: Node
    original: Node


def duplicates(model: Model) -> tuple[Duplicate, ...]:
    """Return the nodes that make again what an earlier one has made, in order.

    Nodes from which nothing leads to an output are left out, those on constants are not.
    """
    alive = _alive(model)
    search = _Search(model)
    pairs = ((node, search.visit(node)) for node in model.nodes if node.key in alive)
    return tuple(Duplicate(node, original) for node, original in pairs if original)


def _alive(model: Model) -> frozenset[object]:
    wanted, found = set(model.outputs), set()
    for node in reversed(model.nodes):
        if not wanted.isdisjoint(filter(None, node.outputs)):
            found.add(node.key)
            wanted.update(node.inputs, node.captures)
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class _Call:
    """A node, and the first of all tensors that are equal to each of its operands."""

    node: Node
    operands: tuple[str, ...]


class _Search:
    """One walk through the nodes of a model, in order."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._same_as: dict[str, str] = {}
        """The first tensor that is equal to one, by the name of each later one."""
        self._alike: dict[Hashable, list[_Call]] = {}
        """The first of the nodes that are equal but for the numbers of what they have stored."""
        self._equal: dict[Hashable, list[_Call]] = {}
        """The same, where the beginnings of the stored tensors are equal too."""
        self._starts: dict[str, Hashable] = {}

    def visit(self, node: Node) -> Node | None:
        """Return the earlier node that a node repeats, None where there is none."""
        if node.domain or node.op in _UNLIKE or not any(node.inputs):
            return None
        operands = tuple(self._same_as.get(name, name) for name in node.inputs)
        if node.op == "Identity":
            self._same_as.update(zip(node.outputs, operands, strict=False))
            return None
        original = self._original(_Call(node, operands))
        if original is not None:
            self._same_as |= {
                name: self._same_as.get(first, first)
                for name, first in zip(node.outputs, original.outputs, strict=False)
                if name and first
            }
        return original

    def _original(self, call: _Call) -> Node | None:
        node = call.node
        attrs = tuple(sorted(node.attrs.items(), key=lambda item: item[0]))
        alike = (node.op, attrs, tuple(map(self._form, call.operands)))
        waiting = self._alike.get(alike)
        if waiting is None:
            self._alike[alike] = [call]
            return None
        if waiting:  # now that there is a second one, the first is looked at closely too
            self._place(alike, waiting.pop())
        return self._place(alike, call)

    def _place(self, alike: Hashable, call: _Call) -> Node | None:
        """Return the node that is equal to one; keep this one where there is none."""
        group = self._equal.setdefault((alike, tuple(map(self._start, call.operands))), [])
        for other in group:
            if self._equals(call, other):
                return other.node
        if len(group) < _COMPARED:
            group.append(call)
        return None

    def _form(self, name: str) -> Hashable:
        """Return what equal operands have in common: of stored ones type and shape."""
        value = self._model.value(name)
        return (value.dtype, value.shape) if value.stored else name

    def _start(self, name: str) -> Hashable:
        """Return the beginning of a stored tensor; of others nothing more need be known."""
        value = self._model.value(name)
        if not value.stored:
            return None
        if name not in self._starts:
            self._starts[name] = _start_of(value)
        return self._starts[name]

    def _equals(self, call: _Call, other: _Call) -> bool:
        """Return whether the stored operands of two nodes with equal beginnings are equal."""
        pairs = zip(call.operands, other.operands, strict=True)
        return all(
            one == two or _equal(self._model.value(one), self._model.value(two))
            for one, two in pairs
        )


def _start_of(value: Value) -> Hashable:
    if value.const is not None:
        const = value.const
        return tuple(const.reshape(-1).tolist()) if const.dtype.hasobject else const.tobytes()
    at = value.payload
    place = (at.file, at.offset, at.length) if at and at.file else value.name
    start = start_of(value)
    return place if start is None else start


def _equal(one: Value, other: Value) -> bool:
    """Return whether two stored tensors of one type, shape and beginning are equal."""
    return one.payload == other.payload or same_bytes(one, other)
