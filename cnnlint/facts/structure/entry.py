"""How far a network downsamples before its first block."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from fractions import Fraction

from cnnlint.facts.activations.roles import Activations
from cnnlint.facts.layers import Conv, Layer, Pool
from cnnlint.facts.reach.receptive import Reach
from cnnlint.model.graph import Key, Model, Node

MAX_CONVS = 3
"""A stem has no more convolutions: ResNet-D and Inception-v3 have three."""
MAX_STEPS = 32
"""Nodes that are followed from the first convolution."""
BETWEEN = frozenset(
    {"BatchNormalization", "LRN", "Identity", "Dropout", "Cast", "Pad", "Transpose"}
)

Jumps = tuple[Fraction, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """The first convolution, and the pool behind it where it has one before the first block."""

    conv: Conv
    pool: Pool | None
    jump: Jumps
    """Input pixels between neighbours behind them, per axis."""


def find_entry(
    model: Model,
    layers: Mapping[Key, Layer],
    stems: AbstractSet[Key],
    receptive: Mapping[str, Reach],
    activations: Activations,
) -> Entry | None:
    """Return the entry of a network with one first convolution, None for another.

    Up to two convolutions that keep the grid may follow the first one before the pool.
    """
    if len(stems) != 1:
        return None
    (key,) = stems
    conv = layers[key]
    reach = receptive.get(conv.node.outputs[0])
    if not isinstance(conv, Conv) or reach is None or len(reach.jump) != len(conv.kernel):
        return None
    pool = _pool_behind(model, layers, activations, conv)
    behind = receptive.get(pool.node.outputs[0]) if pool else None
    if pool is None or behind is None or len(behind.jump) != len(conv.kernel):
        return Entry(conv, None, reach.jump)
    return Entry(conv, pool, behind.jump)


def _pool_behind(
    model: Model, layers: Mapping[Key, Layer], activations: Activations, conv: Conv
) -> Pool | None:
    tensor, convs = conv.node.outputs[0], 1
    for _ in range(MAX_STEPS):
        node = _next(model, activations, tensor)
        if node is None:
            return None
        layer = layers.get(node.key)
        if isinstance(layer, Pool):
            return None if layer.is_global or max(layer.stride) == 1 else layer
        if isinstance(layer, Conv):
            convs += 1
            if convs > MAX_CONVS or max(layer.stride) > 1:
                return None
        elif node.key not in activations.of and node.op not in BETWEEN:
            return None
        tensor = node.outputs[0]
    return None


def _next(model: Model, activations: Activations, tensor: str) -> Node | None:
    """Return the one node that goes on from a tensor; an activation is its last node."""
    readers = model.consumers_of.get(tensor, ())
    found = {a.node.key: a.node for r in readers if (a := activations.of.get(r.key))}
    found |= {r.key: r for r in readers if r.key not in activations.of}
    return next(iter(found.values())) if len(found) == 1 else None
