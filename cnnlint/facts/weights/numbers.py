"""The numbers of stored weights: the only fact that reads weight bytes, one tensor at a time."""

from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

from cnnlint.model.graph import Value

if TYPE_CHECKING:
    import numpy as np

    Floats = np.ndarray[tuple[int, ...], np.dtype[np.float32]]

_READABLE = frozenset({"float16", "float32", "float64", "int8"})
"""Types that numpy has and that say how large a weight is; uint8 needs its zero point for that."""
_RAW_FIELDS = frozenset({0, 9})
"""Fields whose bytes are the numbers themselves in little-endian order: external and raw_data."""
_PACKED_FIELDS = {"float32": 4, "float64": 10}
"""Typed fields of TensorProto in which protobuf packs numbers the same way."""


def read(value: Value) -> "Floats | None":
    """Return a stored tensor as float32 in its own shape, None where it can't be read.

    So it is with a model that came from memory, a data file that is missing or too short, and
    the types that numpy doesn't have (bfloat16, 8-bit floats).
    """
    import numpy as np  # noqa: PLC0415  (only rules that look at weights need it)

    at, shape = value.payload, value.static
    if value.dtype not in _READABLE or shape is None:
        return None
    if value.const is not None:
        return np.asarray(value.const, np.float32)
    if at is None or at.file is None:
        return None
    if at.field not in _RAW_FIELDS and at.field != _PACKED_FIELDS.get(value.dtype):
        return None
    dtype = np.dtype(value.dtype).newbyteorder("<")
    size = prod(shape) * dtype.itemsize
    data = _bytes(at.file, at.offset, size) if at.length in {0, size} else None
    if data is None:
        return None
    return np.frombuffer(data, dtype).reshape(shape).astype(np.float32, copy=False)


def _bytes(path: Path, offset: int, size: int) -> bytes | None:
    """Return so many bytes of a regular file, None where they aren't there."""
    try:
        if not path.is_file() or path.stat().st_size < offset + size:
            return None
        with path.open("rb") as file:
            file.seek(offset)
            return file.read(size)
    except OSError:
        return None


def identity_score(weight: "Floats") -> float | None:
    """Return how much a square kernel holds an identity: centre taps against all others.

    ``weight`` is ``[C, C, *k]`` with odd k. The score is the mean of |W[i, i, centre]| over the
    mean of all other |W|: about 1 for an ordinary kernel, 15-32 where RepVGG has folded a skip
    connection into it. None where it is not defined.
    """
    import numpy as np  # noqa: PLC0415  (see read)

    channels, kernel = weight.shape[0], weight.shape[2:]
    if weight.shape[1] != channels or any(k % 2 == 0 for k in kernel) or weight.size <= channels:
        return None
    size = np.abs(weight).reshape(channels, channels, -1)
    diagonal = np.arange(channels), np.arange(channels), prod(kernel) // 2
    inside = float(size[diagonal].sum(dtype=np.float64))
    size[diagonal] = 0
    outside = float(size.sum(dtype=np.float64))
    if outside <= 0:
        return None
    return (inside / channels) / (outside / (weight.size - channels))
