"""Computing the small tensors that shapes are made of, whole or in part.

Exporters write arithmetic on shapes into the graph: Shape, Gather, Mul, Concat, Reshape. Each
operator here computes its outputs where their size is known to be small, so that nothing large
is ever allocated. Where only some of the numbers are known, a mask travels along.
"""

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from cnnlint.model.defect import Kind
from cnnlint.model.graph import StaticShape, Value
from cnnlint.model.inference.call import (
    Call,
    Contradiction,
    Numbers,
    Unresolved,
    all_known,
    one_axis,
)
from cnnlint.model.inference.folding_elementwise import ELEMENTWISE, Fold
from cnnlint.model.inference.layout import permutation, slice_ranges
from cnnlint.model.inference.selecting import reduced_axes, shape_part

if TYPE_CHECKING:
    from cnnlint.model.graph import Array

    Indices = np.ndarray[tuple[int, ...], np.dtype[np.int64]]


MAX_INTEGERS = 65_536
"""Elements of an integer or boolean tensor that is computed: indices and masks of attention."""
MAX_FLOATS = 4_096
_LIMITS: Mapping[str | None, int] = {
    **dict.fromkeys(("bool", "int8", "int16", "int32", "int64"), MAX_INTEGERS),
    **dict.fromkeys(("uint8", "uint16", "uint32", "uint64"), MAX_INTEGERS),
    **dict.fromkeys(("float16", "float32", "float64"), MAX_FLOATS),
}

Move = Callable[[Call, Sequence["Array"], Sequence[StaticShape]], Sequence["Array"]]
"""Puts the elements of the moved inputs into place, whatever they are; masks move likewise."""


def fold(call: Call, outputs: Sequence[Value]) -> Sequence[Numbers | None]:
    """Return the numbers of a node's outputs as far as they follow from those of its inputs.

    ``outputs`` tell the shapes and element types. Empty where an output is large
    or, of an elementwise operator, nothing is known of the first input.

    Raises:
        Contradiction: an index points outside its tensor.
        Unresolved: an input must be known and is not.
    """
    if call.node.op in ELEMENTWISE and call.numbers_or_none(0) is None:
        return ()
    shapes = [s for s in map(_small, outputs) if s is not None]
    if not shapes or len(shapes) < len(outputs):
        return ()
    found = FOLDS[call.node.op](call, shapes)
    return [_checked(n, value, s) for n, value, s in zip(found, outputs, shapes, strict=True)]


def _small(value: Value) -> StaticShape | None:
    """Return the shape of a tensor that is small enough to compute, else None."""
    limit, shape = _LIMITS.get(value.dtype), value.static
    return shape if limit and shape is not None and prod(shape) <= limit else None


def _checked(numbers: Numbers, output: Value, shape: StaticShape) -> Numbers | None:
    """Return the numbers in the type of the output; None where none is known.

    Operator sets before 7 broadcast unlike numpy, and some operators take batches, so a result
    of another shape is dropped.
    """
    if numbers.array.shape != shape:
        return None
    array, known = numbers.array.astype(output.dtype, copy=False), numbers.known
    if known is not None and known.all():
        known = None
    elif known is not None and not known.any():
        return None
    return Numbers(array, known)


def _moving(move: Move, *moved: int) -> Fold:
    """Return the fold of an operator that moves the elements of these inputs (none: all)."""

    def fold_moved(call: Call, shapes: Sequence[StaticShape]) -> Sequence[Numbers]:
        indices = moved or range(len(call.inputs))
        sources = [call.numbers_or_none(index) or _unknown(call, index) for index in indices]
        arrays = move(call, [source.array for source in sources], shapes)
        masks = move(call, [_mask(source) for source in sources], shapes)
        return [Numbers(array, mask) for array, mask in zip(arrays, masks, strict=True)]

    return fold_moved


def _unknown(call: Call, index: int) -> Numbers:
    """Return numbers of which none is known, for an input of which only the shape is."""
    value = call.value(index)
    shape = _small(value)
    if shape is None:
        raise Unresolved
    return Numbers(np.zeros(shape, value.dtype), np.zeros(shape, bool))


def _mask(numbers: Numbers) -> "Array":
    return np.ones(numbers.array.shape, bool) if numbers.known is None else numbers.known


def _reshaped(_: Call, arrays: Sequence["Array"], shapes: Sequence[StaticShape]) -> list["Array"]:
    return [arrays[0].reshape(shapes[0])]


def _transposed(call: Call, arrays: Sequence["Array"], _: Sequence[StaticShape]) -> list["Array"]:
    return [arrays[0].transpose(permutation(call, arrays[0].ndim))]


def _expanded(_: Call, arrays: Sequence["Array"], shapes: Sequence[StaticShape]) -> list["Array"]:
    return [np.broadcast_to(arrays[0], shapes[0]).copy()]


def _tiled(_: Call, arrays: Sequence["Array"], shapes: Sequence[StaticShape]) -> list["Array"]:
    data = arrays[0]
    if 0 in shapes[0]:  # numpy would make room for what it then multiplies by nothing
        return [np.empty(shapes[0], data.dtype)]
    repeats = [new // old if old else 1 for new, old in zip(shapes[0], data.shape, strict=True)]
    return [np.tile(data, repeats)]


def _concatenated(
    call: Call, arrays: Sequence["Array"], _: Sequence[StaticShape]
) -> list["Array"]:
    return [np.concatenate(arrays, axis=call.attr_int("axis", 1))]


def _sliced(call: Call, arrays: Sequence["Array"], _: Sequence[StaticShape]) -> list["Array"]:
    data = arrays[0]
    cuts = [slice(None)] * data.ndim
    for axis, cut in slice_ranges(call, data.shape).items():
        if cut is None:
            raise Unresolved
        start, stop, step = cut
        cuts[axis] = slice(start, stop if stop >= 0 else None, step)
    return [data[tuple(cuts)]]


def _split(call: Call, arrays: Sequence["Array"], shapes: Sequence[StaticShape]) -> list["Array"]:
    data = arrays[0]
    axis = one_axis(call.attr_int("axis", 0), data.ndim)
    ends = np.cumsum([shape[axis] for shape in shapes])
    return np.split(data, ends[:-1].tolist(), axis)


def _indices(call: Call, index: int, size: int) -> "Indices":
    """Return indices into an axis, counted from the front.

    Raises:
        Contradiction: one points outside.
        Unresolved: one is unknown.
    """
    found = call.whole(index).astype(np.int64)
    outside = (found < -size) | (found >= size)
    if outside.any():
        raise Contradiction(f"index {found[outside][0]} into an axis of {size}", Kind.NODE)
    return np.where(found < 0, found + size, found)


def _gathered(call: Call, arrays: Sequence["Array"], _: Sequence[StaticShape]) -> list["Array"]:
    axis = one_axis(call.attr_int("axis", 0), arrays[0].ndim)
    indices = _indices(call, 1, arrays[0].shape[axis])
    return [np.take(arrays[0], indices, axis)]


def _gathered_elements(
    call: Call, arrays: Sequence["Array"], _: Sequence[StaticShape]
) -> list["Array"]:
    axis = one_axis(call.attr_int("axis", 0), arrays[0].ndim)
    indices = _indices(call, 1, arrays[0].shape[axis])
    return [arrays[0][_places(indices, axis)]]


def _gathered_nd(call: Call, arrays: Sequence["Array"], _: Sequence[StaticShape]) -> list["Array"]:
    return [arrays[0][tuple(np.moveaxis(call.whole(1), -1, 0))]]


def _scattered_nd(
    call: Call, arrays: Sequence["Array"], _: Sequence[StaticShape]
) -> list["Array"]:
    _no_reduction(call)
    out = arrays[0].copy()
    out[tuple(np.moveaxis(call.whole(1), -1, 0))] = arrays[1]
    return [out]


def _scattered(call: Call, arrays: Sequence["Array"], _: Sequence[StaticShape]) -> list["Array"]:
    axis = one_axis(call.attr_int("axis", 0), arrays[0].ndim)
    indices = _indices(call, 1, arrays[0].shape[axis])
    _no_reduction(call)
    out = arrays[0].copy()
    out[_places(indices, axis)] = arrays[1]
    return [out]


def _no_reduction(call: Call) -> None:
    if call.node.get_str("reduction", "none") != "none":
        raise Unresolved


def _places(indices: "Indices", axis: int) -> "tuple[Indices, ...]":
    """Return where the elements lie that indices along one axis name, one by one."""
    places = list(np.ogrid[tuple(slice(size) for size in indices.shape)])
    places[axis] = indices
    return tuple(places)


def _shape(call: Call, _: Sequence[StaticShape]) -> list[Numbers]:
    dims = call.shape(0)[shape_part(call)]
    known = np.array([d is not None for d in dims], bool)
    return [Numbers(np.array([d or 0 for d in dims], "int64"), known)]


def _size(call: Call, _: Sequence[StaticShape]) -> list[Numbers]:
    return [Numbers(np.array(prod(all_known(call.shape(0)))))]


def _filled(call: Call, shapes: Sequence[StaticShape]) -> list[Numbers]:
    return [Numbers(np.full(shapes[0], call.node.attrs.get("value", 0.0)))]


def _range(call: Call, shapes: Sequence[StaticShape]) -> list[Numbers]:
    start, delta = call.whole(0).reshape(()), call.whole(2).reshape(())
    return [Numbers(start + np.multiply(np.arange(shapes[0][0]), delta))]


def _where(call: Call, _: Sequence[StaticShape]) -> list[Numbers]:
    condition = call.numbers(0)
    yes, no = (call.numbers_or_none(index) or _unknown(call, index) for index in (1, 2))
    array = np.where(condition.array, yes.array, no.array)
    known = np.where(condition.array, _mask(yes), _mask(no)) & _mask(condition)
    return [Numbers(array, known)]


def _non_zero(call: Call, _: Sequence[StaticShape]) -> list[Numbers]:
    return [Numbers(np.stack(np.nonzero(call.whole(0))))]


def _reduced(function: Callable[..., "Array"]) -> Fold:
    """Return the fold of a Reduce operator; one unknown element hides the whole sum."""

    def reduce(call: Call, _: Sequence[StaticShape]) -> list[Numbers]:
        numbers = call.numbers(0)
        if function is np.mean and not numbers.array.size:
            raise Unresolved  # numpy would warn, and make it NaN
        axes = reduced_axes(call, numbers.array.ndim)
        keep = call.attr_int("keepdims", 1) == 1
        known = np.asarray(np.all(_mask(numbers), axis=axes, keepdims=keep))
        return [Numbers(np.asarray(function(numbers.array, axis=axes, keepdims=keep)), known)]

    return reduce


def _arg(function: Callable[..., "Array"]) -> Fold:
    def arg(call: Call, _: Sequence[StaticShape]) -> list[Numbers]:
        if call.attr_int("select_last_index", 0):
            raise Unresolved
        data, keep = call.whole(0), call.attr_int("keepdims", 1) == 1
        return [Numbers(np.asarray(function(data, call.attr_int("axis", 0), keepdims=keep)))]

    return arg


def _cumulated(call: Call, _: Sequence[StaticShape]) -> list[Numbers]:
    data, axis = call.whole(0), one_axis(call.whole(1).item(), call.whole(0).ndim)
    if call.attr_int("exclusive", 0) or call.attr_int("reverse", 0):
        raise Unresolved
    return [Numbers(np.cumsum(data, axis, dtype=data.dtype))]


FOLDS: Mapping[str, Fold] = {
    **ELEMENTWISE,
    **dict.fromkeys(
        ("Flatten", "Identity", "Reshape", "Squeeze", "Unsqueeze"), _moving(_reshaped, 0)
    ),
    "ArgMax": _arg(np.argmax),
    "ArgMin": _arg(np.argmin),
    "Concat": _moving(_concatenated),
    "ConstantOfShape": _filled,
    "CumSum": _cumulated,
    "Expand": _moving(_expanded, 0),
    "Gather": _moving(_gathered, 0),
    "GatherElements": _moving(_gathered_elements, 0),
    "GatherND": _moving(_gathered_nd, 0),
    "NonZero": _non_zero,
    "Range": _range,
    "ReduceMax": _reduced(np.max),
    "ReduceMean": _reduced(np.mean),
    "ReduceMin": _reduced(np.min),
    "ReduceProd": _reduced(np.prod),
    "ReduceSum": _reduced(np.sum),
    "ScatterElements": _moving(_scattered, 0, 2),
    "ScatterND": _moving(_scattered_nd, 0, 2),
    "Shape": _shape,
    "Size": _size,
    "Slice": _moving(_sliced, 0),
    "Split": _moving(_split, 0),
    "Tile": _moving(_tiled, 0),
    "Transpose": _moving(_transposed, 0),
    "Where": _where,
}
