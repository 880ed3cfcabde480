"""Files that come with a model or a checkout, read with care: regular ones, and no long ones."""

from pathlib import Path

from cnnlint.errors import MissingPathError, UsageError


def read_bytes(file: Path, what: str, most: int, name: str | None = None) -> bytes:
    """Return the bytes of a regular file that is not too long.

    Args:
        file: its path.
        what: what it is to be, in a word: ``recipe``.
        most: how many bytes it may have.
        name: what messages call it; its path where it isn't given.

    Raises:
        MissingPathError: there is no such file.
        UsageError: it can't be read.
    """
    name = str(file) if name is None else name
    try:
        if not file.is_file():
            if file.exists():
                raise UsageError(f"{name} is no regular file", f"name the file of a {what}")
            raise MissingPathError(f"{name} does not exist", f"check the path of the {what}")
        with file.open("rb") as stream:
            data = stream.read(most + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        why = getattr(error, "strerror", None) or error
        raise UsageError(f"{name} can't be read: {why}", f"make the {what} readable") from error
    if len(data) > most:
        raise UsageError(f"{name} has more than {most:,} bytes", f"a {what} is smaller")
    return data
