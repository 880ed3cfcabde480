"""TOML files as they are met: bounded, and any fault in them told in one line."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cnnlint.errors import UsageError
from cnnlint.lint.reading import read_bytes

MAX_BYTES = 1 << 20
"""A larger file was not written by hand."""
MAX_PARTS = 64
"""Parts of one dotted key; Python's parser takes a time that grows with their square."""
TOKEN = re.compile(
    r"""
    (?P<string> \"{3}(?s:\\.|[^\\])*?(?:\"{3,5}|\Z) | \'{3}(?s:.)*?(?:\'{3,5}|\Z)
              | \"(?:[^\"\\\n]|\\.)*+\"? | \'[^\'\n]*+\'? )
    | (?P<bare> [^\s\[\]{}=,.\#\"\']++ )
    | (?P<sign> [\[\]{}=,.] )
    | (?P<line> \n )
    | (?P<comment> \#[^\n]*+ )
    """,
    re.VERBOSE,
)
"""The words of TOML, of text too that is none, in a time that grows with its length."""

_AT = re.compile(r"(?P<what>.*) \(at line (?P<line>[0-9]+), column (?P<column>[0-9]+)\)")
"""Where Python's parser says that a fault is."""


@dataclass(frozen=True, slots=True)
class Document:
    """What a TOML file says, and its text, in which values have their lines."""

    values: Mapping[str, object]
    text: str


def read_toml(file: Path, what: str, name: str | None = None) -> Document:
    """Return what a TOML file says.

    Args:
        file: its path.
        what: what it is to be, in a word: ``recipe``.
        name: what messages call it; its path where it isn't given.

    Raises:
        MissingPathError: there is no such file.
        UsageError: it can't be read, or is no TOML.
    """
    name = str(file) if name is None else name
    return parsed(read_bytes(file, what, MAX_BYTES, name), name)


def parsed(data: bytes, where: str) -> Document:
    """Return what TOML says.

    Raises:
        UsageError: it is none.
    """
    import tomllib  # noqa: PLC0415  (most runs read no TOML)

    try:
        text = data.decode().removeprefix("\ufeff")
        if _has_long_key(text):
            cause = f"{where}: a key has more than {MAX_PARTS} parts"
            raise UsageError(cause, "shorten it")
        return Document(tomllib.loads(text), text.replace("\r\n", "\n"))
    except RecursionError as error:
        raise UsageError(f"{where} is no TOML: it nests too deeply", "correct it") from error
    except ValueError as error:  # of the encoding, the grammar or a number
        raise UsageError(_fault(where, str(error)), "correct it") from error


def _fault(where: str, said: str) -> str:
    """Return what a parser says, behind file and line as all other mistakes have them."""
    found = _AT.fullmatch(said)
    if not found:
        return f"{where} is no TOML: {said}"
    return f"{where}:{found['line']}: it is no TOML: {found['what']}, column {found['column']}"


def _has_long_key(text: str) -> bool:
    if all(line.count(".") < MAX_PARTS for line in text.split("\n")):
        return False
    parts = 0
    for token in TOKEN.finditer(text):
        if token[0] == ".":
            parts += 1
            if parts >= MAX_PARTS:
                return True
        elif token.lastgroup not in {"bare", "string"}:
            parts = 0
    return False
