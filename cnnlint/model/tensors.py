"""Stored tensors: their numbers where they are small, else where their bytes lie."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from cnnlint.model.defect import Defect
from cnnlint.model.external import DataFiles
from cnnlint.model.graph import Attr, Payload, Value
from cnnlint.model.protos import dtype_name, shown, text
from cnnlint.model.stored import (
    MAX_AXES,
    Misfit,
    byte_count,
    check_sparse,
    check_stored,
)

if TYPE_CHECKING:
    import onnx

    from cnnlint.model.graph import Array


class Tensors:
    """Reads the stored tensors of one file; ``data_files`` are those that they refer to."""

    def __init__(self, file: Path | None, key: str) -> None:
        """``key`` marks payloads that the wire walk has stepped over."""
        self._file = file
        self._key = key
        self.data_files = DataFiles(file)
        self._defects: list[Defect] = []

    @property
    def defects(self) -> tuple[Defect, ...]:
        """What is wrong with the tensors that were read so far."""
        return (*self._defects, *self.data_files.defects())

    def initializers(self, graph: "onnx.GraphProto") -> dict[str, Value]:
        """Return the stored tensors of a graph by name; sparse ones by their dense shape."""
        values = {text(t.name): self.tensor(t, text(t.name)) for t in graph.initializer}
        for sparse in graph.sparse_initializer:
            name = text(sparse.values.name)
            values[name] = self._sparse(sparse, name)
        return values

    def tensor(self, proto: "onnx.TensorProto", name: str) -> Value:
        """Return a stored tensor: its numbers where it is small, else where they lie."""
        try:
            return self._read(proto, name)
        except Misfit as misfit:
            self._note(name, misfit)
            possible = len(proto.dims) <= MAX_AXES and all(size >= 0 for size in proto.dims)
            shape = tuple(proto.dims) if possible else None
            return Value(name, dtype_name(proto.data_type), shape, stored=True)

    def constant(self, proto: "onnx.NodeProto", name: str) -> Value:
        """Return the tensor of a Constant node; one of unknown shape where it isn't given here."""
        for attribute in proto.attribute:
            if attribute.name == "value" and attribute.HasField("t"):
                return self.tensor(attribute.t, name)
            if attribute.name == "sparse_value":
                return self._sparse(attribute.sparse_tensor, name)
            value = self.attribute(attribute)
            if value is not None:
                return constant(name, text(attribute.name), value)
        return Value(name)

    def attribute(self, proto: "onnx.AttributeProto") -> Attr | None:
        """Return an attribute's value; graphs and large tensors have none here."""
        read = _ATTRIBUTES.get(proto.type)
        if read is not None:
            return read(proto)
        if proto.type == _TENSOR and all(size == 1 for size in proto.t.dims):
            const = _numbers(proto.t)
            (value,) = (None,) if const is None else const.reshape(-1).tolist()
            return value if isinstance(value, int | float | str) else None
        return None

    def _read(self, proto: "onnx.TensorProto", name: str) -> Value:
        """Return a stored tensor.

        Raises:
            Misfit: its data can't be what is said of it.
        """
        dtype, shape = dtype_name(proto.data_type), tuple(proto.dims)
        skipped = self._skipped(proto)
        count = check_stored(proto, {field: length for field, (_, length) in skipped.items()})
        if proto.data_location == proto.EXTERNAL:
            if skipped or proto.raw_data:
                raise Misfit("has both external data and data of its own")
            expected = byte_count(proto.data_type, count)
            payload = self.data_files.place(proto, name, expected)
            return Value(name, dtype, shape, payload=payload, stored=True)
        for field, (offset, length) in skipped.items():
            payload = Payload(self._file, offset, length, field)
            return Value(name, dtype, shape, payload=payload, stored=True)
        small = count <= _MANY
        return Value(name, dtype, shape, const=_numbers(proto) if small else None, stored=True)

    def _skipped(self, proto: "onnx.TensorProto") -> dict[int, tuple[int, int]]:
        """Return offset and length of each field that the wire walk has stepped over.

        As for any field that isn't repeated, the last one counts.
        """
        found = {}
        for entry in proto.external_data:
            if entry.key == self._key:
                offset, length, field = (int(part) for part in entry.value.split(":"))
                found[field] = (offset, length)
        return found

    def _sparse(self, proto: "onnx.SparseTensorProto", name: str) -> Value:
        """Return a sparse tensor as a dense one whose numbers are not here."""
        try:
            check_sparse(proto)
            for part in (proto.values, proto.indices):
                check_stored(part, {f: length for f, (_, length) in self._skipped(part).items()})
        except Misfit as misfit:
            self._note(name, misfit)
        dtype = dtype_name(proto.values.data_type)
        return Value(name, dtype, tuple(proto.dims), stored=True)

    def _note(self, name: str, misfit: Misfit) -> None:
        self._defects.append(Defect(misfit.kind, f"tensor {shown(name)} {misfit}", tensor=name))


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
_MANY = 1 << 20
"""More elements than the walk over the file keeps the bytes of; what claims more holds none."""


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
    if proto.data_location == proto.EXTERNAL:
        return None  # what follows would open the file
    from onnx import numpy_helper  # noqa: PLC0415  (see loader)

    try:
        numbers = numpy_helper.to_array(proto)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, MemoryError):
        return None
    return numbers if numbers.shape == tuple(proto.dims) else None
