import pytest

from cnnlint.lint.finding import Severity
from rules.graph.parameter_length import parameter_length
from tests.net import Net

IMAGE = Net(3, 16).conv(8, name="stem")


@pytest.mark.parametrize(
    ("net", "path", "message"),
    [
        pytest.param(
            IMAGE.shaped("w", 4, 8, 3, 3).shaped("b", 5).op("Conv", "w", "b", name="bad"),
            "bad",
            "bias has 5 values for 4 output channels",
            id="bias",
        ),
        pytest.param(
            IMAGE.shaped("g", 8)
            .shaped("m", 7)
            .op("BatchNormalization", "g", "g", "m", "g", name="bad"),
            "bad",
            "mean has 7 values for 8 channels",
            id="statistic",
        ),
    ],
)
def test_reports(net: Net, path: str, message: str) -> None:
    (finding,) = parameter_length.run(net.facts())
    assert (finding.nodes[0].path, finding.message) == (path, message)
    assert parameter_length.severity is Severity.ERROR


@pytest.mark.parametrize(
    "net",
    [
        pytest.param(IMAGE.conv(4).bn(), id="fits"),
    ],
)
def test_silent(net: Net) -> None:
    assert not parameter_length.run(net.facts())
    assert not net.model().defects
