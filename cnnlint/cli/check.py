"""``cnnlint check``: lint models and say whether they pass."""

from dataclasses import replace
from pathlib import Path

import click

from cnnlint import __version__
from cnnlint.cli.batch import Job, OwnRules, called, check_all
from cnnlint.cli.files import Files, files_options
from cnnlint.cli.options import Sizes, input_options, output_option, recipe_option
from cnnlint.cli.progress import progress
from cnnlint.cli.screen import screen
from cnnlint.cli.streams import complain, tell_failures, write
from cnnlint.cli.targets import Target, expand
from cnnlint.cli.view import View, render, view_options
from cnnlint.cli.wanted import Wanted, settings_of, wanted_options


@click.command(short_help="Lint models and say whether they pass.")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@wanted_options
@recipe_option
@view_options
@output_option
@input_options
@files_options
def check(
    *,
    paths: tuple[str, ...],
    wanted: Wanted,
    recipe: Path | None,
    view: View,
    output: Path | None,
    sizes: Sizes,
    files: Files,
) -> int:
    """Lint models: files, folders (every .onnx below), globs, or - for standard input.

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

    targets = targets_of(paths, files)
    rules, settings = settings_of(wanted)
    settings = replace(settings, recipe=read_recipe(recipe)) if recipe else settings
    asked = sizes.bindings
    jobs = [
        Job(target, rules, settings, asked, rows=view.verbose, thorough=view.form == "json")
        for target in targets
    ]
    own = OwnRules(wanted.folders, installed=not wanted.isolated)
    with progress(quiet=view.quiet or len(jobs) < 2) as tell:
        checked = check_all(jobs, own, files.jobs, tell)
    check_all_used(asked, [each.inputs for each in checked if each.inputs is not None])
    report = Report(__version__, tuple(each.report for each in checked))
    kept = [target for target in targets if isinstance(target, Path)]
    kept += [file for each in checked for file in each.data_files]
    kept += [recipe] if recipe else []
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
