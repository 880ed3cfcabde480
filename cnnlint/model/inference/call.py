"""One operator at work: a node, and what is known of its inputs while shapes are inferred."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cnnlint.model.defect import Kind
from cnnlint.model.graph import Dim, Node, Shape, StaticShape, Value

if TYPE_CHECKING:
    from cnnlint.model.graph import Array

MAX_RANK = 64
"""More axes than numpy's 64 no tensor has; a file that asks for more is broken."""
UNKNOWN_OPSET = 1_000
"""Stands for the operator set of a file that doesn't name one; the newest forms are taken."""
MAX_DIM = 2**63 - 1
"""Sizes are 64-bit integers in the file format."""


class Contradiction(Exception):  # noqa: N818  (the model's fault, not an error of ours)
    """A node can't run as it stands; the message says why, in lower case and with numbers."""

    def __init__(self, text: str, kind: Kind = Kind.SHAPES) -> None:
        """``kind`` is the sort of defect; operands that don't go together are the common one."""
        super().__init__(text)
        self.kind = kind


class Unresolved(Exception):  # noqa: N818  (an answer, not an error)
    """Too little is known of an input to say anything about the outputs."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of a small tensor, of which some may be unknown.

    ``known`` has the shape of ``array`` and is False where the number there means nothing;
    None says that all of them are known.
    """

    array: "Array"
    known: "Array | None" = None

    def dims(self) -> Shape:
        """Return the numbers in reading order, None where unknown."""
        numbers = self.array.reshape(-1).tolist()
        if self.known is None:
            return tuple(numbers)
        known = self.known.reshape(-1).tolist()
        return tuple(n if k else None for n, k in zip(numbers, known, strict=True))


@dataclass(frozen=True, slots=True)
class Call:
    """A node with its inputs: None for an absent one, of unknown shape where nothing is known.

    ``partial`` holds the numbers of tensors that are known in part; those that are known
    entirely stand in ``Value.const``. ``opset`` is the version of the node's operator set.
    """

    node: Node
    inputs: Sequence[Value | None]
    partial: Mapping[str, Numbers]
    opset: int

    def has(self, index: int) -> bool:
        """Return whether the node has this input."""
        return index < len(self.inputs) and self.inputs[index] is not None

    def value(self, index: int) -> Value:
        """Return a required input.

        Raises:
            Contradiction: the node doesn't have it.
        """
        value = self.inputs[index] if index < len(self.inputs) else None
        if value is None:
            raise Contradiction(f"input {index} is missing", Kind.NODE)
        return value

    def is_since(self, version: int) -> bool:
        """Return whether the operator set is known, and this one or newer."""
        return version <= self.opset < UNKNOWN_OPSET

    def shape(self, index: int) -> Shape:
        """Return the shape of a required input, whose rank must be known.

        Raises:
            Contradiction: the node doesn't have it.
            Unresolved: its rank is unknown.
        """
        shape = self.value(index).shape
        if shape is None:
            raise Unresolved
        return shape

    def shape_or_none(self, index: int) -> Shape | None:
        """Return the shape of an input, None where it is absent or its rank unknown."""
        value = self.inputs[index] if index < len(self.inputs) else None
        return value.shape if value else None

    def numbers_or_none(self, index: int) -> Numbers | None:
        """Return the numbers of an input as far as they are known, None where none is."""
        value = self.inputs[index] if index < len(self.inputs) else None
        if value is None:
            return None
        if value.const is not None:
            return Numbers(value.const) if value.const.dtype.kind in "biuf" else None
        return self.partial.get(value.name)

    def numbers(self, index: int) -> Numbers:
        """Return the numbers of an input as far as they are known.

        Raises:
            Unresolved: none is.
        """
        numbers = self.numbers_or_none(index)
        if numbers is None:
            raise Unresolved
        return numbers

    def whole_or_none(self, index: int) -> "Array | None":
        """Return the numbers of an input where all of them are known, else None."""
        numbers = self.numbers_or_none(index)
        return None if numbers is None or numbers.known is not None else numbers.array

    def whole(self, index: int) -> "Array":
        """Return the numbers of an input.

        Raises:
            Unresolved: one is unknown.
        """
        array = self.whole_or_none(index)
        if array is None:
            raise Unresolved
        return array

    def input_ints(self, index: int) -> Shape | None:
        """Return a required input as a list of integers, None where its length is unknown.

        Raises:
            Contradiction: the node doesn't have it, or it holds something else.
        """
        self.value(index)
        numbers = self.numbers_or_none(index)
        if numbers is None:
            shape = self.shape_or_none(index)
            length = shape[0] if shape is not None and len(shape) == 1 else None
            return None if length is None or length > 2 * MAX_RANK else (None,) * length
        if numbers.array.dtype.kind not in "iu":
            raise Contradiction(
                f"input {index} holds {numbers.array.dtype}, not integers", Kind.NODE
            )
        if numbers.array.size > max(2 * MAX_RANK, len(self.node.outputs)):
            raise Contradiction(
                f"input {index} is a list of {numbers.array.size} integers", Kind.NODE
            )
        return numbers.dims()

    def vector(self, index: int) -> Shape | None:
        """Return an input that must be a list of integers, as :meth:`input_ints` does.

        Raises:
            Contradiction: the node doesn't have it, it has another rank or holds something else.
        """
        shape = self.shape_or_none(index)
        if shape is not None and len(shape) != 1:
            clash = f"input {index} has {len(shape)} axes where a list is needed"
            raise Contradiction(clash, Kind.RANK)
        return self.input_ints(index)

    def setting(self, name: str, index: int) -> Shape | None:
        """Return a list that older operator sets keep in an attribute and newer in an input.

        None where its length is unknown; :meth:`sets` tells whether the node has it.

        Raises:
            Contradiction: it doesn't, or it holds something else.
        """
        return self.attr_ints(name) if name in self.node.attrs else self.input_ints(index)

    def sets(self, name: str, index: int) -> bool:
        """Return whether the node gives such a list."""
        return name in self.node.attrs or self.has(index)

    def attr_int(self, name: str, default: int) -> int:
        """Return an integer attribute.

        Raises:
            Contradiction: it is none.
        """
        value = self.node.attrs.get(name, default)
        if not isinstance(value, int):
            raise Contradiction(f"attribute {name} is not an integer", Kind.NODE)
        return value

    def needed_int(self, name: str) -> int:
        """Return an integer attribute that has no default.

        Raises:
            Contradiction: it is missing, or no integer.
        """
        if name not in self.node.attrs:
            raise Contradiction(f"attribute {name} is missing", Kind.NODE)
        return self.attr_int(name, 0)

    def attr_ints(self, name: str) -> StaticShape | None:
        """Return an attribute that is a list of integers, None where it is absent.

        Raises:
            Contradiction: it is something else.
        """
        if name not in self.node.attrs:
            return None
        values = self.node.get_ints(name)
        if values is None:
            raise Contradiction(f"attribute {name} is not a list of integers", Kind.NODE)
        return values


Shapes = tuple[Shape | None, ...]
"""The shapes of a node's outputs in order, None where even the rank is unknown."""
Handler = Callable[[Call], Shapes]


def spell(shape: Shape) -> str:
    """Return a shape in words: ``1x64x?x?``."""
    if len(shape) > 8:
        return f"a list of {len(shape)} sizes"
    return "x".join("?" if d is None else str(d) for d in shape) if shape else "a scalar"


def check_shape(shape: Shape | None) -> None:
    """Refuse what no tensor can be; unknown is fine.

    Raises:
        Contradiction: a negative size, one beyond 64 bits, too many axes.
    """
    if shape is None:
        return
    if len(shape) > MAX_RANK:
        raise Contradiction(f"a tensor of {len(shape)} axes", Kind.SIZE)
    for size in shape:
        if size is not None and not 0 <= size <= MAX_DIM:
            what = f"an axis of {size}" if size < 0 else "an axis beyond 64 bits"
            raise Contradiction(what, Kind.SIZE)


def check_count(shape: Shape | None) -> None:
    """Refuse more elements than 64 bits count; unknown is fine.

    Raises:
        Contradiction: there are more.
    """
    count = 1
    for size in shape or ():
        count *= 1 if size is None else size
    if shape and count > MAX_DIM:
        raise Contradiction(f"a tensor of {spell(shape)}: 64 bits don't count that", Kind.SIZE)


def one_shape(a: Shape, b: Shape, clash: str, kind: Kind = Kind.SHAPES) -> Shape:
    """Return what two statements about one shape say together.

    Raises:
        Contradiction: with ``clash`` as its message and of that kind, where they differ.
    """
    if len(a) != len(b):
        raise Contradiction(clash, kind)
    return tuple(one_dim(x, y, clash, kind) for x, y in zip(a, b, strict=True))


def product(dims: Iterable[Dim]) -> Dim:
    """Return the number of elements, None where a dimension is unknown."""
    total = 1
    for dim in dims:
        if dim is None:
            return None
        total *= dim
    return total


def all_known(dims: Shape) -> StaticShape:
    """Return a list whose entries must all be known.

    Raises:
        Unresolved: one is not.
    """
    known = tuple(d for d in dims if d is not None)
    if len(known) < len(dims):
        raise Unresolved
    return known


def one_dim(a: Dim, b: Dim, clash: str, kind: Kind = Kind.SHAPES) -> Dim:
    """Return what two statements about one dimension say together.

    Raises:
        Contradiction: with ``clash`` as its message and of that kind, where they differ.
    """
    if a is None or a == b:
        return b
    if b is None:
        return a
    raise Contradiction(clash, kind)


def one_axis(axis: int, rank: int) -> int:
    """Return an axis counted from the front.

    Raises:
        Contradiction: there is no such axis.
    """
    if -rank <= axis < rank:
        return axis % rank
    raise Contradiction(f"axis {axis} does not exist in a tensor with {rank} axes", Kind.AXIS)


def all_axes(axes: Iterable[int], rank: int) -> StaticShape:
    """Return axes counted from the front.

    Raises:
        Contradiction: one does not exist, or is named twice.
    """
    found = tuple(one_axis(axis, rank) for axis in axes)
    if len(set(found)) < len(found):
        raise Contradiction("an axis is named twice", Kind.AXIS)
    return found


def broadcast(a: Shape, b: Shape) -> Shape:
    """Return the shape that two shapes broadcast to, as numpy does it.

    An unknown dimension against one of 5 gives 5: nothing else can run.

    Raises:
        Contradiction: they don't.
    """
    if a == b:
        return a
    rank = max(len(a), len(b))
    left, right = (1,) * (rank - len(a)) + a, (1,) * (rank - len(b)) + b
    dims: list[Dim] = []
    for x, y in zip(left, right, strict=True):
        if y in {x, 1}:
            dims.append(x)
        elif x in {1, None}:
            dims.append(y)
        elif y is None:
            dims.append(x)
        else:
            raise Contradiction(f"shapes {spell(a)} and {spell(b)} do not broadcast")
    return tuple(dims)
