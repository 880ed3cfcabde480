"""Operators that slide a window over a map or resize it: Conv, pooling, Resize, DepthToSpace."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from math import isfinite
from typing import TypeAlias

from cnnlint.facts.layers import CONV_OPERANDS, GLOBAL_POOLS, POOLS, Conv, Pool
from cnnlint.facts.reach.axes import NOTHING, Origins, Parts, Track, extent, origins, whole
from cnnlint.facts.reach.call import Call, Rule, Seen, single
from cnnlint.facts.reach.mixing import collapsed
from cnnlint.facts.reach.window import Window, resample, slide, slide_transposed
from cnnlint.model.graph import Dim

Move: TypeAlias = Callable[[Window], Window | None]

_TAPS = {"nearest": 1, "linear": 2, "bilinear": 2, "cubic": 4}
"""How many neighbours each way of resizing reads."""
_FINEST = 64
"""Largest denominator of a scale that is only known as a float."""


def _conv(call: Call) -> Seen | None:
    seen, layer = call.main(CONV_OPERANDS[call.node.op][0]), call.layer
    if seen is None or not isinstance(layer, Conv) or len(seen.axes) != len(layer.kernel) + 2:
        return None
    if layer.channels_last:
        return None
    grid = seen.axes[2:]
    tracks = map(_through, grid, _moves(layer))
    wider = [parts for parts, kernel in zip(grid, layer.kernel, strict=True) if kernel > 1]
    mixed = seen.mixed | origins(seen.axes[1]) | _unplaced(wider)
    size, channels, *sizes = call.sizes(len(seen.axes))
    axes = (single(size, whole(seen.axes[0])), single(channels), *map(single, sizes, tracks))
    return Seen(axes, mixed)


def _pool(call: Call) -> Seen | None:
    seen, layer = call.main(), call.layer
    if seen is None or not isinstance(layer, Pool):
        return None
    if layer.is_global:
        return collapsed(seen, range(2, len(seen.axes)))
    if len(seen.axes) != len(layer.kernel or ()) + 2:
        return None
    grid = seen.axes[2:]
    sizes = call.sizes(len(seen.axes))[2:]
    axes = (*seen.axes[:2], *map(single, sizes, map(_through, grid, _moves(layer))))
    return Seen(axes, seen.mixed | _unplaced(grid))


def _moves(layer: Conv | Pool) -> list[Move]:
    """Return what happens to a window on each spatial axis."""
    kernel = layer.kernel or ()
    geometry = zip(kernel, layer.stride, layer.dilation, layer.pads[0], strict=True)
    turn = slide_transposed if isinstance(layer, Conv) and layer.transposed else slide

    def move(k: int, stride: int, dilation: int, pad: int) -> Move:
        return lambda window: turn(window, k, stride, dilation, pad)

    return [move(*numbers) for numbers in geometry]


def _through(parts: Parts, move: Move) -> Track:
    track = whole(parts)
    return track if not isinstance(track, Window) else move(track) or origins(parts)


def _unplaced(axes: Iterable[Parts]) -> Origins:
    """Return the input axes whose places are lost: what reads neighbours there reads anything."""
    return NOTHING.union(*(t for t in map(whole, axes) if not isinstance(t, Window)))


def _resize(call: Call) -> Seen | None:
    seen = call.main()
    if seen is None:
        return None
    taps = _TAPS.get(call.node.get_str("mode", "nearest"), 1)
    sizes = call.sizes(len(seen.axes))
    scales = _scales(call, [extent(parts) for parts in seen.axes], sizes)
    axes, mixed = [], seen.mixed
    for parts, size, scale in zip(seen.axes, sizes, scales, strict=True):
        if scale == 1:
            axes.append(parts)
        elif extent(parts) == 1:
            axes.append(single(size))
            mixed |= origins(parts)
        else:
            axes.append(single(size, _through(parts, _resampling(scale, taps))))
    return Seen(tuple(axes), mixed)


def _resampling(scale: Fraction | None, taps: int) -> Move:
    return lambda window: resample(window, scale, taps) if scale else None


def _scales(call: Call, before: Sequence[Dim], after: Sequence[Dim]) -> list[Fraction | None]:
    """Return the scale of each axis: from the sizes where both are known, else as given."""
    given = call.numbers("scales", 2 if call.has(2) else 1) or ()
    axes = call.node.get_ints("axes") or range(len(given))
    rank = len(before)
    stated = {a % rank: s for a, s in zip(axes, given, strict=False) if -rank <= a < rank}
    scales = [
        Fraction(new, old) if new and old else None for old, new in zip(before, after, strict=True)
    ]
    for axis, scale in stated.items():
        if scales[axis] is None and isfinite(scale) and scale > 0:
            scales[axis] = Fraction(scale).limit_denominator(_FINEST)
    return scales


def _depth_to_space(call: Call) -> Seen | None:
    block = call.node.get_int("blocksize", 1)
    return _blockwise(
        call, lambda window: resample(window, Fraction(block)) if block > 0 else None
    )


def _space_to_depth(call: Call) -> Seen | None:
    block = call.node.get_int("blocksize", 1)
    return _blockwise(call, lambda window: slide(window, block, block) if block > 0 else None)


def _blockwise(call: Call, move: Move) -> Seen | None:
    seen = call.main()
    if seen is None or len(seen.axes) != 4:
        return None
    size, channels, *sizes = call.sizes(4)
    tracks = (_through(parts, move) for parts in seen.axes[2:])
    axes = (single(size, whole(seen.axes[0])), single(channels), *map(single, sizes, tracks))
    return Seen(axes, seen.mixed | origins(seen.axes[1]))


RULES: Mapping[str, Rule] = {
    **dict.fromkeys(CONV_OPERANDS, _conv),
    **dict.fromkeys((*POOLS, *GLOBAL_POOLS), _pool),
    **dict.fromkeys(("Resize", "Upsample"), _resize),
    "DepthToSpace": _depth_to_space,
    "SpaceToDepth": _space_to_depth,
}
