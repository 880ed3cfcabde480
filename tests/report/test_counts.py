"""What the summary says of findings that count, and of those that don't."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from cnnlint.lint.engine import run_rules
from cnnlint.lint.finding import Severity
from cnnlint.lint.registry import find
from cnnlint.report.counts import verdict
from cnnlint.report.report import By, ModelReport, ReportedFinding, Suppressed
from tests.net import Net

_FACTS = Net(3, 6).conv(16).relu().gap().flatten().dense(10).relu().facts()
(WARNING,) = run_rules(_FACTS, [find("H503")]).findings
ERROR = replace(WARNING, severity=Severity.ERROR)
NOTE = replace(WARNING, severity=Severity.NOTE)
CONFIG, MODEL, KNOWN = (replace(WARNING, suppressed=Suppressed(by, "why")) for by in By)


@pytest.mark.parametrize(
    ("findings", "text"),
    [
        ([], "no findings"),
        ([NOTE, WARNING, ERROR, WARNING], "1 error, 2 warnings, 1 note"),
        ([WARNING, WARNING, CONFIG], "2 warnings (1 suppressed)"),
        ([CONFIG, MODEL, CONFIG], "no findings (3 suppressed)"),
        ([KNOWN], "no findings (1 in the baseline)"),
        ([NOTE, KNOWN, MODEL, *[KNOWN] * 1000], "1 note (1 suppressed, 1,001 in the baseline)"),
    ],
)
def test_verdict(findings: Sequence[ReportedFinding], text: str) -> None:
    assert verdict(replace(ModelReport("m"), findings=tuple(findings))) == text


def test_nothing_was_looked_for() -> None:
    assert verdict(ModelReport("m")) == "no findings"
