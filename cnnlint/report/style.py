"""How the text report is to look."""

from dataclasses import dataclass

import click

from cnnlint.lint.finding import Severity

COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
WIDTH = 80
"""Columns where there is no terminal."""


@dataclass(frozen=True, slots=True)
class TextStyle:
    """How much to say, in how many columns, whether in colour."""

    color: bool = False
    quiet: bool = False
    """Findings only: no summaries, no notes."""
    verbose: bool = False
    """Every finding in full, those too that don't count."""
    width: int = WIDTH
    max_per_rule: int | None = None
    """Findings of one rule on one model that are shown, 0 for all; None for what is usual."""
    drawing: bool = True
    """Whether bars and arrows show where things are; else words do, for a terminal that is read
    aloud or shows text only."""

    def paint(self, text: str, fg: str | None = None, *, bold: bool = False) -> str:
        """Return a text in colour, where there is to be any."""
        return click.style(text, fg=fg, bold=bold) if self.color else text
