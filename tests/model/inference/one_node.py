"""Inference on one hand-built node: ``shapes_of("Conv", (1, 3, 8, 8), (4, 3, 3, 3))``.

An input is a shape (a float tensor of unknown numbers), an array (a constant), None (nothing is
known of it), a whole Value, or "" (absent).
"""

from typing import Any

import numpy as np

from cnnlint.model.graph import Node, Shape, Value
from cnnlint.model.shapes import Inferred, infer

Array = np.ndarray[tuple[int, ...], np.dtype[np.generic]]
Operand = Shape | Array | Value | str | None


def ints(*numbers: int) -> Array:
    """Return a constant vector, as shapes, axes and pads are given."""
    return np.array(numbers, "int64")


def value(name: str, operand: Operand) -> Value:
    """Return an operand as a tensor called ``name``."""
    if isinstance(operand, Value):
        return operand
    if isinstance(operand, np.ndarray):
        return Value(name, operand.dtype.name, operand.shape, operand, stored=True)
    return Value(name, "float32", None if isinstance(operand, str) else operand)


def node(
    op: str, inputs: str, outputs: str = "y", *, index: int = 0, domain: str = "", **attrs: Any
) -> Node:
    """Return a node; tensor names are separated by blanks, "-" is an absent one."""
    names = [tuple("" if n == "-" else n for n in text.split()) for text in (inputs, outputs)]
    return Node(("", index), "", op, domain, names[0], names[1], attrs, f"{op}_{index}")


def infer_one(
    op: str,
    *operands: Operand,
    outputs: int = 1,
    opset: int = 18,
    domain: str = "",
    **attrs: Any,
) -> Inferred:
    """Infer a graph of one node, whose outputs are called y0, y1 ..."""
    names = ["-" if isinstance(o, str) else f"x{index}" for index, o in enumerate(operands)]
    given = {n: value(n, o) for n, o in zip(names, operands, strict=True) if n != "-"}
    made = " ".join(f"y{index}" for index in range(outputs))
    only = node(op, " ".join(names), made, domain=domain, **attrs)
    inferred = infer([only], given, {"": opset, "com.microsoft": 1}, {})
    for made_value in inferred.values.values():
        assert all(dim is None or type(dim) is int for dim in made_value.shape or ())
    return inferred


def shapes_of(op: str, *operands: Operand, outputs: int = 1, **rest: Any) -> list[Shape | None]:
    """Return the shapes of the outputs of a node that must have no defect."""
    inferred = infer_one(op, *operands, outputs=outputs, **rest)
    assert inferred.defects == ()
    return [inferred.values[f"y{index}"].shape for index in range(outputs)]


def shape_of(op: str, *operands: Operand, **rest: Any) -> Shape | None:
    """Return the shape of the only output."""
    return shapes_of(op, *operands, **rest)[0]


def defect_of(op: str, *operands: Operand, **rest: Any) -> str:
    """Return the one defect of a node, whose outputs must then be unknown."""
    inferred = infer_one(op, *operands, **rest)
    assert all(v.shape is None for name, v in inferred.values.items() if name.startswith("y"))
    (defect,) = inferred.defects
    assert defect.node == ("", 0)
    return defect.text


def numbers_of(op: str, *operands: Operand, output: int = 0, **rest: Any) -> Array | None:
    """Return the numbers of an output where they were computed."""
    inferred = infer_one(op, *operands, outputs=rest.pop("outputs", output + 1), **rest)
    assert inferred.defects == ()
    found = inferred.values[f"y{output}"]
    assert found.const is None or found.const.shape == found.shape
    assert found.const is None or found.const.dtype.name == found.dtype
    return found.const
