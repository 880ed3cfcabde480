"""Models that onnxruntime quantised or optimised cost what they did before."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantFormat, quantize_dynamic, quantize_static

from cnnlint.facts.facts import Facts
from cnnlint.model.loader import load

pytestmark = pytest.mark.filterwarnings("ignore")  # of onnxruntime's own tools
SAMPLES = Path(__file__).parents[3] / "sample_models"
Change = Callable[[Path, Path], None]


class _Sample:
    """One random input, as onnxruntime's calibration reads it."""

    def __init__(self, file: Path) -> None:
        (into,) = onnx.load(file).graph.input
        shape = [dim.dim_value or 1 for dim in into.type.tensor_type.shape.dim]
        numbers = np.random.default_rng(0).random(shape, np.float32)
        self._inputs: Iterator[dict[str, Any]] = iter([{into.name: numbers}])

    def get_next(self) -> dict[str, Any] | None:
        return next(self._inputs, None)


def optimised(source: Path, target: Path) -> None:
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(target)
    options.log_severity_level = 3
    ort.InferenceSession(str(source), options, providers=["CPUExecutionProvider"])


def dynamic(source: Path, target: Path) -> None:
    quantize_dynamic(source, target, per_channel=True)


def static(form: QuantFormat) -> Change:
    def quantise(source: Path, target: Path) -> None:
        quantize_static(source, target, _Sample(source), quant_format=form, per_channel=True)

    return quantise


def lstm_and_dense(file: Path) -> None:
    """Write a sequence model: an LSTM of 6 units each way, a dense layer, an addend."""
    rng = np.random.default_rng(0)
    sides = {"W": (2, 24, 8), "R": (2, 24, 6), "B": (2, 48), "V": (6, 5), "c": (5,)}
    stored = [
        numpy_helper.from_array(rng.random(shape, np.float32), name)
        for name, shape in sides.items()
    ]
    lstm: dict[str, Any] = {"hidden_size": 6, "direction": "bidirectional"}
    nodes = [
        helper.make_node("LSTM", ["x", "W", "R", "B"], ["h"], name="lstm", **lstm),
        helper.make_node("MatMul", ["h", "V"], ["v"], name="dense"),
        helper.make_node("Add", ["v", "c"], ["y"], name="bias"),
    ]
    into = helper.make_tensor_value_info("x", TensorProto.FLOAT, [7, 1, 8])
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, [7, 2, 1, 5])
    graph = helper.make_graph(nodes, "sequence", [into], [out], stored)
    opsets = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), file)


@pytest.mark.parametrize("name", ["clean_mobilenet", "clean_unet", "sequence"])
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(optimised, id="optimised"),
        pytest.param(dynamic, id="dynamic"),
        pytest.param(static(QuantFormat.QDQ), id="QDQ"),
        pytest.param(static(QuantFormat.QOperator), id="QOperator"),
    ],
)
def test_cost_stays(name: str, change: Change, tmp_path: Path) -> None:
    source, changed, fused = SAMPLES / f"{name}.onnx", tmp_path / "q.onnx", tmp_path / "f.onnx"
    if name == "sequence":
        source = tmp_path / "sequence.onnx"
        lstm_and_dense(source)
    change(source, changed)
    optimised(changed, fused)
    before = Facts(load(source))
    for file in (changed, fused):
        after = Facts(load(file))
        assert (after.macs, after.params) == (before.macs, before.params)
        assert after.uncounted_ops == {}
