import pytest

from cnnlint.facts.sampling.pooling import (
    behind_one_layer,
    blurred,
    corner_share,
    in_branch,
    in_pyramid,
    spread,
)
from tests.net import Net

STEM = Net(3, 16).conv(8, name="stem").relu()
POOL = STEM.mark("x").pool(3, 1, pad=1).mark("pool")


@pytest.mark.parametrize(
    ("net", "shallow"),
    [
        (Net(3, 16).pool(), True),
        (STEM.pool(), True),
        (STEM.bn().pool(), True),
        (STEM.conv(8).pool(), False),
        (STEM.mark("x").conv(8).add("x").pool(), False),
        (STEM.mark("x").goto_input().conv(8).add("x").pool(), True),
        (STEM.conv(8).conv(8).conv(8).pool(), False),
    ],
)
def test_behind_one_layer(net: Net, shallow: bool) -> None:
    facts = net.facts()
    found = behind_one_layer(facts.nodes, facts.data, facts.weighted)
    (pool,) = facts.pools
    assert (pool.node.outputs[0] in found) is shallow


@pytest.mark.parametrize(
    ("net", "branch", "pyramid"),
    [
        (POOL.conv(8), False, False),
        (POOL.goto("x").conv(8).add("pool"), True, False),
        (POOL.concat("x"), True, True),
        (STEM.mark("x").pool(2, 2).mark("y").concat("y"), False, False),
    ],
)
def test_beside_others(net: Net, branch: bool, pyramid: bool) -> None:
    facts = net.facts()
    (pool,) = facts.pools
    assert in_branch(facts.model, pool) is branch
    assert in_pyramid(facts.model, pool) is pyramid


PADDED = POOL.stored("by", [0, 0, 1, 1, 0, 0, 1, 1]).op("Pad", "by")


@pytest.mark.parametrize(
    ("net", "blur"),
    [
        (POOL.conv(8, stride=2, groups=8), True),
        (PADDED.conv(8, stride=2, groups=8, pad=0), True),
        (POOL.pool(2, 2, op="AveragePool"), True),
        (POOL.conv(8, stride=2), False),
        (POOL.conv(8, groups=8), False),
        (POOL.pool(2, 2), False),
        (POOL.pool(3, 1, op="AveragePool"), False),
        (POOL.relu().conv(8, stride=2, groups=8), False),
        (POOL.conv(8, stride=2, groups=8).mark("a").goto("pool").pool().add("a"), False),
        (POOL, False),
        (PADDED, False),
    ],
)
def test_blurred(net: Net, blur: bool) -> None:
    facts = net.facts()
    assert blurred(facts.model, facts.layers, facts.pools[0]) is blur


def test_spread() -> None:
    assert spread(STEM.pool((2, 3), (2, 1)).facts().pools[0]) == ((2, 2), (3, 1))
    assert spread(STEM.pool((2, 16), 2).facts().pools[0]) == ((2, 2),)
    assert spread(STEM.pool(2, 2).open_facts().pools[0]) == ((2, 2), (2, 2))


@pytest.mark.parametrize(
    ("op", "pads", "count", "share"),
    [
        ("AveragePool", [1, 1, 1, 1], 1, 4 / 9),
        ("AveragePool", [1, 1, 1, 1], 0, 1.0),
        ("AveragePool", [0, 0, 0, 0], 1, 1.0),
        ("AveragePool", [0, 0, 0, 1], 1, 2 / 3),
        ("AveragePool", [0, 2, 0, 1], 1, 1 / 3),
        ("MaxPool", [1, 1, 1, 1], 0, 1.0),
    ],
)
def test_corner_share(op: str, pads: list[int], count: int, share: float) -> None:
    net = STEM.op(op, kernel_shape=[3, 3], strides=[1, 1], pads=pads, count_include_pad=count)
    assert corner_share(net.facts().pools[0]) == pytest.approx(share)
