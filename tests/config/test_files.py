"""Which file configures a model, and how one is read."""

import os
from pathlib import Path

import pytest

from cnnlint.config.files import Finder, read_source, shown
from cnnlint.errors import MissingPathError, UsageError

TABLE = "[tool.cnnlint]\n"


def tree(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"cnnlint.toml": "", ".cnnlint.toml": "", "pyproject.toml": TABLE}, "cnnlint.toml"),
        ({".cnnlint.toml": "", "pyproject.toml": TABLE}, ".cnnlint.toml"),
        ({"pyproject.toml": TABLE}, "pyproject.toml"),
        ({"pyproject.toml": "[tool]\ncnnlint = {}"}, "pyproject.toml"),
        ({"pyproject.toml": "tool.cnnlint.preset = 'seed'"}, "pyproject.toml"),
        ({"pyproject.toml": "tool = {'cnnlint' = {}}"}, "pyproject.toml"),
        ({"pyproject.toml": "['tool' . \"cnnlint\"]"}, "pyproject.toml"),
        ({"pyproject.toml": "[tool.cnnlint.rules.K101]\n"}, "pyproject.toml"),
        ({"pyproject.toml": "[tool.cnnlint]\nbroken"}, "pyproject.toml"),
        ({"pyproject.toml": "broken, without our table"}, None),
        ({"pyproject.toml": "[tool.ruff]\n"}, None),
        ({"pyproject.toml": "[tool.cnnlint-other]\n"}, None),
        ({"pyproject.toml": "x = '''\n[tool.cnnlint]\n'''"}, None),
        ({"cnnlint.toml/x": ""}, None),
        ({"a/cnnlint.toml": "", "cnnlint.toml": ""}, "a/cnnlint.toml"),
        ({"a/pyproject.toml": TABLE, "cnnlint.toml": ""}, "a/pyproject.toml"),
        ({"a/pyproject.toml": "", "cnnlint.toml": ""}, "cnnlint.toml"),
        ({"a/b/.git/x": "", "cnnlint.toml": ""}, None),
        ({"a/.git": "gitdir: x", "cnnlint.toml": ""}, None),
        ({"a/.git/x": "", "a/cnnlint.toml": "", "cnnlint.toml": ""}, "a/cnnlint.toml"),
    ],
)
def test_find(files: dict[str, str], found: str | None, tmp_path: Path) -> None:
    tree(tmp_path, {".git/x": "", "a/b/x": "", **files})
    expected = None if found is None else tmp_path / found
    assert Finder().find(tmp_path / "a" / "b") == expected


def test_what_was_found_is_remembered(tmp_path: Path) -> None:
    tree(tmp_path, {"cnnlint.toml": "", "a/x": "", "b/c/x": ""})
    finder = Finder()
    assert finder.find(tmp_path / "a") == tmp_path / "cnnlint.toml"
    (tmp_path / "cnnlint.toml").unlink()
    assert finder.find(tmp_path / "b" / "c") == tmp_path / "cnnlint.toml"
    assert finder.find(tmp_path / "none" / "such") == tmp_path / "cnnlint.toml"


def test_links_in_the_path_are_not_resolved(tmp_path: Path) -> None:
    tree(
        tmp_path,
        {".git/x": "", "real/cnnlint.toml": "", "real/sub/x": "", "here/.cnnlint.toml": ""},
    )
    (tmp_path / "here" / "sub").symlink_to(tmp_path / "real" / "sub")
    assert Finder().find(tmp_path / "here" / "sub") == tmp_path / "here" / ".cnnlint.toml"


@pytest.mark.parametrize("kind", ["pipe", "dead link"])
def test_what_was_meant_to_be_read_is_an_error(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "cnnlint.toml"
    if kind == "pipe":
        os.mkfifo(file)
    else:
        file.symlink_to(tmp_path / "gone")
    assert Finder().find(tmp_path) == file
    with pytest.raises(UsageError, match=r"is no regular file|does not exist"):
        read_source(file)


def test_a_pipe_called_pyproject_is_passed_by(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pyproject.toml")
    (tmp_path / ".git").mkdir()
    assert Finder().find(tmp_path) is None


def test_a_folder_that_nobody_may_enter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(tmp_path, {"cnnlint.toml": "", "closed/cnnlint.toml": "", "closed/x": ""})
    lstat = Path.lstat

    def closed(self: Path) -> os.stat_result:
        if "closed" in self.parts:
            raise PermissionError(13, "Permission denied")
        return lstat(self)

    monkeypatch.setattr(Path, "lstat", closed)
    assert Finder().find(tmp_path / "closed") == tmp_path / "cnnlint.toml"


def test_a_name_with_a_nul(tmp_path: Path) -> None:
    (tmp_path / "cnnlint.toml").write_text("")
    assert Finder().find(tmp_path / "a\0b") == tmp_path / "cnnlint.toml"


def test_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tree(tmp_path, {"sub/cnnlint.toml": "\ufeff\r\npreset = 'seed'\r\n"})
    source = read_source(tmp_path / "sub" / "cnnlint.toml")
    assert source.values == {"preset": "seed"}
    assert source.place(("preset",)) == f"sub{os.sep}cnnlint.toml:2"
    assert source.place(()) == f"sub{os.sep}cnnlint.toml"
    assert source.place(("gone",)) == f"sub{os.sep}cnnlint.toml"


def test_read_the_table_of_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "pyproject.toml"
    file.write_text("[project]\nname = 'x'\n[tool.cnnlint]\npreset = 'seed'\n")
    source = read_source(file)
    assert source.values == {"preset": "seed"}
    assert source.place(("preset",)) == "pyproject.toml:4"
    assert source.place(("gone",)) == "pyproject.toml:3"


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("pyproject.toml", b"[tool.ruff]", "pyproject.toml has no [tool.cnnlint]"),
        ("pyproject.toml", b"tool = 1", "pyproject.toml has no [tool.cnnlint]"),
        (
            "pyproject.toml",
            b"[tool]\ncnnlint = 7",
            "pyproject.toml:2: tool.cnnlint must be a table",
        ),
        (
            "cnnlint.toml",
            b"a = \nb",
            "cnnlint.toml:1: it is no TOML: Invalid value, column 5",
        ),
        ("cnnlint.toml", b"\x7fELF\x00", "cnnlint.toml:1: it is no TOML: "),
        ("cnnlint.toml", b"\xff\xfe", "cnnlint.toml is no TOML: "),
        ("cnnlint.toml", b"#" * (1 << 20) + b"#", "has more than 1,048,576 bytes"),
        ("cnnlint.toml", b"a = " + b"[" * 100_000, "nests too deeply"),
        ("cnnlint.toml", b"a." * 500_000 + b"a = 1", "a key has more than 64 parts"),
        ("cnnlint.toml", b"a = { " + b"b . " * 70 + b"c = 1 }", "a key has more than 64 parts"),
    ],
)
def test_what_can_not_be_read(
    name: str, data: bytes, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(data)
    with pytest.raises(UsageError) as caught:
        read_source(tmp_path / name)
    assert why in caught.value.cause
    assert "\n" not in caught.value.cause


def test_dots_in_texts_are_no_parts_of_keys(tmp_path: Path) -> None:
    file = tmp_path / "cnnlint.toml"
    dots = "a." * 100
    file.write_text(f"x = \"{dots}\"\n# {dots}\ny = '''\n{dots}\n'''\nz = [{'1.5, ' * 99}]\n")
    assert set(read_source(file).values) == {"x", "y", "z"}


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(MissingPathError):
        read_source(tmp_path / "cnnlint.toml")


def test_how_a_file_is_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")
    assert shown(tmp_path / "sub" / "x.toml") == "x.toml"
    assert shown(Path("x.toml")) == "x.toml"
    assert shown(tmp_path / "x.toml") == str(tmp_path / "x.toml")
