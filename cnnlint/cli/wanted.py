"""Options that say what is checked, how strictly, and from which file that is taken."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cnnlint.cli.budgets import BUDGETS
from cnnlint.cli.gathering import gathered
from cnnlint.cli.options import config_option, rules_option, separated
from cnnlint.cli.streams import complain
from cnnlint.errors import UsageError
from cnnlint.lint.finding import FAIL_ON
from cnnlint.lint.presets import PRESETS
from cnnlint.lint.targets import TARGETS

if TYPE_CHECKING:
    from cnnlint.config.planner import Asked, Planner


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for; None or empty where nothing was."""

    folders: tuple[Path, ...]
    """Of rules."""
    select: list[str]
    extend_select: list[str]
    ignore: list[str]
    preset: str | None
    target: str | None
    severity: dict[str, str]
    """By selector."""
    no_model_suppressions: bool
    config: tuple[str, ...]
    isolated: bool
    baseline: Path | None
    fail_on: str | None
    exit_zero: bool
    max_params: str | None
    max_macs: str | None
    max_weight_bytes: str | None
    max_peak_memory: str | None
    max_file_size: str | None
    max_plain_run: str | None


preset_option = click.option(
    "--preset",
    type=click.Choice(tuple(PRESETS)),
    help="A ready-made set of rules and severities.  [default: default]",
)
target_option = click.option(
    "--target",
    type=click.Choice(tuple(TARGETS)),
    help="What the models are to run on.  [default: generic]",
)
isolated_option = click.option(
    "--isolated",
    is_flag=True,
    help="Read no file of configuration, and leave out installed rules.",
)


def severities(
    _ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]
) -> dict[str, str]:
    """Split ``K101=note``; several rules may stand in front, with commas.

    Raises:
        UsageError: there is no rule, or no level.
    """
    found: dict[str, str] = {}
    for value in values:
        rules, _, level = (part.strip() for part in value.rpartition("="))
        selectors = rules.replace(",", " ").split()
        if not selectors or not level:
            cause = f"--severity {value!r} is not RULES=LEVEL"
            raise UsageError(cause, "write for example --severity K101=note")
        found |= dict.fromkeys(selectors, level)
    return found


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
    preset_option,
    target_option,
    click.option(
        "--severity",
        multiple=True,
        callback=severities,
        metavar="RULES=LEVEL",
        help="Make findings of these rules an error, a warning or a note.",
    ),
    click.option(
        "--no-model-suppressions",
        is_flag=True,
        help="Heed nothing that a model itself asks to ignore.",
    ),
    rules_option,
    config_option,
    isolated_option,
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
    *BUDGETS,
)
"""The options of every command that checks."""


@dataclass(frozen=True, slots=True)
class Basis:
    """What a command must know that looks at one rule."""

    folders: tuple[Path, ...]
    """Of rules."""
    preset: str | None
    target: str | None
    config: tuple[str, ...]
    isolated: bool

    @property
    def typed(self) -> dict[str, str]:
        """What is said that a file of configuration could say."""
        said = {"preset": self.preset, "target": self.target}
        return {key: value for key, value in said.items() if value is not None}


basis_options = gathered(
    "basis", Basis, preset_option, target_option, rules_option, config_option, isolated_option
)
"""The options of a command that looks at one rule."""


def planner_of(wanted: Wanted) -> "Planner":
    """Return what makes a plan for each model.

    Raises:
        RuleError: a rule is written in a way that can't work.
        UsageError: what is asked for makes no sense.
    """
    from cnnlint.config.planner import Planner
    from cnnlint.lint.registry import catalogue

    known = catalogue(wanted.folders, installed=not wanted.isolated)
    return Planner(known, asked_of(wanted))


def asked_of(wanted: Wanted) -> "Asked":
    """Return what the command line says of the configuration."""
    from cnnlint.config.planner import Asked

    typed = {
        "select": wanted.select or None,
        "extend-select": wanted.extend_select or None,
        "ignore": wanted.ignore or None,
        "preset": wanted.preset,
        "target": wanted.target,
        "severity": wanted.severity or None,
        "model-suppressions": False if wanted.no_model_suppressions else None,
        "baseline": None if wanted.baseline is None else str(wanted.baseline),
        "fail-on": wanted.fail_on,
        "budget": _limits(wanted) or None,
    }
    said = {key: value for key, value in typed.items() if value is not None}
    return Asked(wanted.config, wanted.isolated, said, exit_zero=wanted.exit_zero)


def _limits(wanted: Wanted) -> dict[str, str]:
    """Return the budgets that were typed, by their keys."""
    keys = [field.name for field in fields(wanted) if field.name.startswith("max_")]
    typed = ((key, getattr(wanted, key)) for key in keys)
    return {key: text.strip() for key, text in typed if text is not None}


def tell_warnings(planner: "Planner") -> None:
    """Say on stderr what is odd about the configuration."""
    for warning in planner.warnings:
        complain(warning, level="warning")
