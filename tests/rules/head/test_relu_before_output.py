import numpy as np
import pytest

from cnnlint.lint.finding import Saving, Severity, Silence
from rules.head.relu_before_output import relu_before_output
from tests.net import Net

W, N = Severity.WARNING, Severity.NOTE
MAP = Net(3, 32).conv(16, name="first").relu().conv(10, name="last")
LOGITS = Net(3, 32).conv(16, name="first").relu().gap().flatten().dense(10, name="fc")


def clipped(net: Net, least: float, most: float) -> Net:
    """Append a Clip."""
    net = net.stored("least", np.array(least, np.float32))
    return net.stored("most", np.array(most, np.float32)).op("Clip", "least", "most")


def quantised(net: Net) -> Net:
    """Append QuantizeLinear and DequantizeLinear."""
    net = net.stored("scale", np.array(0.1, np.float32))
    return net.op("QuantizeLinear", "scale").op("DequantizeLinear", "scale")


def reshaped(net: Net, *shape: int) -> Net:
    return net.stored("shape", shape).op("Reshape", "shape")


def named(net: Net, output: str) -> Net:
    """Append an Identity with an output of this name."""
    proto = net.op("Identity", name="end").nodes[-1]
    proto.output[0] = output
    return Net(net.channels, net.size, nodes=(*net.nodes, proto), weights=net.weights, last=output)


@pytest.mark.parametrize(
    ("net", "severity"),
    [
        pytest.param(LOGITS.relu(), W, id="logits"),
        pytest.param(MAP.relu(), W, id="map"),
        pytest.param(clipped(LOGITS, 0, 6), W, id="ReLU6"),
        pytest.param(clipped(LOGITS, 0, 1), None, id="bounded on purpose"),
        pytest.param(clipped(LOGITS, -1, 1), None, id="Hardtanh"),
        pytest.param(LOGITS, None, id="no activation"),
        pytest.param(LOGITS.op("LeakyRelu"), None, id="LeakyRelu"),
        pytest.param(LOGITS.op("Sigmoid"), None, id="Sigmoid"),
        pytest.param(LOGITS.relu().op("Softmax"), W, id="Softmax"),
        pytest.param(LOGITS.relu().op("LogSoftmax"), W, id="LogSoftmax"),
        pytest.param(LOGITS.relu().op("Sigmoid"), W, id="behind a Sigmoid"),
        pytest.param(LOGITS.relu().op("Softmax").op("Softmax"), None, id="Softmax twice"),
        pytest.param(LOGITS.relu().op("Tanh"), None, id="Tanh"),
        pytest.param(reshaped(MAP.relu(), 1, -1), W, id="Reshape"),
        pytest.param(MAP.relu().flatten(), W, id="Flatten"),
        pytest.param(LOGITS.relu().op("Cast", to=10), W, id="Cast"),
        pytest.param(quantised(LOGITS.relu()), W, id="quantised"),
        pytest.param(LOGITS.relu().op("Identity"), W, id="Identity"),
        pytest.param(LOGITS.relu().op("Squeeze"), W, id="Squeeze"),
        pytest.param(LOGITS.stored("a", [0]).relu().op("Unsqueeze", "a"), W, id="Unsqueeze"),
        pytest.param(MAP.relu().op("Transpose", perm=[0, 2, 3, 1]), W, id="Transpose"),
        pytest.param(MAP.relu().op("Neg"), None, id="Neg"),
        pytest.param(MAP.relu().pool(), None, id="MaxPool"),
        pytest.param(MAP.mark("x").relu().add("x"), None, id="join"),
        pytest.param(MAP.relu().gap(), N, id="global pooling"),
        pytest.param(MAP.relu().gap().flatten().op("Softmax"), N, id="SqueezeNet"),
        pytest.param(MAP.relu().pool(op="AveragePool"), N, id="average pooling"),
        pytest.param(MAP.relu().op("ReduceMean", axes=[2, 3]), N, id="mean"),
        pytest.param(MAP.relu().op("Sigmoid").gap(), N, id="pooled probabilities"),
        pytest.param(MAP.relu().gap().op("Sigmoid"), N, id="probabilities of pooled logits"),
        pytest.param(MAP.relu().gap().op("Softmax").op("Sigmoid"), None, id="two squashings"),
        pytest.param(MAP.conv(8, stride=4).conv(8, stride=2).relu(), N, id="coarse map"),
        pytest.param(
            MAP.conv(8, stride=8).relu().op("Sigmoid"), W, id="coarse map of probabilities"
        ),
        pytest.param(MAP.conv(8, stride=4).conv(8, stride=(2, 1)).relu(), W, id="finer map"),
        pytest.param(MAP.conv(8, 9, stride=(7, 9)).relu(), W, id="63 pixels a position"),
        pytest.param(LOGITS.op("Wavelet", domain="acme").relu(), W, id="nothing known of it"),
        pytest.param(
            MAP.conv(8, stride=8).relu().op("Transpose", perm=[0, 2, 3, 1]), N, id="coarse NHWC"
        ),
        pytest.param(named(LOGITS.relu(), "FeatureVector"), N, id="features by name"),
        pytest.param(named(LOGITS.relu(), "logits"), W, id="other name"),
    ],
)
def test_reports(net: Net, severity: Severity | None) -> None:
    findings = relu_before_output.run(net.facts())
    assert [f.severity or relu_before_output.severity for f in findings] == [severity] * (
        severity is not None
    )


@pytest.mark.parametrize(
    ("net", "found"),
    [
        pytest.param(
            LOGITS.mark("x").relu().output().goto("x"), {"relu5": W}, id="one of two outputs"
        ),
        pytest.param(
            LOGITS.mark("x").relu().output().goto("x").relu(),
            {"relu5": W, "relu6": W},
            id="two vectors",
        ),
        pytest.param(
            MAP.mark("x").relu().output().goto("x").conv(4).relu(),
            {"relu3": N, "relu5": N},
            id="two maps",
        ),
        pytest.param(
            Net(3, (32,)).conv(8).mark("x").relu().output().goto("x").conv(4).relu(),
            {"relu1": N, "relu3": N},
            id="two one-dimensional maps",
        ),
        pytest.param(
            MAP.output().mark("x").op("Neg").output().gap().flatten().dense(4).relu(),
            {"relu7": W},
            id="two maps and a vector",
        ),
        pytest.param(
            MAP.mark("x").relu().output().goto("x").gap().flatten().dense(4).relu(),
            {"relu3": W, "relu7": W},
            id="a map and a vector",
        ),
        pytest.param(LOGITS.relu().output().dense(5), {}, id="tap of a hidden layer"),
        pytest.param(
            LOGITS.relu().output().dense(5).relu(), {"relu7": W}, id="hidden layer and output"
        ),
        pytest.param(
            LOGITS.relu().output().op("Softmax"), {"relu5": W}, id="logits and probabilities"
        ),
    ],
)
def test_several_outputs(net: Net, found: dict[str, Severity]) -> None:
    findings = relu_before_output.run(net.facts())
    assert {f.nodes[0].path: f.severity or W for f in findings} == found
    assert len(findings) == len(found)


@pytest.mark.parametrize(
    ("net", "message", "evidence"),
    [
        pytest.param(
            LOGITS.relu(),
            "Relu straight before output relu5_out: it is never negative",
            {"output": "relu5_out", "kind": "Relu", "squashed_by": None, "pooled": False},
            id="ReLU",
        ),
        pytest.param(
            clipped(LOGITS, 0, 6),
            "Relu6 straight before output clip5_out: it stays between 0 and 6",
            {"output": "clip5_out", "kind": "Relu6", "squashed_by": None, "pooled": False},
            id="ReLU6",
        ),
        pytest.param(
            LOGITS.relu().op("Softmax"),
            "Relu straight before the Softmax of output softmax6_out: its input is never negative",
            {"output": "softmax6_out", "kind": "Relu", "squashed_by": "Softmax", "pooled": False},
            id="Softmax",
        ),
        pytest.param(
            MAP.relu().gap().flatten(),
            "Relu straight before the pool in front of output flatten5_out: it is never negative",
            {"output": "flatten5_out", "kind": "Relu", "squashed_by": None, "pooled": True},
            id="pooled",
        ),
    ],
)
def test_words(net: Net, message: str, evidence: dict[str, object]) -> None:
    (finding,) = relu_before_output.run(net.facts())
    assert finding.message == message
    assert finding.suggestion == (
        "a classifier without the activation in front of the pool; needs retraining"
        if evidence["pooled"]
        else "take the activation out; the output then has both signs; needs retraining"
    )
    assert finding.evidence == evidence
    assert finding.saving == Saving()


def test_model_without_a_layer_is_left_alone() -> None:
    said = list(relu_before_output.remarks(Net(3, 32).pool().relu().facts()))
    assert said == [Silence(None, "no layer has weights")]


def test_reasons() -> None:
    net = LOGITS.mark("x").relu().op("Neg").output().goto("x").op("Sigmoid")
    said = list(relu_before_output.remarks(net.facts()))
    assert [(s.node and s.node.path, s.reason) for s in said if isinstance(s, Silence)] == [
        ("relu1", "a layer goes on from it"),
        ("relu5", "it is not straight before an output"),
        ("sigmoid7", "Sigmoid is no ReLU"),
    ]


def test_no_reason_where_there_is_a_finding() -> None:
    said = list(relu_before_output.remarks(LOGITS.relu().facts()))
    assert [(type(s).__name__) for s in said] == ["Finding", "Silence"]


def test_severity() -> None:
    assert relu_before_output.severity is Severity.WARNING


def test_unknown_size() -> None:
    assert relu_before_output.run(MAP.relu().open_facts())[0].severity is None
