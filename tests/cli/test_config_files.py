"""What configuration files do to `cnnlint check` and `cnnlint why`, as a user sees it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.net import Net

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def here(models: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of the models, which is the current one and a repository."""
    (models / ".git").mkdir()
    monkeypatch.chdir(models)
    return models


def test_a_file_decides_what_fails(run: Run, here: Path) -> None:
    assert run("bad.onnx")[0] == 1
    (here / "cnnlint.toml").write_text("fail-on = 'error'\n")
    assert run("bad.onnx")[0] == 0
    assert run("bad.onnx", "--fail-on", "warning")[0] == 1
    assert run("bad.onnx", "--config", "fail-on=warning")[0] == 1
    assert run("bad.onnx", "--isolated")[0] == 1


def test_models_in_one_run_have_their_own_files(run: Run, here: Path) -> None:
    (here / "sub" / "bad.onnx").write_bytes((here / "bad.onnx").read_bytes())
    (here / "sub" / "pyproject.toml").write_text("[tool.cnnlint]\nignore = ['H503']\n")
    code, out, err = run(here, "--format", "json")
    reports = {Path(each["path"]).parts[-2:]: each for each in json.loads(out)["models"]}
    assert (code, err) == (1, "")
    found = {name: [f["code"] for f in each["findings"]] for name, each in reports.items()}
    assert "H503" in found[here.name, "bad.onnx"]
    assert "H503" not in found["sub", "bad.onnx"]


def test_severity_and_preset(run: Run, here: Path) -> None:
    file = here / "cnnlint.toml"
    file.write_text("select = ['H503']\npreset = 'strict'\n[severity]\nH = 'note'\n")
    assert ": note[H503]" in run("bad.onnx", "--format", "concise")[1]
    code, out, _ = run("bad.onnx", "--format", "concise", "--severity", "K101,H503=error")
    assert code == 1
    assert ": error[H503]" in out


@pytest.mark.parametrize(
    ("option", "why"),
    [
        ("H503", "--severity 'H503' is not RULES=LEVEL; write for example --severity K101=note"),
        ("=note", "--severity '=note' is not RULES=LEVEL"),
        ("H503=loud", "--severity: severity.H503 must be one of error, warning, note, not 'loud'"),
        ("H999=note", "--severity: there is no rule 'H999'"),
    ],
)
def test_severity_that_makes_no_sense(run: Run, here: Path, option: str, why: str) -> None:
    code, out, err = run(here / "bad.onnx", "--severity", option)
    assert (code, out) == (2, "")
    assert why in err
    assert err.count("\n") == 1


def test_all_mistakes_come_at_once_and_nothing_is_checked(run: Run, here: Path) -> None:
    (here / "cnnlint.toml").write_text("presett = 'seed'\nselect = ['H999']\nignore = ['Z1']\n")
    (here / "sub" / "cnnlint.toml").write_text("preset = \n")
    code, out, err = run(".", "--ignore", "Z2")
    assert (code, out) == (2, "")
    lines = err.splitlines()
    assert [line.partition(": ")[0] for line in lines] == ["error"] * 3
    assert lines[0] == "error: cnnlint.toml:1: there is no key 'presett'; did you mean preset?"
    assert lines[1].startswith("error: cnnlint.toml:2: there is no rule 'H999'")
    assert lines[2].startswith("error: sub/cnnlint.toml:1: it is no TOML: Invalid value")


def test_warnings_come_once(run: Run, here: Path) -> None:
    (here / "cnnlint.toml").write_text("ignore = ['Z1', 'H503']\n")
    code, _, err = run(".")
    assert code == 0
    assert err == (
        "warning: cnnlint.toml:1: there is no rule 'Z1'; `cnnlint rules` lists what there is\n"
    )


def test_sizes_of_a_file_are_what_is_usual(run: Run, here: Path) -> None:
    open_sides = Net(3, (8, 8), batch="n").conv(16).relu().proto()
    for axis, name in ((2, "rows"), (3, "columns")):
        open_sides.graph.input[0].type.tensor_type.shape.dim[axis].dim_param = name
    (here / "open.onnx").write_bytes(open_sides.SerializeToString())
    (here / "cnnlint.toml").write_text("batch = 4\n[dim]\nrows = 12\ncolumns = 10\nnowhere = 3\n")

    def bound(*options: object) -> object:
        code, out, err = run("open.onnx", "--format", "json", "--exit-zero", *options)
        assert (code, err) == (0, "")
        return json.loads(out)["models"][0]["summary"]["inputs"][0]["bound"]

    assert bound() == [4, 3, 12, 10]
    assert bound("--batch", 2) == [2, 3, 12, 10]
    assert bound("--dim", "rows=16") == [4, 3, 16, 10]
    assert bound("--dim", "n=5") == [5, 3, 12, 10]
    assert bound("--input-shapes", "1,3,6,6") == [1, 3, 6, 6]
    assert bound("--isolated", "--dim", "rows=6", "--dim", "columns=6") == [1, 3, 6, 6]
    assert run("clean.onnx")[0] == 0
    code, _, err = run("clean.onnx", "--batch", 2)
    assert code == 2
    assert "--batch changes nothing" in err


def test_standard_input_is_configured_by_the_current_folder(
    run: Run, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "cnnlint.toml").write_text("ignore = ['H503']\n")
    with (here / "bad.onnx").open("rb") as stream:
        reader = type("Stream", (), {"buffer": stream})
        monkeypatch.setattr("sys.stdin", reader)
        assert run("-", "--select", "H503")[0] == 1
        stream.seek(0)
        assert run("-")[0] == 0


def test_target(run: Run, here: Path) -> None:
    odd = Net(3, 8).conv(12).relu().conv(16).relu().gap().flatten().dense(10).proto()
    (here / "odd.onnx").write_bytes(odd.SerializeToString())

    def speaks(*options: str) -> bool:
        return "[W801]" in run("odd.onnx", "--format", "concise", *options)[1]

    assert speaks()
    assert not speaks("--target", "cpu-avx512")
    assert speaks("--target", "cpu-avx512", "--config", "rules.W801.multiple=8")
    (here / "cnnlint.toml").write_text("target = 'cpu-avx512'\n")
    assert not speaks()
    assert speaks("--target", "gpu-fp16")


def test_why_heeds_the_file_too(run: Run, here: Path) -> None:
    found = json.loads(run("bad.onnx", "--select", "H503", "--format", "json")[1])
    layer = found["models"][0]["findings"][0]["layers"][0]["path"]
    asked = ("why", "bad.onnx", layer, "H503")
    code, out, _ = run(*asked)
    assert (code, "reports a warning" in out) == (0, True)
    (here / "cnnlint.toml").write_text("severity.H503 = 'error'\n")
    assert "reports an error" in run(*asked)[1]
    assert "reports a warning" in run(*asked, "--isolated")[1]
    (here / "cnnlint.toml").write_text("[rules.H503]\nx = 1\n")
    assert run(*asked)[0] == 2


def test_no_report_is_written_over_a_configuration(run: Run, here: Path) -> None:
    file, base = here / "cnnlint.toml", here / "base.toml"
    file.write_text("extend = 'base.toml'\n")
    base.write_text("fail-on = 'never'\n")
    for output in (file, base):
        code, _, err = run("bad.onnx", "--output", output)
        assert code == 2
        assert "would overwrite" in err
    assert base.read_text() == "fail-on = 'never'\n"


def test_one_side_of_an_image_is_no_reason_to_assume_the_other(run: Run, here: Path) -> None:
    image = Net(3, (8, 8)).conv(16).relu().proto()
    for axis, name in ((2, "rows"), (3, "columns")):
        image.graph.input[0].type.tensor_type.shape.dim[axis].dim_param = name
    (here / "open.onnx").write_bytes(image.SerializeToString())

    def bound() -> object:
        out = run("open.onnx", "--format", "json", "--exit-zero")[1]
        return json.loads(out)["models"][0]["summary"]["inputs"][0]["bound"]

    assert bound() == [1, 3, 224, 224]
    (here / "cnnlint.toml").write_text("dim.rows = 12\n")
    assert bound() == [1, 3, 12, None]
