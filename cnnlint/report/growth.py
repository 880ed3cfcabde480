"""What a finding cost in the baseline and costs now, in words."""

from cnnlint.report.amounts import SPELLED
from cnnlint.report.report import Amount, ReportedFinding


def growth(finding: ReportedFinding) -> str:
    """Return by how much a finding has grown, for people; "" where it hasn't.

    ``in the baseline at 12.8 MMACs, now 16.7 MMACs (+30 %)``.
    """
    then, now = finding.grown_from, finding.cost
    if then is None:
        return ""
    if now is None:
        return f"{in_baseline(then)}, now unknown"
    if now.unit != then.unit or then.value <= 0:
        return f"{in_baseline(then)}, now {amount(now)}: not to be compared"
    return f"{in_baseline(then)}, now {amount(now)} (+{_percent(then.value, now.value)} %)"


def in_baseline(then: Amount | None) -> str:
    """Return that something is in the baseline, and what it cost."""
    return f"in the baseline at {amount(then)}" if then else "in the baseline"


def amount(cost: Amount) -> str:
    """Return a cost with its unit: ``12.8 MMACs``."""
    return SPELLED[cost.unit](cost.value)


def _percent(then: int, now: int) -> str:
    """Return the growth in percent; below 10 with one decimal, upward: 5.001 is more than 5."""
    more = now - then
    tenths = -(-1000 * more // then)
    if tenths < 100:
        return f"{tenths // 10}.{tenths % 10}"
    return f"{(200 * more + then) // (2 * then):,}"
