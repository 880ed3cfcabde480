"""Weights in files beside the model: located and measured, never opened.

A file may name any place of the computer it is read on, so only what lies inside the folder of
the model is looked at. See ``external_data`` of TensorProto in onnx.proto for the entries.
"""

import os
import re
import stat
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING

from cnnlint.model.defect import Defect, Kind
from cnnlint.model.graph import Payload
from cnnlint.model.protos import shown, text
from cnnlint.model.stored import Misfit

if TYPE_CHECKING:
    import onnx

_COUNT = re.compile(r"[0-9]{1,19}")
"""A number of bytes: what fits 64 bits, and what ``int`` accepts."""
_MEMORY = "_ORT_MEM_ADDR_"
"""What onnxruntime takes for an address in its own memory."""
_NAMED = 3
"""Tensors that a message names; the others are counted."""


class DataFiles:
    """The data files of one model."""

    def __init__(self, model: Path | None) -> None:
        """``model`` is the file, None for a model from memory: it has no folder."""
        self._model = model
        self._places: dict[str, Path | str | None] = {}
        self._refused: dict[str, list[str]] = {}
        self._sizes: dict[Path, int | None] = {}

    @property
    def files(self) -> dict[Path, bool]:
        """The files that tensors refer to, in order, and whether each exists."""
        return {file: size is not None for file, size in self._sizes.items()}

    @property
    def bytes(self) -> int:
        """Size of all files that exist."""
        return sum(size or 0 for size in self._sizes.values())

    @property
    def unmeasured(self) -> tuple[str, ...]:
        """Locations of which the size was not asked: refused, without a folder, no file."""
        return tuple(
            location for location, file in self._places.items() if file not in self._sizes
        )

    def place(self, proto: "onnx.TensorProto", name: str, expected: int | None) -> Payload | None:
        """Return where an external tensor lies, None for a place outside the model's folder.

        The length is 0 where the file doesn't give one; ``expected`` is what type and shape ask
        for, if that is known.

        Raises:
            Misfit: the tensor can't be there.
        """
        entries = {text(entry.key): text(entry.value) for entry in proto.external_data}
        location = entries.get("location", "")
        if not location:
            raise Misfit("is external data of no location")
        offset, length = (_count(key, entries.get(key, "0")) for key in ("offset", "length"))
        if location not in self._places:
            self._places[location] = self._place(location)
        file = self._places[location]
        if isinstance(file, str):
            self._refused.setdefault(location, []).append(name)
        if length and expected is not None and length != expected:
            raise Misfit(f"has {length:,} bytes of external data and needs {expected:,}")
        if not isinstance(file, Path):
            return None
        size, end = self._size(file, location), offset + (length or expected or 0)
        if size is not None and end > size:
            where = shown(location)
            raise Misfit(f"lies at bytes {offset:,} to {end:,} of {where}, which has {size:,}")
        return Payload(file, offset, length)

    def defects(self) -> list[Defect]:
        """Return the places outside the folder, each once."""
        found = []
        for location, names in self._refused.items():
            first = ", ".join(map(shown, names[:_NAMED]))
            more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
            why = self._places[location]
            cause = f"external data at {shown(location)} {why}; not opened, for {first}{more}"
            found.append(Defect(Kind.LOCATION, cause, tensor=names[0]))
        return found

    def _size(self, file: Path, location: str) -> int | None:
        """Return the size of a data file, None where there is no such file.

        Raises:
            Misfit: what is there is no regular file, and no runtime takes weights from it.
        """
        if file not in self._sizes:
            try:
                found = os.stat(file)  # noqa: PTH116  (a Path takes longer, and there are many)
            except (OSError, ValueError):
                self._sizes[file] = None
            else:
                if not stat.S_ISREG(found.st_mode):
                    kind = "a folder" if stat.S_ISDIR(found.st_mode) else "no regular file"
                    raise Misfit(f"lies in {shown(location)}, which is {kind}")
                self._sizes[file] = found.st_size
        return self._sizes[file]

    def _place(self, location: str) -> Path | str | None:
        """Return the path of a data file, why it is refused, or None where there is no folder."""
        if why := _refused(location):
            return why
        if self._model is None:
            return None
        try:
            folder = self._model.parent.resolve()
            if (folder / location).resolve().is_relative_to(folder):
                return self._model.parent / location
        except (OSError, RuntimeError, ValueError):
            return "is a link that can't be followed"
        return "is a link out of the model's folder"


def _refused(location: str) -> str:
    """Return why a location is never looked at, "" where it may be."""
    if "\0" in location or "\\" in location:
        return "is no portable path"
    if Path(location).is_absolute() or PureWindowsPath(location).drive:
        return "is an absolute path"
    if ".." in Path(location).parts:
        return "leaves the folder"
    if "://" in location:
        return "is no file but a URL"
    if _MEMORY in location:
        return "is an address in memory"
    return ""


def _count(key: str, value: str) -> int:
    if not _COUNT.fullmatch(value):
        raise Misfit(f"has external data of {key} {shown(value)!r}, which is no number of bytes")
    return int(value)
