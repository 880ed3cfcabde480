"""Write models that are large in every way; see import_floor.py, which measures them.

usage: python benchmarks/big_models.py FOLDER

They are a chain of 100,000 nodes, a residual network of 600 blocks, and a dense layer of more
than 2 GiB, stored inside the model and beside it. That weight is a hole in a sparse file, which
takes no room.
"""

import sys
from pathlib import Path

import onnx
from onnx import NodeProto, TensorProto, helper

UNITS, INPUTS = 34_000, 16_000
"""Sides of the large weight: 2.2 GB of float32."""


def chain(file: Path) -> None:
    """Write 100,000 Relu nodes in a row."""
    nodes = [helper.make_node("Relu", [f"t{i}"], [f"t{i + 1}"]) for i in range(100_000)]
    _save(file, nodes, [1, 8])


def resnet(file: Path) -> None:
    """Write 600 residual blocks of two 3x3 convolutions, 16 channels wide."""
    nodes, weights, raw = [], [], bytes(4 * 16 * 16 * 9)
    for block in range(600):
        first, second = f"conv{block}.1", f"conv{block}.2"
        weights += [
            TensorProto(name=name, data_type=1, dims=[16, 16, 3, 3], raw_data=raw)
            for name in (first, second)
        ]
        x, y = f"t{block}", f"t{block + 1}"
        nodes += [
            helper.make_node("Conv", [x, first], [f"{x}.a"], f"/{block}/Conv_1", pads=[1] * 4),
            helper.make_node("Relu", [f"{x}.a"], [f"{x}.b"], f"/{block}/Relu_1"),
            helper.make_node(
                "Conv", [f"{x}.b", second], [f"{x}.c"], f"/{block}/Conv", pads=[1] * 4
            ),
            helper.make_node("Add", [f"{x}.c", x], [f"{x}.d"], f"/{block}/Add"),
            helper.make_node("Relu", [f"{x}.d"], [y], f"/{block}/Relu"),
        ]
    _save(file, nodes, [1, 16, 32, 32], weights)


def dense_external(file: Path) -> None:
    """Write a dense layer of 2.2 GB whose weight lies in a file beside the model."""
    weight = TensorProto(name="w", data_type=1, dims=[INPUTS, UNITS])
    weight.data_location = TensorProto.EXTERNAL
    weight.external_data.add(key="location", value="dense.bin")
    _save(file, [helper.make_node("Gemm", ["t0", "w"], ["y"])], [1, INPUTS], [weight])
    with (file.parent / "dense.bin").open("wb") as data:
        data.truncate(4 * INPUTS * UNITS)


def dense_inline(file: Path) -> None:
    """Write the same layer with its weight inside the model, more than protobuf allows.

    The fields are put together by hand: protobuf itself writes no message above 2 GiB.
    """
    _save(file, [helper.make_node("Gemm", ["t0", "w"], ["y"])], [1, INPUTS])
    model = onnx.load(file)
    size = 4 * INPUTS * UNITS
    weight = TensorProto(name="w", data_type=1, dims=[INPUTS, UNITS]).SerializeToString()
    weight += _head(9, size)
    graph = model.graph.SerializeToString() + _head(5, len(weight) + size) + weight
    model.ClearField("graph")
    with file.open("wb") as out:
        out.write(model.SerializeToString() + _head(7, len(graph) + size) + graph)
        out.truncate(out.tell() + size)


def _head(field: int, length: int) -> bytes:
    """Return what stands in front of so many bytes in a protobuf message."""
    head = bytearray([field << 3 | 2])
    while length > 0x7F:
        head.append(length & 0x7F | 0x80)
        length >>= 7
    return bytes([*head, length])


def _save(
    file: Path, nodes: list[NodeProto], shape: list[int], weights: list[TensorProto] | None = None
) -> None:
    start = helper.make_tensor_value_info("t0", TensorProto.FLOAT, shape)
    end = helper.make_tensor_value_info(nodes[-1].output[0], TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "big", [start], [end], weights)
    opset = helper.make_opsetid("", 17)
    file.write_bytes(
        helper.make_model(graph, opset_imports=[opset], ir_version=8).SerializeToString()
    )


if __name__ == "__main__":
    for make in (chain, resnet, dense_inline, dense_external):
        make(Path(sys.argv[1]) / f"{make.__name__}.onnx")
