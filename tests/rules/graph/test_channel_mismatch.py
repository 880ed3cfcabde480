import pytest

from cnnlint.lint.finding import Severity
from rules.graph.channel_mismatch import channel_mismatch
from tests.net import Net

IMAGE = Net(3, 16).conv(8, name="stem")


@pytest.mark.parametrize(
    ("net", "path", "message"),
    [
        pytest.param(
            IMAGE.shaped("w", 8, 4, 3, 3).op("Conv", "w", name="bad"),
            "bad",
            "weight takes 4 input channels, the input has 8",
            id="convolution",
        ),
        pytest.param(
            IMAGE.shaped("w", 8, 2, 3, 3).op("Conv", "w", name="bad", group=2),
            "bad",
            "weight takes 4 input channels, the input has 8",
            id="grouped",
        ),
        pytest.param(
            IMAGE.shaped("w", 4, 8, 2, 2).op("ConvTranspose", "w", name="bad"),
            "bad",
            "weight takes 4 input channels, the input has 8",
            id="transposed",
        ),
    ],
)
def test_reports(net: Net, path: str, message: str) -> None:
    (finding,) = channel_mismatch.run(net.facts())
    assert (finding.nodes[0].path, finding.message) == (path, message)
    assert channel_mismatch.severity is Severity.ERROR


@pytest.mark.parametrize(
    "net",
    [
        pytest.param(IMAGE.shaped("w", 8, 8, 3, 3).op("Conv", "w", name="bad"), id="fits"),
        pytest.param(
            IMAGE.shaped("w", 8, 4, 3, 3).op("Conv", "w", name="bad", group=2), id="grouped"
        ),
        pytest.param(
            IMAGE.shaped("w", 8, 4, 2, 2).op("ConvTranspose", "w", name="good"), id="transposed"
        ),
    ],
)
def test_silent(net: Net) -> None:
    assert not channel_mismatch.run(net.facts())
    assert not net.model().defects
