"""Parameters: which stored numbers each node learns from, each shared tensor counted once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import prod

from cnnlint.facts.dataflow import SHAPE_OPS, size_in_bytes
from cnnlint.facts.layers import PACKED_DENSE
from cnnlint.model.graph import Key, Model, Node, Payload, Value

_OPERANDS: Mapping[str, tuple[int, ...]] = {
    **dict.fromkeys(("Conv", "ConvTranspose", "FusedConv", "NhwcConv", "NhwcFusedConv"), (1, 2)),
    "CausalConvWithState": (1, 2),
    "ConvInteger": (1,),
    "ConvTransposeWithDynamicPads": (1, 3),
    "DeformConv": (1, 3),
    "QLinearConv": (3, 8),
    **dict.fromkeys(("FusedGemm", "Gemm", "GemmFastGelu"), (0, 1, 2)),
    **dict.fromkeys(("FusedMatMul", "FusedMatMulActivation", "MatMul", "TransposeMatMul"), (0, 1)),
    **dict.fromkeys(("MatMulInteger", "MatMulInteger16"), (0, 1)),
    "DynamicQuantizeMatMul": (0, 1, 4),
    "MatMulIntegerToFloat": (0, 1, 6),
    "QGemm": (0, 3, 6),
    "QLinearMatMul": (0, 3),
    "MatMulBnb4": (1,),
    "MatMulNBits": (1, 5),
    **dict.fromkeys(("DynamicQuantizeLSTM", "GRU", "LSTM", "RNN"), (1, 2, 3, 7)),
    "Attention": (0, 1, 2),
    **dict.fromkeys(("DecoderMaskedSelfAttention", "PackedAttention", "QAttention"), (1, 2)),
    "DecoderMaskedMultiHeadAttention": (0, 1, 2, 10),
    "GroupQueryAttention": (0, 1, 2, 11, 14, 15),
    "LongformerAttention": (1, 2, 4, 5),
    **dict.fromkeys(("MultiHeadAttention", "PackedMultiHeadAttention"), (0, 1, 2, 3)),
    "BatchNormalization": (1, 2),
    **dict.fromkeys(("GroupNorm", "GroupNormalization", "InstanceNormalization"), (1, 2)),
    "LayerNormalization": (1, 2),
    **dict.fromkeys(("RMSNormalization", "SimplifiedLayerNormalization"), (0, 1)),
    "SkipGroupNorm": (1, 2, 4),
    "SkipLayerNormalization": (1, 2, 3, 4),
    "SkipSimplifiedLayerNormalization": (1, 2, 3),
    "EmbedLayerNormalization": (2, 3, 4, 5, 6),
    **dict.fromkeys(("BiasAdd", "BiasGelu", "BiasSplitGelu", "FastGelu", "PRelu"), (1,)),
    "Gather": (0,),
}
"""Operands that hold parameters. BatchNormalization's mean and variance are buffers."""
_ELEMENTWISE: Mapping[str, slice] = {
    **dict.fromkeys(("Add", "Sub", "Mul", "Div", "Einsum", "Concat", "Expand"), slice(None)),
    "Where": slice(None),
    **dict.fromkeys(("QLinearAdd", "QLinearMul"), slice(0, 4, 3)),
    "QLinearConcat": slice(2, None, 3),
}
"""Operators of which a constant operand is a parameter unless it is one number (an epsilon).

Those at the slice: of quantised ones the scales and zero points between are not.
"""
_INTEGER = """
    ConvInteger DynamicQuantizeLSTM DynamicQuantizeMatMul MatMulBnb4 MatMulInteger MatMulInteger16
    MatMulIntegerToFloat MatMulNBits QAttention QGemm QLinearAdd QLinearConcat QLinearConv
    QLinearMatMul QLinearMul
"""
_QUANTISED = frozenset(_INTEGER.split())
"""Operators whose parameters may be integers of any length: a bias has 32 bits."""
_WEIGHT_INTEGERS = ("int8", "uint8", "int4", "uint4", "int2", "uint2")
"""Integers that stand for quantised weights; longer ones are indices and sizes."""
_CARRIED: Mapping[str, int] = {
    **dict.fromkeys(("DequantizeLinear", "Expand", "QuantizeLinear", "Reshape", "Tile"), 1),
    **dict.fromkeys(("Resize", "Upsample"), 1),
    "BatchNormalization": 3,
}
"""How many inputs of an operator in a constant subgraph carry weights, where not all do.

The others are scales, sizes, running statistics.
"""
MAX_BEHIND = 512
"""How many tensors are looked at to find what a constant operand is computed from."""
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
        for name in _operands(model, node):
            if name and name not in data:
                learnt = _roots(model, name, quantised=node.op in _QUANTISED)
                if node.op in _ELEMENTWISE:
                    learnt = [value for value in learnt if _elements(value) > 1]
                own |= {p.identity: p for p in map(_parameter, learnt)}
        found[node.key] = tuple(_unpacked(node, parameter) for parameter in own.values())
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


def unsized(nodes: Iterable[Node], model: Model, data: frozenset[str]) -> tuple[str, ...]:
    """Return the constants of which nobody knows how much in them is learnt.

    Not what ConstantOfShape makes of an open size: that is a mask.
    """
    return tuple(
        value.name
        for node in nodes
        for name in _operands(model, node)
        if name and name not in data
        for value in stored_behind(model, name)
        if value.static is None and not _is_mask(model, value)
    )


def _is_mask(model: Model, value: Value) -> bool:
    maker = model.producer_of.get(value.name)
    return maker is not None and maker.op == "ConstantOfShape"


def may_be_learnt(value: Value) -> bool:
    """Return whether a constant is of a type and size that weights have."""
    typed = _is_float(value) or value.dtype in _WEIGHT_INTEGERS
    return typed and (value.static is None or _elements(value) > 1)


def _operands(model: Model, node: Node) -> Iterable[str]:
    if _rescales(model, node):
        return ()
    if node.op in _ELEMENTWISE:
        return node.inputs[_ELEMENTWISE[node.op]]
    return (node.inputs[i] for i in _OPERANDS.get(node.op, ()) if i < len(node.inputs))


def _rescales(model: Model, node: Node) -> bool:
    """Return whether a node multiplies the scale of quantised data by that of a weight."""
    makers = (model.producer_of.get(name) for name in node.inputs)
    return node.op == "Mul" and any(m and m.op == "DynamicQuantizeLinear" for m in makers)


def _unpacked(node: Node, parameter: Parameter) -> Parameter:
    """Return a packed weight as the K x N numbers that its bytes hold."""
    if node.op not in PACKED_DENSE or node.inputs[1:2] != (parameter.name,):
        return parameter
    elements = node.get_int("K", 0) * node.get_int("N", 0)
    return replace(parameter, elements=elements, dtype=f"uint{node.get_int('bits', 4)}")


def stored_behind(model: Model, name: str) -> list[Value]:
    """Return the stored (or generated) tensors that a constant operand is computed from.

    Not those behind a Shape: only how large they are goes in. None at all where there are more
    than :data:`MAX_BEHIND`: an attention mask is made in so many steps, a weight is not.
    """
    found, queue, seen = [], [name], {name}
    while queue:
        if len(seen) > MAX_BEHIND:
            return []
        value = model.value(queue.pop())
        node = model.producer_of.get(value.name)
        if node is None or value.stored or not any(node.inputs) or node.op == "ConstantOfShape":
            found.append(value)
            continue
        if node.op in SHAPE_OPS:
            continue
        for source in node.inputs[: _CARRIED.get(node.op)]:
            if source and source not in seen:
                seen.add(source)
                queue.append(source)
    return found


def _roots(model: Model, name: str, *, quantised: bool) -> list[Value]:
    """Return the learnt ones of them: floats, or what a DequantizeLinear turns into floats."""
    dtype = model.value(name).dtype or "float32"
    if not (quantised or dtype.startswith(_FLOATS) or dtype in _WEIGHT_INTEGERS):
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
