"""The line below a report on several models."""

from dataclasses import replace

import pytest

from cnnlint.lint.engine import run_rules
from cnnlint.lint.finding import Severity
from cnnlint.lint.registry import find
from cnnlint.report.closing import closing
from cnnlint.report.report import (
    BudgetVerdict,
    By,
    Failure,
    ModelReport,
    Report,
    ReportedFinding,
    Suppressed,
    Verdict,
)
from tests.net import Net

(FOUND,) = run_rules(
    Net(3, 6).conv(16).relu().gap().flatten().dense(10).relu().facts(), [find("H503")]
).findings


def finding(severity: Severity = Severity.WARNING, by: By | None = None) -> ReportedFinding:
    return replace(FOUND, severity=severity, suppressed=Suppressed(by, "why") if by else None)


def model(*findings: ReportedFinding, budgets: tuple[Verdict, ...] = ()) -> ModelReport:
    held = tuple(BudgetVerdict("max_macs", each, 1, 1, "", "") for each in budgets)
    return ModelReport("m", findings=findings, budgets=held)


def lost(*, internal: bool) -> ModelReport:
    return ModelReport("m", failure=Failure("empty", "m", "h", internal=internal))


E, N = finding(Severity.ERROR), finding(Severity.NOTE)
CONFIG, BASELINE = finding(by=By.CONFIG), finding(by=By.BASELINE)


@pytest.mark.parametrize(
    ("models", "line"),
    [
        ((), "0 models: no findings"),
        ((model(),), "1 model: no findings · 1 clean"),
        ((model(), model()), "2 models: no findings · 2 clean"),
        ((model(E, N, E), model(N), model()), "3 models: 2 errors, 2 notes in 2 · 1 clean"),
        ((model(finding()),), "1 model: 1 warning in 1"),
        ((lost(internal=False), model()), "2 models: no findings · 1 clean · 1 unreadable"),
        ((lost(internal=True),), "1 model: no findings · 1 lost to a fault of cnnlint"),
        (
            (model(N, CONFIG, BASELINE, BASELINE), model(finding(by=By.MODEL))),
            "2 models: 1 note in 1 · 1 clean · 2 suppressed · 2 in the baseline",
        ),
        (
            (model(budgets=(Verdict.BROKEN, Verdict.BROKEN)), model(budgets=(Verdict.KEPT,))),
            "2 models: no findings · 1 clean · 2 budgets broken",
        ),
        (
            (model(budgets=(Verdict.UNDECIDABLE, Verdict.NOT_CHECKED)),),
            "1 model: no findings · 1 budget undecidable",
        ),
        ((replace(model(), internal=("K101",)),), "1 model: no findings"),
    ],
)
def test_line(models: tuple[ModelReport, ...], line: str) -> None:
    assert closing(Report("0", models), 200) == [line]


def test_it_fits_the_terminal() -> None:
    report = Report("0", (model(N, E, CONFIG), model(), lost(internal=False)))
    assert closing(report, 40) == [
        "3 models: 1 error, 1 note in 1 · 1 clean",
        "  · 1 unreadable · 1 suppressed",
    ]
