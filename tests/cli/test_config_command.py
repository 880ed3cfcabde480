"""``cnnlint config init`` and ``cnnlint config schema``."""

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest

from cnnlint.config.schema import json_schema
from cnnlint.config.starter import starter
from cnnlint.lint.registry import builtin_rules

Run = Callable[..., tuple[int, str, str]]


def test_init(run: Run, tmp_path: Path) -> None:
    code, out, err = run("config", "init", tmp_path)
    assert (code, err) == (0, "")
    file = tmp_path / "cnnlint.toml"
    assert file.read_text(encoding="utf-8") == starter(builtin_rules())
    assert str(file) in out
    assert "config show" in out
    assert [each.name for each in tmp_path.iterdir()] == ["cnnlint.toml"]


def test_init_here(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("config", "init")[0] == 0
    assert (tmp_path / "cnnlint.toml").is_file()


def test_init_below_another_says_how_to_keep_it(run: Run, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.cnnlint]\nbatch = 2\n")
    (tmp_path / "teams" / "a").mkdir(parents=True)
    _, out, err = run("config", "init", tmp_path / "teams" / "a")
    assert err == ""
    assert out.splitlines()[1] == (
        f"{tmp_path / 'pyproject.toml'} no longer holds there; "
        'to keep it: extend = "../../pyproject.toml"'
    )
    (tmp_path / "apart" / ".git").mkdir(parents=True)
    assert "extend" not in run("config", "init", tmp_path / "apart")[1]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("cnnlint.toml", ""),
        (".cnnlint.toml", ""),
        ("pyproject.toml", "[tool.cnnlint]\nbatch = 2\n"),
    ],
)
def test_init_beside_another(run: Run, name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    code, out, err = run("config", "init", tmp_path)
    assert (code, out) == (2, "")
    assert err == (f"error: {tmp_path / name} is there already; edit it, or name another folder\n")
    assert [each.name for each in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == text


def test_init_beside_a_project_without_us(run: Run, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.ruff]\n")
    assert run("config", "init", tmp_path)[0] == 0


@pytest.mark.parametrize(
    ("name", "why"), [("nowhere", "does not exist"), ("file", "is no folder")]
)
def test_init_needs_a_folder(run: Run, name: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, out, err = run("config", "init", tmp_path / name)
    assert (code, out) == (2, "")
    assert why in err


class Full(StringIO):
    """A file on a disk without space."""

    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device", text)


def test_init_on_a_full_disk_leaves_nothing(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = Path.open

    def opened(file: Path, mode: str, encoding: str) -> object:
        really(file, mode, encoding=encoding).close()
        return Full()

    monkeypatch.setattr("cnnlint.config.files.in_folder", lambda _: None)
    monkeypatch.setattr(Path, "open", opened)
    code, out, err = run("config", "init", tmp_path)
    assert (code, out) == (2, "")
    assert "cnnlint.toml can't be written: No space left on device" in err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (PermissionError(13, "Permission denied"), "can't be written: Permission denied"),
        (FileExistsError(17, "File exists"), "is there already"),  # since we have looked
    ],
)
def test_init_where_nothing_can_be_written(
    run: Run, error: OSError, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(Path, "open", refused)
    code, out, err = run("config", "init", tmp_path)
    assert (code, out) == (2, "")
    assert f"cnnlint.toml {why}" in err


def test_schema(run: Run) -> None:
    code, out, err = run("config", "schema")
    assert (code, err) == (0, "")
    assert json.loads(out) == json_schema(builtin_rules())


def test_schema_knows_rules_of_a_folder(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "from cnnlint.lint.rule import rule\n"
        "from cnnlint.lint.finding import Basis, Severity\n"
        '@rule("XX1", severity=Severity.NOTE, basis=Basis.HEURISTIC, since="0")\n'
        "def my_own(facts):\n"
        '    """Say nothing."""\n'
        "    yield from ()\n"
    )
    code, out, _ = run("config", "schema", "--rules", tmp_path)
    assert code == 0
    assert {"XX1", "my-own"} <= set(json.loads(out)["properties"]["rules"]["properties"])
