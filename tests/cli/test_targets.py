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
