import pytest

from cnnlint.lint.finding import Severity
from rules.graph.kernel_shape_mismatch import kernel_shape_mismatch
from tests.net import Net

IMAGE = Net(3, 16).conv(8, name="stem")


@pytest.mark.parametrize(
    ("net", "path", "message"),
    [
        pytest.param(
            IMAGE.shaped("w", 8, 8, 3, 3).op("Conv", "w", name="bad", kernel_shape=[5, 5]),
            "bad",
            "kernel_shape is 5x5, the weight is 3x3",
            id="sides",
        ),
        pytest.param(
            IMAGE.shaped("w", 8, 8, 3, 3).op("Conv", "w", name="bad", kernel_shape=[3]),
            "bad",
            "kernel_shape is 3, the weight is 3x3",
            id="axes",
        ),
    ],
)
def test_reports(net: Net, path: str, message: str) -> None:
    (finding,) = kernel_shape_mismatch.run(net.facts())
    assert (finding.nodes[0].path, finding.message) == (path, message)
    assert kernel_shape_mismatch.severity is Severity.ERROR


@pytest.mark.parametrize(
    "net",
    [
        pytest.param(
            IMAGE.shaped("w", 8, 8, 3, 3).op("Conv", "w", name="bad", kernel_shape=[3, 3]),
            id="same",
        ),
        pytest.param(IMAGE.shaped("w", 8, 8, 3, 3).op("Conv", "w", name="bad"), id="left out"),
    ],
)
def test_silent(net: Net) -> None:
    assert not kernel_shape_mismatch.run(net.facts())
    assert not net.model().defects
