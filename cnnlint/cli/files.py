"""Options that say which of the named files are checked, and how many at a time."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cnnlint.cli.gathering import gathered
from cnnlint.errors import UsageError

if TYPE_CHECKING:
    from cnnlint.lint.patterns import Patterns


@dataclass(frozen=True, slots=True)
class Files:
    """Which files; None where nothing was said."""

    exclude: tuple[str, ...] = ()
    force_exclude: bool | None = None
    require_models: bool = False
    jobs: int | None = None

    @property
    def patterns(self) -> "Patterns":
        """What the command line leaves out, seen from the current folder.

        Raises:
            UsageError: one of them is no pattern.
        """
        from cnnlint.lint.patterns import Patterns, is_pattern

        for glob in self.exclude:
            if not is_pattern(glob):
                cure = "write it as in a .gitignore: old/, models/*.onnx"
                raise UsageError(f"--exclude {glob!r} is no pattern", cure)
        return Patterns(Path(), self.exclude)


def _globs(
    _ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]
) -> tuple[str, ...]:
    """Split comma-separated patterns; there may be spaces in them."""
    return tuple(part.strip() for value in values for part in value.split(","))


files_options = gathered(
    "files",
    Files,
    click.option(
        "--exclude",
        multiple=True,
        callback=_globs,
        metavar="GLOBS",
        help="Leave out these files and folders too, as in a .gitignore, comma-separated.",
    ),
    click.option(
        "--force-exclude/--no-force-exclude",
        default=None,
        help="Leave out what is excluded even where it is named.",
    ),
    click.option(
        "--require-models", is_flag=True, help="Exit with 2 when there is no model to check."
    ),
    click.option(
        "--jobs",
        "-j",
        type=click.IntRange(1),
        metavar="N",
        help="Check so many models at a time.  [default: as many as pay]",
    ),
)
"""The options of a command that checks many files."""
