from collections.abc import Sequence

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlint.facts.structure.branches import branches
from cnnlint.model.graph import Node


def node(index: int, inputs: Sequence[str], outputs: Sequence[str]) -> Node:
    return Node(("", index), "", "Op", "", tuple(inputs), tuple(outputs), {}, str(index))


@pytest.mark.parametrize(
    ("wires", "expected"),
    [
        pytest.param(["> a"], ["0"], id="one"),
        pytest.param(["x > a", "x > b"], ["0", "1"], id="side by side"),
        pytest.param(["x > a", "x > b", "a > c", "b > d"], ["02", "13"], id="interleaved"),
        pytest.param(["x > a", "x > b", "a b > c"], ["012"], id="joined later"),
        pytest.param(["x > a", "a > b", "a > c"], ["012"], id="fork"),
        pytest.param(["x > ", " > a"], ["0", "1"], id="absent tensors connect nothing"),
    ],
)
def test_groups(wires: list[str], expected: list[str]) -> None:
    nodes = []
    for index, wire in enumerate(wires):
        reads, makes = wire.split(">")
        nodes.append(node(index, reads.split() or [""], makes.split() or [""]))
    assert ["".join(n.path for n in group) for group in branches(nodes)] == expected


@given(st.lists(st.sets(st.integers(0, 12), max_size=3), max_size=12))
def test_groups_are_connected_components(reads: list[set[int]]) -> None:
    nodes = [
        node(index, [f"t{i}" for i in read], [f"t{index}"]) for index, read in enumerate(reads)
    ]
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(len(reads)))
    graph.add_edges_from((i, index) for index, read in enumerate(reads) for i in read if i < index)
    expected = sorted(sorted(part) for part in nx.connected_components(graph))
    assert [[n.key[1] for n in group] for group in branches(nodes)] == expected
