"""How many findings there are, in words."""

from cnnlint.lint.finding import Severity
from cnnlint.report.numbers import plural
from cnnlint.report.report import By, ModelReport


def verdict(model: ModelReport) -> str:
    """Return how many findings count, by severity, and how many don't: ``1 note (3 suppressed)``.

    Those of the baseline are told apart: they wait for somebody to mend them.
    """
    found = [finding.severity for finding in model.counting]
    counts = [plural(found.count(level), level) for level in Severity if level in found]
    text = ", ".join(counts) or "no findings"
    why = [finding.suppressed.by for finding in model.findings or () if finding.suppressed]
    known = why.count(By.BASELINE)
    amounts = ((len(why) - known, "suppressed"), (known, "in the baseline"))
    hidden = ", ".join(f"{number:,} {what}" for number, what in amounts if number)
    return f"{text} ({hidden})" if hidden else text
