"""What the walk over a file's bytes refuses, and what it leaves out for being too deep."""

from itertools import accumulate

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlint.errors import LoadError
from cnnlint.model import wire
from cnnlint.model.wire import GRAPH_DEPTH, MAX_DEPTH, without_deep_graphs
from tests.model.wire_format import bare_model, chunk, number, parsed, skim, varint
from tests.net import Net


def refusal(data: bytes) -> tuple[str, str]:
    with pytest.raises(LoadError) as caught:
        skim(data)
    assert caught.value.cure
    assert "\n" not in caught.value.cause + caught.value.cure
    return caught.value.code, caught.value.cause


@pytest.mark.parametrize(
    ("data", "code", "cause"),
    [
        (b"", "truncated", "cut off at byte 0, inside a field's head"),
        (b"\x08", "truncated", "cut off at byte 1, inside a field's head"),
        (number(1, 8) + b"\xff\xff", "truncated", "cut off at byte 4, inside a field's head"),
        (
            number(1, 8) + varint(7 << 3 | 2) + varint(2**31 - 1) + b"abc",
            "truncated",
            "cut off at byte 11, inside field 7 (2,147,483,647 bytes from byte 8 on)",
        ),
        (number(1, 8) + varint(9 << 3 | 1) + b"1234567", "truncated", "cut off at byte 10, "),
        (number(1, 8) + varint(9 << 3 | 5) + b"123", "truncated", "cut off at byte 6, inside "),
        (number(1, 8) + chunk(7, b"")[:1] + varint(-1), "truncated", "cut off at byte 13, "),
        (number(1, 8) + b"\0" * 16, "not-onnx", "not an ONNX model (field number 0 at byte 2)"),
        (number(1, 8) + b"\x7b", "not-onnx", "not an ONNX model (wire type 3 at byte 2)"),
        (number(1, 8) + b"\x7c", "not-onnx", "not an ONNX model (wire type 4 at byte 2)"),
        (number(1, 8) + b"\x7e", "not-onnx", "not an ONNX model (wire type 6 at byte 2)"),
        (number(1, 8) + b"\x7f", "not-onnx", "not an ONNX model (wire type 7 at byte 2)"),
        (b"\x08" + b"\xff" * 10 + b"\x01", "not-onnx", "not an ONNX model (a number of more"),
        (number(1, 8) + number(7, 5), "not-onnx", "not an ONNX model (the graph at byte 2 has"),
        (number(13, 1), "not-onnx", "not an ONNX model (it begins with field 13 of wire type 0)"),
        (chunk(1, b"conv"), "not-onnx", "not an ONNX model (it begins with field 1 of wire"),
        (number(2, 8), "not-onnx", "not an ONNX model (it begins with field 2 of wire type 0)"),
        (
            number(1, 8) + chunk(7, chunk(5, chunk(9, b"w" * 5_000) + b"\x92") + b"\x3a\x01"),
            "damaged",
            "damaged: a field's head exceeds its message, up to 5,012",
        ),
        (
            bare_model(chunk(5, chunk(8, b"w" * 5_000) + b"\x4a\x7fraw") + chunk(2, b"g" * 200)),
            "damaged",
            "damaged: field 9 (127 bytes from byte 5,013 on) exceeds its message, up to 5,016",
        ),
    ],
)
def test_refuses(data: bytes, code: str, cause: str) -> None:
    found = refusal(data)
    assert (found[0], found[1][: len(cause)]) == (code, cause)


def test_a_number_of_ten_bytes_is_none_too_long() -> None:
    data = number(1, -1) + chunk(7, number(99, -1))
    assert data[1:11] == b"\xff" * 9 + b"\x01"
    assert parsed(skim(data)).ir_version == -1


@pytest.mark.parametrize("first", [number(1, 8), number(5, 1), chunk(2, b"torch"), chunk(8, b"")])
def test_any_field_of_a_model_may_come_first(first: bytes) -> None:
    data = first + chunk(7, chunk(2, b"g")) + chunk(999, b"from the future") + number(1_000, 7)
    assert parsed(skim(data)) == onnx.ModelProto.FromString(data)


@pytest.mark.parametrize("pad", [0, 5_000])
def test_two_models_in_one_file_are_refused(pad: int) -> None:
    model = Net(3, 8).relu().proto()
    model.graph.doc_string = "d" * pad
    data = model.SerializeToString()
    code, cause = refusal(data + data)
    assert code == "two-models"
    second = len(data) + data.index(varint(7 << 3 | 2))
    assert cause == f"a second graph begins at byte {second:,}: two models in one file"


LONG_DOC = b"d" * 5_000  # large enough for its message to be walked


def nested(levels: int, graph: bytes = chunk(10, LONG_DOC)) -> bytes:
    """Return a model of graphs in nodes of graphs, down to an innermost one."""
    for _ in range(levels):
        graph = chunk(1, chunk(4, b"If") + chunk(5, chunk(1, b"then_branch") + chunk(6, graph)))
    return bare_model(graph)


def test_depth_is_limited() -> None:
    deepest = (MAX_DEPTH - 1) // 3  # a graph, a node, an attribute; and the model's own graph
    assert skim(nested(deepest)).proto == nested(deepest)
    a_node_more = nested(deepest, chunk(1, chunk(5, chunk(1, b"a") + chunk(6, LONG_DOC))))
    assert refusal(a_node_more)[0] == "too-deep"
    assert refusal(nested(5_000))[0] == "too-deep"


@pytest.mark.parametrize("graph", [b"", chunk(1, chunk(4, b"Relu")), chunk(10, LONG_DOC)])
def test_graphs_that_protobuf_cannot_read_are_emptied(graph: bytes) -> None:
    kept = GRAPH_DEPTH // 3
    for levels in (kept, 33, (MAX_DEPTH - 3) // 3):
        shallow = without_deep_graphs(nested(levels, graph))
        if levels > kept:
            assert shallow == nested(kept, b"")
            onnx.ModelProto.FromString(shallow)
    assert without_deep_graphs(nested(kept - 1, graph)) is None
    with pytest.raises(LoadError) as caught:
        without_deep_graphs(nested(5_000, graph))
    assert caught.value.code == "too-deep"


def test_a_large_structure_is_not_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    data = nested(40)
    monkeypatch.setattr(wire, "SEARCHED_BYTES", len(data) - 1)
    assert without_deep_graphs(data) is None
    monkeypatch.setattr(wire, "SEARCHED_BYTES", len(data))
    assert without_deep_graphs(data) is not None


def test_every_truncation_of_a_small_model_is_refused() -> None:
    net = Net(3, 8).conv(4, weight=np.zeros((4, 3, 3, 3), np.float32)).relu()
    graph = chunk(7, net.proto().graph.SerializeToString())
    fields = [number(1, 8), chunk(2, b"torch"), graph, chunk(8, number(2, 17))]
    data, ends = b"".join(fields), set(accumulate(map(len, fields)))
    for cut in range(len(data)):
        if cut in ends:
            skim(data[:cut])  # a whole model as far as bytes go: the loader says what is missing
        else:
            assert refusal(data[:cut])[0] == "truncated"


@settings(max_examples=200)
@given(st.binary(max_size=100))
def test_random_bytes_are_refused_or_copied(data: bytes) -> None:
    for start in (b"", number(1, 8), chunk(2, b"torch")):
        try:
            bones = skim(start + data)
        except LoadError:
            continue
        assert bones.proto == start + data
