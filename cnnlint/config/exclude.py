"""Which files below a folder are left out, and which folders are never entered."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from cnnlint.lint.patterns import Patterns

Excluded: TypeAlias = Callable[[Path, bool], bool]
"""Whether a file, or a folder (True), is left out."""

USUAL = (
    *(".bzr/", ".direnv/", ".eggs/", ".git/", ".hg/", ".ipynb_checkpoints/", ".mypy_cache/"),
    *(".nox/", ".pytest_cache/", ".ruff_cache/", ".svn/", ".tox/", ".venv/", ".vscode/"),
    *("__pycache__/", "__pypackages__/", "node_modules/", "site-packages/", "venv/"),
)
"""What is left out where no configuration has an ``exclude``: folders of tools.

``build``, ``dist`` and ``out`` aren't among them: that is where exported models lie.
"""
_NAMES = frozenset(glob.removesuffix("/") for glob in USUAL)


def exclusion(
    besides: Patterns, configured: Callable[[Path], Sequence[Patterns]] = lambda _: ()
) -> Excluded:
    """Return what is left out.

    Args:
        besides: what the command line leaves out.
        configured: what the configuration that holds in a folder leaves out, which takes the
            place of the usual; nothing where it doesn't say.
    """

    def excluded(path: Path, folder: bool) -> bool:
        own = configured(path.parent)
        if own:
            left_out = any(patterns.match(path, folder=folder) for patterns in own)
        else:
            left_out = folder and path.name in _NAMES
        return left_out or besides.match(path, folder=folder)

    return excluded
