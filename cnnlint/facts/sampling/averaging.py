"""Means over the positions of a map, whatever the operator: its size before and after."""

from dataclasses import dataclass
from math import prod

from cnnlint.model.graph import Model, Node, StaticShape

AVERAGING = frozenset({"AveragePool", "GlobalAveragePool", "ReduceMean"})


@dataclass(frozen=True, slots=True)
class Averaging:
    """Average pooling, or a mean over spatial axes, of a map whose size is known."""

    batch: int
    grid: StaticShape
    pooled: StaticShape
    """Spatial size of the result; 1 where a mean drops the axis."""
    stride: int
    """The longest step between windows; on an axis with one window, the size of the map."""
    counts_padding: bool
    """Whether windows may hold zeros of the padding that count in the mean."""
    drops_axes: bool
    """Whether the result has fewer axes: no convolution can follow."""

    @property
    def thins(self) -> bool:
        """Whether it keeps fewer positions on purpose, not for want of padding."""
        return prod(self.pooled) < prod(self.grid) and self.stride > 1


def averaging(model: Model, node: Node) -> Averaging | None:
    """Return the mean over positions that a node takes, None where it takes none.

    None as well where the size of the map isn't known.
    """
    shape = model.static(node.inputs[0]) if node.op in AVERAGING else None
    if shape is None or len(shape) < 3:
        return None
    grid = shape[2:]
    if node.op == "AveragePool":
        return _windows(model, node, shape)
    axes = range(2, len(shape)) if node.op == "GlobalAveragePool" else _axes(model, node, shape)
    if not axes or min(axes) < 2:
        return None
    pooled = tuple(1 if axis in axes else size for axis, size in enumerate(grid, start=2))
    drops = node.get_int("keepdims", 1) != 1
    longest = max(grid[axis - 2] for axis in axes)
    return Averaging(shape[0], grid, pooled, longest, counts_padding=False, drops_axes=drops)


def _windows(model: Model, node: Node, shape: StaticShape) -> Averaging | None:
    pooled = model.static(node.outputs[0])
    if pooled is None:
        return None
    padded = any(node.get_ints("pads") or ()) or bool(node.get_int("ceil_mode", 0))
    padded = padded or node.get_str("auto_pad", "NOTSET").startswith("SAME")
    counts = bool(node.get_int("count_include_pad", 0)) and padded
    stride = max(node.get_ints("strides") or (1,))
    return Averaging(
        shape[0], shape[2:], pooled[2:], stride, counts_padding=counts, drops_axes=False
    )


def _axes(model: Model, node: Node, shape: StaticShape) -> frozenset[int]:
    """Return the axes of a mean; none where they aren't known, or not given, which means all."""
    axes = node.get_ints("axes") or ()
    given = model.value(node.inputs[1]).const if len(node.inputs) > 1 else None
    if given is not None and given.dtype.kind in "iu":
        axes = tuple(int(axis) for axis in given.reshape(-1))
    return frozenset(axis % len(shape) for axis in axes)
