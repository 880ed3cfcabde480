"""Choosing the models, giving them weights, and running processes."""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.external_data_helper import set_external_data

import fill_weights
from child_process import run
from peers import Reference, choose, references

ROWS = [Reference(Path(f"{i}.onnx"), i, ((1, 3),)) for i in range(9)]


def test_references_are_read_from_the_tables(tmp_path: Path) -> None:
    folder = tmp_path / "torchvision"
    folder.mkdir()
    (folder / "a.onnx").touch()
    (folder / "b.onnx").touch()
    lines = ["file,macs,input_shape", 'a.onnx,7,"[[1, 3, 8, 8]]"', "b.onnx,,[]", "gone.onnx,7,[]"]
    (folder / "table.csv").write_text("\n".join(lines), encoding="utf-8")
    assert references(tmp_path) == [Reference(folder / "a.onnx", 7, ((1, 3, 8, 8),))]


def test_no_corpus_is_said(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="name the corpus with --corpus"):
        references(tmp_path)


@pytest.mark.parametrize(
    ("names", "count", "chosen"),
    [
        ([], 3, [0, 3, 6]),
        ([], 4, [0, 2, 4, 6]),
        ([], 20, list(range(9))),
        ([], None, list(range(9))),
        (["7.onnx", "2.onnx"], 1, [2, 7]),
    ],
)
def test_choice(names: list[str], count: int | None, chosen: list[int]) -> None:
    assert [row.macs for row in choose(ROWS, names, count)] == chosen


def test_choice_of_an_unknown_name() -> None:
    with pytest.raises(SystemExit, match=r"not in the corpus: x\.onnx"):
        choose(ROWS, ["1.onnx", "x.onnx"], None)


def external(name: str, *, offset: int) -> onnx.TensorProto:
    tensor = numpy_helper.from_array(np.ones((2, 3), np.float32), name)
    set_external_data(tensor, "weights.bin", offset=offset, length=24)
    tensor.ClearField("raw_data")
    return tensor


def test_missing_weights_become_zeros_but_no_two_are_equal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nodes = [
        helper.make_node("Constant", [], ["b"], value=external("b", offset=64)),
        helper.make_node("Sum", ["x", "w", "b"], ["y"]),
    ]
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["N", 3]) for n in "xy"]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], [external("w", offset=0)])
    source = tmp_path / "zoo" / "net.onnx"
    source.parent.mkdir()
    onnx.save(helper.make_model(graph), source)
    fill_weights.main(tmp_path / "out", source)
    said = json.loads(capsys.readouterr().out)
    assert said == {"path": str(tmp_path / "out/zoo/net/net.onnx"), "inputs": {"x": ["N", 3]}}
    assert (tmp_path / "out/zoo/net/weights.bin").stat().st_size == 64 + 24
    loaded = onnx.load(said["path"])
    weights = [loaded.graph.initializer[0], loaded.graph.node[0].attribute[0].t]
    first, second = (numpy_helper.to_array(tensor).ravel() for tensor in weights)
    assert not first[1:].any()
    assert not second[1:].any()
    assert 0 != first[0] != second[0] != 0


def test_a_process_is_measured() -> None:
    done = run([sys.executable, "-c", "import sys; print(1); sys.exit('two')"])
    assert (done.code, done.out, done.err, done.timed_out) == (1, "1\n", "two\n", False)
    assert done.cpu_s > 0
    assert done.peak_mib > 1


def test_a_process_is_stopped() -> None:
    done = run([sys.executable, "-c", "import time; time.sleep(60)"], None, 0.2)
    assert (done.code, done.timed_out) == (-9, True)
