"""Globs that no shell has replaced: in quotes, or typed on Windows."""

import os
from dataclasses import dataclass
from pathlib import Path, PurePath

from cnnlint.lint.patterns import Patterns, is_pattern

_MAGIC = "*?["


@dataclass(frozen=True, slots=True)
class Glob:
    """A pattern of paths: ``models/**/*.onnx``; what it means of folders, it means below them."""

    text: str
    root: Path
    """The folder in front of the first part that is a pattern."""
    patterns: Patterns
    depth: int | None
    """How many folders below the root it may reach, None for any number."""
    suffix: str
    """What the names of files end in that aren't called ``.onnx``."""

    def enters(self, folder: Path) -> bool:
        """Tell whether something that it means may lie in a folder."""
        if self.depth is None or self.patterns.match(folder, folder=True):
            return True
        return len(folder.relative_to(self.root).parts) < self.depth

    def means(self, file: Path) -> bool:
        """Tell whether it means a model; ``models/*`` means no notes.txt."""
        called = file.name.endswith(".onnx") or (self.suffix and file.name.endswith(self.suffix))
        return bool(called) and self.patterns.match(file)


def glob_of(text: str) -> Glob | None:
    """Return the glob that a text is; None where it has nothing of a pattern."""
    parts = PurePath(text).parts
    first = next((i for i, part in enumerate(parts) if any(c in part for c in _MAGIC)), None)
    if first is None:
        return None
    root, rest = Path(*parts[:first]), parts[first:]
    pattern = f"/{'/'.join(rest)}{'/' if text.endswith(('/', os.sep)) else ''}"
    if not is_pattern(pattern):
        return None
    suffix = rest[-1][max(map(rest[-1].rfind, "*?]")) + 1 :]
    depth = None if "**" in rest else len(rest)
    return Glob(text, root, Patterns(root, (pattern,)), depth, suffix)
