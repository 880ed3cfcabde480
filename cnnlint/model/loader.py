"""ONNX file or bytes to :class:`~cnnlint.model.graph.Model`; the door of this room.

What can't be read is refused with one clear :class:`~cnnlint.errors.LoadError`.
"""

import stat
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from cnnlint.errors import LoadError, MissingPathError
from cnnlint.model import protos
from cnnlint.model.binding import Bindings, bind
from cnnlint.model.graph import Model, Node, Origin, Value
from cnnlint.model.shapes import infer
from cnnlint.model.sniff import refuse_other_formats
from cnnlint.model.source import BytesSource, FileSource, Source
from cnnlint.model.wire import Skeleton, skeleton

if TYPE_CHECKING:
    import onnx


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
    proto = _parse(bones.proto, path)
    return _assemble(proto, bones, source, path, bindings or Bindings())


def _open(file: Path) -> FileSource:
    try:
        mode = file.stat().st_mode
        if stat.S_ISREG(mode):
            return FileSource(file)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise MissingPathError(f"{file} does not exist", "check the path") from error
    except (OSError, ValueError) as error:
        raise _unreadable(str(file), error) from error
    kind = "a folder" if stat.S_ISDIR(mode) else "no regular file"
    raise LoadError("not-a-file", f"{file} is {kind}", "give an .onnx file")


def _skim(source: Source, path: str) -> Skeleton:
    try:
        refuse_other_formats(source.read(0, 64))
        return skeleton(source)
    except LoadError as error:
        raise LoadError(error.code, f"{path}: {error.cause}", error.cure) from error
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: str, error: OSError | ValueError) -> LoadError:
    why = error.strerror if isinstance(error, OSError) else error
    return LoadError("unreadable", f"{path} can't be read: {why}", "check the path")


def _parse(data: bytes, path: str) -> "onnx.ModelProto":
    import onnx  # noqa: PLC0415  (0.15 s that --help doesn't need)
    from google.protobuf.message import DecodeError  # noqa: PLC0415  (comes with onnx)

    try:
        proto = onnx.ModelProto.FromString(data)
    except DecodeError as error:
        raise LoadError(
            "not-onnx",
            f"{path}: not an ONNX model (its protobuf is malformed or nests too deeply)",
            "export it again",
        ) from error
    _refuse_unusable(proto, path)
    return proto


def _refuse_unusable(proto: "onnx.ModelProto", path: str) -> None:
    """Refuse what parses but is no network, such as a file cut off between two fields."""
    again = "export or download it again"
    if not proto.HasField("graph"):
        raise LoadError("no-graph", f"{path}: there is no graph in it", again)
    if not proto.graph.node:
        raise LoadError("no-nodes", f"{path}: the graph has no nodes", again)
    if not proto.opset_import and proto.ir_version not in _WITHOUT_OPSETS:
        raise LoadError("no-opset", f"{path}: it imports no operator set", again)
    for entry in proto.opset_import:
        if entry.version < 1 and not protos.domain(entry.domain):
            raise LoadError("no-opset", f"{path}: it imports operator set {entry.version}", again)
    for index, node in enumerate(proto.graph.node):
        if not node.op_type:
            raise LoadError("no-operator", f"{path}: node {index} names no operator", again)
    if twice := protos.made_twice(proto.graph):
        cause = f"{path}: tensor {_shown(twice)!r} is made twice"
        raise LoadError("made-twice", cause, "give every tensor a name of its own")


def _refuse_dangling(
    nodes: list[Node], given: Mapping[str, Value], outputs: list[str], path: str
) -> None:
    """Refuse tensors that are read, or promised, and that nothing makes."""
    made = {name for node in nodes for name in node.outputs} | given.keys() | {""}
    for node in nodes:
        for name in (*node.inputs, *node.captures):
            if name not in made:
                cause = f"{path}: {_shown(node.path)} reads {_shown(name)!r}, which nothing makes"
                raise LoadError("undefined-input", cause, "export or download it again")
    for name in outputs:
        if name not in made:
            cause = f"{path}: nothing makes the output {_shown(name)!r}"
            raise LoadError("undefined-output", cause, "export or download it again")


def _assemble(
    proto: "onnx.ModelProto", bones: Skeleton, source: Source, path: str, bindings: Bindings
) -> Model:
    graph = proto.graph
    stored = protos.Stored(source.file, bones.key)
    weights = stored.initializers(graph)
    nodes, constants = stored.nodes(graph)
    nodes = _in_order(nodes, path)
    bound = bind([entry for entry in protos.inputs(graph) if entry.name not in weights], bindings)
    given = weights | constants
    given |= {entry.name: Value(entry.name, entry.dtype, entry.bound) for entry in bound.inputs}
    _refuse_dangling(nodes, given, [protos.text(entry.name) for entry in graph.output], path)
    opsets = {protos.domain(entry.domain): entry.version for entry in proto.opset_import}
    inferred = infer(nodes, given, opsets, protos.declared(graph, bound.symbols))
    files = stored.data_files
    producer = (proto.producer_name, proto.producer_version)
    return Model(
        origin=Origin(
            path=path,
            file=source.file,
            size=source.size,
            data_files=tuple(files),
            missing_data=tuple(file for file, exists in files.items() if not exists),
        ),
        name=protos.text(graph.name),
        ir_version=proto.ir_version,
        opsets=opsets,
        producer=" ".join(filter(None, map(protos.text, producer))),
        metadata={protos.text(p.key): protos.text(p.value) for p in proto.metadata_props},
        inputs=bound.inputs,
        outputs=tuple(protos.text(entry.name) for entry in graph.output),
        nodes=tuple(nodes),
        values=inferred.values,
        assumptions=bound.assumptions,
        free_dims=bound.free_dims,
        defects=inferred.defects,
    )


def _in_order(nodes: list[Node], path: str) -> list[Node]:
    """Return the nodes in an order in which they can run; the file's own where that is one."""
    maker = {name: node for node in nodes for name in node.outputs if name}
    made: set[str] = set()
    for node in nodes:
        if any(name in maker and name not in made for name in (*node.inputs, *node.captures)):
            return _sorted(nodes, maker, path)
        made.update(node.outputs)
    return nodes


def _sorted(nodes: list[Node], maker: Mapping[str, Node], path: str) -> list[Node]:
    import networkx as nx  # noqa: PLC0415  (only files that are out of order need it)

    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(node.key[1] for node in nodes)
    graph.add_edges_from(
        (maker[name].key[1], node.key[1])
        for node in nodes
        for name in (*node.inputs, *node.captures)
        if name in maker
    )
    by_index = {node.key[1]: node for node in nodes}
    try:
        return [by_index[index] for index in nx.lexicographical_topological_sort(graph)]
    except nx.NetworkXUnfeasible as error:
        selves = [{index} for index in nx.nodes_with_selfloops(graph)]
        knot = max([*selves, *nx.strongly_connected_components(graph)], key=len)
        names = ", ".join(_shown(by_index[index].path) for index in sorted(knot)[:5])
        more = f" and {len(knot) - 5} more" if len(knot) > 5 else ""
        feeds = "feed each other" if len(knot) > 1 else "feeds itself"
        cause = f"{path}: the graph is not acyclic: {names}{more} {feeds}"
        raise LoadError("cycle", cause, "export it again") from error


def _shown(name: str) -> str:
    return name if len(name) <= 80 else f"{name[:79]}…"
