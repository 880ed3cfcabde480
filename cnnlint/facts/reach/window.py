"""Which input pixels the positions along one axis read: receptive fields, exact by position.

After upsampling neighbours don't read alike: of two outputs of a 3-wide kernel behind a 2 x
nearest resize, one reads pixels -1 to 0 and the other -1 to 1. The pattern repeats, so a window
is stored for one period of positions. Without upsampling the period is one position, and what
follows are the textbook rules: a kernel widens the field by (k - 1) * d * jump, a stride
multiplies the jump (Araujo, Norris, Sim, "Computing Receptive Fields of Convolutional Neural
Networks", Distill 2019). Borders are left out: the image has no end here.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import reduce
from math import gcd, lcm
from typing import TypeAlias

MAX_READS = 2**14
"""Most readings of one axis that are followed; only chained resizes by odd factors need more."""

Span: TypeAlias = tuple[int, int] | None
"""First and last input pixel that a position reads; None for one that reads nothing."""
Spans: TypeAlias = tuple[Span, ...]
Reads: TypeAlias = Callable[[int], range]
"""Which positions of the axis before, in rising order, a position of the axis behind reads."""


@dataclass(frozen=True, slots=True)
class Window:
    """What the positions along one axis read of the input axis ``origin``.

    Position ``p + period`` reads what ``p`` reads, ``advance`` pixels further on.
    """

    origin: int
    advance: int
    wide: Spans
    """What each position of one period reads, along all paths together."""
    narrow: Spans
    """What it reads along the path that reads least."""

    @property
    def jump(self) -> Fraction:
        """Input pixels between neighbours, on average."""
        return Fraction(self.advance, len(self.wide))

    @property
    def largest(self) -> int:
        """Pixels from the first to the last one that is read, at the place that reads most."""
        return max(map(_length, filter(None, self.wide)), default=0)

    @property
    def smallest(self) -> int:
        """The same along the path that reads least, at the place that reads least."""
        return min(map(_length, filter(None, self.narrow)), default=0)


def pixels(origin: int) -> Window:
    """Return the window of an axis of the input itself."""
    return Window(origin, 1, ((0, 0),), ((0, 0),))


def slide(
    window: Window, kernel: int, stride: int = 1, dilation: int = 1, pad: int = 0
) -> Window | None:
    """Return the window behind a convolution, a pooling, or (kernel 1) a slice or padding."""
    if len(window.wide) == 1 and kernel > 0:
        return _slide_evenly(window, stride, -pad, (kernel - 1) * dilation - pad)
    reach = (kernel - 1) * dilation + 1

    def reads(position: int) -> range:
        first = position * stride - pad
        return range(first, first + reach, dilation)

    return _gather(window, reads, Fraction(stride))


def _slide_evenly(window: Window, stride: int, first: int, last: int) -> Window:
    """Return the window of positions that read alike: position 0 reads ``first`` to ``last``."""
    before, after = first * window.advance, last * window.advance
    wide, narrow = (
        span and (span[0] + before, span[1] + after) for span in (*window.wide, *window.narrow)
    )
    return Window(window.origin, stride * window.advance, (wide,), (narrow,))


def blocks(window: Window, size: int) -> Window | None:
    """Return the window of blocks of positions.

    The path that reads least goes through that position of the block which reads least.
    """
    full = slide(window, size, size)
    if full is None:
        return None
    members = range(min(size, len(window.wide)))
    narrow = (
        _shortest(_at(window.narrow, window, block * size + member) for member in members)
        for block in range(len(full.wide))
    )
    return replace(full, narrow=tuple(narrow))


def slide_transposed(
    window: Window, kernel: int, stride: int, dilation: int, pad: int
) -> Window | None:
    """Return the window behind a transposed convolution.

    Input position i writes the outputs i * stride + tap * dilation - pad.
    """
    common = gcd(stride, dilation)
    every = stride // common  # an output reads each so-manieth tap, if it reads any

    def reads(position: int) -> range:
        place = position + pad
        if place % common:
            return range(0)
        tap = place // common * pow(dilation // common, -1, every) % every
        step = dilation // common
        last = (place - tap * dilation) // stride
        return range(last - (kernel - 1 - tap) // every * step, last + 1, step)

    return _gather(window, reads, Fraction(1, stride))


def resample(window: Window, scale: Fraction, taps: int = 1) -> Window | None:
    """Return the window behind a resize by ``scale``.

    ``taps`` is 1 for nearest, 2 for linear and 4 for cubic interpolation. Those two take pixel
    centres at halves (``half_pixel``); other conventions move the window, but don't widen it.
    """

    def reads(position: int) -> range:
        if taps == 1:
            first = position * scale.denominator // scale.numerator
            return range(first, first + 1)
        place = Fraction(2 * position + 1, 2) / scale - Fraction(1, 2)
        first = place.numerator // place.denominator - (taps // 2 - 1)
        return range(first, first + taps)

    return _gather(window, reads, 1 / scale)


def merge(windows: Sequence[Window]) -> Window:
    """Return the window of a place where branches of one origin meet.

    The widest reading is everything from the first to the last pixel that any branch reads, the
    narrowest that of the branch that reads least. Branches whose jumps differ don't stay side
    by side; the wider one goes on then, and the other one counts for what is least.
    """
    return reduce(_merge, windows)


def _merge(left: Window, right: Window) -> Window:
    period = lcm(len(left.wide), len(right.wide))
    advance = left.advance * period // len(left.wide)
    jumps_differ = advance * len(right.wide) != right.advance * period
    if jumps_differ or period > MAX_READS:
        wider, other = (right, left) if right.largest > left.largest else (left, right)
        least = other.smallest
        return replace(wider, narrow=tuple(_trim(span, least) for span in wider.narrow))
    wide, narrow = [], []
    for place in range(period):
        wide.append(_hull((_at(left.wide, left, place), _at(right.wide, right, place))))
        narrow.append(_shortest((_at(left.narrow, left, place), _at(right.narrow, right, place))))
    return Window(left.origin, advance, tuple(wide), tuple(narrow))


def _gather(window: Window, reads: Reads, pace: Fraction) -> Window | None:
    """Return the window of positions that read ``window`` where ``reads`` says.

    ``pace`` is how far the reading moves from one position to the next, on average. None where
    that takes too many readings.
    """
    before = len(window.wide)
    rounds = before // gcd(before, pace.numerator)
    period = pace.denominator * rounds
    read = [reads(position) for position in range(period)] if period <= MAX_READS else []
    if not read or sum(min(len(places), 2 * before) for places in read) > MAX_READS:
        return None
    ends = [_ends(places, before) for places in read]
    return Window(
        window.origin,
        pace.numerator * rounds // before * window.advance,
        tuple(_hull(_at(window.wide, window, p) for p in places) for places in ends),
        tuple(_hull(_at(window.narrow, window, p) for p in places) for places in ends),
    )


def _ends(places: range, period: int) -> tuple[int, ...]:
    """Return the places that can hold the first or last pixel: one period at either end."""
    return (*places[:period], *places[-period:])


def _at(spans: Spans, window: Window, position: int) -> Span:
    cycle, phase = divmod(position, len(spans))
    span = spans[phase]
    return span and (span[0] + cycle * window.advance, span[1] + cycle * window.advance)


def _hull(spans: Iterable[Span]) -> Span:
    known = [span for span in spans if span]
    return (min(s[0] for s in known), max(s[1] for s in known)) if known else None


def _trim(span: Span, size: int) -> Span:
    return span and (span[0], min(span[1], span[0] + size - 1))


def _shortest(spans: Iterable[Span]) -> Span:
    return min(filter(None, spans), key=_length, default=None)


def _length(span: tuple[int, int]) -> int:
    return span[1] - span[0] + 1
