"""The numbers of a stored tensor as an array, one tensor at a time."""

from math import prod
from typing import TYPE_CHECKING

from cnnlint.facts.weights.stored import whole
from cnnlint.model.graph import Value

if TYPE_CHECKING:
    import numpy as np

    Floats = np.ndarray[tuple[int, ...], np.dtype[np.float32]]

_READABLE = frozenset({"float16", "float32", "float64", "int8"})
"""Types that numpy has and that say how large a weight is; uint8 needs its zero point for that."""


def read(value: Value) -> "Floats | None":
    """Return a stored tensor as float32 in its own shape, None where it can't be read.

    So it is with a model that came from memory, a data file that is missing or too short, and
    the types that numpy doesn't have (bfloat16, 8-bit floats).
    """
    import numpy as np  # noqa: PLC0415  (only rules that look at weights need it)

    shape = value.static
    if value.dtype not in _READABLE or shape is None:
        return None
    if value.const is not None:
        return np.asarray(value.const, np.float32)
    dtype = np.dtype(value.dtype).newbyteorder("<")
    data = whole(value)
    if data is None or len(data) < prod(shape) * dtype.itemsize:
        return None
    return np.frombuffer(data, dtype).reshape(shape).astype(np.float32, copy=False)
