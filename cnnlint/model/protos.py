"""Names and types in onnx's protobuf messages, as plain data."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING

from cnnlint.model.defect import Defect, Kind
from cnnlint.model.graph import Input, Value

if TYPE_CHECKING:
    import onnx


def text(value: str | bytes) -> str:
    """Return a name as text; protobuf hands over what is not UTF-8 as bytes."""
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value


def shown(name: str) -> str:
    """Return a name as a message has it: a very long one is shortened."""
    return name if len(name) <= 80 else f"{name[:79]}…"


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


def input_declarations(entries: Iterable["onnx.ValueInfoProto"]) -> list[Input]:
    """Return what the file says of the inputs of a model.

    A size of 0 is meant, since a runtime takes nothing else then; as the batch, the first axis,
    it is some exporters' way to say unknown.
    """
    return [Input(text(e.name), *_declaration(e.type, zeros=True), bound=None) for e in entries]


def negative_sizes(entries: Iterable["onnx.ValueInfoProto"]) -> Iterator[Defect]:
    """Yield the sizes of inputs that are negative; -1 is the usual way to say unknown."""
    for entry in entries:
        for axis, dim in enumerate(entry.type.tensor_type.shape.dim):
            if dim.dim_value < -1:
                name = text(entry.name)
                cause = f"input {shown(name)} declares a size of {dim.dim_value} on axis {axis}"
                yield Defect(Kind.SIZE, cause, tensor=name)


def _declaration(
    kind: "onnx.TypeProto", *, zeros: bool = False
) -> tuple[str | None, tuple[int | str | None, ...] | None]:
    """Return dtype and dimensions; sizes below 1 are some exporters' way to say unknown.

    With ``zeros`` a size of 0 stands for itself, unless it is the first.
    """
    if not kind.HasField("tensor_type"):
        return None, None
    dtype = dtype_name(kind.tensor_type.elem_type)
    if not kind.tensor_type.HasField("shape"):
        return dtype, None
    dims: list[int | str | None] = []
    for axis, dim in enumerate(kind.tensor_type.shape.dim):
        if dim.HasField("dim_value"):
            known = dim.dim_value > 0 or (zeros and axis > 0 and dim.dim_value == 0)
            dims.append(dim.dim_value if known else None)
        else:
            dims.append(text(dim.dim_param) or None)
    return dtype, tuple(dims)


def declared_value(entry: Input, symbols: Mapping[str, int]) -> Value:
    """Return a tensor as the file declares it, symbols substituted where they are bound."""
    if entry.declared is None:
        return Value(entry.name, entry.dtype)
    sizes = (d if isinstance(d, int) else symbols.get(d or "") for d in entry.declared)
    return Value(entry.name, entry.dtype, tuple(sizes))
