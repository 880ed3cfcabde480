"""What came of a run of several models, in one line below all that is said of each."""

from collections.abc import Iterator

from cnnlint.lint.finding import Severity
from cnnlint.report.columns import flowed
from cnnlint.report.numbers import plural
from cnnlint.report.report import By, ModelReport, Report, Verdict


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
    why = [f.suppressed.by for model in readable for f in model.findings or () if f.suppressed]
    yield from _counted(len(why) - why.count(By.BASELINE), "suppressed")
    yield from _counted(why.count(By.BASELINE), "in the baseline")


def _findings(report: Report) -> str:
    found = [finding.severity for model in report.models for finding in model.counting]
    if not found:
        return "no findings"
    counts = [plural(found.count(level), level) for level in Severity if level in found]
    return f"{', '.join(counts)} in {sum(bool(model.counting) for model in report.models):,}"


def _is_clean(model: ModelReport) -> bool:
    """Tell whether nothing counts, whatever the run fails on."""
    bad = {Verdict.BROKEN, Verdict.UNDECIDABLE}
    loud = any(budget.verdict in bad for budget in model.budgets)
    return not (model.counting or model.internal or loud)


def _counted(number: int, what: str) -> Iterator[str]:
    if number:
        yield f"{number:,} {what}"
