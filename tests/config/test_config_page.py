"""The page on configuration tells what the code takes."""

import re
import tomllib
from pathlib import Path

import pytest

from cnnlint.config.amounts import Measure, quantity
from cnnlint.config.budgets import KEYS as BUDGET_KEYS
from cnnlint.config.keys import keys
from cnnlint.config.ruled import Known
from cnnlint.config.suppressions import suppress_keys
from cnnlint.lint.presets import PRESETS
from cnnlint.lint.registry import builtin_rules, find
from cnnlint.lint.targets import TARGETS
from tests.config.reading import told

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "config.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE + README, re.DOTALL)


def section(title: str) -> str:
    """Return what stands below a heading."""
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def rows(title: str) -> dict[str, list[str]]:
    """Return the cells of tables below a heading, without quotation marks, by the first."""
    lines = [line.strip("| ") for line in section(title).splitlines() if line.startswith("| ")]
    cells = [re.split(r" *\| *", line.replace("`", "")) for line in lines]
    return {first.strip("[]").partition(".")[0]: rest for first, *rest in cells}


def test_every_key_is_told_with_its_default() -> None:
    told_of = rows("Keys")
    for key in keys(builtin_rules()):
        _, default = told_of[key.name]
        shown = str(key.example)
        expected = shown.lower() if isinstance(key.example, bool) else shown
        assert not key.default or default == expected, key.name
    assert len(told_of) == len(keys(builtin_rules())) + 1  # the heading


def test_choices_are_told() -> None:
    told_of = rows("Keys")
    assert told_of["preset"][0] == ", ".join(PRESETS)
    assert told_of["target"][0] == ", ".join(TARGETS)
    assert {"preset", *PRESETS} == set(rows("Presets"))


def test_targets_are_told() -> None:
    told_of = rows("Targets")
    assert {"target", *TARGETS} == set(told_of)
    (usual,) = [option for option in find("W801").options if option.name == "multiple"]
    for name, target in TARGETS.items():
        assert list(target.options) in ([], ["W801"])
        channels = target.options.get("W801", {}).get("multiple", usual.default)
        assert told_of[name][1] == str(channels)


@pytest.mark.parametrize(
    ("title", "names"),
    [
        ("Budgets", [key.name for key in BUDGET_KEYS]),
        ("Suppressions", [key.name for key in suppress_keys(Known(()))]),
    ],
)
def test_keys_of_tables_are_told(title: str, names: list[str]) -> None:
    assert set(names) <= set(rows(title))


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_are_right(example: str) -> None:
    assert told(tomllib.loads(example))[1:] == ([], [])


def test_amounts_are_right() -> None:
    cells = [line.split("|")[1] for line in section("Budgets").splitlines() if '| `"' in line]
    counts, decimal, binary, growth = cells
    for cell, measure in ((counts, Measure.COUNT), (growth, Measure.COUNT)):
        assert all(quantity(text, measure) for text in re.findall('"(.*?)"', cell))
    for cell in (decimal, binary):
        assert all(quantity(text, Measure.BYTES) for text in re.findall('"(.*?)"', cell))


def test_mistakes_are_told_so() -> None:
    values = {"fail_on": "x", "rules": {"K101": {"min_kernal": 7}}, "max_macs": 1}
    for mistake in told(values)[1]:
        assert mistake.partition(": ")[2] in section("When something is wrong")
