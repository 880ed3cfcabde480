import pytest

from cnnlint.lint.finding import Severity
from rules.graph.impossible_size import impossible_size
from tests.net import Net

IMAGE = Net(3, 16).conv(8, name="stem")


@pytest.mark.parametrize(
    ("net", "path", "message"),
    [
        pytest.param(
            IMAGE.stored("s", [-1, 4]).joined("ConstantOfShape", "s"),
            "constantofshape1",
            "an axis of -1",
            id="negative",
        ),
        pytest.param(
            IMAGE.stored("p", [0] * 7 + [2**63 - 1]).op("Pad", "p", name="bad"),
            "bad",
            "an axis beyond 64 bits",
            id="overflow",
        ),
    ],
)
def test_reports(net: Net, path: str, message: str) -> None:
    (finding,) = impossible_size.run(net.facts())
    assert (finding.nodes[0].path, finding.message) == (path, message)
    assert impossible_size.severity is Severity.ERROR


@pytest.mark.parametrize(
    "net",
    [
        pytest.param(IMAGE.stored("p", [0] * 6 + [1, 1]).op("Pad", "p"), id="padded"),
    ],
)
def test_silent(net: Net) -> None:
    assert not impossible_size.run(net.facts())
    assert not net.model().defects
