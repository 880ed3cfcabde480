"""Stored tensors against what the file says of them: types, counts, lengths."""

import tracemalloc

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from cnnlint.model.defect import Kind
from cnnlint.model.stored import MAX_AXES, byte_count
from tests.model.small_graph import FLOAT, build, node, ones, read

INT64 = TensorProto.INT64
EVERY_TYPE = [t for t in TensorProto.DataType.values() if t not in (0, TensorProto.STRING)]
TYPED = {
    "float_data": 4,
    "int32_data": 5,
    "string_data": 6,
    "int64_data": 7,
    "double_data": 10,
    "uint64_data": 11,
}


def defects(tensor: TensorProto) -> list[tuple[Kind, str]]:
    """Return what is wrong with a model that stores this tensor, found by its name."""
    tensor.name = "w"
    model = read(build([node("Relu", "x", "y")], [tensor]))
    assert all((d.tensor, d.node) == ("w", None) for d in model.defects)
    return [(defect.kind, defect.text.removeprefix("tensor w ")) for defect in model.defects]


@pytest.mark.parametrize("dims", [(), (0,), (1,), (3,), (5, 7), (4, 0, 2), (100, 101)])
@pytest.mark.parametrize("kind", EVERY_TYPE)
def test_the_length_of_raw_data(kind: int, dims: tuple[int, ...]) -> None:
    size = byte_count(kind, int(np.prod(dims, dtype=int)))
    assert size is not None
    whole = TensorProto(data_type=kind, dims=dims, raw_data=b"\0" * size)
    assert defects(whole) == []
    for wrong in (size - 1, size + 1):
        if wrong > 0:
            ((found, text),) = defects(
                TensorProto(data_type=kind, dims=dims, raw_data=b"\0" * wrong)
            )
            assert found == Kind.TENSOR
            assert f"holds {wrong:,} bytes" in text
            assert text.endswith(f"takes {size:,}")


@pytest.mark.parametrize(
    ("kind", "count", "size"),
    [
        (TensorProto.FLOAT, 3, 12),
        (TensorProto.BOOL, 3, 3),
        (TensorProto.BFLOAT16, 3, 6),
        (TensorProto.COMPLEX128, 3, 48),
        (TensorProto.INT4, 3, 2),
        (TensorProto.FLOAT4E2M1, 4, 2),
        (TensorProto.UINT2, 5, 2),
        (27, 4, 3),
        (27, 5, 4),
        (TensorProto.STRING, 3, None),
        (0, 3, None),
        (999, 3, None),
    ],
)
def test_bytes_of_packed_elements(kind: int, count: int, size: int | None) -> None:
    assert byte_count(kind, count) == size


@pytest.mark.parametrize("count", [1, 5, 3_000])
@pytest.mark.parametrize("kind", [k for k in EVERY_TYPE if k < 27])
def test_the_count_of_typed_data(kind: int, count: int) -> None:
    whole = helper.make_tensor("w", kind, [count], [0] * count)
    assert defects(whole) == []
    (field,) = [name for name in TYPED if len(getattr(whole, name))]
    for wrong in (0.05, 25):  # some may stand for a long list whose numbers are not counted
        values = list(getattr(whole, field))
        del getattr(whole, field)[:]
        getattr(whole, field).extend([values[0]] * max(1, int(len(values) * wrong)))
        if len(getattr(whole, field)) != len(values):
            ((found, text),) = defects(whole)
            assert found == Kind.TENSOR
            assert "numbers; " in text
        del getattr(whole, field)[:]
        getattr(whole, field).extend(values)


@pytest.mark.parametrize(
    ("tensor", "kind", "text"),
    [
        (
            TensorProto(data_type=FLOAT, dims=[8, -3], raw_data=b"\0" * 96),
            Kind.SIZE,
            "declares a size of -3 on axis 1",
        ),
        (
            TensorProto(data_type=FLOAT, dims=[1] * 65, raw_data=b"\0" * 4),
            Kind.SIZE,
            "has 65 axes",
        ),
        (TensorProto(data_type=FLOAT, dims=[2**62] * 1_000_000), Kind.SIZE, "has 1,000,000 axes"),
        (
            TensorProto(data_type=FLOAT, dims=[2**32, 2**32]),
            Kind.SIZE,
            "declares 4294967296x4294967296 elements, more than 64 bits count",
        ),
        (TensorProto(data_type=0, dims=[1], raw_data=b"\0"), Kind.TENSOR, "has no element type"),
        (
            TensorProto(data_type=999, dims=[1], raw_data=b"\0"),
            Kind.TENSOR,
            "has element type 999, which ONNX doesn't have",
        ),
        (
            TensorProto(data_type=8, dims=[1], raw_data=b"\0"),
            Kind.TENSOR,
            "is string but holds raw_data",
        ),
        (
            TensorProto(data_type=FLOAT, dims=[1], int32_data=[1]),
            Kind.TENSOR,
            "is float32 but holds int32_data",
        ),
        (
            TensorProto(data_type=INT64, dims=[1], raw_data=b"\0" * 8, int64_data=[1]),
            Kind.TENSOR,
            "holds its numbers twice, as int64_data and raw_data",
        ),
        (
            TensorProto(
                data_type=FLOAT,
                dims=[2],
                float_data=[0, 0],
                segment=TensorProto.Segment(begin=0, end=1),
            ),
            Kind.TENSOR,
            "is one segment of a tensor, which no runtime puts together",
        ),
        (
            TensorProto(data_type=8, dims=[2], string_data=[b"a"]),
            Kind.TENSOR,
            "holds 1 numbers; string of shape 2 takes 2",
        ),
    ],
)
def test_tensors_that_cannot_be(tensor: TensorProto, kind: Kind, text: str) -> None:
    assert defects(tensor) == [(kind, text)]


def test_tensors_without_data_were_stripped() -> None:
    for kind in (FLOAT, TensorProto.STRING, 0, 999):
        assert defects(TensorProto(data_type=kind, dims=[8, 3])) == []
        assert defects(TensorProto(data_type=kind, dims=[8, 3], raw_data=b"")) == []
    assert defects(TensorProto(data_type=FLOAT, dims=[1] * MAX_AXES, float_data=[1])) == []


def sparse(dims: list[int], places: np.ndarray, values: int = 2) -> list[str]:
    proto = build([node("Relu", "x", "y")])
    indices = numpy_helper.from_array(places)
    entry = onnx.SparseTensorProto(values=ones("w", values), indices=indices, dims=dims)
    proto.graph.sparse_initializer.append(entry)
    found = read(proto).defects
    assert all(defect.tensor == "w" for defect in found)
    return [defect.text.removeprefix("tensor w ") for defect in found]


@pytest.mark.parametrize(
    ("dims", "places", "text"),
    [
        ([8, 3], [0, 23], ""),
        ([10**8, 10**8], [0, 10**16 - 1], ""),
        ([8, 3], [0, 24], "has a value at index 24, outside its 24 elements"),
        ([8, 3], [-1, 2], "has a value at index -1, outside its 24 elements"),
        ([8, 3], [[0, 0], [7, 2]], ""),
        ([8, 3], [[0, 0], [2, 7]], "has a value at index 7, outside its shape 8x3"),
        ([8, 3], [0, 1, 2], "has values of 2 at indices of 3"),
        ([8, 3], [[0], [1]], "has values of 2 at indices of 2x1"),
        ([8, -3], [0, 1], "declares a size of -3 on axis 1"),
        (
            [2**32, 2**32],
            [0, 1],
            "declares 4294967296x4294967296 elements, more than 64 bits count",
        ),
    ],
)
def test_sparse_tensors(dims: list[int], places: list[int], text: str) -> None:
    assert sparse(dims, np.array(places, np.int64)) == ([text] if text else [])


def test_parts_of_sparse_tensors_are_tensors() -> None:
    assert sparse([8, 3], np.array([0, 1], np.float32)) == ["has indices of float32, not int64"]
    assert sparse([10**9], np.arange(20_000), 20_000) == []
    proto = build([node("Relu", "x", "y")])
    values = TensorProto(name="w", data_type=FLOAT, dims=[2], raw_data=b"\0" * 7)
    places = TensorProto(data_type=INT64, dims=[2], int64_data=[0])
    proto.graph.sparse_initializer.add(values=values, indices=places, dims=[8])
    assert [d.text for d in read(proto).defects] == [
        "tensor w holds 7 bytes; float32 of shape 2 takes 8"
    ]


@given(
    st.sampled_from([*EVERY_TYPE, 0, 8, 999]),
    st.lists(st.sampled_from([0, 1, 3, -1, 2**31, 2**62]), max_size=4),
    st.sampled_from(["raw_data", *TYPED]),
    st.integers(0, 6_000),
)
def test_any_tensor_is_read_or_told(kind: int, dims: list[int], field: str, count: int) -> None:
    tensor = TensorProto(data_type=kind, dims=dims)
    if field == "raw_data":
        tensor.raw_data = b"\0" * count
    else:
        getattr(tensor, field).extend([b"" if field == "string_data" else 1] * count)
    assert len(defects(tensor)) <= 1


@pytest.mark.parametrize("dims", [[2**40], [0, 2**62], [2**20 + 1]])
@pytest.mark.parametrize("kind", [FLOAT, TensorProto.INT4, TensorProto.UINT2])
def test_sizes_that_are_only_claimed_take_no_memory(kind: int, dims: list[int]) -> None:
    tracemalloc.start()
    assert defects(TensorProto(data_type=kind, dims=dims)) == []
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 500_000
