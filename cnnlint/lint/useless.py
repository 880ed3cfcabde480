"""What of the suppressions is of no use, over a whole run: what is never tidied up piles up."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from cnnlint.lint.rule import Rule, closeness
from cnnlint.lint.suppress import Suppression
from cnnlint.report.numbers import plural
from cnnlint.report.report import ModelReport, ReportedFinding

MAX_PARTLY = 5
"""Findings of which a suppression means a part that are told; the others are counted."""


def useless(
    suppressions: Sequence[Suppression],
    models: Sequence[ModelReport],
    rules: Sequence[Rule],
    today: date,
) -> tuple[str, ...]:
    """Return which suppressions of the configuration did nothing in this run, and why, in words.

    Judged are those whose files mean a model that could be read, and whose selector means one of
    the ``rules`` that could look there: of the others this run shows nothing.
    """
    notes = []
    for each in suppressions:
        meant = _models(each, models)
        selected = [rule for rule in rules if closeness(each.rule, rule) and _looked(rule, meant)]
        if selected:
            findings = [finding for model in meant for finding in model.findings or ()]
            notes += [f"{each.place}: {text}" for text in _on(each, findings, selected, today)]
    return tuple(dict.fromkeys(notes))


def _models(suppression: Suppression, models: Sequence[ModelReport]) -> list[ModelReport]:
    """Return the models that have been looked at and that a suppression means."""
    files = suppression.files
    return [
        model
        for model in models
        if model.findings is not None and (files is None or files.match(Path(model.path)))
    ]


def _looked(rule: Rule, models: Sequence[ModelReport]) -> bool:
    """Tell whether a rule didn't lack what a file doesn't show, in one of the models at least."""
    lack = f"{rule.code} {rule.name} "
    return any(not any(text.startswith(lack) for text in model.unchecked) for model in models)


@dataclass(frozen=True, slots=True)
class _Meant:
    """What a suppression means, by what becomes of it."""

    suppressible: tuple[ReportedFinding, ...]
    broken: tuple[str, ...]
    """Codes of what says that a file is broken."""
    partly: tuple[ReportedFinding, ...]
    """What counts because some of its layers are not meant."""


def _sorted(suppression: Suppression, findings: Sequence[ReportedFinding]) -> _Meant:
    meant = [finding for finding in findings if suppression.means(finding)]
    partly = (
        finding
        for finding in findings
        if finding.suppressed is None and finding.suppressible
        if closeness(suppression.rule, finding)
        if 0 < suppression.layers_meant(finding) < len(finding.layers)
    )
    return _Meant(
        suppressible=tuple(finding for finding in meant if finding.suppressible),
        broken=tuple(sorted({finding.code for finding in meant if not finding.suppressible})),
        partly=tuple(partly),
    )


def _on(
    suppression: Suppression,
    findings: Sequence[ReportedFinding],
    rules: Sequence[Rule],
    today: date,
) -> Iterator[str]:
    called, meant = _called(suppression), _sorted(suppression, findings)
    if meant.broken:
        codes = ", ".join(meant.broken)
        yield f"does not suppress {codes}, which says that a file is broken: {called}"
    if not suppression.holds(today):
        count = sum(finding.suppressed is None for finding in meant.suppressible)
        left = (
            f"{plural(count, 'finding')} would need it" if count else "nothing needs it any more"
        )
        yield f"expired after {suppression.expires}, {left}: {called}"
        return
    if not (meant.suppressible or meant.partly or meant.broken):
        can = any(rule.suppressible for rule in rules)
        why = "" if can else ", for errors of it say that a file is broken"
        yield f"suppresses nothing in this run{why}: {called}"
    told = tuple(dict.fromkeys(_partly(suppression, finding) for finding in meant.partly))
    yield from (f"{text}, so it counts: {called}" for text in told[:MAX_PARTLY])
    if len(told) > MAX_PARTLY:
        more = plural(len(told) - MAX_PARTLY, "more finding")
        yield f"means only a part of the layers of {more}: {called}"


def _partly(suppression: Suppression, finding: ReportedFinding) -> str:
    part, many = suppression.layers_meant(finding), plural(len(finding.layers), "layer")
    return f"means {part} of the {many} of {finding.code} at {finding.layers[0].path!r}"


def _called(suppression: Suppression) -> str:
    layer = "" if suppression.layer is None else f" on {suppression.layer!r}"
    return f"{suppression.rule}{layer}"
