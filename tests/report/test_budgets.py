from typing import Any

import pytest

from cnnlint.lint.finding import Severity
from cnnlint.report.budgets import (
    above,
    failing,
    pair,
    spelled,
    standing,
    tally,
    told,
)
from cnnlint.report.columns import hanging
from cnnlint.report.concise import render_concise
from cnnlint.report.describe import summary
from cnnlint.report.report import BudgetVerdict, ModelReport, Report, Verdict
from cnnlint.report.style import TextStyle
from cnnlint.report.text import render_text
from tests.net import Net

KEPT = BudgetVerdict("max_params", Verdict.KEPT, 500, 448, "448 params of 500 params", "c.toml:1")
BROKEN = BudgetVerdict(
    "max_macs", Verdict.BROKEN, 15, 18, "18 MACs, 20.0 % above 15 MACs", "c.toml:2"
)
UNDECIDED = BudgetVerdict(
    "max_peak_memory", Verdict.UNDECIDABLE, 9, None, "the size of x is unknown", "c.toml:3"
)
SKIPPED = BudgetVerdict(
    "max_latency_ms", Verdict.NOT_CHECKED, 9.5, None, "check runs nothing", "c.toml:4"
)
ALL = (KEPT, SKIPPED, UNDECIDED, BROKEN)
BROKEN_LINE = "budget max_macs: broken: 18 MACs, 20.0 % above 15 MACs (c.toml:2)"
UNDECIDED_LINE = "budget max_peak_memory: can't be decided: the size of x is unknown (c.toml:3)"
FAILING = f"{BROKEN_LINE}\n{UNDECIDED_LINE}\n  --> n.onnx\n"
KEPT_LINE = "budget max_params: kept: 448 params of 500 params (c.toml:1)"
SKIPPED_LINE = "budget max_latency_ms: not checked here: check runs nothing (c.toml:4)"


@pytest.mark.parametrize(
    ("key", "number", "text"),
    [
        ("max_params", 448, "448 params"),
        ("max_macs", 1_814_073_344, "1.81 GMACs"),
        ("max_plain_run", 1, "1 layer"),
        ("max_plain_run", 24, "24 layers"),
        ("max_weight_bytes", 2**21, "2.0 MiB"),
        ("max_peak_memory", 100, "100 B"),
        ("max_file_size", 2**30, "1.00 GiB"),
        ("max_macs", 105.0, "105 MACs"),
    ],
)
def test_spelled(key: str, number: float, text: str) -> None:
    assert spelled(key, number) == text


@pytest.mark.parametrize(
    ("limit", "texts"),
    [
        (20 * 2**20, ("1.2 MiB", "20.0 MiB")),
        (20_000_000, ("1.2 MB", "20.0 MB")),
        (2_000_000_000, ("1.2 MB", "2.0 GB")),
        (2_000_000_000_000, ("1.2 MB", "2.0 TB")),
        (3_000, ("1.2 MB", "3.0 kB")),
        (1_024_000, ("1.2 MiB", "1000.0 KiB")),
        (12_800, ("1.2 MiB", "12.5 KiB")),
        (999, ("1.2 MiB", "999 B")),
    ],
)
def test_bytes_in_the_units_of_the_limit(limit: int, texts: tuple[str, str]) -> None:
    assert pair("max_file_size", 1_234_567, limit) == texts


def test_counts_have_decimal_units_only() -> None:
    assert pair("max_macs", 1_234_567, 3_000) == ("1.2 MMACs", "3,000 MACs")
    assert pair("max_file_size", 12, 3_000)[0] == "12 B"


@pytest.mark.parametrize(
    ("key", "value", "limit", "text"),
    [
        ("max_macs", 1_814_073_344, 1.5e9, "1.81 GMACs, 20.9 % above 1.50 GMACs"),
        ("max_params", 106, 105, "106 params, 1.0 % above 105 params"),
        ("max_params", 10**7 + 9, 10**7, "10,000,009 params, 9 above 10,000,000 params"),
        ("max_macs", 10_049_999, 10_000_000, "10,049,999 MACs, 49,999 above 10,000,000 MACs"),
        ("max_file_size", 1025, 1024, "1,025 bytes, 1 above 1,024 bytes"),
        ("max_plain_run", 5, 0, "5 layers, 5 above 0 layers"),
        ("max_plain_run", 5, -1, "5 layers, 6 above -1 layers"),
        ("max_plain_run", 150, 1, "150 layers, 150 times 1 layer"),
        ("max_plain_run", 11, 1, "11 layers, 11.0 times 1 layer"),
        ("max_plain_run", 10, 1, "10 layers, 900.0 % above 1 layer"),
    ],
)
def test_above(key: str, value: float, limit: float, text: str) -> None:
    assert above(key, value, limit) == text


def test_lines_in_order() -> None:
    assert told(ALL) == [BROKEN_LINE, UNDECIDED_LINE, SKIPPED_LINE]
    assert standing(ALL, kept=False) == [SKIPPED_LINE]
    assert standing(ALL, kept=True) == [SKIPPED_LINE, KEPT_LINE]


def shown(*budgets: BudgetVerdict, path: str = "n.onnx", **style: Any) -> str:
    """Return what a report without a summary says of budgets."""
    model = ModelReport(path, budgets=budgets)
    return render_text(Report("0", (model,)), TextStyle(quiet=True, **style))


def test_block_of_what_fails() -> None:
    assert failing(ALL) == [BROKEN_LINE, UNDECIDED_LINE]
    assert failing((KEPT, SKIPPED)) == []
    assert shown(*ALL) == FAILING + "\n"
    assert shown(KEPT, SKIPPED) == ""


@pytest.mark.parametrize(
    ("budgets", "fails", "text"),
    [
        ((), False, ""),
        ((KEPT,), False, "budgets: 1 kept"),
        ((KEPT, KEPT, SKIPPED), False, "budgets: 2 kept, 1 not checked here"),
        ((BROKEN,), True, "budgets: 1 broken"),
        ((UNDECIDED,), True, "budgets: 1 can't be decided"),
        (
            ALL,
            True,
            "budgets: 1 kept, 1 broken, 1 can't be decided, 1 not checked here",
        ),
    ],
)
def test_tally(budgets: tuple[BudgetVerdict, ...], fails: bool, text: str) -> None:
    assert tally(budgets) == text
    assert any(budget.fails for budget in budgets) is fails


def test_block_on_a_terminal_of_its_own_width_and_without_arrows() -> None:
    assert shown(BROKEN, width=40, drawing=False).splitlines()[:3] == [
        "budget max_macs: broken: 18 MACs, 20.0 %",
        "  above 15 MACs (c.toml:2)",
        "  in: n.onnx",
    ]


def test_long_lines_are_broken_between_words() -> None:
    text = f"budget max_macs: broken: {'word ' * 10}now 12.5 % above 1.50 GMACs in {'x' * 90}"
    lines = list(hanging("", text, 80, 2))
    assert [len(line) for line in lines] == [78, 28, 92]
    assert lines[1] == "  12.5 % above 1.50 GMACs in"
    assert lines[2] == "  " + "x" * 90


def test_text_of_a_model_moves_no_cursor() -> None:
    odd = BudgetVerdict("max_macs", Verdict.BROKEN, 1, 2, "a\x1b[2J\nb", "c\x1b.toml:1")
    assert told([odd]) == ["budget max_macs: broken: a\\x1b[2J\\nb (c\\x1b.toml:1)"]
    assert "\x1b" not in shown(odd, path="n\x1b.onnx")


def report(*budgets: BudgetVerdict) -> Report:
    model = ModelReport(
        "n.onnx",
        summary=summary(Net(3, 32).conv(16).relu().facts()),
        findings=(),
        budgets=budgets,
        fail_on=Severity.ERROR,
    )
    return Report("0", (model,))


def test_text() -> None:
    said = render_text(report(*ALL), TextStyle())
    head, _, rest = said.partition("\n\n")
    rest = " ".join(rest.split())
    assert f"{head}\n" == FAILING
    assert rest.startswith(
        "n.onnx: no findings, budgets: 1 kept, 1 broken, 1 can't be decided, 1 not checked here · "
    )
    assert SKIPPED_LINE in rest
    assert KEPT_LINE not in rest


def test_text_with_all_that_is_known() -> None:
    said = render_text(report(*ALL), TextStyle(verbose=True))
    assert KEPT_LINE in " ".join(said.split())


def test_quiet_text_has_what_fails() -> None:
    said = render_text(report(*ALL), TextStyle(quiet=True))
    assert said == FAILING + "\n"
    assert render_text(report(KEPT, SKIPPED), TextStyle(quiet=True)) == ""


@pytest.mark.parametrize(
    ("budget", "colour"), [(KEPT, 32), (SKIPPED, 32), (BROKEN, 31), (UNDECIDED, 31)]
)
def test_colour_of_the_summary(budget: BudgetVerdict, colour: int) -> None:
    said = render_text(report(budget), TextStyle(color=True))
    assert f"\x1b[{colour}m\x1b[1mno findings" in said


def test_concise() -> None:
    lines = render_concise(report(*ALL)).splitlines()
    assert lines == [f"n.onnx: {text}" for text in (BROKEN_LINE, UNDECIDED_LINE, SKIPPED_LINE)]
