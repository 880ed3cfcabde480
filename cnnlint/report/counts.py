"""How many findings there are, in words."""

from collections.abc import Iterable, Iterator

from cnnlint.lint.finding import Severity
from cnnlint.report.numbers import plural
from cnnlint.report.report import By, ModelReport, ReportedFinding


def verdict(model: ModelReport) -> str:
    """Return how many count and how many don't: ``1 note (3 suppressed)``."""
    dont = ", ".join(hidden(model.findings or ()))
    return by_severity(model.counting) + (f" ({dont})" if dont else "")


def by_severity(findings: Iterable[ReportedFinding]) -> str:
    """Return how many there are of each severity: ``1 error, 2 notes``."""
    found = [finding.severity for finding in findings]
    counts = (plural(found.count(level), level) for level in Severity if level in found)
    return ", ".join(counts) or "no findings"


def hidden(findings: Iterable[ReportedFinding]) -> Iterator[str]:
    """Yield how many don't count; those of the baseline apart, for they wait to be mended."""
    why = [finding.suppressed.by for finding in findings if finding.suppressed]
    known = why.count(By.BASELINE)
    for number, what in ((len(why) - known, "suppressed"), (known, "in the baseline")):
        if number:
            yield f"{number:,} {what}"
