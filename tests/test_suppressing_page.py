"""What docs/suppressing.md says is so."""

import ast
import json
import re
import tomllib
from dataclasses import fields, replace
from datetime import date
from pathlib import Path

from cnnlint.facts.training.recipe import parse
from cnnlint.lint.engine import run_rules
from cnnlint.lint.exempt import MOST
from cnnlint.lint.registry import builtin_rules, find
from cnnlint.lint.suppress import Suppression, suppress
from cnnlint.lint.useless import useless
from cnnlint.report.counts import verdict
from cnnlint.report.report import By, ModelReport, ReportedFinding, Suppressed
from tests.net import Net

PAGE = (Path(__file__).parents[1] / "docs" / "suppressing.md").read_text(encoding="utf-8")
FACTS = Net(3, 6).conv(16).relu().gap().flatten().dense(10).relu().facts()
(H503,) = run_rules(FACTS, [find("H503")]).findings


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def found(code: str, *paths: str) -> ReportedFinding:
    rule = find(code)
    layers = tuple(replace(H503.layers[0], path=path) for path in paths)
    return replace(
        H503,
        code=code,
        name=rule.name,
        family=rule.family,
        layers=layers,
        suppressible=rule.suppressible,
    )


def test_the_configuration() -> None:
    (text,) = blocks("toml")
    known = {field.name for field in fields(Suppression)} - {"place"}
    assert set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)) == known
    given = tomllib.loads(text)["suppress"]
    assert {key for each in given for key in each} == known
    assert [each.get("expires") for each in given] == [date(2026, 12, 31), None]
    assert all(each["reason"] and find(each["rule"]) for each in given)


def test_the_snippet() -> None:
    (text,) = blocks("python")
    (ignore,) = (n.value for n in ast.parse(text).body if isinstance(n, ast.Assign))
    recipe, mistakes = parse({"ignore": ast.literal_eval(ignore)})
    assert not mistakes
    assert recipe.ignore
    assert f"the first {MOST} count" in PAGE


def test_the_summary() -> None:
    config, known = (
        replace(H503, suppressed=Suppressed(by, "")) for by in (By.CONFIG, By.BASELINE)
    )
    model = ModelReport("m", findings=(*[H503] * 2, *[config] * 3, *[known] * 10))
    assert f": {verdict(model)} · " in PAGE


def test_json() -> None:
    (text,) = blocks("json")
    shown = json.loads(f"{{{text}}}")["suppressed"]
    assert set(shown) == {field.name for field in fields(Suppressed)}
    assert set(re.findall(r"\(`(\w+)`, `(\w+)` or `(\w+)`\)", PAGE)[0]) == set(By)


def test_the_notes() -> None:
    findings = [
        found("K101", "stages.2.conv1"),
        found("K108", "stages.3.conv1", "stages.3.conv2", "head.conv"),
        found("G920", "stages.4.conv1"),
    ]
    said = [
        Suppression("K101", "", "cnnlint.toml:2", "stages.2.*", None, date(2026, 12, 31)),
        Suppression("H501", "", "cnnlint.toml:8"),
        Suppression("K108", "", "cnnlint.toml:13", "stages.3.*"),
    ]
    today = date(2027, 1, 1)
    model = ModelReport("m", findings=suppress(findings, said, today))
    told = useless(said, [model], builtin_rules(), today)
    told += useless([Suppression("ALL", "", "cnnlint.toml:18")], [model], builtin_rules(), today)
    lines = "".join(f"note: {text}\n" for text in told)
    assert f"```\n{lines}```\n" in PAGE
