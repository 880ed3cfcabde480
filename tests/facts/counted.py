"""What one hand-built node costs: ``cost_of("Gemm", (2, 3), (4, 3), out=(2, 4), transB=1)``."""

from typing import Any

import numpy as np

from cnnlint.facts.counting.cost import Cost, cost
from cnnlint.model.graph import Model, Node, Origin, Shape, Value

Operand = Shape | np.ndarray[Any, Any] | None
"""A shape, a constant, or None for an absent input; ``()`` is the shape of a scalar."""
UNKNOWN: Shape = (None,)


def cost_of(
    op: str,
    *operands: Operand,
    out: Shape | None = None,
    outs: tuple[Shape | None, ...] = (),
    domain: str = "",
    opset: int = 24,
    **attrs: Any,
) -> Cost:
    """Return the cost of a node with inputs x0, x1 ... and the outputs y0, y1 ..."""
    shapes = outs or (out,)
    inputs = tuple("" if o is None else f"x{i}" for i, o in enumerate(operands))
    outputs = tuple(f"y{index}" for index in range(len(shapes)))
    values = {f"y{i}": Value(f"y{i}", "float32", shape) for i, shape in enumerate(shapes)}
    values |= {n: _value(n, o) for n, o in zip(inputs, operands, strict=True) if o is not None}
    node = Node(("", 0), "", op, domain, inputs, outputs, attrs, op)
    origin = Origin("<bytes>", None, 0)
    return cost(
        Model(origin, "", 10, {"": opset}, "", {}, (), outputs, (node,), values),
        node,
    )


def _value(name: str, operand: Shape | np.ndarray[Any, Any]) -> Value:
    if isinstance(operand, np.ndarray):
        return Value(name, operand.dtype.name, operand.shape, operand, stored=True)
    return Value(name, "float32", operand)
