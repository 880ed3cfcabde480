"""Where in a TOML file a value stands; Python's parser doesn't say."""

import json
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from cnnlint.lint.toml import TOKEN

Steps: TypeAlias = tuple[str | int, ...]
"""The keys and indices that lead to a value."""


def lines_of(text: str, table: tuple[str, ...] = ()) -> dict[Steps, int]:
    """Return the lines of tables, keys and items of lists, by the keys that lead to them.

    What stands on the line of what it is in goes without. Text that is no TOML gives as many as
    can be told.

    Args:
        text: what Python's parser has read.
        table: only what is in that one; the keys in the answer begin below it.
    """
    scan = _Scan(text, table)
    try:
        scan.document()
    except (IndexError, ValueError, RecursionError):
        return scan.lines
    return scan.lines


def line_of(lines: Mapping[Steps, int], path: Steps) -> int | None:
    """Return the line of a value; where that isn't known, that of what it is in."""
    for end in range(len(path), -1, -1):
        if path[:end] in lines:
            return lines[path[:end]]
    return None


def _tokens(text: str) -> Iterator[tuple[str, str, int]]:
    line = 1
    for match in TOKEN.finditer(text):
        word = match[0]
        yield match.lastgroup or "", word, line
        if match.lastgroup in {"line", "string"}:
            line += word.count("\n")


class _Scan:
    """A walk over the words of a TOML file, each seen once."""

    def __init__(self, text: str, table: tuple[str, ...]) -> None:
        self.lines: dict[Steps, int] = {}
        self.table = table
        self.words = [each for each in _tokens(text) if each[0] != "comment"]
        self.at = 0
        self.counts: dict[Steps, int] = {}
        """How many tables the lists of tables have so far."""

    def document(self) -> None:
        """Walk over all of it."""
        header: Steps = ()
        while self.at < len(self.words):
            kind, word, line = self.words[self.at]
            if kind == "line":
                self.at += 1
            elif word == "[":
                header = self.header(line)
                self.rest_of_line()
            else:
                self.pair(header)
                self.rest_of_line()

    def header(self, line: int) -> Steps:
        """Walk over ``[a.b]`` or ``[[a.b]]``, and return what it leads to."""
        several = self.words[self.at + 1][1] == "["
        self.at += 2 if several else 1
        parts = self.key()
        path: Steps = ()
        for end, part in enumerate(parts, 1):
            path = (*path, part)
            if several and end == len(parts):
                self.counts[path] = self.counts.get(path, 0) + 1
            if path in self.counts:
                path = (*path, self.counts[path] - 1)
        self.remember(path, line)
        return path

    def pair(self, header: Steps) -> None:
        """Walk over ``key = value``."""
        line = self.words[self.at][2]
        path = (*header, *self.key())
        self.remember(path, line)
        self.at += 1
        self.value(path)

    def key(self) -> list[str]:
        """Walk over the parts of a key, up to the sign behind them."""
        parts = []
        while self.words[self.at][1] not in {"=", "]"}:
            kind, word, _ = self.words[self.at]
            if word != ".":
                if kind not in {"bare", "string"}:
                    raise ValueError(word)
                parts.append(_unquoted(word) if kind == "string" else word)
            self.at += 1
        return parts

    def value(self, path: Steps) -> None:
        """Walk over a value, and all that is in it."""
        _, word, line = self.words[self.at]
        if word not in {"[", "{"}:
            self.rest_of_value()
            return
        self.at += 1
        count = 0
        while (found := self.words[self.at])[1] not in {"]", "}"}:
            if found[0] == "line" or found[1] == ",":
                self.at += 1
            elif word == "{":
                self.pair(path)
            else:
                if found[2] != line:
                    self.remember((*path, count), found[2])
                self.value((*path, count))
                count += 1
        self.at += 1

    def rest_of_value(self) -> None:
        """Walk on to what ends a value that holds no other."""
        while self.at < len(self.words):
            kind, word, _ = self.words[self.at]
            if kind == "line" or word in {",", "]", "}"}:
                return
            self.at += 1

    def rest_of_line(self) -> None:
        """Walk on to the end of the line."""
        while self.at < len(self.words) and self.words[self.at][0] != "line":
            self.at += 1

    def remember(self, path: Steps, line: int) -> None:
        """Write down the line of a value, and of the tables that it is the first to mention."""
        if path[: len(self.table)] == self.table:
            for end in range(len(self.table) or 1, len(path) + 1):
                self.lines.setdefault(path[len(self.table) : end], line)


def _unquoted(word: str) -> str:
    inner = word[1:-1]
    if word[0] == "'" or "\\" not in inner:
        return inner
    try:
        return str(json.loads(word))
    except ValueError:
        return inner
