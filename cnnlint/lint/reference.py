"""What other models cost, that budgets are relative to: each is loaded once."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

from cnnlint.errors import LoadError, UsageError
from cnnlint.facts.facts import Facts
from cnnlint.facts.measures import MEASURES, Measure
from cnnlint.model.binding import Bindings
from cnnlint.model.graph import StaticShape
from cnnlint.model.loader import load

Measured: TypeAlias = "Mapping[str, Measure] | str"
"""What a model costs by the name of each measure, or why it can't be read."""
_Stamp: TypeAlias = tuple[int, int]
"""Size of a file and when it was written."""


def measured(file: Path, bindings: Bindings) -> Measured:
    """Return what a model costs at the given sizes."""
    dims, shapes = tuple(bindings.dims.items()), tuple(bindings.shapes.items())
    return _measured(file, _stamp(file), bindings.batch, dims, shapes)


@lru_cache(maxsize=64)
def _measured(
    file: Path,
    stamp: _Stamp | None,
    batch: int | None,
    dims: tuple[tuple[str, int], ...],
    shapes: tuple[tuple[str, StaticShape], ...],
) -> Measured:
    """Load a model; ``stamp`` is there for a file that changes while the process lives."""
    del stamp
    try:
        facts = Facts(load(file, Bindings(batch, dict(dims), dict(shapes))))
    except (LoadError, UsageError) as error:
        return error.cause
    return {name: measure(facts) for name, measure in MEASURES.items()}


def _stamp(file: Path) -> _Stamp | None:
    try:
        found = file.stat()
    except (OSError, ValueError):
        return None
    return found.st_size, found.st_mtime_ns
