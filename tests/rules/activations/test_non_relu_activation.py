import numpy as np
import pytest

from cnnlint.lint.finding import Fix, Saving, Severity, Silence
from cnnlint.lint.presets import PRESETS
from rules.activations.non_relu_activation import non_relu_activation
from tests.net import Net

FIRST = Net(3, 16).conv(8, name="first")


def clipped(net: Net, least: float, most: float) -> Net:
    net = net.stored("least", np.array(least, np.float32))
    return net.stored("most", np.array(most, np.float32)).op("Clip", "least", "most")


@pytest.mark.parametrize(
    ("net", "options", "kinds"),
    [
        pytest.param(FIRST.relu().conv(8), {}, [], id="Relu"),
        pytest.param(clipped(FIRST, 0, 6).conv(8), {}, [], id="Relu6"),
        pytest.param(clipped(FIRST, 0, 3).conv(8), {}, ["Clip"], id="Clip from 0"),
        pytest.param(clipped(FIRST, -3, 3).conv(8), {}, [], id="Clip that limits"),
        *(
            pytest.param(FIRST.op(op).conv(8), {}, [op], id=op)
            for op in ("LeakyRelu", "Elu", "Selu", "Celu", "Softplus", "HardSwish")
        ),
        pytest.param(
            FIRST.mark("x").op("Sigmoid").mul("x").conv(8), {}, ["SiLU"], id="two operators"
        ),
        pytest.param(FIRST.op("Tanh").conv(8), {}, [], id="saturates"),
        pytest.param(FIRST.op("Softmax").conv(8), {}, [], id="Softmax"),
        pytest.param(FIRST.op("Elu"), {}, [], id="output"),
        pytest.param(FIRST.op("Elu").conv(8), {"allow": "Relu,Elu"}, [], id="allowed"),
        pytest.param(FIRST.relu().conv(8), {"allow": "Elu"}, ["Relu"], id="Relu not allowed"),
        pytest.param(
            FIRST.mark("x").gap().conv(4, 1).op("Elu").conv(8, 1).op("Sigmoid").mul("x").conv(8),
            {},
            ["Elu"],
            id="inside a gate",
        ),
    ],
)
def test_reports(net: Net, options: dict[str, str], kinds: list[str]) -> None:
    findings = non_relu_activation.run(net.facts(), options)
    assert [finding.evidence["kind"] for finding in findings] == kinds


def test_one_finding_for_each_kind() -> None:
    net = FIRST.op("Elu", name="a").conv(8).op("HardSwish", name="b").conv(8)
    net = net.mark("x").op("Sigmoid").mul("x").conv(8).op("Elu", name="c").conv(8)
    elu, swish, silu = non_relu_activation.run(net.facts())
    assert [node.path for node in elu.nodes] == ["a", "c"]
    assert elu.message == "2 Elu between hidden layers"
    assert elu.evidence == {"kind": "Elu", "count": 2, "operators": 2, "allow": "Relu, Relu6"}
    assert swish.message == "HardSwish between hidden layers"
    assert silu.evidence["operators"] == 2
    for finding in (elu, swish, silu):
        assert finding.suggestion == "Relu instead; needs retraining"
        assert finding.saving == Saving()
        assert finding.severity is None


@pytest.mark.parametrize(
    ("allow", "instead"),
    [("HardSwish, Elu", "HardSwish"), ("Elu, Relu", "Relu"), ("Relu6", "Relu6"), ("", "Relu")],
)
def test_suggests_a_kind_that_is_allowed(allow: str, instead: str) -> None:
    (finding,) = non_relu_activation.run(FIRST.op("Selu").conv(8).facts(), {"allow": allow})
    assert finding.suggestion == f"{instead} instead; needs retraining"


def test_reasons() -> None:
    net = clipped(FIRST.relu().conv(8), -1, 9).op("Tanh").conv(8).op("Softmax").conv(8)
    said = list(non_relu_activation.remarks(net.op("Elu").facts()))
    assert [(s.node and s.node.op, s.reason) for s in said if isinstance(s, Silence)] == [
        ("Relu", "Relu is allowed"),
        ("Clip", "a Clip that does not start at 0 limits numbers"),
        ("Tanh", "Tanh saturates, which A301 reports"),
        ("Softmax", "Softmax is no function of a hidden layer"),
        ("Elu", "not between hidden layers: output"),
    ]


def test_only_in_the_preset() -> None:
    assert not non_relu_activation.default
    assert "A305" in PRESETS["seed"].on
    assert non_relu_activation.severity is Severity.NOTE
    assert non_relu_activation.fix is Fix.UNSAFE
