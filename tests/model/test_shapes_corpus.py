"""Real exports: every tensor gets a shape, the one that onnx and onnxruntime know."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import shape_inference

from cnnlint.model.binding import Bindings
from cnnlint.model.graph import Model, Shape
from cnnlint.model.loader import load


def load_bound(file: Path, side: int = 224) -> Model:
    """Load a model, with every dimension that it leaves open bound to ``side``."""
    model = load(file)
    if not model.free_dims:
        return model
    return load(file, Bindings(dims=dict.fromkeys(model.free_dims, side)))


def shapes_of_onnx(file: Path, model: Model) -> dict[str, Shape]:
    """Return what onnx's own inference finds, from the bound inputs alone."""
    proto = onnx.load(file, load_external_data=False)
    bound = {entry.name: entry.bound or () for entry in model.inputs}
    for entry in proto.graph.input:
        dims = entry.type.tensor_type.shape.dim
        for dim, size in zip(dims, bound.get(entry.name, ()), strict=False):
            dim.dim_value = size or 0
    del proto.graph.value_info[:]
    for entry in proto.graph.output:
        entry.type.tensor_type.ClearField("shape")
    graph = shape_inference.infer_shapes(proto, data_prop=True).graph
    return {
        entry.name: tuple(
            d.dim_value if d.HasField("dim_value") else None
            for d in entry.type.tensor_type.shape.dim
        )
        for entry in (*graph.value_info, *graph.output)
        if entry.type.tensor_type.HasField("shape")
    }


@pytest.mark.parametrize("folder", ["torchvision", "timm", "keras", "mutants", "runnable"])
def test_every_shape_of_real_exports_is_found(corpus: Path, folder: str) -> None:
    for file in sorted((corpus / folder).glob("*.onnx")):
        model = load_bound(file)
        assert model.defects == (), file.name
        assert [n for n, value in model.values.items() if value.static is None] == [], file.name
        for name, known in shapes_of_onnx(file, model).items():
            found = model.static(name)
            assert found is not None
            assert len(found) == len(known), (file.name, name)
            pairs = zip(known, found, strict=True)
            assert all(a is None or a == b for a, b in pairs), (file.name, name)


def test_shapes_are_those_that_a_run_shows(corpus: Path) -> None:
    runtime = pytest.importorskip(
        "onnxruntime", reason="onnxruntime is not installed: nothing is run"
    )
    options = runtime.SessionOptions()
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_DISABLE_ALL
    for file in sorted((corpus / "runnable").glob("*.onnx")):
        model = load_bound(file, 64)
        proto = onnx.load(file)
        names = [name for node in model.nodes for name in node.outputs if name]
        del proto.graph.output[:]
        proto.graph.output.extend(onnx.helper.make_empty_tensor_value_info(n) for n in names)
        session = runtime.InferenceSession(
            proto.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        feeds = {e.name: np.zeros(model.static(e.name) or (), e.dtype) for e in model.inputs}
        for name, array in zip(names, session.run(names, feeds), strict=True):
            value = model.values[name]
            assert (value.static, value.dtype) == (array.shape, array.dtype.name), (file, name)
            assert value.const is None or np.array_equal(value.const, array), (file, name)
