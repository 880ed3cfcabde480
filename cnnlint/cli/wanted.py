"""Options that say what is checked, how strictly, and from which file that is taken."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cnnlint.cli.gathering import gathered
from cnnlint.cli.options import config_option, rules_option, separated
from cnnlint.cli.streams import complain
from cnnlint.lint.presets import PRESETS

if TYPE_CHECKING:
    from cnnlint.lint.engine import Settings
    from cnnlint.lint.rule import Rule

FAIL_ON = ("error", "warning", "note", "never")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for; None or empty where nothing was."""

    folders: tuple[Path, ...]
    """Of rules."""
    select: list[str]
    extend_select: list[str]
    ignore: list[str]
    preset: str | None
    config: tuple[str, ...]
    isolated: bool
    baseline: Path | None
    fail_on: str | None
    exit_zero: bool


wanted_options = gathered(
    "wanted",
    Wanted,
    click.option(
        "--select",
        multiple=True,
        callback=separated,
        metavar="RULES",
        help="Run only these rules: codes, prefixes, names, families or ALL, comma-separated.",
    ),
    click.option(
        "--extend-select",
        multiple=True,
        callback=separated,
        metavar="RULES",
        help="Run these rules besides those that are on.",
    ),
    click.option(
        "--ignore",
        multiple=True,
        callback=separated,
        metavar="RULES",
        help="Leave these rules out.",
    ),
    click.option(
        "--preset",
        type=click.Choice(tuple(PRESETS)),
        help="A ready-made set of rules and severities.  [default: default]",
    ),
    rules_option,
    config_option,
    click.option(
        "--isolated",
        is_flag=True,
        help="Read no configuration but the command line, and leave out installed rules.",
    ),
    click.option(
        "--baseline",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="What `cnnlint baseline create` wrote: findings in it don't count.",
    ),
    click.option(
        "--fail-on",
        type=click.Choice(FAIL_ON),
        help="The least severity that makes the exit code 1.  [default: warning]",
    ),
    click.option("--exit-zero", is_flag=True, help="Exit with 0 whatever is found."),
)
"""The options of every command that checks."""


def settings_of(wanted: Wanted) -> "tuple[tuple[Rule, ...], Settings]":
    """Return the rules that are on, and how they are run.

    Raises:
        RuleError: a rule is written in a way that can't work.
        UsageError: what is asked for makes no sense.
    """
    from cnnlint.lint import registry
    from cnnlint.lint.config import parse_options
    from cnnlint.lint.engine import Settings
    from cnnlint.lint.finding import Severity

    preset = PRESETS[wanted.preset or "default"]
    known = registry.catalogue(wanted.folders, installed=not wanted.isolated)
    besides = wanted.extend_select if wanted.select else (*preset.on, *wanted.extend_select)
    rules, odd = registry.select(wanted.select, wanted.ignore, besides, known)
    for remark in odd:
        complain(remark.cause, remark.cure, level="warning")
    fail_on = "never" if wanted.exit_zero else wanted.fail_on or "warning"
    return tuple(rules), Settings(
        preset,
        parse_options(wanted.config, known),
        fail_on=None if fail_on == "never" else Severity(fail_on),
    )
