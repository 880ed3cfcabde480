"""What the paths of a command line stand for; folders and files that are closed to us."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from cnnlint.cli.targets import ClosedFolder, expand
from cnnlint.errors import MissingPathError, UsageError

Run = Callable[..., tuple[int, str, str]]
CLOSED = "allow it to be listed and entered, or name the models to check without it"


@pytest.fixture
def locked(models: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder ``sub`` with its model, closed to everybody, root too."""
    folder = models / "sub"
    scandir, lstat, stat = os.scandir, os.lstat, os.stat

    def refuse(path: object) -> None:
        if folder in Path(os.fspath(str(path))).parents:
            raise PermissionError(13, "Permission denied", str(path))

    def listed(path: str) -> object:
        if Path(path) == folder:
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    def looked_at(path: str, *rest: object, **more: object) -> os.stat_result:
        refuse(path)
        return stat(path, *rest, **more)  # type: ignore[arg-type]  # passed on as it is

    def looked_at_itself(path: str) -> os.stat_result:
        refuse(path)
        return lstat(path)

    monkeypatch.setattr(os, "scandir", listed)
    monkeypatch.setattr(os, "stat", looked_at)
    monkeypatch.setattr(os, "lstat", looked_at_itself)
    return folder


def test_models_below_a_folder(models: Path) -> None:
    (models / "linked").symlink_to(models / "sub")
    (models / "nothing.onnx").symlink_to("nowhere")
    (models / "folder.onnx").mkdir()
    names = ["bad.onnx", "clean.onnx", "nothing.onnx", "sub/deep.onnx"]
    assert expand((str(models),)) == [models / name for name in names]
    assert expand((str(models / "folder.onnx"),)) == [models / "folder.onnx"]
    again = (str(models / "sub" / "deep.onnx"), "-", str(models / "sub"), "-")
    assert expand(again) == [models / "sub" / "deep.onnx", None]


def test_an_empty_path_is_not_the_current_folder(
    run: Run, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(models)
    told = "error: a path is empty; check the variable that it comes from\n"
    assert run("check", "") == run("check", "bad.onnx", "") == run("") == (2, "", told)
    with pytest.raises(UsageError, match="a path is empty"):
        expand(("",))


@pytest.mark.parametrize("name", ["gone.onnx", "clean.onnx/x.onnx", "n" * 300])
def test_what_can_not_exist_is_missing(models: Path, name: str) -> None:
    with pytest.raises(MissingPathError, match="does not exist"):
        expand((str(models / name),))


def test_a_closed_folder_fails_and_leaves_the_others(run: Run, models: Path, locked: Path) -> None:
    code, out, err = run("check", models, "--format", "json", "--fail-on", "never")
    assert code == 1
    assert err == f"error: {locked}: the folder can't be read: Permission denied; {CLOSED}\n"
    codes = {
        Path(m["path"]).name: (m["error"] or {}).get("code") for m in json.loads(out)["models"]
    }
    assert codes == {"bad.onnx": None, "clean.onnx": None, "sub": "unreadable"}


@pytest.mark.parametrize("options", [(), ("--require-models",)])
def test_a_closed_folder_alone_is_no_folder_without_models(
    run: Run, locked: Path, options: tuple[str, ...]
) -> None:
    code, _, err = run("check", locked, *options)
    assert code == 1
    assert err == f"error: {locked}: the folder can't be read: Permission denied; {CLOSED}\n"
    assert expand((str(locked),)) == [ClosedFolder(locked, "Permission denied")]


def test_a_model_in_a_closed_folder_is_not_missing(run: Run, models: Path, locked: Path) -> None:
    closed = locked / "deep.onnx"
    code, out, err = run("check", closed, models / "clean.onnx")
    assert code == 1
    assert err == f"error: {closed} can't be read: Permission denied; check the path\n"
    assert "clean.onnx: no findings" in out


def test_a_closed_folder_as_another_user_sees_it(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid():
        pytest.skip("only root can be another user")
    models.chmod(0o755)
    (models / "sub").chmod(0)
    monkeypatch.chdir(models)
    os.seteuid(65534)
    try:
        found = expand((".", "sub/deep.onnx"))
    finally:
        os.seteuid(0)
    closed = ClosedFolder(Path("sub"), "Permission denied")
    assert found == [Path("bad.onnx"), Path("clean.onnx"), closed, Path("sub/deep.onnx")]


@pytest.mark.parametrize(
    ("glob", "names"),
    [
        ("*.onnx", ["bad.onnx", "clean.onnx"]),
        ("**/*.onnx", ["bad.onnx", "clean.onnx", "sub/deep.onnx"]),
        ("*/*.onnx", ["sub/deep.onnx"]),
        ("s?b", ["sub/deep.onnx"]),
        ("[bs]*", ["bad.onnx", "sub/deep.onnx"]),
        ("*", ["bad.onnx", "clean.onnx", "sub/deep.onnx"]),
        ("*/", ["sub/deep.onnx"]),
        ("*.txt", ["notes.txt"]),
        ("sub/*", ["sub/deep.onnx"]),
        ("./sub/../*d.onnx", ["sub/../bad.onnx"]),
    ],
)
def test_globs_that_no_shell_has_replaced(
    glob: str, names: list[str], models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(models)
    (models / "ring").symlink_to(models)
    assert expand((glob,)) == [Path(name) for name in names]
    if not glob.startswith("."):
        assert expand((f"{models}/{glob}",)) == [models / name for name in names]


def test_a_glob_enters_no_folder_that_it_can_not_mean(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scandir, entered = os.scandir, []

    def listed(path: str) -> object:
        entered.append(Path(path).name)
        return scandir(path)

    (models / "sub" / "sub").mkdir()
    monkeypatch.setattr(os, "scandir", listed)
    assert expand((f"{models}/*.onnx",)) == [models / "bad.onnx", models / "clean.onnx"]
    assert entered == [models.name]
    assert expand((f"{models}/*/*.onnx",)) == [models / "sub" / "deep.onnx"]
    assert entered == [models.name, models.name, "sub"]


def test_a_file_that_is_called_like_a_glob(models: Path) -> None:
    (models / "[bad].onnx").write_bytes(b"")
    assert expand((f"{models}/[bad].onnx",)) == [models / "[bad].onnx"]


@pytest.mark.parametrize("glob", ["*.pb", "gone/*.onnx", "clean.onnx/*.onnx", "**/x.onnx"])
def test_a_glob_that_means_nothing_is_missing(run: Run, models: Path, glob: str) -> None:
    told = f"error: no model is called {models}/{glob}; check the path and the pattern\n"
    assert run("check", models / "clean.onnx", f"{models}/{glob}") == (2, "", told)


def test_one_file_in_two_spellings(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(models)
    (models / "linked").symlink_to("sub")
    (models / "second.onnx").symlink_to("clean.onnx")
    paths = ("sub/../clean.onnx", str(models / "clean.onnx"), "linked/deep.onnx", ".")
    names = ["sub/../clean.onnx", "linked/deep.onnx", "bad.onnx", "second.onnx"]
    assert expand(paths) == [Path(name) for name in names]
