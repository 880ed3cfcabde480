import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlint.facts.layers import Conv, Pool
from cnnlint.facts.sampling.border import Border, far_border, unread_border, worst_axis
from cnnlint.facts.sampling.coverage import phases_read
from tests.net import Net

MAP = Net(3, 16)


def last_window(net: Net) -> Conv | Pool:
    layers = [layer for layer in net.facts().layers.values() if isinstance(layer, Conv | Pool)]
    return layers[-1]


@pytest.mark.parametrize(
    ("net", "unread"),
    [
        pytest.param(MAP.conv(4, 3, stride=2, pad=0), (1, 1), id="3x3 s2 on 16"),
        pytest.param(MAP.conv(4, 3, stride=2), (0, 0), id="padded"),
        pytest.param(MAP.conv(4, 2, stride=2, pad=0), (0, 0), id="2x2 s2"),
        pytest.param(MAP.pool(3, 3), (1, 1), id="pool"),
        pytest.param(MAP.pool(5, (4, 3)), (3, 2), id="axes differ"),
        pytest.param(MAP.conv(4, 3, stride=4), (0, 0), id="gaps"),
        pytest.param(MAP.conv(4, 7, stride=16, pad=0), (9, 9), id="one window"),
        pytest.param(MAP.gap(), (0, 0), id="global"),
        pytest.param(
            MAP.op("MaxPool", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1), (0, 0), id="ceil"
        ),
        pytest.param(
            MAP.op("MaxPool", kernel_shape=[3, 3], strides=[3, 3], dilations=[2, 2]),
            (2, 2),
            id="dilated",
        ),
        pytest.param(
            MAP.op("MaxPool", kernel_shape=[2, 2], strides=[3, 3], dilations=[2, 2]),
            (0, 0),
            id="dilated, gaps",
        ),
    ],
)
def test_unread_border(net: Net, unread: tuple[int, int]) -> None:
    assert unread_border(last_window(net), (0, 0)) == unread


def test_an_empty_map() -> None:
    assert unread_border(last_window(Net(3, (4, 0)).pool(2, 2)), (0, 0)) is None
    assert unread_border(last_window(Net(3, (4, 0)).pool(2, 2, pad=1)), (0, 0)) == (0, 0)


def test_more_padding_than_map() -> None:
    net = Net(3, (1, 8)).shaped("w", 4, 3, 3, 3)
    net = net.op("Conv", "w", strides=[8, 8], pads=[5, 5, 0, 0])
    assert unread_border(last_window(net), (0, 0)) == (1, 0)


def test_padding_at_the_end_is_no_part_of_the_map() -> None:
    assert unread_border(last_window(MAP.pool(5, 4)), (1, 3)) == (2, 0)


def test_unread_border_of_unknown_size() -> None:
    facts = MAP.gap().conv(4, 1).open_facts()
    windows = [layer for layer in facts.layers.values() if isinstance(layer, Conv | Pool)]
    assert [unread_border(window, (0, 0)) for window in windows] == [None, None]


@given(
    st.integers(1, 30), st.integers(1, 5), st.integers(1, 5), st.integers(1, 2), st.integers(0, 2)
)
def test_unread_border_by_marking_a_line(
    size: int, kernel: int, stride: int, rate: int, pad: int
) -> None:
    reach = (kernel - 1) * rate + 1
    if size + 2 * pad < reach or pad >= reach:
        return
    net = Net(1, (size,)).conv(1, kernel, stride=stride, dilation=rate, pad=pad)
    (conv,) = net.facts().convs
    assert conv.grid
    (count,) = conv.grid
    last = (count - 1) * stride - pad + reach - 1
    gaps = count > 1 and phases_read(kernel, rate, stride) < stride
    behind = sum(place > last for place in range(size))
    assert unread_border(conv, (0,)) == ((0 if gaps else behind),)


def border_of(net: Net) -> Border | str:
    return far_border(net.model(), last_window(net))


def test_border_beside_a_pad() -> None:
    net = MAP.stored("by", [0, 0, 3, 0, 0, 0, 1, 0]).op("Pad", "by").pool(3, 2, pad=0)
    border = border_of(net)  # 20x16: the last windows end at 19 of 19 and at 15 of 16
    assert isinstance(border, Border)
    assert (border.size, border.unread) == ((19, 16), (0, 1))
    assert border.grid == (9, 8)


@pytest.mark.parametrize(
    ("net", "reason"),
    [
        (MAP.conv_transpose(4, 3), "a transposed convolution reads its whole map"),
        (MAP.conv(4, 1, stride=3), "its window is one position: see P402 and P403"),
        (MAP.pool(1, 3), "its window is one position: see P402 and P403"),
        (
            MAP.op("Concat", "input", axis=2).pool(3, 2),
            "the map before it is padded by what can't be told",
        ),
        (MAP.pool(2, 2), "on no axis does its last window end before the border"),
    ],
)
def test_reasons(net: Net, reason: str) -> None:
    assert border_of(net) == reason


def test_unknown_size() -> None:
    facts = MAP.conv(4, 3, stride=2, pad=0).open_facts()
    assert far_border(facts.model, facts.convs[0]) == "the size of its map isn't known"


def test_worst_axis() -> None:
    pool = last_window(MAP.pool(2, 2))
    borders = [
        Border(pool, (50, 40), (1, 0)),
        Border(pool, (50, 40), (2, 0)),
        Border(pool, (50, 20), (1, 1)),
        Border(pool, (25, 20), (1, 2)),
    ]
    assert worst_axis(borders) == (2, 0.1)
    assert worst_axis(borders[:2]) == (1, 0.04)
    levels, share = worst_axis([borders[1], Border(pool, (25, 20), (1, 1))])
    assert (levels, round(share, 4)) == (2, 0.08)
    assert worst_axis([]) == (0, 0.0)
