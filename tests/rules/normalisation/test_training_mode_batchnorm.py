import onnx
import pytest

from cnnlint.lint.finding import Fix, Severity, Silence
from rules.normalisation.training_mode_batchnorm import training_mode_batchnorm
from tests.net import Net

MAP = Net(3, 16).conv(8)


def trained(net: Net) -> Net:
    """Append a BatchNormalization in training mode."""
    net = net.bn()
    node: onnx.NodeProto = net.nodes[-1]
    node.attribute.append(onnx.helper.make_attribute("training_mode", 1))
    node.output.extend([f"{node.name}.mean", f"{node.name}.var"])
    return net


@pytest.mark.parametrize(
    ("net", "places", "message"),
    [
        pytest.param(
            trained(MAP.bn()),
            ["bn2"],
            "BatchNormalization in training mode: it normalises by its batch",
            id="one of two",
        ),
        pytest.param(
            trained(trained(MAP).relu().conv(8)),
            ["bn1", "bn4"],
            "2 BatchNormalization in training mode: they normalise by their batch",
            id="two",
        ),
    ],
)
def test_reports(net: Net, places: list[str], message: str) -> None:
    (finding,) = training_mode_batchnorm.run(net.facts())
    assert [node.path for node in finding.nodes] == places
    assert finding.message == message
    assert finding.suggestion == "export the model in inference mode: model.eval()"
    assert finding.evidence == {"count": len(places)}
    assert finding.severity is None


def test_inference_is_left_alone() -> None:
    (said,) = training_mode_batchnorm.remarks(MAP.bn().relu().facts())
    assert isinstance(said, Silence)
    assert said.node
    assert said.node.op == "BatchNormalization"
    assert said.reason == "it normalises by the statistics that training collected"


def test_standardised_weight_is_left_alone() -> None:
    """Its numbers are constants: no batch comes in."""
    net = Net(3, 16).shaped("w", 1, 3, 9)
    for part in ("s", "b", "m", "v"):
        net = net.shaped(part, 3)
    net = net.beside("BatchNormalization", "w", "s", "b", "m", "v", result="k", training_mode=1)
    assert not list(training_mode_batchnorm.remarks(net.op("Add", "k").facts()))


def test_severity() -> None:
    assert training_mode_batchnorm.severity is Severity.ERROR
    assert training_mode_batchnorm.fix is Fix.NONE
