import builtins
import csv
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.net import Net

SAMPLES = Path(__file__).parents[2] / "sample_models"
DATA = Path(__file__).parents[1] / "data"
MODEL = SAMPLES / "clean_mobilenet.onnx"
Run = Callable[..., tuple[int, str, str]]


def test_static_table(run: Run) -> None:
    code, out, err = run("profile", SAMPLES / "relu_logits.onnx", "--static")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].split() == [
        *["layer", "op", "kernel", "in", "out", "MACs", "FLOPs", "params", "activations", "RF"]
    ]
    total = next(line for line in lines if line.startswith("total"))
    rows = lines[2 : lines.index(total)]
    columns = [line[lines[0].index("out") + 3 :].split() for line in rows]
    assert sum(int(column[0].replace(",", "")) for column in columns) == 3_080_512
    assert "3,080,512" in total
    assert "useful input size 30-45\n" in out
    assert "assumed batch = 1" in out


def test_static_json(run: Run) -> None:
    _, out, _ = run("profile", MODEL, "--static", "--format", "json", "--batch", "2")
    (model,) = json.loads(out)["models"]
    assert model["latency"] is None
    assert model["findings"] is None
    assert sum(layer["macs"] for layer in model["layers"]) == model["summary"]["macs"]
    assert sum(layer["flops"] for layer in model["layers"]) == model["summary"]["flops"]
    moved = sum(layer["bytes_moved"] for layer in model["layers"])
    assert moved == model["summary"]["bytes_moved"]
    assert sum(layer["params"] for layer in model["layers"]) == model["summary"]["params"]
    assert model["layers"][0]["out_shape"][0] == 2


def test_memory_in_the_footer(run: Run) -> None:
    _, out, _ = run("profile", SAMPLES / "relu_logits.onnx", "--static")
    assert (
        "  memory: peak activations 180.0 KiB at blocks.0.depthwise (2 tensors alive), "
        "weights 63.8 KiB; moves 2.2 MiB, 2.8 FLOPs/byte\n" in out
    )


def test_memory_of_unknown_size(run: Run, tmp_path: Path) -> None:
    proto = Net(3, 8).conv(4).proto()
    proto.graph.input[0].type.tensor_type.shape.dim[2].dim_param = "height"
    (tmp_path / "net.onnx").write_bytes(proto.SerializeToString())
    _, out, _ = run("profile", tmp_path / "net.onnx", "--static")
    assert "  memory: peak activations ?, weights 448 B; moves ?\n" in out


def test_intensity_is_unknown_where_flops_are_a_lower_bound(run: Run, tmp_path: Path) -> None:
    net = Net(3, 8).conv(4).op("Inverse", domain="com.microsoft")
    (tmp_path / "net.onnx").write_bytes(net.proto().SerializeToString())
    _, out, _ = run("profile", tmp_path / "net.onnx", "--static")
    assert "weights 448 B; moves 4.2 KiB\n" in out


def test_static_runs_without_onnxruntime(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    forbid_onnxruntime(monkeypatch)
    assert run("profile", MODEL, "--static")[0] == 0


def test_without_onnxruntime_the_install_line_is_shown(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    forbid_onnxruntime(monkeypatch)
    code, out, err = run("profile", MODEL)
    assert (code, out) == (2, "")
    assert "onnxruntime is not installed" in err
    assert "pip install 'cnnlint[cpu]'" in err
    assert "--static" in err


def forbid_onnxruntime(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib  # noqa: PLC0415  (patched here)

    real = importlib.import_module

    def import_module(name: str, package: str | None = None) -> object:
        if name == "onnxruntime":
            raise ModuleNotFoundError("No module named 'onnxruntime'", name="onnxruntime")
        return real(name, package)

    monkeypatch.setattr("cnnlint.profile.devices.import_module", import_module)
    real_import = builtins.__import__

    def guarded(name: str, *arguments: Any, **options: Any) -> object:
        assert name.partition(".")[0] != "onnxruntime"
        return real_import(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", guarded)


def test_measured(run: Run) -> None:
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed: nothing is run")
    code, out, err = run("profile", MODEL, "--duration", "0.2", "--format", "json")
    assert (code, err) == (0, "")
    (model,) = json.loads(out)["models"]
    latency = model["latency"]
    assert latency["provider"] == "CPUExecutionProvider"
    assert latency["weights"] == "real"
    assert 0 < latency["min_ms"] <= latency["median_ms"]
    low, high = latency["ci95_ms"]
    assert low <= latency["median_ms"] <= high
    timed = [layer for layer in model["layers"] if layer["time_ms"]]
    assert len([layer for layer in timed if layer["op"] == "Conv"]) >= 20
    assert sum(layer["time_ms"] for layer in timed) <= latency["median_ms"] * 1.001


def test_measured_table(run: Run) -> None:
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed: nothing is run")
    code, out, _ = run("profile", SAMPLES / "relu_logits.onnx", "--duration", "0.1")
    assert code == 0
    assert "latency: " in out
    assert "real weights" in out
    assert "(between kernels)" in out


def test_missing_weights_say_what_to_do(run: Run) -> None:
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed: nothing is run")
    code, _, err = run("profile", DATA / "resnet18.ts.onnx")
    assert code == 2
    assert "weights.bin" in err
    assert "--static" in err


def test_open_input_says_what_to_do(run: Run) -> None:
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed: nothing is run")
    code, _, err = run("profile", DATA / "mobilenet_v2.ts_dyn.onnx")
    assert code == 2
    assert "--dim" in err or "weights.bin" in err


def test_bad_inputs(run: Run, tmp_path: Path) -> None:
    assert run("profile", tmp_path / "gone.onnx")[0] == 2
    empty = tmp_path / "empty.onnx"
    empty.touch()
    code, _, err = run("profile", empty)
    assert code == 1
    assert "empty (0 bytes)" in err
    _, out, _ = run("profile", empty, "--format", "json")
    assert json.loads(out)["models"][0]["error"]["code"] == "empty"
    code, out, err = run("profile", empty, "--static", "--format", "csv")
    assert (code, len(out.splitlines())) == (1, 1)
    assert "empty (0 bytes)" in err
    code, _, err = run("profile", MODEL, "--static", "--dim", "height=3")
    assert code == 2
    assert "no model has the dimension 'height'" in err


def test_csv_sums_to_the_summary(run: Run) -> None:
    code, out, err = run("profile", MODEL, "--static", "--format", "csv")
    assert code == 0
    assert err == f"note: {MODEL}: assumed batch = 1\n"
    rows = list(csv.DictReader(io.StringIO(out)))
    _, text, _ = run("profile", MODEL, "--static", "--format", "json")
    (model,) = json.loads(text)["models"]
    assert [row["path"] for row in rows] == [layer["path"] for layer in model["layers"]]
    for key in ("macs", "flops", "params"):
        assert sum(int(row[key]) for row in rows) == model["summary"][key]


def test_notes_beside_csv_can_be_silenced(run: Run) -> None:
    code, out, err = run("profile", MODEL, "--static", "--format", "csv", "-q")
    assert (code, err) == (0, "")
    assert out.startswith("path,node,op,")


def first_column(text: str) -> list[str]:
    return [line.split("  ")[0] for line in text.splitlines()[2:] if line[:1].strip()]


def test_top_sorts_by_macs_where_nothing_is_measured(run: Run) -> None:
    _, out, _ = run("profile", DATA / "resnet18.ts.onnx", "--static", "--top", "2")
    assert first_column(out)[:4] == ["conv1", "layer1.0.conv1", "(47 others)", "total"]


def test_top_sorts_by_time_where_it_is_measured(run: Run) -> None:
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed: nothing is run")
    code, out, _ = run(
        *("profile", MODEL, "--duration", "0.1", "-q", "--format", "csv"), *("--top", "5")
    )
    assert code == 0
    times = [float(row["time_ms"]) for row in csv.DictReader(io.StringIO(out))]
    assert times == sorted(times, reverse=True)
    assert len(times) == 5


def test_measured_modules_sum_to_the_latency(run: Run) -> None:
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed: nothing is run")
    options = ("--duration", "0.1", "-q", "--by", "module", "--sort", "time", "--format", "json")
    _, out, _ = run("profile", MODEL, *options)
    (model,) = json.loads(out)["models"]
    times = [row["time_ms"] for row in model["modules"] if row["time_ms"] is not None]
    assert times == sorted(times, reverse=True)
    rest = sum(model["other_times_ms"].values())
    assert sum(times) + rest == pytest.approx(model["latency"]["median_ms"])


def test_sorted_and_cut_as_asked(run: Run) -> None:
    options = ("--static", "--sort", "order", "--top", "2")
    _, out, _ = run("profile", DATA / "resnet18.ts.onnx", *options)
    assert first_column(out)[:3] == ["conv1", "relu", "(47 others)"]
    _, out, _ = run("profile", DATA / "resnet18.ts.onnx", "--static", "--sort", "PARAMS")
    assert first_column(out)[0] == "layer4.0.conv2"


@pytest.mark.parametrize(
    ("depth", "modules"), [((), 14), (("--depth", "1"), 10), (("--depth", "3"), 49)]
)
def test_modules(run: Run, depth: tuple[str, ...], modules: int) -> None:
    options = ("--static", "--by", "module", *depth, "--format", "csv")
    _, out, _ = run("profile", DATA / "resnet18.ts.onnx", *options)
    assert len(out.splitlines()) == 1 + modules


def test_json_has_all_whatever_is_shown(run: Run) -> None:
    options = ("--static", "--format", "json")
    _, whole, _ = run("profile", MODEL, *options)
    assert run("profile", MODEL, *options, "--top", "3")[1] == whole
    _, out, _ = run("profile", MODEL, *options, "--top", "3", "--sort", "macs")
    macs = [layer["macs"] for layer in json.loads(out)["models"][0]["layers"]]
    assert macs == sorted(macs, reverse=True)
    assert len(macs) == len(json.loads(whole)["models"][0]["layers"])


@pytest.mark.parametrize(
    ("options", "cause"),
    [
        (("--top", "0"), "0 is not in the range x>=1"),
        (("--by", "module", "--depth", "0"), "0 is not in the range x>=1"),
        (("--depth", "2"), "--depth says how deep modules go; add --by module"),
        (("--sort", "size"), "'size' is not one of"),
        (("--by", "op"), "'op' is not"),
        (("--sort", "time", "--static"), "--sort time needs a measurement; leave out --static"),
    ],
)
def test_tables_that_make_no_sense(run: Run, options: tuple[str, ...], cause: str) -> None:
    code, out, err = run("profile", "nowhere.onnx", *options)  # told before anything is read
    assert (code, out) == (2, "")
    assert cause in err


def macs(run: Run, *arguments: object) -> int:
    code, out, err = run("profile", "net.onnx", "--static", "--format", "json", *arguments)
    assert (code, err) == (0, "")
    return int(json.loads(out)["models"][0]["summary"]["macs"])


def test_sizes_of_the_configuration(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    shutil.copy(MODEL, "net.onnx")
    one = macs(run)
    (tmp_path / "cnnlint.toml").write_text('extend = "base.toml"\nselect = ["OWN1"]\n')
    (tmp_path / "base.toml").write_text("batch = 3\nfail_on = 1\n")
    assert macs(run) == 3 * one
    assert macs(run, "--batch", 2) == 2 * one
    assert macs(run, "--isolated") == one
    (tmp_path / "other.toml").write_text("batch = 5\n")
    assert macs(run, "--config", "other.toml") == 5 * one
    assert macs(run, "--config", "batch=7") == 7 * one
    (tmp_path / "base.toml").write_text("batch = 0\n")
    code, out, err = run("profile", "net.onnx", "--static")
    assert (code, out) == (2, "")
    assert err == "error: base.toml:1: batch must be a whole number from 1, not 0\n"


@pytest.mark.parametrize("config", ["select=K", "btach=2", "nowhere.toml", ""])
def test_profile_takes_sizes_of_the_configuration_only(run: Run, config: str) -> None:
    code, out, err = run("profile", MODEL, "--static", "--config", config)
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert "--config" in err
