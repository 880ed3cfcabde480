"""What a finding cost in the baseline and costs now, in words."""

from cnnlint.report import numbers
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
    match cost.unit:
        case "macs":
            return numbers.macs(cost.value)
        case "params":
            return numbers.params(cost.value)
        case _:
            return f"{numbers.size(cost.value)} of activations"


def _percent(then: int, now: int) -> str:
    """Return the growth in percent; below 10 with one decimal, upward: 5.001 is more than 5."""
    tenths = -(-1000 * (now - then) // then)
    return f"{tenths // 10}.{tenths % 10}" if tenths < 100 else f"{(tenths + 5) // 10:,}"
