"""How the report on several models is shown: closing line, statistics, caps."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.net import Net

Run = Callable[..., tuple[int, str, str]]
CLOSING = "3 models: 1 warning in 1 · 2 clean"


def test_closing(run: Run, models: Path) -> None:
    code, out, _ = run("check", models, "--select", "H503")
    assert (code, out.splitlines()[-1]) == (1, CLOSING)
    assert "models:" not in run("check", models / "bad.onnx")[1]
    assert "models:" not in run("check", models, "-q")[1]
    assert "models:" not in run("check", models, "--format", "concise")[1]


@pytest.mark.parametrize("form", ["text", "concise"])
def test_statistics_take_the_place_of_findings(run: Run, models: Path, form: str) -> None:
    options = ("--select", "H503", "--statistics", "--format", form)
    code, out, _ = run("check", models, *options)
    lines = out.splitlines()
    assert code == 1
    assert lines[2].split() == ["H503", "1", "1", "1", "0", "0", "relu-before-output"]
    assert lines[-1] == CLOSING
    assert len(lines) == 6
    assert run("check", models, *options, "-q")[1].splitlines() == lines[:-1]
    assert (
        run("check", models / "bad.onnx", *options)[1].splitlines()[-1]
        == "1 model: 1 warning in 1"
    )
    assert run("check", models / "clean.onnx", *options)[1] == "1 model: no findings · 1 clean\n"


def test_statistics_in_json(run: Run, models: Path) -> None:
    options = ("--select", "H503", "--format", "json")
    asked = json.loads(run("check", models, *options, "--statistics")[1])
    assert [(row["code"], row["warnings"]) for row in asked["statistics"]] == [("H503", 1)]
    plain = json.loads(run("check", models, *options)[1])
    assert plain == {**asked, "statistics": None}


@pytest.fixture
def repeated(tmp_path: Path) -> Path:
    """Return a model with three large kernels."""
    net = Net(16, 32)
    for _ in range(4):
        net = net.conv(16, 7).relu()
    file = tmp_path / "large.onnx"
    file.write_bytes(net.gap().flatten().dense(10).proto().SerializeToString())
    return file


@pytest.mark.parametrize(("most", "shown"), [(None, 3), (0, 3), (1, 1), (2, 2), (3, 3)])
def test_caps(run: Run, repeated: Path, most: int | None, shown: int) -> None:
    cap = () if most is None else ("--max-per-rule", most)
    options = ("--select", "K103,K101", *cap)
    code, out, _ = run("check", repeated, *options, "--format", "concise")
    lines = out.splitlines()
    assert code == 1
    assert [line for line in lines if "[K101]" in line] == lines[:shown]
    more = f"{3 - shown} more finding{'s' if shown == 1 else ''}"
    cut = f"{repeated}: {more} of K101; --max-per-rule 0 shows all"
    assert lines[shown:] == ([] if shown == 3 else [cut])
    text = run("check", repeated, *options)[1]
    assert ("--max-per-rule 0 shows all" in text) is (shown < 3)
    (model,) = json.loads(run("check", repeated, *options, "--format", "json")[1])["models"]
    assert len(model["findings"]) == 3


def test_each_model_has_the_cap_of_its_configuration(run: Run, repeated: Path) -> None:
    folder = repeated.parent
    models = {}
    for name, cap in {"a": "", "b": "max-per-rule = 1\n", "c": "max-per-rule = 2\n"}.items():
        (folder / name).mkdir()
        (folder / name / "cnnlint.toml").write_text(cap)
        models[name] = folder / name / "net.onnx"
        shutil.copy(repeated, models[name])

    def shown(*options: object) -> list[int]:
        lines = run("check", *models.values(), "--select", "K101", *options)[1].splitlines()
        return [
            sum(line.startswith(f"{path}:") and "[K101]" in line for line in lines)
            for path in models.values()
        ]

    assert shown("--format", "concise") == [3, 1, 2]
    assert shown("--format", "concise", "--max-per-rule", 0) == [3, 3, 3]
    text = run("check", *models.values(), "--select", "K101", "--color", "never")[1]
    cuts = [line for line in text.splitlines() if "--max-per-rule 0 shows all" in line]
    assert [cut.split()[2] for cut in cuts] == ["2", "1"]
