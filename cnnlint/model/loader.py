"""ONNX file or bytes to :class:`~cnnlint.model.graph.Model`; the door of this room.

What can't be read is refused with one clear :class:`~cnnlint.errors.LoadError`.
"""

import stat
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cnnlint.errors import LoadError, MissingPathError
from cnnlint.model.binding import Bindings
from cnnlint.model.blueprint import Blueprint
from cnnlint.model.defect import Defect, Kind
from cnnlint.model.drafting import Drafting, function_keys
from cnnlint.model.graph import Model, Origin
from cnnlint.model.naming import odd_names
from cnnlint.model.protos import domain, text
from cnnlint.model.schemas import newer
from cnnlint.model.sniff import HEAD, refuse_other_formats
from cnnlint.model.source import BytesSource, FileSource, Source
from cnnlint.model.tensors import Tensors
from cnnlint.model.wire import Skeleton, skeleton, without_deep_graphs
from cnnlint.model.wiring import idle, refuse_made_twice

if TYPE_CHECKING:
    import onnx


PROTOBUF_BYTES = 2**31 - 1
"""A protobuf message is no longer than this; ours is read without what it holds."""
_TOO_LARGE = (
    "the file has {size:,} bytes; protobuf ends at 2,147,483,647, so no runtime opens it: store "
    "the weights as external data"
)
_TOO_DEEP = (
    "messages nest more than 100 deep; protobuf reads no more, so no runtime opens the file (the "
    "innermost graphs were not looked at)"
)
_WITHOUT_OPSETS = (1, 2)
"""The versions of the file format that knew no operator sets."""


def load(
    model: str | Path | bytes, bindings: Bindings | None = None, *, name: str = "<bytes>"
) -> Model:
    """Read a model's structure and infer every shape; weight bytes are never read.

    Args:
        model: a path, or the bytes of a model.
        bindings: sizes for dimensions that the model leaves open; batch 1 where none is given.
        name: what to call a model that comes as bytes.

    Raises:
        MissingPathError: there is no such path.
        LoadError: it is no readable ONNX model.
        UsageError: the bindings don't fit the model.
    """
    source: Source
    if isinstance(model, bytes):
        source, path = BytesSource(model), name
        bones = _skim(source, path)
    else:
        path = str(model)
        with _open(Path(model)) as source:
            bones = _skim(source, path)
    proto, defects = _parse(bones.proto, path)
    if source.size > PROTOBUF_BYTES:
        defects.append(Defect(Kind.FILE, _TOO_LARGE.format(size=source.size)))
    tensors = Tensors(source.file, bones.key)
    drafting = Drafting(tensors, path, frozenset(function_keys(proto.functions)))
    read = _blueprint(proto, drafting, source).bind(bindings or Bindings())
    defects += [*tensors.defects, *drafting.defects, *odd_names(proto, read)]
    return replace(read, defects=(*defects, *read.defects)) if defects else read


def _open(file: Path) -> FileSource:
    try:
        mode = file.stat().st_mode
        if stat.S_ISREG(mode):
            return FileSource(file)
    except (FileNotFoundError, NotADirectoryError) as error:
        if file.is_symlink():
            raise LoadError("missing", f"{file} is a link to nothing", "restore it") from error
        raise MissingPathError(f"{file} does not exist", "check the path") from error
    except (OSError, ValueError) as error:
        raise _unreadable(str(file), error) from error
    kind = "a folder" if stat.S_ISDIR(mode) else "no regular file"
    raise LoadError("not-a-file", f"{file} is {kind}", "give an .onnx file")


def _skim(source: Source, path: str) -> Skeleton:
    try:
        refuse_other_formats(source.read(0, HEAD))
        return skeleton(source)
    except LoadError as error:
        raise LoadError(error.code, f"{path}: {error.cause}", error.cure) from error
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: str, error: OSError | ValueError) -> LoadError:
    why = error.strerror if isinstance(error, OSError) else error
    return LoadError("unreadable", f"{path} can't be read: {why}", "check the path")


def _parse(data: bytes, path: str) -> "tuple[onnx.ModelProto, list[Defect]]":
    import onnx  # noqa: PLC0415  (0.15 s that --help doesn't need)
    from google.protobuf.message import DecodeError  # noqa: PLC0415  (comes with onnx)

    defects = []
    try:
        try:
            proto = onnx.ModelProto.FromString(data)
        except DecodeError:
            shallow = _shallow(data, path)
            if shallow is None:
                raise
            proto = onnx.ModelProto.FromString(shallow)
            defects.append(Defect(Kind.FILE, _TOO_DEEP))
    except DecodeError as error:
        if "alloc" in str(error):  # how protobuf says that memory ran out
            raise MemoryError from error
        raise LoadError(
            "not-onnx",
            f"{path}: not an ONNX model (its protobuf is malformed or nests too deeply)",
            "export it again",
        ) from error
    _refuse_unusable(proto, path)
    return proto, defects


def _shallow(data: bytes, path: str) -> bytes | None:
    """Return a structure that protobuf refuses in a form that it may read, None if there is none.

    Raises:
        LoadError: it nests deeper than is followed.
    """
    try:
        return without_deep_graphs(data)
    except LoadError as error:
        if error.code != "too-deep":
            return None
        raise LoadError(error.code, f"{path}: {error.cause}", error.cure) from error


def _refuse_unusable(proto: "onnx.ModelProto", path: str) -> None:
    """Refuse what parses but is no network, such as a file cut off between two fields."""
    again = "export or download it again"
    if not proto.HasField("graph"):
        raise LoadError("no-graph", f"{path}: there is no graph in it", again)
    if not (proto.graph.node or proto.graph.output):
        raise LoadError("no-nodes", f"{path}: the graph has no nodes", again)
    if not proto.opset_import and proto.ir_version not in _WITHOUT_OPSETS:
        raise LoadError("no-opset", f"{path}: it imports no operator set", again)
    for entry in proto.opset_import:
        if entry.version < 1 and not domain(entry.domain):
            raise LoadError("no-opset", f"{path}: it imports operator set {entry.version}", again)
    for index, node in enumerate(proto.graph.node):
        if not node.op_type:
            raise LoadError("no-operator", f"{path}: node {index} names no operator", again)


def _blueprint(proto: "onnx.ModelProto", drafting: Drafting, source: Source) -> Blueprint:
    path, files = drafting.path, drafting.tensors.data_files
    keys = function_keys(proto.functions)
    refuse_made_twice((":".join(filter(None, key)) for key in keys), path, what="function")
    draft = drafting.main(proto.graph)
    functions = dict(zip(keys, map(drafting.function, proto.functions), strict=True))
    producer = (proto.producer_name, proto.producer_version)
    opsets = {domain(entry.domain): entry.version for entry in proto.opset_import}
    shell = Model(
        origin=Origin(
            path=path,
            file=source.file,
            size=source.size,
            data_files=tuple(files.files),
            missing_data=tuple(file for file, exists in files.files.items() if not exists),
            data_bytes=files.bytes,
            unmeasured_data=files.unmeasured,
        ),
        name=text(proto.graph.name),
        ir_version=proto.ir_version,
        opsets=opsets,
        newer_opsets=newer(opsets),
        idle=idle(draft.nodes, draft.outputs),
        replaceable=tuple(n for e in proto.graph.input if (n := text(e.name)) in draft.stored),
        producer=" ".join(filter(None, map(text, producer))),
        metadata={text(p.key): text(p.value) for p in proto.metadata_props},
        inputs=(),
        outputs=(),
        nodes=(),
        values={},
    )
    return Blueprint(shell, draft, functions)
