"""Read an ONNX protobuf without its weight bytes.

The wire format of protobuf says how long each field is before it begins, so the payload of a
large tensor can be stepped over. What is left, a skeleton of a few kilobytes, is a valid
ModelProto in which each payload that was left out has an ``external_data`` entry that says
where it was. See https://protobuf.dev/programming-guides/encoding/ and onnx.proto for the
field numbers.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from secrets import token_hex
from typing import TypeAlias

from cnnlint.errors import LoadError
from cnnlint.model.source import BytesSource, Source

KEEP_BYTES = 4 << 10
"""Payloads up to this size stay: scalars, small biases, constants of activations."""
KEEP_INTEGER_BYTES = 64 << 10
"""Integer payloads up to this size stay: shapes and indices, which decide other shapes."""
KEEP_TOTAL_BYTES = 512 << 20
"""A structure of more than this is none: names, attributes and small tensors are kilobytes."""
MAX_DEPTH = 300
"""Nested messages that are followed (the body of an If is three levels down)."""
GRAPH_DEPTH = 90
"""Where graphs are left empty, if protobuf can't read a file: it reads 100 nested messages, and
what a graph says of its tensors takes some of them."""
SEARCHED_BYTES = 16 << 20
"""Structures larger than this are not searched for graphs that nest too deep."""

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_INTEGER_TYPES = frozenset({2, 3, 4, 5, 6, 7, 9, 12, 13})  # TensorProto.DataType
_TENSOR_TYPE, _TENSOR_EXTERNAL = 2, 13
_TENSOR_PAYLOADS = frozenset({4, 5, 7, 9, 10, 11})

Schema: TypeAlias = "dict[int, Schema] | None"
_TENSOR: Schema = None  # a leaf for the walk below, with a walk of its own
_GRAPH: dict[int, Schema] = {}
_SPARSE: Schema = {1: _TENSOR, 2: _TENSOR}
_ATTRIBUTE: Schema = {5: _TENSOR, 6: _GRAPH, 10: _TENSOR, 11: _GRAPH, 22: _SPARSE, 23: _SPARSE}
_NODE: Schema = {5: _ATTRIBUTE}
_GRAPH.update({1: _NODE, 5: _TENSOR, 15: _SPARSE})
_FUNCTION: Schema = {7: _NODE, 11: _ATTRIBUTE}
_MODEL: dict[int, Schema] = {7: _GRAPH, 25: _FUNCTION}
_MODEL_GRAPH, _MODEL_TRAINING = 7, 20
_MODEL_NUMBERS = frozenset({1, 5})  # ir_version, model_version; what else a model has is bytes
_MODEL_MESSAGES = frozenset({2, 3, 4, 6, 7, 8, 14, 20, 25, 26})


@dataclass(frozen=True, slots=True)
class Skeleton:
    """A ModelProto without large payloads, and the key under which each one says where it was.

    The value of that ``external_data`` key is ``offset:length:field``. The key is random, so
    that no file can pretend to it. ``training_info`` is left out: it is no part of the network.
    """

    proto: bytes
    key: str


def skeleton(source: Source) -> Skeleton:
    """Return the structure of a model in ``source``.

    Raises:
        LoadError: the bytes are no model, are cut off, or nest too deeply.
    """
    walk = _Walk(source, f"cnnlint:{token_hex(8)}")
    walk.check_start()
    return Skeleton(walk.message(_MODEL, 0, source.size, 0), walk.key)


def top_fields(source: Source) -> Iterator[tuple[int, int, int, int]]:
    """Yield number, begin, begin of the content and end of each field of a model.

    The number is 0 for what is no text, message or bytes.

    Raises:
        LoadError: the bytes are no model, or are cut off.
    """
    walk = _Walk(source, "")
    position = 0
    while position < source.size:
        number, wire, after, stop = walk.head(position, source.size)
        yield number if wire == _BYTES else 0, position, after, stop
        position = stop


def without_deep_graphs(proto: bytes) -> bytes | None:
    """Return a structure that protobuf can read, the graphs that nest too deep left empty.

    None where none does, or the structure is too large to be searched.

    Raises:
        LoadError: they nest deeper than is followed, or the bytes are damaged.
    """
    if len(proto) > SEARCHED_BYTES:
        return None
    shallow = _Walk(BytesSource(proto), "").shallow(_MODEL, 0, len(proto), 0)
    return shallow if len(shallow) < len(proto) else None


@dataclass(slots=True)
class _Walk:
    source: Source
    key: str
    _window: bytes = b""
    _start: int = 0
    _graphs: int = 0
    _kept: int = 0

    def message(self, schema: dict[int, Schema], begin: int, end: int, depth: int) -> bytes:
        """Return the message between two offsets, its large children thinned out."""
        if depth > MAX_DEPTH:
            raise _too_deep(begin)
        parts: list[bytes] = []
        position = copied = begin
        while position < end:
            number, wire, after, stop = self.head(position, end)
            if depth == 0:
                self.check_top(number, wire, position)
                if number == _MODEL_TRAINING:
                    parts.append(self.copy(copied, position))
                    copied = stop
            if wire == _BYTES and number in schema and stop - after > KEEP_BYTES:
                parts.append(self.copy(copied, position))
                child = schema[number]
                body = (
                    self.tensor(after, stop)
                    if child is None
                    else self.message(child, after, stop, depth + 1)
                )
                parts.append(field(number, body))
                copied = stop
            position = stop
        parts.append(self.copy(copied, end))
        return b"".join(parts)

    def shallow(self, schema: dict[int, Schema], begin: int, end: int, depth: int) -> bytes:
        """Return the message between two offsets, graphs below a certain depth emptied."""
        if depth > MAX_DEPTH:
            raise _too_deep(begin)
        parts: list[bytes] = []
        position = copied = begin
        while position < end:
            number, wire, after, stop = self.head(position, end)
            child = schema.get(number) if wire == _BYTES else None
            if child:
                parts.append(self.copy(copied, position))
                body = self.shallow(child, after, stop, depth + 1)
                parts.append(
                    field(number, b"" if child is _GRAPH and depth >= GRAPH_DEPTH else body)
                )
                copied = stop
            position = stop
        parts.append(self.copy(copied, end))
        return b"".join(parts)

    def tensor(self, begin: int, end: int) -> bytes:
        """Return a TensorProto, its payload replaced by a note where it is if it is large."""
        payloads: list[tuple[int, int, int, int]] = []
        kind = 0
        position = begin
        while position < end:
            number, wire, after, stop = self.head(position, end)
            if number == _TENSOR_TYPE and wire == _VARINT:
                kind, _ = self.varint(after, end)
            if number in _TENSOR_PAYLOADS and wire == _BYTES:
                payloads.append((position, after, stop, number))
            position = stop
        keep = KEEP_INTEGER_BYTES if kind in _INTEGER_TYPES else KEEP_BYTES
        parts: list[bytes] = []
        copied = begin
        for position, after, stop, number in payloads:
            if stop - after <= keep:
                continue
            parts.append(self.copy(copied, position))
            parts.append(self.note(after, stop - after, number))
            copied = stop
        parts.append(self.copy(copied, end))
        return b"".join(parts)

    def copy(self, begin: int, end: int) -> bytes:
        """Return the bytes between two offsets as they are."""
        self._kept += end - begin
        if self._kept > KEEP_TOTAL_BYTES:
            raise LoadError(
                "too-large",
                f"more than {KEEP_TOTAL_BYTES >> 20} MiB up to byte {end:,} are no weights",
                "no exporter writes this; store large tensors as raw data",
            )
        index = begin - self._start
        if index >= 0 and end - self._start <= len(self._window):
            return self._window[index : end - self._start]
        return self.source.read(begin, end - begin)

    def note(self, offset: int, length: int, number: int) -> bytes:
        """Return an ``external_data`` field that says where a payload was."""
        place = f"{offset}:{length}:{number}"
        entry = field(1, self.key.encode()) + field(2, place.encode())
        return field(_TENSOR_EXTERNAL, entry)

    def head(self, position: int, end: int) -> tuple[int, int, int, int]:
        """Return a field's number, its wire type, where its content begins and ends."""
        tag, after = self.varint(position, end)
        number, wire = tag >> 3, tag & 7
        if wire == _BYTES:
            length, after = self.varint(after, end)
            stop = after + length
        elif wire == _VARINT:
            _, stop = self.varint(after, end)
        elif wire in (_FIXED64, _FIXED32):
            stop = after + (8 if wire == _FIXED64 else 4)
        else:
            raise _not_onnx(f"wire type {wire} at byte {position:,}")
        if number == 0:
            raise _not_onnx(f"field number 0 at byte {position:,}")
        if stop > end:
            size = stop - after
            raise self.short(f"field {number} ({size:,} bytes from byte {after:,} on)", end)
        return number, wire, after, stop

    def varint(self, position: int, end: int) -> tuple[int, int]:
        """Return a base-128 number and where it ends."""
        value = shift = 0
        while position < end:
            index = position - self._start
            if not 0 <= index < len(self._window):
                self._window, self._start, index = self.source.window(position), position, 0
                if not self._window:
                    break
            byte = self._window[index]
            value |= (byte & 0x7F) << shift
            position += 1
            if byte < 0x80:
                return value, position
            shift += 7
            if shift > 63:
                raise _not_onnx(f"a number of more than 64 bits at byte {position:,}")
        raise self.short("a field's head", end)

    def short(self, what: str, end: int) -> LoadError:
        """Return the error for a field that goes on where its message ends."""
        cure = "download or export the model again"
        if end == self.source.size:
            return LoadError("truncated", f"cut off at byte {end:,}, inside {what}", cure)
        return LoadError("damaged", f"damaged: {what} exceeds its message, up to {end:,}", cure)

    def check_start(self) -> None:
        """Refuse what doesn't begin with a field of a ModelProto."""
        tag, _ = self.varint(0, self.source.size)
        number, wire = tag >> 3, tag & 7
        known = _MODEL_NUMBERS if wire == _VARINT else _MODEL_MESSAGES if wire == _BYTES else ()
        if number not in known:
            raise _not_onnx(f"it begins with field {number} of wire type {wire}")

    def check_top(self, number: int, wire: int, position: int) -> None:
        """Refuse what is no ModelProto before anything is made of it."""
        if number == _MODEL_GRAPH:
            if wire != _BYTES:
                raise _not_onnx(f"the graph at byte {position:,} has wire type {wire}")
            self._graphs += 1
        if self._graphs > 1:
            raise LoadError(
                "two-models",
                f"a second graph begins at byte {position:,}: two models in one file",
                "split the file; concatenated models would be merged into one",
            )


def _too_deep(place: int) -> LoadError:
    return LoadError(
        "too-deep",
        f"messages nest more than {MAX_DEPTH} levels deep at byte {place:,}; protobuf reads 100",
        "no exporter writes this; flatten the control flow before exporting",
    )


def _not_onnx(why: str) -> LoadError:
    return LoadError("not-onnx", f"not an ONNX model ({why})", "give an exported .onnx file")


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(number: int, content: bytes) -> bytes:
    """Return a field that holds bytes, a message or a text."""
    return _varint(number << 3 | _BYTES) + _varint(len(content)) + content
