"""What the terminal can show."""

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from cnnlint.cli.streams import wants_color
from cnnlint.report.style import WIDTH

NARROWEST, WIDEST = 60, 120
"""Columns between which a terminal's own number counts: prose in longer lines is hard to read."""


@dataclass(frozen=True, slots=True)
class Screen:
    """What a report is shown on."""

    color: bool
    width: int = WIDTH
    drawing: bool = True
    """Whether bars and arrows may say where things are: not on a dumb terminal, which may be one
    that reads aloud."""


def screen(color: str, output: Path | None) -> Screen:
    """Look once at what the text goes to: ``--color`` and the terminal, if it is one."""
    colored = wants_color(color, output)
    if output is not None or not sys.stdout.isatty():
        return Screen(colored)
    width = min(max(shutil.get_terminal_size().columns, NARROWEST), WIDEST)
    return Screen(colored, width, drawing=os.environ.get("TERM") != "dumb")
