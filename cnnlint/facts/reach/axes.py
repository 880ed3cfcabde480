"""What the axes of a tensor descend from, followed through reshapes and joins.

An axis is a row of parts, slowest first, as in row-major order: flattening [H, W] makes one axis
of two parts, and a reshape back to [H, W] finds both again. Each part is either a window on one
axis of the input or the set of input axes that it mingles; the empty set for channels.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import TypeAlias

from cnnlint.facts.reach.window import Window, blocks, merge, resample, slide
from cnnlint.model.graph import Dim, Shape

Origins: TypeAlias = frozenset[int]
"""Axes of the input, by their index in the input tensor."""
Track: TypeAlias = Window | Origins

NOTHING: Origins = frozenset()
"""The track of channels: no position along it belongs to a place in the image."""
_STAND_INS = (2**61 - 1, 2**89 - 1, 2**107 - 1)
"""Primes in the place of unknown sizes, so that equal ones find each other."""


@dataclass(frozen=True, slots=True)
class Part:
    """A factor of an axis: its number of positions (None: unknown), and what they descend from."""

    size: Dim
    track: Track = NOTHING


Parts: TypeAlias = tuple[Part, ...]
"""An axis. No parts at all: an axis of size 1 that a reshape made."""


def extent(parts: Parts) -> Dim:
    """Return the size of an axis, None where it is unknown."""
    if len(parts) == 1:
        return parts[0].size
    sizes = [part.size for part in parts if part.size is not None]
    return prod(sizes) if len(sizes) == len(parts) else None


def origins(parts: Iterable[Part]) -> Origins:
    """Return every input axis that the parts descend from."""
    return NOTHING.union(*(_origins(part.track) for part in parts))


def whole(parts: Parts) -> Track:
    """Return an axis as one track; several parts are mingled unless they are blocks of pixels."""
    if len(parts) == 1:
        return parts[0].track
    if parts and isinstance(parts[0].track, Window) and not origins(parts[1:]):
        block = extent(parts[1:])
        window = resample(parts[0].track, Fraction(block)) if block else None
        return window or origins(parts)
    return origins(parts)


def regroup(axes: Sequence[Parts], shape: Shape) -> tuple[Parts, ...]:
    """Return the axes after a reshape to ``shape``.

    A window that is split goes on over its blocks, of which each reads all that its pixels read;
    inside a block no place is told from another. Where the two sizes differ, all is mingled.
    """
    parts = [part for axis in axes for part in axis if part.size != 1]
    sizes = _stand_in([part.size for part in parts])
    rooms = _rooms(shape, prod(sizes))
    if not prod(sizes) == prod(rooms) > 0:
        return tuple((Part(size, origins(parts)),) for size in shape)
    queue = deque(zip(sizes, (part.track for part in parts), strict=True))
    return tuple(_take(queue, room) for room in rooms)


def _stand_in(sizes: Sequence[Dim]) -> list[int]:
    """Return the sizes with a prime for each unknown one, 0 where there are too many."""
    primes = iter(_STAND_INS)
    return [next(primes, 0) if size is None else size for size in sizes]


def _rooms(shape: Shape, total: int) -> list[int]:
    """Return the sizes of a shape of so many positions; a single unknown one is what is left."""
    known = prod(size for size in shape if size is not None)
    if shape.count(None) == 1 and known:
        return [total // known if size is None else size for size in shape]
    return _stand_in(shape)


def _known(size: int) -> Dim:
    return size if size < min(_STAND_INS) else None


def _take(queue: deque[tuple[int, Track]], room: int) -> Parts:
    """Take as many parts from the queue as fill ``room``, which must be there."""
    taken: list[Part] = []
    while room > 1:
        size, track = queue.popleft()
        while room % size and size % room:  # as in 8 x 7 to 7 x 8: only together they divide
            more, other = queue.popleft()
            track = whole((Part(_known(size), track), Part(_known(more), other)))
            size *= more
        if room % size:
            block = size // room
            size, track = room, _blocks(track, _known(block))
            queue.appendleft((block, NOTHING if isinstance(track, Window) else track))
        taken.append(Part(_known(size), track))
        room //= size
    return tuple(taken)


def _blocks(track: Track, size: Dim) -> Track:
    """Return the track over blocks of so many positions."""
    if not isinstance(track, Window):
        return track
    return (blocks(track, size) if size else None) or _origins(track)


def meet(sides: Sequence[Parts], size: Dim) -> tuple[Parts, Origins]:
    """Return the axis of so many positions at which tensors meet element by element.

    The second result is the input axes that reach every position alike: those of a side that is
    broadcast, or that can't be followed where another one can.
    """
    alike = bool(sides) and all(side == sides[0] for side in sides[1:])
    if alike and (size == 1 or extent(sides[0]) != 1):
        return sides[0], NOTHING
    stretched = [side for side in sides if extent(side) == 1]
    full = [side for side in sides if extent(side) != 1]
    if size == 1:
        stretched, full = [], [*sides]
    spread = NOTHING.union(*map(origins, stretched))
    if not full:
        return (Part(size),), spread
    if len({tuple(part.size for part in side) for side in full}) == 1:
        columns = list(zip(*full, strict=True))
    else:
        columns = [tuple(Part(size, whole(side)) for side in full)]
    met = [(column[0].size, *_meet([part.track for part in column])) for column in columns]
    parts = tuple(Part(part_size, track) for part_size, track, _ in met)
    return parts, spread.union(*(more for *_, more in met))


def _meet(tracks: Sequence[Track]) -> tuple[Track, Origins]:
    windows = [track for track in tracks if isinstance(track, Window)]
    if len({window.origin for window in windows}) != 1:
        return NOTHING.union(*map(_origins, tracks)), NOTHING
    return merge(windows), NOTHING.union(*(t for t in tracks if not isinstance(t, Window)))


def join(pieces: Sequence[tuple[int, Parts]], size: Dim) -> Parts:
    """Return the axis along which tensors are concatenated, each at its first position.

    The piece that reads most speaks for all of them, the longest where they read alike: in a
    roll by slices, the others hold what was wrapped around.
    """
    tracks = [(first, extent(parts) or 0, whole(parts)) for first, parts in pieces]
    windows = [(window, n, first) for first, n, window in tracks if isinstance(window, Window)]
    if len({window.origin for window, *_ in windows}) != 1:
        return (Part(size, NOTHING.union(*(_origins(track) for *_, track in tracks))),)
    window, _, first = max(windows, key=lambda piece: (piece[0].largest, piece[1]))
    return (Part(size, slide(window, 1, pad=first) or _origins(window)),)


def cut(parts: Parts, size: Dim, start: int, step: int = 1) -> Parts:
    """Return what a slice (or, from a negative start, a padding) leaves of an axis."""
    if (start, step) == (0, 1) and extent(parts) == size:
        return parts
    track = whole(parts)
    if not isinstance(track, Window):
        return (Part(size, track),)
    window = slide(track, 1, step, pad=-start) if step > 0 else None
    return (Part(size, window or _origins(track)),)


def _origins(track: Track) -> Origins:
    return frozenset((track.origin,)) if isinstance(track, Window) else track
