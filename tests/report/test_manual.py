import re
from collections.abc import Iterator
from typing import Annotated

import pytest

from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Basis, Finding, Fix, Severity
from cnnlint.lint.registry import builtin_rules, find
from cnnlint.lint.rule import Rule
from cnnlint.report.manual import manual

NOTE, WARNING, ERROR = Severity.NOTE, Severity.WARNING, Severity.ERROR


def made(check: object, code: str = "AC101", family: str = "acme", **more: object) -> Rule:
    fields: dict[str, object] = {
        "severity": NOTE,
        "basis": Basis.HEURISTIC,
        "fix": Fix.SAFE,
        "since": "1.2",
        "proven": None,
        "default": True,
        **more,
    }
    return Rule(code=code, name="made-up", family=family, check=check, **fields)  # type: ignore[arg-type]  # a table of tests


def bare(_facts: Facts) -> Iterator[Finding]:
    yield from ()


def full(
    _facts: Facts,
    *,
    most: Annotated[int, "how many a|b"] = 3,
    share: Annotated[float, "of all"] = 0.25,
) -> Iterator[Finding]:
    """Say something.

    ## What it does
    Nothing, to `most` layers.
    """
    del most, share
    yield from ()


PAGE = """\
# made-up (AC101)

Say something.

- family: acme
- severity: error (the file is wrong)
- basis: heuristic (a threshold of ours)
- fix: safe (the numbers stay the same)
- done as suggested in: VGG
- since: 1.2
- on: by default

## What it does
Nothing, to `most` layers.

## Options

| name    | type  | default | meaning |
| ------- | ----- | ------- | --- |
| `most`  | int   | 3       | how many a\\|b |
| `share` | float | 0.25    | of all |

To set one: `--config rules.AC101.most=3`
"""


def test_page() -> None:
    assert manual(made(full, severity=ERROR, proven="VGG")) == PAGE


def test_a_row_of_an_option_stays_one() -> None:
    def piped(_facts: Facts, *, mark: Annotated[str, "which\nmark"] = "a|b") -> Iterator[Finding]:
        del mark
        yield from ()

    assert "\n| `mark` | str  | a\\|b    | which mark |\n" in manual(made(piped, severity=ERROR))


def test_page_of_a_rule_that_says_nothing_of_itself() -> None:
    page = manual(made(bare, severity=ERROR))
    assert page.startswith("# made-up (AC101)\n\n- family: acme\n- severity: error")
    assert page.endswith("\n- on: by default\n")


@pytest.mark.parametrize(
    ("code", "family", "severity", "default", "said"),
    [
        ("AC101", "acme", WARNING, True, None),
        ("AC101", "acme", NOTE, True, "`strict` makes it a warning"),
        ("K107", "kernels", WARNING, True, "`seed` makes it a warning"),
        ("A305", "acme", WARNING, False, "`seed` turns it on"),
        ("A305", "acme", WARNING, True, None),
        ("T701", "training", WARNING, True, "`seed` warns where it can't judge"),
        ("P403", "s", NOTE, True, "`accuracy` makes it a warning; `strict` makes it a warning"),
    ],
)
def test_presets(
    code: str, family: str, severity: Severity, *, default: bool, said: str | None
) -> None:
    page = manual(made(full, code, family, severity=severity, default=default))
    assert re.findall("^- presets: (.*)$", page, re.MULTILINE) == ([said] if said else [])
    asked = f"only where asked for: `--extend-select {code}`"
    assert f"\n- on: {'by default' if default else asked}\n" in page


@pytest.mark.parametrize("rule", builtin_rules(), ids=lambda r: r.code)
def test_pages_are_markdown_without_html(rule: Rule) -> None:
    prose = re.sub(r"`[^`]*`", "", manual(rule))
    assert not re.search(r"<[A-Za-z/!]", prose), "put it in backticks: it would be taken for HTML"
    assert not re.search(r"\]\(|^\s*```|^#(?!#? )", prose, re.MULTILINE)


def test_sections_of_our_own_page() -> None:
    page = manual(find("K101"))
    heads = re.findall("^## (.*)$", page, re.MULTILINE)
    assert heads[0] == "What it does"
    assert heads[-2:] == ["References", "Options"]
    assert "- done as suggested in: VGG\n" in page


def test_a_setting_with_a_space_can_be_pasted_into_a_shell() -> None:
    assert '\nTo set one: `--config "rules.A305.allow=Relu, Relu6"`\n' in manual(find("A305"))
