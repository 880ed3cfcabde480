"""Amounts as people write them: ``1.8G`` multiply-adds, ``20MiB``, ``+5%``."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import TypeGuard

MOST = 2**63 - 1
"""The largest whole number of TOML."""
_DIGITS = "[0-9]{1,19}(?:_[0-9]{1,3}){0,6}"
_NUMBER = rf"({_DIGITS}(?:\.[0-9]{{1,12}})?)"
_GROWTH = re.compile(r"(\+[0-9]{1,6}(?:\.[0-9]{1,6})?|-[0-9]{1,2}(?:\.[0-9]{1,6})?) ?%")
_DECIMAL = {"k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_BINARY = {"k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}


class Measure(Enum):
    """What an amount is one of: how it may be written, and what it must be."""

    COUNT = (rf"{_NUMBER} ?([kKMmGgTt])?", 'a whole number above 0, "5M", "1.8G"')
    LAYERS = (rf"({_DIGITS})()", "a whole number above 0")
    BYTES = (
        rf"{_NUMBER} ?([kKMGTmgt][iI]?B|[kmgt][iI]?b|B)?",
        'bytes as a whole number above 0, "20MiB", "20 MB"',
    )
    MILLISECONDS = (rf"{_NUMBER} ?(ms)?", "a number of milliseconds above 0")

    def __init__(self, written: str, what: str) -> None:
        """Keep the pattern of a text and, in words, what an amount must be."""
        self.written = written
        self.what = what

    @property
    def whole(self) -> bool:
        """Whether there are no parts of it."""
        return self is not Measure.MILLISECONDS

    @property
    def pattern(self) -> str:
        """What a text must match, as JSON Schema takes it."""
        return f"^(?:{self.written}|{_GROWTH.pattern})$"


LIMITS: Mapping[str, Measure] = {
    "max_params": Measure.COUNT,
    "max_macs": Measure.COUNT,
    "max_weight_bytes": Measure.BYTES,
    "max_peak_memory": Measure.BYTES,
    "max_file_size": Measure.BYTES,
    "max_plain_run": Measure.LAYERS,
    "max_latency_ms": Measure.MILLISECONDS,
}
"""The keys of a budget, and what each is measured in."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """What a limit is: an amount, or growth over a reference; the other one is None."""

    amount: float | None = None
    """In ones, bytes or milliseconds."""
    growth: float | None = None
    """0.05 for ``+5%``."""


def quantity(value: object, measure: Measure) -> Quantity:
    """Return what a limit says, from TOML or the command line.

    Parts of a byte, of a parameter or of a multiply-add are dropped: nothing has them.

    Raises:
        ValueError: it is no limit; the message says what it must be.
    """
    if isinstance(value, str):
        grown = _GROWTH.fullmatch(value)
        growth = float(Fraction(grown[1]) / 100) if grown else None
        return _spelled(value, measure) if growth is None else Quantity(growth=growth)
    if not is_number(value) or not 0 < value <= MOST or (measure.whole and value != int(value)):
        raise _wrong(measure)
    return Quantity(int(value) if measure.whole else value)


def is_number(value: object) -> TypeGuard[int | float]:
    """Tell whether a value of TOML is a number; ``true`` is none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _spelled(text: str, measure: Measure) -> Quantity:
    found = re.fullmatch(measure.written, text)
    if not found:
        raise _wrong(measure, _cure(text, measure))
    number = Fraction(found[1].replace("_", "")) * _factor(found[2] or "")
    amount = int(number) if measure.whole else float(number)
    if not 0 < amount <= MOST:
        raise _wrong(measure, "; it comes to nothing" if amount <= MOST else "; that is too much")
    return Quantity(amount)


def _factor(unit: str) -> int:
    """Return how many ones ``k``, ``MB`` or ``GiB`` are."""
    prefix = unit[:1].lower()
    factors = _BINARY if unit[1:2].lower() == "i" else _DECIMAL
    return 1 if unit in {"", "B", "ms"} else factors[prefix]


def _cure(text: str, measure: Measure) -> str:
    """Return what to write instead, where that can be told."""
    if re.fullmatch(rf"{_NUMBER} ?%", text):
        return f'; write "+{text}" for so much more than the reference'
    bare = re.fullmatch(rf"{_NUMBER} ?([kKMGTmgt])b?", text)
    if measure is Measure.BYTES and bare:
        unit = bare[2].upper() if bare[2] != "k" else "k"
        return f'; write "{bare[1]} {unit}B" or "{bare[1]} {unit.upper()}iB"'
    if "," in text:
        return "; write a point, and no commas between thousands"
    return ""


def _wrong(measure: Measure, cure: str = "") -> ValueError:
    return ValueError(f'{measure.what}, or relative as in "+5%"{cure}')
