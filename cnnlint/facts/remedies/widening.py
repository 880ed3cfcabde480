"""How much wider a network sees if it downsamples more in front of its last convolutions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cnnlint.facts.layers import Conv, Dense, Weighted
from cnnlint.facts.reach.receptive import Reach
from cnnlint.facts.remedies.finer import Paced
from cnnlint.facts.structure.ends import Head
from cnnlint.model.graph import StaticShape

MIN_GRID = 4
"""No fewer positions are left on an axis of the last map."""
MAX_FACTOR = 4
"""No more than this is downsampled in one place."""


@dataclass(frozen=True, slots=True)
class Widening:
    """More downsampling in front of the last convolutions."""

    factor: int
    layers: int
    """Convolutions with a window behind it."""
    field: StaticShape
    """What a position of the last map then sees."""
    saved: int
    """MACs."""


def seen_share(seen: StaticShape, size: StaticShape) -> float:
    """Return the share of the input's side that is seen, on the axis where it is largest."""
    return max(field / side for field, side in zip(seen, size, strict=True))


def widen(
    layers: Iterable[Paced],
    receptive: Mapping[str, Reach],
    head: Head,
    size: StaticShape,
    enough: float,
) -> Widening | None:
    """Return how much more to downsample so that enough is seen, as far as the grid allows.

    What comes behind steps twice as far and costs a quarter for each factor of 2. None where no
    convolution has a window, or the last map is too small already.

    Args:
        layers: the layers of the trunk with their MACs, in execution order.
        receptive: what each tensor sees of the input.
        head: the end of the map.
        size: sides of the input along its axes.
        enough: share of a side that should be seen.
    """
    reading = [
        (paced, reach)
        for paced in layers
        if (reach := receptive.get(_read(paced.layer))) and len(reach.jump) == len(size)
    ]
    places = [i for i, (paced, _) in enumerate(reading) if _has_window(paced.layer)]
    if not places:
        return None
    last = max(reading[i][1].jump for i in places)
    places = [i for i in places if reading[i][1].jump == last]
    start, seen = reading[places[0]][1].largest, tuple(axis.largest for axis in head.axes)
    factor, field = 1, seen
    most = min(MAX_FACTOR, min(head.grid or (0,)) // MIN_GRID)
    while seen_share(field, size) < enough and 2 * factor <= most:
        factor *= 2
        axes = zip(start, last, seen, strict=True)
        field = tuple(int(a + (factor - 1) * jump + factor * (b - a)) for a, jump, b in axes)
    macs = sum(paced.macs for paced, reach in reading[places[0] :] if reach.jump >= last)
    saved = macs - macs // factor ** len(size)
    return Widening(factor, len(places), field, saved) if factor > 1 else None


def _read(layer: Weighted) -> str:
    """Return the map that a layer reads."""
    return layer.data if isinstance(layer, Dense) else layer.node.inputs[0]


def _has_window(layer: Weighted) -> bool:
    return isinstance(layer, Conv) and not layer.pointwise
