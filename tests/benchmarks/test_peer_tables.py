"""The tables say what was measured, failures too."""

from pathlib import Path

import pytest

from child_process import Done
from peer_tables import (
    Result,
    Results,
    cpu_by_model,
    error,
    macs_by_model,
    peak_by_model,
    percent,
    summary,
    table,
)
from peer_tools import TOOLS, Job

CNNLINT, OPCOUNTER, DOCTOR = (TOOLS[i] for i in (0, 3, 4))
THREE = (CNNLINT, OPCOUNTER, DOCTOR)
JOBS = [Job("small", Path("small"), 1000, {}), Job("chain", Path("chain"), 0, {})]


def result(macs: int | None, *runs: tuple[float, float], failed: str = "") -> Result:
    made = Result(macs=macs, failed=failed)
    for cpu_s, peak_mib in runs:
        made.add(Done(cpu_s, peak_mib, 0, "", "", timed_out=False), 0.25)
    return made


RESULTS: Results = {
    ("cnnlint", "small"): result(1000, (0.25, 40), (0.5, 50), (0.75, 45)),
    ("cnnlint", "chain"): result(0, (1.0, 60)),
    ("onnx-opcounter", "small"): result(900, (0.5, 1500)),
    ("onnx-opcounter", "chain"): result(None, (0.5, 90), failed="ValueError, exit 1"),
    ("onnx-doctor", "small"): result(None, failed="not installed"),
    ("onnx-doctor", "chain"): result(None, failed="not installed"),
}


def cells(text: str) -> list[list[str]]:
    return [[c.strip() for c in line.strip("|").split("|")] for line in text.splitlines()]


@pytest.mark.parametrize(
    ("macs", "reference", "shown"),
    [
        (1000, 1000, "0"),
        (1558, 1000, "+55.8 %"),
        (57, 1000, "-94.3 %"),
        (10_001, 10_000, "+0.010 %"),
        (0, 0, "0"),
        (7, 0, "not 0"),
    ],
)
def test_error(macs: int, reference: int, shown: str) -> None:
    assert percent(error(macs, reference)) == shown


def test_summary_counts_what_worked_only() -> None:
    rows = cells(summary(THREE, JOBS, RESULTS))[2:]
    assert rows[0] == [
        *("cnnlint", "2 of 2", "2", "2 of 2", "0"),
        *("0.75", "3.0", "4.0", "55", "60"),
    ]
    assert rows[1] == [
        *("onnx-opcounter", "1 of 2", "1", "0 of 2", "-10.0 %"),
        *("0.50", "2.0", "2.0", "1,500", "1,500"),
    ]
    assert rows[2] == ["onnx-doctor", "0 of 2", "counts none", *[""] * 7]


def test_model_by_model_names_failures() -> None:
    assert cells(macs_by_model(THREE, JOBS, RESULTS))[2:] == [
        ["small", "1,000", "0", "-10.0 %"],
        ["chain", "0", "0", "ValueError, exit 1"],
    ]
    assert cells(cpu_by_model(THREE, JOBS, RESULTS))[2:] == [
        ["small", "0.50 (2.0x)", "0.50 (2.0x)", "not installed"],
        ["chain", "1.00 (4.0x)", "ValueError, exit 1", "not installed"],
    ]
    assert cells(peak_by_model(THREE, JOBS, RESULTS))[2:] == [
        ["small", "50", "1,500", "not installed"],
        ["chain", "60", "ValueError, exit 1", "not installed"],
    ]


def test_macs_that_should_be_zero_are_shown_themselves() -> None:
    results: Results = {("cnnlint", "chain"): result(800_000, (1.0, 60))}
    assert cells(macs_by_model([CNNLINT], JOBS[1:], results))[2] == ["chain", "0", "800,000"]
    results = {("cnnlint", "chain"): result(None, (1.0, 60))}
    assert cells(macs_by_model([CNNLINT], JOBS[1:], results))[2] == ["chain", "0", "none given"]


def test_a_bar_in_a_cell_does_not_split_it() -> None:
    assert table(["a"], [["x|y"]]) == "| a |\n| --- |\n| x\\|y |"
