"""Options that several commands share."""

from dataclasses import dataclass
from pathlib import Path

import click

from cnnlint.cli.gathering import gathered
from cnnlint.errors import UsageError
from cnnlint.model.binding import Bindings, parse_dims, parse_shapes


def separated(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> list[str]:
    """Split comma-separated values of a repeatable option."""
    return [part for value in values for part in value.replace(",", " ").split()]


def folders_of(
    _ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]
) -> tuple[Path, ...]:
    """Return the folders of rules.

    Raises:
        UsageError: one of them is empty.
    """
    if "" in values:  # Path("") is the current folder
        raise UsageError("the folder of --rules is empty", "check the variable that it comes from")
    return tuple(map(Path, values))


@dataclass(frozen=True, slots=True)
class Sizes:
    """Sizes of what a model leaves open, as they were typed."""

    batch: int | None
    dims: tuple[str, ...]
    shapes: tuple[str, ...]

    @property
    def bindings(self) -> Bindings:
        """What they ask for.

        Raises:
            UsageError: one of them can't be read.
        """
        return Bindings(self.batch, parse_dims(self.dims), parse_shapes(self.shapes))


input_options = gathered(
    "sizes",
    Sizes,
    click.option(
        "--input-shapes",
        "--input-shape",
        "--shapes",
        "shapes",
        multiple=True,
        metavar="[NAME:]1,3,224,224",
        help="Shape of an input; the name may go when there is only one.",
    ),
    click.option(
        "--dim", "dims", multiple=True, metavar="NAME=SIZE", help="Size of an open dimension."
    ),
    click.option(
        "--batch", type=click.IntRange(1), help="Size of the batch dimension.  [default: 1]"
    ),
)
"""The options that give open dimensions a size."""

output_option = click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the report to a file instead of stdout.",
)
rules_option = click.option(
    "--rules",
    "folders",
    multiple=True,
    callback=folders_of,
    metavar="FOLDER",
    help="Use the rules in the Python files of this folder too; it may be given again.",
)
config_option = click.option(
    "--config",
    "config",
    multiple=True,
    metavar="FILE|KEY=VALUE",
    help="Use this file of configuration for all models, or set one of its keys: "
    "rules.K101.min_kernel=7; it may be given again.",
)
recipe_option = click.option(
    "--recipe",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="How the models were trained, in TOML; else MODEL.recipe.toml beside each.",
)
