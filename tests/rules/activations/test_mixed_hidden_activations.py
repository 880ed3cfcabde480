import numpy as np
import pytest

from cnnlint.lint.finding import Fix, Saving, Severity, Silence
from rules.activations.mixed_hidden_activations import mixed_hidden_activations
from tests.net import Net

FIRST = Net(3, 16).conv(8, name="first")
FLAT = FIRST.relu().gap().flatten().dense(8)


def chain(*kinds: str, start: Net = FIRST) -> Net:
    """Put each activation between two convolutions."""
    net = start
    for kind in kinds:
        net = act(net, kind).conv(8)
    return net


def act(net: Net, kind: str) -> Net:
    """Append an activation."""
    if kind.startswith("Clip"):
        name = f"clip{len(net.nodes)}"
        least, most = (float(bound) for bound in kind[5:-1].split(","))
        net = net.stored(f"{name}.a", np.array(least, np.float32))
        net = net.stored(f"{name}.b", np.array(most, np.float32))
        return net.op("Clip", f"{name}.a", f"{name}.b", name=name)
    if kind == "PRelu":
        name = f"slope{len(net.nodes)}"
        return net.shaped(name, 8, 1, 1).op("PRelu", name)
    if kind == "SiLU":
        return net.mark("x").op("Sigmoid").mul("x")
    return net.op(kind)


def gated(net: Net, inner: str, gate: str) -> Net:
    """Append squeeze-and-excitation."""
    net = act(net.mark("se").gap().conv(8, 1), inner).conv(8, 1)
    return act(net, gate).mul("se")


@pytest.mark.parametrize(
    ("net", "options", "found"),
    [
        pytest.param(chain("Relu"), {}, False, id="one kind"),
        pytest.param(chain("Relu", "HardSwish"), {}, False, id="MobileNetV3"),
        pytest.param(chain("Relu", "HardSwish", "Elu"), {}, True, id="three kinds"),
        pytest.param(
            chain("Relu", "HardSwish", "Elu"), {"max_kinds": 3}, False, id="three allowed"
        ),
        pytest.param(chain("Relu", "HardSwish"), {"max_kinds": 1}, True, id="one allowed"),
        pytest.param(chain("Relu", "SiLU", "Softplus"), {}, True, id="a kind of two operators"),
        pytest.param(
            chain("Relu", "LeakyRelu", "PRelu", "Clip(0,6)", "Clip(0,3)", "Elu"),
            {},
            False,
            id="rectifiers are one kind",
        ),
        pytest.param(chain("Relu", "Elu", "Clip(-4,4)"), {}, False, id="a limit is no activation"),
        pytest.param(chain("Relu", "Tanh"), {}, True, id="ReLU and Tanh"),
        pytest.param(chain("SiLU", "Sigmoid"), {}, True, id="SiLU and Sigmoid"),
        pytest.param(chain("Tanh", "Sigmoid"), {}, False, id="two that saturate"),
        pytest.param(chain("Tanh", "Sigmoid", "Softsign"), {}, True, id="three that saturate"),
        pytest.param(
            chain("Relu", "Tanh"), {"max_kinds": 9}, True, id="mixed, whatever is allowed"
        ),
        pytest.param(
            gated(chain("Relu", "HardSwish"), "Elu", "Sigmoid").conv(8), {}, False, id="SE"
        ),
        pytest.param(
            gated(chain("Relu"), "Tanh", "HardSigmoid").conv(8), {}, False, id="inside a gate"
        ),
        pytest.param(act(chain("Relu", "Elu"), "Tanh"), {}, False, id="output"),
        pytest.param(chain("Relu", "Elu", "Softmax"), {}, False, id="Softmax"),
        pytest.param(FLAT.op("Tanh").dense(10), {}, False, id="Tanh before the logits"),
        pytest.param(FLAT.op("Tanh").dense(8).op("Tanh").dense(10), {}, True, id="two Tanh"),
        pytest.param(FLAT.op("Sigmoid").dense(10), {}, True, id="Sigmoid before the logits"),
        pytest.param(
            chain("Relu", "Elu").mark("end").op("Selu").conv(8).goto("end"),
            {},
            False,
            id="dead end",
        ),
        pytest.param(Net(3, 16).op("Flatten"), {}, False, id="no activation"),
    ],
)
def test_reports(net: Net, options: dict[str, int], found: bool) -> None:
    assert len(mixed_hidden_activations.run(net.facts(), options)) == found


@pytest.mark.parametrize(
    ("net", "places", "message", "better"),
    [
        pytest.param(
            chain("Relu", "Tanh", "LeakyRelu"),
            ["tanh3"],
            "2 kinds of activations between hidden layers: 2 Relu, 1 Tanh, of which some saturate "
            "and some don't",
            "Relu",
            id="Relu and Tanh",
        ),
        pytest.param(
            chain("Tanh", "Relu", "Tanh"),
            ["tanh1", "tanh5"],
            "2 kinds of activations between hidden layers: 2 Tanh, 1 Relu, of which some saturate "
            "and some don't",
            "Relu",
            id="most saturate",
        ),
        pytest.param(
            chain("Elu", "Relu", "HardSwish", "HardSwish"),
            ["elu1", "relu3"],
            "3 kinds of activations between hidden layers: 2 HardSwish, 1 Elu, 1 Relu",
            "HardSwish",
            id="three kinds",
        ),
    ],
)
def test_words(net: Net, places: list[str], message: str, better: str) -> None:
    (finding,) = mixed_hidden_activations.run(net.facts())
    assert [node.path for node in finding.nodes] == places
    assert finding.message == message
    assert finding.suggestion == f"{better} everywhere; needs retraining"
    assert finding.severity is None
    assert finding.saving == Saving()


def test_evidence() -> None:
    (finding,) = mixed_hidden_activations.run(chain("Tanh", "Relu", "Relu").facts())
    assert finding.evidence == {
        "kinds": ("Tanh", "Relu"),
        "counts": (1, 2),
        "max_kinds": 2,
        "mixed_with_saturating": True,
        "instead": "Relu",
    }
    assert mixed_hidden_activations.severity is Severity.NOTE
    assert mixed_hidden_activations.fix is Fix.UNSAFE


def test_reasons() -> None:
    net = gated(chain("Relu", "Clip(-1,9)"), "Elu", "Sigmoid").gap().flatten().dense(8)
    said = list(mixed_hidden_activations.remarks(net.op("Tanh").dense(10).relu().facts()))
    assert [(s.node and s.node.op, s.reason) for s in said if isinstance(s, Silence)] == [
        ("Clip", "Clip is no function of a hidden layer"),
        ("Elu", "not on the trunk but inside a gate"),
        ("Sigmoid", "not between hidden layers: gate"),
        ("Tanh", "Tanh between the last two dense layers, as in the first ViT"),
        ("Relu", "not between hidden layers: output"),
        (None, "not more than 2 kinds: 1 Relu"),
    ]


def test_reason_of_the_kind_that_is_suggested() -> None:
    said = list(mixed_hidden_activations.remarks(chain("LeakyRelu", "Tanh", "Relu").facts()))
    assert [(s.node and s.node.op, s.reason) for s in said if isinstance(s, Silence)] == [
        ("LeakyRelu", "it is of the kind that is suggested, Relu"),
        ("Relu", "it is of the kind that is suggested, Relu"),
    ]


def test_no_activation_at_all() -> None:
    (said,) = mixed_hidden_activations.remarks(Net(3, 16).op("Flatten").facts())
    assert said == Silence(None, "not more than 2 kinds: none")
