import numpy as np
import pytest

from cnnlint.facts.structure.opening import START, Passed, is_window, layers_before, passed
from tests.net import Net

STEM = Net(3, 16).conv(8, name="a").relu().mark("x")


def gelu(net: Net) -> Net:
    """Append the approximation of GELU as operators."""
    for name, number in (("c", 0.044715), ("three", 3.0), ("root", 0.7978845608), ("one", 1.0)):
        net = net.stored(name, np.array(number, np.float32))
    net = net.stored("half", np.array(0.5, np.float32)).mark("in").op("Pow", "three")
    net = net.op("Mul", "c").add("in").op("Mul", "root").op("Tanh").op("Add", "one").mark("gate")
    return net.goto("in").op("Mul", "half").mul("gate")


def through(net: Net) -> Passed:
    facts = net.facts()
    activations = facts.activations
    seen = passed(facts.nodes, facts.layers, activations.of, activations.gate_edges)
    return seen.get(net.last, START)


@pytest.mark.parametrize(
    ("net", "windows", "joined"),
    [
        (Net(3, 16).op("Identity"), 0, False),
        (Net(3, 16).conv(8, 1), 0, False),
        (STEM, 1, False),
        (STEM.conv(8, 1).pool(), 1, False),
        (STEM.conv(8, (1, 3)), 2, False),
        (STEM.conv_transpose(8, 3), 1, False),
        (STEM.conv(8).mark("y").goto("x").concat("y"), 2, True),
        (STEM.conv(8).add("x"), 2, True),
        (STEM.conv(8).add("x").conv(8), 3, True),
        (STEM.op("Add", STEM.last), 1, False),
        (STEM.op("Concat", "input", axis=1, width=11), 1, False),
        (STEM.mark("y").op("Sigmoid").mul("y"), 1, False),
        (STEM.op("HardSwish").conv(8), 2, False),
        (gelu(STEM), 1, False),
        (STEM.conv(8).op("Sigmoid").mul("x"), 1, False),
        (STEM.conv(8).mul("x"), 2, False),
    ],
)
def test_passed(net: Net, windows: int, joined: bool) -> None:
    assert through(net) == Passed(windows, joined)


def test_is_window() -> None:
    facts = STEM.conv(8, 1).pool().conv_transpose(8, 3).facts()
    assert [is_window(layer) for layer in facts.layers.values()] == [True, False, False, False]
    assert not is_window(None)


def test_layers_before() -> None:
    net = STEM.conv(8, name="b").mark("b").goto("x").conv(8, name="c").add("b").pool()
    facts = net.conv(8, name="d").facts()
    paths = [
        [layer.node.path for layer in layers_before(facts.model, facts.layers, conv.node)]
        for conv in facts.convs
    ]
    assert paths == [["a"], ["a", "b"], ["a", "c"], ["a", "b", "c", "maxpool5", "d"]]
