import pytest

from cnnlint.lint.finding import Severity
from rules.graph.indivisible_groups import indivisible_groups
from tests.net import Net

IMAGE = Net(3, 16).conv(8, name="stem")


@pytest.mark.parametrize(
    ("net", "path", "message"),
    [
        pytest.param(
            IMAGE.shaped("w", 8, 8, 3, 3).op("Conv", "w", name="bad", group=0),
            "bad",
            "a group count of 0",
            id="none",
        ),
        pytest.param(
            IMAGE.shaped("w", 8, 8, 3, 3).op("Conv", "w", name="bad", group=-3),
            "bad",
            "a group count of -3",
            id="negative",
        ),
        pytest.param(
            IMAGE.shaped("w", 9, 2, 3, 3).op("Conv", "w", name="bad", group=3),
            "bad",
            "8 input channels do not divide into 3 groups",
            id="input",
        ),
        pytest.param(
            IMAGE.shaped("w", 7, 4, 3, 3).op("Conv", "w", name="bad", group=2),
            "bad",
            "7 output channels do not divide into 2 groups",
            id="output",
        ),
    ],
)
def test_reports(net: Net, path: str, message: str) -> None:
    (finding,) = indivisible_groups.run(net.facts())
    assert (finding.nodes[0].path, finding.message) == (path, message)
    assert indivisible_groups.severity is Severity.ERROR


@pytest.mark.parametrize(
    "net",
    [
        pytest.param(
            IMAGE.shaped("w", 8, 1, 3, 3).op("Conv", "w", name="bad", group=8), id="depthwise"
        ),
        pytest.param(
            IMAGE.shaped("w", 16, 4, 3, 3).op("Conv", "w", name="bad", group=2), id="grouped"
        ),
    ],
)
def test_silent(net: Net) -> None:
    assert not indivisible_groups.run(net.facts())
    assert not net.model().defects
