"""Kinds of values: how each is read from TOML, and what JSON Schema says of it.

A kind never stops at a mistake and never raises: it writes the mistake down, where it stands, and
returns None.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from sys import float_info
from typing import Generic, Protocol, TypeAlias, TypeVar

from cnnlint.config.amounts import is_number
from cnnlint.config.places import Steps
from cnnlint.lint.patterns import is_pattern

T = TypeVar("T")
Read_co = TypeVar("Read_co", covariant=True)
Schema: TypeAlias = dict[str, object]
MAX_SHOWN = 60
"""Characters of a value that a message has."""
MAX_TOLD = 50
"""Mistakes that are told, and warnings; the others are counted."""
MAX_GLOB = 1_000
"""Characters of a pattern of files; it may come with a stranger's model."""
BITS = 63
"""Whole numbers of TOML have so many and a sign."""
_FULL = "^[^\\u0000]*[^\\s\\u0000][^\\u0000]*$"
"""Something, and no NUL: no path has one."""
_ISO = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"


@dataclass
class Notebook:
    """What is written down while a configuration is read."""

    place: Callable[[Steps], str]
    """Tells where a value stands, by the keys that lead to it: ``cnnlint.toml:12``."""
    folder: Path
    """What paths and globs are relative to."""
    mistakes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    places: dict[str, str] = field(default_factory=dict)

    @property
    def full(self) -> bool:
        """Whether so much is written down already that nobody reads more."""
        return max(len(self.mistakes), len(self.warnings)) > MAX_TOLD

    def told(self) -> tuple[list[str], list[str]]:
        """Return the mistakes and the warnings; of very many the first, and how many more."""
        return self._cut(self.mistakes), self._cut(self.warnings)

    def _cut(self, said: list[str]) -> list[str]:
        more = len(said) - MAX_TOLD
        return [*said[:MAX_TOLD], f"{self.place(())}: and {more:,} more"] if more > 0 else said


@dataclass(frozen=True, slots=True)
class Spot:
    """Where in a configuration a value stands."""

    book: Notebook
    path: Steps = ()

    def at(self, key: str | int) -> "Spot":
        """Return the spot of what a table or a list has there."""
        return replace(self, path=(*self.path, key))

    @property
    def place(self) -> str:
        """File and line."""
        return self.book.place(self.path)

    @property
    def name(self) -> str:
        """The keys that lead to it, with dots: ``budget.max_macs``."""
        return ".".join(shown_key(key) for key in self.path if isinstance(key, str))

    def mistake(self, text: str) -> None:
        """Write down what is wrong here."""
        self._write(text, self.book.mistakes)

    def warn(self, text: str) -> None:
        """Write down what is odd here."""
        self._write(text, self.book.warnings)

    def _write(self, text: str, said: list[str]) -> None:
        said.append(f"{self.place}: {text}" if len(said) < MAX_TOLD else "")

    def meant(self, word: str, known: Iterable[str]) -> str | None:
        """Return which of the known words is meant; dashes and underscores are one.

        To find out takes its time, so it is done only while somebody reads it.
        """
        if self.book.full or len(word) > MAX_SHOWN:
            return None
        alike = {plain(each): each for each in known}
        near = get_close_matches(plain(word), alike, 1)
        return alike[near[0]] if near else None

    def must_be(self, what: str, value: object, cure: str = "") -> None:
        """Write down that the value here isn't what it must be."""
        self.mistake(f"{self.name} must be {what}, not {shown(value)}{cure}")

    def remember(self) -> None:
        """Write down that a value is given here."""
        self.book.places[".".join(map(str, self.path))] = self.place


class Kind(Protocol[Read_co]):
    """What values a key takes."""

    def read(self, value: object, spot: Spot) -> Read_co | None:
        """Return the value, None where it is none; then the mistake is written down."""

    def schema(self) -> Schema:
        """Return what JSON Schema says of it."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text, with something in it unless it may be ``empty``."""

    what: str = "a text"
    empty: bool = False

    def read(self, value: object, spot: Spot) -> str | None:
        """See :class:`Kind`."""
        if isinstance(value, str) and (self.empty or re.search(_FULL, value)):
            return value
        if isinstance(value, str) and not value.strip():
            spot.mistake(f"{spot.name} is empty; it must be {self.what}")
        else:
            spot.must_be(self.what, value)
        return None

    def schema(self) -> Schema:
        """See :class:`Kind`."""
        return {"type": "string"} if self.empty else {"type": "string", "pattern": _FULL}


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words."""

    words: tuple[str, ...]

    def read(self, value: object, spot: Spot) -> str | None:
        """See :class:`Kind`."""
        if isinstance(value, str) and value in self.words:
            return value
        near = spot.meant(value, self.words) if isinstance(value, str) else None
        spot.must_be(f"one of {', '.join(self.words)}", value, suggested(near))
        return None

    def schema(self) -> Schema:
        """See :class:`Kind`."""
        return {"type": "string", "enum": list(self.words)}


@dataclass(frozen=True, slots=True)
class Flag:
    """``true`` or ``false``."""

    def read(self, value: object, spot: Spot) -> bool | None:
        """See :class:`Kind`."""
        if isinstance(value, bool):
            return value
        spot.must_be("true or false", value)
        return None

    def schema(self) -> Schema:
        """See :class:`Kind`."""
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number; 7.0 is one, as in JSON Schema."""

    least: int | None = None

    def read(self, value: object, spot: Spot) -> int | None:
        """See :class:`Kind`."""
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        least = -(2**BITS) if self.least is None else self.least
        if isinstance(value, int) and not isinstance(value, bool) and least <= value < 2**BITS:
            return value
        spot.must_be("a whole number" + ("" if self.least is None else f" from {least}"), value)
        return None

    def schema(self) -> Schema:
        """See :class:`Kind`."""
        return {"type": "integer"} | ({} if self.least is None else {"minimum": self.least})


@dataclass(frozen=True, slots=True)
class Number:
    """A number."""

    def read(self, value: object, spot: Spot) -> float | None:
        """See :class:`Kind`."""
        if is_number(value) and abs(value) <= float_info.max:  # which nan isn't either
            return float(value)
        spot.must_be("a number", value)
        return None

    def schema(self) -> Schema:
        """See :class:`Kind`."""
        return {"type": "number"}


@dataclass(frozen=True, slots=True)
class Day:
    """A date, of TOML or as a text."""

    def read(self, value: object, spot: Spot) -> date | None:
        """See :class:`Kind`."""
        if isinstance(value, datetime):
            spot.must_be("a date", value, f"; write {value.date()}, without the time")
            return None
        if isinstance(value, date):
            return value
        if isinstance(value, str) and re.fullmatch(_ISO, value):
            try:
                return date.fromisoformat(value)
            except ValueError:
                pass
        spot.must_be("a date such as 2026-12-31", value)
        return None

    def schema(self) -> Schema:
        """See :class:`Kind`."""
        return {"type": "string", "format": "date", "pattern": _ISO}


@dataclass(frozen=True, slots=True)
class Glob:
    """A pattern of files, as in a ``.gitignore``."""

    def read(self, value: object, spot: Spot) -> str | None:
        """See :class:`Kind`."""
        text = Text("a pattern of files").read(value, spot)
        if text is None or (len(text) <= MAX_GLOB and is_pattern(text)):
            return text
        spot.mistake(f"{shown(text)} is no pattern of files; write it as in a .gitignore")
        return None

    def schema(self) -> Schema:
        """See :class:`Kind`."""
        return Text().schema() | {"maxLength": MAX_GLOB}


@dataclass(frozen=True, slots=True)
class Listed(Generic[T]):
    """A list of values of one kind."""

    item: Kind[T]
    what: str = "a list"
    single: bool = False
    """Whether one value may stand without the list."""

    def read(self, value: object, spot: Spot) -> tuple[T, ...] | None:
        """See :class:`Kind`."""
        if self.single and isinstance(value, str):
            value = [value]
        if not isinstance(value, list | tuple):
            cure = f"; write [{shown(value)}]" if isinstance(value, str) else ""
            spot.must_be(self.what, value, cure)
            return None
        read = [self.item.read(each, spot.at(index)) for index, each in enumerate(value)]
        return tuple(each for each in read if each is not None)

    def schema(self) -> Schema:
        """See :class:`Kind`."""
        item = self.item.schema()
        return either(item) if self.single else {"type": "array", "items": item}


@dataclass(frozen=True, slots=True)
class Globs:
    """The files that something is for: a pattern or several, one of which takes some in.

    A limit for no file would be kept by all of them.
    """

    def read(self, value: object, spot: Spot) -> tuple[str, ...] | None:
        """See :class:`Kind`."""
        globs = Listed(Glob(), "a pattern, or a list of patterns", single=True)
        told = len(spot.book.mistakes)
        found = globs.read(value, spot)
        sound = found is not None and len(spot.book.mistakes) == told
        if sound and all(glob.startswith("!") for glob in found or ()):
            cure = 'write a pattern without ! in front of the others, as in ["*.onnx", "!old/"]'
            spot.mistake(f"{spot.name} means no file; {cure}")
            return None
        return found

    def schema(self) -> Schema:
        """See :class:`Kind`."""
        return either(Glob().schema()) | {"contains": {"pattern": "^[^!]"}}


def either(one: Schema) -> Schema:
    """Return the schema of one value or a list of them.

    Each keyword is about one type only, so that an editor names what is wrong; what fits none of
    several schemas it says nothing more of.
    """
    return one | {"type": [one["type"], "array"], "items": one}


def plain(word: str) -> str:
    """Return a word in the one way of its many spellings: ``fail-on`` for ``FAIL_ON``."""
    return word.lower().replace("_", "-")


def suggested(near: str | None) -> str:
    """Return the end of a message with the word that was meant."""
    return f"; did you mean {near}?" if near else ""


def shown(value: object) -> str:
    """Return a value as a message has it: short, and as TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return repr(value if len(value) <= MAX_SHOWN else f"{value[: MAX_SHOWN - 1]}…")
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, int) and value.bit_length() > BITS:
        return "a number beyond 64 bits"
    return str(value)


def shown_key(key: str) -> str:
    """Return a key as a message has it."""
    return key if len(key) <= MAX_SHOWN else f"{key[: MAX_SHOWN - 1]}…"
