"""The walk over a file's bytes, held against what protobuf itself makes of the same file."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest
from google.protobuf.message import Message
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import AttributeProto, TensorProto, helper

from cnnlint.errors import LoadError
from cnnlint.model import wire
from cnnlint.model.source import WINDOW, BytesSource, FileSource, Source
from cnnlint.model.wire import KEEP_BYTES, KEEP_INTEGER_BYTES, Skeleton, skeleton
from tests.model.wire_format import bare_model, chunk, number, parsed, skim, varint
from tests.net import Net

PAYLOADS = {  # field -> element types that may use it, numbers that are hard to encode
    "float_data": ((TensorProto.FLOAT, TensorProto.COMPLEX64), (0.0, -1.5, float("nan"))),
    "double_data": ((TensorProto.DOUBLE, TensorProto.COMPLEX128), (0.0, 1e300, float("-inf"))),
    "int64_data": ((TensorProto.INT64,), (0, 127, 128, -1, 2**63 - 1, -(2**63))),
    "uint64_data": ((TensorProto.UINT32, TensorProto.UINT64), (0, 300, 2**64 - 1)),
    "int32_data": (
        (
            TensorProto.INT32,
            TensorProto.INT8,
            TensorProto.UINT16,
            TensorProto.BOOL,
            TensorProto.FLOAT16,
            TensorProto.BFLOAT16,
            TensorProto.FLOAT8E4M3FN,
            TensorProto.INT4,
        ),
        (0, 1, -1, 2**31 - 1, -(2**31)),
    ),
}
INTEGERS = {
    TensorProto.DataType.Value(name)
    for name in ("UINT8", "INT8", "UINT16", "INT16", "INT32", "INT64", "BOOL", "UINT32", "UINT64")
}
EVERY_TYPE = [*TensorProto.DataType.values(), 999, -1]
SIZES = (0, 1, KEEP_BYTES - 1, KEEP_BYTES, KEEP_BYTES + 1, 5_000)
INTEGER_SIZES = (*SIZES, KEEP_INTEGER_BYTES, KEEP_INTEGER_BYTES + 1)
LONG_TEXTS = ("", "a doc string", "x" * 5_000, "größe" * 20_000)


# ------------------------------------------------------------------- random models


@st.composite
def tensors(draw: st.DrawFn) -> TensorProto:
    tensor = TensorProto(name=draw(st.sampled_from(("", "w", "layer1.0.conv1.weight"))))
    tensor.dims.extend(draw(st.lists(st.sampled_from((0, 1, 3, -1, 2**62)), max_size=4)))
    form = draw(st.sampled_from(("raw_data", "string_data", *PAYLOADS)))
    if form == "raw_data":
        tensor.data_type = draw(st.sampled_from(EVERY_TYPE))
        tensor.raw_data = b"\x93" * draw(st.sampled_from(INTEGER_SIZES))
    elif form == "string_data":
        tensor.data_type = TensorProto.STRING
        tensor.string_data.extend([b"\xff", b"s" * draw(st.sampled_from(SIZES))])
    else:
        types, values = PAYLOADS[form]
        tensor.data_type = draw(st.sampled_from(types))
        field, size = getattr(tensor, form), draw(st.sampled_from(INTEGER_SIZES))
        field.append(draw(st.sampled_from(values)))
        field.extend(list(field) * (size // len(packed(tensor, form))))
    if draw(st.booleans()):
        tensor.external_data.add(key="location", value="weights.bin")
    tensor.doc_string = draw(st.sampled_from(LONG_TEXTS))
    return tensor


@st.composite
def sparse_tensors(draw: st.DrawFn) -> onnx.SparseTensorProto:
    return onnx.SparseTensorProto(values=draw(tensors()), indices=draw(tensors()), dims=[9, 9])


@st.composite
def attributes(draw: st.DrawFn, depth: int) -> AttributeProto:
    attribute = AttributeProto(name="a", doc_string=draw(st.sampled_from(LONG_TEXTS)))
    forms = ("t", "tensors", "sparse_tensor", "sparse_tensors", "ints", "s")
    match draw(st.sampled_from(forms + (("g", "graphs") if depth else ()))):
        case "t":
            attribute.t.CopyFrom(draw(tensors()))
        case "tensors":
            attribute.tensors.extend(draw(st.lists(tensors(), max_size=2)))
        case "sparse_tensor":
            attribute.sparse_tensor.CopyFrom(draw(sparse_tensors()))
        case "sparse_tensors":
            attribute.sparse_tensors.append(draw(sparse_tensors()))
        case "g":
            attribute.g.CopyFrom(draw(graphs(depth - 1)))
        case "graphs":
            attribute.graphs.extend(draw(st.lists(graphs(depth - 1), max_size=2)))
        case "ints":
            attribute.ints.extend([2**40] * draw(st.sampled_from((1, 1_000))))
        case "s":
            attribute.s = b"\xfe" * draw(st.sampled_from(SIZES))
    return attribute


@st.composite
def nodes(draw: st.DrawFn, depth: int) -> onnx.NodeProto:
    node = helper.make_node("Op", ["x"], ["y"], doc_string=draw(st.sampled_from(LONG_TEXTS)))
    node.attribute.extend(draw(st.lists(attributes(depth), max_size=2)))
    return node


@st.composite
def graphs(draw: st.DrawFn, depth: int) -> onnx.GraphProto:
    graph = onnx.GraphProto(name="g", node=draw(st.lists(nodes(depth), max_size=2)))
    graph.initializer.extend(draw(st.lists(tensors(), max_size=2)))
    graph.sparse_initializer.extend(draw(st.lists(sparse_tensors(), max_size=1)))
    graph.input.append(helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3]))
    return graph


@st.composite
def models(draw: st.DrawFn) -> onnx.ModelProto:
    model = onnx.ModelProto(ir_version=8, graph=draw(graphs(2)))
    model.opset_import.append(helper.make_opsetid("", 17))
    model.metadata_props.add(key="k", value=draw(st.sampled_from(LONG_TEXTS)))
    for name in draw(st.lists(st.sampled_from("FG"), max_size=1)):
        function = model.functions.add(name=name, node=draw(st.lists(nodes(1), max_size=2)))
        function.attribute_proto.append(draw(attributes(1)))
    if draw(st.booleans()):
        model.training_info.add(algorithm=draw(graphs(0)))
    return model


def packed(tensor: TensorProto, field: str) -> bytes:
    """Return the bytes of one field of a tensor, as protobuf writes them."""
    only = TensorProto()
    if field == "raw_data":
        return tensor.raw_data
    getattr(only, field).extend(getattr(tensor, field))
    data = only.SerializeToString()[1:]  # every payload's field number fits the first byte
    return data[next((i for i, byte in enumerate(data) if byte < 128), -1) + 1 :]


def tensors_of(message: Message) -> Iterator[TensorProto]:
    """Return every tensor inside a message, in the order of the fields."""
    if isinstance(message, TensorProto):
        yield message
        return
    for field, value in message.ListFields():
        if field.message_type is not None:
            for child in value if field.is_repeated else [value]:
                yield from tensors_of(child)


def take_out_payloads(original: onnx.ModelProto, bones: Skeleton) -> onnx.ModelProto:
    """Return the skeleton without its notes, having held each against the original's bytes.

    The payloads that they speak of are cleared in ``original``.
    """
    data, thin = original.SerializeToString(), parsed(bones)
    original.ClearField("training_info")
    for whole, left in zip(tensors_of(original), tensors_of(thin), strict=True):
        notes = [entry for entry in left.external_data if entry.key == bones.key]
        keep = KEEP_INTEGER_BYTES if whole.data_type in INTEGERS else KEEP_BYTES
        for note in notes:
            offset, length, field = (int(part) for part in note.value.split(":"))
            name = TensorProto.DESCRIPTOR.fields_by_number[field].name
            assert length > keep
            assert data[offset : offset + length] == packed(whole, name)
            whole.ClearField(name)
            left.external_data.remove(note)
        assert all(len(packed(left, form)) <= keep for form in ("raw_data", *PAYLOADS))
    return thin


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(models())
def test_only_large_payloads_are_left_out(model: onnx.ModelProto) -> None:
    bones = skim(model.SerializeToString())
    thin = take_out_payloads(model, bones)
    # compared as bytes, since NaN is unequal to itself
    assert thin.SerializeToString(deterministic=True) == model.SerializeToString(
        deterministic=True
    )


@settings(max_examples=20, suppress_health_check=list(HealthCheck))
@given(model=models())
def test_a_file_and_its_bytes_give_the_same(model: onnx.ModelProto, tmp_path: Path) -> None:
    data, file = model.SerializeToString(), tmp_path / "model.onnx"
    file.write_bytes(data)
    with FileSource(file) as source:
        assert (source.size, source.file) == (len(data), file)
        one, other = skeleton(source), skim(data)
    assert one.proto.replace(one.key.encode(), other.key.encode()) == other.proto


@pytest.mark.parametrize("size", [0, 1, WINDOW - 1, WINDOW, WINDOW + 1, 3 * WINDOW])
def test_sources_agree(size: int, tmp_path: Path) -> None:
    data = np.random.default_rng(0).bytes(size)
    (tmp_path / "data").write_bytes(data)
    with FileSource(tmp_path / "data") as file:
        for offset in {0, 1, WINDOW, size - 1, size, size + 5} - {-1}:
            for source in (file, BytesSource(data)):
                assert source.window(offset) == data[offset : offset + WINDOW]
                assert source.read(offset, 7) == data[offset : offset + 7]


def test_fields_across_the_edge_of_a_window() -> None:
    net = Net(3, 8)
    for index in range(2_000):
        net = net.op("Relu", name=f"{'r' * (index % 97)}{index}", alpha=0.5)
    model = net.proto()
    assert model.ByteSize() > 3 * WINDOW
    for shift in range(0, 40, 7):
        model.producer_name = "p" * shift
        assert parsed(skim(model.SerializeToString())) == model


# ------------------------------------------------------------------- payloads


@pytest.mark.parametrize("kind", EVERY_TYPE)
def test_thresholds(kind: int) -> None:
    model = onnx.ModelProto(ir_version=8)
    for size in INTEGER_SIZES:
        model.graph.initializer.add(data_type=kind, raw_data=b"\1" * size)
    limit = KEEP_INTEGER_BYTES if kind in INTEGERS else KEEP_BYTES
    kept = [size if size <= limit else 0 for size in INTEGER_SIZES]
    thin = parsed(skim(model.SerializeToString())).graph.initializer
    assert [len(tensor.raw_data) for tensor in thin] == kept
    assert [len(t.external_data) for t in thin] == [size > limit for size in INTEGER_SIZES]


@pytest.mark.parametrize("kind", [TensorProto.INT64, TensorProto.FLOAT])
def test_a_type_that_stands_behind_its_payload_counts(kind: int) -> None:
    tensor = chunk(9, b"\0" * 8_000) + chunk(8, b"w") + number(1, 1_000) + number(2, kind)
    (read,) = parsed(skim(bare_model(chunk(5, tensor)))).graph.initializer
    assert (read.name, list(read.dims), read.data_type) == ("w", [1_000], kind)
    assert len(read.raw_data) == (8_000 if kind == TensorProto.INT64 else 0)


def test_numbers_written_one_by_one_stay() -> None:
    numbers = [0, 1, -1, 2**63 - 1] * 500
    unpacked = b"".join(number(7, value) for value in numbers)
    floats = b"".join(varint(4 << 3 | 5) + np.float32(v).tobytes() for v in range(2_000))
    data = bare_model(
        chunk(5, number(2, TensorProto.INT64) + unpacked)
        + chunk(5, number(2, TensorProto.FLOAT) + floats)
    )
    assert parsed(skim(data)) == onnx.ModelProto.FromString(data)
    assert parsed(skim(data)).graph.initializer[0].int64_data == numbers


def test_of_a_payload_given_twice_both_are_noted_in_order() -> None:
    first, second = chunk(9, b"a" * 5_000), chunk(9, b"b" * 6_000)
    data = bare_model(chunk(5, number(2, TensorProto.FLOAT) + first + second))
    bones = skim(data)
    notes = [e.value for e in parsed(bones).graph.initializer[0].external_data]
    starts = [data.index(b"a" * 5_000), data.index(b"b" * 6_000)]
    assert notes == [f"{starts[0]}:5000:9", f"{starts[1]}:6000:9"]


def test_the_key_of_the_notes_is_new_each_time() -> None:
    data = Net(3, 8).relu().proto().SerializeToString()
    assert len({skim(data).key for _ in range(20)}) == 20


class Counting:
    """A source that counts the bytes asked of it."""

    def __init__(self, source: Source) -> None:
        self.file, self.size, self.asked, self._source = source.file, source.size, 0, source

    def window(self, offset: int) -> bytes:
        data = self._source.window(offset)
        self.asked += len(data)
        return data

    def read(self, offset: int, length: int) -> bytes:
        self.asked += length
        return self._source.read(offset, length)


def sparse_file(file: Path, field: int, size: int) -> int:
    """Write a model whose last field is ``size`` zeros of a tensor; return where they begin."""
    add = chunk(1, b"x") + chunk(1, b"w") + chunk(2, b"y") + chunk(4, b"Add")
    tensor = number(1, size // 4) + number(2, TensorProto.FLOAT) + chunk(8, b"w")
    tensor += varint(field << 3 | 2) + varint(size)
    graph = chunk(1, add) + chunk(2, b"g") + varint(5 << 3 | 2) + varint(len(tensor) + size)
    head = number(1, 8) + chunk(8, number(2, 17)) + varint(7 << 3 | 2)
    head += varint(len(graph) + len(tensor) + size) + graph + tensor
    file.write_bytes(head)
    os.truncate(file, len(head) + size)
    return len(head)


def test_three_gibibytes_are_stepped_over(tmp_path: Path) -> None:
    size = 3 << 30
    begin = sparse_file(tmp_path / "big.onnx", 9, size)
    with FileSource(tmp_path / "big.onnx") as source:
        counting = Counting(source)
        bones = skeleton(counting)
    assert counting.asked < 2 * WINDOW
    (tensor,) = parsed(bones).graph.initializer
    assert tensor.dims == [size // 4]
    assert [(e.key, e.value) for e in tensor.external_data] == [(bones.key, f"{begin}:{size}:9")]


def test_three_gibibytes_that_are_no_weights_are_refused_unread(tmp_path: Path) -> None:
    sparse_file(tmp_path / "big.onnx", 12, 3 << 30)  # a doc string
    with FileSource(tmp_path / "big.onnx") as source:
        counting = Counting(source)
        with pytest.raises(LoadError, match="more than 512 MiB up to byte 3,2") as caught:
            skeleton(counting)
    assert caught.value.code == "too-large"
    assert counting.asked < 3 * WINDOW


def test_what_is_kept_is_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Net(3, 8).stored("w", np.zeros(10_000, np.float32)).relu().proto()
    model.graph.doc_string = "d" * 5_000
    data = model.SerializeToString()
    kept = len(data) - 40_000
    monkeypatch.setattr(wire, "KEEP_TOTAL_BYTES", kept)
    skim(data)
    monkeypatch.setattr(wire, "KEEP_TOTAL_BYTES", kept - 60)
    with pytest.raises(LoadError) as caught:
        skim(data)
    assert caught.value.code == "too-large"
