"""Operations for each number, by table; what is free is free on purpose."""

from typing import Any

import pytest

from cnnlint.facts.counting.cost import Cost
from cnnlint.facts.counting.elementwise import FLOPS_PER_INPUT, FLOPS_PER_OUTPUT
from cnnlint.model.graph import Shape
from tests.facts.counted import cost_of

INTO, OUT = (2, 4, 8, 8), (2, 4, 4, 4)
NUMBERS = 128


@pytest.mark.parametrize(("op", "each"), sorted(FLOPS_PER_OUTPUT.items()))
def test_per_output(op: str, each: int) -> None:
    assert cost_of(op, INTO, out=OUT, mode="linear") == Cost(0, each * NUMBERS)


@pytest.mark.parametrize(("op", "each"), sorted(FLOPS_PER_INPUT.items()))
def test_per_input(op: str, each: int) -> None:
    assert cost_of(op, INTO, out=OUT) == Cost(0, each * 4 * NUMBERS)


@pytest.mark.parametrize(
    ("op", "attrs", "each"),
    [
        ("MaxPool", {"kernel_shape": (3, 2)}, 6),
        ("AveragePool", {"kernel_shape": (3, 2)}, 6),
        ("LpPool", {"kernel_shape": (3, 2)}, 6),
        ("NhwcMaxPool", {"kernel_shape": (3, 2)}, 6),
        ("QLinearAveragePool", {"kernel_shape": (3, 2)}, 6),
        ("MaxPool", {}, 1),
        ("Resize", {}, 0),
        ("Resize", {"mode": "nearest"}, 0),
        ("Resize", {"mode": "cubic"}, 7),
        ("Upsample", {"mode": "linear"}, 7),
        ("com.microsoft.nchwc:Upsample", {"mode": "linear"}, 7),
        ("com.microsoft.nchwc:Upsample", {"mode": "nearest"}, 0),
        ("com.microsoft.nchwc:MaxPool", {"kernel_shape": (3, 2)}, 6),
        ("com.microsoft.nchwc:GlobalAveragePool", {}, 4),
        ("com.microsoft.nchwc:ReorderOutput", {}, 0),
        ("RoiAlign", {"sampling_ratio": 2}, 4 * 8),
        ("Add", {}, 1),
        ("BatchNormalization", {}, 2),
        ("MeanVarianceNormalization", {}, 5),
        ("Softmax", {}, 5),
        ("LayerNormalization", {}, 7),
        ("SwiGLU", {}, 2),
        ("RotaryEmbedding", {}, 3),
        ("BiasSplitGelu", {}, 4),
        ("EmbedLayerNormalization", {}, 9),
        ("CumProd", {}, 1),
        ("Reshape", {}, 0),
        ("HannWindow", {}, 0),
    ],
)
def test_each(op: str, attrs: dict[str, Any], each: int) -> None:
    assert cost_of(op, INTO, out=OUT, **attrs) == Cost(0, each * NUMBERS)


def test_what_only_the_data_knows() -> None:
    assert cost_of("RoiAlign", INTO, out=OUT) == Cost(0, None)
    assert cost_of("MaxRoiPool", INTO, out=OUT) == Cost(0, None)


@pytest.mark.parametrize(
    ("op", "scores", "targets", "flops"),
    [
        ("NegativeLogLikelihoodLoss", (3, 5), (3,), 6),
        ("SoftmaxCrossEntropyLoss", (3, 5), (3,), 5 * 15 + 6),
        ("SoftmaxCrossEntropyLoss", (3, None), (3,), None),
        ("NegativeLogLikelihoodLoss", (3, 5), (None,), None),
    ],
)
def test_losses(op: str, scores: Shape, targets: Shape, flops: int | None) -> None:
    assert cost_of(op, scores, targets, out=()) == Cost(0, flops)


def test_foreign_operators_are_not_taken_for_ours() -> None:
    blocked = "com.microsoft.nchwc:Conv"
    assert cost_of(blocked, INTO, (16, 16, 3, 3), out=OUT).counted is False
    assert cost_of("acme:Conv", INTO, (4, 4, 3, 3), out=OUT, domain="acme").counted is False
