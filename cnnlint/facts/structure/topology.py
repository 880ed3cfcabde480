"""How deep a network is, and where its layers stand in series with no way around them.

The *trunk* is all paths from an input to an output that don't enter a product as its gate: gate
branches neither count as depth nor interrupt a series. Two layers of the trunk are in
*immediate series* if every path to the second comes from the first, every path from the first
leads to the second, and no other layer lies between. A *plain run* is a longest chain of such
pairs; anything that bypasses a layer ends it, whatever the join (Add, Concat, gated sum).

Equivalently, with u -> v: walking back from v, u is the first layer on every path, and walking
on from u, v is. That takes one pass in each direction, where the dominator trees of the first
definition take many times as long.

A depthwise convolution and a pointwise one in immediate series factor one convolution and
count as one unit of depth.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from cnnlint.facts.layers import Conv, Weighted
from cnnlint.model.graph import Key, Model

MAX_OUTPUTS = 32
"""How many outputs are analysed, the deepest first: a longer run needs as much depth."""
MAX_RUNS = 64
"""How many plain runs are listed."""
SOURCE, MIXED = 0, -1
"""Instead of a layer: the input is met first; that depends on the path. Nodes count from 1."""


@dataclass(frozen=True, slots=True)
class Topology:
    """Depth and plain runs at the worst output: the one with the longest run, then the deepest.

    Depth counts units: a depthwise and a pointwise convolution in series are one.
    """

    output: str
    """The worst output; "" where no output depends on an input."""
    depth: int
    """Units on the path with the most of them."""
    shortest_path: int
    """Units on the path with the fewest of them: the shortest way of the gradient."""
    plain_run: tuple[Key, ...]
    """The layers of the longest plain run, in order."""
    plain_run_units: int
    """Its length in units."""
    trunk: frozenset[Key]
    """Nodes on a path from an input to an output that passes no gate."""
    runs: tuple[tuple[Key, ...], ...]
    """Every plain run of two and more layers, longest first."""
    exhaustive: bool = True
    """Whether no output that was left out may have a longer run."""


def analyse(
    model: Model,
    data: frozenset[str],
    weighted: Mapping[Key, Weighted],
    gate_edges: frozenset[tuple[str, Key]],
) -> Topology:
    """Return depth and plain runs, in time linear in the size of the graph and its outputs.

    Args:
        model: the model.
        data: the tensors that carry data; other inputs of a node are no edges here.
        weighted: the layers with weights.
        gate_edges: edges to leave out, each a tensor and the node that reads it.
    """
    net = _Net(model, data, weighted, gate_edges)
    worst = _worst_view(net)
    trunk = frozenset(model.nodes[i - 1].key for i in net.trunk)
    if worst is None:
        return Topology("", 0, 0, (), 0, trunk, ())
    ranked = sorted(worst.runs, key=lambda run: (worst.units(run), len(run)), reverse=True)
    keys = [tuple(model.nodes[i - 1].key for i in run) for run in ranked[:MAX_RUNS]]
    return Topology(
        output=net.ends[worst.end],
        depth=worst.depth,
        shortest_path=worst.shortest_path,
        plain_run=keys[0] if keys else (),
        plain_run_units=worst.longest,
        trunk=trunk,
        runs=tuple(run for run in keys if len(run) > 1),
        exhaustive=net.deepest_left_out <= worst.longest,
    )


def _worst_view(net: "_Net") -> "_View | None":
    """Look at outputs, the deepest first, until the rest can't have a longer run."""
    worst = None
    for end in net.ends:
        if worst and net.deep[end] <= worst.longest:
            break
        view = net.view(end)
        if worst is None or (view.longest, view.depth) > (worst.longest, worst.depth):
            worst = view
    return worst


@dataclass(frozen=True, slots=True)
class _View:
    """Depth and plain runs at one output; layers are numbers of nodes."""

    end: int
    depth: int
    shortest_path: int
    runs: tuple[tuple[int, ...], ...]
    """Single layers included."""
    folded: frozenset[int]
    """Pointwise layers that are one unit with the depthwise layer before them."""

    def units(self, run: tuple[int, ...]) -> int:
        """Return the length of a run in units."""
        return sum(layer not in self.folded for layer in run)

    @property
    def longest(self) -> int:
        """Units of the longest run."""
        return max(map(self.units, self.runs), default=0)


class _Net:
    """The trunk as numbered nodes, the input being node 0, and what holds for every output."""

    def __init__(
        self,
        model: Model,
        data: frozenset[str],
        weighted: Mapping[Key, Weighted],
        gate_edges: frozenset[tuple[str, Key]],
    ) -> None:
        self.layers = [None, *(weighted.get(node.key) for node in model.nodes)]
        self.reads, maker = _reads(model, data, gate_edges)
        self.before, self.deep = self._walk_on()
        every = {maker[name]: name for name in reversed(model.outputs) if name in maker}
        every.pop(SOURCE, None)
        self.trunk = _ancestors(self.reads, every)
        deepest = sorted(every, key=lambda end: (-self.deep[end], -end))
        self.ends = {end: every[end] for end in deepest[:MAX_OUTPUTS]}
        """The outputs to look at, by the node that makes them."""
        self.deepest_left_out = max((self.deep[end] for end in deepest[MAX_OUTPUTS:]), default=0)
        """Layers on the deepest path to any other output."""

    def view(self, end: int) -> _View:
        """Look at the ancestors of one node."""
        after = self._walk_back(end)
        inside = [i for i, label in enumerate(after) if label is not None]
        layers = [i for i in inside if self.layers[i]]
        following = {
            self.before[i]: i
            for i in layers
            if self.before[i] > SOURCE and after[self.before[i]] == i
        }
        folded = frozenset(
            second
            for first, second in following.items()
            if _factor_one_convolution(self.layers[first], self.layers[second])
        )
        return _View(
            end=end,
            depth=self._path(inside, folded, max),
            shortest_path=self._path(inside, folded, min),
            runs=tuple(_chains(following, layers)),
            folded=folded,
        )

    def _walk_on(self) -> tuple[list[int], list[int]]:
        """Return the layer before each node, and how many layers lie on its deepest path.

        The layer before is the one that is met first on every way back.
        """
        before, deep = [SOURCE], [0]
        for i in range(1, len(self.reads)):
            labels = {p if self.layers[p] else before[p] for p in self.reads[i]}
            before.append(labels.pop() if len(labels) == 1 else MIXED)
            made = max([deep[p] for p in self.reads[i]], default=0)
            deep.append(made + (self.layers[i] is not None))
        return before, deep

    def _walk_back(self, end: int) -> list[int | None]:
        """Return the layer after each node on the way to ``end``, None for what is not on it."""
        after: list[int | None] = [None] * (end + 1)
        after[end] = MIXED
        for i in range(end, SOURCE, -1):
            label = i if self.layers[i] else after[i]
            if after[i] is None:
                continue
            for p in self.reads[i]:
                after[p] = label if after[p] in (None, label) else MIXED
        return after

    def _path(
        self, inside: list[int], folded: frozenset[int], choose: Callable[[Iterable[int]], int]
    ) -> int:
        """Return the units on the longest or shortest path to the last of some nodes."""
        units = {SOURCE: 0}
        for i in inside[1:]:
            own = self.layers[i] is not None and i not in folded
            units[i] = own + choose(units[p] for p in self.reads[i])
        return units[inside[-1]]


def _reads(
    model: Model, data: frozenset[str], gate_edges: frozenset[tuple[str, Key]]
) -> tuple[list[tuple[int, ...]], dict[str, int]]:
    """Return which nodes each node reads data from, and which node makes each tensor.

    Gate edges are left out, and so is what no input reaches over the others.
    """
    maker = {entry.name: SOURCE for entry in model.inputs}
    reads: list[tuple[int, ...]] = [()]
    for i, node in enumerate(model.nodes, start=1):
        names = [
            name
            for name in (*node.inputs, *node.captures)
            if name in maker and (name, node.key) not in gate_edges
        ]
        reads.append(tuple(dict.fromkeys([maker[name] for name in names])))
        if names:
            maker |= {name: i for name in node.outputs if name in data}
    return reads, maker


def _ancestors(reads: Sequence[tuple[int, ...]], ends: Iterable[int]) -> frozenset[int]:
    """Return some nodes and all that they are computed from, but for the input."""
    found = set(ends)
    for i in range(len(reads) - 1, SOURCE, -1):
        if i in found:
            found.update(reads[i])
    return frozenset(found - {SOURCE})


def _factor_one_convolution(first: Weighted | None, second: Weighted | None) -> bool:
    """Return whether two layers in series are a depthwise and a pointwise convolution."""
    return (
        isinstance(first, Conv)
        and first.depthwise
        and isinstance(second, Conv)
        and second.pointwise
        and not second.depthwise
    )


def _chains(following: Mapping[int, int], layers: Iterable[int]) -> Iterator[tuple[int, ...]]:
    """Yield the maximal chains of layers that follow each other."""
    later = set(following.values())
    for first in layers:
        if first not in later:
            chain = [first]
            while chain[-1] in following:
                chain.append(following[chain[-1]])
            yield tuple(chain)
