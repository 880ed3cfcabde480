"""From facts to the plain data of a report: layer rows, the summary."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from cnnlint.facts.dataflow import total
from cnnlint.facts.facts import Facts
from cnnlint.facts.layers import Conv, Pool
from cnnlint.model.graph import Input, Key, Node, StaticShape
from cnnlint.report.label import label
from cnnlint.report.report import (
    Amount,
    BodyReport,
    Coverage,
    Footprint,
    LayerRow,
    Present,
    ReportedLayer,
    Summary,
)


def summary(facts: Facts, *, thorough: bool = False) -> Summary:
    """Return one model in numbers, with what takes longer where that is asked for."""
    model, topology = facts.model, facts.topology
    outputs = (model.value(name) for name in model.outputs)
    return Summary(
        params=facts.params,
        macs=facts.macs,
        flops=facts.flops,
        uncounted_ops=facts.uncounted_ops,
        macs_are_lower_bound=_is_lower_bound(facts),
        weight_bytes=facts.weight_bytes,
        weighted_layers=len(facts.weighted),
        depth=topology.depth,
        plain_run=topology.plain_run_units,
        shortest_path=topology.shortest_path,
        receptive_field=facts.receptive_field,
        nodes=len(model.nodes),
        opset=model.opsets,
        producer=model.producer,
        inputs=model.inputs,
        outputs=tuple(Input(v.name, v.dtype, v.shape, v.shape) for v in outputs),
        assumptions=model.assumptions,
        free_dims=model.free_dims,
        coverage=Coverage(
            nodes=len(model.nodes),
            unresolved_shapes=len(facts.unresolved),
            defects=tuple(_defects(facts)),
            doubts=tuple(_doubts(facts)),
            newer_opsets=model.newer_opsets,
            missing_data=tuple(file.name for file in model.origin.missing_data),
        ),
        footprint=_footprint(facts) if thorough else None,
    )


def _is_lower_bound(facts: Facts) -> bool:
    return facts.macs is not None and bool(facts.uncounted_ops)


def _footprint(facts: Facts) -> Footprint:
    memory = facts.memory
    return Footprint(
        macs_symbolic=facts.macs_symbolic,
        peak_activation_bytes=memory.peak_activation_bytes,
        peak_layer=memory.peak_at.path if memory.peak_at else None,
        peak_tensors=memory.alive_at_peak,
        bytes_moved=facts.bytes_moved,
        arithmetic_intensity=facts.arithmetic_intensity,
        useful_input=facts.useful_input,
    )


def layer_rows(facts: Facts, times: Mapping[Key, float] | None = None) -> tuple[LayerRow, ...]:
    """Return a row for every node that works, with its time where it was measured."""
    return tuple(_row(facts, node, (times or {}).get(node.key)) for node in facts.working)


def body_reports(facts: Facts) -> tuple[BodyReport, ...]:
    """Return the bodies of every If, Loop and Scan, those inside of them after each."""
    found: list[BodyReport] = []
    for node in facts.working:
        for body in facts.bodies.get(node.key, ()):
            inner = body.facts
            costs = (inner.macs, _is_lower_bound(inner), inner.flops, inner.params)
            found.append(BodyReport(node.path, body.name, body.runs, *costs, layer_rows(inner)))
            found += body_reports(inner)
    return tuple(found)


def reported_layer(facts: Facts, node: Node) -> ReportedLayer:
    """Return a layer as a finding names it."""
    return ReportedLayer(
        path=node.path,
        node=node.name,
        outputs=node.outputs,
        weight=_weight(facts, node),
        source=node.source,
        label=label(facts, node),
        out_shape=facts.model.static(node.outputs[0]) if node.outputs else None,
        macs=facts.macs_of(node),
    )


def cost_of(there: Present) -> Amount | None:
    """Return what layers cost together, in the first unit of which they have any."""
    for unit in _UNITS:
        if value := getattr(there, unit):
            return Amount(value, unit)
    return None


def present(facts: Facts, nodes: Iterable[Node]) -> Present:
    """Return what layers cost together, each once."""
    there = {node.key: node for node in nodes}.values()
    if not there:
        return Present()
    return Present(*(total(amount(facts, node) for node in there) for amount in _UNITS.values()))


_UNITS: Mapping[str, Callable[[Facts, Node], int | None]] = {
    "macs": Facts.macs_of,
    "params": Facts.params_of,
    "activation_bytes": Facts.activation_bytes,
}


def _row(facts: Facts, node: Node, time_ms: float | None) -> LayerRow:
    layer = facts.layers.get(node.key)
    window = layer if isinstance(layer, Conv | Pool) else None
    reach = facts.receptive.get(node.outputs[0])
    cost = facts.costs[node.key]
    return LayerRow(
        path=node.path,
        node=node.name,
        outputs=node.outputs,
        op=node.op,
        kernel=window.kernel if window else None,
        stride=window.stride if window else None,
        dilation=window.dilation if window else None,
        groups=layer.groups if isinstance(layer, Conv) else None,
        in_shape=_in_shape(facts, node),
        out_shape=facts.model.static(node.outputs[0]),
        macs=cost.macs,
        macs_are_lower_bound=cost.macs is not None and facts.is_lower_bound(node),
        flops=cost.flops,
        params=facts.params_of(node),
        activation_bytes=facts.activation_bytes(node),
        bytes_moved=facts.traffic[node.key],
        receptive_field=reach.largest or None if reach else None,
        receptive_field_min=reach.smallest or None if reach else None,
        jump=tuple(float(jump) for jump in reach.jump) or None if reach else None,
        global_context=reach.is_global if reach else None,
        weight=_weight(facts, node),
        source=node.source,
        time_ms=time_ms,
    )


def _in_shape(facts: Facts, node: Node) -> StaticShape | None:
    """Return the shape of the first data operand; of any, where the node works on constants."""
    names = sorted(filter(None, node.inputs), key=lambda name: name not in facts.data)
    return facts.model.static(names[0]) if names else None


def _weight(facts: Facts, node: Node) -> str | None:
    """Return the name of the first parameter that a layer reads, as the file has it."""
    found = facts.parameters.get(node.key)
    return found[0].name if found else None


def _defects(facts: Facts) -> Iterator[str]:
    for flaw in (flaw for of_kind in facts.flaws.values() for flaw in of_kind):
        yield ": ".join((*(node.path for node in flaw.nodes[:1]), flaw.text))


def _doubts(facts: Facts) -> Iterator[str]:
    for body in (body for bodies in facts.bodies.values() for body in bodies):
        yield from _defects(body.facts)
        yield from _doubts(body.facts)
