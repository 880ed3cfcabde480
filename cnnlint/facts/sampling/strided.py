"""Which pointwise convolutions with a stride are shortcuts around other layers.

One is a shortcut if what it makes meets a join (Add, Sum, Concat) with nothing but linear
operators and normalisation between, and another operand of that join comes from the same fork
through at least one layer with weights. A way through the convolution itself doesn't count: a
residual block behind it is no way round it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import prod

from cnnlint.facts.activations.roles import Activation
from cnnlint.facts.layers import Conv, sides, steps
from cnnlint.facts.structure.linear import ARITHMETIC, LAYOUT
from cnnlint.model.graph import Key, Model, Node, StaticShape

JOINS = frozenset({"Add", "Sum", "Concat", "QLinearAdd", "QLinearConcat"})
NORMS = frozenset(
    {"BatchNormalization", "GroupNormalization", "InstanceNormalization", "LayerNormalization"}
)
STATISTICS = frozenset({"ReduceMean", "Pow", "Sqrt", "Reciprocal"})
"""What else a normalisation is made of that is spelled out as operators."""
TYPES = frozenset({"Cast", "QuantizeLinear", "DequantizeLinear"})
PASSED = JOINS | NORMS | STATISTICS | TYPES | LAYOUT | ARITHMETIC
MAX_NODES = 256
"""How many operators are looked at behind a convolution."""
MAX_DETOUR = 4096
"""How many tensors are looked at to find the way round it."""
MAX_BACK = 64
"""How many operators in a row are followed back to the fork."""


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
    if conv.in_shape is None or conv.out_shape is None:
        return PooledFirst(conv.stride, None, None, ceil_mode=False)
    size = conv.out_shape[0] * conv.cin * prod(conv.out_shape[2:])
    odd = any(side % step for side, step in zip(conv.in_shape[2:], conv.stride, strict=True))
    return PooledFirst(conv.stride, size * prod(conv.stride), size, ceil_mode=odd)


def share_skipped(conv: Conv) -> float:
    """Return the share of its input that a strided pointwise convolution doesn't read."""
    if conv.in_grid is None or conv.grid is None:
        return 1 - 1 / prod(conv.stride)
    return 1 - prod(conv.grid) / max(1, prod(conv.in_grid))


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
    alone = alone and all(_works_on_each_number(node, activations) for node in passed)
    stride = tuple(map(int.__mul__, found.stride, conv.stride))
    return found if alone and _spans(found, stride) else None


def _spans(conv: Conv, stride: StaticShape) -> bool:
    """Return whether a convolution reads every position at some stride."""
    fits = len(conv.kernel) == len(stride) and max(conv.dilation) == 1
    return fits and all(side >= step for side, step in zip(conv.kernel, stride, strict=True))


def _works_on_each_number(node: Node, activations: Mapping[Key, Activation]) -> bool:
    if node.key in activations:
        return activations[node.key].kind not in ("Softmax", "LogSoftmax")
    if node.op == "BatchNormalization":
        return not node.get_int("training_mode", 0)
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


def strided_pointwise(
    model: Model,
    data: frozenset[str],
    layers: Mapping[Key, object],
    trunk_input: Callable[[Node], str | None],
) -> dict[Key, Node | None]:
    """Return the pointwise convolutions with a stride, each with the join that it is a way to.

    None for one that is no shortcut.

    Args:
        model: the model.
        data: the tensors that carry data.
        layers: the layers with weights.
        trunk_input: the one tensor that a node goes on from, None at a join.
    """
    convs = [
        layer
        for layer in layers.values()
        if isinstance(layer, Conv)
        and layer.pointwise
        and max(layer.stride) > 1
        and not layer.transposed
    ]
    if not convs:
        return {}
    search = _Search(model, data, layers, trunk_input)
    return {conv.node.key: search.join_of(conv.node) for conv in convs}


class _Search:
    def __init__(
        self,
        model: Model,
        data: frozenset[str],
        layers: Mapping[Key, object],
        trunk_input: Callable[[Node], str | None],
    ) -> None:
        self.model = model
        self.data = data
        self.layers = layers
        self.trunk_input = trunk_input
        self.order = {node.key: place for place, node in enumerate(model.nodes)}

    def join_of(self, conv: Node) -> Node | None:
        """Return the join at which a convolution ends as a shortcut, None where it is none."""
        forks = self._forks(conv.inputs[0])
        for join, others in self._joins(conv):
            if any(self._detour(name, forks, conv) for name in others):
                return join
        return None

    def _forks(self, tensor: str) -> frozenset[str]:
        """Return the tensors that a tensor follows from without a layer between.

        The operands of a Concat are among them: exporters copy one for each of its readers.
        """
        forks = set()
        name: str | None = tensor
        for _ in range(MAX_BACK):
            if name is None:
                break
            forks.add(name)
            node = self.model.producer_of.get(name)
            if node is None or node.key in self.layers:
                break
            if node.op == "Concat":
                forks.update(n for n in node.inputs if n in self.data)
            name = self.trunk_input(node)
        return frozenset(forks)

    def _joins(self, conv: Node) -> Iterator[tuple[Node, list[str]]]:
        """Yield the joins that a convolution meets, and what of them doesn't come from it."""
        reached = set(conv.outputs)
        front, joins, looked = list(reached), {}, 0
        while front and looked < MAX_NODES:
            for reader in self.model.consumers_of.get(front.pop(), ()):
                looked += 1
                if reader.key in self.layers:
                    continue
                if any(n in self.data and n not in reached for n in reader.inputs):
                    joins[reader.key] = reader
                elif reader.op in PASSED:
                    fresh = [n for n in reader.outputs if n not in reached]
                    reached.update(fresh)
                    front += fresh
        for join in joins.values():
            others = [n for n in join.inputs if n in self.data and n not in reached]
            if others and join.op in JOINS:
                yield join, others

    def _detour(self, tensor: str, forks: frozenset[str], conv: Node) -> bool:
        """Return whether a tensor comes from a fork through a layer, other than the one here."""
        makers = [self.model.producer_of.get(name) for name in forks]
        earliest = min(-1 if maker is None else self.order[maker.key] for maker in makers)
        seen, front = {(tensor, False)}, [(tensor, False)]
        while front and len(seen) < MAX_DETOUR:
            name, layered = front.pop()
            if name in forks:
                if layered:
                    return True
                continue
            node = self.model.producer_of.get(name)
            if node is None or node.key == conv.key or self.order[node.key] < earliest:
                continue
            layered = layered or node.key in self.layers
            fresh = {(n, layered) for n in node.inputs if n in self.data} - seen
            seen |= fresh
            front += fresh
        return False
