"""Which pointwise convolutions with a stride are shortcuts around other layers.

One is a shortcut if what it makes meets a join (Add, Sum, Concat) with nothing but linear
operators and normalisation between, and another operand of that join comes from the same fork
through at least one layer with weights. A way through the convolution itself doesn't count: a
residual block behind it is no way round it.
"""

from collections.abc import Callable, Iterator, Mapping

from cnnlint.facts.activations.arithmetic import ARITHMETIC
from cnnlint.facts.layers import Conv
from cnnlint.facts.structure.linear import LAYOUT
from cnnlint.facts.training.modes import NORMALISATIONS
from cnnlint.model.graph import Key, Model, Node

JOINS = frozenset({"Add", "Sum", "Concat", "QLinearAdd", "QLinearConcat"})
STATISTICS = frozenset({"ReduceMean", "Pow", "Sqrt", "Reciprocal"})
"""What else a normalisation is made of that is spelled out as operators."""
TYPES = frozenset({"Cast", "QuantizeLinear", "DequantizeLinear"})
PASSED = JOINS | NORMALISATIONS | STATISTICS | TYPES | LAYOUT | ARITHMETIC
MAX_NODES = 256
"""How many operators are looked at behind a convolution."""
MAX_DETOUR = 4096
"""How many tensors are looked at to find the way round it."""
MAX_BACK = 64
"""How many operators in a row are followed back to the fork."""


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
