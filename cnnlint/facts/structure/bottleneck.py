"""Whether a network that ends in a map sends all through a coarse one, and what could go round.

On the way down maps lose positions, on the way up (transposed convolutions, Resize) they get them
back. What the coarse map in between doesn't hold is lost, unless a path leads round it.
"""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from fractions import Fraction
from math import prod

from cnnlint.facts.layers import Conv, Weighted
from cnnlint.facts.reach.receptive import Reach
from cnnlint.facts.structure.entry import Jumps
from cnnlint.model.graph import Key, Model, Node


@dataclass(frozen=True, slots=True)
class Join:
    """A map of the way down and a convolution of the way up that reads the same grid."""

    map: str
    maker: Node
    channels: int
    conv: Conv

    @property
    def equal(self) -> bool:
        """Whether the map could be added to what the convolution reads."""
        return self.channels == self.conv.cin

    @property
    def weights(self) -> int:
        """Weights of the convolution in addition, with the map beside what it reads now."""
        return self.channels * self.conv.cout * prod(self.conv.kernel)

    @property
    def macs(self) -> int | None:
        """MACs in addition, None where the size of its map is unknown."""
        shape = self.conv.in_shape if self.conv.transposed else self.conv.out_shape
        return None if shape is None else shape[0] * prod(shape[2:]) * self.weights


@dataclass(frozen=True, slots=True)
class Passage:
    """How a network gets to an output that is a map."""

    jump: Fraction
    """Input pixels for one position of the output."""
    limit: Fraction
    """As many of a map that is coarse."""
    coarsest: Fraction
    """The same of the coarsest map on the way."""
    bypassed: bool
    """Whether a path goes round all coarse maps."""
    steps: int
    """Upsampling steps on the path with the fewest."""
    refined: bool
    """Whether a layer with weights reads an upsampled map."""
    joins: tuple[Join, ...]
    """What could be joined, the coarsest grid first."""


@dataclass(frozen=True, slots=True)
class _Way:
    """How a tensor is reached."""

    jump: Fraction
    fine: bool
    """Whether on some path without a coarse map."""
    steps: int


@dataclass(slots=True)
class _Found:
    ways: dict[str, _Way]
    down: dict[Jumps, str] = field(default_factory=dict)
    up: dict[Jumps, Conv] = field(default_factory=dict)
    refined: bool = False


def find_passage(
    model: Model,
    output: str,
    weighted: Mapping[Key, Weighted],
    receptive: Mapping[str, Reach],
    edges: tuple[AbstractSet[Key], AbstractSet[tuple[str, Key]]],
    coarse: int,
) -> Passage | None:
    """Return how an output is reached, None for one that is no map of the input.

    Args:
        model: the model.
        output: the name of the output.
        weighted: the layers with weights.
        receptive: what each tensor sees of the input.
        edges: the nodes of the trunk, and the edges over which gates come in.
        coarse: how many times the pixels of an output position a coarse map has for one.
    """
    jump = _jump(receptive, output)
    if jump is None:
        return None
    limit = coarse * max(jump, Fraction(1))
    trunk, gate_edges = edges
    found = _Found({entry.name: _Way(Fraction(1), True, 0) for entry in model.inputs})
    coarsest = Fraction(1)
    for node in _before(model, output, trunk, gate_edges):
        names = [n for n in node.inputs if n in found.ways and (n, node.key) not in gate_edges]
        if not names:
            continue
        _note(found, node, names, weighted, receptive)
        for result in node.outputs:
            way = _way(_jump(receptive, result), [found.ways[n] for n in names], limit)
            found.ways[result] = way
            coarsest = max(coarsest, way.jump)
    end = found.ways[output]
    return Passage(
        jump,
        limit,
        coarsest,
        end.fine,
        end.steps,
        found.refined,
        tuple(_joins(model, found, coarsest)),
    )


def _jump(receptive: Mapping[str, Reach], name: str) -> Fraction | None:
    reach = receptive.get(name)
    return max(reach.jump, default=None) if reach else None


def _before(
    model: Model,
    output: str,
    trunk: AbstractSet[Key],
    gate_edges: AbstractSet[tuple[str, Key]],
) -> list[Node]:
    """Return the nodes of the trunk that an output is computed from, in execution order."""
    wanted, nodes = {output}, []
    for node in reversed(model.nodes):
        if node.key in trunk and not wanted.isdisjoint(node.outputs):
            nodes.append(node)
            wanted.update(name for name in node.inputs if (name, node.key) not in gate_edges)
    return nodes[::-1]


def _way(jump: Fraction | None, before: list[_Way], limit: Fraction) -> _Way:
    """Return how the result of a node is reached; one without places is where its source is."""
    here = max(way.jump for way in before) if jump is None else jump
    return _Way(
        jump=here,
        fine=here < limit and any(way.fine for way in before),
        steps=min(way.steps + (here < way.jump) for way in before),
    )


def _note(
    found: _Found,
    node: Node,
    names: Iterable[str],
    weighted: Mapping[Key, Weighted],
    receptive: Mapping[str, Reach],
) -> None:
    """Note a node that leaves a grid on the way down, or reads one on the way up."""
    layer = weighted.get(node.key)
    for name in names:
        way, reach = found.ways[name], receptive.get(name)
        result = _jump(receptive, node.outputs[0])
        if reach is None or result is None or not reach.jump:
            continue
        if way.steps == 0 and result > way.jump:
            found.down[reach.jump] = name
        if way.steps > 0 and layer is not None:
            found.refined = True
            if isinstance(layer, Conv):
                found.up.setdefault(reach.jump, layer)


def _joins(model: Model, found: _Found, coarsest: Fraction) -> Iterable[Join]:
    """Yield the pairs whose grids are known to be equal, and which are no image themselves."""
    for jumps, conv in found.up.items():
        name = found.down.get(jumps, "")
        maker, shape = model.producer_of.get(name), model.static(name)
        if maker is None or shape is None or conv.in_shape is None:
            continue
        if conv.channels_last or shape[2:] != conv.in_shape[2:] or max(jumps) >= coarsest:
            continue
        if conv.groups == 1 or shape[1] == conv.cin:
            yield Join(name, maker, shape[1], conv)
