"""Files of configuration: which one is for a model, and what it says."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from cnnlint.config.places import Steps, line_of, lines_of
from cnnlint.errors import UsageError
from cnnlint.lint.reading import read_bytes
from cnnlint.lint.toml import MAX_BYTES, parsed, read_toml

OWN = ("cnnlint.toml", ".cnnlint.toml")
PROJECT = "pyproject.toml"
TABLE = ("tool", "cnnlint")
"""Where the keys stand in a ``pyproject.toml``."""
_WORD = rb"""(?:tool|"tool"|'tool')[ \t]*"""
_MENTION = re.compile(
    rb"^[ \t]*(?:\[+[ \t]*)?" + _WORD + rb"""(?:\.[ \t]*["']?cnnlint|\]|=)""", re.MULTILINE
)
"""What nearly every file has a line of that has the table, and few others."""


@dataclass(frozen=True, slots=True)
class Source:
    """What a file of configuration says."""

    values: Mapping[str, object]
    place: Callable[[Steps], str]
    """Where a value stands: ``cnnlint.toml:12``."""


class Finder:
    """Looks for the configuration file of a folder, in each folder once."""

    def __init__(self) -> None:
        """Have looked nowhere yet."""
        self._found: dict[Path, Path | None] = {}

    def find(self, folder: Path) -> Path | None:
        """Return the nearest file in an absolute folder and those above it, None where there is
        none up to the one that has a ``.git``, or the last.
        """  # noqa: D205  (one sentence)
        trail: list[Path] = []
        found: Path | None = None
        for here in (folder, *folder.parents):
            if here in self._found:
                found = self._found[here]
                break
            trail.append(here)
            found = in_folder(here)
            if found or _mode(here / ".git"):
                break
        self._found |= dict.fromkeys(trail, found)
        return found


def in_folder(folder: Path) -> Path | None:
    """Return the configuration that lies in a folder, None where none does."""
    for name in OWN:
        mode = _mode(folder / name)
        if mode and not S_ISDIR(mode):  # a pipe or a dead link was meant to be read: it is told of
            return folder / name
    project = folder / PROJECT
    mode = _mode(project, follow=True)
    return project if mode and S_ISREG(mode) and _has_table(project) else None


def _mode(path: Path, *, follow: bool = False) -> int:
    """Return what kind of file a path is; 0 where there is none, or nobody may know."""
    try:
        return (path.stat() if follow else path.lstat()).st_mode
    except (OSError, ValueError):  # ValueError: a NUL in it
        return 0


def _has_table(project: Path) -> bool:
    """Tell whether a ``pyproject.toml`` has our table; also one that is broken and mentions it."""
    try:
        data = read_bytes(project, "configuration", MAX_BYTES)
        if not _MENTION.search(data):
            return False
        values = parsed(data, str(project)).values
    except UsageError:
        return True  # whoever reads it says why it can't be read
    return _in_tables(values, TABLE) is not None


def _in_tables(values: object, keys: tuple[str, ...]) -> object:
    """Return what tables in tables have under their keys; None where they haven't."""
    for key in keys:
        values = values.get(key) if isinstance(values, Mapping) else None
    return values


def read_source(file: Path) -> Source:
    """Return what a configuration file says.

    Raises:
        MissingPathError: there is no such file.
        UsageError: it is no TOML, or can't be read, or is a ``pyproject.toml`` without our table.
    """
    name = shown(file)
    document = read_toml(file, "configuration", name)
    table = TABLE if file.name == PROJECT else ()
    values = _in_tables(document.values, table)
    if values is None:
        raise UsageError(f"{name} has no [tool.cnnlint]", "add that table, or name another file")
    lines = lines_of(document.text, table)
    if not isinstance(values, Mapping):
        line = line_of(lines, ())
        where = name if line is None else f"{name}:{line}"
        raise UsageError(f"{where}: tool.cnnlint must be a table", "write it as [tool.cnnlint]")

    def place(path: Steps) -> str:
        line = line_of(lines, path) if path else None
        return name if line is None else f"{name}:{line}"

    return Source(values, place)


def absolute(path: Path) -> Path:
    """Return an absolute path without ``..``; links in it stay."""
    return Path(os.path.abspath(path))  # noqa: PTH100  (resolve() follows links)


def shown(file: Path) -> str:
    """Return how a user calls a file: from the current folder where it is below it."""
    whole, here = absolute(file), Path.cwd()
    return str(whole.relative_to(here)) if whole.is_relative_to(here) else str(whole)
