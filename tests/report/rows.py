"""Rows of a table, made from one that a real network has."""

from dataclasses import replace
from typing import Any

from cnnlint.profile.result import Latency
from cnnlint.report.describe import layer_rows, summary
from cnnlint.report.report import LayerRow, ModelReport, Subtotal, Summary
from tests.net import Net

_FACTS = Net(3, 8).relu().facts()
_ROW = layer_rows(_FACTS)[0]
_SUMMARY = summary(_FACTS)


def row(path: str = "relu", op: str = "Relu", **fields: Any) -> LayerRow:
    """Return a row of 0 MACs, 192 FLOPs, no parameters and 768 bytes, unless told otherwise."""
    return replace(_ROW, path=path, op=op, **fields)


def total(macs: int | None = 0, **fields: Any) -> Summary:
    """Return a summary of so many MACs."""
    return replace(_SUMMARY, macs=macs, **fields)


def subtotal(path: str = "block", **fields: Any) -> Subtotal:
    """Return a row of two layers that cost nothing, unless told otherwise."""
    return replace(Subtotal(path, 2, 0, False, 0.0, 0, 0, 0, None), **fields)


def latency(median_ms: float) -> Latency:
    """Return a measurement of so many milliseconds."""
    return Latency(
        provider="CPUExecutionProvider",
        device="a CPU",
        threads=1,
        batch=1,
        iterations=100,
        median_ms=median_ms,
        min_ms=median_ms,
        mean_ms=median_ms,
        iqr_ms=0.0,
        p90_ms=None,
        p99_ms=None,
        ci95_ms=(median_ms, median_ms),
        cpu_ms=None,
        noise="quiet",
        throughput=1000 / median_ms,
        precision="float32",
        parity=None,
        weights="real",
        fallback_nodes=(),
        environment={},
    )


def report(*rows: LayerRow, **fields: Any) -> ModelReport:
    """Return a report of these layers, and totals that are their sums where all are known."""
    macs, flops = [r.macs for r in rows], [r.flops for r in rows]
    totals = total(
        None if None in macs else sum(n or 0 for n in macs),
        flops=None if None in flops else sum(n or 0 for n in flops),
        params=sum(r.params for r in rows),
    )
    return replace(ModelReport("net.onnx", summary=totals, layers=rows), **fields)
