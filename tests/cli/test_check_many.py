"""Files that can't be checked, as they are or by a fault: what is said, and what of the others."""

import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cnnlint.lint import engine
from tests.net import Net

Run = Callable[..., tuple[int, str, str]]


def test_all_kinds_of_bad_files_at_once(run: Run, models: Path) -> None:
    (models / "nothing.onnx").symlink_to("nowhere")
    (models / "ring.onnx").symlink_to("ring.onnx")
    (models / "device.onnx").symlink_to("/dev/zero")
    (models / "folder.onnx").mkdir()
    os.mkfifo(models / "pipe.onnx")
    (models / "empty.onnx").touch()
    code, out, err = run("check", models, models / "folder.onnx", "--format", "json")
    assert code == 1
    codes = {
        Path(m["path"]).stem: (m["error"] or {}).get("code") for m in json.loads(out)["models"]
    }
    assert codes == {
        "bad": None,
        "clean": None,
        "deep": None,
        "device": "not-a-file",
        "empty": "empty",
        "folder": "not-a-file",
        "nothing": "missing",
        "pipe": "not-a-file",
        "ring": "unreadable",
    }
    assert err.count("error: ") == 6


@pytest.mark.parametrize(
    ("error", "ends", "says"),
    [
        (MemoryError(), 1, "there is not enough memory for what it asks for"),
        (RecursionError("deep"), 2, "internal error: RecursionError: deep"),
        (ZeroDivisionError("0"), 2, "internal error: ZeroDivisionError: 0"),
    ],
)
@pytest.mark.parametrize("where", ["load", "summary"])
def test_a_fault_in_one_file_leaves_the_others(
    error: Exception,
    ends: int,
    says: str,
    where: str,
    run: Run,
    models: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = getattr(engine, where)

    def breaks_once(*_: object, **__: object) -> object:
        monkeypatch.setattr(engine, where, real)
        raise error

    monkeypatch.setattr(engine, where, breaks_once)
    code, out, err = run("check", models)
    assert code == ends
    assert f"bad.onnx: {says}" in err
    assert "clean.onnx: no findings" in out


def test_a_file_that_is_gone_when_its_turn_comes(
    run: Run, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = [models / "gone.onnx", models / "clean.onnx"]
    monkeypatch.setattr("cnnlint.cli.planned.expand", lambda *_, **__: gone)
    code, out, err = run("check", models)
    assert code == 1
    assert "gone.onnx does not exist" in err
    assert "clean.onnx: no findings" in out


def test_a_name_that_is_too_long_for_a_file(run: Run) -> None:
    code, _, err = run("check", "n" * 5_000)
    assert code == 2
    assert err.endswith("…; check the path\n")


@pytest.mark.parametrize("size", [99, 100])
def test_standard_input_has_a_limit(size: int, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stdin:
        buffer = io.BytesIO(b"\0" * size)

    monkeypatch.setattr(sys, "stdin", Stdin)
    monkeypatch.setattr("cnnlint.cli.streams.MOST_INPUT", 99)
    code, out, err = run("check", "-", "--format", "json")
    (model,) = json.loads(out)["models"]
    assert (code, model["path"]) == (1, "<stdin>")
    assert model["error"]["code"] == ("too-large" if size == 100 else "not-onnx")
    assert err.startswith("error: <stdin>: ")


def test_closed_standard_input(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    code, _, err = run("check", "-")
    assert (code, err) == (1, "error: <stdin>: can't be read; give the path of a file\n")


def test_missing_weights_are_said_once(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    proto = Net(3, 32).conv(16).gap().flatten().dense(10).proto()
    for tensor, name in zip(proto.graph.initializer, "aab", strict=False):
        tensor.external_data[0].value = name
    path.write_bytes(proto.SerializeToString())
    code, out, err = run("check", path)
    assert (code, err) == (0, "")
    (line,) = [line for line in " ".join(out.split()).split(" = ") if "are not here" in line]
    assert line.startswith("note: weights are not here: a and ")
    assert "rules on weights did not look, and the model can't be run" in line
    for name in "ab":
        (tmp_path / name).write_bytes(b"\0" * 100_000)
    (tmp_path / "weights.bin").write_bytes(b"\0" * 100_000)
    assert "weights are not here" not in run("check", path)[1]
