"""Which files below a folder are left out, and which folders are never entered."""

from collections.abc import Callable
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
    besides: Patterns, configured: Callable[[Path], Patterns | None] = lambda _: None
) -> Excluded:
    """Return what is left out.

    Args:
        besides: what the command line leaves out.
        configured: the ``exclude`` of the configuration that holds in a folder, which takes the
            place of the usual; None where there is none.
    """

    def excluded(path: Path, folder: bool) -> bool:
        own = configured(path.parent)
        usual = folder and path.name in _NAMES if own is None else own.match(path, folder=folder)
        return usual or besides.match(path, folder=folder)

    return excluded
