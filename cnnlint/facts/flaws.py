"""The defects of a model by kind, each with the nodes that it concerns."""

from collections.abc import Mapping
from dataclasses import dataclass

from cnnlint.model.defect import Defect, Kind
from cnnlint.model.graph import Key, Model, Node, Shape


@dataclass(frozen=True, slots=True)
class Flaw:
    """A defect, and where it is met."""

    text: str
    nodes: tuple[Node, ...]
    """The node that can't run, or all that read the wrong tensor; none for the file itself."""
    tensor: str
    """The input or stored tensor that is wrong, "" where it is a node."""
    inputs: tuple[str, ...]
    """The shapes that the node meets, in words; an unknown size is ``?``."""


def flaws(model: Model) -> Mapping[Kind, tuple[Flaw, ...]]:
    """Return the defects of the main graph, in the order in which they are met."""
    nodes = {node.key: node for node in model.nodes} if model.defects else {}
    found: dict[Kind, list[Flaw]] = {}
    for defect in model.defects:
        found.setdefault(defect.kind, []).append(_flaw(model, nodes, defect))
    return {kind: tuple(of_kind) for kind, of_kind in found.items()}


def _flaw(model: Model, nodes: Mapping[Key, Node], defect: Defect) -> Flaw:
    node = nodes.get(defect.node) if defect.node else None
    if node is None:
        readers = model.consumers_of.get(defect.tensor, ()) if defect.tensor else ()
        return Flaw(defect.text, readers, defect.tensor, ())
    shapes = (model.value(name).shape for name in node.inputs if name)
    return Flaw(defect.text, (node,), defect.tensor, tuple(map(_spelled, shapes)))


def _spelled(shape: Shape | None) -> str:
    return "?" if shape is None else "x".join("?" if d is None else str(d) for d in shape)
