import numpy as np
import pytest

from cnnlint.lint.finding import Fix, Severity, Silence
from rules.normalisation.active_dropout import active_dropout
from tests.net import Net

ON = Net(8, 1).stored("on", np.array(True)).stored("off", np.array(False))
HEAD = ON.stored("none", np.array(0, np.float32)).flatten().dense(8)


def dropped(net: Net, training: str, ratio: str = "", name: str = "") -> Net:
    return net.op("Dropout", ratio, training, name=name)


@pytest.mark.parametrize(
    ("net", "places", "message"),
    [
        pytest.param(
            dropped(dropped(HEAD, "on", name="a"), "off"),
            ["a"],
            "Dropout in training mode: it drops numbers at each run",
            id="one of two",
        ),
        pytest.param(
            dropped(dropped(HEAD, "on", name="a").relu(), "on", name="b"),
            ["a", "b"],
            "2 Dropout in training mode: they drop numbers at each run",
            id="two",
        ),
    ],
)
def test_reports(net: Net, places: list[str], message: str) -> None:
    (finding,) = active_dropout.run(net.facts())
    assert [node.path for node in finding.nodes] == places
    assert finding.message == message
    assert finding.suggestion == (
        f"take {'it' if len(places) == 1 else 'them'} out, or export the model in inference mode: "
        "model.eval()"
    )
    assert finding.evidence == {"count": len(places)}
    assert finding.severity is None


@pytest.mark.parametrize(
    ("net", "reason"),
    [
        pytest.param(HEAD.op("Dropout"), "it is not in training mode", id="inference"),
        pytest.param(dropped(HEAD, "off"), "it is not in training mode", id="switched off"),
        pytest.param(dropped(HEAD, "on", "none"), "its ratio is 0", id="ratio of 0"),
        pytest.param(
            dropped(HEAD, "input"), "an input of the model decides whether it drops", id="asked"
        ),
    ],
)
def test_reasons(net: Net, reason: str) -> None:
    (said,) = active_dropout.remarks(net.facts())
    assert isinstance(said, Silence)
    assert said.node
    assert said.node.op == "Dropout"
    assert said.reason == reason


def test_severity() -> None:
    assert active_dropout.severity is Severity.ERROR
    assert active_dropout.fix is Fix.SAFE
