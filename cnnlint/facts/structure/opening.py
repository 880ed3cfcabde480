"""The opening of a network: the convolutions with a window that a map has been through first."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cnnlint.facts.activations.gates import JOINS
from cnnlint.facts.layers import Conv, Layer
from cnnlint.model.graph import Key, Model, Node


@dataclass(frozen=True, slots=True)
class Passed:
    """What a tensor has been through."""

    windows: int
    """Convolutions with a window on the longest path to it."""
    joined: bool
    """Whether branches with such convolutions have met on the way."""


START = Passed(0, joined=False)


def is_window(layer: Layer | None) -> bool:
    """Return whether a layer is a convolution that looks at more than one position."""
    return isinstance(layer, Conv) and not layer.transposed and not layer.pointwise


def passed(
    nodes: Iterable[Node],
    layers: Mapping[Key, Layer],
    activations: Mapping[Key, object],
    gate_edges: frozenset[tuple[str, Key]],
) -> dict[str, Passed]:
    """Return what each tensor has been through, but for those without a window before them.

    Args:
        nodes: the nodes on the data path, in execution order.
        layers: the typed layers.
        activations: nodes that are part of an activation, which are no joins.
        gate_edges: edges to leave out, each a tensor and the node that reads it.
    """
    found: dict[str, Passed] = {}
    for node in nodes:
        names = [n for n in dict.fromkeys(node.inputs) if (n, node.key) not in gate_edges]
        before = [found[name] for name in names if name in found]
        windows = max((each.windows for each in before), default=0)
        windows += is_window(layers.get(node.key))
        if not windows:
            continue
        meets = len(before) > 1 and node.op in JOINS and node.key not in activations
        joined = meets or any(each.joined for each in before)
        found.update((name, Passed(windows, joined)) for name in node.outputs)
    return found


def layers_before(model: Model, layers: Mapping[Key, Layer], last: Node) -> list[Layer]:
    """Return the layers that a node is computed from, in execution order, its own the last."""
    seen, front = {last.key}, [last]
    while front:
        for name in front.pop().inputs:
            maker = model.producer_of.get(name)
            if maker is not None and maker.key not in seen:
                seen.add(maker.key)
                front.append(maker)
    return [layer for key, layer in layers.items() if key in seen]
