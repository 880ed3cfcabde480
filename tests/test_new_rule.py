"""The scaffold writes a rule that works, with a test that passes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def scaffold(root: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(ROOT / "tools" / "new_rule.py"), "--root", str(root)]
    return subprocess.run(  # noqa: S603  (our own script)
        [*command, *arguments], capture_output=True, text=True, check=False
    )


def test_what_is_written_works(tmp_path: Path) -> None:
    for folder in ("cnnlint", "rules", "tests"):
        ignored = shutil.ignore_patterns("__pycache__", "data", "model", "profile", "facts")
        shutil.copytree(
            ROOT / folder, tmp_path / folder, ignore=ignored if folder == "tests" else None
        )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    done = scaffold(tmp_path, "W890", "my-pattern")
    assert (done.returncode, done.stderr) == (0, "")
    rule, test = (Path(line) for line in done.stdout.splitlines())
    assert rule == tmp_path / "rules" / "width" / "my_pattern.py"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    tests = [str(test), str(tmp_path / "tests" / "test_catalogue.py"), "-k", "W890 or my_pattern"]
    passed = subprocess.run(  # noqa: S603  (our own tests)
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert passed.returncode == 0, passed.stdout
    assert "8 passed" in passed.stdout
    for linter in (["format", "--check"], ["check"]):
        ruff = [sys.executable, "-m", "ruff", *linter, str(rule), str(test)]
        linted = subprocess.run(ruff, cwd=tmp_path, capture_output=True, text=True, check=False)  # noqa: S603  (our own files)
        assert linted.returncode == 0, linted.stdout


@pytest.mark.parametrize(
    ("code", "name", "why"),
    [
        ("K101", "other-name", "there already"),
        ("K190", "large-dense-kernel", "there already"),
        ("X101", "my-pattern", "is no code"),
        ("K1", "my-pattern", "is no code"),
        ("K190", "Pattern", "is no name"),
        ("K190", "2d-conv", "is no name"),
        ("S390", "flatten-dense-head", "there already"),
    ],
)
def test_refuses(tmp_path: Path, code: str, name: str, why: str) -> None:
    shutil.copytree(ROOT / "rules", tmp_path / "rules")
    before = sorted(tmp_path.rglob("*"))
    done = scaffold(tmp_path, code, name)
    assert done.returncode == 2
    assert why in done.stderr
    assert sorted(tmp_path.rglob("*")) == before
