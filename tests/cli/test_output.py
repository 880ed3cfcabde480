"""``--output`` never takes the place of what was read."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.net import Net

Run = Callable[..., tuple[int, str, str]]
COMMANDS = [("check",), ("profile", "--static")]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Return a model whose weights are in ``weights.bin``, beside it."""
    (tmp_path / "weights.bin").write_bytes(b"\1" * 100_000)
    path = tmp_path / "net.onnx"
    path.write_bytes(Net(3, 32).conv(16).gap().flatten().dense(10).proto().SerializeToString())
    return path


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    "name",
    ["net.onnx", "weights.bin", "model.hard", "model.soft", "weights.hard", "weights.soft"],
)
def test_what_was_read_stays(run: Run, model: Path, command: tuple[str, ...], name: str) -> None:
    weights = model.with_name("weights.bin")
    for file, stem in ((model, "model"), (weights, "weights")):
        os.link(file, model.with_name(f"{stem}.hard"))
        model.with_name(f"{stem}.soft").symlink_to(file)
    output = model.with_name(name)
    before = output.read_bytes()
    code, out, err = run(*command, model, "--output", output)
    assert (code, out) == (2, "")
    cause = f"--output {output} would overwrite a model, its weights or its recipe"
    assert err == f"error: {cause}; name another file\n"
    assert output.read_bytes() == before


@pytest.mark.parametrize("command", COMMANDS)
def test_a_place_where_weights_are_missing_stays_free(
    run: Run, model: Path, command: tuple[str, ...]
) -> None:
    weights = model.with_name("weights.bin")
    weights.unlink()
    code, _, err = run(*command, model, "--output", weights)
    assert (code, weights.exists()) == (2, False)
    assert "would overwrite a model, its weights or its recipe" in err


@pytest.mark.parametrize("command", COMMANDS)
def test_beside_a_model_that_can_not_be_read(
    run: Run, tmp_path: Path, command: tuple[str, ...]
) -> None:
    ring, report = tmp_path / "ring.onnx", tmp_path / "report.txt"
    ring.symlink_to(ring)
    code, out, err = run(*command, ring, "--output", report)
    assert (code, out, report.exists()) == (1, "", True)
    assert "ring.onnx can't be read: Too many levels of symbolic links" in err


@pytest.mark.parametrize("form", ["text", "concise", "json"])
def test_memory_that_runs_out_for_the_report(
    run: Run, model: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def devours(*_: object, **__: object) -> str:
        raise MemoryError

    monkeypatch.setattr(f"cnnlint.report.{form}.render_{form}", devours)
    report = model.with_name("report")
    code, out, err = run("check", model, "--format", form, "--output", report)
    assert (code, out, report.exists()) == (2, "", False)
    assert err == (
        "error: there is not enough memory; give fewer models at a time, or free some\n"
    )
