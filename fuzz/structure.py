"""Changes to the messages of a model that still parses: odd values, dropped and moved parts.

What a message may hold is read off its descriptor, so that every field of the format is changed,
those that nobody thought of among them.
"""

from collections.abc import Iterator
from random import Random
from typing import TypeAlias, cast

import onnx
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from onnx import numpy_helper

from fuzz.oddities import numbers, odd_array, odd_float, odd_text

MAX_CHANGES = 5
_INTEGERS = {
    FieldDescriptor.CPPTYPE_INT32: 31,
    FieldDescriptor.CPPTYPE_INT64: 63,
    FieldDescriptor.CPPTYPE_UINT64: 64,
    FieldDescriptor.CPPTYPE_ENUM: 5,
}
Place: TypeAlias = tuple[Message, FieldDescriptor]


def changed(model: onnx.ModelProto, other: onnx.ModelProto, rng: Random) -> onnx.ModelProto:
    """Return the model with a few changes; parts may come from another model."""
    for _ in range(rng.randint(1, MAX_CHANGES)):
        if rng.random() < 0.25:
            freeze(model, rng)
            continue
        message, field = rng.choice(list(_places(model)))
        if field.message_type is not None:
            _change_message(message, field, other, rng)
        else:
            _change_scalar(message, field, model, rng)
    return model


def freeze(model: onnx.ModelProto, rng: Random) -> None:
    """Store odd numbers for an input of some node, so that what they decide is decided."""
    names = [name for node in model.graph.node for name in node.input if name]
    if names:
        name = rng.choice(names)
        for tensor in [t for t in model.graph.initializer if t.name == name]:
            model.graph.initializer.remove(tensor)
        model.graph.initializer.append(numpy_helper.from_array(odd_array(rng), name))


def _places(message: Message) -> Iterator[Place]:
    """Yield every field of every message of the tree, those that are not set less often."""
    filled = {field.name for field, _ in message.ListFields()}
    for field in cast("list[FieldDescriptor]", message.DESCRIPTOR.fields):
        if field.name == "doc_string":
            continue
        if field.name in filled:
            yield from ((message, field),) * 3
        else:
            yield message, field
    for field, value in message.ListFields():
        if field.message_type is not None:
            for child in value if field.is_repeated else (value,):
                yield from _places(child)


def _change_message(
    message: Message, field: FieldDescriptor, other: onnx.ModelProto, rng: Random
) -> None:
    """Drop, repeat, move or replace a child, or all of them."""
    donors = [m for m in _messages(other) if m.DESCRIPTOR is field.message_type]
    if not field.is_repeated:
        if donors and rng.random() < 0.6:
            getattr(message, field.name).CopyFrom(rng.choice(donors))
        else:
            message.ClearField(field.name)
        return
    children = getattr(message, field.name)
    parts = [type(child).FromString(child.SerializePartialToString()) for child in children]
    action = rng.randrange(5)
    if action == 0:
        rng.shuffle(parts)
    elif action == 1 and parts:
        parts.pop(rng.randrange(len(parts)))
    elif action == 2 and parts:
        parts.insert(rng.randint(0, len(parts)), rng.choice(parts))
    elif action == 3 and donors:
        parts.insert(rng.randint(0, len(parts)), rng.choice(donors))
    elif parts and donors:
        parts[rng.randrange(len(parts))] = rng.choice(donors)
    message.ClearField(field.name)
    children.extend(parts)


def _change_scalar(
    message: Message, field: FieldDescriptor, model: onnx.ModelProto, rng: Random
) -> None:
    if not field.is_repeated:
        if rng.random() < 0.1:
            message.ClearField(field.name)
        else:
            setattr(message, field.name, _scalar(field, model, rng))
        return
    values = list(getattr(message, field.name))
    action = rng.randrange(4)
    if action == 0:
        rng.shuffle(values)
    elif action == 1 and values:
        values.pop(rng.randrange(len(values)))
    elif action == 2 and values:
        values[rng.randrange(len(values))] = _scalar(field, model, rng)
    else:
        values.insert(rng.randint(0, len(values)), _scalar(field, model, rng))
    message.ClearField(field.name)
    getattr(message, field.name).extend(values)


def _scalar(
    field: FieldDescriptor, model: onnx.ModelProto, rng: Random
) -> int | float | str | bytes:
    """Return a value for a field: odd, or one that other messages of the model have there."""
    bits = _INTEGERS.get(field.cpp_type)
    if bits is not None:
        if field.enum_type is not None:
            return rng.choice(field.enum_type.values).number
        low, high = (0, 2**64) if bits == 64 else (-(2**bits), 2**bits)
        return rng.choice([n for n in numbers(rng) if low <= n < high])
    if field.cpp_type in (FieldDescriptor.CPPTYPE_FLOAT, FieldDescriptor.CPPTYPE_DOUBLE):
        return odd_float(rng)
    if field.type == FieldDescriptor.TYPE_BYTES:
        return rng.choice((b"", b"\xff\x1b", b"SAME_UPPER", bytes(rng.randrange(40))))
    return rng.choice(_spoken(model, field)) if rng.random() < 0.8 else odd_text(rng)


def _spoken(model: onnx.ModelProto, field: FieldDescriptor) -> list[str]:
    """Return the texts that a model has in fields of this name; tensor names are one kind."""
    alike = {"input", "output", "name"} if field.name in {"input", "output"} else {field.name}
    texts = [""]
    for message in _messages(model):
        for other, value in message.ListFields():
            if other.name in alike and other.type == FieldDescriptor.TYPE_STRING:
                texts += value if other.is_repeated else [value]
    return texts


def _messages(message: Message) -> Iterator[Message]:
    yield message
    for field, value in message.ListFields():
        if field.message_type is not None:
            for child in value if field.is_repeated else (value,):
                yield from _messages(child)
