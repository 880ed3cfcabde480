"""Operators that move numbers and compute none: Reshape, Transpose, Slice, Concat and the like."""

from collections.abc import Iterator, Mapping

from cnnlint.facts.reach.axes import NOTHING, Parts, cut, extent, join, origins, regroup
from cnnlint.facts.reach.call import Call, Rule, Rules, Seen, joined, single
from cnnlint.model.graph import Shape


def _transpose(call: Call) -> Seen | None:
    seen = call.main()
    if seen is None:
        return None
    rank = len(seen.axes)
    order = call.node.get_ints("perm") or tuple(reversed(range(rank)))
    if sorted(order) != list(range(rank)):
        return None
    return Seen(tuple(seen.axes[axis] for axis in order), seen.mixed)


def _reshape(call: Call) -> Seen | None:
    seen, shape = call.main(), call.shape()
    if seen is None or shape is None:
        return None
    return Seen(regroup(seen.axes, shape), seen.mixed)


def _concat(call: Call) -> Seen | None:
    """Join the inputs, and lay them end to end along the axis."""
    ranks = {len(seen.axes) for seen in call.known}
    axis = _axis(call, default=1, rank=max(ranks, default=0))
    if axis is None or len(ranks) > 1:
        return None
    sides = list(zip(*(seen.axes for seen in call.known), strict=True))
    sizes = call.sizes(len(sides))
    row = join(_placed(call, axis), sizes[axis])
    sides[axis] = (row,)
    return joined(sides, sizes, call.known)


def _placed(call: Call, axis: int) -> list[tuple[int, Parts]]:
    """Return where each input that can be followed begins along the axis."""
    placed, first = [], 0
    for name, seen in zip(call.node.inputs, call.inputs, strict=True):
        if seen:
            placed.append((first, seen.axes[axis]))
        shape = call.model.value(name).shape or ()
        first += (shape[axis] or 0) if axis < len(shape) else 0
    return placed


def _axis(call: Call, default: int, rank: int) -> int | None:
    """Return the attribute ``axis`` counted from the front, None where it is out of range."""
    axis = call.node.get_int("axis", default)
    return axis % rank if -rank <= axis < rank else None


def _split(call: Call) -> Iterator[Seen | None]:
    seen = call.main()
    rank = len(seen.axes) if seen else 0
    axis = _axis(call, default=0, rank=rank)
    if seen is None or axis is None:
        return
    first = 0
    for output in range(len(call.node.outputs)):
        sizes = call.sizes(rank, output)
        yield _cuts(seen, sizes, {axis: (first, 1)})
        first += sizes[axis] or 0


def _slice(call: Call) -> Seen | None:
    seen, starts = call.main(), call.integers("starts", 1)
    if seen is None or starts is None:
        return None
    rank = len(seen.axes)
    axes = call.integers("axes", 3) or range(len(starts))
    steps = call.integers("steps", 4) or (1,) * len(starts)
    where: dict[int, tuple[int, int]] = {}
    for start, axis, step in zip(starts, axes, steps, strict=False):
        if not -rank <= axis < rank:
            return None
        size = extent(seen.axes[axis]) or 0
        where[axis % rank] = (max(0, start + size if start < 0 else start), step)
    return _cuts(seen, call.sizes(rank), where)


def _pad(call: Call) -> Seen | None:
    seen, pads = call.main(), call.integers("pads", 1)
    if seen is None or pads is None:
        return None
    rank = len(seen.axes)
    axes = call.integers("axes", 3) or range(rank)
    if not all(-rank <= axis < rank for axis in axes):
        return None
    before = zip(axes, pads, strict=False)
    return _cuts(seen, call.sizes(rank), {axis % rank: (-pad, 1) for axis, pad in before})


def _cuts(seen: Seen, sizes: Shape, where: Mapping[int, tuple[int, int]]) -> Seen:
    """Return a tensor cut along some axes, each from a first position on and by a step."""
    axes = (
        cut(parts, sizes[axis], *where[axis]) if axis in where else parts
        for axis, parts in enumerate(seen.axes)
    )
    return Seen(tuple(axes), seen.mixed)


def _gather(call: Call) -> Seen | None:
    """Choose positions: those of an axis with places become a set without order."""
    seen, indices = call.main(), call.rank(1)
    rank = len(seen.axes) if seen else 0
    axis = _axis(call, default=0, rank=rank)
    if seen is None or axis is None or indices is None:
        return None
    sizes = call.sizes(rank - 1 + indices)[axis : axis + indices]
    chosen = (single(size, origins(seen.axes[axis])) for size in sizes)
    return Seen((*seen.axes[:axis], *chosen, *seen.axes[axis + 1 :]), seen.mixed)


def _tile(call: Call) -> Seen | None:
    """Repeat a tensor: an axis that is repeated keeps no place."""
    seen = call.main()
    if seen is None:
        return None
    sizes = call.sizes(len(seen.axes))
    kept = [extent(p) == size is not None for p, size in zip(seen.axes, sizes, strict=True)]
    axes = zip(seen.axes, sizes, kept, strict=True)
    lost = (parts for parts, keep in zip(seen.axes, kept, strict=True) if not keep)
    mixed = NOTHING.union(seen.mixed, *map(origins, lost))
    return Seen(tuple(parts if keep else single(size) for parts, size, keep in axes), mixed)


RULES: Mapping[str, Rule] = {
    **dict.fromkeys(("Reshape", "Flatten", "Squeeze", "Unsqueeze"), _reshape),
    **dict.fromkeys(("Concat", "QLinearConcat"), _concat),
    "Transpose": _transpose,
    "Slice": _slice,
    "Pad": _pad,
    "Gather": _gather,
    "Tile": _tile,
}
ALL_OUTPUTS: Mapping[str, Rules] = {"Split": _split}
