import pytest

from cnnlint.lint.finding import Severity
from rules.graph.impossible_reshape import impossible_reshape
from tests.net import Net

IMAGE = Net(3, 16).conv(8, name="stem")


@pytest.mark.parametrize(
    ("net", "path", "message"),
    [
        pytest.param(
            IMAGE.stored("s", [1, 7]).op("Reshape", "s", name="bad"),
            "bad",
            "1x8x16x16 cannot be reshaped to 1x7",
            id="elements",
        ),
        pytest.param(
            IMAGE.stored("s", [-1, -1]).op("Reshape", "s", name="bad"),
            "bad",
            "an impossible target of -1x-1",
            id="two open",
        ),
        pytest.param(
            IMAGE.stored("s", [0, 0, 0, 0, 0]).op("Reshape", "s", name="bad"),
            "bad",
            "the 0 at axis 4 copies from 4 axes",
            id="copies",
        ),
        pytest.param(
            IMAGE.stored("a", [1]).op("Squeeze", "a", name="bad"),
            "bad",
            "axis 1 of 1x8x16x16 is squeezed but is not 1",
            id="squeeze",
        ),
        pytest.param(
            IMAGE.op("DepthToSpace", blocksize=3, name="bad"),
            "bad",
            "8 channels do not divide into blocks of 3x3",
            id="blocks",
        ),
    ],
)
def test_reports(net: Net, path: str, message: str) -> None:
    (finding,) = impossible_reshape.run(net.facts())
    assert (finding.nodes[0].path, finding.message) == (path, message)
    assert impossible_reshape.severity is Severity.ERROR


@pytest.mark.parametrize(
    "net",
    [
        pytest.param(IMAGE.stored("s", [0, -1]).op("Reshape", "s", name="bad"), id="flat"),
        pytest.param(IMAGE.stored("a", [0]).op("Squeeze", "a"), id="squeeze"),
        pytest.param(IMAGE.op("DepthToSpace", blocksize=2), id="blocks"),
    ],
)
def test_silent(net: Net) -> None:
    assert not impossible_reshape.run(net.facts())
    assert not net.model().defects
