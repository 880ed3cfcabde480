"""Which rows a table shows, and in which order."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, TypeVar, get_args

from cnnlint.report.modules import by_module
from cnnlint.report.report import LayerRow, ModelReport, Subtotal

Row = TypeVar("Row", LayerRow, Subtotal)
SortKey: TypeAlias = Literal["order", "macs", "flops", "params", "activations", "time", "path"]
SORT_KEYS: tuple[SortKey, ...] = get_args(SortKey)
"""``order`` is that of execution; numbers go from the largest, paths from the first."""

_NUMBERS: Mapping[SortKey, Callable[[LayerRow | Subtotal], float | None]] = {
    "macs": lambda row: row.macs,
    "flops": lambda row: row.flops,
    "params": lambda row: row.params,
    "activations": lambda row: row.activation_bytes,
    "time": lambda row: row.time_ms,
}


@dataclass(frozen=True, slots=True)
class View:
    """What was asked of a table."""

    sort: SortKey = "order"
    top: int | None = None
    """How many rows to show, None for all."""
    depth: int | None = None
    """How many parts of a path make a module, None for a row a layer."""


def arranged(model: ModelReport, view: View) -> ModelReport:
    """Return a report whose layers are all there, in order, and by module if asked."""
    if model.layers is None or model.summary is None:
        return model
    modules = None
    if view.depth is not None:
        modules = ordered(by_module(model.layers, model.summary, view.depth), view.sort)
    return replace(model, layers=ordered(model.layers, view.sort), modules=modules)


def ordered(rows: tuple[Row, ...], key: SortKey) -> tuple[Row, ...]:
    """Return rows that stand in execution order by ``key``; unknown last, ties as they stand."""
    if key == "order":
        return rows
    if key == "path":
        return tuple(sorted(rows, key=lambda row: _natural(row.path)))
    number = _NUMBERS[key]

    def rank(row: Row) -> tuple[bool, float]:
        found = number(row)
        return found is None, -(found or 0)

    return tuple(sorted(rows, key=rank))


def _natural(path: str) -> list[tuple[int, str]]:
    """Return what sorts ``features.2`` before ``features.10``."""
    parts = re.split(r"([0-9]+)", path)
    digits = [part.lstrip("0") if i % 2 else part for i, part in enumerate(parts)]
    return [(len(part) if i % 2 else 0, part) for i, part in enumerate(digits)]
