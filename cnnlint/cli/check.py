"""``cnnlint check``: lint models and say whether they pass."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cnnlint import __version__
from cnnlint.cli.batch import Job, OwnRules, called, check_all
from cnnlint.cli.budgets import Budgets, budget_options, references, within
from cnnlint.cli.files import Files, files_options
from cnnlint.cli.options import Sizes, input_options, output_option, recipe_option
from cnnlint.cli.progress import progress
from cnnlint.cli.screen import screen
from cnnlint.cli.streams import complain, tell_failures, write
from cnnlint.cli.targets import Target, expand
from cnnlint.cli.view import View, render, view_options
from cnnlint.cli.wanted import Wanted, settings_of, wanted_options

if TYPE_CHECKING:
    from cnnlint.lint.baseline import Baseline
    from cnnlint.lint.engine import Settings


@click.command(short_help="Lint models and say whether they pass.")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@wanted_options
@recipe_option
@view_options
@output_option
@input_options
@files_options
@budget_options
def check(  # noqa: PLR0913  (one parameter a group of options)
    *,
    paths: tuple[str, ...],
    wanted: Wanted,
    recipe: Path | None,
    view: View,
    output: Path | None,
    sizes: Sizes,
    files: Files,
    budgets: Budgets,
) -> int:
    """Lint models: files, folders (every .onnx below), globs, or - for standard input.

    Exit codes: 0 nothing at or above --fail-on, 1 findings or an unreadable model,
    2 misuse or a fault of cnnlint itself.

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

    targets = targets_of(paths, files)
    rules, settings = settings_of(wanted)
    settings = within(settings, budgets.limits)
    settings = replace(settings, recipe=read_recipe(recipe)) if recipe else settings
    asked = sizes.bindings
    baseline = read_baseline(wanted.baseline) if wanted.baseline else None
    jobs = [
        Job(
            target,
            rules,
            against(baseline, target, settings),
            asked,
            rows=view.verbose,
            thorough=view.form == "json",
        )
        for target in targets
    ]
    own = OwnRules(wanted.folders, installed=not wanted.isolated)
    with progress(quiet=view.quiet or len(jobs) < 2) as tell:
        checked = check_all(jobs, own, files.jobs, tell)
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
    return 2 if files.require_models and not targets else report.exit_code


def targets_of(paths: tuple[str, ...], files: Files) -> list[Target]:
    """Return what is to be checked, and complain where that is nothing."""
    from cnnlint.lint.exclude import exclusion

    excluded = exclusion(files.patterns)
    targets = expand(paths, excluded, force=bool(files.force_exclude))
    if not targets:
        level = "error" if files.require_models else "warning"
        complain(*_why_none(expand(paths)), level=level)
    return targets


def _why_none(found: list[Target]) -> tuple[str, str]:
    """Return why there is nothing to check, and what to do: all that was found is excluded."""
    if not found:
        return "no models found", "name .onnx files, or folders that hold some"
    cause = f"all models that were found are excluded ({len(found)}), {called(found[0])} first"
    return cause, "see --exclude, --force-exclude and `exclude` of the configuration"


def against(baseline: "Baseline | None", target: Target, settings: "Settings") -> "Settings":
    """Return how a target is checked: with what the baseline knows of it."""
    if baseline is None or not isinstance(target, Path):
        return settings
    return replace(settings, gate=replace(settings.gate, baseline=baseline.of(target)))
