import pytest

from cnnlint.lint.finding import Severity
from rules.graph.malformed_node import malformed_node
from tests.net import Net

IMAGE = Net(3, 16).conv(8, name="stem")


@pytest.mark.parametrize(
    ("net", "path", "message"),
    [
        pytest.param(
            IMAGE.op("MaxPool", name="bad"),
            "bad",
            "attribute kernel_shape is missing",
            id="missing",
        ),
        pytest.param(IMAGE.op("Conv", name="bad"), "bad", "input W is missing", id="no weight"),
        pytest.param(
            IMAGE.shaped("w", 8, 8, 3, 3).op("Conv", "w", name="bad", strides=[1.5, 1.5]),
            "bad",
            "attribute strides is not a list of integers",
            id="type",
        ),
        pytest.param(
            IMAGE.op("Conv", name="bad", colour="red"),
            "bad",
            "attribute colour is unknown to Conv at operator set 17",
            id="unknown",
        ),
        pytest.param(
            IMAGE.op("Gelu", name="bad"),
            "bad",
            "Gelu exists since operator set 20, the file imports 17",
            id="newer",
        ),
    ],
)
def test_reports(net: Net, path: str, message: str) -> None:
    (finding,) = malformed_node.run(net.facts())
    assert (finding.nodes[0].path, finding.message) == (path, message)
    assert malformed_node.severity is Severity.ERROR


@pytest.mark.parametrize(
    "net",
    [
        pytest.param(IMAGE.op("MaxPool", kernel_shape=[2, 2]), id="pooling"),
        pytest.param(IMAGE.op("Softmax", axis=-1), id="attribute"),
    ],
)
def test_silent(net: Net) -> None:
    assert not malformed_node.run(net.facts())
    assert not net.model().defects
