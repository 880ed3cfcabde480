"""A choice of nodes as branches: what hangs together is said once."""

from collections.abc import Iterable

from cnnlint.model.graph import Key, Node


def branches(nodes: Iterable[Node]) -> list[tuple[Node, ...]]:
    """Return nodes, given in execution order, as groups that are not connected to each other.

    Two nodes belong together if one reads what the other makes. Groups stand in the order of
    their first nodes, and the nodes of each in execution order.
    """
    chosen = tuple(nodes)
    maker: dict[str, Key] = {}
    root: dict[Key, Key] = {}

    def find(key: Key) -> Key:
        while root[key] != key:
            root[key] = key = root[root[key]]
        return key

    for node in chosen:
        root[node.key] = node.key
        for name in node.inputs:
            if name in maker:
                root[find(maker[name])] = find(node.key)
        maker.update(dict.fromkeys(filter(None, node.outputs), node.key))
    groups: dict[Key, list[Node]] = {}
    for node in chosen:
        groups.setdefault(find(node.key), []).append(node)
    return [tuple(group) for group in groups.values()]
