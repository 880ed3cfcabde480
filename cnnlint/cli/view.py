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
    statistics: bool
    max_per_rule: int | None
    """None for what is usual in the format, 0 for all."""


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
    click.option(
        "--statistics",
        is_flag=True,
        help="Show a line a rule: how much it found, and what that would save.",
    ),
    click.option(
        "--max-per-rule",
        type=click.IntRange(0),
        metavar="N",
        help="Show so many findings of one rule and model in text; 0 for all.",
    ),
)
"""The options of how the report is shown."""


def render(report: "Report", view: View, screen: "Screen") -> str:
    """Return the report in one of the formats of ``check``."""
    if view.form == "json":
        return _json(report, view)
    if view.statistics:
        from cnnlint.report.statistics import render_statistics, statistics

        text = render_statistics(statistics(report.models))
    elif view.form == "concise":
        from cnnlint.report.concise import render_concise

        return render_concise(report, view.max_per_rule)
    else:
        text = _text(report, view, screen)
    closes = not view.quiet and (view.statistics or len(report.models) > 1)
    return text + (_closing(report, screen) if closes else "")


def _json(report: "Report", view: View) -> str:
    from cnnlint.report.json import render_json

    if not view.statistics:
        return render_json(report) + "\n"
    from cnnlint.report.statistics import statistics

    return render_json(report, statistics(report.models)) + "\n"


def _text(report: "Report", view: View, screen: "Screen") -> str:
    from cnnlint.report.style import TextStyle
    from cnnlint.report.text import render_text

    style = TextStyle(
        color=screen.color,
        quiet=view.quiet,
        verbose=view.verbose,
        width=screen.width,
        max_per_rule=view.max_per_rule,
        drawing=screen.drawing,
    )
    return render_text(report, style)


def _closing(report: "Report", screen: "Screen") -> str:
    from cnnlint.report.closing import closing

    return "".join(f"{line}\n" for line in closing(report, screen.width))
