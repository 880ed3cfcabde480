"""The file that a team begins with says all there is to say, and nothing by itself."""

import re
import tomllib
from pathlib import Path

import pytest

from cnnlint.config.budgets import KEYS as BUDGET_KEYS
from cnnlint.config.files import in_folder
from cnnlint.config.given import Given
from cnnlint.config.keys import keys
from cnnlint.config.starter import starter
from cnnlint.config.written import toml
from cnnlint.lint.registry import builtin_rules
from tests.config.reading import told

TEXT = starter(builtin_rules())


def uncommented(text: str) -> str:
    """Return a text with all that is commented out without a space behind the #."""
    return re.sub(r"(?m)^#(?=[^ \n])", "", text)


def test_nothing_is_set() -> None:
    assert tomllib.loads(TEXT) == {}
    assert all(not line or line.startswith("#") for line in TEXT.splitlines())


def test_all_of_it_can_be_set() -> None:
    values = tomllib.loads(uncommented(TEXT))
    assert sorted(values) == sorted(key.name for key in keys(builtin_rules()))
    said, mistakes, warnings = told(values)
    assert (mistakes, warnings) == ([], [])
    assert said != Given()
    assert len(said.budget) == len(BUDGET_KEYS) - 2
    (suppression,) = said.suppress
    assert suppression.layer
    assert suppression.files
    assert suppression.expires
    for key in keys(builtin_rules()):
        assert not key.default or values[key.name] == key.example


def test_every_key_is_explained() -> None:
    lines = TEXT.splitlines()
    for key in (*keys(builtin_rules()), *BUDGET_KEYS):
        assert f"# {key.doc}" in lines
    assert max(map(len, lines)) <= 99


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "true"), (7, "7"), (1.5, "1.5"), ('a"b\\', '"a\\"b\\\\"'), (["a", 1], '["a", 1]')],
)
def test_values(value: object, text: str) -> None:
    assert toml(value) == text
    assert tomllib.loads(f"x = {text}") == {"x": value}


@pytest.mark.parametrize("name", ["cnnlint.toml", ".cnnlint.toml"])
def test_what_lies_in_the_folder(name: str, tmp_path: Path) -> None:
    assert in_folder(tmp_path) is None
    (tmp_path / name).symlink_to("nowhere")
    assert in_folder(tmp_path) == tmp_path / name


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("[tool.cnnlint]\n", True),
        ('[tool.cnnlint.severity]\nK101 = "note"', True),
        ("[tool.ruff]\n", False),
        ("[project]\n", False),
        ("tool = 5", False),
        ("[tool.cnnlint", True),  # broken, and means us
        ("x = " + "[" * 5000, False),
        ("\udcff", False),
    ],
)
def test_what_lies_in_the_folder_in_pyproject(text: str, counts: bool, tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_bytes(text.encode(errors="surrogateescape"))
    assert in_folder(tmp_path) == (file if counts else None)
