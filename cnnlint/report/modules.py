"""Rows taken together: a module of the network, or what a table leaves out.

Every layer belongs to one module, so that rows add up to the model's totals.
"""

import re
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from cnnlint.report.report import LayerRow, Subtotal, Summary

Row: TypeAlias = LayerRow | Subtotal
NO_MODULE = "(no module)"
"""Where operators are counted that stand in no module, or that the file doesn't name."""
_NUMBER = r"(?:_\d+)?(?:~\d+)?"


def by_module(rows: Sequence[LayerRow], summary: Summary, depth: int) -> tuple[Subtotal, ...]:
    """Return a row for each module, at most ``depth`` parts of the path deep.

    Modules stand in the order in which they first run.
    """
    groups: dict[str, list[LayerRow]] = {}
    for row in rows:
        groups.setdefault(module_of(row.path, row.op, depth), []).append(row)
    return tuple(fold(path, group, summary) for path, group in groups.items())


def module_of(path: str, op: str, depth: int) -> str:
    """Return the first ``depth`` parts of the module that a layer path stands in.

    ``features.2.Slice_1`` is an operator of the module ``features.2``, ``layer1.0.conv1`` a
    module of its own.
    """
    *outer, last = path.split(".")
    is_operator = re.fullmatch(re.escape(op.rpartition(":")[2]) + _NUMBER, last)
    parts = outer if is_operator else [*outer, last]
    return ".".join(parts[:depth]) or NO_MODULE


def fold(path: str, rows: Sequence[Row], summary: Summary) -> Subtotal:
    """Return the sums of some rows of a model, unknown or a lower bound as its totals are."""
    macs = _sum((row.macs for row in rows), at_least=summary.macs is not None)
    times = [row.time_ms for row in rows if row.time_ms is not None]
    return Subtotal(
        path=path,
        layers=sum(row.layers if isinstance(row, Subtotal) else 1 for row in rows),
        macs=macs,
        macs_are_lower_bound=macs is not None and any(_is_lower_bound(row) for row in rows),
        macs_share=None if macs is None or not summary.macs else macs / summary.macs,
        flops=_sum((row.flops for row in rows), at_least=summary.flops is not None),
        params=sum(row.params for row in rows),
        activation_bytes=_sum((row.activation_bytes for row in rows), at_least=False),
        time_ms=sum(times) if times else None,
    )


def _sum(numbers: Iterable[int | None], *, at_least: bool) -> int | None:
    """Add numbers up. Unknown ones are left out only where the sum may be a lower bound."""
    counts = list(numbers)
    known = [count for count in counts if count is not None]
    return sum(known) if known and (at_least or len(known) == len(counts)) else None


def _is_lower_bound(row: Row) -> bool:
    return row.macs is None or row.macs_are_lower_bound
