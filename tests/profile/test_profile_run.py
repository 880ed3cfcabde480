"""Measuring a small network for real: that it works and adds up, never how fast it is."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from cnnlint.errors import ProfileError
from cnnlint.model.defect import Kind
from cnnlint.model.graph import Input, Model, Value
from cnnlint.model.loader import load
from cnnlint.profile import run
from cnnlint.profile.devices import require_runtime
from cnnlint.profile.result import Profile
from cnnlint.profile.run import Options, batch_size, precision, profile
from cnnlint.profile.session import open_session
from tests.net import Net

QUICK = Options(duration_s=0.05)


def stored(name: str, *shape: int) -> onnx.TensorProto:
    values = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    return numpy_helper.from_array(np.abs(values) / 4, name)


def small_net(*, names: bool = True) -> onnx.ModelProto:
    """Return conv, bn, relu, conv, residual add, relu, pool, flatten, dense."""
    wires: list[tuple[str, str, str, dict[str, Any]]] = [
        ("Conv", "x w1", "a", {"pads": [1, 1, 1, 1]}),
        ("BatchNormalization", "a g b m v", "n", {}),
        ("Relu", "n", "r", {}),
        ("Conv", "r w2", "c", {"pads": [1, 1, 1, 1]}),
        ("Add", "c r", "s", {}),
        ("Relu", "s", "t", {}),
        ("GlobalAveragePool", "t", "p", {}),
        ("Flatten", "p", "f", {}),
        ("Gemm", "f w3 w4", "y", {"transB": 1}),
    ]
    nodes = [
        helper.make_node(op, i.split(), [o], f"/{o}/{op}" if names else "", **attrs)
        for op, i, o, attrs in wires
    ]
    weights = [stored("w1", 16, 3, 3, 3), stored("w2", 16, 16, 3, 3), stored("w3", 10, 16)]
    weights += [stored(name, 16) for name in "gbmv"] + [stored("w4", 10)]
    into = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3, 24, 24])
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 10])
    graph = helper.make_graph(nodes, "net", [into], [out], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def saved(folder: Path, proto: onnx.ModelProto) -> Model:
    file = folder / "net.onnx"
    file.write_bytes(proto.SerializeToString())
    return load(file)


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Profile:
    return profile(saved(tmp_path_factory.mktemp("net"), small_net()), QUICK)


def test_the_headline(measured: Profile) -> None:
    latency = measured.latency
    low, high = latency.ci95_ms
    assert 0 < latency.min_ms <= low <= latency.median_ms <= high
    assert latency.min_ms <= latency.mean_ms
    assert latency.cpu_ms is not None
    assert latency.cpu_ms > 0
    assert latency.throughput == pytest.approx(1000 / latency.median_ms)
    assert latency.provider == "CPUExecutionProvider"
    assert (latency.threads, latency.batch, latency.precision) == (1, 1, "float32")
    assert (latency.weights, latency.parity, latency.fallback_nodes) == ("real", None, ())
    assert latency.iterations >= 8
    assert (latency.p90_ms is None) == (latency.iterations < 64)
    assert latency.noise in {"quiet", "noisy", "unreliable"}


def test_the_environment_holds_how_it_was_measured(measured: Profile) -> None:
    said = measured.latency.environment
    assert json.loads(json.dumps(dict(said))) == said
    assert measured.latency.device == said["cpu"]
    for key in ("session_ms", "first_run_ms", "slope_ms"):
        assert isinstance(said[key], float)
    blocks = said["block_runs"]
    assert isinstance(blocks, list)
    assert blocks[1] == 3 * blocks[0]
    warm = said["warm_up"]
    assert isinstance(warm, dict)
    assert set(warm) == {"runs", "ms", "stable"}
    assert warm["ms"] >= 200


def test_every_kernel_finds_its_layer(measured: Profile) -> None:
    layers = measured.layers
    assert layers.mapped_share == 1.0
    assert layers.unmapped_ms == 0.0
    assert set(layers.by_node) == {("", 0), ("", 3), ("", 6), ("", 7), ("", 8)}
    assert layers.fused[("", 0)] == (("", 0), ("", 1), ("", 2))
    assert layers.fused[("", 3)] == (("", 3), ("", 4), ("", 5))


def test_the_rows_sum_to_the_headline(measured: Profile) -> None:
    layers = measured.layers
    rest = layers.overhead_ms + layers.gap_ms + layers.unmapped_ms
    total = sum(layers.by_node.values()) + rest
    assert total == pytest.approx(measured.latency.median_ms)


def test_nodes_without_names_are_found_as_well(tmp_path: Path, measured: Profile) -> None:
    nameless = profile(saved(tmp_path, small_net(names=False)), QUICK).layers
    assert set(nameless.by_node) == set(measured.layers.by_node)
    assert nameless.fused == measured.layers.fused
    assert nameless.mapped_share == 1.0


def test_several_threads_have_no_cpu_time(tmp_path: Path) -> None:
    latency = profile(saved(tmp_path, small_net()), replace(QUICK, threads=2)).latency
    assert latency.cpu_ms is None
    assert latency.threads == 2


def test_progress_is_told_and_no_file_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    made: list[str] = []

    def note(prefix: str) -> TemporaryDirectory[str]:
        folder = TemporaryDirectory(prefix=prefix)
        made.append(folder.name)
        return folder

    monkeypatch.setattr(run, "TemporaryDirectory", note)
    monkeypatch.chdir(tmp_path)
    told: list[str] = []
    profile(saved(tmp_path, small_net()), QUICK, told.append)
    assert told == ["creating the session", "warming up", "measuring", "timing the layers"]
    assert len(made) == 1
    assert not Path(made[0]).exists()
    assert [file.name for file in tmp_path.iterdir()] == ["net.onnx"]
    assert capfd.readouterr() == ("", "")


def test_a_model_that_fails_while_running(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("NonZero", ["x"], ["found"]),  # 2 x 6 here, which only the run can know
        helper.make_node("Reshape", ["found", "shape"], ["y"]),
    ]
    shape = numpy_helper.from_array(np.array([7]), "shape")
    into = helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 3])
    out = helper.make_tensor_value_info("y", TensorProto.INT64, None)
    graph = helper.make_graph(nodes, "net", [into], [out], [shape])
    opsets = [helper.make_opsetid("", 17)]
    proto = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    with pytest.raises(ProfileError, match=r"onnxruntime can't (run|load) this model") as caught:
        profile(saved(tmp_path, proto), QUICK)
    assert "\n" not in caught.value.cause


def test_a_model_that_can_not_run_never_reaches_the_runtime(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(require_runtime(), "InferenceSession", None)
    broken = Net(3, 8).shaped("w", 8, 4, 3, 3).op("Conv", "w").proto()
    with pytest.raises(ProfileError, match="can't run: weight takes 4 input channels") as caught:
        profile(saved(tmp_path, broken), QUICK)
    assert "cnnlint check" in caught.value.cure


def test_a_wrong_declaration_of_an_output_keeps_nothing_from_running(tmp_path: Path) -> None:
    proto = small_net()
    proto.graph.output[0].type.tensor_type.shape.dim.add().dim_value = 1
    model = saved(tmp_path, proto)
    assert [defect.kind for defect in model.defects] == [Kind.OUTPUT]
    assert profile(model, QUICK).latency.median_ms > 0


def test_a_trace_is_deleted_when_the_profiled_run_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    traces: list[Path] = []

    class Broken:
        """A session whose runs fail, but whose trace has been begun."""

        def __init__(self, trace: Path) -> None:
            self.trace = trace.with_suffix(".json")
            self.trace.write_text("[]")
            traces.append(self.trace)

        def run(self, *_: object) -> list[object]:
            raise RuntimeError("no more memory")

        def end_profiling(self) -> str:
            traces.append(self.trace)
            return str(self.trace)

    def broken(*args: Any, trace: Path | None = None) -> object:
        return Broken(trace) if trace else open_session(*args)

    monkeypatch.setattr(run, "open_session", broken)
    with pytest.raises(ProfileError, match="can't run this model: no more memory"):
        profile(saved(tmp_path, small_net()), QUICK)
    assert len(traces) == 2  # opened, and closed
    assert not traces[0].parent.exists()


@pytest.mark.parametrize(
    ("shapes", "batch"),
    [
        ([(8, 3, 4)], 8),
        ([(5,), (2, 7)], 2),
        ([None, (), (6, 1)], 6),
        ([(5,)], 1),
        ([(None, 3)], 1),
    ],
)
def test_the_batch(shapes: list[tuple[int | None, ...] | None], batch: int) -> None:
    assert batch_size([Input("x", "float32", None, shape) for shape in shapes]) == batch


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([("float32", (9,), True), ("int8", (100,), True)], "int8"),
        ([("float32", (9,), True), ("int8", (100,), False)], "float32"),
        ([("float16", (3, 3), True), ("int64", (8,), True)], "float16"),
        ([("float32", (1,), True), ("int8", None, True), (None, (50,), True)], "float32"),
        ([], "float64"),
    ],
)
def test_precision_is_that_of_most_weights(
    values: list[tuple[str | None, tuple[int, ...] | None, bool]], said: str, tmp_path: Path
) -> None:
    named = {str(n): Value(str(n), d, s, stored=held) for n, (d, s, held) in enumerate(values)}
    net = saved(tmp_path, small_net())
    entries = (Input("a", None, None, None), Input("b", "float64", None, None))
    assert precision(Model(**{**vars(net), "values": named, "inputs": entries})) == said
    if not values:
        assert precision(Model(**{**vars(net), "values": {}, "inputs": ()})) == "unknown"


@pytest.mark.parametrize(("seconds", "said"), [(None, None), (0.0, 0.0), (0.25, 250.0)])
def test_unknown_times_stay_unknown(seconds: float | None, said: float | None) -> None:
    assert run._milliseconds(seconds) == said


def test_defaults_are_those_of_the_protocol() -> None:
    assert asdict(Options()) == {"threads": 1, "duration_s": 3.0, "seed": 0}
