from dataclasses import replace
from math import prod
from pathlib import Path

import numpy as np
import pytest

from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Saving, Severity, Silence
from cnnlint.lint.rule import OptionValue
from cnnlint.model.loader import load
from rules.head.flatten_dense_head import flatten_dense_head
from tests.net import Net, Side

DATA = Path(__file__).parents[2] / "data"
Options = dict[str, OptionValue]


def features(channels: int = 64, size: Side = 8) -> Net:
    """Return a network that has made a map of so many channels and such a size."""
    return Net(3, size).conv(channels, name="last").relu()


def flat(net: Net) -> Net:
    """Flatten a map of 64x8x8 into 256 units, 1,048,576 weights."""
    return net.flatten().dense(256, cin=4096, name="fc")


def transposed(net: Net, *order: int) -> Net:
    return net.op("Transpose", perm=order)


def reshaped(net: Net, *shape: int) -> Net:
    name = f"shape{len(net.nodes)}"
    return net.stored(name, shape).op("Reshape", name)


def scaled(net: Net, op: str, *shape: int) -> Net:
    name = f"scale{len(net.nodes)}"
    return net.stored(name, np.ones(shape, np.float32)).op(op, name)


def quantised(net: Net) -> Net:
    """Append QuantizeLinear and DequantizeLinear."""
    net = net.stored("scale", np.array(0.1, np.float32))
    return net.op("QuantizeLinear", "scale").op("DequantizeLinear", "scale")


def attention(net: Net) -> Net:
    """Append whole-image attention over the 8x8 positions of 64 channels."""
    rows = reshaped(net, 1, 64, 64).mark("keys")
    tokens = transposed(rows, 0, 2, 1)
    return tokens.op("MatMul", tokens.marks["keys"][0]).op("MatMul", tokens.last)


@pytest.mark.parametrize(
    ("net", "options", "found"),
    [
        pytest.param(flat(features()), {}, True, id="Flatten"),
        pytest.param(flat(reshaped(features(), 1, -1)), {}, True, id="Reshape"),
        pytest.param(flat(features().pool(1, 1)), {}, True, id="straight behind pooling"),
        pytest.param(flat(Net(3, 8).conv(64)), {}, True, id="straight behind a convolution"),
        pytest.param(
            flat(features().mark("x").conv(64).add("x")), {}, True, id="straight behind a join"
        ),
        pytest.param(
            flat(features().mark("x").conv(64).add("x").relu()), {}, True, id="join and ReLU"
        ),
        pytest.param(
            features().flatten().relu().dense(256, cin=4096), {}, True, id="ReLU after Flatten"
        ),
        pytest.param(
            features().flatten().op("Dropout").dense(256, cin=4096), {}, True, id="Dropout"
        ),
        *(
            pytest.param(
                scaled(features().flatten(), op, 4096).dense(256, cin=4096), {}, True, id=op
            )
            for op in ("Add", "Sub", "Mul", "Div")
        ),
        pytest.param(
            features().flatten().mark("x").relu().add("x").dense(256, cin=4096),
            {},
            False,
            id="join after Flatten",
        ),
        pytest.param(
            quantised(features().flatten()).dense(256, cin=4096), {}, True, id="quantised"
        ),
        pytest.param(features().flatten().bn().dense(256, cin=4096), {}, True, id="normalised"),
        pytest.param(
            features().flatten().op("Identity").op("Cast", to=1).dense(256, cin=4096),
            {},
            True,
            id="Identity and Cast",
        ),
        pytest.param(
            flat(features().stored("a", [0]).op("Unsqueeze", "a").op("Squeeze", "a")),
            {},
            True,
            id="Squeeze",
        ),
        pytest.param(flat(transposed(features(), 0, 2, 3, 1)), {}, True, id="NHWC"),
        pytest.param(features(64, (64,)).flatten().dense(256, cin=4096), {}, True, id="1-D"),
        pytest.param(features(64, (4, 4, 4)).flatten().dense(256, cin=4096), {}, True, id="3-D"),
        pytest.param(
            features().flatten().dense(243, cin=4096), {}, False, id="under a million parameters"
        ),
        pytest.param(
            features().flatten().dense(244, cin=4096), {}, True, id="most of a million parameters"
        ),
        pytest.param(
            features().flatten().dense(244, cin=4096), {"min_weights": 999_424}, True, id="fewer"
        ),
        pytest.param(
            features().flatten().dense(245, cin=4096), {}, True, id="just over a million weights"
        ),
        pytest.param(
            flat(features()), {"min_weights": 1_050_625}, False, id="larger network asked for"
        ),
        pytest.param(features(1024, 2).flatten().dense(256, cin=4096), {}, False, id="2x2 map"),
        pytest.param(
            features(1024, (1, 4)).flatten().dense(256, cin=4096), {}, True, id="1x4 map"
        ),
        pytest.param(
            features(1024, 2).flatten().dense(256, cin=4096), {"max_grid": 1}, True, id="2x2 asked"
        ),
        pytest.param(features(512, 3).flatten().dense(256, cin=4608), {}, True, id="3x3 map"),
        pytest.param(flat(features()), {"max_grid": 8}, False, id="8x8 allowed"),
        pytest.param(features(4096, 1).flatten().dense(256), {}, False, id="1x1 map"),
        pytest.param(features(4096).gap().flatten().dense(256), {}, False, id="global pooling"),
        pytest.param(
            features(4096).pool(8, 1, op="AveragePool").flatten().dense(256),
            {},
            False,
            id="covering pooling",
        ),
        pytest.param(features().conv(4096, 8, pad=0), {}, False, id="covering convolution"),
        pytest.param(
            flat(features()).relu().dense(4096, cin=256).relu().dense(256),
            {},
            True,
            id="only the first of three",
        ),
        pytest.param(Net(64, 8).flatten().dense(256, cin=4096), {}, False, id="image"),
        pytest.param(
            flat(scaled(Net(64, 8).bn(), "Sub", 64, 1, 1).relu()), {}, False, id="scaled image"
        ),
        pytest.param(flat(transposed(Net(64, 8), 0, 2, 3, 1)), {}, False, id="NHWC image"),
        pytest.param(
            flat(Net(64, 8).stored("a", [2]).op("Unsqueeze", "a")),
            {},
            False,
            id="unsqueezed image",
        ),
        pytest.param(
            flat(Net(64, (8, 1, 8)).stored("a", [3]).op("Squeeze", "a")),
            {},
            False,
            id="squeezed image",
        ),
        pytest.param(flat(Net(64, 16).pool()), {}, True, id="pooled image"),
        pytest.param(
            transposed(features(1024), 0, 2, 3, 1).shaped("w", 1024, 1024).op("MatMul", "w"),
            {},
            False,
            id="pointwise on NHWC",
        ),
        pytest.param(
            features().flatten().op("Softplus").op("Exp").dense(256, cin=4096),
            {},
            False,
            id="something unknown between",
        ),
        pytest.param(flat(reshaped(attention(features()), 1, 64, 8, 8)), {}, True, id="attention"),
        pytest.param(flat(attention(features())), {}, False, id="tokens"),
    ],
)
def test_reports(net: Net, options: Options, found: bool) -> None:
    findings = flatten_dense_head.run(net.facts(), options)
    assert [f.nodes[0].op for f in findings] == ["Gemm"] * found


@pytest.mark.parametrize(
    "net",
    [
        pytest.param(reshaped(attention(features()), 1, 64, 8, 8), id="attention"),
        pytest.param(features().op("Trilu"), id="can't be followed"),
    ],
)
def test_four_axes_are_channels_and_grid(net: Net) -> None:
    (finding,) = flatten_dense_head.run(flat(net).facts())
    assert finding.evidence["map"] == (64, 8, 8)


def test_default_number_of_weights() -> None:
    """What holds less than a quarter of the parameters has to have a million weights."""
    for channels, size, units, found in ((40, (10, 10), 250, True), (37, (27,), 1001, False)):
        net = features(channels, size).flatten().dense(units, cin=channels * prod(size))
        facts = net.relu().dense(16_000).facts()
        weights = facts.dense[0].cin * facts.dense[0].cout
        assert weights == (1_000_000 if found else 999_999)
        assert weights / facts.params < 0.25
        findings = flatten_dense_head.run(facts)
        assert [f.severity for f in findings] == [Severity.NOTE] * found


def test_size_of_the_network() -> None:
    """Here 1,048,576 weights of 1,050,624 parameters."""
    facts = flat(features()).facts()
    assert facts.params == 1_050_624
    assert flatten_dense_head.run(facts, {"min_weights": facts.params})
    assert not flatten_dense_head.run(facts, {"min_weights": facts.params + 1})


def test_layer_that_holds_all_parameters() -> None:
    net = Net(64, 16).pool().flatten().shaped("w", 4096, 256).op("MatMul", "w")
    (finding,) = flatten_dense_head.run(net.facts())
    assert finding.evidence["share"] == 1


def test_vgg16() -> None:
    facts = Facts(load(DATA / "vgg16.ts.onnx"))
    (finding,) = flatten_dense_head.run(facts)
    assert finding.nodes[0].path == "classifier.0"
    assert finding.message == (
        "a flattened 512x7x7 map feeds a dense layer that holds 74% of all parameters"
    )
    assert finding.suggestion == (
        "global average pooling in front: 2,097,152 instead of 102,760,448 weights, and any "
        "input size; needs retraining"
    )
    assert finding.evidence == {
        "map": (512, 7, 7),
        "units": 4096,
        "weights": 102_760_448,
        "pooled_weights": 2_097_152,
        "share": 0.7427,
    }
    assert finding.saving == Saving(macs=100_663_296, params=100_663_296)
    assert finding.severity is Severity.WARNING


def test_share_decides_the_severity() -> None:
    """Here 1,048,576 weights of 1,048,576 + 256 + 1792 + 256 * units + units."""
    net = flat(features()).relu()
    fourth = net.dense(12_241, cin=256).facts()
    share = 1_048_576 / fourth.params
    for least, severity in ((share, Severity.WARNING), (share + 1e-9, Severity.NOTE)):
        (finding,) = flatten_dense_head.run(fourth, {"min_share": least})
        assert finding.severity is severity
    for units, severity in ((12_232, Severity.WARNING), (12_233, Severity.NOTE)):
        facts = net.dense(units, cin=256).facts()
        assert facts.params == 1_048_576 + 256 + 1_792 + 257 * units
        (finding,) = flatten_dense_head.run(facts)
        assert finding.severity is severity


def test_saving_is_counted_for_every_row() -> None:
    net = Net(3, 8, batch=3).conv(64)
    (finding,) = flatten_dense_head.run(flat(net).facts())
    pooled = net.gap().flatten().dense(256, cin=64).facts()
    assert finding.saving.macs == (flat(net).facts().macs or 0) - (pooled.macs or 0)
    assert finding.saving.params == flat(net).facts().params - pooled.params
    assert finding.saving.macs == 3 * 256 * 64 * 63


def test_unknown_number_of_rows() -> None:
    facts = flat(features()).facts()
    vars(facts)["dense"] = (replace(facts.dense[0], out_shape=None),)
    (finding,) = flatten_dense_head.run(facts)
    assert finding.saving == Saving(macs=None, params=256 * 64 * 63)


def test_unknown_size_is_left_alone() -> None:
    assert not flatten_dense_head.run(flat(features()).open_facts())


def test_repeated_weights_are_left_alone() -> None:
    net = features().flatten().stored("column", np.ones((4096, 1), np.float32))
    net = net.stored("size", (4096, 256)).beside("Expand", "column", "size", result="repeated")
    facts = net.op("MatMul", "repeated").relu().dense(3_950, cin=256).facts()
    assert facts.params > 1_000_000
    assert facts.dense[0].cin * facts.dense[0].cout == 1_048_576 > facts.params
    said, _ = flatten_dense_head.remarks(facts)
    assert isinstance(said, Silence)
    assert said.reason == "its 1,048,576 weights are copies of fewer parameters"


@pytest.mark.parametrize(
    ("net", "options", "reason"),
    [
        pytest.param(
            features().gap().flatten().dense(9), {}, "it reads no flattened map", id="pooled"
        ),
        pytest.param(
            flat(features()), {"max_grid": 8}, "no side of its 64x8x8 map is above 8", id="grid"
        ),
        pytest.param(
            features(8).flatten().dense(10, cin=512),
            {},
            "5,120 of 5,354 parameters are few",
            id="small network",
        ),
    ],
)
def test_reasons(net: Net, options: Options, reason: str) -> None:
    (said,) = flatten_dense_head.remarks(net.facts(), options)
    assert isinstance(said, Silence)
    assert (said.node and said.node.op, said.reason) == ("Gemm", reason)
