"""Values that programs forget: limits, empty ones, none at all, the wrong kind."""

from random import Random
from typing import TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.generic]]

_NUMBERS = (0, -1, 2**31 - 1, 2**31, 2**32, 2**40, 2**63 - 1, -(2**63), -(2**31), 2**64 - 1)
_TEXTS = (
    "",
    "\x1b[31mred",
    "a\nb",
    "\u202e",
    "é" * 300,
    "/" * 50,
    "=1+1",
    "NOTSET",
    "bicubic",
    "bij",
)
_DTYPES = ("int64", "int32", "float32", "bool", "uint8", "float64", "complex64", "float16")


def numbers(rng: Random) -> tuple[int, ...]:
    """Return integers to choose from: odd ones, and as many that are common."""
    return (*_NUMBERS, *(rng.randint(-4, 20) for _ in _NUMBERS))


def odd_float(rng: Random) -> float:
    """Return a number that single precision can hold, or none."""
    return rng.choice((0.0, 1.0, -1.0, 0.5, 2.0, float("nan"), float("inf"), float("-inf"), 1e38))


def odd_text(rng: Random) -> str:
    """Return a text that is odd for a terminal, a file or an operator."""
    return rng.choice(_TEXTS)


def odd_array(rng: Random) -> Array:
    """Return a small tensor of any type, numbers and text among them."""
    shape = rng.choice(((), (0,), (1,), (1,), (2,), (3,), (4,), (8,), (1, 1), (2, 2), (1, 0)))
    if rng.random() < 0.05:
        return np.full(shape, rng.choice(("", "nan", "1")), dtype=object)
    dtype = np.dtype(rng.choice(_DTYPES) if rng.random() < 0.4 else "int64")
    with np.errstate(all="ignore"):
        if dtype.kind in "fc":
            return np.full(shape, odd_float(rng)).astype(dtype)
        small = [n for n in numbers(rng) if -(2**63) <= n < 2**63]
        values = [rng.choice(small) for _ in range(int(np.prod(shape)))]
        return np.array(values, np.int64).reshape(shape).astype(dtype)
