from fractions import Fraction

import pytest

from cnnlint.facts.structure.bottleneck import Passage, find_passage
from tests.net import Net


def passage(net: Net, coarse: int = 4) -> Passage | None:
    facts = net.facts()
    edges = facts.topology.trunk, facts.activations.gate_edges
    return find_passage(facts.model, net.last, facts.weighted, facts.receptive, edges, coarse)


def up(net: Net, width: int) -> Net:
    return net.conv_transpose(width, 2)


DOWN = Net(3, 16).conv(4).mark("fine").pool().conv(6).mark("half").pool().conv(8)


@pytest.mark.parametrize(
    ("net", "found"),
    [
        pytest.param(DOWN, (4, 4, True, 0, False), id="down"),
        pytest.param(up(DOWN, 6), (2, 4, True, 1, False), id="up by one step"),
        pytest.param(up(up(DOWN, 6), 4), (1, 4, False, 2, True), id="up again"),
        pytest.param(
            up(up(DOWN, 6).add("half"), 4), (1, 4, True, 1, False), id="joined, one step is left"
        ),
        pytest.param(
            up(up(DOWN, 6), 4).add("fine"), (1, 4, True, 0, True), id="joined at the end"
        ),
        pytest.param(up(DOWN.gap().add("half"), 4), (1, 4, True, 1, False), id="a context vector"),
        pytest.param(
            up(up(DOWN, 6), 4).mark("up").goto("fine").conv(4, 1).op("Sigmoid").mul("up"),
            (1, 4, False, 2, True),
            id="gates are no way",
        ),
    ],
)
def test_passage(net: Net, found: tuple[int, int, bool, int, bool]) -> None:
    seen = passage(net)
    assert seen is not None
    jumps = int(seen.jump), int(seen.coarsest)
    assert (*jumps, seen.bypassed, seen.steps, seen.refined) == found


def test_no_map() -> None:
    assert passage(DOWN.gap()) is None
    assert passage(Net(4, ()).dense(2)) is None
    assert passage(DOWN.op("Wavelet", domain="acme")) is None


def test_finer_than_the_input() -> None:
    seen = passage(up(up(Net(3, 8).conv(4), 4).conv(4), 4))
    assert seen is not None
    assert (seen.jump, seen.bypassed) == (Fraction(1, 4), True)


def test_joins() -> None:
    seen = passage(up(up(DOWN, 6).conv(6, name="a"), 5).conv(7, 5, name="b"))
    assert seen is not None
    assert [(j.channels, j.conv.node.path, j.equal, j.weights, j.macs) for j in seen.joins] == [
        (6, "a", True, 6 * 6 * 9, 6 * 6 * 9 * 8 * 8),
        (4, "b", False, 4 * 7 * 25, 4 * 7 * 25 * 16 * 16),
    ]
    assert [join.maker.op for join in seen.joins] == ["Conv", "Conv"]


def test_join_in_front_of_a_transposed_convolution() -> None:
    seen = passage(up(up(DOWN, 6), 5))
    assert seen is not None
    (join,) = seen.joins
    assert (join.weights, join.macs) == (6 * 5 * 4, 6 * 5 * 4 * 8 * 8)


def test_groups_take_no_concat() -> None:
    net = up(DOWN, 6).conv(6, groups=2, name="a")
    seen = passage(up(net, 6).conv(6, groups=2, name="b"))
    assert seen is not None
    assert [join.conv.node.path for join in seen.joins] == ["a"]
    assert seen.joins[0].equal


def test_neither_the_image_nor_other_grids_are_joined() -> None:
    net = Net(3, 15).pool(3, 2).conv(4).pool(3, 2).conv(4)
    seen = passage(up(up(net, 4).conv(4), 4).conv(4))
    assert seen is not None
    assert seen.coarsest == Fraction(4)
    assert not seen.joins
