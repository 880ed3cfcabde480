"""Findings that a model itself, or the recipe beside it, asks to ignore."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from cnnlint.facts.facts import Facts
from cnnlint.facts.training.recipe import MAX_SHOWN, Exemption
from cnnlint.lint.registry import builtin_rules
from cnnlint.lint.rule import Rule, closeness
from cnnlint.report.numbers import plural
from cnnlint.report.report import By, ReportedFinding, Suppressed

MOST = 500
"""Exemptions of one model that are heeded: metadata may be written to keep us busy."""
MAX_NOTES = 10
"""Notes on exemptions in vain; the others are counted."""


def exempt(
    findings: Sequence[ReportedFinding], facts: Facts, looked: Sequence[Rule], *, heeded: bool
) -> tuple[tuple[ReportedFinding, ...], tuple[str, ...]]:
    """Return all findings, those that the model asks to ignore marked so, and notes on that.

    ``looked`` are the rules that have looked at all of it. What isn't heeded is counted in a note.
    """
    place = "the model's metadata" if facts.exempt_by_metadata else "the model's recipe"
    said = facts.recipe.ignore or ()
    asked = said[:MOST]
    samples = {finding.code: finding for finding in findings}
    reasons = {code: _reason(asked, finding) for code, finding in samples.items()}
    settled = tuple(_settled(finding, reasons[finding.code], place) for finding in findings)
    if not heeded:
        concerned = sum(new is not old for new, old in zip(settled, findings, strict=True))
        text = f"{place} asks to ignore {plural(concerned, 'finding')}: refused"
        return tuple(findings), (text,) if concerned else ()
    notes = [f"{place} {text}" for text in _in_vain(asked, findings, looked)]
    cut = [f"{place} has {len(notes) - MAX_NOTES:,} more exemptions in vain"]
    over = [f"{place} exempts {len(said):,} rules: only the first {MOST} count"]
    notes = notes[:MAX_NOTES] + cut * (len(notes) > MAX_NOTES) + over * (len(said) > MOST)
    return settled, tuple(notes)


def _reason(asked: Sequence[Exemption], finding: ReportedFinding) -> str | None:
    """Return why findings of a rule are to be ignored; the exemption that is written first."""
    return next((each.reason for each in asked if closeness(each.rule, finding)), None)


def _settled(finding: ReportedFinding, reason: str | None, place: str) -> ReportedFinding:
    if reason is None or finding.suppressed or not finding.suppressible:
        return finding
    return replace(finding, suppressed=Suppressed(By.MODEL, reason, place))


def _in_vain(
    asked: Sequence[Exemption], findings: Sequence[ReportedFinding], looked: Sequence[Rule]
) -> Iterator[str]:
    """Yield what is asked for that changes nothing, as the rules show that have ``looked``."""
    broken = {finding.code: finding for finding in findings if not finding.suppressible}
    others = {finding.code: finding for finding in findings if finding.suppressible}
    for each in {exemption.rule: exemption for exemption in asked}.values():
        called = repr(each.rule[:MAX_SHOWN])
        if codes := _meant(each, broken):
            yield f"can't exempt {called}: {', '.join(codes)} says that the file is broken"
        elif _meant(each, others):
            continue
        elif any(closeness(each.rule, rule) for rule in looked):
            yield f"exempts {called}, and nothing of that is found"
        elif not any(closeness(each.rule, rule) for rule in builtin_rules()):
            yield f"exempts {called}, which is no rule of cnnlint"


def _meant(exemption: Exemption, findings: Mapping[str, ReportedFinding]) -> list[str]:
    return [code for code, finding in findings.items() if closeness(exemption.rule, finding)]
