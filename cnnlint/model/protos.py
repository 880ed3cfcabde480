"""Names and types in onnx's protobuf messages, as plain data."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING

from cnnlint.model.graph import Input, Value

if TYPE_CHECKING:
    import onnx


def text(value: str | bytes) -> str:
    """Return a name as text; protobuf hands over what is not UTF-8 as bytes."""
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value


def domain(value: str | bytes) -> str:
    """Return an operator domain; the default one has two names."""
    return "" if value == "ai.onnx" else text(value)


@cache
def dtype_name(kind: int) -> str | None:
    """Return numpy's name of a TensorProto data type; None for undefined and unknown ones."""
    import onnx  # noqa: PLC0415  (see loader)

    try:
        name = onnx.TensorProto.DataType.Name(kind)
    except ValueError:
        return None
    renamed = {"UNDEFINED": None, "FLOAT": "float32", "DOUBLE": "float64"}
    return renamed.get(name, name.lower())


def operator(proto: "onnx.NodeProto") -> str:
    """Return what a node does, with its domain in front unless that is ONNX's or onnxruntime's.

    So ``acme:Conv`` is never taken for a convolution.
    """
    own, name = domain(proto.domain), text(proto.op_type)
    return name if own in {"", "com.microsoft"} else f"{own}:{name}"


def declarations(entries: Iterable["onnx.ValueInfoProto"]) -> list[Input]:
    """Return what the file says of tensors: dtype and dimensions, symbols as they stand."""
    return [Input(text(e.name), *_declaration(e.type), bound=None) for e in entries]


def _declaration(
    kind: "onnx.TypeProto",
) -> tuple[str | None, tuple[int | str | None, ...] | None]:
    """Return dtype and dimensions; sizes below 1 are some exporters' way to say unknown."""
    if not kind.HasField("tensor_type"):
        return None, None
    dtype = dtype_name(kind.tensor_type.elem_type)
    if not kind.tensor_type.HasField("shape"):
        return dtype, None
    dims: list[int | str | None] = []
    for dim in kind.tensor_type.shape.dim:
        if dim.HasField("dim_value"):
            dims.append(dim.dim_value if dim.dim_value > 0 else None)
        else:
            dims.append(text(dim.dim_param) or None)
    return dtype, tuple(dims)


def declared_value(entry: Input, symbols: Mapping[str, int]) -> Value:
    """Return a tensor as the file declares it, symbols substituted where they are bound."""
    if entry.declared is None:
        return Value(entry.name, entry.dtype)
    sizes = (d if isinstance(d, int) else symbols.get(d or "") for d in entry.declared)
    return Value(entry.name, entry.dtype, tuple(sizes))
