import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.net import Net

X, Y = (1, 3), (3, 1)


def pairs(net: Net) -> list[tuple[str, str]]:
    return [(split.first.node.path, split.second.node.path) for split in net.facts().splits]


INPUT = Net(8, 16)


def emptied(net: Net) -> Net:
    """Take nothing of the batch."""
    net = net.stored("from", [0]).stored("to", [0]).stored("of", [0])
    return net.op("Slice", "from", "to", "of")


FOUND = [("a", "b")]


@pytest.mark.parametrize(
    ("net", "found"),
    [
        pytest.param(INPUT.conv(8, X, name="a").conv(8, Y, name="b"), FOUND, id="1x3 and 3x1"),
        pytest.param(INPUT.conv(8, Y, name="a").conv(8, X, name="b"), FOUND, id="3x1 and 1x3"),
        pytest.param(
            INPUT.conv(16, X, name="a").bn().relu().conv(4, Y, name="b"), FOUND, id="between"
        ),
        pytest.param(
            INPUT.conv(8, X, groups=8, name="a").relu().conv(8, Y, groups=8, name="b"),
            FOUND,
            id="depthwise",
        ),
        pytest.param(INPUT.conv(8, X, groups=8).conv(8, Y), [], id="one of them depthwise"),
        pytest.param(INPUT.conv(8, X).conv(8, Y, groups=8), [], id="the other depthwise"),
        pytest.param(INPUT.conv(8, X, groups=2).conv(8, Y, groups=2), [], id="grouped"),
        pytest.param(INPUT.conv(8, X, groups=2).conv(8, Y), [], id="one of them grouped"),
        pytest.param(INPUT.conv(8, X).conv(8, X), [], id="same axis"),
        pytest.param(INPUT.conv(8, X).conv(8, (5, 1)), [], id="not as long"),
        pytest.param(INPUT.conv(8, X).conv(8, 3), [], id="3x3 behind"),
        pytest.param(INPUT.conv(8, 3).conv(8, Y), [], id="3x3 in front"),
        pytest.param(INPUT.conv(8, X).conv(8, 1).conv(8, Y), [], id="a 1x1 between"),
        pytest.param(INPUT.conv(8, X).pool(1, 1).conv(8, Y), [], id="a pool between"),
        pytest.param(
            INPUT.conv(8, X).shaped("s", 4).op("Resize", "", "s").conv(8, Y),
            [],
            id="an unknown size between",
        ),
        pytest.param(
            INPUT.conv(8, X).op("DepthToSpace", blocksize=2, width=2).conv(8, Y),
            [],
            id="other channels and another grid",
        ),
        pytest.param(
            INPUT.conv(8, X)
            .stored("s", np.array([1, 1, 2, 2], np.float32))
            .op("Resize", "", "s")
            .conv(8, Y),
            [],
            id="another grid",
        ),
        pytest.param(INPUT.conv(8, X).mark("x").concat("x").conv(8, Y), [], id="other channels"),
        pytest.param(
            INPUT.conv(8, X).mark("x").conv(8, Y).add("x").conv(8, 1), [], id="a skip between"
        ),
        pytest.param(
            INPUT.mark("x").conv(8, X).mark("y").goto("x").conv(8, Y).concat("y").conv(8, 1),
            [],
            id="parallel",
        ),
        pytest.param(
            INPUT.conv_transpose(8, X, stride=1).conv(8, Y), [], id="transposed in front"
        ),
        pytest.param(INPUT.conv(8, X).conv_transpose(8, Y, stride=1), [], id="transposed behind"),
        pytest.param(
            Net(8, (4, 8, 8)).conv(8, (1, 3, 1), name="a").conv(8, (3, 1, 1), name="b"),
            FOUND,
            id="3-D",
        ),
        pytest.param(
            Net(8, (4, 8, 8)).conv(8, (1, 3, 3)).conv(8, (3, 1, 1)), [], id="space and time"
        ),
        pytest.param(emptied(INPUT).conv(8, X).conv(8, Y), [], id="empty batch"),
        pytest.param(Net(8, (16,)).conv(8, 3).conv(8, 3), [], id="1-D"),
        pytest.param(
            INPUT.conv(8, X, name="a")
            .conv(8, Y, name="b")
            .conv(8, X, name="c")
            .conv(8, Y, name="d"),
            [("a", "b"), ("c", "d")],
            id="two pairs in series",
        ),
        pytest.param(
            INPUT.conv(8, X, name="a").conv(8, Y, name="b").conv(8, X, name="c"),
            [("a", "b")],
            id="a third one",
        ),
    ],
)
def test_pairs(net: Net, found: list[tuple[str, str]]) -> None:
    assert pairs(net) == found


def test_unknown_size_is_no_pair() -> None:
    facts = INPUT.conv(8, X).conv(8, Y).open_facts()
    assert facts.convs[0].grid is None
    assert not facts.splits


@given(
    st.sampled_from([(1, 1, 1), (3, 7, 5), (12, 4, 9)]),
    st.booleans(),
    st.sampled_from([3, 5]),
    st.tuples(st.integers(1, 2), st.integers(1, 2)),
    st.tuples(st.integers(1, 2), st.integers(1, 2)),
)
@settings(max_examples=60)
def test_costs_are_what_the_tool_counts(
    channels: tuple[int, int, int],
    depthwise: bool,
    side: int,
    one: tuple[int, int],
    two: tuple[int, int],
) -> None:
    cin, mid, cout = (channels[0] + 1,) * 3 if depthwise else channels
    groups = cin if depthwise else 1
    net = Net(cin, (16, 24), 2)
    both = net.conv(mid, (1, side), stride=one, groups=groups, bias=False)
    both = both.conv(cout, (side, 1), stride=two, groups=groups, bias=False)
    (split,) = both.facts().splits
    stride = (one[0] * two[0], one[1] * two[1])
    whole = net.conv(cout, side, stride=stride, groups=groups, bias=False).facts()
    separable = net.conv(cin, side, stride=stride, groups=cin, bias=False)
    separable = separable.conv(cout, 1, bias=False)
    assert split.depthwise == depthwise
    assert (split.side, split.kernel) == (side, (side, side))
    assert (split.weights, split.macs) == (both.facts().params, both.facts().macs)
    assert (split.whole_weights, split.whole_macs) == (whole.params, whole.macs)
    facts = separable.facts()
    assert (split.separable_weights, split.separable_macs) == (facts.params, facts.macs)
    assert split.between == 2 * mid * (16 // one[0]) * (24 // one[1])
    assert split.separable_between == 2 * cin * (16 // stride[0]) * (24 // stride[1])
