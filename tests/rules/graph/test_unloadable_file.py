from pathlib import Path

import onnx
import pytest
from onnx import helper

from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Severity
from cnnlint.model import loader
from rules.graph.unloadable_file import unloadable_file
from tests.net import Net

NET = Net(3, 8).conv(4, name="a")


def nested(depth: int) -> bytes:
    """Return a model with so many Ifs inside each other, of three messages each."""
    graph = b"\x0a\x00"
    for _ in range(depth):
        body = b"\x0a" + packed(
            b"\x22\x02If\x2a" + packed(b"\x0a\x01b\xa0\x01\x05\x32" + packed(graph))
        )
        graph = body
    proto = onnx.ModelProto(ir_version=8, opset_import=[helper.make_opsetid("", 17)])
    return proto.SerializeToString() + b"\x3a" + packed(graph)


def packed(content: bytes) -> bytes:
    """Return bytes behind their length, which is written as two bytes."""
    return bytes([len(content) & 0x7F | 0x80, len(content) >> 7]) + content


def test_reports_a_file_beyond_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "net.onnx"
    file.write_bytes(NET.proto().SerializeToString())
    size = file.stat().st_size
    monkeypatch.setattr(loader, "PROTOBUF_BYTES", size)
    assert not unloadable_file.run(Facts(loader.load(file)))
    monkeypatch.setattr(loader, "PROTOBUF_BYTES", size - 1)
    (finding,) = unloadable_file.run(Facts(loader.load(file)))
    assert finding.message.startswith(f"the file has {size:,} bytes; protobuf ends at")
    assert finding.nodes == ()
    assert unloadable_file.severity is Severity.ERROR


def test_reports_what_nests_too_deeply() -> None:
    (finding,) = unloadable_file.run(Facts(loader.load(nested(40))))
    assert finding.message.startswith("messages nest more than 100 deep")


def test_silent() -> None:
    assert not unloadable_file.run(NET.facts())
    assert not unloadable_file.run(Facts(loader.load(nested(20))))
