"""Whether a stored tensor can be what the file says of it.

Only lengths are looked at, never numbers. See TensorProto in onnx.proto for what each field
may hold, and how elements of less than a byte are packed.
"""

from collections.abc import Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING

from cnnlint.model.defect import Kind
from cnnlint.model.protos import dtype_name

if TYPE_CHECKING:
    import onnx

MAX_AXES = 64
"""More axes than numpy's 64 no tensor has."""
MAX_COUNT = 2**63 - 1
"""Elements are counted in 64 bits."""

_FLOAT, _INT32, _STRING, _INT64, _RAW, _DOUBLE, _UINT64 = 4, 5, 6, 7, 9, 10, 11
_FIELDS = {
    _FLOAT: "float_data",
    _INT32: "int32_data",
    _STRING: "string_data",
    _INT64: "int64_data",
    _RAW: "raw_data",
    _DOUBLE: "double_data",
    _UINT64: "uint64_data",
}
_SEGMENT = 3
_STRINGS, _INDEX_TYPE = 8, 7
_BITS = {  # TensorProto.DataType: bits of an element
    **dict.fromkeys((2, 3, 9, 17, 18, 19, 20, 24), 8),
    **dict.fromkeys((4, 5, 10, 16), 16),
    **dict.fromkeys((1, 6, 12), 32),
    **dict.fromkeys((7, 11, 13, 14), 64),
    15: 128,
    **dict.fromkeys((21, 22, 23), 4),
    **dict.fromkeys((25, 26), 2),
    **dict.fromkeys((27, 28), 6),
}
_FIELD_OF = {1: _FLOAT, 14: _FLOAT, 7: _INT64, _STRINGS: _STRING, 11: _DOUBLE, 15: _DOUBLE} | {
    12: _UINT64,
    13: _UINT64,
}
"""The field for numbers of a type, where that isn't int32_data."""
_ENTRIES = {14: (2, 1), 15: (2, 1), 21: (1, 2), 22: (1, 2), 23: (1, 2), 25: (1, 4), 26: (1, 4)}
"""Entries of that field for so many elements, where it is not one for one."""
_ENTRY_BYTES = {
    _FLOAT: (4, 4),
    _DOUBLE: (8, 8),
    _INT32: (1, 10),
    _INT64: (1, 10),
    _UINT64: (1, 10),
}
"""The least and the most bytes that an entry takes in the file."""


class Misfit(Exception):  # noqa: N818  (the model's fault, not an error of ours)
    """A stored tensor that can't be; the message says why, in lower case and with numbers."""

    def __init__(self, text: str, kind: Kind = Kind.TENSOR) -> None:
        """``kind`` is the sort of defect."""
        super().__init__(text)
        self.kind = kind


def element_count(dims: Sequence[int]) -> int:
    """Return the number of elements of a stored tensor.

    Raises:
        Misfit: no tensor has these dimensions.
    """
    if len(dims) > MAX_AXES:
        raise Misfit(f"has {len(dims):,} axes", Kind.SIZE)
    sizes = tuple(dims)
    if sizes and min(sizes) < 0:
        axis, size = next((axis, size) for axis, size in enumerate(sizes) if size < 0)
        raise Misfit(f"declares a size of {size} on axis {axis}", Kind.SIZE)
    count = prod(sizes)
    if count > MAX_COUNT:
        raise Misfit(f"declares {_spelled(dims)} elements, more than 64 bits count", Kind.SIZE)
    return count


def byte_count(kind: int, count: int) -> int | None:
    """Return the bytes of so many elements of a type, packed; None for text and unknown types."""
    bits = _BITS.get(kind)
    return None if bits is None else -(-count * bits // 8)


def check_stored(proto: "onnx.TensorProto", skipped: Mapping[int, int]) -> int:
    """Look whether the data of a tensor in the model file is what its type and shape ask for.

    Args:
        proto: the tensor; one without any data was stripped of it on purpose, and is fine.
        skipped: the lengths in bytes of the fields that are not read, by field number.

    Returns:
        How many elements it has.

    Raises:
        Misfit: it isn't.
    """
    count = element_count(proto.dims)
    present = {field.number: value for field, value in proto.ListFields()}
    if _SEGMENT in present:
        raise Misfit("is one segment of a tensor, which no runtime puts together")
    held = [number for number, value in present.items() if number in _FIELDS and value]
    if skipped:
        held = sorted({*held, *skipped})
    if not held:
        return count
    if len(held) > 1:
        names = " and ".join(_FIELDS[number] for number in held)
        raise Misfit(f"holds its numbers twice, as {names}")
    (number,) = held
    kind = proto.data_type
    if kind not in _BITS and kind != _STRINGS:
        what = "no element type" if kind == 0 else f"element type {kind}, which ONNX doesn't have"
        raise Misfit(f"has {what}")
    if number not in {_FIELD_OF.get(kind, _INT32), _RAW if kind != _STRINGS else _STRING}:
        raise Misfit(f"is {dtype_name(kind)} but holds {_FIELDS[number]}")
    if number == _RAW:
        found, expected = skipped.get(number) or len(present[number]), byte_count(kind, count)
        if found != expected:
            raise Misfit(_unlike(proto, f"{found:,} bytes", f"{expected:,}"))
        return count
    held_here = len(present.get(number, ()))
    _check_entries(proto, count, (number, held_here, skipped.get(number)))
    return count


def _check_entries(
    proto: "onnx.TensorProto", count: int, data: tuple[int, int, int | None]
) -> None:
    """Look whether a typed field holds as many entries as so many elements take.

    ``data`` is the field's number, the entries that were read, and the bytes of those that
    were not.

    Raises:
        Misfit: it doesn't.
    """
    number, least, unread = data
    most = least
    times, of = _ENTRIES.get(proto.data_type, (1, 1))
    expected = -(-count * times // of)
    if unread is not None:
        shortest, longest = _ENTRY_BYTES[number]
        least += -(-unread // longest)
        most += unread // shortest
    if not least <= expected <= most:
        found = f"{least:,}" if least == most else f"{least:,} to {most:,}"
        raise Misfit(_unlike(proto, f"{found} numbers", f"{expected:,}"))


def check_sparse(proto: "onnx.SparseTensorProto") -> None:
    """Look whether the values of a sparse tensor have places, and these are inside of it.

    Only small lists of places are looked at; nothing is ever made dense.

    Raises:
        Misfit: they haven't, or aren't.
    """
    count, rank = element_count(proto.dims), len(proto.dims)
    values, places = tuple(proto.values.dims), tuple(proto.indices.dims)
    if len(values) != 1 or places not in {values, (*values, rank)}:
        raise Misfit(f"has values of {_spelled(values)} at indices of {_spelled(places)}")
    if proto.indices.data_type != _INDEX_TYPE:
        raise Misfit(f"has indices of {dtype_name(proto.indices.data_type)}, not int64")
    indices = _indices(proto.indices)
    if len(places) == 1:
        outside = next((i for i in indices if not 0 <= i < count), None)
        bound = f"{count:,} elements"
    else:
        sizes = [size for _ in range(values[0]) for size in proto.dims] if indices else []
        pairs = zip(indices, sizes, strict=False)
        outside = next((i for i, size in pairs if not 0 <= i < size), None)
        bound = f"shape {_spelled(proto.dims)}"
    if outside is not None:
        raise Misfit(f"has a value at index {outside:,}, outside its {bound}")


def _indices(proto: "onnx.TensorProto") -> list[int]:
    """Return the numbers of a small index tensor, none where they are not here."""
    if proto.int64_data:
        return list(proto.int64_data)
    raw = proto.raw_data
    return [int.from_bytes(raw[i : i + 8], "little", signed=True) for i in range(0, len(raw), 8)]


def _unlike(proto: "onnx.TensorProto", found: str, expected: str) -> str:
    dtype = dtype_name(proto.data_type)
    return f"holds {found}; {dtype} of shape {_spelled(proto.dims)} takes {expected}"


def _spelled(dims: Sequence[int]) -> str:
    return "x".join(map(str, dims)) or "a scalar"
