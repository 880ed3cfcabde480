import pytest

from cnnlint.lint.finding import Severity
from rules.graph.axis_out_of_range import axis_out_of_range
from tests.net import Net

IMAGE = Net(3, 16).conv(8, name="stem")


@pytest.mark.parametrize(
    ("net", "path", "message"),
    [
        pytest.param(
            IMAGE.op("Softmax", axis=99, name="bad"),
            "bad",
            "axis 99 does not exist in a tensor with 4 axes",
            id="softmax",
        ),
        pytest.param(
            IMAGE.op("Transpose", perm=[0, 0, 9, 1], name="bad"),
            "bad",
            "perm does not order the 4 axes of the input",
            id="perm",
        ),
        pytest.param(
            IMAGE.op("Flatten", axis=5, name="bad"),
            "bad",
            "axis 5 does not exist in a tensor with 4 axes",
            id="flatten",
        ),
    ],
)
def test_reports(net: Net, path: str, message: str) -> None:
    (finding,) = axis_out_of_range.run(net.facts())
    assert (finding.nodes[0].path, finding.message) == (path, message)
    assert axis_out_of_range.severity is Severity.ERROR


@pytest.mark.parametrize(
    "net",
    [
        pytest.param(IMAGE.op("Softmax", axis=-4), id="first"),
        pytest.param(IMAGE.op("Softmax", axis=3), id="last"),
        pytest.param(IMAGE.op("Transpose", perm=[0, 2, 3, 1]), id="perm"),
    ],
)
def test_silent(net: Net) -> None:
    assert not axis_out_of_range.run(net.facts())
    assert not net.model().defects
