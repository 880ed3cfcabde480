"""Options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from cnnlint.errors import UsageError
from cnnlint.model.binding import Bindings, parse_dims, parse_shapes

F = TypeVar("F", bound=Callable[..., Any])


def input_options(command: F) -> F:
    """Add the options that give open dimensions a size."""
    for option in (
        click.option(
            "--batch", type=click.IntRange(1), help="Size of the batch dimension.  [default: 1]"
        ),
        click.option(
            "--dim", "dims", multiple=True, metavar="NAME=SIZE", help="Size of an open dimension."
        ),
        click.option(
            "--input-shapes",
            "--input-shape",
            "--shapes",
            "shapes",
            multiple=True,
            metavar="[NAME:]1,3,224,224",
            help="Shape of an input; the name may go when there is only one.",
        ),
    ):
        command = option(command)
    return command


def output_option(command: F) -> F:
    """Add ``--output``."""
    return click.option(
        "--output",
        "-o",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Write the report to a file instead of stdout.",
    )(command)


def rules_option(command: F) -> F:
    """Add ``--rules``."""
    return click.option(
        "--rules",
        "folders",
        multiple=True,
        callback=_folders,
        metavar="FOLDER",
        help="Use the rules in the Python files of this folder too; it may be given again.",
    )(command)


def config_option(command: F) -> F:
    """Add ``--config``."""
    return click.option(
        "--config",
        "config",
        multiple=True,
        metavar="KEY=VALUE",
        help="Set an option of a rule: rules.K101.min_kernel=7; it may be given again.",
    )(command)


def recipe_option(command: F) -> F:
    """Add ``--recipe``."""
    return click.option(
        "--recipe",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="How the models were trained, in TOML; else MODEL.recipe.toml beside each.",
    )(command)


def _folders(
    _ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]
) -> tuple[Path, ...]:
    if "" in values:  # Path("") is the current folder
        raise UsageError("the folder of --rules is empty", "check the variable that it comes from")
    return tuple(map(Path, values))


def bindings(batch: int | None, dims: tuple[str, ...], shapes: tuple[str, ...]) -> Bindings:
    """Return what those options ask for."""
    return Bindings(batch, parse_dims(dims), parse_shapes(shapes))


def separated(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> list[str]:
    """Split comma-separated values of a repeatable option."""
    return [part for value in values for part in value.replace(",", " ").split()]
