import pytest

from cnnlint.lint.finding import Severity
from rules.graph.impossible_window import impossible_window
from tests.net import Net

IMAGE = Net(3, 16).conv(8, name="stem")


@pytest.mark.parametrize(
    ("net", "path", "message"),
    [
        pytest.param(
            IMAGE.shaped("w", 8, 8, 3, 3).op("Conv", "w", name="bad", strides=[0, 0]),
            "bad",
            "a stride of 0",
            id="stride",
        ),
        pytest.param(
            IMAGE.shaped("w", 8, 8, 3, 3).op("Conv", "w", name="bad", strides=[1, -1]),
            "bad",
            "a stride of -1",
            id="negative",
        ),
        pytest.param(
            IMAGE.shaped("w", 8, 8, 3, 3).op("Conv", "w", name="bad", dilations=[0, 1]),
            "bad",
            "a dilation of 0",
            id="dilation",
        ),
        pytest.param(
            IMAGE.shaped("w", 8, 8, 3, 3).op("Conv", "w", name="bad", pads=[1, 1, 1]),
            "bad",
            "pads has 3 values where 4 are needed",
            id="pads",
        ),
        pytest.param(
            IMAGE.shaped("w", 8, 8, 3, 3).op("Conv", "w", name="bad", auto_pad="WHATEVER"),
            "bad",
            "auto_pad has an unknown value",
            id="auto_pad",
        ),
        pytest.param(
            IMAGE.op("MaxPool", kernel_shape=[0, 2], name="bad"),
            "bad",
            "a kernel size of 0",
            id="pooling",
        ),
    ],
)
def test_reports(net: Net, path: str, message: str) -> None:
    (finding,) = impossible_window.run(net.facts())
    assert (finding.nodes[0].path, finding.message) == (path, message)
    assert impossible_window.severity is Severity.ERROR


@pytest.mark.parametrize(
    "net",
    [
        pytest.param(
            IMAGE.shaped("w", 8, 8, 3, 3).op(
                "Conv", "w", name="bad", strides=[2, 1], dilations=[1, 2], pads=[0, 1, 2, 3]
            ),
            id="odd but fine",
        ),
        pytest.param(
            IMAGE.shaped("w", 8, 8, 3, 3).op("Conv", "w", name="bad", auto_pad="SAME_UPPER"),
            id="same padding",
        ),
    ],
)
def test_silent(net: Net) -> None:
    assert not impossible_window.run(net.facts())
    assert not net.model().defects
