import os
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from cnnlint.facts.weights.numbers import read
from cnnlint.model.graph import Payload, Value
from cnnlint.model.loader import load
from tests.net import Net

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float32]]

NUMBERS = np.random.default_rng(3).integers(-90, 90, (96, 96, 3, 3)).astype(np.float32)
"""Enough not to be kept by the loader, whatever the type."""


def stored(proto: onnx.ModelProto, folder: Path) -> Value:
    """Return the stored weight of a model that is written to a folder."""
    path = folder / "model.onnx"
    path.write_bytes(proto.SerializeToString())
    return load(path).value("w")


def network(tensor: onnx.TensorProto) -> onnx.ModelProto:
    proto = Net(96, 8).shaped("w", *NUMBERS.shape).op("Conv", "w").proto()
    proto.graph.initializer[0].CopyFrom(tensor)
    return proto


def tensor(dtype: type[np.generic]) -> onnx.TensorProto:
    return numpy_helper.from_array(NUMBERS.astype(dtype), "w")


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int8])
def test_raw_data(dtype: type[np.generic], tmp_path: Path) -> None:
    value = stored(network(tensor(dtype)), tmp_path)
    assert value.const is None, "a tensor of this size is left in the file"
    numbers = read(value)
    assert numbers is not None
    assert numbers.dtype == np.float32
    assert np.array_equal(numbers, NUMBERS)


@pytest.mark.parametrize("kind", [TensorProto.FLOAT, TensorProto.DOUBLE])
def test_typed_fields(kind: int, tmp_path: Path) -> None:
    value = stored(
        network(helper.make_tensor("w", kind, NUMBERS.shape, NUMBERS.ravel())), tmp_path
    )
    assert value.payload
    assert value.payload.field == (4 if kind == TensorProto.FLOAT else 10)
    numbers = read(value)
    assert numbers is not None
    assert np.array_equal(numbers, NUMBERS)


def test_typed_field_of_another_width(tmp_path: Path) -> None:
    """Half precision in int32_data takes a varint a number, for 0.5 of two bytes too."""
    halves = np.full(NUMBERS.shape, 0.5)
    made = helper.make_tensor("w", TensorProto.FLOAT16, halves.shape, halves.ravel())
    value = stored(network(made), tmp_path)
    assert value.payload
    assert (value.payload.field, value.payload.length) == (5, 2 * halves.size)
    assert read(value) is None


@pytest.mark.parametrize("kind", [TensorProto.UINT8, TensorProto.BFLOAT16])
def test_types_that_say_no_size(kind: int, tmp_path: Path) -> None:
    made = TensorProto(name="w", data_type=kind, dims=NUMBERS.shape)
    made.raw_data = bytes(NUMBERS.size * (1 if kind == TensorProto.UINT8 else 2))
    assert read(stored(network(made), tmp_path)) is None


def external(folder: Path, offset: int, data: bytes | None) -> Value:
    if data is not None:
        (folder / "weights.bin").write_bytes(data)
    made = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=NUMBERS.shape)
    made.data_location = TensorProto.EXTERNAL
    made.external_data.add(key="location", value="weights.bin")
    made.external_data.add(key="offset", value=str(offset))
    return stored(network(made), folder)


def test_external_data(tmp_path: Path) -> None:
    value = external(tmp_path, 64, bytes(64) + NUMBERS.tobytes())
    numbers = read(value)
    assert numbers is not None
    assert np.array_equal(numbers, NUMBERS)


@pytest.mark.parametrize(
    ("offset", "data"),
    [
        pytest.param(0, None, id="missing"),
        pytest.param(0, NUMBERS.tobytes()[:-1], id="short"),
        pytest.param(1, NUMBERS.tobytes(), id="short behind the offset"),
        pytest.param(2**63, NUMBERS.tobytes(), id="offset beyond every file"),
    ],
)
def test_external_data_that_is_not_there(offset: int, data: bytes | None, tmp_path: Path) -> None:
    assert read(external(tmp_path, offset, data)) is None


def test_dims_beyond_the_file_are_not_allocated(tmp_path: Path) -> None:
    made = tensor(np.float32)
    made.dims[0] = 1 << 40
    assert read(stored(network(made), tmp_path)) is None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
@pytest.mark.parametrize("shape", [(2, 2), (0, 2)])
def test_pipe_is_not_waited_for(shape: tuple[int, ...], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "weights.bin")
    assert (
        read(Value("w", "float32", shape, payload=Payload(tmp_path / "weights.bin", 0, 0))) is None
    )


def test_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    value = external(tmp_path, 0, NUMBERS.tobytes())

    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "open", refuse)
    assert read(value) is None


def test_model_from_memory() -> None:
    value = load(network(tensor(np.float32)).SerializeToString()).value("w")
    assert value.const is None
    assert read(value) is None


def test_small_tensor_is_kept() -> None:
    numbers = np.arange(12, dtype=np.float64).reshape(4, 3, 1, 1)
    value = Net(3, 8).conv(4, 1, weight=numbers, name="a").model().value("a.weight")
    assert value.const is not None
    found = read(value)
    assert found is not None
    assert found.dtype == np.float32
    assert np.array_equal(found, numbers)


@pytest.mark.parametrize(
    "value",
    [
        Value("nothing"),
        Value("shape unknown", "float32", (3, None), payload=Payload(Path(__file__), 0, 0)),
        Value("rank unknown", "float32", None, payload=Payload(Path(__file__), 0, 0)),
        Value("no payload", "float32", (3, 3)),
        Value("text", "string", (1,), const=np.array(["a"], object)),
    ],
    ids=lambda value: value.name,
)
def test_no_numbers(value: Value) -> None:
    assert read(value) is None


def test_a_payload_of_the_wrong_length_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "weights.bin"
    file.write_bytes(bytes(64))
    whole = Value("w", "float32", (2, 2), payload=Payload(file, 0, 16))
    short = Value("w", "float32", (2, 2), payload=Payload(file, 0, 12))
    assert read(whole) is not None
    assert read(short) is None
