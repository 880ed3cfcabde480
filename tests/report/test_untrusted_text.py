"""Text from a model never moves a cursor, hides, or breaks a line, in any format."""

import json
import os
import unicodedata
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
from onnx import helper

from cnnlint.report.escape import LONGEST, plain, unicode
from tests.net import Net

Run = Callable[..., tuple[int, str, str]]

EVIL = "\x1b[2J\u202eevil\u200b\u2066\x9b\x07\r\x7f"
LONG = "n" * 100_000
FORMATS = [
    *[("check", "--format", form) for form in ("text", "concise", "json")],
    ("check", "--format", "json", "--verbose"),
    *[("profile", "--static", "--format", form) for form in ("text", "json", "csv")],
    ("profile", "--static", "--by", "module"),
]


def hostile(text: str) -> onnx.ModelProto:
    """Return a model that holds a text wherever one can stand."""
    net = Net(3, (text, 32)).conv(16, name="conv")  # type: ignore[arg-type]  # a symbolic side
    net = net.gap().flatten().dense(10).relu().output()
    proto = net.proto()
    proto.producer_name = proto.producer_version = proto.doc_string = text
    proto.metadata_props.add(key=text, value=text)
    graph = proto.graph
    graph.name = graph.doc_string = text
    for index, node in enumerate(graph.node):
        node.name, node.doc_string = f"{text}{index}", text
        node.metadata_props.add(key="pkg.torch.onnx.name_scopes", value=f"['', '{text}', 'x']")
        trace = f'File "{text}.py", line 3, in f'
        node.metadata_props.add(key="pkg.torch.onnx.stack_trace", value=trace)
    for weight in graph.initializer:
        renamed(graph, weight.name, f"{text}{weight.name}")
    renamed(graph, graph.node[-1].output[0], f"{text}out")
    graph.output[0].name = graph.node[-1].output[0]
    graph.node.append(helper.make_node(f"{text}Op", [graph.output[0].name], ["z"], domain=text))
    proto.opset_import.append(helper.make_opsetid(text, 1))
    bad = graph.initializer.add(name=f"{text}bad", dims=[2], data_type=1, raw_data=b"\0")
    bad.doc_string = text
    far = graph.initializer.add(name=f"{text}far", dims=[2], data_type=1, data_location=1)
    far.external_data.add(key="location", value=f"/{text}")
    gone = graph.initializer.add(name=f"{text}gone", dims=[2], data_type=1, data_location=1)
    gone.external_data.add(key="location", value=f"{text[:50]}.bin")
    return proto


def renamed(graph: onnx.GraphProto, old: str, new: str) -> None:
    for tensor in graph.initializer:
        tensor.name = new if tensor.name == old else tensor.name
    for node in graph.node:
        node.input[:] = [new if name == old else name for name in node.input]
        node.output[:] = [new if name == old else name for name in node.output]


@pytest.mark.parametrize("command", FORMATS, ids=" ".join)
def test_nothing_reaches_the_terminal(command: tuple[str, ...], run: Run, tmp_path: Path) -> None:
    folder = tmp_path / f"a{EVIL}\n"
    folder.mkdir()
    path = folder / f"b{EVIL}.onnx"
    path.write_bytes(hostile(EVIL).SerializeToString())
    code, out, err = run(command[0], path, *command[1:])
    assert code in {0, 1}
    assert out
    for char in (out + err).replace("\n", ""):
        assert unicodedata.category(char) not in {"Cc", "Cf", "Zl", "Zp", "Cs"}


@pytest.mark.parametrize("command", FORMATS, ids=" ".join)
def test_long_names_are_shortened(command: tuple[str, ...], run: Run, tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(hostile(LONG).SerializeToString())
    _, out, err = run(command[0], path, *command[1:])
    assert max(map(len, (out + err).split("\n"))) < 8 * LONGEST


def test_a_text_is_shortened_only_where_it_must_be() -> None:
    assert plain("a" * LONGEST) == "a" * LONGEST
    assert plain("a" * (LONGEST + 1)) == "a" * (LONGEST - 1) + "…"


@pytest.mark.parametrize("command", FORMATS, ids=" ".join)
def test_a_file_name_that_is_no_unicode(
    command: tuple[str, ...], run: Run, tmp_path: Path
) -> None:
    path = tmp_path / os.fsdecode(b"bad\xff.onnx")
    try:
        path.write_bytes(hostile("x").SerializeToString())
    except OSError:
        pytest.skip("file names are Unicode here")
    code, out, _ = run(command[0], path, *command[1:])
    assert code in {0, 1}
    out.encode("utf-8")
    if "json" in command:
        assert json.loads(out)["models"][0]["path"] == f"{tmp_path}/bad\\xff.onnx"
    if "concise" in command:
        assert "bad\\xff.onnx" in out


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("été ￿ \ud7ff \ue000", "été ￿ \ud7ff \ue000"),
        ("\udc80\udcff", r"\x80\xff"),
        ("\ud800 \udc7f \udd00 \udfff", r"\ud800 \udc7f \udd00 \udfff"),
    ],
)
def test_surrogates_are_no_text(text: str, shown: str) -> None:
    assert unicode(text) == shown
    assert unicode(plain(text)) == plain(text)
