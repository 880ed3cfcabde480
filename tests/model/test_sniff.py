"""What a file is when it is no ONNX model, told from its first bytes."""

import gzip
import io
import json
import pickle
import tarfile
import zipfile
from collections import OrderedDict

import onnx
import pytest
from google.protobuf import text_format
from hypothesis import given
from hypothesis import strategies as st
from onnx import printer

from cnnlint.errors import LoadError
from cnnlint.model.sniff import HEAD, refuse_other_formats
from tests.net import Net

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:2f2f\nsize 26454\n"
OBJECTS: tuple[object, ...] = ({"w": 1}, [1], OrderedDict(w=1), {1})
MODEL = Net(3, 8).relu().proto()


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", b"")
    return file.getvalue()


def packed() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("model.onnx"))
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "code", "cure"),
    [
        (b"", "empty", "export or download it again"),
        (POINTER, "git-lfs-pointer", "fetch the model with: git lfs pull"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "png", "give the .onnx file"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "jpeg", "give the .onnx file"),
        (b"GIF89a", "gif", "give the .onnx file"),
        (b"%PDF-1.7", "pdf", "give the .onnx file"),
        (packed(), "tar", "unpack it first: tar -xf FILE"),
        (
            (80).to_bytes(8, "little") + b'{"w":{"dtype":"F32"}}',
            "safetensors",
            "export to ONNX",
        ),
        *[(pickle.dumps(o, 0), "pickle", "export it to ONNX") for o in OBJECTS],
        (zipped(), "zip", "export it to ONNX"),
        *[(pickle.dumps({"w": 1}, p), "pickle", "export it to ONNX") for p in (2, 3, 4, 5)],
        (gzip.compress(b"model"), "gzip", "unpack it first: gunzip FILE"),
        (b"\x89HDF\r\n\x1a\n", "hdf5", "convert it with tf2onnx"),
        (b"<!DOCTYPE html><html>", "markup", "download the model again"),
        (b"\n  <html>404</html>", "markup", "download the model again"),
        (b'\xef\xbb\xbf<?xml version="1.0"?><net>', "markup", "download the model again"),
        (b"<", "markup", "download the model again"),
        (json.dumps({"graph": {}}).encode(), "json", "give the binary .onnx file"),
        (json.dumps({"graph": {}}, indent=2).encode(), "json", "give the binary .onnx file"),
        (
            text_format.MessageToString(MODEL).encode(),
            "text-proto",
            "save it in binary form with onnx.save",
        ),
        (printer.to_text(MODEL).encode(), "text-proto", "save it in binary form with onnx.save"),
        (b"\x1c\0\0\0TFL3" + b"\0" * 56, "tflite", "convert it with tf2onnx"),
        (b"\x18\0\0\0ORTM" + b"\0" * 56, "ort-format", "give the .onnx file it came from"),
    ],
)
def test_names_what_it_is(data: bytes, code: str, cure: str) -> None:
    with pytest.raises(LoadError) as caught:
        refuse_other_formats(data[:HEAD])
    assert (caught.value.code, caught.value.cure) == (code, cure)
    assert caught.value.cause


@given(st.integers(0, 300), st.sampled_from(("TFL3", "ORTM", "<svg>", "{}", "pytorch", "\x89PNG")))
def test_a_model_is_never_taken_for_something_else(version: int, producer: str) -> None:
    model = onnx.ModelProto(ir_version=version, producer_name=producer)
    for size in range(1, 20):
        refuse_other_formats(model.SerializeToString()[:size])
    model.ClearField("ir_version")
    refuse_other_formats(model.SerializeToString())


@pytest.mark.parametrize("data", [b"\0" * 64, b"ONNX", b"import torch", b"\x0a\x3bimage", b"TFL3"])
def test_leaves_what_it_does_not_know_to_the_walk(data: bytes) -> None:
    refuse_other_formats(data)
