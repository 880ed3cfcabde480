import pytest

from cnnlint.lint.finding import Severity
from rules.graph.wrong_rank import wrong_rank
from tests.net import Net

IMAGE = Net(3, 16).conv(8, name="stem")


@pytest.mark.parametrize(
    ("net", "path", "message"),
    [
        pytest.param(
            IMAGE.shaped("w", 8, 72).op("Conv", "w", name="bad"),
            "bad",
            "the weight has 2 axes, the input 4",
            id="weight",
        ),
        pytest.param(
            Net(3, ()).shaped("w", 8, 3, 1, 1).op("Conv", "w", name="bad"),
            "bad",
            "the input has 2 axes, a convolution needs 3 or more",
            id="input",
        ),
        pytest.param(
            IMAGE.shaped("w", 8, 8).op("Gemm", "w", name="bad"),
            "bad",
            "Gemm multiplies matrices, but a is 1x8x16x16",
            id="Gemm",
        ),
        pytest.param(
            IMAGE.op("MaxPool", kernel_shape=[2], name="bad"),
            "bad",
            "a window of 1 axes on an input with 4 axes",
            id="pooling",
        ),
    ],
)
def test_reports(net: Net, path: str, message: str) -> None:
    (finding,) = wrong_rank.run(net.facts())
    assert (finding.nodes[0].path, finding.message) == (path, message)
    assert wrong_rank.severity is Severity.ERROR


@pytest.mark.parametrize(
    "net",
    [
        pytest.param(Net(3, (16,)).conv(8, 3), id="line"),
        pytest.param(IMAGE.gap().flatten().dense(4), id="dense"),
    ],
)
def test_silent(net: Net) -> None:
    assert not wrong_rank.run(net.facts())
    assert not net.model().defects
