"""Numbers of stored weights that are none, or too large for float16."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from cnnlint.facts.weights.stored import pieces
from cnnlint.model.graph import Value

if TYPE_CHECKING:
    import numpy as np

    Numbers = np.ndarray[tuple[int, ...], np.dtype[np.floating]]

LARGEST_HALF = 65_504
"""The largest number of float16."""
_FLOATS = {"float32": "<f4", "float64": "<f8"}
_HALVES = {"float16": (0x7C00, 0x03FF), "bfloat16": (0x7F80, 0x007F)}
"""Exponent and fraction of the types of which 16 bits are looked at."""


@dataclass(frozen=True, slots=True)
class Extremes:
    """What is odd about the numbers of a tensor."""

    nan: int = 0
    """How many are not a number."""
    infinite: int = 0
    """How many are infinite."""
    largest: float = 0.0
    """The largest magnitude of finite ones; 0 for types of 16 bits, where it isn't looked for."""

    def __add__(self, other: "Extremes") -> "Extremes":
        """Return the same of two tensors together."""
        return Extremes(
            self.nan + other.nan,
            self.infinite + other.infinite,
            max(self.largest, other.largest),
        )


def extremes(value: Value) -> Extremes | None:
    """Return what is odd about a stored tensor, None where it can't be read or has no floats.

    It is read once at the speed of memory, a piece at a time; only pieces in which something is
    odd are looked at closely.
    """
    dtype = value.dtype or ""
    found = pieces(value) if dtype in _FLOATS or dtype in _HALVES else None
    if found is None:
        return None
    look = _halves if dtype in _HALVES else _floats
    return sum(look(found, dtype), start=Extremes())


def _floats(found: Iterator[memoryview], dtype: str) -> Iterator[Extremes]:
    import numpy as np  # noqa: PLC0415  (only rules that look at weights need it)

    for piece in found:
        numbers: Numbers = np.frombuffer(piece, _FLOATS[dtype])
        if not numbers.size:
            continue
        low, high = float(numbers.min()), float(numbers.max())  # NaN where there is one
        if -inf < low and high < inf:
            yield Extremes(largest=max(-low, high))
            continue
        nan, infinite = np.isnan(numbers), np.isinf(numbers)
        size = np.abs(numbers[~(nan | infinite)])
        yield Extremes(int(nan.sum()), int(infinite.sum()), float(size.max(initial=0)))


def _halves(found: Iterator[memoryview], dtype: str) -> Iterator[Extremes]:
    import numpy as np  # noqa: PLC0415  (see _floats)

    exponent, fraction = _HALVES[dtype]
    for piece in found:
        bits = np.frombuffer(piece, "<u2")
        odd = bits[(bits & exponent) == exponent]
        nan = int(np.count_nonzero(odd & fraction))
        yield Extremes(nan, odd.size - nan)
