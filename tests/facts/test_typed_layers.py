"""Typed views of layers, and what counts as data, stem and upstream."""

from typing import Any

import numpy as np
import pytest
from onnx import helper

from cnnlint.facts.datapath import MAX_UPSTREAM
from cnnlint.facts.facts import Facts
from cnnlint.facts.layers import Conv, Dense, Pool, Recurrent, sides, steps
from cnnlint.model.loader import load
from tests.net import Net


def test_conv() -> None:
    (conv,) = (
        Net(8, (16, 20)).conv(12, (3, 5), stride=(2, 1), dilation=(1, 2), groups=4).facts().convs
    )
    assert (conv.kernel, conv.stride, conv.dilation) == ((3, 5), (2, 1), (1, 2))
    assert conv.pads == ((1, 4), (1, 4))
    assert (conv.cin, conv.cout, conv.groups, conv.weights) == (8, 12, 4, 12 * 2 * 15)
    assert (conv.in_grid, conv.grid, conv.reach) == ((16, 20), (8, 20), (3, 9))
    assert conv.bias
    assert not any((conv.depthwise, conv.pointwise, conv.transposed, conv.patchify))


def test_transposed_conv() -> None:
    (conv,) = Net(8, 16).conv_transpose(12, 4, pad=1, groups=2).facts().convs
    assert conv.transposed
    assert (conv.cin, conv.cout, conv.groups, conv.weights) == (8, 12, 2, 8 * 6 * 16)
    assert conv.grid == (32, 32)


@pytest.mark.parametrize(
    ("net", "depthwise", "pointwise", "patchify"),
    [
        (Net(8, 16).conv(8, 3, groups=8), True, False, False),
        (Net(8, 16).conv(16, 3, groups=8), True, False, False),
        (Net(8, 16).conv(8, 3, groups=4), False, False, False),
        (Net(1, 16).conv(8, 3), False, False, False),
        (Net(8, 16).conv(8, 1), False, True, False),
        (Net(8, 16).conv(8, (1, 3)), False, False, False),
        (Net(8, 16).conv(8, 4, stride=4, pad=0), False, False, True),
        (Net(8, 16).conv(8, 4, stride=4, pad=1), False, False, False),
        (Net(8, 16).conv(8, 1, stride=1), False, True, False),
    ],
)
def test_kinds_of_conv(net: Net, *, depthwise: bool, pointwise: bool, patchify: bool) -> None:
    (conv,) = net.facts().convs
    assert (conv.depthwise, conv.pointwise, conv.patchify) == (depthwise, pointwise, patchify)


@pytest.mark.parametrize(
    ("mode", "size", "stride", "pads"),
    [
        ("SAME_UPPER", 7, 2, ((1, 1), (1, 1))),
        ("SAME_UPPER", 8, 2, ((0, 0), (1, 1))),
        ("SAME_LOWER", 8, 2, ((1, 1), (0, 0))),
        ("VALID", 8, 2, ((0, 0), (0, 0))),
    ],
)
def test_auto_pad(mode: str, size: int, stride: int, pads: object) -> None:
    net = Net(4, size).shaped("w", 4, 4, 3, 3)
    (conv,) = net.op("Conv", "w", auto_pad=mode, strides=[stride] * 2).facts().convs
    assert conv.pads == pads


def test_conv_without_attributes_takes_its_kernel_from_the_weight() -> None:
    (conv,) = Net(4, 8).shaped("w", 6, 4, 3, 3).op("Conv", "w", width=6).facts().convs
    assert (conv.kernel, conv.stride, conv.grid) == ((3, 3), (1, 1), (6, 6))


def test_kernel_made_of_data_is_no_layer() -> None:
    net = Net(4, 8).op("Conv", "input")
    assert not net.facts().convs


@pytest.mark.parametrize("side", [0, -1])
def test_a_window_of_no_size_is_no_layer(side: int) -> None:
    assert not Net(4, 8).op("MaxPool", kernel_shape=[2, side]).facts().layers
    assert not Net(4, 8).shaped("w", 4, 4, side, 3).op("Conv", "w").facts().layers


def test_shapes_of_another_rank_than_the_window_are_none() -> None:
    (conv,) = Net(4, 8).shaped("w", 4, 4, 3).op("Conv", "w").facts().convs
    assert (conv.in_shape, conv.in_grid, conv.kernel) == (None, None, (3,))
    net = Net(4, 8).op("MaxPool", kernel_shape=[2], auto_pad="SAME_UPPER")
    assert net.facts().pools[0].in_shape is None
    for net in (Net(4, 8).conv(4), Net(4, 8).pool()):
        proto = net.proto()
        proto.graph.input[0].type.tensor_type.ClearField("shape")
        proto.graph.value_info.append(helper.make_tensor_value_info(net.last, 1, [1, 4, 8]))
        (layer,) = Facts(load(proto.SerializeToString())).layers.values()
        assert isinstance(layer, Conv | Pool)
        assert layer.out_shape is None


def test_pools() -> None:
    facts = Net(4, 8).pool(3, 2, pad=1).pool(4, 1, op="AveragePool").gap().facts()
    window, covering, everything = facts.pools
    assert (window.kind, window.kernel, window.stride, window.is_global) == (
        "max",
        (3, 3),
        (2, 2),
        False,
    )
    assert (covering.kind, covering.is_global) == ("average", True)
    assert (everything.kernel, everything.is_global) == ((1, 1), True)


@pytest.mark.parametrize(
    ("op", "attrs", "into", "weight", "swapped", "expected"),
    [
        ("Gemm", {"transB": 1}, (1, 4), (3, 4), False, (4, 3, 1)),
        ("Gemm", {}, (1, 4), (4, 3), False, (4, 3, 1)),
        ("MatMul", {}, (2, 5, 4), (4, 3), False, (4, 3, 10)),
        ("MatMul", {}, (2, 4, 5), (3, 4), True, (4, 3, 10)),
        ("MatMul", {}, (2, 5, 4), (2, 4, 3), False, (4, 3, 10)),
    ],
)
def test_dense(
    op: str,
    attrs: dict[str, Any],
    into: tuple[int, ...],
    weight: tuple[int, ...],
    swapped: bool,
    expected: tuple[int, int, int],
) -> None:
    net = Net(into[1], into[2:], batch=into[0]).shaped("w", *weight)
    net = net.op(op, "w", **attrs) if not swapped else net.joined(op, "w", net.last)
    (dense,) = net.facts().dense
    assert (dense.cin, dense.cout, dense.rows) == expected
    assert (dense.data, dense.weight) == ("input", "w")


def test_product_of_data_is_no_dense_layer() -> None:
    net = Net(4, (4, 4)).op("MatMul", "input")
    assert not net.facts().dense


def test_recurrent() -> None:
    net = Net(12, (5, 7)).op("Squeeze").shaped("W", 2, 24, 7).shaped("R", 2, 24, 6)
    (layer,) = net.op("LSTM", "W", "R", hidden_size=6).facts().weighted.values()
    assert isinstance(layer, Recurrent)
    assert (layer.cin, layer.hidden) == (7, 6)


def test_weighted_layers_stand_in_order() -> None:
    facts = Net(4, 8).conv(4, name="a").relu().gap().flatten().dense(3, name="b").facts()
    assert [layer.node.path for layer in facts.weighted.values()] == ["a", "b"]
    assert isinstance(facts.dense[0], Dense)


def test_shape_arithmetic_is_no_data() -> None:
    net = Net(4, 8).stored("zero", [0]).beside("Shape", "input", result="dims")
    net = net.beside("Gather", "dims", "zero", result="n").op("Reshape", "dims")
    facts = net.facts()
    assert [node.op for node in facts.nodes] == ["Reshape"]


def names(facts: Facts) -> list[str]:
    return [node.path for node in facts.model.nodes if node.key in facts.stems]


@pytest.mark.parametrize(
    ("net", "stems"),
    [
        (Net(3, 32).conv(8, name="a").conv(8, name="b"), ["a"]),
        (Net(3, 32).bn().pool().conv(8, name="a").relu().conv(8, name="b"), ["a"]),
        (Net(3, 32).conv(8, 1, name="a").conv(8, name="b"), []),
        (Net(3, 32).conv(8, name="a").goto_input().conv(8, name="b").conv(8), ["a", "b"]),
    ],
)
def test_stems(net: Net, stems: list[str]) -> None:
    assert names(net.facts()) == stems


def test_upstream_goes_through_activations_and_past_gates() -> None:
    net = Net(8, 16).conv(8, name="a").mark("x").op("Sigmoid").mul("x")  # SiLU
    net = net.mark("y").gap().conv(8, 1, name="g").op("Sigmoid").mul("y")  # gate
    net = net.conv(8, name="b")
    facts = net.facts()
    last = facts.convs[-1]
    assert [n.op for n in facts.upstream(last.node.inputs[0])] == ["Mul", "Mul", "Conv"]


def test_upstream_stops_at_a_join() -> None:
    net = Net(8, 16).conv(8).mark("x").conv(8).add("x").conv(8)
    facts = net.facts()
    assert [n.op for n in facts.upstream(facts.convs[-1].node.inputs[0])] == ["Add"]


def test_upstream_goes_only_so_far() -> None:
    net = Net(8, 16).repeat(MAX_UPSTREAM + 1, lambda n: n.op("Identity"))
    facts = net.facts()
    assert len(list(facts.upstream(facts.model.outputs[0]))) == MAX_UPSTREAM


def test_activation_bytes() -> None:
    facts = Net(4, 8).conv(6, 1).op("Cast", to=10).facts()
    assert [facts.activation_bytes(node) for node in facts.nodes] == [6 * 64 * 4, 6 * 64 * 2]


def test_unresolved() -> None:
    facts = Net(4, 8).op("Wavelet", domain="acme").relu().facts()
    assert [node.op for node in facts.unresolved] == ["acme:Wavelet", "Relu"]
    assert [facts.activation_bytes(node) for node in facts.nodes] == [None, None]


def test_words() -> None:
    assert sides((3, 5)) == "3x5"
    assert (steps((2, 2)), steps((2, 1))) == ("2", "2x1")


def test_mixed_precision_parameters() -> None:
    half = np.ones((4, 4, 1, 1), np.float16)
    facts = Net(4, 8).conv(4, 1, weight=half, bias=False).facts()
    assert (facts.params, facts.weight_bytes) == (16, 32)


@pytest.mark.parametrize(
    ("op", "attrs"),
    [("NhwcConv", {}), ("NhwcFusedConv", {}), ("QLinearConv", {"channels_last": 1})],
)
def test_conv_with_channels_last(op: str, attrs: dict[str, Any]) -> None:
    """A typed layer has its shapes channels first, so that no rule has to know."""
    net = Net(16, (8, 20)).shaped("w", 12, 5, 3, 3).shaped("b", 12)  # [1, 16, 8, 20]: C is 20
    operands = ["w", "b"]
    if op == "QLinearConv":
        net = net.stored("s", np.array(1, np.float32)).stored("z", np.array(0, np.int8))
        operands = ["s", "z", "w", "s", "z", "s", "z", "b"]
    attrs |= {"domain": "com.microsoft", "group": 4, "auto_pad": "SAME_UPPER"}
    facts = net.op(op, *operands, strides=[2, 1], **attrs).facts()
    (conv,) = facts.convs
    assert (conv.in_shape, conv.out_shape) == ((1, 20, 16, 8), (1, 12, 8, 8))
    assert (conv.cin, conv.cout, conv.groups, conv.bias) == (20, 12, 4, True)
    assert conv.pads == ((0, 1), (1, 1))
    assert conv.channels_last
    assert facts.macs == 8 * 8 * 12 * 5 * 9
    assert conv.node.outputs[0] not in facts.receptive


@pytest.mark.parametrize(
    ("attrs", "found"),
    [({"K": 16, "N": 10}, True), ({"K": 16}, False), ({"N": 10}, False)],
)
def test_packed_dense(attrs: dict[str, Any], *, found: bool) -> None:
    net = Net(4, (16,)).stored("w", np.ones((10, 1, 8), np.uint8)).shaped("s", 10)
    facts = net.op("MatMulNBits", "w", "s", domain="com.microsoft", **attrs).facts()
    assert len(facts.dense) == found
    for dense in facts.dense:
        assert (dense.cin, dense.cout, dense.rows) == (16, 10, 4)
        assert (dense.data, dense.weight) == ("input", "w")


def test_packed_dense_of_a_weight_that_is_data() -> None:
    net = Net(4, (16,)).shaped("x", 1, 4, 16).shaped("s", 10).mark("data")
    attrs: dict[str, Any] = {"domain": "com.microsoft", "K": 16, "N": 10}
    assert not net.joined("MatMulNBits", "input", "input", "s", **attrs).facts().dense
    assert not net.joined("MatMulNBits", "x", "input", "s", **attrs).facts().dense


def test_quantised_lstm() -> None:
    net = Net(12, (5, 7)).op("Squeeze")
    net = net.stored("W", np.ones((2, 7, 24), np.int8)).stored("R", np.ones((2, 6, 24), np.int8))
    facts = net.op("DynamicQuantizeLSTM", "W", "R", domain="com.microsoft").facts()
    (layer,) = facts.layers.values()
    assert isinstance(layer, Recurrent)
    assert (layer.cin, layer.hidden) == (7, 6)
    assert facts.macs == 12 * 5 * 2 * 24 * (7 + 6)


def test_positions_of_the_whole_batch() -> None:
    net = Net(3, (8, 6), 2).conv(4, 3, stride=2)
    assert net.facts().convs[0].positions == 2 * 4 * 3
    assert net.open_facts().convs[0].positions is None
