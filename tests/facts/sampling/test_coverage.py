import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlint.facts.layers import Conv, Pool
from cnnlint.facts.sampling.coverage import padding_before, phases_read, share_read
from tests.net import Net

MAP = Net(3, 16)
NONE = ((0, 0), (0, 0))


def last_window(net: Net) -> Conv | Pool:
    layers = [layer for layer in net.facts().layers.values() if isinstance(layer, Conv | Pool)]
    return layers[-1]


@given(st.integers(1, 7), st.integers(1, 7), st.integers(1, 7))
def test_phases_by_marking_a_line(kernel: int, dilation: int, stride: int) -> None:
    line = [False] * 400
    for window in range(0, 300, stride):
        for tap in range(kernel):
            line[window + tap * dilation] = True
    assert phases_read(kernel, dilation, stride) == sum(line[100 : 100 + stride])


@given(
    st.tuples(*[st.integers(1, 4)] * 2),
    st.tuples(*[st.integers(1, 4)] * 2),
    st.tuples(*[st.integers(1, 4)] * 2),
)
def test_share_by_marking_a_map(
    kernel: tuple[int, ...], dilation: tuple[int, ...], stride: tuple[int, ...]
) -> None:
    net = Net(1, 48).conv(1, kernel, dilation=dilation, stride=stride, pad=0)
    conv = net.facts().convs[0]
    assert conv.grid
    rows, columns = (
        {place * s + tap * d for place in range(windows) for tap in range(k)}
        for windows, k, d, s in zip(conv.grid, kernel, dilation, stride, strict=True)
    )
    inside = range(12, 24)  # 12 is a multiple of each stride
    read = sum(row in rows and column in columns for row in inside for column in inside)
    assert share_read(conv) == pytest.approx(read / 144)


def test_share_of_layers_that_have_no_window() -> None:
    facts = Net(3, 8).conv_transpose(4, 2, stride=4).facts()
    assert share_read(facts.convs[0]) == 1
    (layer,) = Net(3, 8).gap().open_facts().layers.values()
    assert isinstance(layer, Conv | Pool)
    assert layer.kernel is None
    assert share_read(layer) == 1


def padded(net: Net, *amounts: int) -> Net:
    return net.stored("amounts", list(amounts)).op("Pad", "amounts")


@pytest.mark.parametrize(
    ("net", "amounts"),
    [
        pytest.param(MAP, NONE, id="no Pad"),
        pytest.param(padded(MAP, 0, 0, 1, 2, 0, 0, 3, 4), ((1, 2), (3, 4)), id="Pad"),
        pytest.param(padded(MAP, 0, 1, 0, 0, 0, 1, 0, 0).op("Identity"), NONE, id="of channels"),
        pytest.param(
            padded(MAP, 0, 0, 1, 2, 0, 0, 3, 4).op("Cast", to=1).op("Identity"),
            ((1, 2), (3, 4)),
            id="Cast and Identity between",
        ),
        pytest.param(padded(MAP, 0, 0, 1, 2, 0, 0, 3, 4).relu(), NONE, id="activation between"),
        pytest.param(
            padded(MAP.op("Transpose", perm=[0, 2, 3, 1]), 0, 1, 2, 0, 0, 3, 4, 0).op(
                "Transpose", perm=[0, 3, 1, 2]
            ),
            ((1, 2), (3, 4)),
            id="Transpose between",
        ),
        pytest.param(
            padded(MAP, 1, 2, 3, 4)
            .stored("at", [3, 2])
            .joined("Pad", "input", "amounts", "", "at"),
            ((2, 1), (4, 3)),
            id="axes named",
        ),
        pytest.param(
            padded(MAP, 1, 2).stored("at", [-1]).joined("Pad", "input", "amounts", "", "at"),
            ((0, 1), (0, 2)),
            id="one axis, from the end",
        ),
        pytest.param(padded(MAP, 0, 0, -1, 2, 0, 0, 3, -4), ((0, 2), (3, 0)), id="cut off"),
        pytest.param(padded(MAP, 1, 2), None, id="too few numbers"),
        pytest.param(padded(MAP, *[1] * 9), None, id="an odd number of numbers"),
        pytest.param(padded(MAP, *[1] * 8).op("Transpose"), None, id="turned round"),
        pytest.param(MAP.op("Pad", "input"), None, id="numbers of data"),
        pytest.param(
            MAP.stored("amounts", np.array([1j] * 8)).op("Pad", "amounts"), None, id="no integers"
        ),
        pytest.param(MAP.op("Concat", "input", axis=-1), None, id="put together along an axis"),
        pytest.param(MAP.op("Concat", "input", axis=1, width=6), NONE, id="along the channels"),
    ],
)
def test_padding_before(net: Net, amounts: object) -> None:
    assert padding_before(net.model(), last_window(net.pool(3, 2))) == amounts


def test_padding_in_the_attribute_of_old_files() -> None:
    net = MAP.op("Pad", pads=[0, 0, 1, 2, 0, 0, 3, 4]).pool(3, 2)
    assert padding_before(net.model(), last_window(net)) == ((1, 2), (3, 4))


def test_padding_before_a_chain_that_is_too_long() -> None:
    net = padded(MAP, 0, 0, 1, 1, 0, 0, 1, 1).repeat(8, lambda net: net.op("Identity")).pool(3, 2)
    assert padding_before(net.model(), last_window(net)) == NONE


def test_padding_before_a_layer_with_channels_last() -> None:
    net = padded(Net(16, (16, 3)), 0, 1, 2, 0, 0, 3, 4, 0).stored("w", np.ones((4, 3, 3, 3)))
    net = net.op("NhwcConv", "w", domain="com.microsoft")
    (conv,) = net.facts().convs
    assert padding_before(net.model(), conv) == ((1, 2), (3, 4))
