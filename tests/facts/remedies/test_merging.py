"""What two layers make gives the same numbers in onnxruntime wherever it is called exact."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cnnlint.facts.facts import Facts
from cnnlint.facts.layers import Conv, Dense
from cnnlint.facts.remedies.merging import Merged, merged
from cnnlint.model.loader import load
from tests.net import Net
from tests.running import one_layer, run, same, with_numbers


def together(facts: Facts) -> Merged | None:
    """Return what the last layer of a net makes with the one before."""
    key, second = list(facts.weighted.items())[-1]
    assert isinstance(second, Conv | Dense)
    return merged(facts.model, facts.data, facts.linear_pairs[key], second)


def compared(net: Net) -> tuple[Merged, bool]:
    """Return what two layers make, and whether that gives the same numbers."""
    one = together(net.facts())
    assert one is not None
    proto = with_numbers(net)
    single = one_layer(proto, one)
    return one, same(run(proto), run(single))


MAP = Net(4, 9)


@pytest.mark.parametrize(
    ("net", "exact"),
    [
        pytest.param(MAP.conv(6, 1).conv(8, 1), True, id="1x1, 1x1"),
        pytest.param(MAP.conv(6, 3).conv(8, 1), True, id="3x3, 1x1"),
        pytest.param(MAP.conv(6, 3, pad=0).conv(8, 1, stride=2), True, id="1x1 s2"),
        pytest.param(MAP.conv(6, 3).conv(8, 1, pad=1), False, id="1x1 pads"),
        pytest.param(MAP.conv(6, 1).conv(8, 3), False, id="1x1 with a bias, 3x3 pads"),
        pytest.param(MAP.conv(6, 1, bias=False).conv(8, 3), True, id="1x1 without a bias"),
        pytest.param(MAP.conv(6, 1).conv(8, 3, pad=0), True, id="3x3 pads nothing"),
        pytest.param(MAP.conv(6, 1, stride=2, bias=False).conv(8, 3), True, id="1x1 s2, 3x3"),
        pytest.param(MAP.conv(6, 1, pad=1, bias=False).conv(8, 3), True, id="1x1 that pads"),
        pytest.param(MAP.conv(6, 3, bias=False).conv(8, 3), False, id="3x3, 3x3 pads"),
        pytest.param(MAP.conv(6, 3).conv(8, 3, pad=0), True, id="3x3, 3x3 pads nothing"),
        pytest.param(MAP.conv(6, 3, pad=2, bias=False).conv(8, 3), True, id="pads all it reaches"),
        pytest.param(MAP.conv(6, 3, pad=2).conv(8, 3), False, id="pads all, with a bias"),
        pytest.param(
            MAP.conv(6, 3, pad=2, dilation=2, bias=False).conv(8, 3), False, id="pads half of it"
        ),
        pytest.param(MAP.conv(6, (1, 3), bias=False).conv(8, (3, 1)), True, id="1x3, 3x1"),
        pytest.param(MAP.conv(6, (1, 3)).conv(8, (3, 1)), False, id="1x3 with a bias, 3x1"),
        pytest.param(MAP.conv(6, (1, 3), bias=False).conv(8, (1, 3)), False, id="1x3, 1x3"),
        pytest.param(MAP.conv(8, 1, groups=4).conv(8, 1, groups=2), True, id="groups"),
        pytest.param(MAP.conv(6, 3, stride=2).conv(8, 3, pad=0, dilation=2), True, id="dilation"),
        pytest.param(Net(4, (9,)).conv(6, 3).conv(8, 3, pad=0), True, id="1-D"),
        pytest.param(Net(4, (5, 5, 5)).conv(6, 3).conv(8, 1), True, id="3-D"),
        pytest.param(MAP.conv_transpose(6, 3).conv(8, 1), True, id="transposed, 1x1"),
        pytest.param(MAP.conv_transpose(8, 4, pad=1, groups=4).conv(8, 1, groups=2), True, id="g"),
        pytest.param(MAP.conv(6, 1, bias=False).conv_transpose(8, 3), True, id="1x1, transposed"),
        pytest.param(MAP.conv(6, 1).conv_transpose(8, 3), False, id="1x1 + bias, transposed"),
    ],
)
def test_numbers_are_the_same_where_it_is_exact(net: Net, exact: bool) -> None:
    one, equal = compared(net)
    assert (one.exact, equal) == (exact, exact)


@pytest.mark.parametrize(
    "net",
    [
        pytest.param(MAP.conv_transpose(6, 3).conv(8, 3), id="3x3 behind it"),
        pytest.param(MAP.conv_transpose(6, 3).conv(8, 1, stride=2), id="1x1 s2 behind it"),
        pytest.param(MAP.conv_transpose(6, 3).conv(8, 1, pad=1), id="1x1 that pads behind it"),
        pytest.param(MAP.conv_transpose(6, 3).conv_transpose(8, 1, stride=1), id="two"),
        pytest.param(MAP.conv(6, 3).conv_transpose(8, 3), id="3x3 before it"),
        pytest.param(MAP.conv(6, 1, stride=2).conv_transpose(8, 3), id="1x1 s2 before it"),
        pytest.param(MAP.conv(6, 1, pad=1).conv_transpose(8, 3), id="1x1 that pads before it"),
        pytest.param(MAP.conv(6, 1).op("Conv", "w").shaped("w", 8, 7, 1, 1), id="channels"),
        pytest.param(MAP.conv(6, 1).op("Conv", "w").shaped("w", 8, 6, 1), id="axes"),
        pytest.param(MAP.conv(6, 1).op("Pad").conv(8, 1), id="padding between"),
        pytest.param(MAP.conv(6, 1).op("Conv", "w", "input").shaped("w", 8, 6, 1, 1), id="a sum"),
        pytest.param(Net(4, 1).conv(6, 1).flatten().dense(5), id="convolution and dense layer"),
        pytest.param(
            Net(4, (), batch=6).dense(6).op("Gemm", "w", transA=1).shaped("w", 6, 5), id="transA"
        ),
    ],
)
def test_no_layer_does_both(net: Net) -> None:
    assert together(net.facts()) is None


def test_dense_layers() -> None:
    one = together(Net(64, ()).dense(32).dense(10).facts())
    assert one is not None
    assert (one.weights, one.macs, one.exact, one.kernel) == (640, 640, True, ())
    tokens = Net(7, (64,)).shaped("a", 64, 32).shaped("b", 32, 10)
    one = together(tokens.op("MatMul", "a").op("MatMul", "b").facts())
    assert one is not None
    assert (one.weights, one.macs) == (640, 4480)
    stack = Net(7, (5, 64)).shaped("a", 7, 64, 32).shaped("b", 32, 10)
    assert together(stack.op("MatMul", "a").op("MatMul", "b").facts()) is None
    left = Net(8, (8,)).shaped("a", 8, 8).shaped("b", 8, 10).joined("MatMul", "a", "input")
    assert together(left.op("MatMul", "b").facts()) is None


def test_geometry() -> None:
    net = Net(4, 30).conv(6, 3, stride=2, dilation=3, pad=1).conv(8, 5, stride=3, pad=2)
    one = together(net.facts())
    assert one is not None
    # taps at 0, 3, 6 and at 0, 2, 4, 6, 8
    assert (one.kernel, one.dilation, one.stride) == ((15, 15), (1, 1), (6, 6))
    assert one.pads == ((5, 5), (5, 5))
    assert one.weights == 15 * 15 * 4 * 8
    assert one.macs == one.weights * 5 * 5
    even = together(Net(4, 30).conv(6, 3, dilation=4).conv(8, 3, dilation=6).facts())
    assert even is not None
    assert (even.kernel, even.dilation) == ((11, 11), (2, 2))


def test_unknown_size() -> None:
    one = together(MAP.conv(6, 1).conv(8, 1).open_facts())
    assert one is not None
    assert (one.macs, one.weights) == (None, 32)
    one = together(MAP.conv(6, 1).conv_transpose(8, 3).open_facts())
    assert one is not None
    assert (one.macs, one.weights) == (None, 288)


sizes = st.integers(1, 3)
layers = st.tuples(sizes, sizes, sizes, st.integers(0, 2), st.sampled_from((1, 2, 4)))


@given(layers, layers, st.booleans(), st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_any_two_convolutions(
    first: tuple[int, ...], second: tuple[int, ...], bias: bool, seed: int
) -> None:
    k, s, d, pad, groups = first
    then_k, then_s, then_d, then_pad, then_groups = second
    net = Net(4, (40,)).conv(8, k, stride=s, dilation=d, pad=pad, groups=groups, bias=bias)
    net = net.conv(4, then_k, stride=then_s, dilation=then_d, pad=then_pad, groups=then_groups)
    one = together(net.facts())
    assert one is not None
    proto = with_numbers(net, seed)
    apart = run(proto)
    single = one_layer(proto, one)
    assert one.macs == Facts(load(single.SerializeToString())).macs
    result = run(single)
    if one.exact:
        assert same(apart, result)
    elif s == then_s == 1:
        assert not same(apart, result)
        edge = k * d + then_k * then_d + pad + then_pad
        assume(apart.shape[-1] > 2 * edge)
        inner = np.s_[..., edge:-edge]
        assert same(apart[inner], result[inner])
