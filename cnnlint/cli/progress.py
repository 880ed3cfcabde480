"""How far a run is: a line on the terminal that is overwritten, and wiped at the end."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click


@contextmanager
def progress(*, quiet: bool) -> Iterator[Callable[[str], None] | None]:
    """Give what shows such a line; None where nobody is there to see it."""
    if quiet or not sys.stderr.isatty() or os.environ.get("PRE_COMMIT"):
        yield None
        return
    try:
        yield _show
    finally:
        _show("")


def _show(text: str) -> None:
    click.echo(f"\r\x1b[K{text}", nl=False, err=True)
