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
EDGE, MIXED = -1, -2
"""Instead of a layer: the end of the graph comes first; it depends on the path."""


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
    trunk = frozenset(model.nodes[i].key for i in net.trunk)
    if worst is None:
        return Topology("", 0, 0, (), 0, trunk, ())
    ranked = sorted(worst.runs, key=lambda run: (worst.units(run), len(run)), reverse=True)
    keys = [tuple(model.nodes[i].key for i in run) for run in ranked[:MAX_RUNS]]
    return Topology(
        output=net.ends[worst.end],
        depth=worst.depth,
        shortest_path=worst.shortest_path,
        plain_run=keys[0] if keys else (),
        plain_run_units=worst.longest,
        trunk=trunk,
        runs=tuple(run for run in keys if len(run) > 1),
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
    """Depth and plain runs at one output; layers are indices of nodes."""

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
    """The trunk as indices of nodes, and what doesn't depend on the output looked at."""

    def __init__(
        self,
        model: Model,
        data: frozenset[str],
        weighted: Mapping[Key, Weighted],
        gate_edges: frozenset[tuple[str, Key]],
    ) -> None:
        self.layers = [weighted.get(node.key) for node in model.nodes]
        self.reads = _reads(model, data, gate_edges)
        self.before, self.deep = self._walk_on()
        maker = {name: i for i, node in enumerate(model.nodes) for name in node.outputs if name}
        every = {maker[name]: name for name in reversed(model.outputs) if name in maker}
        every = {end: name for end, name in every.items() if self.reads[end]}
        self.trunk = _ancestors(self.reads, every)
        deepest = sorted(every, key=lambda end: (-self.deep[end], -end))[:MAX_OUTPUTS]
        self.ends = {end: every[end] for end in deepest}
        """The outputs to look at, by the node that makes them."""

    def view(self, end: int) -> _View:
        """Look at the ancestors of one node."""
        after = self._walk_back(end)
        following = {
            self.before[i]: i
            for i in range(end + 1)
            if after[i] is not None
            and self.layers[i]
            and self.before[i] >= 0
            and after[self.before[i]] == i
        }
        folded = frozenset(
            second
            for first, second in following.items()
            if _factor_one_convolution(self.layers[first], self.layers[second])
        )
        inside = [i for i in range(end + 1) if after[i] is not None]
        return _View(
            end=end,
            depth=self._path(inside, folded, max),
            shortest_path=self._path(inside, folded, min),
            runs=tuple(_chains(following, [i for i in inside if self.layers[i]])),
            folded=folded,
        )

    def _walk_on(self) -> tuple[list[int], list[int]]:
        """Return the layer before each node, and how many layers lie on its deepest path.

        The layer before is the one that is met first on every way back, EDGE where none is
        met, MIXED where that depends on the way.
        """
        before, deep = [EDGE] * len(self.reads), [0] * len(self.reads)
        for i, sources in enumerate(self.reads):
            labels = {p if p >= 0 and self.layers[p] else before[p] for p in sources if p >= 0}
            if EDGE in sources:
                labels.add(EDGE)
            before[i] = labels.pop() if len(labels) == 1 else MIXED
            made = max((deep[p] for p in sources if p >= 0), default=0)
            deep[i] = made + (self.layers[i] is not None)
        return before, deep

    def _walk_back(self, end: int) -> list[int | None]:
        """Return the layer after each node on the way to ``end``, None for what is not on it."""
        after: list[int | None] = [None] * len(self.reads)
        after[end] = EDGE
        for i in range(end, -1, -1):
            label = after[i]
            if label is None:
                continue
            if self.layers[i]:
                label = i
            for p in self.reads[i]:
                if p >= 0:
                    after[p] = label if after[p] in (None, label) else MIXED
        return after

    def _path(
        self, inside: list[int], folded: frozenset[int], choose: Callable[[Iterable[int]], int]
    ) -> int:
        """Return the units on the longest or shortest path to the last of some nodes."""
        units: dict[int, int] = {EDGE: 0}
        for i in inside:
            own = self.layers[i] is not None and i not in folded
            units[i] = own + choose(units[p] for p in self.reads[i])
        return units[inside[-1]]


def _reads(
    model: Model, data: frozenset[str], gate_edges: frozenset[tuple[str, Key]]
) -> list[tuple[int, ...]]:
    """Return which nodes each node reads data from; EDGE stands for the inputs of the model.

    Gate edges are left out, and so is what no input reaches over the others.
    """
    maker: dict[str, int] = {entry.name: EDGE for entry in model.inputs}
    reads: list[tuple[int, ...]] = []
    for i, node in enumerate(model.nodes):
        names = [
            name
            for name in (*node.inputs, *node.captures)
            if name in data and name in maker and (name, node.key) not in gate_edges
        ]
        reads.append(tuple({maker[name]: None for name in names}))
        if names:
            maker.update((name, i) for name in node.outputs if name in data)
    return reads


def _ancestors(reads: Sequence[tuple[int, ...]], ends: Iterable[int]) -> frozenset[int]:
    """Return some nodes and all that they are computed from."""
    found = set(ends)
    for i in range(len(reads) - 1, -1, -1):
        if i in found:
            found.update(p for p in reads[i] if p >= 0)
    return frozenset(found)


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
