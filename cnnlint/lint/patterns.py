"""Which files and which layers a configuration means."""

import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from os.path import relpath
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec


MOST_STARS = 4
"""Stars in one name of a pattern: each multiplies the work by the letters of a name."""
MOST_DEEP = 3
"""``**`` in a pattern: each multiplies the work by the folders of a path."""


@dataclass(frozen=True)
class Patterns:
    """Patterns as in a ``.gitignore`` that lies in the folder ``root``.

    ``*.onnx`` means files anywhere below it, ``models/*.onnx`` those of one folder, ``old/`` all
    below any folder of that name, and ``!`` in front takes out what an earlier pattern took in.
    """

    root: Path
    globs: tuple[str, ...]

    @cached_property
    def _spec(self) -> "GitIgnoreSpec":
        return _compiled(self.globs)

    def match(self, path: Path, *, folder: bool = False) -> bool:
        """Tell whether a file, or a folder, is meant; nothing outside of ``root`` is."""
        name = relpath(path, self.root).replace("\\", "/")
        if name == ".." or name.startswith("../"):
            return False
        return bool(self.globs) and self._spec.match_file(f"{name}/" if folder else name)


def names_layer(glob: str, path: str) -> bool:
    """Tell whether a glob means a layer path, letter by letter; ``*`` means dots too."""
    return path == glob or fnmatchcase(path, glob)


def is_pattern(glob: str) -> bool:
    """Tell whether :class:`Patterns` can make sense of it, and soon, whoever has written it."""
    stars = max(name.count("*") for name in glob.split("/"))
    if stars > MOST_STARS or glob.count("**") > MOST_DEEP:
        return False
    try:
        spec = _compiled([glob])
    except (ValueError, re.error):
        return False
    return any(pattern.include is not None for pattern in spec.patterns)


def _compiled(globs: Iterable[str]) -> "GitIgnoreSpec":
    import pathspec  # noqa: PLC0415  (most runs have no pattern)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of [[] and [a--b]
        return pathspec.GitIgnoreSpec.from_lines(globs)
