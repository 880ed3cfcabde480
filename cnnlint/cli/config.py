"""``cnnlint config``: what may be configured, and a file to begin with."""

import json
import os
from pathlib import Path

import click

from cnnlint.cli.options import rules_option
from cnnlint.cli.wanted import Wanted, planner_of, tell_warnings, wanted_options
from cnnlint.errors import MissingPathError, UsageError
from cnnlint.report.escape import plain


@click.group(short_help="Begin and look at a configuration.")
def config() -> None:
    """Begin a configuration, look at it, and have an editor check it."""


@config.command()
@rules_option
def schema(folders: tuple[Path, ...]) -> int:
    """Print the JSON Schema of a configuration, for editors.

    \b
    Example:
      cnnlint config schema > cnnlint.schema.json
    and as the first line of cnnlint.toml:
      #:schema ./cnnlint.schema.json
    """  # noqa: D301  (\b is click's mark for text that is not rewrapped)
    from cnnlint.config.schema import json_schema
    from cnnlint.lint.registry import catalogue

    click.echo(json.dumps(json_schema(catalogue(folders)), indent=2))
    return 0


@config.command()
@click.argument("folder", type=click.Path(path_type=Path), default=".")
def init(folder: Path) -> int:
    """Write a cnnlint.toml to begin with.

    Every key is in it, explained and commented out.
    """
    from cnnlint.config.files import Finder, absolute, in_folder, shown
    from cnnlint.config.starter import NAME, starter
    from cnnlint.config.written import toml
    from cnnlint.lint.registry import builtin_rules

    if not folder.is_dir():
        if os.path.lexists(folder):
            raise UsageError(f"{folder} is no folder", "name the folder that the file goes into")
        raise MissingPathError(f"{folder} does not exist", "make it first, or name another folder")
    if (found := in_folder(folder)) is not None:
        raise UsageError(f"{found} is there already", "edit it, or name another folder")
    file = folder / NAME
    above = Finder().find(absolute(folder))
    write_new(file, starter(builtin_rules()))
    click.echo(f"wrote {plain(str(file))}: every key is in it, explained and commented out")
    if above is not None:
        extend = toml(os.path.relpath(above, folder).replace(os.sep, "/"))
        click.echo(f"{plain(shown(above))} no longer holds there; to keep it: extend = {extend}")
    click.echo("next: set what you need, then look at it with `cnnlint config show`")
    return 0


@config.command(short_help="Show the configuration that holds, and who says so.")
@click.argument("path", type=click.Path(path_type=Path), default=".")
@wanted_options
def show(*, path: Path, wanted: Wanted) -> int:
    """Show the configuration that holds for PATH, a model or a folder, as TOML.

    A comment behind each value says where it comes from; at the end stands which rules are on or
    off, and why. For a folder it shows what holds for models in it, and the suppressions and
    budgets of all of them.

    \b
    Examples:
      cnnlint config show
      cnnlint config show models/net.onnx --preset strict
    """  # noqa: D301  (as above)
    from cnnlint.config.show import render
    from cnnlint.lint.suppress import today

    if not os.path.lexists(path):
        raise MissingPathError(f"{path} does not exist", "name a model or a folder")
    planner = planner_of(wanted)
    model = None if path.is_dir() else path
    effective = planner.effective(path if model is None else path.parent)
    planner.check()
    tell_warnings(planner)
    click.echo(render(effective, planner.rules, model, today()), nl=False)
    return 0


def write_new(file: Path, text: str) -> None:
    """Write a file that isn't there yet, whole or not at all.

    Raises:
        UsageError: it is there, or can't be written.
    """
    try:
        stream = file.open("x", encoding="utf-8")
    except FileExistsError as error:
        raise UsageError(f"{file} is there already", "edit it, or remove it first") from error
    except OSError as error:
        raise UsageError(
            f"{file} can't be written: {error.strerror}", "name another folder"
        ) from error
    try:
        with stream:
            stream.write(text)
    except OSError as error:
        file.unlink()
        raise UsageError(
            f"{file} can't be written: {error.strerror}", "free some space"
        ) from error
