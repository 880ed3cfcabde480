"""Small models, kernels, and which nodes the kernels are credited to."""

from collections.abc import Mapping
from pathlib import Path

from cnnlint.model.graph import Model, Node, Origin, StaticShape, Value
from cnnlint.profile.mapping import find_origins
from cnnlint.profile.trace import Kernel

Wire = tuple[str, str, str]
"""Operator, inputs and outputs of a node, separated by blanks: w... is stored, _ absent."""


def model(*wires: Wire, shapes: Mapping[str, StaticShape] | None = None, names: str = "") -> Model:
    """Build a model; nodes are called ``n0, n1, ...`` unless ``names`` says otherwise."""
    called = names.split() if names else [f"n{place}" for place in range(len(wires))]
    nodes = tuple(
        Node(
            ("", place),
            name.strip("-"),
            op,
            "",
            tuple("" if name == "_" else name for name in reads.split()),
            tuple(makes.split()),
            {},
            "",
        )
        for place, ((op, reads, makes), name) in enumerate(zip(wires, called, strict=True))
    )
    values = {name: Value(name, shape=shape) for name, shape in (shapes or {}).items()}
    for name in (name for node in nodes for name in node.inputs if name.startswith("w")):
        values[name] = Value(name, stored=True)
    return Model(Origin("net.onnx", Path("net.onnx"), 1), "", 8, {}, "", {}, (), (), nodes, values)


def kernel(
    name: str, op: str = "Conv", index: int = 999, shape: StaticShape | None = None
) -> Kernel:
    return Kernel(name, op, index, shape, 1.0)


def credited(net: Model, *kernels: Kernel) -> list[int | None]:
    """Return the node that each kernel is credited to."""
    origins = find_origins(net, kernels)
    keys = (origins.anchors.get(place) for place in range(len(kernels)))
    return [None if key is None else key[1] for key in keys]


def members(net: Model, *kernels: Kernel) -> list[list[int]]:
    origins = find_origins(net, kernels)
    return [[key[1] for key in origins.members.get(p, ())] for p in range(len(kernels))]
