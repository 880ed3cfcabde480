"""Options that choose which rows a table has, and in which order."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from cnnlint.errors import UsageError
from cnnlint.report.view import SORT_KEYS, SortKey, View

F = TypeVar("F", bound=Callable[..., Any])
DEPTH = 2
"""Parts of a path that make a module: the stages of most networks, 8 to 28 rows."""


def table_options(command: F) -> F:
    """Add ``--sort``, ``--top``, ``--by`` and ``--depth``."""
    for option in (
        click.option(
            "--depth",
            type=click.IntRange(1),
            metavar="N",
            help=f"Parts of the layer path that make a module.  [default: {DEPTH}]",
        ),
        click.option(
            "--by", type=click.Choice(("module",)), help="One row a module instead of a layer."
        ),
        click.option(
            "--top",
            type=click.IntRange(1),
            metavar="N",
            help="Show the N first rows, by time (with --static: macs) unless --sort says "
            "otherwise; the others become one row. csv has none for them; json always has all.",
        ),
        click.option(
            "--sort",
            type=click.Choice(SORT_KEYS, case_sensitive=False),
            help="Order of the rows: that of execution, numbers from the largest, or paths.  "
            "[default: order]",
        ),
    ):
        command = option(command)
    return command


def view_of(
    sort: SortKey | None, top: int | None, by: str | None, depth: int | None, *, static: bool
) -> View:
    """Return what those options ask for.

    Raises:
        UsageError: they don't fit together.
    """
    if depth is not None and by is None:
        raise UsageError("--depth says how deep modules go", "add --by module")
    if sort == "time" and static:
        raise UsageError(
            "--sort time needs a measurement", "leave out --static, or take --sort macs"
        )
    if sort is None and top is not None:
        sort = "macs" if static else "time"
    return View(sort or "order", top, (depth or DEPTH) if by else None)
