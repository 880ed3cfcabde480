import pytest

from cnnlint.facts.structure.hidden import hidden_nodes
from tests.net import Net

STEM = Net(3, 32).conv(8, name="a").relu().mark("x")


def offsets() -> Net:
    net = STEM.conv(18, name="o").mark("o").goto("x").shaped("w", 8, 8, 3, 3)
    return net.op("DeformConv", "w", net.marks["o"][0], pads=[1] * 4, name="d").relu()


def scores() -> Net:
    net = STEM.conv(12, 1, name="s").op("Flatten").stored("k", [5]).op("TopK", "k", axis=-1)
    net = net.mark("top").goto("x")
    return net.op("Gather", net.marks["top"][0], axis=0)


@pytest.mark.parametrize(
    ("net", "hidden"),
    [
        pytest.param(STEM, [], id="answer"),
        pytest.param(STEM.conv(8, name="b"), ["a"], id="hidden"),
        pytest.param(STEM.conv(8, name="b").relu().output().conv(8), ["a"], id="output besides"),
        pytest.param(STEM.conv(8, name="b").conv(8).goto("x"), ["b"], id="dead"),
        pytest.param(STEM.conv(8, name="b").add("x"), ["a"], id="join at the output"),
        pytest.param(offsets().conv(8), ["a", "d"], id="offsets"),
        pytest.param(scores().conv(8), ["a"], id="scores"),
        pytest.param(STEM.op("Shape"), [], id="shape"),
    ],
)
def test_hidden_layers(net: Net, hidden: list[str]) -> None:
    facts = net.facts()
    found = hidden_nodes(facts)
    assert [n.path for n in facts.nodes if n.key in found & facts.weighted.keys()] == hidden
