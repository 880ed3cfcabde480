"""Options that say how the findings are shown."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from cnnlint.cli.gathering import gathered

if TYPE_CHECKING:
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
    click.option("--quiet", "-q", is_flag=True, help="Show findings only, no summary."),
    click.option("--verbose", "-v", is_flag=True, help="Put every layer into the JSON report."),
)
"""The options of how the report is shown."""


def render(report: "Report", view: View, *, color: bool) -> str:
    """Return the report in one of the formats of ``check``."""
    if view.form == "json":
        from cnnlint.report.json import render_json

        return render_json(report) + "\n"
    if view.form == "concise":
        from cnnlint.report.concise import render_concise

        return render_concise(report)
    from cnnlint.report.text import TextStyle, render_text

    return render_text(report, TextStyle(color, view.quiet, view.verbose))
