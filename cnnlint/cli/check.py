"""``cnnlint check``: lint models and say whether they pass."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cnnlint import __version__
from cnnlint.cli.budgets import Budgets, budget_options, references, within
from cnnlint.cli.options import Sizes, input_options, output_option, recipe_option
from cnnlint.cli.screen import screen
from cnnlint.cli.streams import complain, read_standard_input, tell_failures, write
from cnnlint.cli.targets import ClosedFolder, Target, expand
from cnnlint.cli.view import View, render, view_options
from cnnlint.cli.wanted import Wanted, settings_of, wanted_options
from cnnlint.errors import LoadError

if TYPE_CHECKING:
    from cnnlint.lint.baseline import Baseline
    from cnnlint.lint.engine import Settings
    from cnnlint.lint.rule import Rule
    from cnnlint.model.binding import Bindings
    from cnnlint.model.graph import Input
    from cnnlint.report.report import ModelReport


@click.command(short_help="Lint models and say whether they pass.")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@wanted_options
@budget_options
@recipe_option
@view_options
@output_option
@input_options
@click.option("--require-models", is_flag=True, help="Exit with 2 when the folders hold no model.")
def check(  # noqa: PLR0913  (one parameter a group of options)
    *,
    paths: tuple[str, ...],
    wanted: Wanted,
    budgets: Budgets,
    recipe: Path | None,
    view: View,
    output: Path | None,
    sizes: Sizes,
    require_models: bool,
) -> int:
    """Lint models: files, folders (every .onnx below) or - for standard input.

    Exit codes: 0 nothing at or above --fail-on, 1 findings, a budget that is broken or
    can't be decided, or an unreadable model, 2 misuse or a fault of cnnlint itself.

    \b
    Examples:
      cnnlint model.onnx
      cnnlint check models/ --ignore H501 --fail-on error
      cnnlint check model.onnx --max-macs 2G --max-file-size 20MiB
      cnnlint check model.onnx --config rules.K101.min_kernel=7
      cnnlint check model.onnx --format json --output report.json
    """  # noqa: D301  (\b is click's mark for text that is not rewrapped)
    from cnnlint.lint.baseline_file import read_baseline
    from cnnlint.lint.recipes import read_recipe
    from cnnlint.lint.useless import useless
    from cnnlint.model.binding import check_all_used
    from cnnlint.report.report import Report

    targets = expand(paths)
    if not targets:
        level = "error" if require_models else "warning"
        complain("no models found", "name .onnx files, or folders that hold some", level=level)
    rules, settings = settings_of(wanted)
    settings = within(settings, budgets.limits)
    settings = replace(settings, recipe=read_recipe(recipe)) if recipe else settings
    asked = sizes.bindings
    baseline = read_baseline(wanted.baseline) if wanted.baseline else None
    checked = [
        check_one(target, rules, against(baseline, target, settings), asked, view)
        for target in targets
    ]
    check_all_used(asked, [each.inputs for each in checked if each.inputs is not None])
    models = tuple(each.report for each in checked)
    gate = settings.gate
    report = Report(__version__, models, notes=useless(gate.suppressions, models, rules, gate.day))
    kept = [target for target in targets if isinstance(target, Path)]
    kept += [file for each in checked for file in each.data_files]
    kept += references(settings.gate.limits)
    kept += [file for file in (recipe, wanted.baseline) if file]
    write(render(report, view, screen(view.color, output)), output, kept)
    tell_failures(report)
    return 2 if require_models and not targets else report.exit_code


@dataclass(frozen=True, slots=True)
class Checked:
    """What is left of a model when it has been checked."""

    report: "ModelReport"
    inputs: "tuple[Input, ...] | None"
    """None where it can't be read."""
    data_files: tuple[Path, ...] = ()


def against(baseline: "Baseline | None", target: Target, settings: "Settings") -> "Settings":
    """Return how a target is checked: with what the baseline knows of it."""
    if baseline is None or not isinstance(target, Path):
        return settings
    return replace(settings, gate=replace(settings.gate, baseline=baseline.of(target)))


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
    return str(target.path if isinstance(target, ClosedFolder) else target)
