"""A line a rule: how much it found, and what that would save."""

import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from cnnlint.lint.finding import Saving, Severity
from cnnlint.report.json import render_json
from cnnlint.report.report import By, ModelReport, Report, ReportedFinding, Suppressed
from cnnlint.report.statistics import RuleStatistics, Sum, render_statistics, statistics
from tests.report.test_closing import FOUND


def finding(
    code: str,
    macs: int | None = 0,
    params: int | None = 0,
    severity: Severity = Severity.WARNING,
    layer: str = "fc",
) -> ReportedFinding:
    return replace(
        FOUND,
        code=code,
        name=f"the-{code.lower()}",
        severity=severity,
        saving=Saving(macs=macs, params=params),
        layers=(replace(FOUND.layers[0], path=layer), replace(FOUND.layers[0], path="other")),
    )


MODELS = (
    ModelReport(
        "a",
        findings=(
            finding("K101", 2_500_000, 12_345),
            finding("K101", 500_000, None, Severity.NOTE, layer="fc2"),
            finding("H503", None, None),
            replace(finding("H503", 9, 9), suppressed=Suppressed(By.CONFIG, "why")),
        ),
    ),
    ModelReport("b", findings=(finding("K101", -7), finding("A100", 3), finding("A300", 4))),
    ModelReport("c"),
)
ROWS = (
    RuleStatistics("K101", "the-k101", 0, 2, 1, 2, 5, Sum(2_999_993, False), Sum(12_345, True)),
    RuleStatistics("A300", "the-a300", 0, 1, 0, 1, 2, Sum(4, False), Sum(0, False)),
    RuleStatistics("A100", "the-a100", 0, 1, 0, 1, 2, Sum(3, False), Sum(0, False)),
    RuleStatistics("H503", "the-h503", 0, 1, 0, 1, 2, Sum(None, True), Sum(None, True)),
)


def test_rows() -> None:
    assert statistics(MODELS) == ROWS
    assert statistics(()) == ()


def test_table() -> None:
    assert render_statistics(()) == ""
    lines = render_statistics(ROWS).splitlines()
    assert lines[0].split() == [
        "rule",
        "warn",
        "note",
        "models",
        "layers",
        "MACs",
        "params",
        "name",
    ]
    assert [line.split() for line in lines[2:6]] == [
        ["K101", "2", "1", "2", "5", "3.0", "M", ">=12,345", "the-k101"],
        ["A300", "1", "0", "1", "2", "4", "0", "the-a300"],
        ["A100", "1", "0", "1", "2", "3", "0", "the-a100"],
        ["H503", "1", "0", "1", "2", "?", "?", "the-h503"],
    ]
    assert lines[6:] == [
        "",
        "MACs, params: what the suggestions save. Rules overlap: the rows don't add up.",
        "Behind >= and ?: what some of them save is unknown.",
    ]
    assert "Behind" not in render_statistics(ROWS[1:2])
    errors = render_statistics([replace(ROWS[1], errors=1, warnings=0)]).splitlines()
    assert errors[0].split()[:2] == ["rule", "error"]


def test_columns_are_as_wide_as_what_is_in_them() -> None:
    row = replace(
        ROWS[1], name="imagenet-stem-on-small-input", notes=1, macs=Sum(-4_700_000, False)
    )
    row = replace(row, params=Sum(-17_024, False))
    lines = render_statistics([row]).splitlines()
    assert lines[:3] == [
        "rule  warn  note  models  layers    MACs   params  name",
        "----  ----  ----  ------  ------  ------  -------  ----------------------------",
        "A300     1     1       1       2  -4.7 M  -17,024  imagenet-stem-on-small-input",
    ]
    assert max(map(len, lines)) <= 80


def test_json() -> None:
    report = Report("0", MODELS)
    assert json.loads(render_json(report))["statistics"] is None
    assert json.loads(render_json(report, ()))["statistics"] == []
    assert json.loads(render_json(report, ROWS))["statistics"][0] == {
        "code": "K101",
        "name": "the-k101",
        "errors": 0,
        "warnings": 2,
        "notes": 1,
        "models": 2,
        "layers": 5,
        "macs": 2_999_993,
        "macs_are_lower_bound": False,
        "params": 12_345,
        "params_are_lower_bound": True,
    }


@given(st.lists(st.one_of(st.none(), st.integers(-(10**12), 10**12)), min_size=1))
def test_sums(amounts: list[int | None]) -> None:
    model = ModelReport("m", findings=tuple(finding("K101", macs) for macs in amounts))
    (row,) = statistics([model])
    known = [macs for macs in amounts if macs is not None]
    assert row.macs == Sum(sum(known) if known else None, None in amounts)
    assert row.count == len(amounts)
