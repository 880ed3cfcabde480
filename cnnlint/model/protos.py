"""From onnx's protobuf messages to our own plain data, field by field."""

import re
from collections import Counter
from collections.abc import Mapping
from functools import cache
from math import prod
from os.path import isfile
from pathlib import Path
from typing import TYPE_CHECKING

from cnnlint.model.graph import Attr, Input, Node, Payload, Value
from cnnlint.model.paths import SCOPES, Naming, layer_paths, source_line

if TYPE_CHECKING:
    import onnx

    from cnnlint.model.graph import Array

_TRANSPARENT = frozenset({"Identity", "DequantizeLinear", "Transpose", "Cast"})
"""Operators between a weight and its layer that leave the weight's name telling."""


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


def inputs(graph: "onnx.GraphProto") -> list[Input]:
    """Return the declared inputs of a graph, weights of IR 3 files among them."""
    return [
        Input(text(entry.name), *_declaration(entry.type), bound=None) for entry in graph.input
    ]


def declared(graph: "onnx.GraphProto", symbols: Mapping[str, int]) -> dict[str, Value]:
    """Return what the file itself says of inner tensors and outputs, symbols substituted."""
    values = {}
    for entry in (*graph.value_info, *graph.output):
        dtype, dims = _declaration(entry.type)
        sizes = (d if isinstance(d, int) else symbols.get(d or "") for d in dims or ())
        shape = None if dims is None else tuple(sizes)
        values[text(entry.name)] = Value(text(entry.name), dtype, shape)
    return values


def made_twice(graph: "onnx.GraphProto") -> str | None:
    """Return a tensor that is given or made more than once, None where there is none.

    A stored tensor may also stand among the inputs, as it must in files of IR version 3.
    """
    made = [text(t.name) for t in graph.initializer]
    made += [text(sparse.values.name) for sparse in graph.sparse_initializer]
    stored = set(made)
    made += [name for e in graph.input if (name := text(e.name)) not in stored]
    made += [text(name) for node in graph.node for name in node.output]
    counts = Counter(filter(None, made))
    return next((name for name, count in counts.items() if count > 1), None)


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


_COUNT = re.compile(r"[0-9]{1,19}")
"""A number of bytes: what fits 64 bits, and what ``int`` accepts."""


class Stored:
    """Reads the stored tensors and the nodes of one file.

    ``data_files`` collects the external data files that tensors refer to, and whether each
    exists.
    """

    def __init__(self, file: Path | None, key: str) -> None:
        """``key`` marks payloads that the wire walk has stepped over."""
        self._file = file
        self._key = key
        self.data_files: dict[Path, bool] = {}
        self._places: dict[str, Path | None] = {}

    def initializers(self, graph: "onnx.GraphProto") -> dict[str, Value]:
        """Return the stored tensors of a graph by name; sparse ones by their dense shape."""
        values = {text(t.name): self.tensor(t, text(t.name)) for t in graph.initializer}
        for sparse in graph.sparse_initializer:
            name = text(sparse.values.name)
            values[name] = _sparse(sparse, name)
        return values

    def tensor(self, proto: "onnx.TensorProto", name: str) -> Value:
        """Return a stored tensor: its numbers where it is small, else where they lie."""
        dtype, shape = dtype_name(proto.data_type), tuple(proto.dims)
        for entry in reversed(proto.external_data):  # as for any field, the last one counts
            if entry.key == self._key:
                offset, length, field = (int(part) for part in entry.value.split(":"))
                payload = Payload(self._file, offset, length, field)
                return Value(name, dtype, shape, payload=payload, stored=True)
        if proto.data_location == proto.EXTERNAL:
            return Value(name, dtype, shape, payload=self._external(proto), stored=True)
        return Value(name, dtype, shape, const=_numbers(proto), stored=True)

    def nodes(self, graph: "onnx.GraphProto") -> tuple[list[Node], dict[str, Value]]:
        """Return the nodes in file order, and the tensors that Constant nodes hold."""
        naming = _Names(graph)
        paths = layer_paths([naming.of(proto) for proto in graph.node])
        nodes, constants = [], {}
        for index, (proto, path) in enumerate(zip(graph.node, paths, strict=True)):
            node = self._node(proto, index, path)
            nodes.append(node)
            if node.op == "Constant" and not node.domain and node.outputs:
                constants[node.outputs[0]] = self._constant(proto, node)
        return nodes, constants

    def _node(self, proto: "onnx.NodeProto", index: int, path: str) -> Node:
        metadata = {text(entry.key): text(entry.value) for entry in proto.metadata_props}
        return Node(
            key=("", index),
            name=text(proto.name),
            op=operator(proto),
            domain=domain(proto.domain),
            inputs=tuple(text(name) for name in proto.input),
            outputs=tuple(text(name) for name in proto.output),
            attrs={
                text(a.name): value
                for a in proto.attribute
                if (value := self._attribute(a)) is not None
            },
            path=path,
            source=source_line(metadata),
            captures=_captures(proto),
        )

    def _attribute(self, proto: "onnx.AttributeProto") -> Attr | None:
        """Return an attribute's value; graphs and large tensors have none here."""
        value: Attr | None = None
        match proto.AttributeType.Name(proto.type):
            case "FLOAT":
                value = proto.f
            case "INT":
                value = proto.i
            case "STRING":
                value = text(proto.s)
            case "FLOATS":
                value = tuple(proto.floats)
            case "INTS":
                value = tuple(proto.ints)
            case "STRINGS":
                value = tuple(text(s) for s in proto.strings)
            case "TENSOR" if prod(proto.t.dims) == 1:
                const = self.tensor(proto.t, "").const
                value = None if const is None else const.reshape(-1)[0].item()
        return value

    def _constant(self, proto: "onnx.NodeProto", node: Node) -> Value:
        """Return the tensor of a Constant node, in any of the forms that it has."""
        import numpy as np  # noqa: PLC0415  (see loader)

        name = node.outputs[0]
        for attribute in proto.attribute:
            match attribute.name:
                case "value":
                    return self.tensor(attribute.t, name)
                case "sparse_value":
                    return _sparse(attribute.sparse_tensor, name)
                case "value_int":
                    const = np.array(attribute.i, np.int64)
                case "value_ints":
                    const = np.array(attribute.ints, np.int64)
                case "value_float":
                    const = np.array(attribute.f, np.float32)
                case "value_floats":
                    const = np.array(attribute.floats, np.float32)
                case "value_string":
                    const = np.array(text(attribute.s), object)
                case "value_strings":
                    const = np.array([text(s) for s in attribute.strings], object)
                case _:
                    continue
            dtype = "string" if const.dtype == object else const.dtype.name
            return Value(name, dtype, const.shape, const=const, stored=True)
        return Value(name)

    def _external(self, proto: "onnx.TensorProto") -> Payload | None:
        """Return where an external tensor lies, None for a place outside the model's folder.

        The length is 0 where the file doesn't give one.
        """
        entries = {text(entry.key): text(entry.value) for entry in proto.external_data}
        location = entries.get("location", "")
        if location not in self._places:
            self._places[location] = self._inside(location)
        file = self._places[location]
        if file is None:
            return None
        if file not in self.data_files:
            self.data_files[file] = isfile(file)  # noqa: PTH113  (Path.is_file raises on long names)
        offset, length = (entries.get(key, "0") for key in ("offset", "length"))
        if not (_COUNT.fullmatch(offset) and _COUNT.fullmatch(length)):
            return None
        return Payload(file, int(offset), int(length))

    def _inside(self, location: str) -> Path | None:
        """Return the path of a data file if it lies in the model's folder; it is not opened."""
        odd = not location or "\0" in location or "\\" in location
        if self._file is None or odd or Path(location).is_absolute():
            return None
        try:
            folder = self._file.parent.resolve()
            return (
                self._file.parent / location
                if (folder / location).resolve().is_relative_to(folder)
                else None
            )
        except (OSError, RuntimeError, ValueError):
            return None


class _Names:
    """Finds what each node of a graph can be named by."""

    def __init__(self, graph: "onnx.GraphProto") -> None:
        self._stored = {text(t.name) for t in graph.initializer}
        self._maker = {
            text(node.output[0]): node
            for node in graph.node
            if node.op_type in _TRANSPARENT and node.output and node.input
        }

    def of(self, proto: "onnx.NodeProto") -> Naming:
        scopes = next((text(e.value) for e in proto.metadata_props if e.key == SCOPES), None)
        carries = proto.op_type in _TRANSPARENT  # a weight to its layer: not itself a layer
        read = () if carries else tuple(n for name in proto.input for n in self._chain(text(name)))
        return Naming(text(proto.op_type), text(proto.name), read, scopes)

    def _chain(self, name: str) -> tuple[str, ...]:
        """Return an operand's names back to its stored tensor, none where it is computed."""
        names = []
        for _ in range(4):
            names.append(name)
            if name in self._stored:
                return tuple(names)
            if name not in self._maker:
                break
            name = text(self._maker[name].input[0])
        return ()


def _numbers(proto: "onnx.TensorProto") -> "Array | None":
    """Return the numbers of a small stored tensor, None where they don't fit its declaration."""
    from onnx import numpy_helper  # noqa: PLC0415  (see loader)

    try:
        numbers = numpy_helper.to_array(proto)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        return None
    return numbers if numbers.shape == tuple(proto.dims) else None


def _sparse(proto: "onnx.SparseTensorProto", name: str) -> Value:
    """Return a sparse tensor as what it stands for: a dense one whose numbers are not here."""
    return Value(name, dtype_name(proto.values.data_type), tuple(proto.dims), stored=True)


def _captures(proto: "onnx.NodeProto") -> tuple[str, ...]:
    """Return the outer tensors that the bodies of a node read, each once."""
    names: dict[str, None] = {}
    for attribute in proto.attribute:
        for body in (attribute.g, *attribute.graphs) if attribute.type in _BODIES else ():
            _read_outside(body, names)
    return tuple(names)


_BODIES = frozenset({5, 10})  # AttributeProto.GRAPH and GRAPHS


def _read_outside(body: "onnx.GraphProto", names: dict[str, None]) -> None:
    inside = {text(entry.name) for entry in body.input}
    inside.update(text(tensor.name) for tensor in body.initializer)
    inside.update(text(sparse.values.name) for sparse in body.sparse_initializer)
    for node in body.node:
        for name in (*map(text, node.input), *_captures(node)):
            if name and name not in inside:
                names[name] = None
        inside.update(text(name) for name in node.output)
    names.update(dict.fromkeys(text(o.name) for o in body.output if text(o.name) not in inside))
