"""Rows and columns at the far border of a map that no window of a layer reaches."""

from collections.abc import Iterable
from dataclasses import dataclass

from cnnlint.facts.layers import Conv, Pool
from cnnlint.facts.sampling.coverage import padding_before, phases_read
from cnnlint.model.graph import Model, StaticShape


@dataclass(frozen=True, slots=True)
class Border:
    """What a layer leaves unread at the far border of its map."""

    layer: Conv | Pool
    size: StaticShape
    """Of the map, without what a Pad adds at its end."""
    unread: StaticShape
    """Positions on each axis behind the last window."""

    @property
    def grid(self) -> StaticShape:
        """Size of the output with a window more where something is unread."""
        now = (self.layer.out_shape or ())[2:]
        return tuple(count + (unread > 0) for count, unread in zip(now, self.unread, strict=True))


def far_border(model: Model, layer: Conv | Pool) -> Border | str:
    """Return what a layer leaves unread at the far border, else why there is nothing."""
    if isinstance(layer, Conv) and layer.transposed:
        return "a transposed convolution reads its whole map"
    if set(layer.kernel or ()) == {1}:
        return "its window is one position: see P402 and P403"
    if layer.in_shape is None or layer.out_shape is None:
        return "the size of its map isn't known"
    before = padding_before(model, layer)
    if before is None:
        return "the map before it is padded by what can't be told"
    unread = unread_border(layer, before[1]) or ()
    if not any(unread):
        return "on no axis does its last window end before the border"
    return Border(layer, tuple(map(int.__sub__, layer.in_shape[2:], before[1])), unread)


def worst_axis(borders: Iterable[Border]) -> tuple[int, float]:
    """Return on how many sizes of maps something is unread, and of which share of an axis.

    Layers beside each other on maps of one size drop the same, so the largest share of each size
    counts. Each is that of the axis that has most of it.
    """
    levels: dict[int, dict[int, float]] = {}
    for border in borders:
        for axis, (size, unread) in enumerate(zip(border.size, border.unread, strict=True)):
            if unread:
                shares = levels.setdefault(axis, {})
                shares[size] = max(unread / size, shares.get(size, 0.0))
    most = max((len(shares) for shares in levels.values()), default=0)
    return most, max((sum(shares.values()) for shares in levels.values()), default=0.0)


def unread_border(layer: Conv | Pool, padded: StaticShape) -> StaticShape | None:
    """Return how many positions behind the last window a layer leaves unread on each axis.

    None where a size is unknown. On an axis with positions unread between the windows there
    are none: those behind the last window are of the same kind.

    Args:
        layer: the layer.
        padded: positions at the end of each axis that are padding, not part of the map.
    """
    if layer.kernel is None or layer.in_shape is None or layer.out_shape is None:
        return None
    windows = zip(layer.kernel, layer.dilation, layer.stride, strict=True)
    sizes = zip(layer.in_shape[2:], layer.out_shape[2:], layer.pads[0], padded, strict=True)
    unread = []
    for (kernel, rate, stride), (size, count, before, after) in zip(windows, sizes, strict=True):
        gaps = count > 1 and phases_read(kernel, rate, stride) < stride
        read = max(0, (count - 1) * stride + (kernel - 1) * rate + 1 - before)
        unread.append(0 if gaps else max(0, size - after - read))
    return tuple(unread)
