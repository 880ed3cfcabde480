"""Text that comes out of a model, made harmless for a terminal."""

import re
import unicodedata

_RISKY = frozenset({"Cc", "Cf", "Co", "Zl", "Zp"})
"""Control, invisible (direction marks among them), private, line breaks."""
_SURROGATE = re.compile("[\ud800-\udfff]")
_BYTES = range(0xDC80, 0xDD00)
"""The surrogates that stand for bytes 0x80 to 0xFF of a file name (PEP 383)."""
LONGEST = 2_000
"""Characters of one text that are shown; names of a megabyte are no help to a reader."""


def shortened(text: str) -> str:
    """Return a text without the end of it that is too long to be shown."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def unicode(text: str) -> str:
    r"""Return a text that is valid Unicode: a byte of a file name that is none becomes ``\xff``.

    Python has such bytes as lone surrogates, which strict parsers of JSON refuse (RFC 8259, 8.2).
    """
    return _SURROGATE.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    code = ord(found.group())
    return f"\\x{code & 0xFF:x}" if code in _BYTES else f"\\u{code:x}"


def plain(text: str) -> str:
    r"""Return text on one line that can't move the cursor: ``\x1b`` becomes four letters."""
    text = shortened(unicode(text))
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        char.encode("unicode_escape").decode() if unicodedata.category(char) in _RISKY else char
        for char in text
    )
