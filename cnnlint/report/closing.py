"""What came of a run of several models, in one line below all that is said of each."""

from collections.abc import Iterator

from cnnlint.report.columns import flowed
from cnnlint.report.counts import by_severity, hidden
from cnnlint.report.numbers import plural
from cnnlint.report.report import ModelReport, Report, Verdict


def closing(report: Report, width: int) -> list[str]:
    """Return it: ``9 models: 3 warnings in 2 · 6 clean · 1 unreadable · 1 budget broken``.

    A model is clean where nothing counts: no finding, no budget, no fault.
    """
    first, *others = _pieces(report)
    lines = flowed([first, *(f"· {piece}" for piece in others)], width, 0, 2, " ")
    return [lines[0], *(f"  {line}" for line in lines[1:])]


def _pieces(report: Report) -> Iterator[str]:
    """Yield the parts of that line."""
    yield f"{plural(len(report.models), 'model')}: {_findings(report)}"
    readable = [model for model in report.models if model.failure is None]
    yield from _counted(sum(map(_is_clean, readable)), "clean")
    failures = [model.failure for model in report.models if model.failure]
    faults = sum(failure.internal for failure in failures)
    yield from _counted(len(failures) - faults, "unreadable")
    yield from _counted(faults, "lost to a fault of cnnlint")
    verdicts = [budget.verdict for model in readable for budget in model.budgets]
    if broken := verdicts.count(Verdict.BROKEN):
        yield f"{plural(broken, 'budget')} broken"
    if undecidable := verdicts.count(Verdict.UNDECIDABLE):
        yield f"{plural(undecidable, 'budget')} undecidable"
    yield from hidden(finding for model in readable for finding in model.findings or ())


def _findings(report: Report) -> str:
    models = [model for model in report.models if model.counting]
    levels = by_severity(finding for model in models for finding in model.counting)
    return f"{levels} in {len(models):,}" if models else levels


def _is_clean(model: ModelReport) -> bool:
    """Tell whether nothing counts, whatever the run fails on."""
    loud = any(budget.fails for budget in model.budgets)
    return not (model.counting or model.internal or loud)


def _counted(number: int, what: str) -> Iterator[str]:
    if number:
        yield f"{number:,} {what}"
