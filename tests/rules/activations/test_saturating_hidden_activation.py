import numpy as np
import pytest

from cnnlint.lint.finding import Saving, Severity, Silence
from rules.activations.saturating_hidden_activation import saturating_hidden_activation
from tests.net import Net

MAP = Net(3, 16).conv(8, name="first")
FLAT = Net(3, 16).conv(8).relu().gap().flatten().dense(8, name="fc")


def between(kind: str) -> Net:
    """Put an activation between two convolutions."""
    if kind == "Hardtanh":
        net = MAP.stored("least", np.array(-1, np.float32)).stored("most", np.array(1, np.float32))
        return net.op("Clip", "least", "most", name="act").conv(8)
    return MAP.op(kind, name="act").conv(8)


def squeeze_and_excitation(net: Net) -> Net:
    net = net.mark("x").gap().conv(4, 1).relu().conv(8, 1)
    return net.op("Sigmoid").mul("x")


@pytest.mark.parametrize("kind", ["Sigmoid", "HardSigmoid", "Tanh", "Softsign", "Hardtanh"])
def test_reports(kind: str) -> None:
    (finding,) = saturating_hidden_activation.run(between(kind).facts())
    assert [node.path for node in finding.nodes] == ["act"]
    assert finding.message == f"{kind} between hidden layers saturates"
    assert finding.suggestion == "Relu instead; needs retraining"
    assert finding.evidence == {"kind": kind, "count": 1, "instead": "Relu"}
    assert finding.saving == Saving()
    assert finding.severity is None
    assert saturating_hidden_activation.severity is Severity.WARNING


@pytest.mark.parametrize(
    "net",
    [
        *(
            pytest.param(between(k), id=k)
            for k in ("Relu", "LeakyRelu", "Elu", "Selu", "Softplus")
        ),
        pytest.param(MAP.mark("x").op("Sigmoid").mul("x").conv(8), id="SiLU"),
        pytest.param(MAP.mark("x").op("Softplus").op("Tanh").mul("x").conv(8), id="Mish"),
        pytest.param(squeeze_and_excitation(MAP).conv(8), id="squeeze-and-excitation"),
        pytest.param(MAP.op("Sigmoid"), id="output"),
        pytest.param(FLAT.op("Tanh"), id="output of a dense layer"),
        pytest.param(MAP.op("Softmax", axis=1).conv(8), id="Softmax"),
        pytest.param(Net(2, 16).op("Tanh"), id="no layer at all"),
        pytest.param(
            Net(3, 16)
            .conv(2, name="places")
            .op("Tanh")
            .op("Transpose", perm=[0, 2, 3, 1], name="grid")
            .goto_input()
            .op("GridSample", "grid_out")
            .conv(8),
            id="coordinates",
        ),
    ],
)
def test_silent(net: Net) -> None:
    assert not saturating_hidden_activation.run(net.facts())


def test_one_finding_for_each_kind() -> None:
    net = MAP.op("Tanh", name="a").conv(8).op("Sigmoid", name="b").conv(8)
    net = net.op("Tanh", name="c").conv(8).relu().conv(8)
    tanh, sigmoid = saturating_hidden_activation.run(net.facts())
    assert [node.path for node in tanh.nodes] == ["a", "c"]
    assert tanh.message == "2 Tanh between hidden layers saturate"
    assert tanh.evidence == {"kind": "Tanh", "count": 2, "instead": "Relu"}
    assert [node.path for node in sigmoid.nodes] == ["b"]
    assert sigmoid.message == "Sigmoid between hidden layers saturates"


@pytest.mark.parametrize(
    ("others", "better"),
    [
        ([], "Relu"),
        (["Elu"], "Elu"),
        (["Relu", "Elu", "Elu"], "Elu"),
        (["Elu", "Relu", "Relu"], "Relu"),
        (["Softmax", "Softmax", "Elu"], "Elu"),
        (["Tanh", "Tanh", "Elu"], "Elu"),
    ],
)
def test_suggests_what_the_other_hidden_layers_have(others: list[str], better: str) -> None:
    net = between("Sigmoid")
    for kind in others:
        net = net.op(kind).conv(8)
    found = saturating_hidden_activation.run(net.op("Softplus").facts())
    assert {f.suggestion for f in found} == {f"{better} instead; needs retraining"}


def test_suggests_no_clip() -> None:
    net = MAP.stored("least", np.array(-9, np.float32)).stored("most", np.array(9, np.float32))
    (finding,) = saturating_hidden_activation.run(
        net.op("Clip", "least", "most").conv(8).op("Tanh").conv(8).facts()
    )
    assert finding.evidence["instead"] == "Relu"


def test_silu_of_the_output_is_no_hidden_layer() -> None:
    net = between("Sigmoid").op("Elu")
    (finding,) = saturating_hidden_activation.run(net.facts())
    assert finding.evidence["instead"] == "Relu"


@pytest.mark.parametrize(
    ("net", "severity"),
    [
        pytest.param(FLAT.op("Tanh").dense(10), Severity.NOTE, id="pre-logits"),
        pytest.param(FLAT.bn().op("Tanh").dense(10), Severity.NOTE, id="behind a norm"),
        pytest.param(FLAT.op("Tanh").op("Dropout").dense(10), Severity.NOTE, id="dropout"),
        pytest.param(FLAT.op("Sigmoid").dense(10), None, id="Sigmoid"),
        pytest.param(FLAT.op("Tanh").dense(10).relu().dense(10), None, id="not the last two"),
        pytest.param(MAP.op("Tanh").gap().flatten().dense(10), None, id="behind a convolution"),
        pytest.param(
            MAP.op("Tanh").gap().flatten().dense(10).relu().dense(10), None, id="before both"
        ),
        pytest.param(between("Tanh"), None, id="between convolutions"),
        pytest.param(
            FLAT.mark("x").op("Tanh").dense(8).add("x").dense(10), None, id="join behind"
        ),
        pytest.param(
            FLAT.op("Tanh", name="a").dense(10).op("Sigmoid").dense(10), None, id="two of them"
        ),
    ],
)
def test_single_tanh_before_the_logits_is_a_note(net: Net, severity: Severity | None) -> None:
    findings = saturating_hidden_activation.run(net.facts())
    assert findings
    assert all(finding.severity is severity for finding in findings)


def test_two_tanh_of_which_one_is_before_the_logits() -> None:
    net = MAP.op("Tanh").gap().flatten().dense(8).op("Tanh").dense(10)
    (finding,) = saturating_hidden_activation.run(net.facts())
    assert len(finding.nodes) == 2
    assert finding.severity is None


def test_sigmoid_elsewhere_and_one_tanh_before_the_logits() -> None:
    net = MAP.op("Sigmoid").gap().flatten().dense(8).op("Tanh").dense(10)
    assert [f.severity for f in saturating_hidden_activation.run(net.facts())] == [None, None]


def test_arithmetic_of_the_manual() -> None:
    slope = max(
        (1 / (1 + np.exp(-x - 1e-4)) - 1 / (1 + np.exp(-x))) / 1e-4 for x in np.linspace(-9, 9, 99)
    )
    assert slope == pytest.approx(0.25, 1e-3)
    assert 0.25**9 > 1e-6 > 0.25**10


def test_reasons() -> None:
    net = squeeze_and_excitation(MAP.op("Tanh")).conv(8).op("Sigmoid")
    said = list(saturating_hidden_activation.remarks(net.facts()))
    assert [(s.node and s.node.op, s.reason) for s in said if isinstance(s, Silence)] == [
        ("Relu", "Relu is not flat at both ends"),
        ("Sigmoid", "not between hidden layers: gate"),
        ("Sigmoid", "not between hidden layers: output"),
    ]
