"""The table of layers, its totals, and the latency, for people."""

from collections.abc import Iterator

from cnnlint.profile.result import Latency
from cnnlint.report import numbers
from cnnlint.report.escape import plain
from cnnlint.report.report import LayerRow, ModelReport, Report, Summary
from cnnlint.report.text import remarks


def render_table(report: Report) -> str:
    """Return for each model a row a layer, the totals, and the latency where it was measured."""
    return "".join(f"{line}\n" for model in report.models for line in _model(model))


def _model(model: ModelReport) -> Iterator[str]:
    from tabulate import tabulate  # noqa: PLC0415  (0.05 s that `check` doesn't need)

    summary, rows = model.summary, model.layers
    if summary is None or rows is None:
        return
    timed = model.latency is not None
    heads = ["layer", "op", "kernel", "in", "out", "MACs", "FLOPs", "params", "activations", "RF"]
    heads += ["ms"] if timed else []
    cells = [_cells(row, timed=timed) for row in rows]
    cells += [[plain(name), *[""] * 9, _ms(ms)] for name, ms in (model.layer_times or {}).items()]
    cells.append(_totals(model, summary, rows))
    align = ("left", "left", "left", "right", "right", *["right"] * (len(heads) - 5))
    yield tabulate(cells, heads, colalign=align, disable_numparse=True, tablefmt="simple")
    yield ""
    yield from _footer(model, summary)


def _cells(row: LayerRow, *, timed: bool) -> list[str]:
    kernel = numbers.shape(row.kernel) if row.kernel else ""
    if row.stride and set(row.stride) != {1}:
        kernel += f" s{numbers.shape(row.stride) if len(set(row.stride)) > 1 else row.stride[0]}"
    if row.dilation and set(row.dilation) != {1}:
        kernel += (
            f" d{numbers.shape(row.dilation) if len(set(row.dilation)) > 1 else row.dilation[0]}"
        )
    if row.groups and row.groups > 1:
        kernel += f" g{row.groups}"
    cells = [
        plain(row.path),
        plain(row.op),
        kernel,
        numbers.shape(row.in_shape),
        numbers.shape(row.out_shape),
        numbers.count(row.macs),
        numbers.count(row.flops),
        numbers.count(row.params),
        numbers.size(row.activation_bytes),
        numbers.shape(row.receptive_field) if row.receptive_field else "",
    ]
    return [*cells, _ms(row.time_ms)] if timed else cells


def _totals(model: ModelReport, summary: Summary, rows: tuple[LayerRow, ...]) -> list[str]:
    sizes = [row.activation_bytes for row in rows]
    known = [size for size in sizes if size is not None]
    least = ">=" if summary.macs_are_lower_bound and summary.macs is not None else ""
    cells = [
        "total",
        numbers.plural(len(rows), "layer"),
        "",
        "",
        "",
        least + numbers.count(summary.macs),
        least + numbers.count(summary.flops),
        numbers.count(summary.params),
        numbers.size(sum(known) if len(known) == len(sizes) else None),
        numbers.shape(summary.receptive_field) if summary.receptive_field else "",
    ]
    return [*cells, _ms(model.latency.median_ms)] if model.latency else cells


def _footer(model: ModelReport, summary: Summary) -> Iterator[str]:
    inputs = ", ".join(f"{plain(i.name)} {numbers.shape(i.bound)}" for i in summary.inputs)
    yield f"{plain(model.path)}: {inputs}"
    yield "  1 MAC = one multiply-add; FLOPs = 2 x MACs + element-wise operations"
    for remark in remarks(summary):
        yield f"  = note: {remark}"
    if model.latency:
        yield from (f"  {line}" for line in _latency(model.latency))


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
