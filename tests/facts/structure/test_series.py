from dataclasses import replace

import pytest

from cnnlint.facts.facts import Facts
from tests.net import Net


def names(net: Net) -> list[tuple[str, str]]:
    facts = net.facts()
    paths = {node.key: node.path for node in facts.model.nodes}
    return [(paths[first], paths[second]) for first, second in facts.following.items()]


START = Net(3, 16).conv(8, name="a").relu()


def gated(net: Net) -> Net:
    """Append squeeze-and-excitation."""
    net = net.mark("x").gap().conv(4, 1, name="down").relu().conv(8, 1, name="up")
    return net.op("Sigmoid").mul("x")


@pytest.mark.parametrize(
    ("net", "found"),
    [
        pytest.param(START.bn().conv(8, name="b"), [("a", "b")], id="series"),
        pytest.param(
            START.conv(8, name="b").conv(8, name="c"), [("a", "b"), ("b", "c")], id="three"
        ),
        pytest.param(
            START.pool().conv(8, name="b"),
            [("a", "maxpool2"), ("maxpool2", "b")],
            id="a pool is a layer",
        ),
        pytest.param(
            START.mark("x").conv(8, name="b").add("x").conv(8, name="c"),
            [],
            id="a skip goes around",
        ),
        pytest.param(
            START.mark("x").conv(8, name="b").conv(8, name="c").add("x").conv(8, name="d"),
            [("b", "c")],
            id="inside a block",
        ),
        pytest.param(START.output().conv(8, name="b"), [], id="an output between"),
        pytest.param(
            START.mark("x").conv(8, name="b").output().goto("x").conv(8, name="c"),
            [],
            id="two branches",
        ),
        pytest.param(
            START.mark("x").conv(8, name="b").goto("x").conv(8, name="c"),
            [("a", "c")],
            id="a dead branch",
        ),
        pytest.param(
            START.op("Sigmoid", name="s")
            .mark("s")
            .goto_input()
            .conv(8, name="b")
            .add("s")
            .conv(8, name="c"),
            [],
            id="a join",
        ),
        pytest.param(
            START.conv(8, name="b")
            .beside("Shape", "relu1_out", result="size")
            .op("Reshape", "size")
            .conv(8, name="c"),
            [("a", "b"), ("b", "c")],
            id="a size is no way",
        ),
        pytest.param(
            gated(START).conv(8, name="b"),
            [("a", "b")],
            id="a gate is no way",
        ),
    ],
)
def test_following(net: Net, found: list[tuple[str, str]]) -> None:
    assert sorted(names(net)) == sorted(found)


def test_what_a_body_reads_is_a_way() -> None:
    net = START.conv(8, name="b").op("Neg").conv(8, name="c")
    assert names(net) == [("a", "b"), ("b", "c")]
    model = net.model()
    nodes = [replace(n, captures=("a_out",)) if n.op == "Neg" else n for n in model.nodes]
    facts = Facts(replace(model, nodes=tuple(nodes)))
    assert not facts.following
