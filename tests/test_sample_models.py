"""The sample models: written the same each time, valid, running, and costed in their README."""

import re
import runpy
import sys
from math import prod
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx
import pytest
from onnx import numpy_helper, shape_inference

SAMPLES = Path(__file__).parents[1] / "sample_models"
NAMES = sorted(path.name for path in SAMPLES.glob("*.onnx"))


class Row(NamedTuple):
    """One line of the table in the README."""

    shape: tuple[int, ...]
    params: int
    macs: int


def rows() -> dict[str, Row]:
    line = re.compile(
        r"^\| `(?P<file>\w+\.onnx)` \|.*\| (?P<shape>\d+x\d+x\d+) "
        r"\| (?P<params>[\d,]+) \| (?P<macs>[\d,]+) \| [^|]+ \|$",
        re.MULTILINE,
    )
    return {
        row["file"]: Row(
            tuple(int(size) for size in row["shape"].split("x")),
            int(row["params"].replace(",", "")),
            int(row["macs"].replace(",", "")),
        )
        for row in line.finditer((SAMPLES / "README.md").read_text(encoding="utf-8"))
    }


def count(model: onnx.ModelProto) -> tuple[int, int]:
    """Count parameters and MACs from the shapes that onnx infers, independently of the builder."""
    graph = shape_inference.infer_shapes(model, strict_mode=True, data_prop=True).graph
    shapes = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    for value in (*graph.input, *graph.value_info, *graph.output):
        dims = value.type.tensor_type.shape.dim
        shapes[value.name] = tuple(dim.dim_value or 1 for dim in dims)
    params = macs = 0
    for node in graph.node:
        if node.op_type not in {"Conv", "ConvTranspose", "Gemm"}:
            continue
        source, weight, bias = (shapes[name] for name in node.input)
        grid = source if node.op_type == "ConvTranspose" else shapes[node.output[0]]
        params += prod(weight) + prod(bias)
        macs += prod(weight) * prod(grid[2:])
    return params, macs


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the script as its README says, in this process."""
    out = tmp_path_factory.mktemp("samples")
    script = SAMPLES / "make_models.py"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [str(script), "--out", str(out)])
        runpy.run_path(str(script), run_name="__main__")
    return out


def test_script_table_and_folder_name_the_same_files(written: Path) -> None:
    assert sorted(path.name for path in written.iterdir()) == NAMES
    assert sorted(rows()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_regenerates_byte_for_byte(name: str, written: Path) -> None:
    assert (written / name).read_bytes() == (SAMPLES / name).read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_is_a_valid_model(name: str) -> None:
    model = onnx.load(SAMPLES / name)
    onnx.checker.check_model(model, full_check=True)
    assert model.producer_name == "cnnlint sample"
    assert model.ir_version == 8
    assert [(opset.domain, opset.version) for opset in model.opset_import] == [("", 17)]
    assert len({node.name for node in model.graph.node}) == len(model.graph.node)


@pytest.mark.parametrize("name", NAMES)
def test_table_gives_its_cost(name: str) -> None:
    model = onnx.load(SAMPLES / name)
    row = rows()[name]
    dims = model.graph.input[0].type.tensor_type.shape.dim
    assert (dims[0].dim_param, *(dim.dim_value for dim in dims[1:])) == ("batch", *row.shape)
    assert (row.params, row.macs) == count(model)


@pytest.mark.parametrize("name", NAMES)
def test_weights_and_biases_vary(name: str) -> None:
    for tensor in onnx.load(SAMPLES / name).graph.initializer:
        numbers = numpy_helper.to_array(tensor)
        if numbers.ndim:
            assert np.isfinite(numbers).all()
            assert numbers.std() > 0, tensor.name


def test_folder_is_small() -> None:
    sizes = [(SAMPLES / name).stat().st_size for name in NAMES if name != "flatten_head.onnx"]
    assert max(sizes) <= 600_000
    assert sum(sizes) <= 3_000_000


@pytest.mark.parametrize("name", NAMES)
def test_runs(name: str) -> None:
    runtime = pytest.importorskip("onnxruntime", reason="needs onnxruntime to run the models")
    session = runtime.InferenceSession(SAMPLES / name, providers=["CPUExecutionProvider"])
    images = np.random.default_rng(0).normal(size=(2, *rows()[name].shape)).astype(np.float32)
    (output,) = session.run(None, {"input": images})
    assert output.shape[0] == 2
    assert np.isfinite(output).all()
    assert output.reshape(2, -1).std(axis=1).min() > 1e-3, "one number everywhere"
    assert np.abs(output[0] - output[1]).max() > 1e-3, "the same for every image"
    single = session.run(None, {"input": images[:1]})[0]
    np.testing.assert_allclose(single, output[:1], rtol=1e-4, atol=1e-4)
