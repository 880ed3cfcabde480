"""Receptive fields and useful input sizes of real exports."""

from fractions import Fraction
from pathlib import Path

import pytest

from cnnlint.facts.facts import Facts
from cnnlint.facts.reach.receptive import model_receptive_field
from cnnlint.model.loader import load
from tests.facts.reached import (
    NO_GATES,
    reaches,
)
from tests.net import Net

ZOO = {
    "alexnet": 195,
    "convnext_tiny": 1688,
    "densenet121": 2071,
    "efficientnet_b0": 851,
    "googlenet": 379,
    "inception_v3": 1311,
    "mobilenet_v2": 491,
    "mobilenet_v3_small": 639,
    "regnet_x_400mf": 975,
    "resnet18": 435,
    "resnet50": 427,
    "shufflenet_v2_x1_0": 527,
    "squeezenet1_1": 207,
    "vgg16": 212,
}


@pytest.mark.parametrize("exporter", ["ts", "dy"])
@pytest.mark.parametrize(("name", "size"), ZOO.items(), ids=ZOO)
def test_known_receptive_fields(corpus: Path, name: str, size: int, exporter: str) -> None:
    model = load(corpus / "torchvision" / f"{name}.{exporter}.onnx")
    assert model_receptive_field(model, reaches(model), NO_GATES) == (size, size)


@pytest.mark.parametrize(
    ("file", "size"),
    [
        ("keras/ConvNeXtTiny.onnx", 1688),
        ("keras/MobileNetV2.onnx", 491),
        ("keras/VGG16.onnx", 212),
        ("timm/regnety_004.ts.onnx", 575),
        ("timm/tresnet_m.ts.onnx", 4 * 183),
        ("torchvision/swin_t.ts.onnx", 952),
        ("torchvision/swin_t.dy.onnx", 952),
    ],
)
def test_more_known_receptive_fields(corpus: Path, file: str, size: int) -> None:
    model = load(corpus / file)
    assert model_receptive_field(model, reaches(model), NO_GATES) == (size, size)


@pytest.mark.parametrize(
    ("name", "sides"), [("resnet18", (76, 435)), ("resnet50", (12, 427)), ("vgg16", (165, 212))]
)
def test_useful_input_sizes(corpus: Path, name: str, sides: tuple[int, int]) -> None:
    assert Facts(load(corpus / "torchvision" / f"{name}.ts.onnx")).useful_input == sides


@pytest.mark.parametrize(
    ("net", "sides"),
    [
        (Net(3, 32).conv(8).relu(), (2, 3)),
        (Net(3, 32).conv(8).mark("x").conv(8).add("x").conv(8), (4, 7)),  # 3, not 5, are seen
        (Net(3, 32).conv(8).conv(8, 1), (2, 3)),  # a pointwise one adds no context anywhere
        (Net(3, 32).conv(8, (1, 7)).conv(8, (7, 1)), (2, 7)),
        (Net(3, 32).conv(8, (3, 5)).conv(8, 3), None),  # from 6 up on one axis, to 5 on the other
        (Net(3, 32).conv(8, (3, 4)).conv(8, 3), (5, 5)),
        (Net(3, 32).conv(8, (3, 1)), None),
        (Net(3, 32).conv(8, 1), None),
        (Net(8, ()).dense(4), None),
    ],
)
def test_useful_input(net: Net, sides: tuple[int, int] | None) -> None:
    assert net.facts().useful_input == sides


def test_useful_input_does_not_look_into_gates() -> None:
    net = Net(3, 32).conv(8).mark("x").conv(8, 9).conv(8, 9).op("Sigmoid").mul("x")
    assert net.facts().useful_input == (2, 3)


def test_a_model_with_a_layer_that_cannot_run_takes_no_input() -> None:
    net = Net(3, 32).conv(8).relu()
    assert net.shaped("w", 8, 9, 1, 1).op("Conv", "w").facts().useful_input is None
    proto = net.proto()
    proto.graph.output[0].type.tensor_type.shape.SetInParent()  # a scalar, which it isn't
    model = load(proto.SerializeToString())
    assert len(model.defects) == 1
    assert Facts(model).useful_input == (2, 3)


def test_the_shortest_path_of_resnet18(corpus: Path) -> None:
    model = load(corpus / "torchvision" / "resnet18.ts.onnx")
    found = reaches(model)
    conv = [node for node in model.nodes if node.op == "Conv"][-1]
    assert found[conv.inputs[0]].smallest == (75, 75)
    assert found[conv.outputs[0]].smallest == (139, 139)
    assert found[conv.outputs[0]].jump == (Fraction(32),) * 2


@pytest.mark.parametrize("exporter", ["ts", "dy"])
def test_every_tensor_of_a_transformer_is_followed(corpus: Path, exporter: str) -> None:
    facts = Facts(load(corpus / "torchvision" / f"vit_b_16.{exporter}.onnx"))
    assert {node.outputs[0] for node in facts.nodes} <= set(facts.receptive)
    assert facts.receptive[facts.model.outputs[0]].is_global
