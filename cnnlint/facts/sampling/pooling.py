"""Where a pooling layer stands: behind the stem, in a branch, in a pyramid, before a blur."""

from collections.abc import Iterable, Mapping
from math import prod

from cnnlint.facts.layers import Conv, Layer, Pool
from cnnlint.model.graph import Key, Model, Node


def behind_one_layer(
    nodes: Iterable[Node], data: frozenset[str], weighted: Mapping[Key, object]
) -> frozenset[str]:
    """Return the tensors with at most one layer with weights on every path to them.

    Args:
        nodes: the nodes on the data path, in execution order.
        data: the tensors that carry data.
        weighted: the layers with weights.
    """
    deep: dict[str, int] = {}
    for node in nodes:
        above = max([deep.get(name, 0) for name in (*node.inputs, *node.captures)], default=0)
        depth = min(2, above + (node.key in weighted))
        deep.update((name, depth) for name in node.outputs if name in data)
    return frozenset(name for name, depth in deep.items() if depth < 2)


def in_branch(model: Model, pool: Pool) -> bool:
    """Return whether others read the same map too."""
    return len(model.consumers_of.get(pool.node.inputs[0], ())) > 1


def in_pyramid(model: Model, pool: Pool) -> bool:
    """Return whether a pool keeps the size of its map and is put beside others (SPP)."""
    readers = model.consumers_of.get(pool.node.outputs[0], ())
    return set(pool.stride) == {1} and any(reader.op == "Concat" for reader in readers)


def blurred(model: Model, layers: Mapping[Key, Layer], pool: Pool) -> bool:
    """Return whether a strided average follows: the blur of an anti-aliased pool."""
    readers = model.consumers_of.get(pool.node.outputs[0], ())
    if len(readers) == 1 and readers[0].op == "Pad":
        readers = model.consumers_of.get(readers[0].outputs[0], ())
    layer = layers.get(readers[0].key) if len(readers) == 1 else None
    if isinstance(layer, Conv):
        return layer.depthwise and max(layer.stride) > 1
    return isinstance(layer, Pool) and layer.kind == "average" and max(layer.stride) > 1


def spread(pool: Pool) -> tuple[tuple[int, int], ...]:
    """Return window and stride on each axis on which a pool has more than one window.

    An axis of unknown size counts.
    """
    counts = pool.out_shape[2:] if pool.out_shape else (None,) * len(pool.stride)
    axes = zip(pool.kernel or (), pool.stride, counts, strict=False)
    return tuple((side, step) for side, step, count in axes if count != 1)


def corner_share(pool: Pool) -> float:
    """Return the least share of a window that is map where an average counts padding; 1 is all."""
    if not pool.node.get_int("count_include_pad", 0):
        return 1.0
    axes = zip(pool.kernel or (), pool.pads[0], pool.pads[1], strict=False)
    return prod(max(0, side - max(before, after)) / side for side, before, after in axes)
