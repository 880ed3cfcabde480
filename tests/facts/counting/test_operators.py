"""Every operator of the standard is counted, zero on purpose, or left out with a reason."""

from typing import Any

import onnx.defs
import pytest

from cnnlint.facts.counting.attention import MICROSOFT_ATTENTION
from cnnlint.facts.counting.cost import COUNTS, MACS
from cnnlint.model.inference.handlers import HANDLERS
from tests.facts.counted import cost_of
from tests.net import Net

UNCOUNTED = {
    "If": "counted by its bodies",
    "Loop": "counted by its bodies",
    "Scan": "counted by its bodies",
    "SequenceMap": "the data says how often the body runs",
    "ImageDecoder": "a codec: the work depends on what the file holds",
    "ai.onnx.ml:SVMClassifier": "depends on the kernel and on how classes are compared",
    "ai.onnx.ml:SVMRegressor": "the same",
    "ai.onnx.ml:TreeEnsemble": "the data says how deep each tree is walked",
    "ai.onnx.ml:TreeEnsembleClassifier": "the same",
    "ai.onnx.ml:TreeEnsembleRegressor": "the same",
    "ai.onnx.preview.training:Adagrad": "training, not inference",
    "ai.onnx.preview.training:Adam": "training",
    "ai.onnx.preview.training:Gradient": "training",
    "ai.onnx.preview.training:Momentum": "training",
}


def standard() -> set[str]:
    schemas = onnx.defs.get_all_schemas_with_history()
    return {f"{s.domain}:{s.name}" if s.domain else s.name for s in schemas}


def test_nothing_of_the_standard_is_forgotten() -> None:
    assert standard() - COUNTS.keys() == UNCOUNTED.keys() & standard()


def test_nothing_is_both() -> None:
    assert not COUNTS.keys() & UNCOUNTED.keys()
    assert MICROSOFT_ATTENTION.keys() <= COUNTS.keys()


@pytest.mark.parametrize("op", sorted(COUNTS))
def test_unknown_shapes_are_never_zero_by_accident(op: str) -> None:
    """What is free is so at any shape; what isn't has no FLOPs where nothing is known."""
    found = cost_of(op, (None,), (None,), (None,), out=(None,), mode="linear", num_heads=2)
    free = cost_of(op, (2, 3, 4), (2, 3, 4), (2, 3, 4), out=(2, 3, 4), mode="linear").flops == 0
    assert found.counted
    assert found.flops == (0 if free else None)
    assert found.macs in {0, None}


def test_layers_have_shapes() -> None:
    """What has MACs has shape inference of ours, or of onnx: else they would be null."""
    ours = set().union(*HANDLERS.values())
    assert MACS.keys() - ours - standard() == {"ConvTransposeWithDynamicPads"}


@pytest.mark.parametrize("op", ["MatMul", "Gemm", "Einsum"])
def test_product_that_does_not_fit_is_unknown(op: str) -> None:
    """Either operand tells the inner size: where they disagree, no shape is inferred."""
    net = Net(4, (), batch=3).shaped("w", 5, 6)
    attrs: dict[str, Any] = {"equation": "ij,jk->ik"} if op == "Einsum" else {}
    facts = net.op(op, "w", **attrs).facts()
    assert facts.macs is None
    assert len(facts.model.defects) == 1
