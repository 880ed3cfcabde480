from typing import Any

import numpy as np
import onnx
import pytest

from cnnlint.facts.training.modes import Dropping, dropping, normalises_by_batch
from cnnlint.model.graph import Model
from cnnlint.model.loader import load
from tests.net import Net

IMAGE = Net(4, 8)


def at(net: Net, opset: int) -> Model:
    """Load a network as one of another operator set."""
    proto = net.proto()
    proto.opset_import[0].version = opset
    return load(proto.SerializeToString())


def normalised(net: Net, outputs: int = 1, **attrs: int) -> Net:
    """Append a BatchNormalization with so many outputs."""
    net = net.bn()
    node: onnx.NodeProto = net.nodes[-1]
    node.output.extend(f"more{i}" for i in range(1, outputs))
    node.attribute.extend(onnx.helper.make_attribute(key, value) for key, value in attrs.items())
    return net


@pytest.mark.parametrize(
    ("net", "opset", "by_batch"),
    [
        pytest.param(normalised(IMAGE), 17, False, id="inference"),
        pytest.param(normalised(IMAGE, 3, training_mode=1), 17, True, id="attribute"),
        pytest.param(normalised(IMAGE, 3, training_mode=1), 14, True, id="first with it"),
        pytest.param(normalised(IMAGE, 1, training_mode=1), 14, True, id="outputs left out"),
        pytest.param(normalised(IMAGE, 1, training_mode=0), 17, False, id="attribute of 0"),
        pytest.param(normalised(IMAGE, 3), 17, False, id="outputs say nothing any more"),
        pytest.param(normalised(IMAGE), 13, False, id="one output"),
        pytest.param(normalised(IMAGE, 5), 13, True, id="five outputs"),
        pytest.param(normalised(IMAGE, 5), 7, True, id="first of which outputs decide"),
        pytest.param(normalised(IMAGE, 1, is_test=1), 6, False, id="test"),
        pytest.param(normalised(IMAGE, 1), 6, True, id="no test"),
        pytest.param(normalised(IMAGE, 1), 7, False, id="test is no more"),
    ],
)
def test_batch_normalisation(net: Net, opset: int, by_batch: bool) -> None:
    model = at(net, opset)
    assert normalises_by_batch(model, model.nodes[0]) is by_batch


def test_absent_outputs_are_none() -> None:
    net = normalised(IMAGE)
    net.nodes[-1].output.extend(["", ""])
    model = at(net, 13)
    assert not normalises_by_batch(model, model.nodes[0])


def dropped(training: bool | None, ratio: float | None = None) -> Net:
    """Drop numbers of an image, or not."""
    net, names = IMAGE, ["", ""]
    if ratio is not None:
        net, names[0] = net.stored("ratio", np.array(ratio, np.float32)), "ratio"
    if training is not None:
        net, names[1] = net.stored("training", np.array(training)), "training"
    return net.op("Dropout", *names)


@pytest.mark.parametrize(
    ("net", "opset", "verdict"),
    [
        pytest.param(IMAGE.op("Dropout"), 17, Dropping.NO, id="one input"),
        pytest.param(dropped(None), 17, Dropping.NO, id="absent inputs"),
        pytest.param(dropped(False), 17, Dropping.NO, id="false"),
        pytest.param(dropped(True), 17, Dropping.YES, id="true"),
        pytest.param(dropped(True), 12, Dropping.YES, id="first with the input"),
        pytest.param(dropped(True, 0.2), 17, Dropping.YES, id="ratio"),
        pytest.param(dropped(True, 0), 17, Dropping.NOTHING, id="ratio of 0"),
        pytest.param(dropped(False, 0), 17, Dropping.NO, id="ratio of 0, not training"),
        pytest.param(
            IMAGE.op("Dropout", "", "input"),
            17,
            Dropping.ASKED,
            id="an input decides",
        ),
        pytest.param(IMAGE.op("Dropout", ratio=0.5), 11, Dropping.NO, id="never drops"),
        pytest.param(IMAGE.op("Dropout", ratio=0.5), 7, Dropping.NO, id="first that never does"),
        pytest.param(IMAGE.op("Dropout", ratio=0.5), 6, Dropping.YES, id="no test"),
        pytest.param(IMAGE.op("Dropout", is_test=1), 6, Dropping.NO, id="test"),
        pytest.param(IMAGE.op("Dropout", ratio=0.0), 6, Dropping.NOTHING, id="old ratio of 0"),
    ],
)
def test_dropout(net: Net, opset: int, verdict: Dropping) -> None:
    model = at(net, opset)
    assert dropping(model, model.nodes[-1]) is verdict


def test_unknown_ratio_drops() -> None:
    net = IMAGE.stored("on", np.array(True)).op("Dropout", "input", "on")
    model = at(net, 17)
    assert dropping(model, model.nodes[0]) is Dropping.YES


def test_file_without_operator_set() -> None:
    proto = dropped(True).proto()
    proto.opset_import[0].domain = "acme"
    model = load(proto.SerializeToString())
    assert dropping(model, model.nodes[0]) is Dropping.YES


def test_ratio_without_a_number_drops() -> None:
    net = IMAGE.stored("on", np.array(True)).stored("none", np.zeros(0, np.float32))
    model = at(net.op("Dropout", "none", "on"), 17)
    assert dropping(model, model.nodes[0]) is Dropping.YES


@pytest.mark.parametrize("flag", [np.array(1j), np.array("yes"), np.array([True, True])])
def test_flag_that_is_no_number_is_unknown(flag: "np.ndarray[Any, Any]") -> None:
    net = IMAGE.stored("flag", flag).op("Dropout", "", "flag")
    model = at(net, 17)
    assert dropping(model, model.nodes[0]) is Dropping.ASKED
