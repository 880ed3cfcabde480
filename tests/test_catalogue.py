"""What holds for every rule, so that no rule has to test it."""

import re
from pathlib import Path

import pytest

from cnnlint.lint.registry import builtin_rules
from cnnlint.lint.rule import Rule

ROOT = Path(__file__).parents[1]
SECTIONS = ["What it does", "Why is this bad?", "Example", "When to ignore it", "References"]
FAMILIES = {  # first letter of the code
    "K": "kernels",
    "S": "skips",
    "A": "activations",
    "P": "sampling",
    "H": "head",
    "N": "normalisation",
    "R": "receptive",
    "W": "width",
    "G": "graph",
    "Q": "quantisation",
    "T": "training",
    "Z": "proven",
}

every_rule = pytest.mark.parametrize("rule", builtin_rules(), ids=lambda r: r.code)


def test_first_rules_exist() -> None:
    codes = {rule.code for rule in builtin_rules()}
    assert codes >= {"K101", "K107", "S201", "A301", "P401", "P409", "H501", "H503"}


@every_rule
def test_manual_page(rule: Rule) -> None:
    assert re.findall(r"^## (.+)$", rule.doc, re.MULTILINE) == SECTIONS
    assert rule.summary.endswith(".")
    assert "deconvolution" not in rule.doc.lower().replace("deconvolution and checkerboard", "")
    assert max(map(len, rule.doc.splitlines())) <= 99


@every_rule
def test_metadata(rule: Rule) -> None:
    assert re.fullmatch(r"[A-Z]\d{3}", rule.code)
    assert rule.family == FAMILIES[rule.code[0]]
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", rule.name)
    assert rule.since


@every_rule
def test_options_are_typed_and_explained(rule: Rule) -> None:
    for option in rule.options:
        assert isinstance(option.default, option.type)
        assert option.doc
        assert f"`{option.name}`" in rule.doc, f"{option.name} is not in the manual"


@every_rule
def test_one_rule_one_file_one_test(rule: Rule) -> None:
    stem = rule.name.replace("-", "_")
    assert (ROOT / "rules" / rule.family / f"{stem}.py").is_file()
    assert (ROOT / "tests" / "rules" / rule.family / f"test_{stem}.py").is_file()
