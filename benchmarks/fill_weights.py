"""Copy models and make files of weights where their external ones are missing.

usage: python benchmarks/fill_weights.py OUT MODEL...

Each model gets a folder of its own, OUT/FOLDER/STEM (FOLDER: the one it comes from), with the
copy and files of weights of the right length. They are zeros, which take no room on the disk, but
for the first number of each tensor: tools that simplify would merge layers of equal weights.
Prints one line of JSON for each model: the path of the copy and the dims of its inputs, open ones
as text. Needs onnx.
"""

import json
import os
import shutil
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

import onnx
from onnx.external_data_helper import uses_external_data


def tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    """All weights and constants of a graph and of the bodies in it."""
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors)
            for body in (attribute.g, *attribute.graphs):
                yield from tensors(body)


def fill(source: Path, folder: Path) -> Path:
    """Copy a model with made weights beside it and return the path of the copy."""
    folder.mkdir(parents=True, exist_ok=True)
    copy = folder / source.name
    shutil.copyfile(source, copy)
    for number, tensor in enumerate(tensors(onnx.load(source, load_external_data=False).graph), 1):
        if uses_external_data(tensor):
            where = {entry.key: entry.value for entry in tensor.external_data}
            begin, length = int(where.get("offset", 0)), int(where["length"])
            with (folder / Path(where["location"]).name).open("ab+") as file:
                file.truncate(max(file.seek(0, os.SEEK_END), begin + length))
            if tensor.data_type == onnx.TensorProto.FLOAT:
                with (folder / Path(where["location"]).name).open("rb+") as file:
                    file.seek(begin)
                    file.write(struct.pack("<f", number / 1024))
    return copy


def inputs(path: Path) -> dict[str, list[int | str]]:
    """Names and dims of the inputs that aren't weights; an open dim is its name or empty."""
    graph = onnx.load(path, load_external_data=False).graph
    weights = {tensor.name for tensor in graph.initializer}
    return {
        entry.name: [
            dim.dim_value if dim.HasField("dim_value") else dim.dim_param
            for dim in entry.type.tensor_type.shape.dim
        ]
        for entry in graph.input
        if entry.name not in weights
    }


def main(out: Path, *sources: Path) -> None:
    """Fill every model."""
    for source in sources:
        copy = fill(source, out / source.parent.name / source.stem)
        print(json.dumps({"path": str(copy), "inputs": inputs(copy)}))


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*map(Path, sys.argv[1:]))
