"""A smaller input that fails in the same place."""

from collections.abc import Callable, Iterator

import onnx
from google.protobuf.message import DecodeError, Message

MAX_TRIES = 400


def smaller(data: bytes, fails: Callable[[bytes], bool], tries: int = MAX_TRIES) -> bytes:
    """Return the input without what it fails without, as far as so many tries go."""
    cuts = _cuts(data)
    for _ in range(tries):
        cut = next(cuts, None)
        if cut is None:
            break
        if len(cut) < len(data) and fails(cut):
            data = cut
            cuts = _cuts(data)
    return data


def _cuts(data: bytes) -> Iterator[bytes]:
    """Return the input without one part after another, large parts first."""
    try:
        model = onnx.ModelProto.FromString(data)
    except DecodeError:
        return _byte_cuts(data)
    return _message_cuts(data, len(list(_parts(model))))


def _byte_cuts(data: bytes) -> Iterator[bytes]:
    size = len(data) // 2
    while size:
        yield from (data[:at] + data[at + size :] for at in range(0, len(data), size))
        size //= 2


def _message_cuts(data: bytes, parts: int) -> Iterator[bytes]:
    for part in range(parts):
        model = onnx.ModelProto.FromString(data)
        message, name, index = list(_parts(model))[part]
        if index is None:
            message.ClearField(name)
        else:
            del getattr(message, name)[index]
        yield model.SerializePartialToString()


def _parts(message: Message) -> Iterator[tuple[Message, str, int | None]]:
    """Yield what can be taken out of a message: outer parts before what is inside them."""
    deeper: list[Message] = []
    for field, value in message.ListFields():
        if not field.is_repeated:
            yield message, field.name, None
            deeper += [value] if field.message_type is not None else []
            continue
        for index in reversed(range(len(value))):
            yield message, field.name, index
        deeper += list(value) if field.message_type is not None else []
    for child in deeper:
        yield from _parts(child)
