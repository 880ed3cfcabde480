"""Files in, models out: what is refused and how, and what a model says of its file."""

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from cnnlint.errors import MissingPathError
from cnnlint.model.binding import Bindings
from cnnlint.model.defect import Kind
from cnnlint.model.graph import Payload, SourceLine
from cnnlint.model.loader import load
from cnnlint.model.paths import SCOPES, STACK
from tests.model.small_graph import (
    FLOAT,
    HEADER,
    RELU,
    build,
    length,
    node,
    ones,
    read,
    refusal,
    tensor,
    watching,
)
from tests.net import Net


@pytest.fixture
def hurry() -> Iterator[None]:
    """End a test that waits for ever."""
    signal.alarm(20)
    yield
    signal.alarm(0)


# ------------------------------------------------------------------- files


@pytest.mark.parametrize("name", ["nothing.onnx", "no/such/folder.onnx", "file.txt/net.onnx"])
def test_a_missing_path(name: str, tmp_path: Path) -> None:
    (tmp_path / "file.txt").touch()
    with pytest.raises(MissingPathError, match=r"onnx does not exist$") as caught:
        load(tmp_path / name)
    assert caught.value.exit_code == 2
    assert caught.value.cure


def test_a_link_to_nothing(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").symlink_to("nowhere.bin")
    error = refusal(tmp_path / "net.onnx")
    assert error.code == "missing"
    assert error.cause.endswith("net.onnx is a link to nothing")


@pytest.mark.parametrize(
    ("data", "code", "cure"),
    [
        (b"", "empty", "export or download"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "git-lfs-pointer", "git lfs pull"),
        (b"<!DOCTYPE html><html>404</html>", "markup", "download"),
        (b"\x89PNG\r\n\x1a\n", "png", ".onnx"),
        (b"PK\x03\x04\x14\0", "zip", "ONNX"),
        (b"\x80\x04\x95\x1d", "pickle", "ONNX"),
        (b'{"irVersion": 8}', "json", ".onnx"),
        (b"ir_version: 8\ngraph {\n}", "text-proto", "binary"),
        (b"\x1c\0\0\0TFL3\0\0", "tflite", "tf2onnx"),
        (b"\x18\0\0\0ORTM\0\0", "ort-format", ".onnx"),
        (b"\0" * 4_096, "not-onnx", ".onnx"),
        (b"import torch\n", "not-onnx", ".onnx"),
        (RELU[: len(RELU) // 2], "truncated", "again"),
        (RELU[:2], "no-graph", "again"),
        (RELU + RELU, "two-models", "split"),
        (RELU + b"\0" * 16, "not-onnx", ".onnx"),
        (RELU + b"\xff" * 6, "truncated", "again"),
        (RELU.replace(b"\x05input", b"\x7finput"), "not-onnx", "again"),
    ],
)
def test_bad_bytes(data: bytes, code: str, cure: str, tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(data)
    for source in (tmp_path / "net.onnx", str(tmp_path / "net.onnx"), data):
        error = refusal(source)
        assert error.code == code
        assert cure in error.cure


@pytest.mark.usefixtures("hurry")
@pytest.mark.parametrize("kind", ["folder", "pipe", "device", "socket"])
def test_what_is_no_file(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(path))
    with watching() as opened:
        error = refusal(path)
    assert error.code == "not-a-file"
    assert error.cause.endswith("is a folder" if kind == "folder" else "is no regular file")
    assert opened == []


def test_a_ring_of_links(tmp_path: Path) -> None:
    (tmp_path / "a.onnx").symlink_to("b.onnx")
    (tmp_path / "b.onnx").symlink_to("a.onnx")
    error = refusal(tmp_path / "a.onnx")
    assert (error.code, error.cause) == (
        "unreadable",
        f"{tmp_path / 'a.onnx'} can't be read: Too many levels of symbolic links",
    )


@pytest.mark.parametrize("name", ["n" * 5_000, "a\0b"])
def test_a_name_that_no_file_can_have(name: str) -> None:
    assert refusal(name).code == "unreadable"


def test_a_file_that_fails_while_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> bytes:
        raise OSError(5, "Input/output error")

    (tmp_path / "net.onnx").write_bytes(RELU)
    monkeypatch.setattr("cnnlint.model.source.FileSource.read", fail)
    assert refusal(tmp_path / "net.onnx").cause.endswith("can't be read: Input/output error")


def test_a_file_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:  # as root may read every file
        raise PermissionError(13, "Permission denied")

    (tmp_path / "net.onnx").write_bytes(RELU)
    monkeypatch.setattr(Path, "open", fail)
    assert refusal(tmp_path / "net.onnx").cause.endswith("can't be read: Permission denied")


def test_every_truncation_is_refused() -> None:
    for cut in range(len(RELU)):
        assert refusal(RELU[:cut]).code in {"empty", "truncated", "no-graph", "no-opset"}


@settings(max_examples=100)
@given(st.data())
def test_a_truncated_model_with_weights_is_refused(data: st.DataObject) -> None:
    weight = np.zeros((64, 64, 3, 3), np.float32)
    model = Net(64, 8).conv(64, weight=weight).conv(64, weight=weight, name="second")
    whole = model.proto().SerializeToString()
    error = refusal(whole[: data.draw(st.integers(0, len(whole) - 1))])
    assert error.code in {"empty", "truncated", "no-graph", "no-opset"}


def test_where_a_model_comes_from(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(RELU)
    from_file, from_bytes = load(str(tmp_path / "net.onnx")), load(RELU)
    assert from_file.origin.path == str(tmp_path / "net.onnx")
    assert from_file.origin.file == tmp_path / "net.onnx"
    assert (from_bytes.origin.path, from_bytes.origin.file) == ("<bytes>", None)
    assert from_file.origin.size == from_bytes.origin.size == len(RELU)
    assert from_file.origin.data_files == from_file.origin.missing_data == ()
    assert from_file.nodes == from_bytes.nodes


def test_three_gibibytes_of_weights_are_not_read(tmp_path: Path) -> None:
    size, file = 3 << 30, tmp_path / "big.onnx"
    proto = build([node("Relu", "w", "y")], [TensorProto(name="w", data_type=FLOAT)])
    proto.graph.initializer[0].dims.append(size // 4)
    inner = proto.graph.initializer[0].SerializeToString() + b"\x4a" + length(size)
    graph = proto.graph.SerializeToString()
    graph = graph[: graph.index(b"*")] + b"*" + length(len(inner) + size) + inner
    head = HEADER + b"\x3a" + length(len(graph) + size) + graph
    file.write_bytes(head)
    os.truncate(file, len(head) + size)
    model = load(file)
    assert model.origin.size == len(head) + size
    assert model.value("w").static == (size // 4,)
    assert model.value("w").payload == Payload(file, len(head), size, 9)


# ------------------------------------------------------------------- graphs


def test_no_graph_no_nodes_no_operator() -> None:
    assert refusal(onnx.ModelProto(ir_version=8).SerializeToString()).code == "no-graph"
    assert refusal(build([]).SerializeToString()).code == "no-nodes"
    nameless = build([node("Relu", "x", "y"), node("", "y", "z")])
    error = refusal(nameless.SerializeToString())
    assert (error.code, error.cause) == ("no-operator", "<bytes>: node 1 names no operator")


@pytest.mark.parametrize(
    ("version", "opsets", "refused"),
    [
        (8, [("", 17)], False),
        (8, [("ai.onnx", 17)], False),
        (8, [("", 1)], False),
        (8, [("", 17), ("other", 0)], False),
        (8, [], True),
        (3, [], True),
        (2, [], False),
        (1, [], False),
        (0, [], True),
        (8, [("", 0)], True),
        (8, [("", -5)], True),
        (8, [("ai.onnx", 0)], True),
    ],
)
def test_operator_sets(version: int, opsets: list[tuple[str, int]], refused: bool) -> None:
    proto = build([node("Relu", "x", "y")], ir_version=version)
    del proto.opset_import[:]
    proto.opset_import.extend(helper.make_opsetid(*opset) for opset in opsets)
    if refused:
        assert refusal(proto.SerializeToString()).code == "no-opset"
    else:
        model = read(proto)
        assert model.ir_version == version
        assert model.opsets == {"" if name == "ai.onnx" else name: v for name, v in opsets}
        assert model.static("y") == (1, 3, 8, 8)


def test_an_operator_nobody_knows() -> None:
    nodes = [node("Relu", "x", "a"), node("Frobnicate", "a", "b"), node("Relu", "b", "c")]
    model = read(build([*nodes, node("Mine", "a", "d", domain="com.me")]))
    assert [n.op for n in model.nodes] == ["Relu", "Frobnicate", "Relu", "com.me:Mine"]
    assert model.nodes[3].domain == "com.me"
    assert model.static("a") == (1, 3, 8, 8)
    assert [model.value(name).shape for name in "bcd"] == [None, None, None]
    assert [(d.kind, d.text, d.node) for d in model.defects] == [
        (Kind.OPERATOR, "Frobnicate is no operator of ONNX, at any operator set", ("", 1))
    ]


def test_what_the_file_says_of_unknown_tensors_is_believed() -> None:
    proto = build([node("Mine", "x", "y", domain="com.me")], inputs=[tensor("x", 1)])
    into = helper.make_tensor_value_info("x", FLOAT, ["batch", 3, "s"])
    proto.graph.input[0].CopyFrom(into)
    proto.graph.value_info.append(helper.make_tensor_value_info("y", 1, ["batch", "s", "t", 0]))
    assert read(proto, Bindings(batch=2, dims={"s": 5})).value("y").shape == (2, 5, None, None)


def test_what_the_file_says_of_itself() -> None:
    proto = build([node("Relu", "x", "y")], producer_name="pytorch", producer_version="2.9")
    proto.graph.output.extend([tensor("y", 1), tensor("x", 1)])
    helper.set_model_props(proto, {"cnnlint.ignore": "K101", "author": "me"})
    proto.opset_import.append(helper.make_opsetid("com.me", 3))
    model = read(proto)
    assert (model.name, model.ir_version, model.producer) == ("net", 8, "pytorch 2.9")
    assert model.opsets == {"": 17, "com.me": 3}
    assert model.metadata == {"cnnlint.ignore": "K101", "author": "me"}
    assert model.outputs == ("y", "x")
    assert read(build([node("Relu", "x", "y")])).producer == ""
    assert read(build([node("Relu", "x", "y")], producer_name="tf2onnx")).producer == "tf2onnx"


def test_names_of_any_bytes() -> None:
    proto = build(
        [node("Conv", "x www", "y", name="nnn", kernel="sss")], [ones("www", 4, 3, 3, 3)]
    )
    proto.producer_name, proto.graph.name = "ppp", "ggg"
    proto.metadata_props.add(key="kkk", value="vvv")
    proto.graph.node[0].metadata_props.add(key="kkk", value="vvv")
    proto.graph.node[0].metadata_props.add(key=SCOPES, value="['aaa', 'bbb']")
    proto.graph.node[0].metadata_props.add(key=STACK, value='File "ttt", line 3')
    proto.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "ddd"
    data = proto.SerializeToString()
    for letter in "wnspgkvatd":
        data = data.replace(letter.encode() * 3, b"\xff\x1b" + letter.encode())
    model = load(data)
    (conv,) = model.nodes
    assert conv.inputs == ("x", "\\xff\x1bw")
    assert model.value("\\xff\x1bw").static == (4, 3, 3, 3)
    assert model.static("y") == (1, 4, 6, 6)
    assert (conv.name, conv.attrs["kernel"]) == ("\\xff\x1bn", "\\xff\x1bs")
    assert (model.name, model.producer) == ("\\xff\x1bg", "\\xff\x1bp")
    assert model.metadata == {"\\xff\x1bk": "\\xff\x1bv"}
    assert conv.source == SourceLine("\\xff\x1bt", 3)
    assert model.assumptions == ("\\xff\x1bd = 1",)


def test_names_with_control_characters_are_kept_as_they_are() -> None:
    odd = "a\n\t\0\x1b[31m\u202e"
    nodes = [node("Relu", "x", "y", name=odd)]
    nodes[0].output[0] = odd
    model = read(build(nodes))
    assert (model.nodes[0].name, model.nodes[0].path) == (odd, odd)
    assert model.static(odd) == (1, 3, 8, 8)
