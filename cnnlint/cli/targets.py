"""The models that a command line names: files, what lies below folders, standard input."""

import errno
import os
from collections.abc import Iterator
from dataclasses import dataclass
from os.path import isdir
from pathlib import Path
from typing import TypeAlias

from cnnlint.errors import LoadError, MissingPathError, UsageError

_MISSING = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG})
"""What the system says of a path that can't exist; of any other it says why it is closed."""


@dataclass(frozen=True, slots=True)
class ClosedFolder:
    """A folder whose entries can't be read: nobody knows which models lie below it."""

    path: Path
    why: str

    @property
    def error(self) -> LoadError:
        """What to tell of it."""
        cause = f"{self.path}: the folder can't be read: {self.why}"
        cure = "allow it to be listed and entered, or name the models to check without it"
        return LoadError("unreadable", cause, cure)


Target: TypeAlias = Path | ClosedFolder | None
"""A model, a folder that may hold some, or standard input."""


def expand(paths: tuple[str, ...]) -> list[Target]:
    """Return the models behind the arguments, each once, in order; None is standard input.

    Raises:
        MissingPathError: a path that doesn't exist.
        UsageError: a path without a letter.
    """
    targets: dict[Target, None] = {}
    for text in paths:
        if not text:  # Path("") is the current folder
            raise UsageError("a path is empty", "check the variable that it comes from")
        path = Path(text)
        if text == "-":
            targets[None] = None
        elif isdir(path):  # noqa: PTH112  (Path.is_dir raises on long names and closed folders)
            below = sorted(_below(path), key=_path)
            named = [path] if path.suffix == ".onnx" else []  # a folder in the place of a model
            targets |= dict.fromkeys(below or named)
        elif _exists(path):
            targets[path] = None
        else:
            raise MissingPathError(f"{text} does not exist", "check the path")
    return list(targets)


def _exists(path: Path) -> bool:
    """Tell whether something may be there, a link to nothing and what is closed to us too."""
    try:
        path.lstat()
    except OSError as error:
        return error.errno not in _MISSING
    return True


def _below(folder: Path) -> Iterator[Path | ClosedFolder]:
    """Yield the models below a folder and the folders that are closed; no link is followed."""
    closed: list[ClosedFolder] = []

    def note(error: OSError) -> None:
        closed.append(ClosedFolder(Path(error.filename), error.strerror or "no reason is given"))

    for parent, _, names in os.walk(folder, onerror=note):
        yield from (Path(parent, name) for name in names if name.endswith(".onnx"))
    yield from closed


def _path(target: Path | ClosedFolder) -> Path:
    return target if isinstance(target, Path) else target.path
