"""Text in columns: how wide it is on a terminal, and how it is broken into lines."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

_WIDE = frozenset("WF")
_BREAK = re.compile(r" +(?!%|·|[MG]?MACs?\b|(?:[KMG]i|[kMG])?B\b|(?:M )?params?\b|bytes?\b)")
"""Where a line may end: a number stays with its unit."""
_FEW = 3
"""Words of a text that is too short to take one to the next line."""


def columns(text: str) -> int:
    """Return how many columns a text takes: East Asian wide characters two, accents none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 1 + (unicodedata.east_asian_width(char) in _WIDE)
        for char in text
    )


def padded(text: str, width: int) -> str:
    """Return a text with spaces up to a width."""
    return text + " " * (width - columns(text))


def wrapped(text: str, width: int, first: int, rest: int) -> list[str]:
    """Break a text at its spaces; no word is broken, and none stands alone on the last line.

    Args:
        text: what to break.
        width: columns of a line.
        first: columns that are taken on the first line already.
        rest: columns that are left free on the others.

    Returns:
        The lines without what is in front of them; at least one.
    """
    words = _BREAK.split(text.strip())
    lines = flowed(words, width, first, rest, " ")
    if len(words) > _FEW and lines[-1] == words[-1]:
        *others, last = *words[:-2], " ".join(words[-2:])
        tied = flowed([*others, last], width, first, rest, " ")
        if len(tied) == len(lines) and columns(last) <= width - rest:
            return tied
    return lines


def flowed(pieces: Iterable[str], width: int, first: int, rest: int, gap: str) -> list[str]:
    """Put pieces that can't be broken into lines, with a gap between those of one line."""
    lines: list[str] = []
    free = width - first
    for piece in pieces:
        size = columns(piece)
        if lines and size + len(gap) <= free:
            lines[-1] += gap + piece
            free -= size + len(gap)
        else:
            free = (width - rest if lines else free) - size
            lines.append(piece)
    return lines or [""]


def hanging(head: str, text: str, width: int, indent: int | None = None) -> Iterator[str]:
    """Yield a text behind a head, its further lines below its beginning, or at an indent."""
    first = columns(head)
    rest = first if indent is None else indent
    for number, line in enumerate(wrapped(text, width, first, rest)):
        yield (" " * rest if number else head) + line
