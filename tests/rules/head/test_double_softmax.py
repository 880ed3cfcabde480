from math import e

import numpy as np
import onnx
import pytest

from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Fix, Saving, Severity, Silence
from cnnlint.model.loader import load
from rules.head.double_softmax import double_softmax
from tests.net import Net

LOGITS = Net(3, 16).conv(8).relu().gap().flatten().dense(10, name="fc")
MAP = Net(3, 16).conv(8).relu().conv(5, name="scores")


def squashed(net: Net, *kinds: str, axis: int = -1) -> Net:
    for kind in kinds:
        net = net.op(kind) if kind == "Sigmoid" else net.op(kind, axis=axis)
    return net


def reshaped(net: Net, *shape: int) -> Net:
    name = f"shape{len(net.nodes)}"
    return net.stored(name, shape).op("Reshape", name)


def at(net: Net, opset: int) -> Facts:
    proto: onnx.ModelProto = net.proto()
    proto.opset_import[0].version = opset
    return Facts(load(proto.SerializeToString()))


ONCE = squashed(LOGITS, "Softmax")
OF_MAP = squashed(MAP, "Softmax", axis=1)


@pytest.mark.parametrize(
    ("net", "found"),
    [
        pytest.param(ONCE, False, id="one"),
        pytest.param(squashed(ONCE, "Softmax"), True, id="Softmax twice"),
        pytest.param(squashed(ONCE, "LogSoftmax"), True, id="LogSoftmax of Softmax"),
        pytest.param(squashed(ONCE, "Sigmoid"), True, id="Sigmoid of Softmax"),
        pytest.param(squashed(LOGITS, "Sigmoid", "Sigmoid"), True, id="Sigmoid twice"),
        pytest.param(squashed(LOGITS, "Sigmoid", "Softmax"), True, id="Softmax of Sigmoid"),
        pytest.param(squashed(LOGITS, "LogSoftmax", "Sigmoid"), True, id="Sigmoid of LogSoftmax"),
        pytest.param(squashed(LOGITS, "LogSoftmax", "Softmax"), False, id="and back"),
        pytest.param(squashed(LOGITS, "LogSoftmax", "LogSoftmax"), False, id="LogSoftmax twice"),
        pytest.param(squashed(ONCE, "Tanh"), False, id="Tanh of Softmax"),
        pytest.param(squashed(ONCE.op("Identity"), "Softmax"), True, id="Identity"),
        pytest.param(squashed(ONCE.op("Cast", to=1), "Softmax"), True, id="Cast"),
        pytest.param(squashed(ONCE.op("Dropout"), "Softmax"), True, id="Dropout"),
        pytest.param(squashed(ONCE.flatten(), "Softmax"), True, id="Flatten"),
        pytest.param(squashed(reshaped(ONCE, 1, 10, 1, 1), "Softmax", axis=1), True, id="Reshape"),
        pytest.param(squashed(reshaped(ONCE, 1, 1, 10), "Softmax"), True, id="other axis, same"),
        pytest.param(squashed(reshaped(ONCE, 1, 10, 1), "Softmax"), False, id="single"),
        pytest.param(squashed(reshaped(ONCE, 2, 5), "Softmax"), False, id="cut in two"),
        pytest.param(
            squashed(ONCE.stored("a", [2]).op("Unsqueeze", "a"), "Softmax", axis=1),
            True,
            id="Unsqueeze",
        ),
        pytest.param(squashed(ONCE.op("Transpose"), "Softmax", axis=0), True, id="Transpose"),
        pytest.param(squashed(OF_MAP, "Softmax", axis=1), True, id="map"),
        pytest.param(squashed(OF_MAP, "Softmax", axis=2), False, id="another axis"),
        pytest.param(
            squashed(OF_MAP.op("Transpose", perm=[0, 2, 3, 1]), "Softmax"), True, id="NHWC"
        ),
        pytest.param(
            squashed(OF_MAP.op("Transpose", perm=[0, 2, 3, 1]), "Softmax", axis=1),
            False,
            id="NHWC, another axis",
        ),
        pytest.param(
            squashed(reshaped(OF_MAP, 1, 5, 256), "Softmax", axis=1), True, id="positions in a row"
        ),
        pytest.param(squashed(OF_MAP.op("Split", axis=1), "Softmax", axis=1), True, id="part"),
        pytest.param(squashed(OF_MAP.gap(), "Softmax", axis=1), False, id="averaged"),
        pytest.param(squashed(ONCE.dense(9), "Softmax"), False, id="layer between"),
        pytest.param(
            squashed(ONCE.stored("t", np.array(2, np.float32)).op("Mul", "t"), "Softmax"),
            False,
            id="scaled between",
        ),
        pytest.param(squashed(LOGITS.op("HardSwish"), "Softmax"), False, id="HardSwish"),
        pytest.param(
            squashed(LOGITS.mark("x").op("Sigmoid").mul("x"), "Sigmoid"), False, id="SiLU"
        ),
        pytest.param(
            squashed(MAP.mark("x"), "Softmax", "Sigmoid", axis=1).mul("x").conv(4),
            False,
            id="gate",
        ),
        pytest.param(squashed(ONCE, "Softmax").dense(4), True, id="between hidden layers"),
    ],
)
def test_reports(net: Net, found: bool) -> None:
    assert bool(double_softmax.run(net.facts())) == found


def test_old_operator_set_normalises_over_the_rest() -> None:
    rows = squashed(reshaped(LOGITS, 1, 2, 5), "Softmax", axis=1)
    assert not double_softmax.run(squashed(rows, "Softmax", axis=2).facts())
    assert not double_softmax.run(at(squashed(rows, "Softmax", axis=2), 11))
    assert double_softmax.run(at(squashed(rows, "Softmax", axis=1), 11))
    pixel = reshaped(squashed(LOGITS, "Softmax", axis=1), 1, 10, 1, 1)
    assert double_softmax.run(at(squashed(pixel, "Softmax", axis=1), 11))


@pytest.mark.parametrize(
    ("kinds", "known", "evidence"),
    [
        (("Softmax", "Softmax"), "none of 10 gets a probability above 0.23", (10, 0.232)),
        (("Softmax", "LogSoftmax"), "none of 10 gets a probability above 0.23", (10, 0.232)),
        (("Sigmoid", "Softmax"), "none of 10 gets a probability above 0.23", (10, 0.232)),
        (("Sigmoid", "Sigmoid"), "all lie between 0.5 and 0.731", (None, 0.7311)),
        (("Softmax", "Sigmoid"), "all lie between 0.5 and 0.731", (None, 0.7311)),
        (("LogSoftmax", "Sigmoid"), "nothing is above 0.5", (None, 0.5)),
    ],
)
def test_words(kinds: tuple[str, str], known: str, evidence: tuple[int | None, float]) -> None:
    inner, outer = kinds
    (finding,) = double_softmax.run(squashed(LOGITS, inner, outer).facts())
    names = [f"{inner.lower()}5", f"{outer.lower()}6"]
    assert [node.path for node in finding.nodes] == names[::-1]
    assert finding.message == f"{outer} of what {inner} {names[0]} made: {known}"
    assert finding.suggestion == (
        f"take {'Softmax' if outer == 'LogSoftmax' else 'one of the two'} out, and see "
        "whether the loss or the caller expects logits"
    )
    assert finding.evidence == dict(
        zip(("outer", "inner", "classes", "most"), (outer, inner, *evidence), strict=True)
    )
    assert finding.saving == Saving()
    assert finding.severity is None


def test_unknown_sizes() -> None:
    net = Net(3, 16).conv(8).op("Wavelet", domain="acme")
    (said,) = double_softmax.run(squashed(net, "Sigmoid", "Softmax").facts())
    assert said.message.endswith(": it hardly tells them apart")
    assert said.evidence["most"] is None
    assert not double_softmax.run(squashed(net, "Softmax", "Softmax").facts())


@pytest.mark.parametrize(("axis", "classes"), [(1, 10), (3, None)])
def test_open_grid(axis: int, classes: int | None) -> None:
    proto = squashed(Net(7, 8).conv(10), "Softmax", "Softmax", axis=axis).proto()
    for dim in proto.graph.input[0].type.tensor_type.shape.dim[2:]:
        dim.dim_param = "side"
    (finding,) = double_softmax.run(Facts(load(proto.SerializeToString())))
    assert finding.evidence["classes"] == classes


def test_open_batch() -> None:
    net = Net(3, 16, batch="n").conv(8).gap().flatten().dense(10)
    assert double_softmax.run(squashed(net, "Softmax", "Softmax").facts())


@pytest.mark.parametrize(
    ("net", "reasons"),
    [
        pytest.param(ONCE, ["its input is no probability"], id="logits"),
        pytest.param(
            squashed(MAP.mark("x"), "Sigmoid").mul("x").conv(4),
            [],
            id="SiLU",
        ),
        pytest.param(
            squashed(LOGITS, "LogSoftmax", "Softmax"),
            [
                "its input is no probability",
                "of logarithms of probabilities it gives the same again",
            ],
            id="and back",
        ),
        pytest.param(
            squashed(OF_MAP, "Softmax", axis=2),
            ["its input is no probability", "it is along another axis than softmax3"],
            id="another axis",
        ),
        pytest.param(
            squashed(Net(3, 8).op("Wavelet", domain="acme"), "Softmax", "Softmax"),
            ["its input is no probability", "the shapes of the two are not known"],
            id="unknown shape",
        ),
        pytest.param(
            squashed(MAP.mark("x").gap().conv(5, 1), "Sigmoid").mul("x").conv(4),
            ["it is no classifier: gate"],
            id="gate",
        ),
    ],
)
def test_reasons(net: Net, reasons: list[str]) -> None:
    said = list(double_softmax.remarks(net.facts()))
    assert [s.reason for s in said if isinstance(s, Silence)] == reasons


def test_numbers_of_the_manual() -> None:
    assert f"{e / (e + 9):.2g}" == "0.23"
    assert f"{e / (e + 999):.2g}" == "0.0027"
    assert f"{e / (e + 1):.3f}" == "0.731"
    probabilities = np.eye(10)[:1]
    twice = np.exp(probabilities) / np.exp(probabilities).sum()
    assert twice.max() == pytest.approx(e / (e + 9))
    assert double_softmax.severity is Severity.ERROR
    assert double_softmax.fix is Fix.NONE
