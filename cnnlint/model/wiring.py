"""Which node makes which tensor: the order to run in, and what can't be run in any."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from cnnlint.errors import LoadError
from cnnlint.model.graph import Key, Node
from cnnlint.model.protos import shown

if TYPE_CHECKING:
    import networkx as nx


def in_order(nodes: Sequence[Node], place: str) -> tuple[Node, ...]:
    """Return the nodes in an order in which they can run; the file's own where that is one.

    Raises:
        LoadError: they feed each other. ``place`` is the file, or the part of it, to be named.
    """
    maker = {name: node for node in nodes for name in node.outputs if name}
    made: set[str] = set()
    for node in nodes:
        if any(name in maker and name not in made for name in (*node.inputs, *node.captures)):
            return _sorted(nodes, maker, place)
        made.update(node.outputs)
    return tuple(nodes)


def refuse_made_twice(names: Iterable[str], place: str, what: str = "tensor") -> None:
    """Refuse a tensor, or whatever ``what`` is, that is given or made more than once.

    Raises:
        LoadError: there is one.
    """
    counts = Counter(filter(None, names))
    twice = next((name for name, count in counts.items() if count > 1), None)
    if twice:
        cause = f"{place}: {what} {shown(twice)!r} is made twice"
        raise LoadError("made-twice", cause, f"give every {what} a name of its own")


def refuse_dangling(
    nodes: Iterable[Node], given: Iterable[str], outputs: Iterable[str], place: str
) -> None:
    """Refuse tensors that are read, or promised, and that nothing makes.

    Raises:
        LoadError: there is one.
    """
    nodes = tuple(nodes)
    made = {name for node in nodes for name in node.outputs} | {*given, ""}
    for node in nodes:
        for name in (*node.inputs, *node.captures):
            if name not in made:
                cause = f"{place}: {shown(node.path)} reads {shown(name)!r}, which nothing makes"
                raise LoadError("undefined-input", cause, "export or download it again")
    for name in outputs:
        if name not in made:
            cause = f"{place}: nothing makes the output {shown(name)!r}"
            raise LoadError("undefined-output", cause, "export or download it again")


def idle(nodes: Sequence[Node], outputs: Iterable[str]) -> frozenset[Key]:
    """Return the nodes from which nothing leads to an output; they stand in order."""
    wanted, found = set(outputs), set()
    for node in reversed(nodes):
        if wanted.isdisjoint(filter(None, node.outputs)):
            found.add(node.key)
        else:
            wanted.update(node.inputs, node.captures)
    return frozenset(found)


def _sorted(nodes: Sequence[Node], maker: Mapping[str, Node], place: str) -> tuple[Node, ...]:
    import networkx as nx  # noqa: PLC0415  (only files that are out of order need it)

    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(node.key[1] for node in nodes)
    graph.add_edges_from(
        (maker[name].key[1], node.key[1])
        for node in nodes
        for name in (*node.inputs, *node.captures)
        if name in maker
    )
    by_index = {node.key[1]: node for node in nodes}
    try:
        return tuple(by_index[index] for index in nx.lexicographical_topological_sort(graph))
    except nx.NetworkXUnfeasible as error:
        knot = _knot(graph)
        names = ", ".join(shown(by_index[index].path) for index in sorted(knot)[:5])
        more = f" and {len(knot) - 5} more" if len(knot) > 5 else ""
        feeds = "feed each other" if len(knot) > 1 else "feeds itself"
        cause = f"{place}: the graph is not acyclic: {names}{more} {feeds}"
        raise LoadError("cycle", cause, "export it again") from error


def _knot(graph: "nx.DiGraph[int]") -> set[int]:
    import networkx as nx  # noqa: PLC0415  (see _sorted)

    selves = [{index} for index in nx.nodes_with_selfloops(graph)]
    return max([*selves, *nx.strongly_connected_components(graph)], key=len)
