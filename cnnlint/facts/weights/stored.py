"""The bytes of stored tensors, a piece at a time where no whole tensor need be held."""

import sys
from collections.abc import Iterator
from math import prod
from pathlib import Path

from cnnlint.facts.dataflow import size_in_bytes
from cnnlint.model.graph import Value

PIECE = 1 << 18
"""Bytes that are read at once: a piece stays in the cache while it is looked at."""
START = 1 << 12
"""Bytes that tell most tensors apart."""
_RAW_FIELDS = frozenset({0, 9})
"""Fields whose bytes are the numbers themselves in little-endian order: external and raw_data."""
_PACKED_FIELDS = {"float32": 4, "float64": 10}
"""Typed fields of TensorProto in which protobuf packs numbers the same way."""


def pieces(value: Value, most: int = PIECE) -> Iterator[memoryview] | None:
    """Return the numbers of a stored tensor as bytes, None where they can't be read.

    They come in the order of the tensor, ``most`` bytes at a time, and each piece is gone when
    the next one is asked for. What the loader keeps comes as one piece.
    """
    if value.const is not None:
        return None if value.const.dtype.hasobject else iter([memoryview(value.const.tobytes())])
    span = _span(value)
    return None if span is None else _pieces(*span, most)


def whole(value: Value) -> memoryview | None:
    """Return all bytes of a stored tensor at once, None where they can't be read.

    They are fewer than they should be where the file ends early while it is read.
    """
    found = pieces(value, sys.maxsize)
    return None if found is None else next(found, memoryview(b""))


def start_of(value: Value) -> bytes | None:
    """Return the first bytes of a stored tensor, None where they can't be read."""
    found = pieces(value, START)
    return None if found is None else bytes(next(found, b""))


def same_bytes(one: Value, other: Value) -> bool:
    """Return whether two stored tensors of one type and shape are the same, bit for bit.

    Not where either can't be read.
    """
    left, right = pieces(one), pieces(other)
    if left is None or right is None:
        return False
    try:
        return all(bytes(a) == bytes(b) for a, b in zip(left, right, strict=True))
    except ValueError:  # one of them ended early
        return False


def _span(value: Value) -> tuple[Path, int, int] | None:
    """Return the file, offset and length of a tensor's numbers, None where they aren't there."""
    at, shape = value.payload, value.static
    if at is None or at.file is None or shape is None:
        return None
    if at.field not in _RAW_FIELDS and at.field != _PACKED_FIELDS.get(value.dtype or ""):
        return None
    size = size_in_bytes(prod(shape), value.dtype)
    if size is None or at.length not in {0, size}:
        return None
    try:
        there = at.file.is_file() and at.file.stat().st_size >= at.offset + size
    except OSError:
        return None
    return (at.file, at.offset, size) if there else None


def _pieces(path: Path, offset: int, size: int, most: int) -> Iterator[memoryview]:
    piece = memoryview(bytearray(min(most, size)))
    try:
        with path.open("rb") as file:
            file.seek(offset)
            while size and file.readinto(piece[:size]) == len(piece[:size]):
                yield piece[:size]
                size -= len(piece[:size])
    except OSError:
        return
