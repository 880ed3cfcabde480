"""Text that comes out of a model, made harmless for a terminal."""

import unicodedata

_RISKY = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
"""Control, invisible (direction marks among them), surrogate, private, line breaks."""


def plain(text: str) -> str:
    r"""Return text on one line that can't move the cursor: ``\x1b`` becomes four letters."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        char.encode("unicode_escape").decode() if unicodedata.category(char) in _RISKY else char
        for char in text
    )
