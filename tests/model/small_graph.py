"""Small hand-built ONNX files: ``read(build([node("Relu", "x", "y")]))``."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from cnnlint.errors import LoadError
from cnnlint.model.binding import Bindings
from cnnlint.model.graph import Model
from cnnlint.model.loader import load
from tests.net import Net

FLOAT = TensorProto.FLOAT
HEADER = b"\x08\x08\x42\x02\x10\x11"
"""The format's version 8 and operator set 17, as they begin a file."""
RELU = Net(3, 8).relu().proto().SerializeToString()
"""A whole model of one node."""

_watchers: list[list[str]] = []


def _watch(event: str, args: tuple[object, ...]) -> None:
    if event == "open":
        for opened in _watchers:
            opened.append(str(args[0]))


sys.addaudithook(_watch)


@contextmanager
def watching() -> Iterator[list[str]]:
    """Collect the paths of all files that are opened meanwhile, by any means."""
    opened: list[str] = []
    _watchers.append(opened)
    yield opened
    _watchers.remove(opened)


def node(op: str, reads: str, makes: str, **attrs: Any) -> onnx.NodeProto:
    """Return a node; tensor names are separated by blanks."""
    return helper.make_node(op, reads.split(), makes.split(), **attrs)


def tensor(name: str, *shape: int | str | None, kind: int = FLOAT) -> onnx.ValueInfoProto:
    """Return the declaration of an input or output."""
    return helper.make_tensor_value_info(name, kind, shape)


def ones(name: str, *shape: int) -> onnx.TensorProto:
    """Return a stored float tensor."""
    return numpy_helper.from_array(np.ones(shape, np.float32), name)


def build(
    nodes: Sequence[onnx.NodeProto],
    stored: Sequence[onnx.TensorProto] = (),
    inputs: Sequence[onnx.ValueInfoProto] = (tensor("x", 1, 3, 8, 8),),
    **fields: Any,
) -> onnx.ModelProto:
    """Return a model of format version 8 and operator set 17, unless ``fields`` say otherwise."""
    graph = helper.make_graph(list(nodes), "net", list(inputs), [], list(stored))
    fields = {"opset_imports": [helper.make_opsetid("", 17)], "ir_version": 8, **fields}
    return helper.make_model(graph, **fields)


def read(proto: onnx.ModelProto, bindings: Bindings | None = None) -> Model:
    """Load a model from its bytes."""
    return load(proto.SerializeToString(), bindings)


def save(proto: onnx.ModelProto, file: Path) -> Path:
    """Write a model to a file, as it is."""
    file.write_bytes(proto.SerializeToString())
    return file


def refusal(source: Path | str | bytes) -> LoadError:
    """Return the error that loading gives, having looked at its form."""
    with pytest.raises(LoadError) as caught:
        load(source)
    error = caught.value
    assert error.cure
    assert error.exit_code == 1
    assert "\n" not in error.cause + error.cure
    assert error.cause.startswith("<bytes>" if isinstance(source, bytes) else str(source))
    return error


def length(value: int) -> bytes:
    """Return a length as a base-128 number of five bytes, which protobuf allows for any."""
    return bytes([(value >> 7 * i & 127) | 128 for i in range(4)] + [value >> 28])
