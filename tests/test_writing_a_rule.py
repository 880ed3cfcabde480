"""docs/writing-a-rule.md, executed as it stands: its files, its commands, what they answer."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "writing-a-rule.md").read_text(encoding="utf-8")
_FLAGS = re.MULTILINE | re.DOTALL
FILES = dict(re.findall(r"^`([\w/]+\.py)`:\n\n```python\n(.*?)^```$", PAGE, _FLAGS))
COMMANDS = re.findall(r"^```sh\n(.*?)\n```$", PAGE, _FLAGS)
ANSWERS = re.findall(r"^```text\n(.*?)^```$", PAGE, _FLAGS)
FAILING = """
import sys
from acme_rules.accelerator.unfilled_lanes import unfilled_lanes
from cnnlint.testing import assert_finds
from tests.test_unfilled_lanes import net
try:
    assert_finds(unfilled_lanes, net(32, 64), "stage1")
except AssertionError as error:
    print(f"AssertionError: {error}")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with the files of the page, and our sample models."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    shutil.copytree(ROOT / "sample_models", tmp_path / "sample_models")
    return tmp_path


def python(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run Python in a folder; what is below it may be imported."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(folder), str(ROOT)))}
    return subprocess.run(  # noqa: S603  (what our own page says)
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_page_has_what_is_executed() -> None:
    assert list(FILES) == [
        "acme_rules/accelerator/unfilled_lanes.py",
        "tests/test_unfilled_lanes.py",
    ]
    assert [command.split()[:3] for command in COMMANDS] == [
        ["cnnlint", "check", "sample_models/relu_logits.onnx"],
        ["python", "-m", "pytest"],
    ]
    assert len(ANSWERS) == 2


def test_command_answers_as_the_page_says(folder: Path) -> None:
    done = python(folder, "-m", *COMMANDS[0].split())
    assert (done.returncode, done.stderr, done.stdout) == (0, "", ANSWERS[0])


def test_its_test_passes(folder: Path) -> None:
    done = python(folder, *COMMANDS[1].split()[1:], "-p", "no:cacheprovider")
    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout


def test_failure_reads_as_the_page_says(folder: Path) -> None:
    done = python(folder, "-c", FAILING)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", ANSWERS[1])


def test_manual_page_and_list(folder: Path) -> None:
    page = python(folder, "-m", *re.findall(r"`(cnnlint rule .*?)`", PAGE)[0].split())
    assert (page.returncode, page.stderr) == (0, "")
    assert "48 channels on 32 lanes take two passes" in page.stdout
    listed = python(folder, "-m", "cnnlint", "rules", "--rules", "acme_rules").stdout
    assert re.search(r"^AC101 +unfilled-lanes +note +Convolution whose last", listed, _FLAGS)


@pytest.mark.parametrize("name", FILES)
def test_its_code_is_clean(folder: Path, name: str) -> None:
    relaxed = "ANN201,D103,INP001,S101"  # tests without annotations read well on a page
    ruff = ["-m", "ruff", "check", "--ignore", relaxed, "--config", str(ROOT / "pyproject.toml")]
    assert python(folder, *ruff, name).stdout == "All checks passed!\n"
    formatted = ["-m", "ruff", "format", "--check", "--config", str(ROOT / "pyproject.toml")]
    assert python(folder, *formatted, name).returncode == 0
