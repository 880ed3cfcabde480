"""Which tensors carry data, as against weights, constants and shape arithmetic."""

from collections.abc import Iterable
from math import prod

from cnnlint.model.graph import Model, Node

SHAPE_OPS = frozenset({"Shape", "Size"})
"""Operators whose result depends on the size of a tensor only."""

BYTES_PER_ELEMENT = {
    **dict.fromkeys(("float64", "int64", "uint64", "complex64"), 8.0),
    **dict.fromkeys(("float32", "int32", "uint32"), 4.0),
    **dict.fromkeys(("float16", "bfloat16", "int16", "uint16"), 2.0),
    **dict.fromkeys(("int8", "uint8", "bool"), 1.0),
    **dict.fromkeys(("float8e4m3fn", "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz"), 1.0),
    **dict.fromkeys(("float8e8m0", "float6e2m3", "float6e3m2"), 1.0),
    **dict.fromkeys(("int4", "uint4", "float4e2m1"), 0.5),
    **dict.fromkeys(("int2", "uint2"), 0.25),
    "complex128": 16.0,
}
"""Size of one element of each ONNX tensor type that has a fixed size; strings have none."""


def data_tensors(model: Model) -> frozenset[str]:
    """Return the tensors that depend on the numbers in the model's real inputs.

    Weights, whatever constant subgraph computes them, and everything that follows from shapes
    alone is left out.
    """
    data = {entry.name for entry in model.inputs}
    for node in model.nodes:
        if node.op in SHAPE_OPS:
            continue
        if any(name in data for name in node.inputs) or any(n in data for n in node.captures):
            data.update(n for n in node.outputs if n and model.value(n).const is None)
    return frozenset(data)


def size_in_bytes(elements: int, dtype: str | None) -> int | None:
    """Return the bytes that so many elements take, packed; None for an unknown type."""
    width = BYTES_PER_ELEMENT.get(dtype or "")
    return None if width is None else int(-(-elements * width // 1))


def size_of(model: Model, name: str) -> int | None:
    """Return the bytes of a tensor, None where its shape or type is unknown."""
    value = model.value(name)
    return None if value.static is None else size_in_bytes(prod(value.static), value.dtype)


def made(model: Model, node: Node) -> tuple[str, ...]:
    """Return the outputs of a node, without optional ones of unknown shape that nobody reads."""
    return tuple(
        name
        for index, name in enumerate(node.outputs)
        if name
        and (
            index == 0
            or model.value(name).shape is not None
            or name in model.consumers_of
            or name in model.outputs
        )
    )


def total(sizes: Iterable[int | None]) -> int | None:
    """Return the sum, None where one of them is unknown."""
    added = 0
    for size in sizes:
        if size is None:
            return None
        added += size
    return added
