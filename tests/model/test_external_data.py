"""Weights in files beside the model: located, never opened, and never outside the folder."""

import os
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto

from cnnlint.model.defect import Defect, Kind
from cnnlint.model.graph import Payload, Value
from cnnlint.model.loader import load
from tests.model.small_graph import (
    build,
    node,
    read,
    save,
    watching,
)
from tests.net import Net


def external(**entries: str) -> onnx.ModelProto:
    net = Net(3, 8).conv(8, bias=False, name="conv").proto()
    (weight,) = net.graph.initializer
    del weight.external_data[:]
    for key, value in entries.items():
        weight.external_data.add(key=key, value=value)
    return net


@pytest.mark.parametrize("location", ["w.bin", "sub/w.bin", "./w.bin", "été.bin"])
def test_external_data(location: str, tmp_path: Path) -> None:
    file = save(external(location=location, offset="4096", length="864"), tmp_path / "net.onnx")
    data = tmp_path / location
    missing = load(file)
    assert missing.origin.data_files == missing.origin.missing_data == (data,)
    (tmp_path / "sub").mkdir()
    data.write_bytes(b"\0" * (4_096 + 864))
    with watching() as opened:
        model = load(file)
    assert (model.origin.data_files, model.origin.missing_data) == ((data,), ())
    assert model.value("conv.weight").payload == Payload(data, 4_096, 864, 0)
    assert model.value("conv.weight").static == (8, 3, 3, 3)
    assert model.defects == missing.defects == ()
    assert not [path for path in opened if path.endswith(".bin")]


@pytest.mark.parametrize(
    "location",
    [
        "../w.bin",
        "sub/../w.bin",
        "../../../../../../etc/passwd",
        "sub/../../w.bin",
        "/etc/passwd",
        "/dev/zero",
        "C:w.bin",
        "http://127.0.0.1/w.bin",
        "*/_ORT_MEM_ADDR_/*",
        "..\\w.bin",
        "sub\\w.bin",
        "w.bin\0.txt",
        "out.bin",
        "out/w.bin",
        "ring/w.bin",
    ],
)
def test_data_outside_the_folder_is_never_opened(location: str, tmp_path: Path) -> None:
    folder, outside = tmp_path / "model", tmp_path / "outside"
    (folder / "sub").mkdir(parents=True)
    outside.mkdir()
    for file in (tmp_path / "w.bin", outside / "w.bin", folder / "sub\\w.bin"):
        file.write_bytes(b"secret")
    (folder / "out.bin").symlink_to(outside / "w.bin")
    (folder / "out").symlink_to(outside)
    (folder / "ring").symlink_to("ring")
    file = save(external(location=location, offset="0", length="864"), folder / "net.onnx")
    with watching() as opened:
        model = load(file)
    assert model.value("conv.weight") == Value("conv.weight", "float32", (8, 3, 3, 3), stored=True)
    assert model.origin.data_files == ()
    assert opened == [str(file)]
    (defect,) = model.defects
    assert (defect.kind, defect.tensor) == (Kind.LOCATION, "conv.weight")
    assert defect.text.startswith(f"external data at {location} ")
    assert defect.text.endswith("; not opened, for conv.weight")


@pytest.mark.parametrize(
    ("entries", "payload"),
    [
        ({}, (0, 0)),
        ({"offset": "12"}, (12, 0)),
        ({"length": "12"}, None),
        ({"length": "864"}, (0, 864)),
        ({"offset": "9223372036854775807", "length": "864"}, (2**63 - 1, 864)),
        ({"offset": "-4"}, None),
        ({"offset": "0x10"}, None),
        ({"offset": "1e3"}, None),
        ({"offset": ""}, None),
        ({"offset": "٣"}, None),
        ({"length": "-1"}, None),
        ({"length": " 7"}, None),
        ({"length": "9" * 5_000}, None),
        ({"offset": "1", "length": "864", "checksum": "abc"}, (1, 864)),
    ],
)
def test_offsets_and_lengths(
    entries: dict[str, str], payload: tuple[int, int] | None, tmp_path: Path
) -> None:
    file = save(external(location="w.bin", **entries), tmp_path / "net.onnx")
    model = load(file)
    found = model.value("conv.weight").payload
    assert found == (None if payload is None else Payload(tmp_path / "w.bin", *payload))
    assert [defect.kind for defect in model.defects] == ([] if payload else [Kind.TENSOR])


@pytest.mark.parametrize(
    ("entries", "text"),
    [
        ({"offset": "0"}, ""),
        ({"offset": "136", "length": "864"}, ""),
        ({"offset": "137"}, "lies at bytes 137 to 1,001 of w.bin, which has 1,000"),
        (
            {"offset": "137", "length": "864"},
            "lies at bytes 137 to 1,001 of w.bin, which has 1,000",
        ),
        ({"length": "863"}, "has 863 bytes of external data and needs 864"),
        ({"offset": "-4"}, "has external data of offset '-4', which is no number of bytes"),
    ],
)
def test_data_that_is_not_in_the_file(entries: dict[str, str], text: str, tmp_path: Path) -> None:
    (tmp_path / "w.bin").write_bytes(b"\0" * 1_000)
    model = load(save(external(location="w.bin", **entries), tmp_path / "net.onnx"))
    expected = [Defect(Kind.TENSOR, f"tensor conv.weight {text}", tensor="conv.weight")]
    assert list(model.defects) == (expected if text else [])


def test_data_of_no_location(tmp_path: Path) -> None:
    for proto in (external(offset="0"), external(location="")):
        (defect,) = load(save(proto, tmp_path / "net.onnx")).defects
        cause = "tensor conv.weight is external data of no location"
        assert defect == Defect(Kind.TENSOR, cause, tensor="conv.weight")


def test_data_in_two_places(tmp_path: Path) -> None:
    for count in (1, 5_000):  # kept by the walk over the file, or stepped over
        proto = external(location="w.bin")
        proto.graph.initializer[0].raw_data = b"\0" * 864 * count
        proto.graph.initializer[0].dims[0] = 8 * count
        texts = [d.text for d in load(save(proto, tmp_path / "net.onnx")).defects]
        assert "tensor conv.weight has both external data and data of its own" in texts


def test_a_location_outside_is_told_once(tmp_path: Path) -> None:
    net = Net(3, 8)
    for name in "abcde":
        net = net.conv(3, bias=False, name=name)
    proto = net.proto()
    for weight in proto.graph.initializer:
        del weight.external_data[:]
        weight.external_data.add(key="location", value="/etc/passwd")
    (defect,) = load(save(proto, tmp_path / "net.onnx")).defects
    assert defect.text == (
        "external data at /etc/passwd is an absolute path; not opened, for a.weight, b.weight, "
        "c.weight and 2 more"
    )


def test_a_constant_is_never_read_from_another_file(tmp_path: Path) -> None:
    (tmp_path / "w.bin").write_bytes(b"\0" * 4)
    far = onnx.TensorProto(data_type=1, dims=[1], data_location="EXTERNAL")
    far.external_data.add(key="location", value="w.bin")
    proto = build([node("Constant", "", "c", value=far), node("Add", "x c", "y")])
    file = save(proto, tmp_path / "net.onnx")
    with watching() as opened:
        assert load(file).defects == ()
    assert opened == [str(file)]


@pytest.mark.parametrize("location", ["n" * 5_000, "n/" * 3_000])
def test_locations_that_are_too_long(location: str, tmp_path: Path) -> None:
    model = load(save(external(location=location), tmp_path / "net.onnx"))
    assert model.origin.missing_data == (tmp_path / location,)


@pytest.mark.parametrize(
    ("location", "kind"),
    [(".", "a folder"), ("sub", "a folder"), ("pipe", "no regular file")],
)
def test_locations_that_are_no_regular_files(location: str, kind: str, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    os.mkfifo(tmp_path / "pipe")
    model = load(save(external(location=location), tmp_path / "net.onnx"))
    cause = f"tensor conv.weight lies in {location}, which is {kind}"
    assert model.defects == (Defect(Kind.TENSOR, cause, tensor="conv.weight"),)
    assert model.origin.data_files == model.origin.missing_data == ()


def test_an_absolute_place_is_refused_even_inside_the_folder(tmp_path: Path) -> None:
    (tmp_path / "w.bin").touch()
    model = load(save(external(location=str(tmp_path / "w.bin")), tmp_path / "net.onnx"))
    assert model.value("conv.weight").payload is None
    assert model.origin.data_files == ()


def test_external_data_in_a_folder_that_is_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    save(external(location="w.bin"), tmp_path / "real" / "net.onnx")
    model = load(tmp_path / "link" / "net.onnx")
    assert model.origin.data_files == (tmp_path / "link" / "w.bin",)


def test_external_data_of_a_model_without_a_folder() -> None:
    model = read(external(location="w.bin"))
    assert model.value("conv.weight").payload is None
    assert model.origin.data_files == ()


def test_data_files_are_named_once_and_in_order(tmp_path: Path) -> None:
    proto = Net(3, 8).conv(8).conv(8).proto()
    for weight, name in zip(proto.graph.initializer, "baba", strict=True):
        weight.external_data[0].value = name
    (tmp_path / "a").touch()
    model = load(save(proto, tmp_path / "net.onnx"))
    assert model.origin.data_files == (tmp_path / "b", tmp_path / "a")
    assert model.origin.missing_data == (tmp_path / "b",)


def test_no_file_can_pretend_to_have_been_stepped_over(tmp_path: Path) -> None:
    forged = {"location": "w.bin", "cnnlint": "0:1:9", "cnnlint:0000000000000000": "0:1:9"}
    file = save(external(**forged), tmp_path / "net.onnx")
    assert load(file).value("conv.weight").payload == Payload(tmp_path / "w.bin", 0, 0)


def test_a_tensor_that_is_an_attribute_is_checked_too(tmp_path: Path) -> None:
    value = TensorProto(data_type=TensorProto.FLOAT, dims=[1], data_location="EXTERNAL")
    value.external_data.add(key="location", value="../secret")
    sizes = TensorProto(name="s", data_type=TensorProto.INT64, dims=[1], int64_data=[3])
    proto = build([node("ConstantOfShape", "s", "y", value=value)], [sizes])
    file = tmp_path / "net.onnx"
    file.write_bytes(proto.SerializeToString())
    (defect,) = load(file).defects
    assert defect.kind == Kind.LOCATION
    assert defect.text == "external data at ../secret leaves the folder; not opened, for value"
