"""A copy of a model with other metadata: every other byte stays, and no weight is read.

Metadata are fields of the outermost message, so all others are copied as they stand in the file.
"""

from collections.abc import Iterator, Mapping
from os.path import lexists, realpath
from pathlib import Path
from secrets import token_hex

from cnnlint.errors import UsageError
from cnnlint.model.defect import Kind
from cnnlint.model.graph import Model
from cnnlint.model.loader import load
from cnnlint.model.protos import text
from cnnlint.model.source import FileSource, same_file
from cnnlint.model.wire import field, top_fields

METADATA = 14
"""The field ``metadata_props`` of ModelProto."""
CHUNK = 1 << 20


def write_stamped(
    file: Path, metadata: Mapping[str, str], out: Path, *, overwrite: bool = False
) -> None:
    """Write a copy of a model with this metadata; other keys stay as they are.

    Raises:
        LoadError: the file is no readable model.
        UsageError: the copy can't be written, or would not find its weights.
    """
    model = load(file)
    try:
        _refuse_place(model, file, out, overwrite=overwrite)
        _replace(out, _stamped(file, metadata))
    except (OSError, ValueError) as error:  # a path with a NUL is a ValueError
        why = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"{out} can't be written: {why}", "name another file") from error


def _replace(out: Path, parts: Iterator[bytes]) -> None:
    """Write a file, whole or not at all."""
    partial = out.with_name(f".{token_hex(4)}.partial")
    copy = partial.open("xb")
    try:
        with copy:
            copy.writelines(parts)
        partial.replace(out)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _refuse_place(model: Model, file: Path, out: Path, *, overwrite: bool) -> None:
    """Refuse a place where the copy would destroy something, or have no weights."""
    if any(same_file(out, kept) for kept in (file, *model.origin.data_files)):
        raise UsageError(f"{out} is the model itself or its weights", "name another file")
    if lexists(out) and not (overwrite and out.is_file()):
        cure = "remove it, or say overwrite=True" if out.is_file() else "name a file"
        raise UsageError(f"{out} exists", cure)
    if not out.parent.is_dir():
        raise UsageError(f"there is no folder {out.parent}", "make it first")
    apart = any(defect.kind is Kind.LOCATION for defect in model.defects)
    if (model.origin.data_files or apart) and realpath(out.parent) != realpath(file.parent):
        raise UsageError(
            f"{file} has weights in other files, which a copy in {out.parent} would not find",
            "write the copy beside the model, or move all of its files first",
        )


def _stamped(file: Path, metadata: Mapping[str, str]) -> Iterator[bytes]:
    """Yield the bytes of the model without what is replaced, then the new entries."""
    import onnx  # noqa: PLC0415  (see loader)

    with FileSource(file) as source:
        for number, begin, content, end in top_fields(source):
            if number == METADATA:
                entry = onnx.StringStringEntryProto.FromString(source.read(content, end - content))
                if text(entry.key) in metadata:
                    continue
            for position in range(begin, end, CHUNK):
                yield source.read(position, min(CHUNK, end - position))
    for key, value in metadata.items():
        made = onnx.StringStringEntryProto(key=key, value=value)
        yield field(METADATA, made.SerializeToString())
