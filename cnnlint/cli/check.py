"""``cnnlint check``: lint models and say whether they pass."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cnnlint import __version__
from cnnlint.cli.options import Sizes, input_options, output_option, recipe_option
from cnnlint.cli.streams import (
    complain,
    read_standard_input,
    tell_failures,
    wants_color,
    write,
)
from cnnlint.cli.targets import ClosedFolder, Target, expand
from cnnlint.cli.view import View, render, view_options
from cnnlint.cli.wanted import Wanted, planner_of, tell_warnings, wanted_options
from cnnlint.errors import LoadError

if TYPE_CHECKING:
    from cnnlint.lint.engine import Settings
    from cnnlint.lint.rule import Rule
    from cnnlint.model.binding import Bindings
    from cnnlint.model.graph import Input
    from cnnlint.report.report import ModelReport


@click.command(short_help="Lint models and say whether they pass.")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@wanted_options
@recipe_option
@view_options
@output_option
@input_options
@click.option("--require-models", is_flag=True, help="Exit with 2 when the folders hold no model.")
def check(
    *,
    paths: tuple[str, ...],
    wanted: Wanted,
    recipe: Path | None,
    view: View,
    output: Path | None,
    sizes: Sizes,
    require_models: bool,
) -> int:
    """Lint models: files, folders (every .onnx below) or - for standard input.

    Exit codes: 0 nothing at or above --fail-on, 1 findings or an unreadable model,
    2 misuse or a fault of cnnlint itself.

    \b
    Examples:
      cnnlint model.onnx
      cnnlint check models/ --ignore H501 --fail-on error
      cnnlint check model.onnx --config rules.W809.max_macs=2_000_000_000
      cnnlint check model.onnx --format json --output report.json
    """  # noqa: D301  (\b is click's mark for text that is not rewrapped)
    from cnnlint.lint.recipes import read_recipe
    from cnnlint.model.binding import check_all_used
    from cnnlint.report.report import Report

    targets = expand(paths)
    if not targets:
        level = "error" if require_models else "warning"
        complain("no models found", "name .onnx files, or folders that hold some", level=level)
    planner, asked = planner_of(wanted), sizes.bindings
    plans = planner.plans(map(location, targets))
    tell_warnings(planner)
    said = read_recipe(recipe) if recipe else None
    checked = [
        check_one(
            target,
            plan.rules,
            replace(plan.settings, recipe=said),
            plan.bindings(asked),
            view,
        )
        for target, plan in zip(targets, plans, strict=True)
    ]
    check_all_used(asked, [each.inputs for each in checked if each.inputs is not None])
    report = Report(__version__, tuple(each.report for each in checked))
    kept = [target for target in targets if isinstance(target, Path)]
    kept += [file for each in checked for file in each.data_files]
    kept += [*planner.files, *([recipe] if recipe else [])]
    write(render(report, view, color=wants_color(view.color, output)), output, kept)
    tell_failures(report)
    return 2 if require_models and not targets else report.exit_code


@dataclass(frozen=True, slots=True)
class Checked:
    """What is left of a model when it has been checked."""

    report: "ModelReport"
    inputs: "tuple[Input, ...] | None"
    """None where it can't be read."""
    data_files: tuple[Path, ...] = ()


def check_one(
    target: Target,
    rules: "tuple[Rule, ...]",
    settings: "Settings",
    asked: "Bindings",
    view: View,
) -> Checked:
    """Check one model."""
    from cnnlint.lint.engine import check_model, unreadable

    try:
        source = opened(target)
    except LoadError as error:
        return Checked(unreadable(called(target), error), None)
    report, model = check_model(
        source,
        rules,
        asked,
        settings=settings,
        rows=view.verbose,
        thorough=view.form == "json",
    )
    return (
        Checked(report, model.inputs, model.origin.data_files) if model else Checked(report, None)
    )


def location(target: Target) -> Path | None:
    """Return where a target lies; None for standard input."""
    return target.path if isinstance(target, ClosedFolder) else target


def opened(target: Target) -> Path | bytes:
    """Return the model: its path, or its bytes where it comes in on stdin.

    Raises:
        LoadError: stdin or a folder can't be read.
    """
    if isinstance(target, ClosedFolder):
        raise target.error
    return read_standard_input() if target is None else target


def called(target: Target) -> str:
    """Return what a target is called in the report."""
    from cnnlint.lint.engine import STDIN

    if target is None:
        return STDIN
    return str(location(target))
