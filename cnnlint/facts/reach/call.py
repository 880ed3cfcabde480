"""One operator at work, as receptive fields see it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from cnnlint.facts.layers import Layer
from cnnlint.facts.reach.axes import NOTHING, Origins, Part, Parts, Track, meet
from cnnlint.model.graph import Dim, Model, Node, Shape


@dataclass(frozen=True, slots=True)
class Seen:
    """What a tensor descends from: its axes, and the input axes mixed in over their full size."""

    axes: tuple[Parts, ...]
    mixed: Origins = NOTHING


@dataclass(frozen=True, slots=True)
class Call:
    """A node with what is known of its inputs; None for one that is constant, lost or a gate."""

    model: Model
    node: Node
    layer: Layer | None
    inputs: Sequence[Seen | None]

    @property
    def known(self) -> list[Seen]:
        """The inputs that can be followed."""
        return [seen for seen in self.inputs if seen]

    def main(self, index: int = 0) -> Seen | None:
        """Return what is known of one input."""
        return self.inputs[index] if index < len(self.inputs) else None

    def shape(self, output: int = 0) -> Shape | None:
        """Return the shape of an output."""
        return self.model.value(self.node.outputs[output]).shape

    def sizes(self, rank: int, output: int = 0) -> Shape:
        """Return the shape of an output, all unknown where it hasn't so many axes."""
        shape = self.shape(output)
        return shape if shape is not None and len(shape) == rank else (None,) * rank

    def rank(self, index: int) -> int | None:
        """Return the number of axes of an input, constant or not."""
        shape = self.model.value(self.node.inputs[index]).shape if self.has(index) else None
        return None if shape is None else len(shape)

    def has(self, index: int) -> bool:
        """Return whether the node has this input."""
        return index < len(self.node.inputs) and bool(self.node.inputs[index])

    def numbers(self, name: str, index: int) -> tuple[float, ...] | None:
        """Return numbers that old opsets keep in an attribute and new ones in a constant input.

        None where there is neither, or where the input isn't known.
        """
        if self.has(index):
            const = self.model.value(self.node.inputs[index]).const
            if const is None or const.dtype.kind not in "biufV":  # V: bfloat16
                return None
            return tuple(const.reshape(-1).tolist())
        value = self.node.attrs.get(name)
        if not isinstance(value, tuple):
            return None
        return tuple(number for number in value if isinstance(number, int | float))

    def integers(self, name: str, index: int) -> tuple[int, ...] | None:
        """Return the same as integers."""
        numbers = self.numbers(name, index)
        if numbers is None:
            return None
        whole = tuple(number for number in numbers if isinstance(number, int))
        return whole if len(whole) == len(numbers) else None


Rule: TypeAlias = Callable[[Call], Seen | None]
"""What the first output of an operator descends from, None where that can't be followed."""
Rules: TypeAlias = Callable[[Call], Iterable[Seen | None]]
"""The same for each output of an operator of which all are maps."""


def single(size: Dim, track: Track = NOTHING) -> Parts:
    """Return an axis of one part."""
    return (Part(size, track),)


def joined(sides: Sequence[Sequence[Parts]], sizes: Shape, whence: Sequence[Seen]) -> Seen | None:
    """Return a tensor at each axis of which some axes of the inputs ``whence`` meet."""
    if not whence:
        return None
    met = [meet(side, size) for side, size in zip(sides, sizes, strict=True)]
    mixed = NOTHING.union(*(seen.mixed for seen in whence), *(spread for _, spread in met))
    return Seen(tuple(parts for parts, _ in met), mixed)
