"""Which positions of its map a window reads, and what pads the map in front of it."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from math import gcd, prod

from cnnlint.facts.layers import Conv, Pool
from cnnlint.model.graph import Key, Model, Node, StaticShape

PASSED_ON = frozenset({"Identity", "Cast", "Transpose"})
"""Operators between a Pad and the layer that it pads for."""
MAX_BETWEEN = 8
"""How many of them in a row are seen through."""


def share_read(layer: Conv | Pool) -> float:
    """Return the share of its input, borders aside, that a layer reads; 1 is all.

    An axis on which the window stands once counts as read.
    """
    if layer.kernel is None or (isinstance(layer, Conv) and layer.transposed):
        return 1.0
    windows = layer.out_shape[2:] if layer.out_shape else (None,) * len(layer.kernel)
    axes = zip(layer.kernel, layer.dilation, layer.stride, windows, strict=True)
    return prod(
        1.0 if count == 1 else phases_read(kernel, rate, stride) / stride
        for kernel, rate, stride, count in axes
    )


def phases_read(kernel: int, dilation: int, stride: int) -> int:
    """Return how many of ``stride`` successive positions on an axis are read."""
    return min(kernel, stride // gcd(dilation, stride))


def read_whole(model: Model, nodes: Iterable[Node], partial: AbstractSet[Key]) -> frozenset[str]:
    """Return the tensors of which some node reads every number, and the outputs.

    Args:
        model: the model.
        nodes: the nodes on the data path.
        partial: those that don't read all of their input.
    """
    readers = (node for node in nodes if node.key not in partial)
    names = (name for node in readers for name in (*node.inputs, *node.captures))
    return frozenset((*names, *model.outputs))


def padding_before(model: Model, layer: Conv | Pool) -> tuple[StaticShape, StaticShape] | None:
    """Return what a Pad in front of a layer adds before and after each spatial axis.

    Zeros without a Pad. None where it can't be told: the numbers are no constants, or the map is
    put together along a spatial axis (circular padding).
    """
    axes = _spatial_axes(layer)
    zeros = (0,) * len(axes)
    name = layer.node.inputs[0]
    for _ in range(MAX_BETWEEN):
        node = model.producer_of.get(name)
        if node is None:
            break
        if node.op == "Pad":
            return _amounts(model, node, axes)
        if node.op == "Concat":
            rank = len(axes) + 2
            return None if node.get_int("axis", 0) % rank in axes else (zeros, zeros)
        if node.op not in PASSED_ON:
            break
        order = node.get_ints("perm") if node.op == "Transpose" else tuple(range(len(axes) + 2))
        if order is None or max(axes) >= len(order):
            return None
        axes = tuple(order[axis] for axis in axes)
        name = node.inputs[0]
    return zeros, zeros


def _spatial_axes(layer: Conv | Pool) -> StaticShape:
    rank = len(layer.stride)
    last = isinstance(layer, Conv) and layer.channels_last
    return tuple(range(1, rank + 1) if last else range(2, rank + 2))


def _amounts(
    model: Model, node: Node, axes: StaticShape
) -> tuple[StaticShape, StaticShape] | None:
    """Return what a Pad adds before and after some axes, None where it is no constant."""
    pads = node.get_ints("pads") or (_integers(model, node, 1) if "pads" not in node.attrs else ())
    if not pads or len(pads) % 2:
        return None
    half, rank = len(pads) // 2, len(axes) + 2
    chosen = _integers(model, node, 3) if len(node.inputs) > 3 and node.inputs[3] else None
    at = [axis % rank for axis in chosen] if chosen else list(range(half))
    if len(at) != half or (not chosen and half != rank):
        return None
    # A negative amount cuts off, which is no padding.
    before, after = (
        {axis: max(0, count) for axis, count in zip(at, counts, strict=True)}
        for counts in (pads[:half], pads[half:])
    )
    return tuple(before.get(a, 0) for a in axes), tuple(after.get(a, 0) for a in axes)


def _integers(model: Model, node: Node, index: int) -> StaticShape | None:
    value = model.value(node.inputs[index]).const if index < len(node.inputs) else None
    if value is None or value.dtype.kind not in "iu":
        return None
    return tuple(int(number) for number in value.reshape(-1))
