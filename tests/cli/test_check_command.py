import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cnnlint.lint import engine
from tests.net import Net

SAMPLES = Path(__file__).parents[2] / "sample_models"
Run = Callable[..., tuple[int, str, str]]


def test_clean_model_exits_0(run: Run, models: Path) -> None:
    code, out, err = run("check", models / "clean.onnx")
    assert (code, err) == (0, "")
    assert "clean.onnx: no findings" in out


def test_check_is_the_default_command(run: Run, models: Path) -> None:
    assert run(models / "bad.onnx") == run("check", models / "bad.onnx")
    assert run("--format", "concise", models / "bad.onnx")[0] == 1


def test_finding_exits_1_and_is_shown(run: Run, models: Path) -> None:
    code, out, err = run("check", models / "bad.onnx")
    assert (code, err) == (1, "")
    assert "warning[H503]: Relu straight before" in out
    assert "cnnlint rule H503" in out


def test_concise_is_one_line_a_finding(run: Run, models: Path) -> None:
    _, out, _ = run("check", models, "--format", "concise")
    assert out.startswith(f"{models / 'bad.onnx'}:relu5: warning[H503] ")
    assert out.count("\n") == 1


def test_folders_are_searched_in_order(run: Run, models: Path) -> None:
    _, out, _ = run("check", models, models / "clean.onnx", "--format", "json")
    names = [Path(model["path"]).name for model in json.loads(out)["models"]]
    assert names == ["bad.onnx", "clean.onnx", "deep.onnx"]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--fail-on", "error"], 0),
        (["--fail-on", "warning"], 1),
        (["--fail-on", "never"], 0),
        (["--exit-zero"], 0),
        (["--ignore", "H503"], 0),
        (["--ignore", "head"], 0),
        (["--ignore", "H"], 0),
        (["--ignore", "relu-before-output"], 0),
        (["--ignore", "ALL"], 0),
        (["--select", "K,S"], 0),
        (["--select", "h503"], 1),
        (["--select", "H", "--ignore", "H503"], 0),
        (["--select", "H503", "--ignore", "H"], 1),
    ],
)
def test_what_fails(run: Run, models: Path, options: list[str], code: int) -> None:
    assert run("check", models / "bad.onnx", *options)[0] == code


def test_unknown_rule_in_select_is_misuse(run: Run, models: Path) -> None:
    code, out, err = run("check", models / "clean.onnx", "--select", "H599,K10l")
    assert (code, out) == (2, "")
    assert "there is no rule 'H599'" in err
    assert "did you mean H50" in err


def test_unknown_rule_in_ignore_is_a_warning(run: Run, models: Path) -> None:
    code, _, err = run("check", models / "clean.onnx", "--ignore", "large-dense-kernels")
    assert code == 0
    assert "warning: --ignore: there is no rule" in err
    assert "did you mean large-dense-kernel?" in err


def test_missing_path_exits_2(run: Run, models: Path) -> None:
    code, out, err = run("check", models / "clean.onnx", models / "gone.onnx")
    assert (code, out) == (2, "")
    assert "gone.onnx does not exist" in err


def test_folder_without_models(run: Run, tmp_path: Path) -> None:
    code, out, err = run("check", tmp_path)
    assert (code, out) == (0, "")
    assert "warning: no models found" in err
    assert run("check", tmp_path, "--require-models")[0] == 2


def test_one_unreadable_file_leaves_the_others_alone(run: Run, models: Path) -> None:
    (models / "a_pointer.onnx").write_text("version https://git-lfs.github.com/spec/v1\noid x")
    code, out, err = run("check", models, "--ignore", "H503")
    assert code == 1
    assert out.count(".onnx: no findings") == 3
    assert out.endswith("\n4 models: no findings · 3 clean · 1 unreadable\n")
    assert "git-lfs pointer" in err
    assert "git lfs pull" in err
    assert "Traceback" not in err


def test_unreadable_file_in_json(run: Run, models: Path) -> None:
    (models / "clean.onnx").write_bytes(b"")
    code, out, err = run("check", models / "clean.onnx", "--format", "json")
    assert code == 1
    assert "clean.onnx: empty (0 bytes)" in err
    (model,) = json.loads(out)["models"]
    assert model["status"] == "error"
    assert model["error"]["code"] == "empty"
    assert set(model) == {"path", "sha256", "status", "error"}


def test_json_of_nothing_is_a_document(run: Run, tmp_path: Path) -> None:
    code, out, err = run("check", tmp_path, "--format", "json", "--require-models")
    assert code == 2
    assert json.loads(out)["models"] == []
    assert err.startswith("error: no models found")


def test_output_keeps_pipes_and_follows_links(run: Run, models: Path) -> None:
    link, real, pipe = (models / name for name in ("link", "real", "pipe"))
    link.symlink_to(real)
    assert run("check", models / "clean.onnx", "-o", link)[0] == 0
    assert link.is_symlink()
    assert "no findings" in real.read_text()
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    assert run("check", models / "clean.onnx", "-o", pipe)[0] == 0
    assert b"no findings" in os.read(reader, 1000)
    os.close(reader)
    assert pipe.is_fifo()


def test_a_mistyped_command_is_no_path(run: Run, models: Path) -> None:
    code, _, err = run("chekc", models / "clean.onnx")
    assert code == 2
    assert "did you mean 'check'?" in err


def test_a_foreign_operator_is_not_taken_for_the_standard_one(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    net = Net(3, 32).shaped("w", 8, 3, 3, 3).op("Conv", "w", domain="acme", name="a")
    path.write_bytes(net.proto().SerializeToString())
    _, out, _ = run("check", path, "--format", "json")
    summary = json.loads(out)["models"][0]["summary"]
    assert summary["uncounted_ops"] == {"acme:Conv": 1}
    assert (summary["macs"], summary["macs_are_lower_bound"]) == (0, True)


def test_output_goes_to_a_file(run: Run, models: Path) -> None:
    report = models / "report.json"
    code, out, _ = run("check", models / "bad.onnx", "--format", "json", "--output", report)
    assert (code, out) == (1, "")
    assert json.loads(report.read_text())["exit_code"] == 1
    assert not list(models.glob("*.partial"))


@pytest.mark.parametrize("name", ["clean.onnx", "other.onnx", "gone/report.json"])
def test_output_never_overwrites_a_model(run: Run, models: Path, name: str) -> None:
    before = (models / "clean.onnx").read_bytes()
    code, _, err = run("check", models / "clean.onnx", "--output", models / name)
    assert code == 2
    assert err.startswith("error: --output")
    assert (models / "clean.onnx").read_bytes() == before


def test_standard_input(run: Run, models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stdin:
        buffer = io.BytesIO((models / "bad.onnx").read_bytes())

    monkeypatch.setattr(sys, "stdin", Stdin)
    code, out, _ = run("check", "-")
    assert code == 1
    assert "<stdin>: 1 warning" in out
    Stdin.buffer = io.BytesIO(b"")
    code, _, err = run("check", "-")
    assert code == 1
    assert err.startswith("error: <stdin>: empty")


def test_open_dimensions(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "open.onnx"
    net = Net(3, ("height", 32), batch="N")  # type: ignore[arg-type]  # a symbolic side
    path.write_bytes(net.conv(16).proto().SerializeToString())
    _, out, _ = run("check", path)
    assert "assumed N = 1" in out
    assert "input size is open: height" in out
    assert "? MACs" in out
    _, out, _ = run("check", path, "--dim", "height=32", "--batch", "2")
    assert "884,736 MACs" in out  # 2 x 32 x 32 x 16 x 27
    code, _, err = run("check", path, "--dim", "heigth=32")
    assert code == 2
    assert "did you mean 'height'?" in err


def test_verbose_json_has_every_layer(run: Run, models: Path) -> None:
    _, out, _ = run("check", models / "clean.onnx", "--format", "json")
    assert json.loads(out)["models"][0]["layers"] is None
    _, out, _ = run("check", models / "clean.onnx", "--format", "json", "-v")
    layers = json.loads(out)["models"][0]["layers"]
    assert [layer["op"] for layer in layers] == [
        "Conv",
        "Relu",
        "GlobalAveragePool",
        "Flatten",
        "Gemm",
    ]


def test_quiet_shows_findings_only(run: Run, models: Path) -> None:
    assert run("check", models / "clean.onnx", "--quiet")[1] == ""
    assert "warning[H503]" in run("check", models / "bad.onnx", "-q")[1]


def test_a_broken_rule_is_told_and_exits_2(
    run: Run, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def explode(*_: object) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(engine, "reported", explode)
    code, out, err = run("check", models / "bad.onnx")
    assert code == 2
    assert "rule H503 failed: ZeroDivisionError" in err
    assert "bad.onnx" in out


@pytest.mark.parametrize(
    ("environment", "options", "colored"),
    [
        ({}, [], False),
        ({}, ["--color", "always"], True),
        ({"FORCE_COLOR": "1"}, [], True),
        ({"FORCE_COLOR": "1"}, ["--color", "never"], False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, [], True),
        ({"NO_COLOR": "1"}, [], False),
        ({"TERM": "dumb"}, [], False),
    ],
)
def test_colour(
    run: Run,
    models: Path,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    options: list[str],
    colored: bool,
) -> None:
    for name in ("FORCE_COLOR", "NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert ("\x1b[" in run("check", models / "bad.onnx", *options)[1]) is colored


def test_names_from_a_model_cannot_reach_the_terminal(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "evil.onnx"
    net = Net(3, 32).conv(16).gap().flatten().dense(10)
    net = net.op("Relu", name="\x1b[2J\u202eevil\r\n").output()
    path.write_bytes(net.proto().SerializeToString())
    for form in ("text", "concise", "json"):
        code, out, err = run("check", path, "--format", form)
        assert code == 1
        assert not {"\x1b", "\r", "\u202e"} & set(out + err)


def test_closed_pipe_is_quiet(models: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "cnnlint", "check", str(models / "clean.onnx")]
    done = subprocess.run(  # noqa: S603  (our own command)
        command, stdout=writing, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writing)
    assert done.stderr == ""


SAMPLE_FINDINGS = {
    "checkerboard_decoder": {"P409"},
    "clean_mobilenet": set(),
    "clean_resnet": set(),
    "clean_unet": set(),
    "flatten_head": {"H501"},
    "large_kernels": {"K101"},
    "plain_24": {"S201"},
    "relu_logits": {"H503"},
    "sigmoid_hidden": {"A301"},
    "strided_past_kernel": {"P401"},
    "wide_3x3": {"K107"},
}


def test_sample_models_show_what_their_table_says(run: Run) -> None:
    code, out, _ = run("check", SAMPLES, "--format", "json")
    models = json.loads(out)["models"]
    found = {Path(m["path"]).stem: {f["code"] for f in m["findings"]} for m in models}
    assert (code, found) == (1, SAMPLE_FINDINGS)
    table = (SAMPLES / "README.md").read_text()
    for model in models:
        row = next(line for line in table.splitlines() if f"`{Path(model['path']).name}`" in line)
        assert f"{model['summary']['params']:,}" in row
        assert f"{model['summary']['macs']:,}" in row
        assert all(code in row for code in found[Path(model["path"]).stem])
