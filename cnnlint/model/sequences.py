"""Sequences of tensors, as far as their elements are known: then they need not be there.

Exporters write a split into a computed number of pieces as a sequence, from which single tensors
are taken. What is taken stands for itself; what only builds a sequence that nobody reads any
more is left out. See https://onnx.ai/onnx/operators/onnx__SequenceAt.html.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from cnnlint.model.graph import Node, Value

_OPERATORS = """
    Identity SequenceAt SequenceConstruct SequenceEmpty SequenceErase SequenceInsert
"""
OPERATORS = frozenset(_OPERATORS.split())
"""Operators that are followed."""
_POSITION = {"SequenceAt": 1, "SequenceErase": 1, "SequenceInsert": 2}
"""Which input of an operator is a position."""
MAX_ELEMENTS = 256
"""Longer sequences are not followed: each operator that makes one would copy it."""


class Sequences:
    """The sequences of one graph, each with the names of its elements."""

    def __init__(self) -> None:
        """Know none yet."""
        self._elements: dict[str, tuple[str, ...]] = {}

    def any(self, names: Iterable[str]) -> bool:
        """Return whether one of these tensors is a known sequence."""
        return any(name in self._elements for name in names)

    def follow(self, node: Node, values: Mapping[str, Value]) -> Node:
        """Take down the sequence that a node makes; return what the node does in fact.

        That is itself, or an Identity of the element where it takes one out of a known sequence.
        """
        if node.domain or not node.outputs:
            return node
        if node.op == "SequenceConstruct":
            self._know(node.outputs[0], node.inputs)
        elif node.op == "SequenceEmpty":
            self._know(node.outputs[0], ())
        elif node.inputs and node.inputs[0] in self._elements:
            return self._from(node, self._elements[node.inputs[0]], values)
        return node

    def without_idle(self, nodes: list[Node], read: Iterable[str]) -> list[Node]:
        """Return the nodes without those that only build known sequences which nobody reads.

        ``read`` are the tensors that are read besides, as the outputs of the graph are.
        """
        if not self._elements:
            return nodes
        wanted, kept = set(read), []
        for node in reversed(nodes):
            if not self.any(node.outputs) or not wanted.isdisjoint(node.outputs):
                kept.append(node)
                wanted.update(node.inputs, node.captures)
        return kept[::-1]

    def _from(self, node: Node, known: tuple[str, ...], values: Mapping[str, Value]) -> Node:
        if node.op == "Identity":
            self._know(node.outputs[0], known)
        place = _place(node, len(known), values)
        if place is None:
            return node
        if node.op == "SequenceAt":
            return replace(node, op="Identity", inputs=(known[place],))
        if node.op == "SequenceErase":
            self._know(node.outputs[0], (*known[:place], *known[place + 1 :]))
        elif len(node.inputs) > 1:
            self._know(node.outputs[0], (*known[:place], node.inputs[1], *known[place:]))
        return node

    def _know(self, name: str, elements: tuple[str, ...]) -> None:
        if len(elements) <= MAX_ELEMENTS:
            self._elements[name] = elements


def _place(node: Node, length: int, values: Mapping[str, Value]) -> int | None:
    """Return the position that an operator takes, erases or inserts at; None if unknown.

    A negative one counts from the end. Where there is none the end is meant, but for a SequenceAt,
    which has to have one.
    """
    where = _POSITION.get(node.op)
    given = node.inputs[where] if where and where < len(node.inputs) else ""
    if where is None or (node.op == "SequenceAt" and not given):
        return None
    last = length if node.op == "SequenceInsert" else length - 1
    value = values.get(given)
    number = last if not given else value.integer if value else None
    if number is None:
        return None
    place = number + length if number < 0 else number
    return place if 0 <= place <= last else None
