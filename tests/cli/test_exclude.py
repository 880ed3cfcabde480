"""Files and folders that are left out."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cnnlint.cli.targets import expand
from cnnlint.config.exclude import USUAL, exclusion
from cnnlint.lint.patterns import Patterns, is_pattern

Run = Callable[..., tuple[int, str, str]]
NOTHING = Patterns(Path(), ())


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go to a folder with models in folders of all kinds."""
    names = ["a.onnx", "build/b.onnx", "old/c.onnx", "old/new/d.onnx", "node_modules/e.onnx"]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def found(*paths: str, globs: tuple[str, ...] = (), force: bool = False) -> list[str]:
    excluded = exclusion(Patterns(Path(), globs))
    return [str(path) for path in expand(paths, excluded, lambda _: force)]


@pytest.mark.usefixtures("tree")
@pytest.mark.parametrize(
    ("globs", "names"),
    [
        ((), ["a.onnx", "build/b.onnx", "old/c.onnx", "old/new/d.onnx"]),
        (("old",), ["a.onnx", "build/b.onnx"]),
        (("old/",), ["a.onnx", "build/b.onnx"]),
        (("/new",), ["a.onnx", "build/b.onnx", "old/c.onnx", "old/new/d.onnx"]),
        (("new",), ["a.onnx", "build/b.onnx", "old/c.onnx"]),
        (("old/*.onnx", "a*"), ["build/b.onnx", "old/new/d.onnx"]),
        (("*.onnx", "!c.onnx"), ["old/c.onnx"]),
    ],
)
@pytest.mark.parametrize("path", [".", "**", "**/*.onnx"])
def test_below_folders_and_globs(globs: tuple[str, ...], names: list[str], path: str) -> None:
    assert found(path, globs=globs) == names


@pytest.mark.usefixtures("tree")
@pytest.mark.parametrize("path", ["node_modules/e.onnx", "node_modules", "node_modules/*"])
def test_what_is_named_is_checked(path: str) -> None:
    assert found(path) == ["node_modules/e.onnx"]


@pytest.mark.usefixtures("tree")
def test_named_folders_and_files() -> None:
    globs = ("old/",)
    assert found("old/new", "old/c.onnx", "a.onnx", globs=globs) == [
        *("old/new/d.onnx", "old/c.onnx", "a.onnx")
    ]
    assert found("old/new", "old/c.onnx", "a.onnx", globs=globs, force=True) == ["a.onnx"]
    assert found(".", globs=("*",)) == []


@pytest.mark.usefixtures("tree")
def test_an_absolute_path_is_seen_from_the_current_folder(tree: Path) -> None:
    inner = str(tree / "old" / "new" / "d.onnx")
    assert found(inner, globs=("old/",), force=True) == []
    assert found(inner, globs=("old/",)) == [inner]


def test_a_checkout_may_lie_in_a_folder_of_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "venv" / "site-packages" / "here"
    here.mkdir(parents=True)
    (here / "a.onnx").touch()
    monkeypatch.chdir(here)
    assert found(".", force=True) == found("a.onnx", force=True) == ["a.onnx"]
    monkeypatch.chdir("/")
    assert found(str(here)) == [str(here / "a.onnx")]


def test_the_configuration_takes_the_place_of_the_usual(tree: Path) -> None:
    own = Patterns(tree, ("old/new",))
    excluded = exclusion(NOTHING, lambda folder: () if folder.name == "build" else (own,))
    names = [Path(name) for name in ("a.onnx", "build/b.onnx", "node_modules/e.onnx")]
    assert expand((".",), excluded) == [*names, Path("old/c.onnx")]


@pytest.mark.usefixtures("tree")
def test_the_current_folder_is_named_too(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("old")
    excluded = exclusion(NOTHING, lambda _: (Patterns(tree, ("old/",)),))
    assert expand((".",), excluded) == [Path("c.onnx"), Path("new/d.onnx")]
    assert expand((".",), excluded, lambda _: True) == []


@pytest.mark.usefixtures("tree")
def test_excluded_folders_are_not_entered() -> None:
    entered = []

    def excluded(path: Path, folder: bool) -> bool:
        entered.append(str(path))
        return folder and path.name == "old"

    assert len(expand((".",), excluded)) == 3
    assert "old" in entered
    assert "old/c.onnx" not in entered


def test_the_usual_are_patterns_and_told() -> None:
    excluded = exclusion(NOTHING)
    told = (Path(__file__).parents[2] / "docs" / "many-models.md").read_text().split()
    assert {glob.removesuffix("/") for glob in USUAL} <= {
        word.removesuffix(".").strip("`") for word in told
    }
    for glob in USUAL:
        assert is_pattern(glob)
        assert excluded(Path("x") / glob, True)
        assert not excluded(Path("x") / glob, False)


@pytest.mark.usefixtures("tree")
@pytest.mark.parametrize(("more", "code"), [((), 0), (("--require-models",), 2)])
def test_all_is_excluded(run: Run, more: tuple[str, ...], code: int) -> None:
    level = "error" if code else "warning"
    told = (
        f"{level}: all models that were found are excluded (2), old/c.onnx first; see --exclude, "
        "--force-exclude and `exclude` of the configuration\n"
    )
    options = ("--exclude", "x,old/", "--force-exclude", *more)
    assert run("check", "old/c.onnx", "old/new", *options) == (code, "", told)


@pytest.mark.usefixtures("tree")
@pytest.mark.parametrize("glob", ["", "!", "#x", "a,,b"])
def test_no_pattern(run: Run, glob: str) -> None:
    code, out, err = run("check", ".", "--exclude", glob)
    assert (code, out) == (2, "")
    assert "is no pattern; write it as in a .gitignore: old/, models/*.onnx" in err
