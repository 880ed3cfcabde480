import pytest

from tests.net import Net

STEM = Net(3, 8).stored("flat", [1, 4, -1]).conv(4, 1, name="q").op("Reshape", "flat")
QUERY = STEM.op("Transpose", perm=[0, 2, 1]).mark("q").goto_input().conv(4, 3, name="k")
KEYS = QUERY.bn().op("Reshape", "flat")


def product(net: Net) -> Net:
    """Multiply the queries with what the chain has made."""
    return net.joined("MatMul", net.marks["q"][0], net.last)


@pytest.mark.parametrize(
    ("net", "only"),
    [
        pytest.param(product(KEYS), True, id="keys"),
        pytest.param(product(QUERY.conv(4, 1).op("Reshape", "flat")), False, id="layer between"),
        pytest.param(product(KEYS.output()), False, id="an output too"),
        pytest.param(KEYS, False, id="an output only"),
        pytest.param(product(KEYS.mark("k").gap().goto("k")), True, id="a dead end too"),
        pytest.param(product(KEYS.mark("k").gap().output().goto("k")), False, id="pooled too"),
        pytest.param(
            product(QUERY.repeat(64, lambda net: net.op("Identity")).op("Reshape", "flat")),
            False,
            id="too far away",
        ),
        pytest.param(KEYS.dense(4, cin=64), False, id="product with a weight"),
    ],
)
def test_only_attended(net: Net, only: bool) -> None:
    facts = net.facts()
    (keys,) = (conv.node for conv in facts.convs if conv.node.path == "k")
    assert facts.only_attended(keys) is only
