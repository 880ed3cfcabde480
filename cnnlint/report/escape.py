"""Text that comes out of a model, made harmless for a terminal."""

import unicodedata

_RISKY = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
"""Control, invisible (direction marks among them), surrogate, private, line breaks."""
LONGEST = 2_000
"""Characters of one text that are shown; names of a megabyte are no help to a reader."""


def shortened(text: str) -> str:
    """Return a text without the end of it that is too long to be shown."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def plain(text: str) -> str:
    r"""Return text on one line that can't move the cursor: ``\x1b`` becomes four letters."""
    text = shortened(text)
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        char.encode("unicode_escape").decode() if unicodedata.category(char) in _RISKY else char
        for char in text
    )
