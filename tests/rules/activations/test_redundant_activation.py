from pathlib import Path

import numpy as np
import pytest

from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Fix, Saving, Severity, Silence
from cnnlint.model.loader import load
from rules.activations.redundant_activation import redundant_activation
from tests.net import Net

MAP = Net(3, 16).conv(8, name="first")
RELU = MAP.op("Relu", name="inner")


def clipped(net: Net, least: float | None, most: float | None, name: str = "act") -> Net:
    """Append a Clip; a bound of None is left out."""
    names = []
    for kind, bound in (("least", least), ("most", most)):
        names.append("" if bound is None else f"{name}.{kind}")
        if bound is not None:
            net = net.stored(names[-1], np.array(bound, np.float32))
    return net.op("Clip", *names, name=name)


def act(net: Net, op: str = "Relu") -> Net:
    return net.op(op, name="act")


def sloped(net: Net) -> Net:
    """Append a PReLU."""
    return net.shaped("slope", 8, 1, 1).op("PRelu", "slope", name="act")


@pytest.mark.parametrize(
    ("net", "found"),
    [
        pytest.param(act(RELU), ["act"], id="Relu of Relu"),
        pytest.param(act(MAP), [], id="Relu of a convolution"),
        pytest.param(act(RELU.bn()), [], id="normalised between"),
        pytest.param(act(RELU.conv(8)), [], id="convolution between"),
        pytest.param(act(MAP.op("LeakyRelu")), [], id="Relu of LeakyRelu"),
        pytest.param(act(MAP.op("Sigmoid")), ["act"], id="Relu of Sigmoid"),
        pytest.param(act(MAP.op("Tanh")), [], id="Relu of Tanh"),
        pytest.param(act(MAP.op("Softmax", axis=1)), ["act"], id="Relu of Softmax"),
        pytest.param(act(RELU.pool()), ["act"], id="Relu behind MaxPool"),
        pytest.param(act(RELU.mark("x").conv(8).relu().add("x")), ["act"], id="sum of two"),
        pytest.param(act(RELU.mark("x").conv(8).add("x")), [], id="residual block"),
        pytest.param(act(RELU.mark("x").op("Tanh").add("x")), [], id="sum with Tanh"),
        *(
            pytest.param(act(RELU, op), ["act"], id=f"{op} of Relu")
            for op in ("LeakyRelu", "Elu", "Celu", "Abs")
        ),
        pytest.param(sloped(RELU), ["act"], id="PRelu of Relu"),
        pytest.param(sloped(MAP), [], id="PRelu"),
        *(
            pytest.param(act(RELU, op), [], id=f"{op} of Relu")
            for op in ("Selu", "Sigmoid", "Tanh", "Softplus", "HardSwish")
        ),
        pytest.param(act(MAP, "Abs"), [], id="Abs"),
        pytest.param(
            RELU.op("Abs", name="size")
            .stored("one", np.array(1, np.float32))
            .op("Add", "one", name="more")
            .joined("Div", "inner_out", "more_out"),
            [],
            id="Abs inside a Softsign",
        ),
        pytest.param(clipped(MAP, None, None), ["act"], id="Clip without bounds"),
        pytest.param(clipped(MAP, -3.4e38, 3.4e38), ["act"], id="largest numbers as bounds"),
        pytest.param(clipped(RELU, 0, None), ["act"], id="Clip from below of Relu"),
        pytest.param(clipped(RELU, -1, None), ["act"], id="Clip from further below"),
        pytest.param(clipped(RELU, 0.5, None), ["inner"], id="Clip above zero"),
        pytest.param(act(clipped(MAP, 0, 6, "inner")), ["act"], id="Relu of Relu6"),
        pytest.param(clipped(clipped(MAP, 0, 1, "inner"), 0, 6), ["act"], id="wider Clip"),
        pytest.param(clipped(RELU, 0, 6), ["inner"], id="Relu6 of Relu"),
        pytest.param(clipped(RELU, 0, 0.5), ["inner"], id="tighter Clip of Relu"),
        pytest.param(clipped(clipped(MAP, 0, 6, "inner"), 1, 6), ["inner"], id="tighter Clip"),
        pytest.param(
            clipped(clipped(MAP, 0, 6, "inner"), -1, 5), [], id="neither is as tight as the other"
        ),
        pytest.param(clipped(clipped(MAP, 0, 6, "inner"), 7, 5), [], id="bounds crossed"),
        pytest.param(
            clipped(RELU.mark("x").conv(8).add("x").goto("x"), 0, 6), [], id="others read it"
        ),
        pytest.param(
            clipped(RELU.mark("x"), 0, 6).mark("y").goto("x").conv(8).add("y"),
            [],
            id="others read it later",
        ),
        pytest.param(clipped(RELU.output(), 0, 6), [], id="an output itself"),
        pytest.param(clipped(RELU.pool(), 0, 6), [], id="something between"),
        pytest.param(
            MAP.op("Relu", name="inner").mark("x").conv(8).op("Clip", "first_out"),
            [],
            id="bounds are data",
        ),
        pytest.param(
            RELU.mark("x").stored("three", np.array(3, np.float32)).op("Add", "three"),
            [],
            id="no activation behind",
        ),
    ],
)
def test_reports(net: Net, found: list[str]) -> None:
    assert [f.nodes[0].path for f in redundant_activation.run(net.facts())] == found


def test_hard_swish_behind_relu_is_left_alone() -> None:
    net = RELU.mark("x").stored("three", np.array(3, np.float32)).op("Add", "three")
    net = clipped(net, 0, 6).mul("x").stored("six", np.array(6, np.float32)).op("Div", "six")
    assert {a.kind for a in net.facts().activations.all} == {"Relu", "HardSwish"}
    assert not redundant_activation.run(net.facts())


def test_clamp_of_two_operators() -> None:
    net = MAP.op("Sigmoid").op("Relu", name="half").stored("most", np.array(2, np.float32))
    (finding,) = redundant_activation.run(net.op("Min", "most", name="act").facts())
    assert [node.path for node in finding.nodes] == ["half", "act"]
    assert finding.message == "Clip changes nothing: its input lies between 0 and 1"


@pytest.mark.parametrize(
    ("net", "message", "evidence"),
    [
        pytest.param(
            act(RELU),
            "Relu changes nothing: its input is never negative",
            {"kind": "Relu", "least": 0, "most": None},
            id="Relu of Relu",
        ),
        pytest.param(
            act(MAP.op("Sigmoid")),
            "Relu changes nothing: its input lies between 0 and 1",
            {"kind": "Relu", "least": 0, "most": 1},
            id="Relu of Sigmoid",
        ),
        pytest.param(
            act(clipped(MAP, 1, None, "inner")),
            "Relu changes nothing: its input is at least 1",
            {"kind": "Relu", "least": 1, "most": None},
            id="Relu of a Clip",
        ),
        pytest.param(
            clipped(clipped(MAP, None, 2, "inner"), None, 3),
            "Clip changes nothing: its input is at most 2",
            {"kind": "Clip", "least": None, "most": 2},
            id="Clip of a Clip",
        ),
        pytest.param(
            clipped(MAP, None, None),
            "Clip changes nothing: it has no bounds",
            {"kind": "Clip", "least": None, "most": None},
            id="no bounds",
        ),
        pytest.param(
            clipped(RELU, 0, 6),
            "Relu changes nothing: the Relu6 behind it, act, is at least as tight",
            {"kind": "Relu", "least": 0, "most": 6},
            id="Relu6 of Relu",
        ),
        pytest.param(
            act(RELU, "Abs"),
            "Abs changes nothing: its input is never negative",
            {"kind": "Abs", "least": 0, "most": None},
            id="Abs",
        ),
    ],
)
def test_words(net: Net, message: str, evidence: dict[str, object]) -> None:
    (finding,) = redundant_activation.run(net.facts())
    assert finding.message == message
    assert finding.suggestion == "take it out: every output stays the same"
    assert finding.evidence == evidence
    assert finding.severity is None


def test_numbers_of_the_manual() -> None:
    (finding,) = redundant_activation.run(Net(64, 56).conv(64).relu().relu().facts())
    assert finding.saving == Saving(activation_bytes=802_816)
    assert 2 * 802_816 == 1_605_632
    assert redundant_activation.severity is Severity.WARNING
    assert redundant_activation.fix is Fix.SAFE


def test_saving_of_an_unknown_size_is_unknown() -> None:
    net = Net(3, 16, batch="n").op("Wavelet", domain="acme").relu().relu()
    (finding,) = redundant_activation.run(net.facts())
    assert finding.saving == Saving(activation_bytes=None)


@pytest.mark.parametrize(
    ("net", "reasons"),
    [
        pytest.param(act(MAP), ["nothing is known of the numbers that reach it"], id="unknown"),
        pytest.param(
            act(MAP.op("Tanh")),
            ["it still changes numbers: its input lies between -1 and 1"],
            id="both signs",
        ),
        pytest.param(act(MAP, "Abs"), ["its input may be negative"], id="Abs"),
        pytest.param(act(MAP, "Sigmoid"), [], id="another kind"),
    ],
)
def test_reasons(net: Net, reasons: list[str]) -> None:
    said = list(redundant_activation.remarks(net.facts()))
    assert [(s.node and s.node.path, s.reason) for s in said if isinstance(s, Silence)] == [
        ("act", reason) for reason in reasons
    ]


def test_operator_without_operand() -> None:
    file = Path(__file__).parents[2] / "data" / "crashes" / "abs_without_operand.onnx"
    assert not redundant_activation.run(Facts(load(file)))
