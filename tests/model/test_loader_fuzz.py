"""Broken and random bytes: a model or a LoadError comes out, nothing else."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from cnnlint.errors import LoadError
from cnnlint.model.loader import load
from cnnlint.model.paths import SCOPES, STACK
from tests.model.small_graph import FLOAT, HEADER, build, length, node, ones, tensor


def loads_or_says_why(data: bytes) -> None:
    """Load a file; any error but a LoadError comes through and fails the test."""
    try:
        model = load(data)
    except LoadError:
        return
    assert len({n.path for n in model.nodes}) == len(model.nodes)


def everything() -> bytes:
    """Return a small model in which every part of the format occurs."""
    body = helper.make_graph([node("Add", "r stored", "o")], "body", [], [tensor("o", 1)])
    nodes = [
        node("Constant", "", "shape", value_ints=[1, -1]),
        node("Conv", "x a.weight", "r", kernel_shape=[1, 1], pads=[0, 0, 0, 0], auto_pad="NOTSET"),
        node("Identity", "a.weight", "b.weight"),
        node("Conv", "x b.weight", "r2", name="/layer1/conv/Conv", group=1),
        node("If", "cond", "i", then_branch=body, else_branch=body),
        node("Reshape", "r shape", "flat"),
        node("MatMul", "flat far", "m"),
        node("Mine", "m", "q", domain="com.me", alpha=0.5, names=["a", "b"]),
    ]
    stored = [ones("a.weight", 8, 3, 1, 1), ones("stored", 1)]
    far = TensorProto(name="far", data_type=FLOAT, dims=[512, 10], data_location="EXTERNAL")
    for key, value in (("location", "w.bin"), ("offset", "0"), ("length", "20480")):
        far.external_data.add(key=key, value=value)
    proto = build(nodes, [*stored, far], [tensor("x", "n", 3, 8, 8), tensor("cond", kind=9)])
    places = TensorProto(name="i0", data_type=TensorProto.INT64, dims=[1], int64_data=[2])
    proto.graph.sparse_initializer.add(values=ones("s", 1), indices=places, dims=[3])
    proto.graph.node[3].metadata_props.add(key=SCOPES, value="['', 'layer1', 'conv']")
    proto.graph.node[3].metadata_props.add(key=STACK, value='File "/net.py", line 58, in f')
    proto.graph.value_info.append(tensor("q", "n", "t"))
    proto.graph.output.append(tensor("q", "n"))
    proto.opset_import.append(helper.make_opsetid("com.me", 1))
    proto.functions.add(name="F", domain="com.me", input=["u"], node=[node("Relu", "u", "v")])
    proto.metadata_props.add(key="author", value="me")
    return proto.SerializeToString()


EVERYTHING = everything()
PLACES = st.integers(0, len(EVERYTHING) - 1)


def test_the_model_to_be_broken_is_whole() -> None:
    model = load(EVERYTHING)
    assert len(model.nodes) == 8
    assert model.defects == ()
    assert model.static("m") == (1, 10)


@settings(max_examples=300)
@given(st.lists(st.tuples(PLACES, st.integers(0, 255)), min_size=1, max_size=8))
def test_changed_bytes(changes: list[tuple[int, int]]) -> None:
    data = bytearray(EVERYTHING)
    for place, byte in changes:
        data[place] = byte
    loads_or_says_why(bytes(data))


@settings(max_examples=300)
@given(PLACES, st.integers(0, 40), st.binary(max_size=20) | st.tuples(PLACES, PLACES))
def test_replaced_pieces(place: int, cut: int, piece: bytes | tuple[int, int]) -> None:
    new = piece if isinstance(piece, bytes) else EVERYTHING[slice(*sorted(piece))]
    loads_or_says_why(EVERYTHING[:place] + new + EVERYTHING[place + cut :])


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_random_bytes(data: bytes) -> None:
    loads_or_says_why(data)
    loads_or_says_why(HEADER + b"\x3a" + length(len(data)) + data)


def field(number: int, content: int | bytes) -> bytes:
    if isinstance(content, int):
        return bytes([number << 3 & 127 | 128, number >> 4]) + length(content)
    return bytes([number << 3 & 127 | 130, number >> 4]) + length(len(content)) + content


messages = st.recursive(
    st.binary(max_size=6),
    lambda inner: st.lists(
        st.builds(field, st.sampled_from(range(1, 27)), inner | st.integers(0, 2**34)), max_size=6
    ).map(b"".join),
    max_leaves=30,
)


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(st.lists(messages, max_size=4), messages)
def test_random_fields(nodes: list[bytes], rest: bytes) -> None:
    relu = node("Relu", "x", "y").SerializeToString()
    graph = b"".join(field(1, relu + inner) for inner in nodes) + field(1, relu) + rest
    loads_or_says_why(HEADER + field(7, graph))
    loads_or_says_why(b"\x08\x08" + field(7, graph) + rest)
