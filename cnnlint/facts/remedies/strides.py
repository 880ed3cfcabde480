"""How a strided pointwise convolution can read all of its map: who else may take the stride."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

from cnnlint.facts.activations.roles import Activation
from cnnlint.facts.layers import Conv, sides, steps
from cnnlint.facts.training.modes import normalises_by_batch
from cnnlint.model.graph import Key, Model, Node, StaticShape

MAX_BACK = 64
"""How many operators in a row are followed from a convolution."""


def share_skipped(conv: Conv) -> float:
    """Return the share of its input that a strided pointwise convolution doesn't read."""
    if conv.in_grid is None or conv.grid is None:
        return 1 - 1 / prod(conv.stride)
    return 1 - prod(conv.grid) / max(1, prod(conv.in_grid))


@dataclass(frozen=True, slots=True)
class PooledFirst:
    """An average pool with the window of the stride in front, and stride 1, in its place."""

    window: StaticShape
    additions: int | None
    """What the pool adds up, None where the size of the map is unknown."""
    map_size: int | None
    """Numbers in the pooled map."""
    ceil_mode: bool
    """Whether the size of the map is no multiple of the stride."""

    @property
    def words(self) -> str:
        """The remedy in words."""
        ceil = " (ceil_mode)" if self.ceil_mode else ""
        cost = "" if self.additions is None else f", for {self.additions:,} additions"
        return (
            f"an average pool of {sides(self.window)} at stride {steps(self.window)}{ceil} in "
            f"front, and stride 1 here: reads every position{cost}"
        )


def pooled_first(conv: Conv) -> PooledFirst:
    """Return the pool that reads every position in front of a strided pointwise convolution."""
    if conv.in_shape is None or conv.positions is None:
        return PooledFirst(conv.stride, None, None, ceil_mode=False)
    size = conv.cin * conv.positions
    odd = any(side % step for side, step in zip(conv.in_shape[2:], conv.stride, strict=True))
    return PooledFirst(conv.stride, size * prod(conv.stride), size, ceil_mode=odd)


def takes_the_stride(
    model: Model, data: frozenset[str], layers: Mapping[Key, object], conv: Conv
) -> Conv | None:
    """Return the layer behind a convolution that may take its stride and read all of its map.

    It is the only one that follows, and nothing joins in between, which would have to be of the
    larger size.
    """
    followers, _ = _followers(model, data, layers, conv.node)
    found = followers[0] if len(followers) == 1 else None
    if not isinstance(found, Conv) or found.transposed or max(found.stride) > 1:
        return None
    return found if _spans(found, conv.stride) else None


def gives_the_same(
    model: Model,
    data: frozenset[str],
    layers: Mapping[Key, object],
    activations: Mapping[Key, Activation],
    conv: Conv,
) -> Conv | None:
    """Return the layer before a strided pointwise convolution that may take its stride as it is.

    Nobody else reads what it makes, and what lies between works on each number alone, so that
    only the numbers that are thrown away are not computed. Its kernel still reads every position.
    """
    before = conv.node
    for _ in range(MAX_BACK):
        source = activations[before.key].source if before.key in activations else before.inputs[0]
        if source not in model.producer_of:
            return None
        before = model.producer_of[source]
        if before.key in layers:
            break
    found = layers.get(before.key)
    if not isinstance(found, Conv) or found.transposed:
        return None
    followers, passed = _followers(model, data, layers, before)
    alone = followers == [layers[conv.node.key]] and len(found.stride) == len(conv.stride)
    alone = alone and all(_works_on_each_number(model, node, activations) for node in passed)
    stride = tuple(map(int.__mul__, found.stride, conv.stride))
    return found if alone and _spans(found, stride) else None


def _spans(conv: Conv, stride: StaticShape) -> bool:
    """Return whether a convolution reads every position at some stride."""
    fits = len(conv.kernel) == len(stride) and max(conv.dilation) == 1
    return fits and all(side >= step for side, step in zip(conv.kernel, stride, strict=True))


def _works_on_each_number(model: Model, node: Node, activations: Mapping[Key, Activation]) -> bool:
    if node.key in activations:
        return activations[node.key].kind not in ("Softmax", "LogSoftmax")
    if node.op == "BatchNormalization":
        return not normalises_by_batch(model, node)
    return node.op in ("Cast", "Dropout", "Identity")


def _followers(
    model: Model, data: frozenset[str], layers: Mapping[Key, object], node: Node
) -> tuple[list[object], list[Node]]:
    """Return the layers that read what a node makes next, and the nodes between.

    No layers where other data join in, something is an output, or the way is too long.
    """
    reached = set(node.outputs)
    front = list(reached)
    later: dict[Key, object] = {}
    between: dict[Key, Node] = {}
    while front and len(reached) < MAX_BACK:
        for reader in model.consumers_of.get(front.pop(), ()):
            if reader.key in layers:
                later[reader.key] = layers[reader.key]
                continue
            between[reader.key] = reader
            fresh = [name for name in reader.outputs if name not in reached]
            reached.update(fresh)
            front += fresh
    read = (name for each in between.values() for name in each.inputs if name in data)
    alone = reached.isdisjoint(model.outputs) and all(name in reached for name in read)
    return (list(later.values()) if alone and not front else []), list(between.values())
