"""Fields of protobuf's wire format, written byte by byte; and skeletons of what they make up."""

import onnx

from cnnlint.model.source import BytesSource
from cnnlint.model.wire import Skeleton, skeleton


def varint(value: int) -> bytes:
    """Return a number of base 128; negative ones as their two's complement in 64 bits."""
    value &= 2**64 - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def number(field: int, value: int) -> bytes:
    """Return a field that holds an integer."""
    return varint(field << 3) + varint(value)


def chunk(field: int, content: bytes) -> bytes:
    """Return a field that holds bytes: a text, packed numbers or a message."""
    return varint(field << 3 | 2) + varint(len(content)) + content


def bare_model(graph: bytes) -> bytes:
    """Return a model of format version 8 and operator set 17 around the bytes of a graph."""
    return number(1, 8) + chunk(7, graph) + chunk(8, number(2, 17))


def skim(data: bytes) -> Skeleton:
    """Return the skeleton of a model in memory."""
    return skeleton(BytesSource(data))


def parsed(bones: Skeleton) -> onnx.ModelProto:
    """Return what protobuf makes of a skeleton."""
    return onnx.ModelProto.FromString(bones.proto)
