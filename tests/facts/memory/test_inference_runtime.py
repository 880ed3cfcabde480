"""Bytes in use against those that onnxruntime says it was asked for, step by step.

Graph optimisation is off, and each buffer is given back for itself (``enable_mem_reuse`` off):
onnxruntime otherwise keeps a dead buffer for a later tensor of the same shape. The peak is the
same with that on.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from cnnlint.facts.memory.buffers import IN_PLACE, SPLIT, VIEWS
from cnnlint.facts.memory.inference import memory
from cnnlint.model.binding import Bindings
from cnnlint.model.graph import Model
from cnnlint.model.loader import load
from cnnlint.profile.session import frozen_dims, make_feed

SAMPLES = sorted(Path(__file__).parents[3].glob("sample_models/*.onnx"))
FIELD, DELTA = "mem_bytes_requested_in_use", "mem_requested_in_use_delta"


def requested(file: Path, model: Model, folder: Path, *, reuse: bool = False) -> list[int]:
    """Return the bytes requested while each node of a model ran, less those of the session."""
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    options = runtime.SessionOptions()
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.enable_mem_pattern = False
    options.enable_mem_reuse = reuse
    options.intra_op_num_threads = 1
    options.enable_profiling = True
    options.profile_file_prefix = str(folder / "trace")
    for name, size in frozen_dims(model.inputs).items():
        options.add_free_dimension_override_by_name(name, size)
    session = runtime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    session.run(None, make_feed(model.inputs, 0))
    events = json.loads(Path(session.end_profiling()).read_text())
    nodes = [event["args"] for event in events if event.get("cat") == "Node"]
    if FIELD not in nodes[0]:
        pytest.skip("this onnxruntime doesn't say how many bytes were requested")
    held = int(nodes[0][FIELD]) - int(nodes[0][DELTA])
    return [int(node[FIELD]) - held for node in nodes]


@pytest.mark.parametrize("file", SAMPLES, ids=lambda file: file.stem)
def test_sample_models(file: Path, tmp_path: Path) -> None:
    model = load(file)
    found = memory(model)
    assert list(found.in_use.values()) == requested(file, model, tmp_path)
    assert found.peak_activation_bytes == max(requested(file, model, tmp_path, reuse=True))


def test_real_models(corpus: Path, tmp_path: Path) -> None:
    for entry in json.loads((corpus / "runnable" / "runnable.json").read_text()):
        file = corpus / "runnable" / entry["file"]
        model = load(file, Bindings(shapes={"": tuple(entry["input_shape"])}))
        peaks = [max(requested(file, model, tmp_path, reuse=reuse)) for reuse in (False, True)]
        assert [memory(model).peak_activation_bytes] * 2 == peaks, file.name


STORED = {
    "axes": np.array([0]),
    "flat": np.array([6, 16]),
    "at": np.zeros((1, 1, 1, 1), np.int64),
    "one": np.ones((1, 1, 1, 1), np.float32),
}
OPERANDS: dict[str, tuple[str, ...]] = {
    "Add": ("a",),
    "Reshape": ("flat",),
    "Unsqueeze": ("axes",),
    "ScatterElements": ("at", "one"),
}
ATTRS: dict[str, dict[str, Any]] = {
    "Cast": {"to": TensorProto.INT32},
    "Concat": {"axis": 0},
    "MaxPool": {"kernel_shape": [1, 1]},
}
COPYING = {"Add", "Concat", "Dropout", "Exp", "MaxPool", "Sqrt"}
OTHER_OPSETS = {"BitCast", "Scatter", "Swish", "TensorScatter"}


def beside(op: str, *, again: bool) -> onnx.ModelProto:
    """Return a graph in which an operator reads what nothing else reads, or something else too."""
    more = OPERANDS.get(op, ())
    nodes = [
        helper.make_node("Exp", ["x"], ["a"]),
        *([helper.make_node("Exp", ["a"], ["z"])] if again else []),
        helper.make_node(op, ["a", *more], ["b"], **ATTRS.get(op, {})),
        helper.make_node("Transpose", ["b"], ["c"]),
        helper.make_node("Transpose", ["c"], ["y"]),
    ]
    made = TensorProto.INT32 if op == "Cast" else TensorProto.FLOAT
    outs = [helper.make_tensor_value_info("y", made, None)]
    outs += [helper.make_tensor_value_info("z", TensorProto.FLOAT, None)] if again else []
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 3, 4, 4])],
        outs,
        [numpy_helper.from_array(STORED[name], name) for name in more if name in STORED],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)


@pytest.mark.parametrize("again", [False, True], ids=["last", "read again"])
@pytest.mark.parametrize("op", sorted((VIEWS | IN_PLACE | SPLIT | COPYING) - OTHER_OPSETS))
def test_operators(op: str, again: bool, tmp_path: Path) -> None:
    file = tmp_path / "net.onnx"
    onnx.save(beside(op, again=again), file)
    model = load(file)
    found, expected = memory(model), requested(file, model, tmp_path)
    assert found.peak_activation_bytes == max(expected)
    if op not in SPLIT:  # of which onnxruntime shows the parts
        assert list(found.in_use.values()) == expected
