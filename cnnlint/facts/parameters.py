"""Parameters: which stored numbers each node learns from, each shared tensor counted once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod

from cnnlint.facts.dataflow import size_in_bytes
from cnnlint.model.graph import Key, Model, Node, Payload, Value

_NORMS = ("BatchNormalization", "InstanceNormalization", "LayerNormalization")
_OPERANDS: Mapping[str, tuple[int, ...]] = {
    **dict.fromkeys(("Conv", "ConvTranspose", "Gemm", "FusedConv", "NhwcConv"), (1, 2)),
    **dict.fromkeys((*_NORMS, "GroupNormalization", "SkipLayerNormalization"), (1, 2, 3, 4)),
    "BatchNormalization": (1, 2),  # 3 and 4 are running statistics: buffers, not parameters
    **dict.fromkeys(("MatMul", "FusedMatMul", "FusedGemm"), (0, 1, 2)),
    **dict.fromkeys(("MatMulInteger", "RMSNormalization", "SimplifiedLayerNormalization"), (0, 1)),
    "ConvInteger": (1,),
    "DeformConv": (1, 3),
    "QLinearConv": (3, 8),
    "QLinearMatMul": (0, 3),
    **dict.fromkeys(("LSTM", "GRU", "RNN"), (1, 2, 3, 7)),
    "PRelu": (1,),
    "Gather": (0,),
}
"""Operands that hold parameters. BatchNormalization's mean and variance are buffers."""
_ELEMENTWISE = frozenset({"Add", "Sub", "Mul", "Div", "Einsum", "Concat", "Expand", "Where"})
"""Operators of which a constant operand is a parameter unless it is one number (an epsilon)."""
_QUANTISED = frozenset({"QLinearConv", "QLinearMatMul", "ConvInteger", "MatMulInteger"})
_FLOATS = ("float", "bfloat", "complex")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A stored tensor that is learnt, and its size."""

    name: str
    elements: int
    dtype: str | None
    identity: object
    """Equal for two names of the same bytes."""

    @property
    def bytes(self) -> int:
        """Bytes as stored."""
        return size_in_bytes(self.elements, self.dtype) or 0


def parameters(
    nodes: Iterable[Node], model: Model, data: frozenset[str]
) -> dict[Key, tuple[Parameter, ...]]:
    """Return the parameters that each of the nodes reads, bias included."""
    found: dict[Key, tuple[Parameter, ...]] = {}
    for node in nodes:
        own: dict[object, Parameter] = {}
        for name in _operands(node):
            if name and name not in data:
                learnt = _roots(model, name, quantised=node.op in _QUANTISED)
                if node.op in _ELEMENTWISE:
                    learnt = [value for value in learnt if _elements(value) > 1]
                own |= {p.identity: p for p in map(_parameter, learnt)}
        found[node.key] = tuple(own.values())
    return found


def first_read(
    read: Mapping[Key, tuple[Parameter, ...]],
) -> dict[Key, tuple[Parameter, ...]]:
    """Return for each node the parameters that no node before it reads."""
    seen: set[object] = set()
    found: dict[Key, tuple[Parameter, ...]] = {}
    for key, group in read.items():
        found[key] = tuple(p for p in group if p.identity not in seen)
        seen.update(p.identity for p in group)
    return found


def _operands(node: Node) -> Iterable[str]:
    if node.op in _ELEMENTWISE:
        return node.inputs
    return (node.inputs[i] for i in _OPERANDS.get(node.op, ()) if i < len(node.inputs))


def stored_behind(model: Model, name: str) -> list[Value]:
    """Return the stored (or generated) tensors that a constant operand is computed from."""
    found, queue, seen = [], [name], {name}
    while queue:
        value = model.value(queue.pop())
        node = model.producer_of.get(value.name)
        if node is None or value.stored or not any(node.inputs) or node.op == "ConstantOfShape":
            found.append(value)
            continue
        first_only = node.op in ("DequantizeLinear", "Reshape", "Expand", "Tile")
        for source in node.inputs[: 1 if first_only else None]:
            if source and source not in seen:
                seen.add(source)
                queue.append(source)
    return found


def _roots(model: Model, name: str, *, quantised: bool) -> list[Value]:
    """Return the learnt ones of them: floats, or what a DequantizeLinear turns into floats."""
    if not (quantised or (model.value(name).dtype or "float32").startswith(_FLOATS)):
        return []
    values = stored_behind(model, name)
    if len(values) > 1:
        values = [v for v in values if _elements(v) > 1 and _is_float(v)] or values[:1]
    return [value for value in values if _elements(value)]


def _is_float(value: Value) -> bool:
    return value.dtype is None or value.dtype.startswith(_FLOATS)


def _elements(value: Value) -> int:
    return prod(value.static) if value.static is not None else 0


def _parameter(value: Value) -> Parameter:
    at = value.payload
    identity = (
        (at.file, at.offset, at.length) if isinstance(at, Payload) and at.length else value.name
    )
    return Parameter(value.name, _elements(value), value.dtype, identity)
