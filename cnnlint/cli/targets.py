"""The models that a command line names: files, folders, globs, standard input."""

import errno
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from os.path import isdir, realpath
from pathlib import Path
from typing import TypeAlias

from cnnlint.cli.globs import Glob, glob_of
from cnnlint.config.exclude import Excluded
from cnnlint.config.files import absolute
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
Below: TypeAlias = Path | ClosedFolder
Forced: TypeAlias = Callable[[Path], bool]
"""Whether a path is left out, if it is excluded, though it is named itself."""


def nothing(_path: Path, _folder: bool) -> bool:
    """Exclude nothing."""
    return False


def expand(
    paths: tuple[str, ...], excluded: Excluded = nothing, forced: Forced = lambda _: False
) -> list[Target]:
    """Return the models behind the arguments, each once, in order; None is standard input.

    What lies below a folder, or is meant by a glob, is sorted by its path.

    Args:
        paths: files, folders, globs that no shell has replaced, and ``-``.
        excluded: what of the files and folders below those named is left out.
        forced: whether what is named itself is left out too; else it counts, and so does all
            below a folder that is.

    Raises:
        MissingPathError: a path that doesn't exist, a glob that means nothing.
        UsageError: a path without a letter.
    """
    found = (target for text in paths for target in _named(text, excluded, forced))
    return _each_once(found)


def _named(text: str, excluded: Excluded, forced: Forced) -> Iterator[Target]:
    """Yield the models behind one argument."""
    if not text:  # Path("") is the current folder
        raise UsageError("a path is empty", "check the variable that it comes from")
    path = Path(text)
    if text == "-":
        yield None
    elif isdir(path):  # noqa: PTH112  (Path.is_dir raises on long names and closed folders)
        asked = _within(path, excluded, folder=True)
        if asked and forced(path):
            return
        below = sorted(_below(path, nothing if asked else excluded), key=_path)
        yield from below
        if path.suffix == ".onnx" and not below:  # a folder in the place of a model
            yield path
    elif _exists(path):
        if not (_within(path, excluded, folder=False) and forced(path)):
            yield path
    elif glob := glob_of(text):
        yield from _meant(glob, excluded)
    else:
        raise MissingPathError(f"{text} does not exist", "check the path")


def _each_once(targets: Iterator[Target]) -> list[Target]:
    """Return each file once, in the spelling that comes first; two links are two files."""
    folders: dict[Path, str] = {}
    taken: dict[tuple[str, str] | None, Target] = {}
    for target in targets:
        if target is None:
            taken[None] = None
            continue
        path = _path(target)
        if path.parent not in folders:
            folders[path.parent] = realpath(path.parent)
        taken.setdefault((folders[path.parent], path.name), target)
    return list(taken.values())


def _exists(path: Path) -> bool:
    """Tell whether something may be there, a link to nothing and what is closed to us too."""
    try:
        path.lstat()
    except OSError as error:
        return error.errno not in _MISSING
    return True


def _within(path: Path, excluded: Excluded, *, folder: bool) -> bool:
    """Tell whether a path is excluded, or a folder that it lies in, up to the current one."""
    here = Path.cwd()
    whole = absolute(path)
    inner = whole.relative_to(here).parents if here in whole.parents else ()
    folders = (parent for parent in inner if parent != Path())
    return excluded(path, folder) or any(excluded(parent, True) for parent in folders)


def _below(
    folder: Path,
    excluded: Excluded,
    enter: Callable[[Path], bool] = lambda _: True,
    means: Callable[[Path], bool] = lambda path: path.name.endswith(".onnx"),
) -> Iterator[Below]:
    """Yield the models below a folder and the folders that are closed; no link is followed."""
    closed: list[ClosedFolder] = []

    def note(error: OSError) -> None:
        closed.append(ClosedFolder(Path(error.filename), error.strerror or "no reason is given"))

    for parent, folders, names in os.walk(folder, onerror=note):
        inner = ((name, Path(parent, name)) for name in folders)
        folders[:] = [name for name, path in inner if enter(path) and not excluded(path, True)]
        files = (Path(parent, name) for name in names)
        yield from (path for path in files if means(path) and not excluded(path, False))
    yield from closed


def _meant(glob: Glob, excluded: Excluded) -> list[Below]:
    """Return what a glob means and isn't excluded.

    Raises:
        MissingPathError: it means nothing at all.
    """
    there = isdir(glob.root)  # noqa: PTH112  (as above)
    found = list(_below(glob.root, excluded, glob.enters, glob.means)) if there else []
    if not found and not (there and any(_below(glob.root, nothing, glob.enters, glob.means))):
        raise MissingPathError(f"no model is called {glob.text}", "check the path and the pattern")
    return sorted(found, key=_path)


def _path(target: Below) -> Path:
    return target if isinstance(target, Path) else target.path
