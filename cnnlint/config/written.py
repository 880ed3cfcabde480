"""Values as TOML writes them, with nothing in them that a terminal hides."""


def toml(value: object) -> str:
    """Return a value that is no table as TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{visible(escaped)}"'
    return str(value)


def visible(text: str) -> str:
    """Return a text with each letter as it is, one that nobody sees as its number."""
    return "".join(map(_letter, text))


def _letter(letter: str) -> str:
    if letter.isprintable():
        return letter
    number = ord(letter)
    return f"\\u{number:04x}" if number < 1 << 16 else f"\\U{number:08x}"
