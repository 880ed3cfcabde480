"""A table as comma-separated values: exact numbers for spreadsheets and data frames.

Columns are named as the keys of the JSON report. What is unknown, or doesn't apply, is an
empty cell. There is no row of totals: the columns add up to them.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias, TypeVar

from cnnlint.model.graph import SourceLine, StaticShape
from cnnlint.report import numbers
from cnnlint.report.escape import plain
from cnnlint.report.report import LayerRow, ModelReport, Report, Subtotal

Cell: TypeAlias = int | float | str | None
Row = TypeVar("Row", LayerRow, Subtotal)

_FORMULA = re.compile(r"(^|;)(?=\s*[=+\-@\uff0b\uff0d\uff1d\uff20])")
"""What a spreadsheet takes for a formula, the full-width signs too; a semicolon starts a cell
where the comma is the decimal sign."""


def render_csv(report: Report, top: int | None = None) -> str:
    """Return a header and a row a layer, or a module where the layers are shown by module.

    Args:
        report: of one model.
        top: how many rows to show, None for all; times that belong to no layer are shown only
            with all of them.
    """
    by_module = any(model.modules is not None for model in report.models)
    columns = list(MODULE_COLUMNS if by_module else LAYER_COLUMNS)
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    for model in report.models:
        writer.writerows(_rows(model, top))
    return text.getvalue()


def _rows(model: ModelReport, top: int | None) -> Iterator[Mapping[str, Cell]]:
    if model.modules is not None:
        yield from _cells(model.modules[:top], MODULE_COLUMNS)
    else:
        yield from _cells((model.layers or ())[:top], LAYER_COLUMNS)
    if top is None:
        for name, ms in (model.layer_times or {}).items():
            yield {"path": _text(name), "time_ms": ms}


def _cells(
    rows: Sequence[Row], columns: Mapping[str, Callable[[Row], Cell]]
) -> Iterator[Mapping[str, Cell]]:
    for row in rows:
        yield {name: cell(row) for name, cell in columns.items()}


def _text(text: str | None) -> str:
    """Return text from a model on one line, with an apostrophe where it would be a formula."""
    return _FORMULA.sub(r"\1'", plain(text or ""))


def _shape(sizes: StaticShape | None) -> str:
    return "" if sizes is None else numbers.shape(sizes)


def _flag(flag: bool | None) -> str:
    return "" if flag is None else str(flag).lower()


def _source(source: SourceLine | None) -> str:
    return f"{_text(source.file)}:{source.line}" if source else ""


LAYER_COLUMNS: Mapping[str, Callable[[LayerRow], Cell]] = {
    "path": lambda row: _text(row.path),
    "node": lambda row: _text(row.node),
    "op": lambda row: _text(row.op),
    "kernel": lambda row: _shape(row.kernel),
    "stride": lambda row: _shape(row.stride),
    "dilation": lambda row: _shape(row.dilation),
    "groups": lambda row: row.groups,
    "in_shape": lambda row: _shape(row.in_shape),
    "out_shape": lambda row: _shape(row.out_shape),
    "macs": lambda row: row.macs,
    "macs_are_lower_bound": lambda row: _flag(row.macs_are_lower_bound),
    "flops": lambda row: row.flops,
    "params": lambda row: row.params,
    "activation_bytes": lambda row: row.activation_bytes,
    "bytes_moved": lambda row: row.bytes_moved,
    "receptive_field": lambda row: _shape(row.receptive_field),
    "receptive_field_min": lambda row: _shape(row.receptive_field_min),
    "jump": lambda row: "x".join(f"{jump:g}" for jump in row.jump or ()),
    "global_context": lambda row: _flag(row.global_context),
    "weight": lambda row: _text(row.weight),
    "source": lambda row: _source(row.source),
    "time_ms": lambda row: row.time_ms,
}
"""What a row of a layer holds; ``outputs``, a list, is in the JSON report only."""

MODULE_COLUMNS: Mapping[str, Callable[[Subtotal], Cell]] = {
    "path": lambda row: _text(row.path),
    "layers": lambda row: row.layers,
    "macs": lambda row: row.macs,
    "macs_are_lower_bound": lambda row: _flag(row.macs_are_lower_bound),
    "macs_share": lambda row: row.macs_share,
    "flops": lambda row: row.flops,
    "params": lambda row: row.params,
    "activation_bytes": lambda row: row.activation_bytes,
    "time_ms": lambda row: row.time_ms,
}
