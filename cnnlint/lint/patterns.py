"""Which files and which layers a configuration means."""

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from os.path import relpath
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec


_STAR = "[^/]*"
"""What pathspec makes of ``*``."""
_WORD = re.compile(r"\[\^/\]\*|\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.", re.DOTALL)
MOST_DEEP = 3
"""How often ``**`` may stand in a pattern: time grows with this power of the depth of a path."""


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
        import pathspec  # noqa: PLC0415  (most runs have no pattern)

        spec = pathspec.GitIgnoreSpec.from_lines(self.globs)
        for pattern in spec.patterns:
            if isinstance(pattern, pathspec.RegexPattern) and pattern.include is not None:
                pattern.regex = re.compile(_prompt(pattern.regex.pattern))
        return pathspec.GitIgnoreSpec(spec.patterns)

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
    """Tell whether :class:`Patterns` can make sense of it."""
    import pathspec  # noqa: PLC0415  (as above)

    if len(re.findall(r"\*{2,}", glob)) > MOST_DEEP:
        return False
    try:
        spec = pathspec.GitIgnoreSpec.from_lines([glob])
    except (ValueError, re.error):
        return False
    return any(pattern.include is not None for pattern in spec.patterns)


def _prompt(regex: str) -> str:
    """Return a regular expression of pathspec that means the same and never tries long.

    Between two ``*`` of a name it is enough to look where something comes first: what fails then
    fails with any later place too. Python would try all of them, in a time that grows with the
    length of the name to the power of the stars. A configuration may be written by anybody.
    """
    stars: list[list[str]] = [[]]
    for word in _WORD.findall(regex):
        if word == _STAR:
            stars.append([])
        else:
            stars[-1].append(word)
    first, *others = ("".join(words) for words in stars)
    parts = [first]
    for index, text in enumerate(others, 1):
        ends_name = index == len(others) or {"/", "(", ")"} & set(stars[index])
        parts.append(f"{_STAR}{text}" if ends_name else f"(?>{_STAR}?{text})")
    return "".join(parts)
