"""Options that say how the findings are shown."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from cnnlint.cli.gathering import gathered

if TYPE_CHECKING:
    from cnnlint.cli.screen import Screen
    from cnnlint.report.report import Report

FORMATS = ("text", "concise", "json")


@dataclass(frozen=True, slots=True)
class View:
    """How the report is shown."""

    form: str
    color: str
    quiet: bool
    verbose: bool


view_options = gathered(
    "view",
    View,
    click.option(
        "--format",
        "form",
        type=click.Choice(FORMATS),
        default="text",
        show_default=True,
        help="How to show the report.",
    ),
    click.option(
        "--color",
        type=click.Choice(("auto", "always", "never")),
        default="auto",
        show_default=True,
        help="Colour in the text format.",
    ),
    click.option(
        "--quiet", "-q", is_flag=True, help="Show findings only: no summaries, no notes."
    ),
    click.option(
        "--verbose",
        "-v",
        is_flag=True,
        help="Show every finding in full, suppressed ones too; put every layer into JSON.",
    ),
)
"""The options of how the report is shown."""


def render(report: "Report", view: View, screen: "Screen") -> str:
    """Return the report in one of the formats of ``check``."""
    if view.form == "json":
        from cnnlint.report.json import render_json

        return render_json(report) + "\n"
    if view.form == "concise":
        from cnnlint.report.concise import render_concise

        return render_concise(report)
    from cnnlint.report.style import TextStyle
    from cnnlint.report.text import render_text

    style = TextStyle(
        color=screen.color,
        quiet=view.quiet,
        verbose=view.verbose,
        width=screen.width,
        drawing=screen.drawing,
    )
    return render_text(report, style)
