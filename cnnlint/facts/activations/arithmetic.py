"""Scalar arithmetic around a tensor: which nodes only scale, shift or raise it to a power.

The parts of a decomposed activation are such arithmetic around one function; exporters differ
in the order of its steps, not in what it computes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isclose
from typing import TypeAlias

from cnnlint.model.graph import Model, Node

TOLERANCE = 1e-3
"""How far a constant may be from the one of a definition: exports round to half precision."""
SEE_THROUGH = frozenset({"Identity", "Cast", "Transpose"})
"""Operators that may stand between two steps."""
MAX_STEPS = 4
"""How many steps, and how many readers of one tensor, are followed."""
MAX_DEPTH = 6
"""How deep an expression may be; the inner polynomial of GELU takes 5."""

Polynomial: TypeAlias = tuple[float, ...]
"""Coefficients of x^0 to x^3."""
ARITHMETIC = frozenset({"Add", "Sub", "Mul", "Div"})
"""Operators that are affine where all but one operand are constants."""
LINEAR: Polynomial = (0, 1, 0, 0)


@dataclass(frozen=True, slots=True)
class Scaled:
    """A tensor that is ``scale`` times another one plus ``shift``; ``nodes`` lie between."""

    tensor: str
    scale: float = 1
    shift: float = 0
    nodes: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Expression:
    """A polynomial of a tensor, and the nodes that compute it."""

    coefficients: Polynomial
    nodes: tuple[Node, ...]

    def then(self, coefficients: Polynomial | None, *nodes: Node) -> "Expression | None":
        """Return what further nodes make of it, None if that is no polynomial."""
        if coefficients is None:
            return None
        return Expression(coefficients, (*self.nodes, *nodes))


def close(numbers: tuple[float, ...], wanted: tuple[float, ...]) -> bool:
    """Return whether constants are those of a definition."""
    return all(
        isclose(a, b, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
        for a, b in zip(numbers, wanted, strict=True)
    )


class Arithmetic:
    """Scalar arithmetic in one model."""

    def __init__(self, model: Model) -> None:
        """Compute nothing yet."""
        self.model = model

    def scalar(self, name: str) -> float | None:
        """Return the one number that a constant holds, None for anything else."""
        const = self.model.value(name).const
        if const is None or const.size != 1 or const.dtype.kind not in "fiuV":  # V: bfloat16
            return None
        return float(const.item())

    def producer(self, tensor: str) -> Node | None:
        """Return the node that makes a tensor, None for an input."""
        return self.model.producer_of.get(tensor)

    def readers(self, tensor: str) -> tuple[Node, ...]:
        """Return the first few nodes that read a tensor and have a result."""
        nodes = self.model.consumers_of.get(tensor, ())[:MAX_STEPS]
        return tuple(node for node in nodes if node.outputs and node.outputs[0])

    def forward(self, tensor: str) -> Iterator[Scaled]:
        """Yield a tensor and what scalar arithmetic makes of it, nearest first.

        Scale and shift say what each yielded tensor is in terms of the given one.
        """
        values = [Scaled(tensor)]
        for value in values:
            yield value
            if len(value.nodes) >= MAX_STEPS:
                continue
            for node in self.readers(value.tensor):
                step = self._step(node)
                if step:
                    scale, shift = step.scale * value.scale, step.scale * value.shift + step.shift
                    values.append(Scaled(node.outputs[0], scale, shift, (*value.nodes, node)))

    def backward(self, tensor: str) -> Iterator[Scaled]:
        """Yield a tensor and what it is made of by scalar arithmetic, nearest first.

        Scale and shift say what the given tensor is in terms of each yielded one.
        """
        value = Scaled(tensor)
        yield value
        while len(value.nodes) < MAX_STEPS:
            node = self.producer(value.tensor)
            step = self._step(node) if node else None
            if node is None or step is None:
                return
            scale, shift = value.scale * step.scale, value.scale * step.shift + value.shift
            value = Scaled(step.tensor, scale, shift, (*value.nodes, node))
            yield value

    def polynomial(self, tensor: str, variable: str, depth: int = MAX_DEPTH) -> Expression | None:
        """Read a tensor as a polynomial of another one.

        None where it is no polynomial, or one of a degree above 3.
        """
        if tensor == variable:
            return Expression(LINEAR, ())
        node = self.producer(tensor)
        if node is None or depth == 0:
            return None
        step = self._step(node)
        if step is None:
            return self._operation(node, variable, depth - 1)
        inside = self.polynomial(step.tensor, variable, depth - 1)
        return inside and inside.then(_affine(inside.coefficients, step.scale, step.shift), node)

    def _operation(self, node: Node, variable: str, depth: int) -> Expression | None:
        """Read the sum, product or power that a node computes."""
        if node.op not in ("Add", "Sub", "Mul", "Pow") or len(node.inputs) != 2:
            return None
        left = self.polynomial(node.inputs[0], variable, depth)
        if left is None:
            return None
        if node.op == "Pow":
            return left.then(_power(left.coefficients, self.scalar(node.inputs[1])), node)
        right = self.polynomial(node.inputs[1], variable, depth)
        if right is None:
            return None
        coefficients = _sum_or_product(node.op, left.coefficients, right.coefficients)
        return left.then(coefficients, *right.nodes, node)

    def _step(self, node: Node) -> Scaled | None:
        """Read a node as ``scale * x + shift`` of its one data operand x."""
        if not node.inputs:
            return None
        if node.op in SEE_THROUGH:
            return Scaled(node.inputs[0])
        if node.op == "Neg":
            return Scaled(node.inputs[0], -1)
        if node.op not in ("Add", "Sub", "Mul", "Div") or len(node.inputs) != 2:
            return None
        left, right = node.inputs
        number = self.scalar(right)
        if number is not None:
            return _with_number_last(node.op, left, number)
        number = self.scalar(left)
        return None if number is None else _with_number_first(node.op, number, right)


def _with_number_last(op: str, tensor: str, number: float) -> Scaled | None:
    if op in ("Add", "Sub"):
        return Scaled(tensor, 1, number if op == "Add" else -number)
    if op == "Mul":
        return Scaled(tensor, number)
    return Scaled(tensor, 1 / number) if number else None


def _with_number_first(op: str, number: float, tensor: str) -> Scaled | None:
    if op == "Sub":
        return Scaled(tensor, -1, number)
    return None if op == "Div" else _with_number_last(op, tensor, number)


def _affine(polynomial: Polynomial, scale: float, shift: float) -> Polynomial:
    constant, *rest = (scale * c for c in polynomial)
    return (constant + shift, *rest)


def _power(polynomial: Polynomial, exponent: float | None) -> Polynomial | None:
    if exponent not in (2, 3):
        return None
    square = _product(polynomial, polynomial)
    return square if exponent == 2 else square and _product(square, polynomial)


def _sum_or_product(op: str, left: Polynomial, right: Polynomial) -> Polynomial | None:
    if op == "Mul":
        return _product(left, right)
    sign = 1 if op == "Add" else -1
    return tuple(a + sign * b for a, b in zip(left, right, strict=True))


def _product(left: Polynomial, right: Polynomial) -> Polynomial | None:
    coefficients = [0.0] * (len(left) + len(right) - 1)
    for i, a in enumerate(left):
        for j, b in enumerate(right):
            coefficients[i + j] += a * b
    size = len(LINEAR)
    return None if any(coefficients[size:]) else tuple(coefficients[:size])
