import pytest

from cnnlint.lint.finding import Severity
from rules.graph.empty_weight import empty_weight
from tests.net import Net

IMAGE = Net(3, 16).conv(8, name="stem")


@pytest.mark.parametrize(
    ("net", "message"),
    [
        pytest.param(
            IMAGE.shaped("w", 8, 8, 0, 3).op("Conv", "w", kernel_shape=[3, 3], name="bad"),
            "the weight is 8x8x0x3: it holds no numbers",
            id="side",
        ),
        pytest.param(
            IMAGE.shaped("w", 8, 0, 3, 3).op("Conv", "w", name="bad"),
            "the weight is 8x0x3x3: it holds no numbers",
            id="input channels",
        ),
        pytest.param(
            IMAGE.shaped("w", 8, 0, 2, 2).op("ConvTranspose", "w", name="bad"),
            "the weight is 8x0x2x2: it holds no numbers",
            id="transposed",
        ),
    ],
)
def test_reports(net: Net, message: str) -> None:
    (finding,) = empty_weight.run(net.facts())
    assert finding.nodes[0].path == "bad"
    assert finding.message == message
    assert empty_weight.severity is Severity.ERROR


def test_silent() -> None:
    assert not empty_weight.run(IMAGE.conv(4, 1).conv_transpose(4, 2).facts())
