"""What of the configuration is for files that nobody has: a misspelt pattern is told."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.net import Net

Run = Callable[..., tuple[int, str, str]]
TOML = """\
[[budget]]
files = "models/nte.onnx"
max_params = "1G"
max_macs = "1G"

[[budget]]
files = "models/*.onnx"
max_params = "1G"

[[suppress]]
rule = "K101"
files = "old/"
reason = "x"
"""
BUDGETS = [
    f"cnnlint.toml:{line}: {key} is for no model of this run: models/nte.onnx"
    for line, key in ((3, "max_params"), (4, "max_macs"))
]
ALL = [*BUDGETS, "cnnlint.toml:10: K101 is for no model of this run: old/"]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go to a folder with a configuration, a model and a folder of another configuration."""
    proto = Net(3, 6).conv(16).relu().gap().flatten().dense(10).proto().SerializeToString()
    for name in ("models/net.onnx", "other/net.onnx"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(proto)
    (tmp_path / "cnnlint.toml").write_text(TOML)
    (tmp_path / "other" / "cnnlint.toml").write_text("budget = {files = 'x.onnx', max_macs = 5}")
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize(
    ("paths", "notes"),
    [
        (["."], [*ALL, "other/cnnlint.toml:1: max_macs is for no model of this run: x.onnx"]),
        (["../repository/models", "."], None),
        (["models"], []),
        (["models/net.onnx"], []),
        (["other"], ["other/cnnlint.toml:1: max_macs is for no model of this run: x.onnx"]),
    ],
)
def test_only_a_run_over_the_whole_folder_can_tell(
    run: Run, repository: Path, paths: list[str], notes: list[str] | None
) -> None:
    paths = [path.replace("../repository", str(repository)) for path in paths]
    code, out, _ = run("check", *paths, "--format", "json")
    said = json.loads(out)["notes"]
    assert code == 0
    assert said == notes if notes is not None else set(ALL) <= set(said)


def test_a_file_that_comes_is_meant(run: Run, repository: Path) -> None:
    (repository / "models" / "net.onnx").rename(repository / "models" / "nte.onnx")
    _, out, _ = run("check", ".", "--format", "json")
    said = json.loads(out)["notes"]
    assert not [note for note in said if "nte.onnx" in note]


@pytest.mark.usefixtures("repository")
def test_it_is_told_in_text_and_not_when_quiet(run: Run) -> None:
    _, out, _ = run("check", ".")
    assert f"note: {BUDGETS[0]}" in " ".join(out.split())
    assert run("check", ".", "--quiet")[1] == ""
