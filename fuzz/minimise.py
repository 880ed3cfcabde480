"""A smaller input that fails in the same place."""

from collections.abc import Callable, Iterator

import onnx
from google.protobuf.message import DecodeError, Message

MAX_TRIES = 400


def smaller(data: bytes, fails: Callable[[bytes], bool], tries: int = MAX_TRIES) -> bytes:
    """Return the input without what it fails without, as far as so many tries go."""
    left = tries
    cuts = _message_cuts(data)
    while left and (candidate := next(cuts, None)) is not None:
        left -= 1
        if len(candidate) < len(data) and fails(candidate):
            data = candidate
            cuts = _message_cuts(data)
    size = len(data) // 2
    while left and size and not _parsed(data):
        for begin in range(0, len(data), size):
            candidate = data[:begin] + data[begin + size :]
            left -= 1
            if left <= 0 or fails(candidate):
                data = candidate if left > 0 else data
                break
        else:
            size //= 2
    return data


def _parsed(data: bytes) -> onnx.ModelProto | None:
    try:
        return onnx.ModelProto.FromString(data)
    except DecodeError:
        return None


def _message_cuts(data: bytes) -> Iterator[bytes]:
    """Yield the model without one of its fields or one element of a list, large parts first."""
    model = _parsed(data)
    for step in range(len(list(_steps(model))) if model else 0):
        again = onnx.ModelProto.FromString(data)
        message, name, index = list(_steps(again))[step]
        if index is None:
            message.ClearField(name)
        else:
            del getattr(message, name)[index]
        yield again.SerializePartialToString()


def _steps(message: Message) -> Iterator[tuple[Message, str, int | None]]:
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
        yield from _steps(child)
