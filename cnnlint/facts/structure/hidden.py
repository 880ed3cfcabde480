"""Which layers are hidden: others go on from their numbers, and nobody outside reads them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cnnlint.facts.activations.roles import COORDINATE_OPERANDS, INDEX_OPERANDS
from cnnlint.model.graph import Key, Node

if TYPE_CHECKING:
    from cnnlint.facts.facts import Facts


def hidden_nodes(facts: "Facts") -> frozenset[Key]:
    """Return the nodes whose numbers another layer with weights goes on from.

    Not those that answer (an output is made of what they make without a layer between), and not
    what only says where or what to read: boxes, scores, offsets.
    """
    wanted: set[str] = set()
    found = set()
    for node in reversed(facts.nodes):
        if not wanted.isdisjoint(filter(None, node.outputs)):
            found.add(node.key)
        elif node.key not in facts.weighted:
            continue
        wanted.update(_carried(node))
    for output in facts.model.outputs:
        layer = next((n for n in facts.upstream(output) if n.key in facts.weighted), None)
        found -= {layer.key} if layer else set()
    return frozenset(found)


def _carried(node: Node) -> Iterator[str]:
    places = (*COORDINATE_OPERANDS.get(node.op, ()), *INDEX_OPERANDS.get(node.op, ()))
    return (name for index, name in enumerate(node.inputs) if index not in places)
