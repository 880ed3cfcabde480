import pytest

from cnnlint.lint.finding import Severity
from rules.graph.shape_mismatch import shape_mismatch
from tests.net import Net

IMAGE = Net(3, 16).conv(8, name="stem").mark("way")


@pytest.mark.parametrize(
    ("net", "path", "message"),
    [
        pytest.param(
            IMAGE.conv(8, stride=2).add("way"),
            "add2",
            "shapes 1x8x8x8 and 1x8x16x16 do not broadcast",
            id="shortcut",
        ),
        pytest.param(
            IMAGE.conv(8, stride=2).concat("way"),
            "concat2",
            "1x8x8x8 and 1x8x16x16 do not concatenate along axis 1",
            id="concat",
        ),
        pytest.param(
            IMAGE.gap().flatten().dense(4, cin=5, name="fc"),
            "fc",
            "a product over 8 columns of the first and 5 rows of the second matrix",
            id="dense",
        ),
    ],
)
def test_reports(net: Net, path: str, message: str) -> None:
    (finding,) = shape_mismatch.run(net.facts())
    assert (finding.nodes[0].path, finding.message) == (path, message)
    assert shape_mismatch.severity is Severity.ERROR


@pytest.mark.parametrize(
    "net",
    [
        pytest.param(IMAGE.conv(8).add("way"), id="shortcut"),
        pytest.param(IMAGE.conv(4).concat("way"), id="concat"),
        pytest.param(IMAGE.gap().mul("way"), id="broadcast"),
        pytest.param(IMAGE.gap().flatten().dense(4), id="dense"),
    ],
)
def test_silent(net: Net) -> None:
    assert not shape_mismatch.run(net.facts())
    assert not net.model().defects
