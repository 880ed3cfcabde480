from collections.abc import Iterator

import pytest

from cnnlint.facts.facts import Facts
from cnnlint.lint.engine import Settings, run_rules
from cnnlint.lint.finding import Basis, Finding, Fix, Remark, Severity, Unchecked
from cnnlint.lint.presets import PRESETS
from cnnlint.lint.rule import Rule
from tests.net import Net

NOTE, WARNING, ERROR = Severity.NOTE, Severity.WARNING, Severity.ERROR


@pytest.mark.parametrize(
    ("preset", "code", "before", "after"),
    [
        ("default", "K107", NOTE, NOTE),
        ("default", "P403", NOTE, NOTE),
        ("seed", "K107", NOTE, WARNING),
        ("seed", "K108", NOTE, WARNING),
        ("seed", "K107", ERROR, ERROR),
        ("seed", "P403", NOTE, NOTE),
        ("accuracy", "P403", NOTE, WARNING),
        ("accuracy", "K107", NOTE, NOTE),
        ("strict", "P403", NOTE, WARNING),
        ("strict", "P403", WARNING, WARNING),
        ("strict", "P403", ERROR, ERROR),
    ],
)
def test_severity(preset: str, code: str, before: Severity, after: Severity) -> None:
    assert PRESETS[preset].severity(code, before) is after


def lacking(facts: Facts) -> Iterator[Remark]:
    """Lack something."""
    yield Finding((facts.convs[0].node,), "m", "s")
    yield Unchecked(("optimizer",))


def rule(family: str) -> Rule:
    return Rule(
        "X101", "lacking", family, NOTE, Basis.HEURISTIC, Fix.NONE, "0", None, True, lacking
    )


@pytest.mark.parametrize(
    ("preset", "family", "severities"),
    [
        ("default", "training", [NOTE]),
        ("strict", "training", [WARNING]),
        ("seed", "training", [WARNING, NOTE]),
        ("seed", "kernels", [NOTE]),
    ],
)
def test_what_is_required_and_lacking_is_a_finding(
    preset: str, family: str, severities: list[Severity]
) -> None:
    facts = Net(3, 8).conv(4).facts()
    outcome = run_rules(facts, [rule(family)], Settings(PRESETS[preset]))
    assert [finding.severity for finding in outcome.findings] == severities
    if len(severities) == 2:
        assert outcome.findings[0].evidence == {"needs": ("optimizer",)}
        assert outcome.findings[0].layers == ()
    assert outcome.unchecked == ("X101 lacking (needs optimizer)",)


@pytest.mark.parametrize(("own", "reported"), [(None, "none"), (Fix.SAFE, "safe")])
def test_a_finding_may_have_a_fix_of_its_own(own: Fix | None, reported: str) -> None:
    def mends(facts: Facts) -> Iterator[Finding]:
        yield Finding((facts.convs[0].node,), "m", "s", fix=own)

    made = Rule(
        "X101", "mends", "kernels", NOTE, Basis.HEURISTIC, Fix.NONE, "0", None, True, mends
    )
    (finding,) = run_rules(Net(3, 8).conv(4).facts(), [made]).findings
    assert finding.fix == reported
