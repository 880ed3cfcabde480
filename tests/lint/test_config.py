"""What a setting on the command line means, and how a mistake in it is told."""

from collections.abc import Iterator
from typing import Annotated

import pytest

from cnnlint.errors import UsageError
from cnnlint.facts.facts import Facts
from cnnlint.lint.config import parse_options
from cnnlint.lint.finding import Basis, Finding, Severity
from cnnlint.lint.registry import builtin_rules
from cnnlint.lint.rule import OptionValue, Rule, rule


@rule("AB101", severity=Severity.NOTE, basis=Basis.HEURISTIC, since="0")
def any_pattern(
    _facts: Facts,
    *,
    most: Annotated[int, "whole"] = 3,
    share: Annotated[float, "part"] = 0.5,
    loud: Annotated[bool, "switch"] = False,
    allow: Annotated[str, "text"] = "Relu",
) -> Iterator[Finding]:
    """Say nothing."""
    del most, share, loud, allow
    yield from ()


RULES: tuple[Rule, ...] = (any_pattern, *builtin_rules())


@pytest.mark.parametrize(
    ("setting", "option", "value"),
    [
        ("rules.AB101.most=7", "most", 7),
        ("rules.AB101.most = 7_000", "most", 7000),
        ("rules.ab101.most=7", "most", 7),
        ("rules.any-pattern.most=7", "most", 7),
        ("rules.AB101.share=0.25", "share", 0.25),
        ("rules.AB101.share=1", "share", 1.0),
        ("rules.AB101.loud=true", "loud", True),
        ("rules.AB101.allow='Relu Clip'", "allow", "Relu Clip"),
        ("rules.AB101.allow=Relu Clip", "allow", "Relu Clip"),
        ('rules.AB101.allow="a=b"', "allow", "a=b"),
        ("rules.AB101={most=7}", "most", 7),
    ],
)
def test_value(setting: str, option: str, value: OptionValue) -> None:
    found = parse_options([setting], RULES)
    assert found == {"AB101": {option: value}}
    assert type(found["AB101"][option]) is type(value)


def test_several() -> None:
    settings = ["rules.AB101.most=7", "rules.K101.min_kernel=9", "rules.any-pattern.most=8"]
    assert parse_options(settings, RULES) == {"AB101": {"most": 8}, "K101": {"min_kernel": 9}}
    assert parse_options([], RULES) == {}


@pytest.mark.parametrize(
    ("setting", "why"),
    [
        ("rules.AB101.mots=7", "AB101 has no option 'mots', did you mean most?"),
        ("rules.AB101.x=7", "AB101 has no option 'x', `cnnlint rule AB101` lists its options"),
        ("rules.AB102.most=7", "there is no rule 'AB102', did you mean AB101?"),
        ("rules.AB101.most=7.5", "most takes a whole number, not 7.5, the default is 3"),
        ("rules.AB101.most=true", "most takes a whole number, not True"),
        ("rules.AB101.most=many", "most takes a whole number, not 'many'"),
        ("rules.AB101.share=nan", "share takes a number, not nan"),
        ("rules.AB101.share=true", "share takes a number, not True"),
        ("rules.AB101.loud=1", "loud takes true or false, not 1"),
        ("rules.AB101.allow=7", "allow takes a text, not 7"),
        ("rules.AB101.allow=[7]", "allow takes a text, not [7]"),
        ("rules.AB101=7", "it names no option"),
        ("rules=7", "only options of rules can be set"),
        ("select=K101", "only options of rules can be set"),
        ("rules.AB101.most", "it is no setting"),
        ("", "only options of rules can be set"),
        ("=7", "it is no setting"),
        ("rules.AB101.most=" + "[" * 5000, "most takes a whole number"),
    ],
)
def test_mistake(setting: str, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_options([setting], RULES)
    assert why in caught.value.cause


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        parse_options(["rules.AB101.mots=7", "rules.AB101.most=7", "rules.AB101=7"], RULES)
    assert "mots" in caught.value.cause
    assert "it names no option" in caught.value.cause
