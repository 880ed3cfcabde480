"""Where in the graph a finding is: what comes before and after its layer, what is at fault."""

from collections.abc import Iterable, Sequence

from cnnlint.facts.facts import Facts
from cnnlint.facts.layers import Conv, Dense, Pool
from cnnlint.facts.structure.linear import weights_of
from cnnlint.lint.finding import Part
from cnnlint.model.graph import Node
from cnnlint.report import numbers
from cnnlint.report.label import label, split_label
from cnnlint.report.report import Mark, Neighbour, Surroundings

INPUT, OUTPUT = "input", "output"
"""What the ends of a graph are, in place of an operator."""


def surroundings(facts: Facts, nodes: Sequence[Node], part: Part) -> Surroundings | None:
    """Return what stands around the first of some layers, and which part of it a rule is about.

    None for a layer inside a body, and for one that makes nothing: the graph doesn't show them.
    """
    node = nodes[0]
    made = next(filter(None, node.outputs), "")
    if facts.model.producer_of.get(made) is not node:
        return None
    return Surroundings(_before(facts, node), _mark(facts, nodes, part), _after(facts, node))


def _before(facts: Facts, node: Node) -> Neighbour | None:
    """Return what makes the first data operand; constants are no neighbours."""
    data = [name for name in dict.fromkeys(node.inputs) if name in facts.data]
    if not data:
        return None
    producer = facts.model.producer_of.get(data[0])
    if producer is None:
        shape = facts.model.value(data[0]).shape
        return Neighbour(data[0], INPUT, shape, len(data) - 1, is_end=True)
    return _layer(facts, producer, data[0], len(data) - 1)


def _after(facts: Facts, node: Node) -> Neighbour | None:
    """Return what reads a layer first; the model itself, where that is an output."""
    made = [name for name in node.outputs if name]
    readers = _unique(r for name in made for r in facts.model.consumers_of.get(name, ()))
    ends = [name for name in made if name in facts.ends]
    more = len(readers) + len(ends) - 1
    if readers:
        shown = next((name for name in readers[0].outputs if name), "")
        return _layer(facts, readers[0], shown, more)
    if ends:
        return Neighbour(ends[0], OUTPUT, facts.model.value(ends[0]).shape, more, is_end=True)
    return None


def _unique(nodes: Iterable[Node]) -> list[Node]:
    return list({node.key: node for node in nodes}.values())


def _layer(facts: Facts, node: Node, made: str, more: int) -> Neighbour:
    return Neighbour(node.path, label(facts, node), facts.model.value(made).shape, more)


def _mark(facts: Facts, nodes: Sequence[Node], part: Part) -> Mark:
    node = nodes[0]
    many = part is Part.OPERATOR and len(nodes) > 1  # it's about none of them for itself
    words = "" if many else "; ".join(_said(facts, node, part))
    if part is Part.SHAPE:
        return Mark((label(facts, node), "", ""), words, on_shape=True)
    return Mark(split_label(facts, node, part), words)


def _said(facts: Facts, node: Node, part: Part) -> Iterable[str]:
    """Return what there is to know about a part of a layer, in words."""
    layer = facts.layers.get(node.key)
    if part is Part.SHAPE:
        size = facts.activation_bytes(node)
        return () if size is None else (numbers.size(size),)
    if part is Part.STRIDE and isinstance(layer, Conv | Pool):
        grids = [shape[2:] for shape in (layer.in_shape, layer.out_shape) if shape]
        return (" to ".join(map(numbers.shape, grids)),) if len(grids) == 2 else ()
    if part is Part.DILATION and isinstance(layer, Conv):
        return (f"reaches {numbers.shape(layer.reach)}",)
    if isinstance(layer, Conv | Dense):
        return (f"{weights_of(layer):,} weights{_shares(facts, layer)}",)
    return ()


def _shares(facts: Facts, layer: Conv | Dense) -> str:
    """Return how much of the model a layer is; what a dense one costs is its weights above all."""
    params = weights_of(layer) / facts.params if isinstance(layer, Dense) and facts.params else 0
    macs = 0 if facts.uncounted_ops else facts.share(facts.macs_of(layer.node))
    model = "the model's"
    if params and macs:
        return f", {_percent(params)} of {model} params, {_percent(macs)} of its MACs"
    if params:
        return f", {_percent(params)} of {model} params"
    return f", {_percent(macs)} of {model} MACs" if macs else ""


def _percent(share: float) -> str:
    return "<0.1 %" if share < 0.001 else numbers.percent(share)
