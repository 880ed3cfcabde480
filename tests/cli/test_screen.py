"""What the text is shown on: a terminal, a dumb one, a file."""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cnnlint.cli.screen import Screen, screen
from cnnlint.report.columns import columns

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, str], None]:
    """Return a function that makes stdout a terminal of some width and kind."""

    def be(width: int, kind: str) -> None:
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
        size = os.terminal_size((width, 24))
        monkeypatch.setattr(shutil, "get_terminal_size", lambda: size)
        monkeypatch.setenv("TERM", kind)
        for name in ("NO_COLOR", "FORCE_COLOR"):
            monkeypatch.delenv(name, raising=False)

    return be


@pytest.mark.parametrize(("columns", "width"), [(40, 60), (60, 60), (93, 93), (200, 120)])
def test_the_width_of_a_terminal(
    columns: int, width: int, terminal: Callable[[int, str], None]
) -> None:
    terminal(columns, "xterm")
    assert screen("auto", None) == Screen(color=True, width=width)
    assert screen("never", None) == Screen(color=False, width=width)


def test_what_is_no_terminal_has_80_columns(
    monkeypatch: pytest.MonkeyPatch, terminal: Callable[[int, str], None]
) -> None:
    terminal(60, "dumb")
    assert screen("auto", Path("x.txt")) == Screen(color=False)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: False)
    assert screen("auto", None) == Screen(color=False, width=80, drawing=True)


def test_a_dumb_terminal_is_told_in_words(
    run: Run, models: Path, terminal: Callable[[int, str], None]
) -> None:
    terminal(60, "dumb")
    assert screen("auto", None) == Screen(color=False, width=60, drawing=False)
    _, out, _ = run("check", models / "bad.onnx", "--isolated")
    lines = out.splitlines()
    assert [line for line in lines if line.startswith(("  before", "  here", "  after"))] == [
        "  before: fc4, Gemm 16->10, 1x10",
        "  here: relu5, Relu, 1x10",
        "  after: relu5_out, output, 1x10",
    ]
    assert not any(sign in out for sign in ("|", "^", "-->", "\x1b"))
    assert max(columns(line) for line in lines if "/" not in line) <= 60


def test_quiet_has_findings_only_and_verbose_all_in_full(run: Run, models: Path) -> None:
    _, out, _ = run("check", models / "bad.onnx", "--isolated", "--quiet")
    assert out.startswith("warning[H503]")
    assert "params" not in out
    assert "not checked" not in out
    _, out, _ = run("check", models / "clean.onnx", "--isolated", "--quiet")
    assert out == ""
