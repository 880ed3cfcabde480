from collections.abc import Callable

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlint.facts.facts import Facts
from cnnlint.facts.structure.cuts import cut_points
from tests.net import Net


def cuts(facts: Facts) -> list[str]:
    found = cut_points(
        facts.model,
        facts.model.outputs[-1],
        facts.topology.trunk,
        facts.activations.gate_edges,
    )
    return [node.path for node in found]


def residual(net: Net) -> Net:
    return net.mark("x").conv(4, name="b").relu().conv(4, name="c").add("x")


@pytest.mark.parametrize(
    ("net", "found"),
    [
        pytest.param(Net(4, 8).conv(4, name="a").conv(4, name="b"), ["a", "b"], id="chain"),
        pytest.param(residual(Net(4, 8).conv(4, name="a")), ["a", "add4"], id="block"),
        pytest.param(residual(Net(4, 8)), ["add3"], id="around the input"),
        pytest.param(
            Net(4, 8).conv(4, name="a").mark("x").gap().conv(4, 1).op("Sigmoid").mul("x"),
            ["a", "mul4"],
            id="gate",
        ),
        pytest.param(
            Net(4, 8).conv(4, name="a").mark("x").output().goto("x").conv(4, name="b"),
            ["a", "b"],
            id="other outputs",
        ),
    ],
)
def test_cut_points(net: Net, found: list[str]) -> None:
    assert cuts(net.facts()) == found


BRANCHES: list[Callable[[Net], Net]] = [
    lambda net: net.conv(4),
    lambda net: net.relu(),
    lambda net: net.mark("late"),
    lambda net: net.add("late") if "late" in net.marks else net,
    lambda net: net.mark("r").conv(4).add("r"),
]


@given(st.lists(st.sampled_from(BRANCHES), min_size=1, max_size=12))
def test_agrees_with_dominators(steps: list[Callable[[Net], Net]]) -> None:
    net = Net(4, 8).conv(4, name="first")
    for step in steps:
        net = step(net)
    facts = net.facts()
    start, end = facts.model.nodes[0].key, facts.model.producer_of[net.last].key
    before = nx.immediate_dominators(facts.model.flow, start)
    chain = [end]
    while chain[-1] != start:
        chain.append(before[chain[-1]])
    node_of = {node.key: node.path for node in facts.model.nodes}
    assert cuts(facts) == [node_of[key] for key in reversed(chain)]
