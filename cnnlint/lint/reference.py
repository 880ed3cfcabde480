"""What other models cost, that budgets are relative to: each is loaded once."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

from cnnlint.errors import LoadError, UsageError
from cnnlint.facts.facts import Facts
from cnnlint.facts.measures import MEASURES, Measure
from cnnlint.model.binding import Bindings
from cnnlint.model.graph import Input, StaticShape
from cnnlint.model.loader import load

Measured: TypeAlias = "Reference | str"
"""What is known of a reference, or why it can't be read."""
_Stamp: TypeAlias = tuple[int, int]
"""Size of a file and when it was written."""


@dataclass(frozen=True, slots=True)
class Reference:
    """What is known of a reference."""

    costs: Mapping[str, Measure]
    """By the name of each measure."""
    inputs: tuple[Input, ...]
    assumed: tuple[str, ...]
    """Sizes that nobody gave: ``height = 224``."""


def measured(file: Path, bindings: Bindings) -> Measured:
    """Return what a model costs at the given sizes, those of the configuration included."""
    sizes = _Sizes(
        bindings.batch,
        tuple(bindings.dims.items()),
        tuple(bindings.shapes.items()),
        bindings.usual_batch,
        tuple(bindings.usual_dims.items()),
    )
    return _measured(file, _stamp(file), sizes)


@dataclass(frozen=True, slots=True)
class _Sizes:
    """Bindings that a cache can be asked for."""

    batch: int | None
    dims: tuple[tuple[str, int], ...]
    shapes: tuple[tuple[str, StaticShape], ...]
    usual_batch: int | None
    usual_dims: tuple[tuple[str, int], ...]

    @property
    def bindings(self) -> Bindings:
        dims, shapes, usual = dict(self.dims), dict(self.shapes), dict(self.usual_dims)
        return Bindings(self.batch, dims, shapes, self.usual_batch, usual)


@lru_cache(maxsize=64)
def _measured(file: Path, stamp: _Stamp | None, sizes: _Sizes) -> Measured:
    """Load a model; ``stamp`` is there for a file that changes while the process lives."""
    del stamp
    try:
        facts = Facts(load(file, sizes.bindings))
    except (LoadError, UsageError) as error:
        return error.cause
    costs = {name: measure(facts) for name, measure in MEASURES.items()}
    return Reference(costs, facts.model.inputs, facts.model.assumptions)


def _stamp(file: Path) -> _Stamp | None:
    try:
        found = file.stat()
    except (OSError, ValueError):
        return None
    return found.st_size, found.st_mtime_ns
