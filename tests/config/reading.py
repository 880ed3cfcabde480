"""How the tests of this folder read a configuration."""

from pathlib import Path

from cnnlint.config.given import Given
from cnnlint.config.keys import read
from cnnlint.lint.registry import builtin_rules

FOLDER = Path("folder")


def place(path: tuple[str | int, ...]) -> str:
    """Return where a value stands as the keys that lead to it."""
    return "/".join(map(str, path)) or "file"


def told(values: dict[str, object]) -> tuple[Given, list[str], list[str]]:
    """Return what values say, the mistakes in them and what is odd, with our own rules."""
    return read(values, builtin_rules(), place, FOLDER)
