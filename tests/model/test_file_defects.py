"""Defects of a file that can still be read: what a model says of them."""

import pytest
from onnx import TensorProto, helper

from cnnlint.model import loader
from cnnlint.model.defect import Defect, Kind
from cnnlint.model.loader import load
from tests.model.small_graph import HEADER, RELU, build, length, node, ones, read, refusal, tensor


def test_a_file_too_large_for_protobuf(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader, "PROTOBUF_BYTES", len(RELU))
    assert load(RELU).defects == ()
    monkeypatch.setattr(loader, "PROTOBUF_BYTES", len(RELU) - 1)
    (defect,) = load(RELU).defects
    assert (defect.kind, defect.node, defect.tensor) == (Kind.FILE, None, "")
    assert defect.text.startswith(f"the file has {len(RELU):,} bytes; protobuf ends at")


def bodies(levels: int) -> bytes:
    """Return a model of Ifs inside Ifs, made of bytes: protobuf itself takes too long."""
    graph = length_field(1, length_field(4, b"Relu"))
    for _ in range(levels):
        body = length_field(1, b"then_branch") + length_field(6, graph) + b"\xa0\x01\x05"
        graph = length_field(1, length_field(4, b"If") + length_field(5, body))
    return HEADER + length_field(7, graph)


def length_field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2]) + length(len(content)) + content


def test_bodies_that_protobuf_cannot_read() -> None:
    assert Kind.FILE not in {defect.kind for defect in load(bodies(30)).defects}
    for levels in (34, 90):
        defect, *_ = load(bodies(levels)).defects
        assert defect.kind == Kind.FILE
        assert "nest more than 100 deep" in defect.text
    for levels in (200, 5_000):
        assert refusal(bodies(levels)).code == "too-deep"


def test_a_model_without_nodes() -> None:
    proto = build([], [ones("w", 3)])
    assert refusal(proto.SerializeToString()).code == "no-nodes"
    proto.graph.output.extend([tensor("x", 1, 3, 8, 8), tensor("w", 3)])
    model = read(proto)
    assert (model.nodes, model.defects) == ((), ())
    assert model.static("x") == (1, 3, 8, 8)
    proto.graph.output.append(tensor("z"))
    assert refusal(proto.SerializeToString()).code == "undefined-output"


def test_names_that_are_no_text() -> None:
    def named(*names: bytes) -> bytes:
        nodes = [node("Relu", "x", f"y{i}", name=f"NAME{i}") for i in range(len(names))]
        data = build(nodes).SerializeToString()
        for index, name in enumerate(names):
            data = data.replace(b"NAME%d" % index, name)
        return data

    assert load(named(b"\xc3\xa9\xc3\xa9a", rb"\xff2")).defects == ()
    (defect,) = load(named(b"plain", b"\xff\xfe\xff12")).defects
    assert (defect.kind, defect.text) == (
        Kind.NAME,
        r"the name \xff\xfe\xff12 is not UTF-8 text",
    )
    (defect,) = load(named(b"\xfelain", b"\xff\xfe\xff12", b"\xff2345")).defects
    assert defect.text == r"the name \xfelain is not UTF-8 text, nor are 2 more"


def test_tensor_names_that_are_no_text() -> None:
    proto = build([node("Relu", "x", "TENSOR"), node("Relu", "TENSOR", "y")])
    data = proto.SerializeToString().replace(b"TENSOR", b"\xffENSOR")
    (defect,) = load(data).defects
    assert defect.text == r"the name \xffENSOR is not UTF-8 text, nor are 1 more"


def test_an_attribute_given_twice() -> None:
    proto = build([node("Relu", "x", "a"), node("HardSigmoid", "a", "y", alpha=1.0, beta=1.0)])
    assert read(proto).defects == ()
    proto.graph.node[1].attribute[1].name = "alpha"
    (defect,) = read(proto).defects
    assert (defect.kind, defect.node) == (Kind.NODE, ("", 1))
    assert defect.text == "attribute alpha is given more than once"


def test_an_attribute_given_twice_in_a_body() -> None:
    inner = node("Elu", "x", "o", alpha=1.0, beta=1.0)
    inner.attribute[1].name = "alpha"
    body = helper.make_graph([inner], "body", [], [tensor("o", 1)])
    outer = node("If", "c", "y", then_branch=body, else_branch=body)
    proto = build([outer], [], [tensor("x", 1, 3), tensor("c", kind=TensorProto.BOOL)])
    proto.graph.node[0].attribute[0].g.node[0].attribute.pop()
    (defect,) = read(proto).defects
    assert (defect.kind, defect.node) == (Kind.NODE, None)
    assert defect.text.endswith("Elu: attribute alpha is given more than once")


@pytest.mark.parametrize(
    ("dims", "bound", "texts"),
    [
        ((1, 3, 8, -1), (1, 3, 8, None), []),
        ((0, 3, 8, 8), (1, 3, 8, 8), []),
        ((-1, 3, 8, 8), (1, 3, 8, 8), []),
        ((1, 3, 0, 8), (1, 3, 0, 8), []),
        ((1, 3, 8, -16), (1, 3, 8, None), ["input x declares a size of -16 on axis 3"]),
        ((-2, 3, 8, 8), (1, 3, 8, 8), ["input x declares a size of -2 on axis 0"]),
    ],
)
def test_sizes_of_inputs_below_1(
    dims: tuple[int, ...], bound: tuple[int | None, ...], texts: list[str]
) -> None:
    model = read(build([node("Relu", "x", "y")], [], [tensor("x", *dims)]))
    assert model.inputs[0].bound == bound
    assert model.defects == tuple(Defect(Kind.SIZE, text, tensor="x") for text in texts)


def test_an_input_of_size_0_contradicts_what_needs_more() -> None:
    conv = node("Conv", "x w", "y", pads=[1, 1, 1, 1])
    proto = build([conv], [ones("w", 8, 3, 3, 3)], [tensor("x", 1, 3, 0, 8)])
    assert [defect.kind for defect in read(proto).defects] == [Kind.FIT]
