"""What docs/recipes.md says is so."""

import ast
import re
import tomllib
from pathlib import Path

from cnnlint.facts.facts import Facts
from cnnlint.facts.training.recipe import READERS, Recipe, parse
from cnnlint.lint.engine import run_rules
from cnnlint.lint.registry import builtin_rules
from tests.net import Net

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")
ROWS = {
    key: row.split("|")[3].strip()
    for row in re.findall(r"^\| `.+$", PAGE, re.MULTILINE)
    for key in re.findall(r"`(\w+)`", row.split("|")[1])
}


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_the_example_is_a_recipe() -> None:
    (text,) = blocks("toml")
    recipe, mistakes = parse(tomllib.loads(text))
    assert not mistakes
    facts = Facts(Net(3, 32).conv(16).bn().relu().gap().flatten().dense(10).model(), recipe)
    training = [rule for rule in builtin_rules() if rule.family == "training"]
    outcome = run_rules(facts, training)
    assert (outcome.findings, outcome.unchecked, outcome.broken) == ((), (), ())
    assert outcome.ran == {rule.code for rule in training}


def test_the_snippets_have_recipes() -> None:
    snippets = blocks("python")
    assert len(snippets) == 2
    for text in snippets:
        (found,) = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Dict))
        recipe, mistakes = parse(ast.literal_eval(found))
        assert not mistakes
        assert recipe != Recipe()


def test_every_key_is_explained() -> None:
    assert set(ROWS) == set(READERS)


def test_rules_that_use_a_key_are_named() -> None:
    used: dict[str, set[str]] = {key: set() for key in READERS}
    indirect = {  # what the facts that a rule asks for read of the recipe
        "T705": {"optimizer", "norm", "precision"},
    }
    for rule in builtin_rules():
        file = ROOT / "rules" / rule.family / f"{rule.name.replace('-', '_')}.py"
        text = file.read_text(encoding="utf-8")
        if "recipe" in text:
            keys = set(re.findall(r"\brecipe\.(\w+)", text)) & set(READERS)
            for key in keys | indirect.get(rule.code, set()):
                used[key].add(rule.code)
    named = {key: set(re.findall(r"[A-Z]\d{3}", row)) for key, row in ROWS.items()}
    assert named == used
