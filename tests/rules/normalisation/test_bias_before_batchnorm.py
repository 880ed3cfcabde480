import numpy as np
import pytest

from cnnlint.lint.finding import Saving, Severity, Silence
from rules.normalisation.bias_before_batchnorm import bias_before_batchnorm
from tests.net import Net
from tests.running import run, same, weights, with_numbers

MAP = Net(3, 16).conv(64, name="stem").relu()


def normalised(net: Net, *, training: int = 1) -> Net:
    """Append a BatchNormalization."""
    parts = [f"{net.last}.{part}" for part in "stmv"]
    for part in parts:
        net = net.shaped(part, net.cin)
    return net.op("BatchNormalization", *parts, training_mode=training)


@pytest.mark.parametrize(
    ("net", "found"),
    [
        pytest.param(normalised(MAP.conv(128, name="c")), ["c"], id="convolution"),
        pytest.param(normalised(MAP.conv(128, name="c"), training=0), ["c"], id="inference"),
        pytest.param(normalised(MAP.conv(128, bias=False)), [], id="no bias"),
        pytest.param(normalised(MAP.conv_transpose(8, 2)), [], id="transposed, no bias"),
        pytest.param(
            normalised(
                MAP.op("ConvTranspose", "w", "b", name="up", width=8)
                .shaped("w", 64, 8, 2, 2)
                .shaped("b", 8)
            ),
            ["up"],
            id="transposed",
        ),
        pytest.param(normalised(Net(8, ()).dense(4, name="d")), ["d"], id="dense"),
        pytest.param(
            normalised(Net(8, ()).op("Gemm", "w", width=4).shaped("w", 8, 4)), [], id="dense, none"
        ),
        pytest.param(normalised(Net(8, (16,)).conv(4, name="c")), ["c"], id="1-D"),
        pytest.param(MAP.conv(128), [], id="no normalisation"),
        pytest.param(normalised(MAP.conv(128).relu()), [], id="activation between"),
        pytest.param(normalised(MAP.conv(128).pool()), [], id="pool between"),
        pytest.param(normalised(MAP.conv(128, pad=0).op("Pad")), [], id="padding between"),
        pytest.param(normalised(MAP.conv(64).output()), [], id="an output"),
        pytest.param(
            normalised(MAP.conv(64).mark("x").relu().output().goto("x")), [], id="read by others"
        ),
        pytest.param(
            MAP.conv(8).op("InstanceNormalization", "s", "t").shaped("s", 8).shaped("t", 8),
            [],
            id="another normalisation",
        ),
        pytest.param(
            normalised(normalised(MAP.conv(8, name="c")).relu().conv(4, name="d")),
            ["c", "d"],
            id="two",
        ),
    ],
)
def test_reports(net: Net, found: list[str]) -> None:
    findings = bias_before_batchnorm.run(net.facts())
    assert [node.path for finding in findings for node in finding.nodes] == found
    assert len(findings) == bool(found)
    assert all(finding.severity is None for finding in findings)


def test_severity() -> None:
    assert bias_before_batchnorm.severity is Severity.NOTE


def test_example_of_the_manual() -> None:
    net = MAP.conv(128, name="c")
    (finding,) = bias_before_batchnorm.run(normalised(net).facts())
    assert net.facts().params_of(net.facts().nodes[-1]) == 73_856
    assert finding.message == (
        "Conv 3x3 64->128 has a bias that the BatchNormalization behind it takes away"
    )
    assert finding.suggestion == (
        "drop the bias and subtract it from the running mean: 128 parameters less; "
        "the numbers stay the same"
    )
    assert finding.evidence == {"count": 1, "biases": 128}
    assert finding.saving == Saving(params=128)


def test_all_in_one_finding() -> None:
    net = normalised(normalised(MAP.conv(1024, name="c")).relu().conv(4, name="d"))
    (finding,) = bias_before_batchnorm.run(net.facts())
    assert finding.message == (
        "2 layers have a bias that the BatchNormalization behind them takes away"
    )
    assert "1,028 parameters less" in finding.suggestion
    assert finding.saving == Saving(params=1028)


def test_in_training_the_result_does_not_depend_on_the_bias() -> None:
    proto = with_numbers(normalised(Net(4, 6, batch=3).conv(8, name="c")))
    proto.graph.node[-1].output.extend(["mean", "variance"])
    result = run(proto)
    tensors = {tensor.name: tensor for tensor in proto.graph.initializer}
    tensors["c.bias"].raw_data = np.zeros(8, np.float32).tobytes()
    assert same(result, run(proto))


def test_the_running_mean_takes_the_bias() -> None:
    proto = with_numbers(normalised(Net(4, 6).conv(8, name="c"), training=0))
    result, stored = run(proto), weights(proto)
    tensors = {tensor.name: tensor for tensor in proto.graph.initializer}
    tensors["c.bias"].raw_data = np.zeros(8, np.float32).tobytes()
    assert not same(result, run(proto))
    tensors["c_out.m"].raw_data = (stored["c_out.m"] - stored["c.bias"]).tobytes()
    assert same(result, run(proto))


@pytest.mark.parametrize(
    ("net", "reason", "place"),
    [
        pytest.param(normalised(MAP.conv(8, bias=False)), "it has no bias", -2, id="no bias"),
        pytest.param(
            normalised(MAP), "no layer alone makes what it reads", -1, id="pre-activation"
        ),
    ],
)
def test_silence(net: Net, reason: str, place: int) -> None:
    facts = net.facts()
    assert list(bias_before_batchnorm.remarks(facts)) == [Silence(facts.nodes[place], reason)]
