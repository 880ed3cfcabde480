import pytest

from cnnlint.lint.finding import Severity
from rules.graph.window_exceeds_input import window_exceeds_input
from tests.net import Net

IMAGE = Net(3, 16).conv(8, name="stem")


@pytest.mark.parametrize(
    ("net", "path", "message"),
    [
        pytest.param(
            IMAGE.conv(8, 31, pad=0, name="bad"),
            "bad",
            "a window of 31 does not fit into the padded input of 16",
            id="kernel",
        ),
        pytest.param(
            IMAGE.conv(8, 3, pad=0, dilation=8, name="bad"),
            "bad",
            "a window of 17 does not fit into the padded input of 16",
            id="dilated",
        ),
        pytest.param(
            IMAGE.op("MaxPool", kernel_shape=[17, 17], name="bad"),
            "bad",
            "a window of 17 does not fit into the padded input of 16",
            id="pooling",
        ),
        pytest.param(
            Net(3, 1).conv_transpose(8, 2, pad=1, name="bad"),
            "bad",
            "a padding of 2 leaves nothing of an output of 2",
            id="transposed",
        ),
    ],
)
def test_reports(net: Net, path: str, message: str) -> None:
    (finding,) = window_exceeds_input.run(net.facts())
    assert (finding.nodes[0].path, finding.message) == (path, message)
    assert window_exceeds_input.severity is Severity.ERROR


@pytest.mark.parametrize(
    "net",
    [
        pytest.param(IMAGE.conv(8, 31, pad=8), id="padded"),
        pytest.param(IMAGE.conv(8, 16, pad=0), id="just fits"),
        pytest.param(IMAGE.op("MaxPool", kernel_shape=[16, 16]), id="pooling"),
    ],
)
def test_silent(net: Net) -> None:
    assert not window_exceeds_input.run(net.facts())
    assert not net.model().defects
