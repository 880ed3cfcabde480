"""``cnnlint check``: lint models and say whether they pass."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cnnlint import __version__
from cnnlint.cli.batch import Job, OwnRules, check_all
from cnnlint.cli.files import Files, files_options
from cnnlint.cli.options import Sizes, input_options, output_option, recipe_option
from cnnlint.cli.planned import planned
from cnnlint.cli.progress import progress
from cnnlint.cli.screen import screen
from cnnlint.cli.streams import tell_failures, write
from cnnlint.cli.view import View, render, view_options
from cnnlint.cli.wanted import Wanted, wanted_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnnlint.config.planner import Plan
    from cnnlint.report.report import ModelReport


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
      cnnlint check model.onnx --max-macs 2G --max-file-size 20MiB
      cnnlint check model.onnx --config rules.K101.min_kernel=7
      cnnlint check model.onnx --format json --output report.json
    """  # noqa: D301  (\b is click's mark for text that is not rewrapped)
    from cnnlint.model.binding import check_all_used
    from cnnlint.report.report import Report

    run = planned(paths, wanted, recipe, files)
    asked = sizes.bindings
    jobs = [
        Job(
            target,
            plan.rules,
            plan.settings,
            plan.bindings(asked),
            rows=view.verbose,
            thorough=view.form == "json",
        )
        for target, plan in zip(run.targets, run.plans, strict=True)
    ]
    own = OwnRules(wanted.folders, installed=not wanted.isolated)
    with progress(quiet=view.quiet or len(jobs) < 2) as tell:
        checked = check_all(jobs, own, files.jobs, tell)
    check_all_used(asked, [each.inputs for each in checked if each.inputs is not None])
    models = tuple(
        replace(each.report, max_per_rule=plan.max_per_rule)
        for each, plan in zip(checked, run.plans, strict=True)
    )
    report = Report(__version__, models, notes=(*run.notes, *_useless(run.plans, models)))
    kept = (*run.kept, *(file for each in checked for file in each.data_files))
    write(render(report, view, screen(view.color, output)), output, kept)
    tell_failures(report)
    return 2 if files.require_models and not run.targets else report.exit_code


def _useless(plans: "Sequence[Plan]", models: "Sequence[ModelReport]") -> tuple[str, ...]:
    """Return which suppressions of all models together are of no use."""
    gates = [plan.settings.gate for plan in plans]
    suppressions = dict.fromkeys(each for gate in gates for each in gate.suppressions)
    if not suppressions:
        return ()
    from cnnlint.lint.useless import useless

    rules = dict.fromkeys(rule for plan in plans for rule in plan.rules)
    return useless(tuple(suppressions), models, tuple(rules), gates[0].day)
