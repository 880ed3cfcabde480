"""``cnnlint check``: lint models and say whether they pass."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cnnlint import __version__
from cnnlint.cli.options import (
    bindings,
    config_option,
    input_options,
    output_option,
    recipe_option,
    rules_option,
    separated,
)
from cnnlint.cli.streams import (
    complain,
    read_standard_input,
    tell_failures,
    wants_color,
    write,
)
from cnnlint.cli.targets import ClosedFolder, Target, expand
from cnnlint.errors import LoadError
from cnnlint.lint.presets import PRESETS

if TYPE_CHECKING:
    from cnnlint.report.report import Report

FAIL_ON = ("error", "warning", "note", "never")


@click.command(short_help="Lint models and say whether they pass.")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@rules_option
@click.option(
    "--select",
    multiple=True,
    callback=separated,
    metavar="RULES",
    help="Run only these rules: codes, prefixes, names, families or ALL, comma-separated.",
)
@click.option(
    "--extend-select",
    multiple=True,
    callback=separated,
    metavar="RULES",
    help="Run these rules besides those that are on.",
)
@click.option(
    "--ignore", multiple=True, callback=separated, metavar="RULES", help="Leave these rules out."
)
@click.option(
    "--preset",
    type=click.Choice(tuple(PRESETS)),
    default="default",
    show_default=True,
    help="A ready-made set of rules and severities.",
)
@config_option
@recipe_option
@click.option(
    "--fail-on",
    type=click.Choice(FAIL_ON),
    default="warning",
    show_default=True,
    help="The least severity that makes the exit code 1.",
)
@click.option("--exit-zero", is_flag=True, help="Exit with 0 whatever is found.")
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "concise", "json")),
    default="text",
    show_default=True,
    help="How to show the report.",
)
@output_option
@input_options
@click.option(
    "--color",
    type=click.Choice(("auto", "always", "never")),
    default="auto",
    show_default=True,
    help="Colour in the text format.",
)
@click.option(
    "--isolated",
    is_flag=True,
    help="Read no configuration but the command line, and leave out installed rules.",
)
@click.option("--quiet", "-q", is_flag=True, help="Show findings only, no summary.")
@click.option("--verbose", "-v", is_flag=True, help="Put every layer into the JSON report.")
@click.option("--require-models", is_flag=True, help="Exit with 2 when the folders hold no model.")
def check(  # noqa: PLR0913  (one parameter an option)
    *,
    paths: tuple[str, ...],
    folders: tuple[Path, ...],
    select: list[str],
    extend_select: list[str],
    ignore: list[str],
    preset: str,
    config: tuple[str, ...],
    recipe: Path | None,
    fail_on: str,
    form: str,
    output: Path | None,
    batch: int | None,
    dims: tuple[str, ...],
    shapes: tuple[str, ...],
    color: str,
    exit_zero: bool,
    isolated: bool,
    quiet: bool,
    verbose: bool,
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
    from cnnlint.lint import engine, registry
    from cnnlint.lint.config import parse_options
    from cnnlint.lint.finding import Severity
    from cnnlint.lint.recipes import read_recipe
    from cnnlint.model.binding import check_all_used
    from cnnlint.report.report import Report

    targets = expand(paths)
    if not targets:
        level = "error" if require_models else "warning"
        complain("no models found", "name .onnx files, or folders that hold some", level=level)
    chosen = PRESETS[preset]
    known = registry.catalogue(folders, installed=not isolated)
    besides = extend_select if select else (*chosen.on, *extend_select)
    rules, odd = registry.select(select, ignore, besides, known)
    for remark in odd:
        complain(remark.cause, remark.cure, level="warning")
    settings = engine.Settings(
        chosen, parse_options(config, known), read_recipe(recipe) if recipe else None
    )
    asked = bindings(batch, dims, shapes)
    reports, inputs = [], []
    kept = [target for target in targets if isinstance(target, Path)]
    kept += [recipe] if recipe else []
    for target in targets:
        try:
            source = opened(target)
        except LoadError as error:
            reports.append(engine.unreadable(called(target), error))
            continue
        found, model = engine.check_model(
            source,
            rules,
            asked,
            settings=settings,
            rows=verbose,
            thorough=form == "json",
        )
        reports.append(found)
        if model:
            inputs.append(model.inputs)
            kept += model.origin.data_files
    check_all_used(asked, inputs)
    never = exit_zero or fail_on == "never"
    report = Report(__version__, tuple(reports), None if never else Severity(fail_on))
    text = render(report, form, color=wants_color(color, output), quiet=quiet)
    write(text, output, kept)
    tell_failures(report)
    return 2 if require_models and not targets else report.exit_code


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


def render(report: "Report", form: str, *, color: bool, quiet: bool) -> str:
    """Return the report in one of the formats of ``check``."""
    if form == "json":
        from cnnlint.report.json import render_json

        return render_json(report) + "\n"
    if form == "concise":
        from cnnlint.report.concise import render_concise

        return render_concise(report)
    from cnnlint.report.text import TextStyle, render_text

    return render_text(report, TextStyle(color, quiet))
