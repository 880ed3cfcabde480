"""Stored tensors: their numbers where they are small, else where their bytes lie."""

import re
from collections.abc import Callable, Mapping
from math import prod
from os.path import isfile
from pathlib import Path
from typing import TYPE_CHECKING

from cnnlint.model.graph import Attr, Payload, Value
from cnnlint.model.protos import dtype_name, text

if TYPE_CHECKING:
    import onnx

    from cnnlint.model.graph import Array

_COUNT = re.compile(r"[0-9]{1,19}")
"""A number of bytes: what fits 64 bits, and what ``int`` accepts."""


class Tensors:
    """Reads the stored tensors of one file.

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

    def constant(self, proto: "onnx.NodeProto", name: str) -> Value:
        """Return the tensor of a Constant node; one of unknown shape where it isn't given here."""
        for attribute in proto.attribute:
            if attribute.name == "value" and attribute.HasField("t"):
                return self.tensor(attribute.t, name)
            if attribute.name == "sparse_value":
                return _sparse(attribute.sparse_tensor, name)
            value = self.attribute(attribute)
            if value is not None:
                return constant(name, text(attribute.name), value)
        return Value(name)

    def attribute(self, proto: "onnx.AttributeProto") -> Attr | None:
        """Return an attribute's value; graphs and large tensors have none here."""
        read = _ATTRIBUTES.get(proto.type)
        if read is not None:
            return read(proto)
        if proto.type == _TENSOR and prod(proto.t.dims) == 1:
            const = self.tensor(proto.t, "").const
            value: Attr | None = None if const is None else const.reshape(-1)[0].item()
            return value
        return None

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


_ATTRIBUTES: "Mapping[int, Callable[[onnx.AttributeProto], Attr]]" = {
    1: lambda proto: proto.f,
    2: lambda proto: proto.i,
    3: lambda proto: text(proto.s),
    6: lambda proto: tuple(proto.floats),
    7: lambda proto: tuple(proto.ints),
    8: lambda proto: tuple(map(text, proto.strings)),
}
"""How to read each AttributeProto.AttributeType that holds plain data."""
_TENSOR = 4


def constant(name: str, form: str, value: Attr) -> Value:
    """Return the tensor of a Constant node from the attribute ``form`` that holds its numbers."""
    import numpy as np  # noqa: PLC0415  (see loader)

    kinds: dict[str, type] = {"int": np.int64, "float": np.float32, "string": object}
    kind = kinds.get(form.removeprefix("value_").removesuffix("s"))
    if kind is None:
        return Value(name)
    try:
        const: Array = np.array(value, kind)
    except (ValueError, TypeError, OverflowError):  # text where a number should be
        return Value(name)
    dtype = "string" if const.dtype == object else const.dtype.name
    return Value(name, dtype, const.shape, const=const, stored=True)


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
