from pathlib import Path

import pytest

from cnnlint.lint.patterns import Patterns, is_pattern, names_layer


@pytest.mark.parametrize(
    ("globs", "path", "meant"),
    [
        (["*.onnx"], "net.onnx", True),
        (["*.onnx"], "a/b/net.onnx", True),
        (["models/*.onnx"], "models/net.onnx", True),
        (["models/*.onnx"], "models/a/net.onnx", False),
        (["models/*.onnx"], "a/models/net.onnx", False),
        (["models/**/*.onnx"], "models/a/b/net.onnx", True),
        (["/net.onnx"], "net.onnx", True),
        (["/net.onnx"], "a/net.onnx", False),
        (["old/"], "a/old/net.onnx", True),
        (["old/"], "old", False),
        (["*.onnx", "!keep.onnx"], "keep.onnx", False),
        (["!keep.onnx", "*.onnx"], "keep.onnx", True),
        (["net.onnx"], "NET.onnx", False),
        ([], "net.onnx", False),
    ],
)
def test_files(globs: list[str], path: str, meant: bool, tmp_path: Path) -> None:
    patterns = Patterns(tmp_path / "root", tuple(globs))
    assert patterns.match(tmp_path / "root" / path) is meant


def test_folder(tmp_path: Path) -> None:
    patterns = Patterns(tmp_path, ("old/",))
    assert patterns.match(tmp_path / "old", folder=True)
    assert not patterns.match(tmp_path / "old")


def test_nothing_outside_of_the_root_is_meant(tmp_path: Path) -> None:
    patterns = Patterns(tmp_path / "root", ("*", "../*", "*.onnx"))
    assert not patterns.match(tmp_path / "net.onnx")
    assert not patterns.match(tmp_path)
    assert patterns.match(tmp_path / "root" / "..net.onnx")


def test_relative_root_and_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Patterns(Path(), ("a/*.onnx",)).match(Path("a/net.onnx"))
    assert Patterns(Path("a"), ("/net.onnx",)).match(tmp_path / "a" / "net.onnx")


@pytest.mark.parametrize(
    ("glob", "path", "meant"),
    [
        ("conv1", "conv1", True),
        ("conv1", "conv10", False),
        ("conv*", "conv10", True),
        ("stages.2.*", "stages.2.conv1.norm", True),
        ("stages.?.conv1", "stages.2.conv1", True),
        ("stages.[12].conv1", "stages.2.conv1", True),
        ("a[0]", "a[0]", True),
        ("a[0]", "a0", True),
        ("Conv*", "conv1", False),
    ],
)
def test_layers(glob: str, path: str, meant: bool) -> None:
    assert names_layer(glob, path) is meant


@pytest.mark.parametrize(
    "glob", ["*.onnx", "models/", "!x", "a**b", "[ab]c", "a[[]b", "*-*-*-*.onnx", "**/a/**/b/**"]
)
def test_pattern(glob: str) -> None:
    assert is_pattern(glob)


@pytest.mark.parametrize("glob", ["", " ", "/", "!", "#x", "[z-a]", "\\", "["])
def test_no_pattern(glob: str) -> None:
    assert not is_pattern(glob)


@pytest.mark.parametrize("glob", ["*a*a*a*a*a", "x/*-*-*-*-*.onnx", "**/a/**/b/**/c/**"])
def test_a_pattern_that_may_take_long_is_none(glob: str) -> None:
    assert not is_pattern(glob)
