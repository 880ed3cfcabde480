import os
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from cnnlint.facts.weights import stored
from cnnlint.facts.weights.stored import PIECE, pieces, same_bytes, start_of
from cnnlint.model.graph import Payload, Value
from cnnlint.model.loader import load
from tests.net import Net

NUMBERS = np.random.default_rng(3).standard_normal((64, 64, 5, 5), np.float32)


def network(tensor: TensorProto, folder: Path) -> Value:
    """Return the stored weight of a model that is written to a folder."""
    proto = Net(64, 8).shaped("w", *NUMBERS.shape).op("Conv", "w").proto()
    proto.graph.initializer[0].CopyFrom(tensor)
    path = folder / "model.onnx"
    path.write_bytes(proto.SerializeToString())
    return load(path).value("w")


def content(value: Value, most: int = PIECE) -> bytes | None:
    found = pieces(value, most)
    return None if found is None else b"".join(map(bytes, found))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.int8])
@pytest.mark.parametrize("most", [999, 4096, 1 << 30])
def test_raw_data(dtype: type[np.generic], most: int, tmp_path: Path) -> None:
    array = NUMBERS.astype(dtype)
    value = network(numpy_helper.from_array(array, "w"), tmp_path)
    assert value.const is None
    assert content(value, most) == array.tobytes()


def test_numbers_of_a_typed_field(tmp_path: Path) -> None:
    proto = helper.make_tensor("w", TensorProto.FLOAT, NUMBERS.shape, NUMBERS.ravel())
    assert content(network(proto, tmp_path)) == NUMBERS.tobytes()
    proto = helper.make_tensor("w", TensorProto.INT64, NUMBERS.shape, np.ones(NUMBERS.size, int))
    assert pieces(network(proto, tmp_path)) is None


def test_what_the_loader_keeps() -> None:
    assert content(Value("w", "int64", (2,), const=np.array([1, 2]))) == np.array([1, 2]).tobytes()
    assert pieces(Value("w", "string", (1,), const=np.array(["a"], object))) is None


def external(file: Path | None, length: int = 40, offset: int = 0) -> Value:
    return Value("w", "float32", (10,), payload=Payload(file, offset, length), stored=True)


def test_external_data(tmp_path: Path) -> None:
    file = tmp_path / "weights.bin"
    file.write_bytes(bytes(range(48)))
    assert content(external(file)) == bytes(range(40))
    assert content(external(file, length=0, offset=8)) == bytes(range(8, 48))
    assert content(external(file), most=16) == bytes(range(40))


@pytest.mark.parametrize(
    "value",
    [
        Value("w", "float32", (10,)),
        external(None),
        external(Path("nowhere")),
        Value("w", "float32", None, payload=Payload(Path(__file__), 0, 40)),
        Value("w", None, (10,), payload=Payload(Path(__file__), 0, 40)),
        external(Path(__file__), length=36),
        Value("w", "float32", (10,), payload=Payload(Path(__file__), 0, 40, field=7)),
        external(Path(__file__), offset=1 << 40),
        external(Path(__file__).parent),
    ],
)
def test_what_cannot_be_read(value: Value) -> None:
    assert pieces(value) is None
    assert start_of(value) is None
    assert not same_bytes(value, value)


def test_a_pipe_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert pieces(external(tmp_path / "pipe")) is None


def test_a_file_that_shrinks_ends_early(tmp_path: Path) -> None:
    file = tmp_path / "weights.bin"
    file.write_bytes(bytes(40))
    found = pieces(external(file), 16)
    file.write_bytes(bytes(20))
    assert found is not None
    assert [len(piece) for piece in found] == [16]
    found = pieces(external(file, length=20, offset=0)) or pieces(
        Value("w", "float32", (5,), payload=Payload(file, 0, 20))
    )
    file.unlink()
    assert found is not None
    assert list(found) == []


def test_one_piece_is_held_at_a_time(tmp_path: Path) -> None:
    file = tmp_path / "weights.bin"
    file.write_bytes(b"a" * 20 + b"b" * 20)
    found = pieces(external(file), 20)
    assert found is not None
    first = next(found)
    next(found)
    assert bytes(first) == b"b" * 20


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        pytest.param(b"a" * 40, b"a" * 40, True, id="same"),
        pytest.param(b"a" * 40, b"a" * 39 + b"b", False, id="end"),
        pytest.param(b"a" * 40, b"b" + b"a" * 39, False, id="start"),
    ],
)
def test_comparison(left: bytes, right: bytes, same: bool, tmp_path: Path) -> None:
    values = []
    for name, data in (("left", left), ("right", right)):
        (tmp_path / name).write_bytes(data)
        values.append(external(tmp_path / name))
    assert same_bytes(*values) is same
    assert start_of(values[0]) == left


def test_comparison_of_one_that_ends_early(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "whole").write_bytes(bytes(40))
    (tmp_path / "torn").write_bytes(bytes(20))
    monkeypatch.setattr(stored, "_span", lambda value: (value.payload.file, 0, 40))
    assert not same_bytes(external(tmp_path / "whole"), external(tmp_path / "torn"))
