import pytest

from cnnlint.facts.facts import Facts
from cnnlint.facts.reach.resized import can_be_tried, is_open, scaled, spatial_inputs, tried
from cnnlint.model.graph import Input, Shape, StaticShape
from cnnlint.model.loader import load
from tests.net import Net

NET = Net(3, 32, batch="n").conv(8, name="a").relu()


def test_inputs_that_windows_run_along() -> None:
    facts = NET.facts()
    ((entry, axes),) = spatial_inputs(facts.model, facts.receptive)
    assert (entry.name, axes) == ("input", (2, 3))
    assert [is_open(entry, axis) for axis in range(4)] == [True, False, False, False]
    flat = Net(3, ()).dense(4).facts()
    assert spatial_inputs(flat.model, flat.receptive) == []


def test_another_shape() -> None:
    model = NET.flatten().model()
    trial = tried(model, {"input": (2, 3, 48, 40)})
    assert (trial.fault, trial.node, trial.outputs) == ("", None, ((2, 8 * 48 * 40),))
    assert trial.shapes == {"input": (2, 3, 48, 40)}
    assert model.static("input") == (1, 3, 32, 32)


def test_what_is_baked_in() -> None:
    model = NET.flatten().dense(10, cin=8 * 32 * 32, name="fc").model()
    assert tried(model, {"input": (2, 3, 32, 32)}).fault == ""
    trial = tried(model, {"input": (1, 3, 64, 64)})
    assert trial.fault.startswith("a product over 32768 columns")
    assert trial.node is not None
    assert trial.node.path == "fc"
    assert trial.outputs == (None,)


def test_shapes_that_the_file_declares_by_a_symbol_follow() -> None:
    proto = NET.proto()
    node = proto.graph.node[1]
    node.op_type = "Anything"
    shape = proto.graph.output[0].type.tensor_type.shape
    for name in ("n", "c", "h"):
        shape.dim.add(dim_param=name)
    model = load(proto.SerializeToString())
    assert tried(model, {"input": (5, 3, 32, 32)}).outputs == (None,)


@pytest.mark.parametrize(
    ("net", "possible"),
    [
        pytest.param(NET, True, id="sound"),
        pytest.param(NET.shaped("w", 4, 4, 1, 1).op("Conv", "w"), False, id="it doesn't run"),
        pytest.param(NET.op("Anything"), False, id="unknown operator"),
    ],
)
def test_what_can_be_tried(net: Net, possible: bool) -> None:
    assert can_be_tried(net.model()) is possible


def test_operators_that_cannot_be_followed() -> None:
    proto = NET.proto()
    proto.graph.node[1].domain = "acme"
    assert not can_be_tried(Facts(load(proto.SerializeToString())).model)
    proto.graph.node[1].domain = "com.microsoft"
    assert can_be_tried(Facts(load(proto.SerializeToString())).model)
    proto.graph.node[1].domain = ""
    proto.opset_import[0].version = 99
    assert not can_be_tried(Facts(load(proto.SerializeToString())).model)


@pytest.mark.parametrize(
    ("bound", "axes", "times", "expected"),
    [
        ((1, 3, 8, 6), (2, 3), 2.0, (1, 3, 16, 12)),
        ((1, 3, 8, 7), (2, 3), 0.5, (1, 3, 4, 3)),
        ((1, 3, 8, 7), (3,), 2.0, (1, 3, 8, 14)),
        ((1, 3, 1, 7), (2,), 0.5, (1, 3, 1, 7)),
        ((1, 3, None, 7), (2, 3), 2.0, (1, 3, 448, 14)),
        ((1, 3, None, 7), (2,), 0.5, (1, 3, 224, 7)),
        ((1, None, 8, 7), (2,), 2.0, None),
        (None, (), 2.0, ()),
    ],
)
def test_scaled_sizes(
    bound: Shape | None, axes: tuple[int, ...], times: float, expected: StaticShape | None
) -> None:
    found = scaled([(Input("x", None, bound, bound), axes)], times)
    assert found == (None if expected is None else {"x": expected})
