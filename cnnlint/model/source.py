"""Random access to the bytes of a model, wherever they lie; reading is left to the caller."""

import hashlib
import os
from os.path import realpath
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

WINDOW = 1 << 16


class Source(Protocol):
    """Bytes that can be read anywhere without reading the rest."""

    file: Path | None
    size: int

    def window(self, offset: int) -> bytes:
        """Return some bytes from ``offset`` on: at least one, unless that is the end."""
        ...

    def read(self, offset: int, length: int) -> bytes:
        """Return ``length`` bytes from ``offset`` on, fewer only at the end."""
        ...


class FileSource:
    """A file, read by position: mapping it would make touched pages count as our memory."""

    def __init__(self, file: Path) -> None:
        """Open a regular file; the caller has looked that it is one."""
        self.file: Path | None = file
        self._handle = file.open("rb", buffering=0)
        self.size = os.fstat(self._handle.fileno()).st_size

    def window(self, offset: int) -> bytes:
        """Return up to 64 KiB from ``offset`` on."""
        return self.read(offset, WINDOW)

    def read(self, offset: int, length: int) -> bytes:
        """Return ``length`` bytes from ``offset`` on."""
        self._handle.seek(offset)
        return self._handle.read(length)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        self._handle.close()


class BytesSource:
    """A model that is in memory already."""

    def __init__(self, data: bytes) -> None:
        """Keep the bytes; nothing is copied."""
        self.file: Path | None = None
        self._data = data
        self.size = len(data)

    def window(self, offset: int) -> bytes:
        """Return up to 64 KiB from ``offset`` on."""
        return self._data[offset : offset + WINDOW]

    def read(self, offset: int, length: int) -> bytes:
        """Return ``length`` bytes from ``offset`` on."""
        return self._data[offset : offset + length]


def sha256(source: str | Path | bytes) -> str:
    """Return the SHA-256 of a model's bytes, in hexadecimal."""
    if isinstance(source, bytes):
        return hashlib.sha256(source).hexdigest()
    with Path(source).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def same_file(one: Path, other: Path) -> bool:
    """Tell whether two paths are one file, by a link of either kind too, or would be one."""
    try:
        return one.samefile(other)
    except OSError:  # one of them isn't there, or is closed to us
        return realpath(one) == realpath(other)
