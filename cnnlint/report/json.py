"""The report as JSON, schema ``cnnlint-report/1``: field names are a contract.

Every key is present; a fact that is not known, or that nothing computes yet, is null.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TypeAlias

from cnnlint.model.graph import Input, SourceLine
from cnnlint.report.escape import shortened, unicode
from cnnlint.report.report import (
    BodyReport,
    LayerRow,
    ModelReport,
    Report,
    ReportedFinding,
    ReportedLayer,
    Summary,
)
from cnnlint.report.statistics import RuleStatistics

SCHEMA = "cnnlint-report/1"
Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


def render_json(report: Report, rules: Sequence[RuleStatistics] | None = None) -> str:
    """Return the whole report as one JSON document; non-ASCII text is escaped.

    ``rules`` are its statistics, where those are asked for.
    """
    document: Json = {
        "schema": SCHEMA,
        "tool": {"name": "cnnlint", "version": report.version},
        "exit_code": report.exit_code,
        "models": [_model(model) for model in report.models],
        "notes": list(report.notes),
        "statistics": None if rules is None else [_statistics(rule) for rule in rules],
    }
    return json.dumps(_text(document), indent=1, allow_nan=False)


def _text(value: Json) -> Json:
    """Bring texts into a length and form that every reader takes.

    In place: a report may be large, and what it was before is no use any more.
    """
    if isinstance(value, str):
        return shortened(unicode(value))
    if isinstance(value, list):
        for index, inner in enumerate(value):
            value[index] = _text(inner)
    elif isinstance(value, dict):
        for key, inner in value.items():
            value[key] = _text(inner)
        odd = [key for key in value if shortened(unicode(key)) != key]
        for number, key in enumerate(odd, 1):
            value[f"{shortened(unicode(key))} ({number})"] = value.pop(key)
    return value


def _statistics(rule: RuleStatistics) -> Json:
    return {
        "code": rule.code,
        "name": rule.name,
        "errors": rule.errors,
        "warnings": rule.warnings,
        "notes": rule.notes,
        "models": rule.models,
        "layers": rule.layers,
        "macs": rule.macs.known,
        "macs_are_lower_bound": rule.macs.is_lower_bound,
        "params": rule.params.known,
        "params_are_lower_bound": rule.params.is_lower_bound,
    }


def _model(model: ModelReport) -> Json:
    if model.failure:
        failure = model.failure
        return {
            "path": model.path,
            "sha256": model.sha256,
            "status": "error",
            "error": {"code": failure.code, "message": failure.message, "hint": failure.hint},
        }
    return {
        "path": model.path,
        "sha256": model.sha256,
        "status": "ok",
        "error": None,
        "summary": _summary(model, model.summary) if model.summary else None,
        "layers": None if model.layers is None else [_row(row) for row in model.layers],
        "modules": None if model.modules is None else [asdict(row) for row in model.modules],
        "bodies": None if model.bodies is None else [_body(body) for body in model.bodies],
        "findings": None if model.findings is None else [_finding(f) for f in model.findings],
        "budgets": [_plain(asdict(budget)) for budget in model.budgets],
        "notes": list(model.notes),
        "latency": None if model.latency is None else _plain(asdict(model.latency)),
        "other_times_ms": None if model.layer_times is None else dict(model.layer_times),
        "internal_errors": list(model.internal),
    }


def _summary(model: ModelReport, summary: Summary) -> Json:
    coverage, more = summary.coverage, summary.footprint
    return {
        "params": summary.params,
        "macs": summary.macs,
        "macs_symbolic": more.macs_symbolic if more else None,
        "flops": summary.flops,
        "uncounted_ops": dict(summary.uncounted_ops),
        "macs_are_lower_bound": summary.macs_are_lower_bound,
        "weight_bytes": summary.weight_bytes,
        "peak_activation_bytes": more.peak_activation_bytes if more else None,
        "peak_layer": more.peak_layer if more else None,
        "peak_tensors": [{"name": t.name, "bytes": t.bytes} for t in more.peak_tensors]
        if more
        else None,
        "bytes_moved": more.bytes_moved if more else None,
        "arithmetic_intensity": more.arithmetic_intensity if more else None,
        "weighted_layers": summary.weighted_layers,
        "depth": summary.depth,
        "plain_run": summary.plain_run,
        "shortest_path": summary.shortest_path,
        "receptive_field": _plain(summary.receptive_field),
        "useful_input": _plain(more.useful_input) if more else None,
        "nodes": summary.nodes,
        "opset": dict(summary.opset),
        "producer": summary.producer,
        "inputs": [_tensor(entry) for entry in summary.inputs],
        "outputs": [_tensor(entry) for entry in summary.outputs],
        "assumptions": list(summary.assumptions),
        "coverage": {
            "nodes": coverage.nodes,
            "unresolved_shapes": coverage.unresolved_shapes,
            "unchecked": [
                *model.untold_defects,
                *coverage.doubts,
                *coverage.newer_opsets,
                *(f"weights are missing: {name}" for name in coverage.missing_data),
                *(f"{op}: cost unknown" for op in summary.uncounted_ops),
                *(f"input dimension {name} is open" for name in summary.free_dims),
                *model.unchecked,
                *(f"recipe in the metadata: {text}" for text in model.odd_metadata),
            ],
        },
    }


def _tensor(entry: Input) -> Json:
    return {
        "name": entry.name,
        "dtype": entry.dtype,
        "shape": _plain(entry.declared),
        "bound": _plain(entry.bound),
    }


def _row(row: LayerRow) -> Json:
    return {
        "path": row.path,
        "node": row.node,
        "outputs": list(row.outputs),
        "op": row.op,
        "kernel": _plain(row.kernel),
        "stride": _plain(row.stride),
        "dilation": _plain(row.dilation),
        "groups": row.groups,
        "in_shape": _plain(row.in_shape),
        "out_shape": _plain(row.out_shape),
        "macs": row.macs,
        "macs_are_lower_bound": row.macs_are_lower_bound,
        "flops": row.flops,
        "params": row.params,
        "activation_bytes": row.activation_bytes,
        "bytes_moved": row.bytes_moved,
        "receptive_field": _plain(row.receptive_field),
        "receptive_field_min": _plain(row.receptive_field_min),
        "jump": _plain(row.jump),
        "global_context": row.global_context,
        "weight": row.weight,
        "source": _source(row.source),
        "time_ms": row.time_ms,
    }


def _body(body: BodyReport) -> Json:
    return {
        "path": body.path,
        "name": body.name,
        "runs": body.runs,
        "macs": body.macs,
        "macs_are_lower_bound": body.macs_are_lower_bound,
        "flops": body.flops,
        "params": body.params,
        "layers": [_row(row) for row in body.layers],
    }


def _finding(finding: ReportedFinding) -> Json:
    saving = finding.saving
    return {
        "code": finding.code,
        "name": finding.name,
        "family": finding.family,
        "severity": str(finding.severity),
        "basis": finding.basis,
        "message": finding.message,
        "suggestion": finding.suggestion,
        "layers": [_layer(layer) for layer in finding.layers],
        "evidence": {key: _plain(value) for key, value in finding.evidence.items()},
        "saving": {
            "macs": saving.macs,
            "params": saving.params,
            "activation_bytes": saving.activation_bytes,
            "receptive_field": saving.receptive_field,
            "time_ms": saving.time_ms,
        },
        "proven": finding.proven,
        "fix": finding.fix,
        "fingerprint": finding.fingerprint,
        "cost": _plain(asdict(finding.cost)) if finding.cost else None,
        "suppressed": _plain(asdict(finding.suppressed)) if finding.suppressed else None,
        "grown_from": _plain(asdict(finding.grown_from)) if finding.grown_from else None,
    }


def _layer(layer: ReportedLayer) -> Json:
    return {
        "path": layer.path,
        "node": layer.node,
        "outputs": list(layer.outputs),
        "weight": layer.weight,
        "source": _source(layer.source),
    }


def _source(source: SourceLine | None) -> Json:
    return None if source is None else {"file": source.file, "line": source.line}


def _plain(value: object) -> Json:
    """Return nested plain data as JSON has it: tuples become lists."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    raise TypeError(f"{type(value).__name__} is no JSON value")
