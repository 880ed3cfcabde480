"""The table of layers or modules, its totals, and the latency, for people."""

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from cnnlint.profile.result import Latency
from cnnlint.report import numbers
from cnnlint.report.escape import plain
from cnnlint.report.modules import fold
from cnnlint.report.remarks import remarks
from cnnlint.report.report import (
    BodyReport,
    Footprint,
    LayerRow,
    ModelReport,
    Report,
    Subtotal,
    Summary,
)

Line: TypeAlias = dict[str, str]
"""Cells by the head of their column; the first column is the name's, whatever its head."""
_COSTS = ("params", "activations")
LAYER_HEADS = ("layer", "op", "kernel", "in", "out", "MACs", "FLOPs", *_COSTS, "RF", "ms")
MODULE_HEADS = ("module", "layers", "MACs", "share", "FLOPs", *_COSTS, "ms")
"""The last column is shown where there are times."""
_WORDS = frozenset({"layer", "op", "kernel", "module"})


def render_table(report: Report, top: int | None = None) -> str:
    """Return for each model a table, the totals, and the latency where it was measured.

    Args:
        report: with a row a layer, or a module where the layers are shown by module.
        top: how many rows to show, None for all; the others become one.
    """
    return "".join(f"{line}\n" for model in report.models for line in _model(model, top))


def _model(model: ModelReport, top: int | None) -> Iterator[str]:
    summary, layers = model.summary, model.layers
    if summary is None or layers is None:
        return
    heads: Sequence[str] = LAYER_HEADS if model.modules is None else MODULE_HEADS
    heads = heads if model.latency else heads[:-1]
    rows = layers if model.modules is None else model.modules
    lines = [*_rows(rows, summary, top), *_other_times(model), _totals(model, summary, layers)]
    yield _grid(lines, heads)
    yield ""
    whole = top is None and model.modules is None
    for body in (model.bodies or ()) if whole else ():
        yield _title(body)
        yield _grid([*map(_layer, body.layers), _body_totals(body)], LAYER_HEADS[:-1])
        yield ""
    yield from _footer(model, summary)


def _grid(lines: Sequence[Line], heads: Sequence[str]) -> str:
    from tabulate import tabulate  # noqa: PLC0415  (0.05 s that `check` doesn't need)

    cells = [[line["name"], *(line.get(head, "") for head in heads[1:])] for line in lines]
    align = ["left" if head in _WORDS else "right" for head in heads]
    return tabulate(cells, heads, colalign=align, disable_numparse=True, tablefmt="simple")


def _title(body: BodyReport) -> str:
    """Return what a body is; its table holds for one run."""
    runs = "unknown times" if body.runs is None else numbers.plural(body.runs, "time")
    how = "one of two branches" if body.name.endswith("_branch") else f"runs {runs}"
    return f"{plain(body.name)} of {plain(body.path)} ({how}):"


def _body_totals(body: BodyReport) -> Line:
    return {
        "name": "total",
        "op": numbers.plural(len(body.layers), "layer"),
        "MACs": _at_least(body.macs, is_bound=body.macs_are_lower_bound),
        "FLOPs": _at_least(body.flops, is_bound=body.macs_are_lower_bound),
        "params": numbers.count(body.params),
    }


def _rows(rows: Sequence[LayerRow | Subtotal], summary: Summary, top: int | None) -> list[Line]:
    shown, rest = (rows, ()) if top is None else (rows[:top], rows[top:])
    lines = [_layer(row) if isinstance(row, LayerRow) else _subtotal(row) for row in shown]
    if rest:
        lines.append(_subtotal(fold(f"({numbers.plural(len(rest), 'other')})", rest, summary)))
    return lines


def _layer(row: LayerRow) -> Line:
    kernel = numbers.shape(row.kernel) if row.kernel else ""
    if row.stride and set(row.stride) != {1}:
        kernel += f" s{numbers.shape(row.stride) if len(set(row.stride)) > 1 else row.stride[0]}"
    if row.dilation and set(row.dilation) != {1}:
        kernel += (
            f" d{numbers.shape(row.dilation) if len(set(row.dilation)) > 1 else row.dilation[0]}"
        )
    if row.groups and row.groups > 1:
        kernel += f" g{row.groups}"
    return {
        "name": plain(row.path),
        "op": plain(row.op),
        "kernel": kernel,
        "in": numbers.shape(row.in_shape),
        "out": numbers.shape(row.out_shape),
        "MACs": _at_least(row.macs, is_bound=row.macs_are_lower_bound),
        "FLOPs": _at_least(row.flops, is_bound=row.macs_are_lower_bound),
        "params": numbers.count(row.params),
        "activations": numbers.size(row.activation_bytes),
        "RF": numbers.shape(row.receptive_field) if row.receptive_field else "",
        "ms": _ms(row.time_ms),
    }


def _subtotal(row: Subtotal) -> Line:
    return {
        "name": plain(row.path),
        "layers": numbers.count(row.layers),
        "MACs": _at_least(row.macs, is_bound=row.macs_are_lower_bound),
        "share": numbers.percent(row.macs_share),
        "FLOPs": _at_least(row.flops, is_bound=row.macs_are_lower_bound),
        "params": numbers.count(row.params),
        "activations": numbers.size(row.activation_bytes),
        "ms": _ms(row.time_ms),
    }


def _other_times(model: ModelReport) -> list[Line]:
    times = model.layer_times or {}
    return [{"name": plain(name), "ms": _ms(ms)} for name, ms in times.items()]


def _totals(model: ModelReport, summary: Summary, rows: tuple[LayerRow, ...]) -> Line:
    sizes = [row.activation_bytes for row in rows]
    known = [size for size in sizes if size is not None]
    is_bound = summary.macs_are_lower_bound
    return {
        "name": "total",
        "op": numbers.plural(len(rows), "layer"),
        "layers": numbers.count(len(rows)),
        "MACs": _at_least(summary.macs, is_bound=is_bound),
        "FLOPs": _at_least(summary.flops, is_bound=is_bound),
        "params": numbers.count(summary.params),
        "activations": numbers.size(sum(known) if len(known) == len(sizes) else None),
        "RF": numbers.shape(summary.receptive_field) if summary.receptive_field else "",
        "ms": _ms(model.latency.median_ms if model.latency else None),
    }


def _at_least(number: int | None, *, is_bound: bool) -> str:
    return f"{'>=' if is_bound and number is not None else ''}{numbers.count(number)}"


def _footer(model: ModelReport, summary: Summary) -> Iterator[str]:
    inputs = ", ".join(f"{plain(i.name)} {numbers.shape(i.bound)}" for i in summary.inputs)
    yield f"{plain(model.path)}: {inputs}"
    yield "  1 MAC = one multiply-add; FLOPs = 2 x MACs + element-wise operations"
    if summary.footprint:
        yield from (f"  {line}" for line in _footprint(summary, summary.footprint))
    for remark in remarks(model):
        yield f"  = note: {remark}"
    if model.latency:
        yield from (f"  {line}" for line in _latency(model.latency))


def _footprint(summary: Summary, more: Footprint) -> Iterator[str]:
    """Yield how MACs grow, how much memory a run takes, and what size of input makes sense."""
    if (summary.assumptions or summary.free_dims) and more.macs_symbolic:
        yield f"MACs: {plain(more.macs_symbolic)}"
    peak = f"peak activations {numbers.size(more.peak_activation_bytes)}"
    if more.peak_layer is not None:
        alive = numbers.plural(len(more.peak_tensors), "tensor")
        peak += f" at {plain(more.peak_layer)} ({alive} alive)"
    moved = f"moves {numbers.size(more.bytes_moved)}"
    if more.arithmetic_intensity is not None:
        moved += f", {more.arithmetic_intensity:.1f} FLOPs/byte"
    yield f"memory: {peak}, weights {numbers.size(summary.weight_bytes)}; {moved}"
    if more.useful_input:
        yield "useful input size {}-{}".format(*more.useful_input)


def _latency(latency: Latency) -> Iterator[str]:
    low, high = latency.ci95_ms
    threads = f"{latency.threads} thread{'s' if latency.threads > 1 else ''}"
    yield (
        f"latency: {_ms(latency.median_ms)} ms median, 95 % interval {_ms(low)} to {_ms(high)} ms "
        f"({latency.noise}, {latency.iterations} runs)"
    )
    more = [f"min {_ms(latency.min_ms)}", f"IQR {_ms(latency.iqr_ms)}"]
    more += [f"p90 {_ms(latency.p90_ms)}"] if latency.p90_ms is not None else []
    more += [f"p99 {_ms(latency.p99_ms)}"] if latency.p99_ms is not None else []
    more += [f"thread CPU {_ms(latency.cpu_ms)}"] if latency.cpu_ms is not None else []
    rate = f"{latency.throughput:.1f} items/s at batch {latency.batch}"
    yield f"         {', '.join(more)} ms; {rate}"
    yield (
        f"         {latency.provider} on {latency.device}, {threads}, {latency.precision}, "
        f"{latency.weights} weights"
    )


def _ms(number: float | None) -> str:
    return numbers.milliseconds(number)
