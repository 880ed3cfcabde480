"""Which layers stand in series: one after the other on every way, with nothing around them."""

from collections.abc import Collection, Iterable

from cnnlint.model.graph import Key, Model, Node

MIXED = None
"""Instead of a layer: it depends on the way, or there is none (the input, an output)."""


def following(
    model: Model,
    data: frozenset[str],
    layers: Collection[Key],
    gate_edges: frozenset[tuple[str, Key]],
) -> dict[Key, Key]:
    """Return the layer after each layer that has one in immediate series.

    So it is where every way back from the second meets the first before any other layer, and
    every way on from the first, to whatever output, meets the second. What leads to no output is
    no way, nor is the edge by which a gate enters a product.

    Args:
        model: the model.
        data: the tensors that carry data.
        layers: the nodes that count as layers.
        gate_edges: edges to leave out, each a tensor and the node that reads it.
    """
    ways: list[tuple[Node, list[str]]] = []
    before: dict[str, Key | None] = {entry.name: MIXED for entry in model.inputs}
    behind: dict[Key, Key | None] = {}
    for node in model.nodes:
        names = [n for n in (*node.inputs, *node.captures) if n in before]
        names = [n for n in names if (n, node.key) not in gate_edges]
        if not names:
            continue
        ways.append((node, names))
        label = _single(before[n] for n in names)
        if node.key in layers:
            behind[node.key], label = label, node.key
        before |= {name: label for name in node.outputs if name in data}
    ahead = _walk_back(model, layers, ways)
    return {u: v for v, u in behind.items() if u is not MIXED and ahead.get(u) == v}


def _walk_back(
    model: Model, layers: Collection[Key], ways: list[tuple[Node, list[str]]]
) -> dict[Key, Key | None]:
    """Return the layer met first on every way on from each layer."""
    after: dict[str, Key | None] = dict.fromkeys(model.outputs, MIXED)
    ahead: dict[Key, Key | None] = {}
    for node, names in reversed(ways):
        found = [after[name] for name in node.outputs if name in after]
        if not found:
            continue
        label = _single(found)
        if node.key in layers:
            ahead[node.key], label = label, node.key
        for name in names:
            after[name] = label if after.get(name, label) == label else MIXED
    return ahead


def _single(labels: Iterable[Key | None]) -> Key | None:
    different = set(labels)
    return different.pop() if len(different) == 1 else MIXED
