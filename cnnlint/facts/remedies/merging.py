"""The one layer that two linear layers in series amount to, what it costs, and where it differs.

With a kernel k, stride s and dilation d of the first and K, S, D of the second, taps lie at
a d + b s D: the merged kernel has them all, its stride is s S, and its padding that of the first
plus s times that of the second. Where the second layer pads zeros and the first, beyond its map,
would have given something else, the merged layer gives other numbers at the border.
"""

from dataclasses import dataclass
from math import gcd, prod

from cnnlint.facts.layers import Conv, Dense
from cnnlint.facts.structure.linear import Source, by_channel, is_plain, weights_of
from cnnlint.model.graph import Model, StaticShape


@dataclass(frozen=True, slots=True)
class Merged:
    """The layer that two make, its kernel () where they are dense layers."""

    kernel: StaticShape
    stride: StaticShape
    dilation: StaticShape
    pads: tuple[StaticShape, StaticShape]
    groups: int
    cin: int
    cout: int
    apart: int
    """Numbers in the kernels of the two that it stands for."""
    macs: int | None
    exact: bool
    """Whether it gives the same numbers everywhere, at the border of the map too."""

    @property
    def weights(self) -> int:
        """Numbers in its kernel, bias excluded."""
        return prod(self.kernel) * (self.cin // self.groups) * self.cout


def merged(
    model: Model, data: frozenset[str], source: Source, second: Conv | Dense
) -> Merged | None:
    """Return what a layer and the one that feeds it make, None for what one layer can't do."""
    first = source.layer
    fit = first.cout == second.cin and is_plain(second, data)
    if not fit or not by_channel(model, data, source):
        return None
    if isinstance(first, Dense) and isinstance(second, Dense):
        return _dense(model, first, second)
    if isinstance(first, Conv) and isinstance(second, Conv):
        return _conv(source, first, second) if len(first.kernel) == len(second.kernel) else None
    return None


def _conv(source: Source, first: Conv, second: Conv) -> Merged | None:
    if not (first.transposed or second.transposed):
        return _convolutions(source, first, second)
    plain = second if first.transposed else first
    free = plain.pointwise and set(plain.stride) == {1} and not any(map(sum, plain.pads))
    if not free or plain.transposed:
        return None
    return _transposed(first, second, exact=first.transposed or not source.shifts)


def _dense(model: Model, first: Dense, second: Dense) -> Merged | None:
    for layer in (first, second):
        swapped = layer.node.inputs[0] != layer.data or bool(layer.node.get_int("transA", 0))
        if swapped or len(model.static(layer.weight) or ()) != 2:
            return None
    macs = None if second.rows is None else second.rows * first.cin * second.cout
    apart = weights_of(first) + weights_of(second)
    return Merged((), (), (), ((), ()), 1, first.cin, second.cout, apart, macs, exact=True)


def _transposed(first: Conv, second: Conv, *, exact: bool) -> Merged:
    """Merge a pointwise convolution with a transposed one before or behind it."""
    spatial = first if first.transposed else second
    groups = gcd(first.groups, second.groups)
    cells = None if first.in_shape is None else first.in_shape[0] * prod(first.in_shape[2:])
    weights = prod(spatial.kernel) * (first.cin // groups) * second.cout
    return Merged(
        kernel=spatial.kernel,
        stride=spatial.stride,
        dilation=spatial.dilation,
        pads=spatial.pads,
        groups=groups,
        cin=first.cin,
        cout=second.cout,
        apart=first.weights + second.weights,
        macs=None if cells is None else cells * weights,
        exact=exact,
    )


def _convolutions(source: Source, first: Conv, second: Conv) -> Merged:
    kernel, dilation = zip(*map(_axis, *_window(first), *_window(second)), strict=True)
    stride = tuple(s * t for s, t in zip(first.stride, second.stride, strict=True))
    before, after = (
        tuple(p + s * q for p, s, q in zip(pads, first.stride, more, strict=True))
        for pads, more in zip(first.pads, second.pads, strict=True)
    )
    groups = gcd(first.groups, second.groups)
    weights = prod(kernel) * (first.cin // groups) * second.cout
    return Merged(
        kernel=kernel,
        stride=stride,
        dilation=dilation,
        pads=(before, after),
        groups=groups,
        cin=first.cin,
        cout=second.cout,
        apart=first.weights + second.weights,
        macs=None if second.positions is None else second.positions * weights,
        exact=_pads_the_same(source, first, second),
    )


def _pads_the_same(source: Source, first: Conv, second: Conv) -> bool:
    """Return whether the second layer pads zeros only where the first one would give zeros.

    So it does behind a 1x1 layer, or one that pads as much as its kernel reaches.
    """
    edges = [
        (pad, own, reach)
        for pads, own_pads in zip(second.pads, first.pads, strict=True)
        for pad, own, reach in zip(pads, own_pads, first.reach, strict=True)
    ]
    if not any(pad for pad, _, _ in edges):
        return True
    return not source.shifts and all(own >= reach - 1 for pad, own, reach in edges if pad)


def _window(conv: Conv) -> tuple[StaticShape, StaticShape, StaticShape]:
    return conv.kernel, conv.stride, conv.dilation


def _axis(k: int, s: int, d: int, then_k: int, _: int, then_d: int) -> tuple[int, int]:
    """Return kernel and dilation that hold the taps of both on one axis."""
    if k == then_k == 1:
        return 1, 1
    step = gcd(d if k > 1 else 0, s * then_d if then_k > 1 else 0)
    return ((k - 1) * d + (then_k - 1) * s * then_d) // step + 1, step
