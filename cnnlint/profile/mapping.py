"""From the kernels of onnxruntime's optimised graph back to the nodes of the model.

At full optimisation hardly a kernel keeps the name of a node. What is left of the origin:

=====================================  =====================================================
kernel                                 origin
=====================================  =====================================================
``node_index`` of an original node     that node; new nodes are numbered after all of them
``T_nchwc``, ``T_bn_nchwc``            the node that makes tensor T, the last of its chain
``fused X``, ``X/QuickGeluFusion/``    node X, or the longest part of the name that is one
``ReorderInput``, ``ReorderOutput``    none: inserted to change the memory layout
``gemm_input_reshape`` (``_output_``)  the matrix product that runs next (before)
``Gelu_token_7`` and other new names   a node that no kernel has been found for, which must
                                       run just here and makes an output of this shape
=====================================  =====================================================

Nodes without a kernel of their own were fused into one (or folded away). They are found by
walking the model from the nodes that do have one.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod

from cnnlint.model.graph import Key, Model, Node, StaticShape
from cnnlint.profile.trace import Kernel

WEIGHTED = frozenset(
    {
        "Conv", "ConvTranspose", "Gemm", "MatMul", "ConvInteger", "MatMulInteger",
        "QLinearConv", "QLinearMatMul",
    }
)  # fmt: skip
"""Operators that give a fused chain its name and its cost."""

FUSIBLE = frozenset(
    {
        "Add", "BatchNormalization", "Cast", "Clip", "DequantizeLinear", "Div", "Dropout", "Elu",
        "Erf", "Gelu", "HardSigmoid", "HardSwish", "Identity", "LeakyRelu", "Mish", "Mul",
        "Pow", "PRelu", "QuantizeLinear", "ReduceMean", "Relu", "Sigmoid", "Softplus", "Sqrt",
        "Sub", "Tanh",
    }
)  # fmt: skip
"""Operators that disappear into the kernel of a neighbour."""

MOVES = frozenset(
    {
        "Cast", "Concat", "Expand", "Flatten", "Gather", "Identity", "Reshape", "Shape", "Slice",
        "Split", "Squeeze", "Transpose", "Unsqueeze",
    }
)  # fmt: skip
"""Operators that compute nothing."""

LAYOUT = frozenset({"ReorderInput", "ReorderOutput"})
INSERTED = LAYOUT | {"Cast", "Reshape", "Squeeze", "Transpose", "Unsqueeze"}
"""Kernels that the runtime also inserts on its own account."""

BLOCK = 16
"""Channels are padded to a multiple of this, or of half of it, by reordered kernels."""

_ADDED = re.compile(r"(_nchwc|_nhwc|_bn|_new_reshape|_token_\d+)$")


@dataclass(frozen=True, slots=True)
class Origins:
    """Where kernels come from, by their place in the order of execution.

    ``anchors`` has the node that a kernel is credited to, ``members`` all nodes whose work it
    does, in the model's order; ``overhead`` are the kernels that come from no node.
    """

    anchors: Mapping[int, Key]
    members: Mapping[int, tuple[Key, ...]]
    overhead: frozenset[int]


def find_origins(model: Model, kernels: Sequence[Kernel]) -> Origins:
    """Find the nodes behind each kernel; ``kernels`` stand in the order they ran."""
    search = _Search(model, kernels)
    search.by_name()
    search.by_place()
    search.by_neighbour()
    search.chains_below()
    return search.origins()


class _Search:
    """The state of one search: which kernel each node belongs to, as far as known."""

    def __init__(self, model: Model, kernels: Sequence[Kernel]) -> None:
        self._model = model
        self._kernels = kernels
        self._order = {node.key: place for place, node in enumerate(model.nodes)}
        self._anchor: dict[int, Node] = {}
        self._claimed: dict[Key, int] = {}
        self._fixed = _fixed_nodes(model)

    def by_name(self) -> None:
        """Find the kernels whose number or name says where they come from."""
        names = _Names(self._model)
        for place, kernel in enumerate(self._kernels):
            if kernel.op not in LAYOUT:
                node = names.of(kernel)
                if node is not None:
                    self._settle(place, node)
        for place, node in self._anchor.items():
            self._claim_chain(place, node)

    def by_place(self) -> None:
        """Find the rest by what must run between the kernels that are known."""
        earliest, latest = self._windows()
        nodes = [n for n in self._model.nodes if n.key not in self._fixed]
        guessed: set[int] = set()
        for place, kernel in enumerate(self._kernels):
            if place in self._anchor or kernel.op in LAYOUT or _is_gemm_reshape(kernel):
                continue
            nodes = [n for n in nodes if n.key not in self._claimed]
            fits = [n for n in nodes if earliest[n.key] < place < latest[n.key]]
            node = self._choose(kernel, fits)
            if node is None and place - 1 in guessed and kernel.op not in MOVES:
                node = self._choose(kernel, [self._anchor[place - 1]])  # a function, in two parts
            if node is not None:
                guessed.add(place)
                self._settle(place, node)
                self._claim_chain(place, node)

    def by_neighbour(self) -> None:
        """Credit the reshapes around a matrix product to it."""
        places = range(len(self._kernels))
        for place in places:
            kernel = self._kernels[place]
            if _is_gemm_reshape(kernel):
                before = kernel.name.startswith("gemm_input")
                others = places[place + 1 :] if before else places[:place][::-1]
                product = next((p for p in others if "Gemm" in self._kernels[p].op), -1)
                if product in self._anchor:
                    self._settle(place, self._anchor[product])

    def chains_below(self) -> None:
        """Claim what was fused into a weighted kernel behind the node that names it."""
        for node in self._model.nodes:
            if node.op not in FUSIBLE:
                continue
            before = [self._claimed.get(n.key) for n in self._before(node)]
            known = [place for place in before if place is not None]
            if known and len(known) == len(before) and _is_weighted(self._kernels[max(known)]):
                self._claim(max(known), [node])

    def origins(self) -> Origins:
        """Return what was found; a chain is credited to its weighted node if it has one."""
        members: dict[int, list[Node]] = {place: [] for place in self._anchor}
        for node in self._model.nodes:
            if node.key in self._claimed:
                members[self._claimed[node.key]].append(node)
        credited = {}
        for place, node in self._anchor.items():
            weighted = [n for n in members[place] if n.op in WEIGHTED]
            credited[place] = weighted[0] if weighted else node
        return Origins(
            anchors={place: node.key for place, node in credited.items()},
            members={place: tuple(n.key for n in nodes) for place, nodes in members.items()},
            overhead=frozenset(
                place
                for place, kernel in enumerate(self._kernels)
                if place not in self._anchor and kernel.op in INSERTED
            ),
        )

    def _settle(self, place: int, node: Node) -> None:
        self._anchor[place] = node
        self._claimed.setdefault(node.key, place)

    def _claim(self, place: int, nodes: Sequence[Node]) -> None:
        for node in nodes:
            self._claimed.setdefault(node.key, place)

    def _claim_chain(self, place: int, node: Node) -> None:
        """Claim what else was fused into a kernel, given the node that it is found by."""
        kernel = self._kernels[place]
        if "/MatMulAddFusion" in kernel.name:
            self._claim(place, self._after(node))  # its sum, which alone may read it
        elif kernel.op == node.op or node.op not in FUSIBLE:
            return
        elif _is_weighted(kernel):  # named after the end of its chain
            chain = self._above(node)
            self._claim(place, chain if any(n.op in WEIGHTED for n in chain) else [])
        else:  # small steps that one kernel replaces, as Gelu does Div, Erf, Add, Mul, Mul
            self._claim(place, [n for n in self._above(node) if n.op in FUSIBLE])

    def _before(self, node: Node) -> list[Node]:
        """Return the nodes that compute what ``node`` reads, fixed ones left out."""
        makers = self._model.producer_of
        names = dict.fromkeys((*node.inputs, *node.captures))
        found = (makers[name] for name in names if name in makers)
        return [maker for maker in found if maker.key not in self._fixed]

    def _after(self, node: Node) -> list[Node]:
        readers = self._model.consumers_of
        return [reader for name in node.outputs for reader in readers.get(name, ())]

    def _above(self, end: Node) -> list[Node]:
        """Return the free nodes that lead to ``end``, up to and with the weighted ones."""
        found: dict[Key, Node] = {}
        front = [end]
        while front:
            for node in self._before(front.pop()):
                if node.key in self._claimed or node.key in found:
                    continue
                if node.op in WEIGHTED or node.op in FUSIBLE:
                    found[node.key] = node
                if node.op in FUSIBLE:
                    front.append(node)
        return list(found.values())

    def _windows(self) -> tuple[dict[Key, int], dict[Key, int]]:
        """Return for each node the last kernel before it and the first one after it."""
        earliest: dict[Key, int] = {}
        latest: dict[Key, int] = {}
        for node in self._model.nodes:
            near = (self._claimed.get(n.key, earliest[n.key]) for n in self._before(node))
            earliest[node.key] = max(near, default=-1)
        for node in reversed(self._model.nodes):
            near = (self._claimed.get(n.key, latest[n.key]) for n in self._after(node))
            latest[node.key] = min(near, default=len(self._kernels))
        return earliest, latest

    def _choose(self, kernel: Kernel, fits: Sequence[Node]) -> Node | None:
        """Choose a node that a kernel with a new name may stand for: same operator first."""
        alike = [node for node in fits if (node.op in MOVES) == (kernel.op in MOVES)]
        for node in alike:
            if node.op == kernel.op:
                return node
        for node in alike:
            if node.op in kernel.op:  # as in SkipLayerNormalization
                return node
        same = [node for node in alike if self._may_make(node, kernel.shape)]
        return self._end_of_chain(same) if same else None

    def _may_make(self, node: Node, shape: StaticShape | None) -> bool:
        """Tell whether a node may make a kernel's output: reshaped, or with padded channels."""
        known = self._model.static(node.outputs[0])
        if known is None or shape is None or prod(known) == prod(shape):
            return True
        return (
            len(known) == len(shape)
            and (known[0], known[2:]) == (shape[0], shape[2:])
            and shape[1] in range(known[1], known[1] + BLOCK)
        )

    def _end_of_chain(self, fits: Sequence[Node]) -> Node:
        """Follow the first of some nodes through fusible ones to the last that also fits."""
        allowed = {node.key for node in fits}
        end = fits[0]
        while end.op in FUSIBLE:
            onward = [n for n in self._after(end) if n.key in allowed and n.op in FUSIBLE]
            if not onward:
                break
            end = max(onward, key=lambda n: self._order[n.key])
        return end


def _fixed_nodes(model: Model) -> frozenset[Key]:
    """Return the nodes whose results don't depend on the inputs: the runtime folds them away."""
    fixed: set[Key] = set()
    known = {name for name, value in model.values.items() if value.stored}
    for node in model.nodes:
        folded = all(model.value(name).const is not None for name in node.outputs)
        reads = [name for name in (*node.inputs, *node.captures) if name]
        if folded or node.op == "Constant" or (reads and known.issuperset(reads)):
            fixed.add(node.key)
            known.update(node.outputs)
    return frozenset(fixed)


class _Names:
    """Finds nodes by what a kernel is called."""

    def __init__(self, model: Model) -> None:
        in_file = sorted(model.nodes, key=lambda node: node.key[1])
        self._by_index = [n for n in in_file if n.op != "Constant"]  # onnxruntime skips those
        self._by_name = {node.name: node for node in model.nodes}
        self._maker = model.producer_of

    def of(self, kernel: Kernel) -> Node | None:
        """Return the node that a kernel's number or name points to, None for a new name."""
        if kernel.index in range(len(self._by_index)):
            node = self._by_index[kernel.index]
            if kernel.name in (node.name, f"{node.op}_{kernel.index}"):
                return node
        tables = [self._by_name, self._maker]
        if "_nchwc" in kernel.name:
            tables.reverse()
        spellings = _spellings(kernel.name)
        return next((table[s] for s in spellings for table in tables if s in table), None)


def _spellings(name: str) -> Iterator[str]:
    """Yield a kernel's name, then what is left when what onnxruntime added is taken away."""
    name = name.removeprefix("fused ")
    while name:
        yield name
        shorter = _ADDED.sub("", name)
        name = name.rpartition("/")[0] if shorter == name else shorter


def _is_gemm_reshape(kernel: Kernel) -> bool:
    return kernel.name.startswith(("gemm_input_reshape", "gemm_output_reshape"))


def _is_weighted(kernel: Kernel) -> bool:
    return any(word in kernel.op for word in ("Conv", "Gemm", "MatMul"))
