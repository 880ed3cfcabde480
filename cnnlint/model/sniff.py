"""Name what a file is when it is no ONNX model."""

from cnnlint.errors import LoadError

_TEXT = ("text-proto", "the text form of ONNX", "save it in binary form with onnx.save")
_MAGIC = (  # first bytes, code, what it is, what to do
    (
        b"version https://git-lfs.github.com/spec/",
        "git-lfs-pointer",
        "a git-lfs pointer, not the model itself",
        "fetch the model with: git lfs pull",
    ),
    (b"\x89PNG", "png", "a PNG picture", "give the .onnx file"),
    (b"\xff\xd8\xff", "jpeg", "a JPEG picture", "give the .onnx file"),
    (b"GIF8", "gif", "a GIF picture", "give the .onnx file"),
    (b"%PDF", "pdf", "a PDF document", "give the .onnx file"),
    (b"PK\x03\x04", "zip", "a zip archive (a torch .pt checkpoint, perhaps)", "export it to ONNX"),
    (b"\x80\x02", "pickle", "a Python pickle (a torch checkpoint, perhaps)", "export it to ONNX"),
    (b"\x80\x03", "pickle", "a Python pickle", "export it to ONNX"),
    (b"\x80\x04", "pickle", "a Python pickle", "export it to ONNX"),
    (b"\x80\x05", "pickle", "a Python pickle", "export it to ONNX"),
    (b"(dp", "pickle", "a Python pickle", "export it to ONNX"),  # protocol 0
    (b"(lp", "pickle", "a Python pickle", "export it to ONNX"),
    (b"ccollections\n", "pickle", "a Python pickle", "export it to ONNX"),
    (b"c__builtin__\n", "pickle", "a Python pickle", "export it to ONNX"),
    (b"\x1f\x8b", "gzip", "a gzip archive", "unpack it first: gunzip FILE"),
    (b"\x89HDF", "hdf5", "an HDF5 file (a Keras model, perhaps)", "convert it with tf2onnx"),
    (b"<ir_version:", *_TEXT),  # as onnx.printer writes it
    (b"<", "markup", "an HTML or XML page, a failed download perhaps", "download the model again"),
    (b"{", "json", "JSON text", "give the binary .onnx file"),
    (b"ir_version:", *_TEXT),  # as protobuf writes it
)
_MAGIC_AT_4 = (  # behind a small 32-bit offset, which no ONNX file begins with
    (b"TFL3", "tflite", "a TensorFlow Lite model", "convert it with tf2onnx"),
    (
        b"ORTM",
        "ort-format",
        "a model in onnxruntime's own ORT format",
        "give the .onnx file it came from",
    ),
)


HEAD = 512
"""Bytes from the beginning of a file that are looked at."""
_TAR, _TAR_AT = (b"ustar\0", b"ustar "), 257


def refuse_other_formats(head: bytes) -> None:
    """Look at the first bytes of a file and refuse what is known to be something else.

    Raises:
        LoadError: with the kind of file and what to do about it.
    """
    if not head:
        raise LoadError("empty", "empty (0 bytes)", "export or download it again")
    text = b"".join(head[:64].removeprefix(b"\xef\xbb\xbf").split())
    for magic, code, what, cure in _MAGIC:
        if head.startswith(magic) or text.startswith(magic):
            raise LoadError(code, what, cure)
    if head[_TAR_AT:].startswith(_TAR):
        raise LoadError("tar", "a tar archive", "unpack it first: tar -xf FILE")
    if head[4:9] == b"\0\0\0\0{":  # behind a 64-bit length, which no ONNX file begins with
        raise LoadError("safetensors", "safetensors, weights without a graph", "export to ONNX")
    for magic, code, what, cure in _MAGIC_AT_4:
        if head[2:8] == b"\0\0" + magic:
            raise LoadError(code, what, cure)
