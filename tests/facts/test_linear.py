import numpy as np
import pytest

from tests.net import Net

STEM = Net(3, 8).conv(4, name="a")
TWO = STEM.stored("two", np.array(2, np.float32))


def normalised(net: Net, *, training: int = 0) -> Net:
    """Append a BatchNormalization."""
    net = net.shaped("s", 4).shaped("b", 4).shaped("m", 4).shaped("v", 4)
    return net.op("BatchNormalization", "s", "b", "m", "v", training_mode=training)


@pytest.mark.parametrize(
    ("net", "between"),
    [
        pytest.param(STEM, [], id="nothing between"),
        pytest.param(normalised(STEM), ["BatchNormalization"], id="normalisation"),
        pytest.param(normalised(STEM, training=1), None, id="in training mode"),
        pytest.param(STEM.op("Transpose", perm=[0, 2, 3, 1]), ["Transpose"], id="layout"),
        pytest.param(TWO.op("Mul", "two").op("Add", "two"), ["Add", "Mul"], id="scale and shift"),
        pytest.param(TWO.op("Div", "two"), ["Div"], id="divided by a constant"),
        pytest.param(STEM.op("Mul", "a_out"), None, id="a square"),
        pytest.param(STEM.op("Add", "input"), None, id="a sum of two"),
        pytest.param(STEM.relu(), None, id="activation"),
        pytest.param(STEM.op("Clip"), None, id="another activation"),
        pytest.param(STEM.op("AveragePool", kernel_shape=[2, 2]), None, id="pool"),
        pytest.param(Net(3, 8).op("Identity"), None, id="no layer"),
    ],
)
def test_linear_source(net: Net, between: list[str] | None) -> None:
    facts = net.facts()
    layer, passed = facts.linear_source(net.last)
    assert (layer is None) == (between is None)
    if between is not None:
        assert layer is not None
        assert layer.node.path == "a"
        assert [node.op for node in passed] == between


def test_a_constant_divided_by_data_is_not_affine() -> None:
    net = TWO.joined("Div", "two", "a_out")
    assert net.facts().linear_source(net.last)[0] is None
