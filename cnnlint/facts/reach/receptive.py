"""Receptive fields of every tensor, axis by axis, and whether whole-image context was mixed in.

Followed by tensor axis, not by "height" and "width", so that any layout will do. Which axes of
the input are spatial is seen from what convolutions and pooling run along. Borders are left out:
the image has no end here.

Whole-image context comes from global pooling, reductions over a map, matrix products over
positions (attention, a dense layer behind a flatten) and recurrent layers; the statistics of
normalisation layers don't count. What a tensor without places (an SE vector) adds to a map leaves
the local receptive field of the map as it is. Attention inside windows that a reshape has cut out
widens the field to those windows, and is no whole-image context.
"""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from fractions import Fraction

from cnnlint.facts.layers import CONV_OPERANDS, GLOBAL_POOLS, POOLS, Conv, Layer
from cnnlint.facts.reach import layout, mixing, sliding
from cnnlint.facts.reach.axes import Track, whole
from cnnlint.facts.reach.call import Call, Rule, Rules, Seen, single
from cnnlint.facts.reach.window import Window, pixels
from cnnlint.model.graph import Key, Model

_RULES: Mapping[str, Rule] = {**mixing.RULES, **layout.RULES, **sliding.RULES}
_ALONG_SPACE = frozenset({*CONV_OPERANDS, *POOLS, *GLOBAL_POOLS, "SpaceToDepth", "DepthToSpace"})
"""Operators whose input is [batch, channels, *spatial axes]."""
_ALL_OUTPUTS: Mapping[str, Rules] = {**mixing.ALL_OUTPUTS, **layout.ALL_OUTPUTS}


@dataclass(frozen=True, slots=True)
class Axis:
    """The receptive field along one axis of a tensor, in pixels of one axis of the input.

    Behind upsampling a size depends on the place: the smallest and largest one are given.
    """

    origin: int
    """Which axis of the input, by its index in the input tensor."""
    smallest: int
    """Along the path that reads least."""
    largest: int
    """From the first to the last pixel that any path reads."""
    jump: Fraction
    """Pixels between neighbours; below 1 where the map is finer than the input."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What a tensor sees of the input."""

    axes: tuple[Axis | None, ...]
    """One for each axis of the tensor; None where it isn't spatial, or sees everything."""
    is_global: bool
    """Whether whole-image context was mixed in."""
    batch: int | None = field(default=None, compare=False)
    """The axis that a convolution or pool had as its batch; None where it can't be followed."""

    @property
    def largest(self) -> tuple[int, ...]:
        """Receptive field along all paths, spatial axes in the order of the input."""
        return tuple(axis.largest for axis in self._spatial)

    @property
    def smallest(self) -> tuple[int, ...]:
        """Receptive field along the path that reads least, in the same order."""
        return tuple(axis.smallest for axis in self._spatial)

    @property
    def jump(self) -> tuple[Fraction, ...]:
        """Input pixels between neighbours, in the same order."""
        return tuple(axis.jump for axis in self._spatial)

    @property
    def _spatial(self) -> list[Axis]:
        return sorted((axis for axis in self.axes if axis), key=lambda axis: axis.origin)


def receptive_fields(
    model: Model,
    data: frozenset[str],
    layers: Mapping[Key, Layer],
    gate_edges: frozenset[tuple[str, Key]],
) -> dict[str, Reach]:
    """Return what every tensor on the data path sees; one that can't be followed is absent.

    Gate edges (a tensor and the node that gates something by it) are left out. Branches that
    differ in jump, as a map resized from an odd size does from its skip, go on as the one that
    sees more.
    """
    found: dict[str, Seen] = {}
    for entry in model.inputs:
        shape = model.value(entry.name).shape
        if shape is not None:
            axes = (single(size, pixels(axis)) for axis, size in enumerate(shape))
            found[entry.name] = Seen(tuple(axes))
    spatial: set[int] = set()
    batch: set[int] = set()
    for node in model.nodes:
        inputs = [
            None if (name, node.key) in gate_edges else found.get(name) for name in node.inputs
        ]
        if not any(inputs):
            continue
        if node.op in _ALONG_SPACE and inputs[0]:
            spatial |= _places(map(whole, inputs[0].axes[2:]))
            batch |= _places(map(whole, inputs[0].axes[:1]))
        outputs = _outputs(Call(model, node, layers.get(node.key), inputs))
        named = zip(node.outputs, outputs, strict=False)
        found |= {name: seen for name, seen in named if seen and name in data}
    unique = {id(seen): seen for seen in found.values()}
    reaches = {key: _reach(seen, spatial, batch - spatial) for key, seen in unique.items()}
    return {name: reaches[id(seen)] for name, seen in found.items()}


def _outputs(call: Call) -> Iterable[Seen | None]:
    """Return what outputs of a node descend from, in order; the others can't be followed."""
    op = call.node.op
    if op in _ALL_OUTPUTS:
        return _ALL_OUTPUTS[op](call)
    return (_RULES[op](call),) if op in _RULES and call.node.outputs else ()


def _places(tracks: Iterable[Track]) -> set[int]:
    return {track.origin for track in tracks if isinstance(track, Window)}


def _reach(seen: Seen, spatial: AbstractSet[int], batch: AbstractSet[int]) -> Reach:
    tracks = [whole(parts) for parts in seen.axes]
    axes = tuple(_axis(track, spatial) for track in tracks)
    mixed = bool(seen.mixed & (spatial or seen.mixed - {0}))
    examples = (i for i, track in enumerate(tracks) if _places((track,)) & batch)
    return Reach(axes, mixed, next(examples, None))


def _axis(track: Track, spatial: AbstractSet[int]) -> Axis | None:
    if not isinstance(track, Window) or track.origin not in spatial:
        return None
    return Axis(track.origin, track.smallest, track.largest, track.jump)


def model_receptive_field(
    model: Model, reaches: Mapping[str, Reach], gate_edges: frozenset[tuple[str, Key]]
) -> tuple[int, ...] | None:
    """Return the largest receptive field of the trunk on each spatial axis, None without any.

    The trunk is what reaches an output other than through a gate.
    """
    largest: dict[int, int] = {}
    for name in _trunk(model, gate_edges):
        for axis in reaches[name].axes if name in reaches else ():
            if axis:
                largest[axis.origin] = max(axis.largest, largest.get(axis.origin, 0))
    return tuple(largest[origin] for origin in sorted(largest)) or None


def in_pixels(reach: Reach | None, steps: Iterable[int]) -> int | None:
    """Return positions on the spatial axes of a map as pixels of the input.

    None unless that is one whole number for all axes.
    """
    axes = zip(reach.axes[2:] if reach else (), steps, strict=False)
    sides = {axis.jump * count if axis else None for axis, count in axes}
    (side,) = sides if len(sides) == 1 else (None,)
    return None if side is None or side.denominator > 1 else int(side)


def useful_input(
    field: tuple[int, ...] | None, convs: Iterable[Conv], reaches: Mapping[str, Reach]
) -> tuple[int, int] | None:
    """Return the least and largest side of a square input that a network makes full use of.

    Of a smaller one the border of the map is already seen on the shortest path in front of the
    last convolutions, which add no context there (Richter et al., "Input Size Matters for CNN
    Classifiers", ICANN 2021); of a larger one no position sees all. Where axes differ, a side
    must do on each of them. None where no side does, or where there is no spatial axis.

    Args:
        field: the receptive field of the model on each spatial axis.
        convs: the convolutions of the trunk.
        reaches: what each tensor sees.
    """
    seen = [
        axis.smallest
        for conv in convs
        if (reach := reaches.get(conv.node.inputs[0]))
        for axis, kernel in zip(reach.axes[2:], conv.kernel, strict=False)
        if axis and kernel > 1
    ]
    if not field or not seen or max(seen) >= min(field):
        return None
    return max(seen) + 1, min(field)


def _trunk(model: Model, gate_edges: frozenset[tuple[str, Key]]) -> set[str]:
    trunk = set(model.outputs)
    for node in reversed(model.nodes):
        if not trunk.isdisjoint(node.outputs):
            trunk.update([name for name in node.inputs if (name, node.key) not in gate_edges])
    return trunk
