"""Output shapes of operators that rearrange, cut or join tensors."""

from collections.abc import Mapping, Sequence
from math import prod

from cnnlint.model.defect import Kind
from cnnlint.model.graph import Dim, Shape, StaticShape
from cnnlint.model.inference.call import (
    Call,
    Contradiction,
    Handler,
    Shapes,
    Unresolved,
    all_axes,
    all_known,
    broadcast,
    one_axis,
    one_dim,
    product,
    spell,
)


def _reshape(call: Call) -> Shapes:
    target = call.attr_ints("shape") if "shape" in call.node.attrs else call.vector(1)
    if target is None:
        raise Unresolved
    return (
        reshaped(call.shape_or_none(0), target, zero_copies=call.attr_int("allowzero", 0) != 1),
    )


def reshaped(data: Shape | None, target: Shape, *, zero_copies: bool = True) -> Shape:
    """Return what a tensor becomes when it is reshaped to ``target``.

    0 copies the dimension of the same axis, -1 takes what is left; so does a single unknown
    entry, since the elements must come out even.

    Raises:
        Contradiction: they don't.
    """
    if target.count(-1) > 1 or any(t is not None and t < -1 for t in target):
        raise Contradiction(f"an impossible target of {spell(target)}", Kind.ELEMENTS)
    copies = {axis for axis, t in enumerate(target) if t == 0 and zero_copies}
    if data is None:
        return tuple(None if t == -1 or axis in copies else t for axis, t in enumerate(target))
    if copies and max(copies) >= len(data):
        clash = f"the 0 at axis {max(copies)} copies from {len(data)} axes"
        raise Contradiction(clash, Kind.ELEMENTS)
    out = [data[axis] if axis in copies else t for axis, t in enumerate(target)]
    before = product(d for axis, d in enumerate(data) if axis not in copies)
    asked = [t for axis, t in enumerate(target) if axis not in copies]
    named = prod(t for t in asked if t is not None and t != -1)
    open_axes = [axis for axis, t in enumerate(target) if t is None or t == -1]
    if before is not None and not _even(before, named, len(open_axes)):
        clash = f"{spell(data)} cannot be reshaped to {spell(target)}"
        raise Contradiction(clash, Kind.ELEMENTS)
    left = before // named if before is not None and named and len(open_axes) == 1 else None
    for axis in open_axes:
        out[axis] = left
    return tuple(out)


def _even(before: int, named: int, open_axes: int) -> bool:
    if not open_axes:
        return before == named
    return before % named == 0 if named else before == 0


def _flatten(call: Call) -> Shapes:
    data = call.shape(0)
    axis = call.attr_int("axis", 1)
    if not -len(data) <= axis <= len(data):
        clash = f"axis {axis} does not exist in a tensor with {len(data)} axes"
        raise Contradiction(clash, Kind.AXIS)
    return ((product(data[:axis]), product(data[axis:])),)


def permutation(call: Call, rank: int) -> StaticShape:
    """Return the order that a Transpose puts the axes into, reversed where none is given."""
    perm = call.attr_ints("perm")
    if perm is None:
        return tuple(reversed(range(rank)))
    if sorted(perm) != list(range(rank)):
        clash = f"perm does not order the {rank} axes of the input"
        raise Contradiction(clash, Kind.AXIS)
    return perm


def _transpose(call: Call) -> Shapes:
    data = call.shape(0)
    return (tuple(data[axis] for axis in permutation(call, len(data))),)


def _squeeze(call: Call) -> Shapes:
    data = call.shape(0)
    axes = call.setting("axes", 1) if call.sets("axes", 1) else ()
    if axes is None:
        raise Unresolved
    if not axes:  # onnxruntime takes an empty list as none
        if None in data:
            raise Unresolved
        return (tuple(d for d in data if d != 1),)
    gone = {one_axis(axis, len(data)) for axis in all_known(axes)}  # one may be named twice
    for axis in sorted(gone):
        clash = f"axis {axis} of {spell(data)} is squeezed but is not 1"
        one_dim(data[axis], 1, clash, Kind.ELEMENTS)
    return (tuple(d for axis, d in enumerate(data) if axis not in gone),)


def _unsqueeze(call: Call) -> Shapes:
    data, axes = call.shape(0), call.setting("axes", 1)
    if axes is None:
        raise Unresolved
    rank = len(data) + len(axes)
    if None in axes:
        return ((None,) * rank,)
    new, rest = set(all_axes(all_known(axes), rank)), iter(data)
    return (tuple(1 if axis in new else next(rest) for axis in range(rank)),)


Range = tuple[int, int, int]
"""Start, stop and step of a slice, counted from the front; stop may be -1."""


def _slice(call: Call) -> Shapes:
    data = call.shape(0)
    out = list(data)
    try:
        ranges = slice_ranges(call, data)
    except Unresolved:
        return ((None,) * len(data),)
    for axis, cut in ranges.items():
        out[axis] = None if cut is None else max(0, -((cut[0] - cut[1]) // cut[2]))
    return (tuple(out),)


def slice_ranges(call: Call, data: Shape) -> dict[int, Range | None]:
    """Return what a Slice cuts from each axis that it names; None where that is unknown.

    Raises:
        Contradiction: lists of different lengths, an axis that doesn't exist, a step of 0.
        Unresolved: the axes are unknown.
    """
    starts, ends = call.setting("starts", 1), call.setting("ends", 2)
    if starts is None or ends is None:
        raise Unresolved
    count = len(starts)
    axes = call.setting("axes", 3) if call.sets("axes", 3) else tuple(range(count))
    steps = call.setting("steps", 4) if call.sets("steps", 4) else (1,) * count
    if axes is None:
        raise Unresolved
    steps = (None,) * count if steps is None else steps
    if not count == len(ends) == len(axes) == len(steps):
        clash = f"starts, ends, axes and steps differ in length ({count} starts)"
        raise Contradiction(clash, Kind.NODE)
    found = all_axes(all_known(axes), len(data))
    return {
        axis: _range(data[axis], *cut)
        for axis, *cut in zip(found, starts, ends, steps, strict=True)
    }


def _range(size: Dim, start: Dim, stop: Dim, step: Dim) -> Range | None:
    if step == 0:
        raise Contradiction("a slice with a step of 0", Kind.NODE)
    if size is None or start is None or stop is None or step is None:
        return None
    start += size if start < 0 else 0
    stop += size if stop < 0 else 0
    if step > 0:
        return min(max(start, 0), size), min(max(stop, 0), size), step
    return min(max(start, 0), size - 1), min(max(stop, -1), size - 1), step


def _concat(call: Call) -> Shapes:
    shapes = [call.shape(index) for index in range(len(call.inputs))]
    if not shapes:
        raise Contradiction("nothing to concatenate", Kind.NODE)
    axis = call.attr_int("axis", 1) if call.opset < 4 else call.needed_int("axis")
    axis = one_axis(axis, len(shapes[0]))
    out, sizes = list(shapes[0]), []
    for shape in shapes:
        clash = f"{spell(shapes[0])} and {spell(shape)} do not concatenate along axis {axis}"
        if len(shape) != len(out):
            raise Contradiction(clash)
        for other, size in enumerate(shape):
            if other != axis:
                out[other] = one_dim(out[other], size, clash)
        sizes.append(shape[axis])
    out[axis] = None if None in sizes else sum(s for s in sizes if s is not None)
    return (tuple(out),)


def _split(call: Call) -> Shapes:
    data = call.shape(0)
    axis = one_axis(call.attr_int("axis", 0), len(data))
    parts = _parts(call, data[axis])
    return tuple((*data[:axis], part, *data[axis + 1 :]) for part in parts)


def _parts(call: Call, size: Dim) -> Sequence[Dim]:
    """Return the sizes that an axis is split into; the last may be smaller since opset 18."""
    count = len(call.node.outputs)
    stated = call.attr_int("num_outputs", count)
    if stated != count:
        raise Contradiction(f"num_outputs is {stated}, there are {count}", Kind.NODE)
    if call.sets("split", 1):
        parts = call.setting("split", 1)
        if parts is None:
            return (None,) * count
        total = None if None in parts else sum(p for p in parts if p is not None)
        if len(parts) != count:
            raise Contradiction(f"{len(parts)} sizes for {count} outputs", Kind.ELEMENTS)
        clash = f"the parts add up to {total}, the axis has {size}"
        one_dim(total, size, clash, Kind.ELEMENTS)
        return parts
    if call.is_since(18) and "num_outputs" not in call.node.attrs:
        raise Contradiction("neither split nor num_outputs is given", Kind.NODE)
    if size is None or not count:
        return (None,) * count
    chunk = -(-size // count)
    last = size - chunk * (count - 1)
    if last < 0 or (last != chunk and "num_outputs" not in call.node.attrs):
        raise Contradiction(f"{size} does not split into {count} equal parts", Kind.ELEMENTS)
    return (*(chunk,) * (count - 1), last)


def _expand(call: Call) -> Shapes:
    data, target = call.shape(0), call.input_ints(1)
    if target is None:
        raise Unresolved
    return (broadcast(data, target),)


def _tile(call: Call) -> Shapes:
    data = call.shape(0)
    if call.has(2):  # opset 1: how often, and along which axis
        raise Unresolved
    repeats = call.input_ints(1)
    if repeats is None:
        return ((None,) * len(data),)
    if len(repeats) != len(data):
        raise Contradiction(f"{len(repeats)} repeats for {len(data)} axes", Kind.NODE)
    return (
        tuple(
            None if d is None or r is None else d * r for d, r in zip(data, repeats, strict=True)
        ),
    )


def _pad(call: Call) -> Shapes:
    data = call.shape(0)
    name = "paddings" if "paddings" in call.node.attrs else "pads"
    pads = call.setting(name, 1)
    axes = call.input_ints(3) if call.has(3) else tuple(range(len(data)))
    if pads is None or axes is None or None in axes:
        return ((None,) * len(data),)
    found = all_axes(all_known(axes), len(data))
    if len(pads) != 2 * len(found):
        raise Contradiction(f"{len(pads)} pads for {len(found)} axes", Kind.NODE)
    out = list(data)
    for axis, begin, end in zip(found, pads, pads[len(found) :], strict=False):
        size = out[axis]
        out[axis] = None if size is None or begin is None or end is None else size + begin + end
    return (tuple(out),)


def _depth_to_space(call: Call) -> Shapes:
    n, channels, height, width = _image(call)
    block = _block(call)
    if channels is not None and channels % block**2:
        clash = f"{channels} channels do not divide into blocks of {block}x{block}"
        raise Contradiction(clash, Kind.ELEMENTS)
    return ((n, *_scaled((channels,), 1, block**2), *_scaled((height, width), block, 1)),)


def _space_to_depth(call: Call) -> Shapes:
    n, channels, height, width = _image(call)
    block = _block(call)
    for size in (height, width):
        if size is not None and size % block:
            clash = f"a side of {size} does not divide into blocks of {block}"
            raise Contradiction(clash, Kind.ELEMENTS)
    return ((n, *_scaled((channels,), block**2, 1), *_scaled((height, width), 1, block)),)


def _image(call: Call) -> Shape:
    data = call.shape(0)
    if len(data) != 4:
        raise Contradiction(f"the input has {len(data)} axes where 4 are needed", Kind.RANK)
    return data


def _block(call: Call) -> int:
    block = call.needed_int("blocksize")
    if block < 1:
        raise Contradiction(f"a block size of {block}", Kind.NODE)
    return block


def _scaled(dims: Shape, times: int, over: int) -> Shape:
    return tuple(None if d is None else d * times // over for d in dims)


LAYOUT: Mapping[str, Handler] = {
    "Reshape": _reshape,
    "Flatten": _flatten,
    "Transpose": _transpose,
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "Slice": _slice,
    "Concat": _concat,
    "Split": _split,
    "Expand": _expand,
    "Tile": _tile,
    "Pad": _pad,
    "DepthToSpace": _depth_to_space,
    "SpaceToDepth": _space_to_depth,
}
