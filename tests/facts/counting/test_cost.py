"""MACs, FLOPs and parameters of every kind of layer, as exact integers."""

import numpy as np
import pytest
from onnx import TensorProto

from tests.net import Net


def resized(mode: str) -> Net:
    scales = np.array([1, 1, 2, 2], np.float32)
    return Net(4, 8).stored("scales", scales).op("Resize", "", "scales", mode=mode)


@pytest.mark.parametrize(
    ("net", "macs", "params"),
    [
        pytest.param(Net(256, 32).conv(128, bias=False), 301_989_888, 294_912, id="lecture: 3x3"),
        pytest.param(
            Net(256, 32).conv(64, 1, bias=False).conv(128, bias=False),
            92_274_688,
            90_112,
            id="lecture: behind 64 1x1",
        ),
        pytest.param(
            Net(256, 32).conv(256, groups=256, bias=False).conv(128, 1, bias=False),
            1024 * 35_072,
            35_072,
            id="lecture: separable",
        ),
        pytest.param(Net(3, 224).conv(64, 7, stride=2), 118_013_952, 9_472, id="stem"),
        pytest.param(Net(8, 16).conv(16, 3, dilation=2), 16 * 8 * 9 * 256, 1_168, id="dilated"),
        pytest.param(Net(8, 16).conv(16, 3, groups=4), 16 * 2 * 9 * 256, 304, id="grouped"),
        pytest.param(Net(8, (100,)).conv(16, 5), 16 * 8 * 5 * 100, 656, id="1-D"),
        pytest.param(Net(2, (8, 8, 8)).conv(4, 3), 4 * 2 * 27 * 512, 220, id="3-D"),
        pytest.param(
            Net(64, 16).conv_transpose(32, 3), 256 * 64 * 32 * 9, 18_432, id="transposed"
        ),
        pytest.param(
            Net(8, 16).conv_transpose(8, 4, groups=8), 256 * 8 * 16, 128, id="transposed depthwise"
        ),
        pytest.param(Net(64, ()).dense(10), 640, 650, id="dense"),
        pytest.param(Net(4, 8, batch=7).conv(4, 1), 7 * 64 * 16, 20, id="batch"),
        pytest.param(Net(4, 8).relu().pool().gap(), 0, 0, id="nothing to learn"),
        pytest.param(Net(4, 8).bn(), 0, 8, id="batch normalisation: two of its four"),
    ],
)
def test_macs_and_params(net: Net, macs: int, params: int) -> None:
    facts = net.facts()
    assert (facts.macs, facts.params) == (macs, params)
    assert facts.weight_bytes == 4 * params


@pytest.mark.parametrize(
    ("net", "flops"),
    [
        (Net(4, 8).relu(), 256),
        (Net(4, 8).op("Sigmoid"), 256),
        (Net(4, 8).mark("x").relu().add("x"), 512),
        (Net(4, 8).bn(), 512),
        (Net(4, 8).pool(2), 4 * 16 * 4),
        (Net(4, 8).gap(), 256),
        (Net(4, 8).op("Softmax"), 5 * 256),
        (Net(4, 8).flatten(), 0),
        (resized("nearest"), 0),
        (resized("linear"), 7 * 4 * 256),
        (Net(4, 8).op("Transpose", perm=[0, 2, 3, 1]), 0),
        (Net(4, 8).conv(2, 1), 2 * 512 + 128),
        (Net(4, 8).conv(2, 1, bias=False), 2 * 512),
        (Net(4, ()).dense(3), 2 * 12 + 3),
    ],
)
def test_flops(net: Net, flops: int) -> None:
    assert net.facts().flops == flops


def test_unknown_op_makes_a_lower_bound() -> None:
    facts = Net(4, 8).conv(4, 1).op("Wavelet", domain="acme").conv(4, 1).facts()
    assert facts.uncounted_ops == {"acme:Wavelet": 1}
    assert facts.macs is None  # the convolution behind it has no known size


def test_unknown_op_at_the_end_leaves_the_rest_counted() -> None:
    facts = Net(4, 8).conv(4, 1).op("Wavelet", domain="acme").facts()
    assert facts.macs == 1024
    assert facts.uncounted_ops == {"acme:Wavelet": 1}


def test_shared_weights_count_once() -> None:
    net = Net(4, 8).conv(4, 1, name="a", bias=False)
    net = net.op("Conv", "a.weight", name="b", kernel_shape=[1, 1])
    facts = net.facts()
    assert (facts.macs, facts.params) == (2 * 1024, 16)


def test_shared_weights_belong_to_the_first_that_reads_them() -> None:
    net = Net(4, 8).conv(4, 1, name="a", bias=False).shaped("b.bias", 4)
    net = net.op("Conv", "a.weight", "b.bias", name="b", kernel_shape=[1, 1])
    facts = net.op("Conv", "a.weight", "b.bias", name="c", kernel_shape=[1, 1]).relu().facts()
    assert [facts.params_of(node) for node in facts.nodes] == [16, 4, 0, 0]
    assert [p.name for p in facts.unique_parameters] == ["a.weight", "b.bias"]
    assert [len(read) for read in facts.parameters.values()] == [1, 2, 2, 0]
    assert facts.params_of(net.relu().op("Abs").facts().nodes[-1]) == 0


def test_weight_behind_identity_and_dequantize() -> None:
    quantised = np.ones((4, 4, 1, 1), np.int8)
    net = Net(4, 8).stored("w", quantised).stored("s", np.array([0.5], np.float32))
    net = net.beside("DequantizeLinear", "w", "s", result="wf")
    net = net.beside("Identity", "wf", result="wi")
    facts = net.op("Conv", "wi", name="a", kernel_shape=[1, 1], width=4).facts()
    assert (facts.macs, facts.params, facts.weight_bytes) == (1024, 16, 16)


def test_generated_weight() -> None:
    net = Net(4, 8).stored("dims", [6, 4, 3, 3]).beside("ConstantOfShape", "dims", result="w")
    facts = net.op("Conv", "w", name="a", pads=[1, 1, 1, 1], width=6).facts()
    assert (facts.macs, facts.params) == (6 * 4 * 9 * 64, 216)


def test_shape_arithmetic_holds_no_parameters() -> None:
    """The scale of attention is computed from a shape, not from what has that shape."""
    net = Net(4, 8).conv(4, 1, bias=False)
    net = net.beside("Shape", net.last, result="shape")
    net = net.beside("Cast", "shape", result="floats", to=TensorProto.FLOAT)
    facts = net.op("Mul", "floats").facts()
    assert (facts.params, facts.parameters[facts.nodes[-1].key]) == (16, ())


@pytest.mark.parametrize(("steps", "counted"), [(510, 4), (511, 0)])
def test_constant_computed_in_too_many_steps_is_no_parameter(steps: int, counted: int) -> None:
    net = Net(8, 8).stored("c0", np.ones((4, 1, 1), np.float32))
    net = net.beside("Concat", "c0", "c0", result="c1", axis=0)  # 4 numbers in the file, 8 in use
    for step in range(1, steps + 1):
        net = net.beside("Identity", f"c{step}", result=f"c{step + 1}")
    assert net.op("Mul", f"c{steps + 1}").facts().params == counted


def test_scalar_constants_are_no_parameters() -> None:
    net = Net(4, 8).stored("half", np.array([0.5], np.float32))
    assert net.op("Mul", "half").facts().params == 0
    scale = Net(4, 8).stored("gamma", np.ones((4, 1, 1), np.float32))
    assert scale.op("Mul", "gamma").facts().params == 4


def test_lstm() -> None:
    net = Net(12, (5, 7)).op("Squeeze", name="s")  # [1, 12, 5, 7] -> [12, 5, 7]
    net = net.shaped("W", 2, 4 * 6, 7).shaped("R", 2, 4 * 6, 6)
    net = net.op("LSTM", "W", "R", hidden_size=6, direction="bidirectional")
    assert net.facts().macs == 12 * 5 * 2 * 4 * 6 * (7 + 6)


def test_product_of_two_data_tensors() -> None:
    net = Net(4, (8, 16)).mark("x").op("Transpose", perm=[0, 1, 3, 2])
    assert net.op("MatMul", net.marks["x"][0]).facts().macs == 4 * 16 * 8 * 16
