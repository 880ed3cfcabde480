"""One operator to be counted: what it costs, and what counting it may look at."""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod

from cnnlint.model.graph import Model, Node, StaticShape


@dataclass(frozen=True, slots=True)
class Cost:
    """What one operator costs; None where a shape that decides it is unknown."""

    macs: int | None
    flops: int | None
    counted: bool = True
    """False for an operator that nobody has taught us to count, and for an If, Loop or Scan of
    which the cost is a lower bound, since the data decides what it does."""


FREE = Cost(0, 0)
UNCOUNTED = Cost(None, None, counted=False)


class Unknown(Exception):  # noqa: N818  (an answer, not an error)
    """A shape that decides the cost is not known, or is none that the operator takes."""


@dataclass(frozen=True, slots=True)
class Call:
    """A node, and the shapes of its operands at the bound sizes."""

    model: Model
    node: Node

    def has(self, index: int) -> bool:
        """Return whether the node has this input; -1 stands for one that no such node has."""
        return 0 <= index < len(self.node.inputs) and bool(self.node.inputs[index])

    def shape(self, index: int) -> StaticShape | None:
        """Return the shape of an input, None where it is absent or not fully known."""
        return self.model.static(self.node.inputs[index]) if self.has(index) else None

    def needed(self, index: int, *ranks: int) -> StaticShape:
        """Return the shape of an input that the cost depends on.

        Raises:
            Unknown: it is not fully known, or has none of these numbers of axes.
        """
        return checked(self.shape(index), *ranks)

    def needed_past(self, index: int, rank: int, axis: int) -> int:
        """Return how many positions a cache holds along an axis: 0 where there is no cache.

        Raises:
            Unknown: there is one, of unknown shape.
        """
        return self.needed(index, rank)[axis] if self.has(index) else 0

    def out(self, index: int = 0) -> StaticShape | None:
        """Return the shape of an output, None where it is absent or not fully known."""
        outputs = self.node.outputs
        return self.model.static(outputs[index]) if index < len(outputs) else None

    def integer(self, index: int) -> int | None:
        """Return the number that a constant input of one integer holds, else None."""
        return self.model.value(self.node.inputs[index]).integer if self.has(index) else None

    def activated(self) -> int:
        """Return 1 where the node applies an activation that was fused into it, else 0."""
        return int(bool(self.node.get_str("activation", "")))


Count = Callable[[Call], Cost]
"""Returns what a node costs; raises ``Unknown`` for a layer of MACs whose shapes don't say."""


def checked(shape: StaticShape | None, *ranks: int) -> StaticShape:
    """Return a shape that is known and has one of these numbers of axes (none given: any).

    Raises:
        Unknown: it isn't, or hasn't.
    """
    if shape is None or (ranks and len(shape) not in ranks):
        raise Unknown
    return shape


def products(macs: int, *, besides: int = 0) -> Cost:
    """Return the cost of so many MACs, two FLOPs each, and of the operations besides."""
    return Cost(macs, 2 * macs + besides)


def each(shape: StaticShape | None, operations: int) -> Cost:
    """Return the cost of so many operations for each number of a tensor."""
    return Cost(0, None if shape is None else operations * prod(shape))
