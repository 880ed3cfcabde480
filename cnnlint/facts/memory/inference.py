"""Memory that activations take while a model runs, and the bytes that each node moves.

Buffers live as in onnxruntime's CPU provider on a graph that nobody has optimised:

- A node's outputs are allocated before it runs; a buffer is given back once the last node that
  reads it has run. What no node reads is kept to the end, as outputs of the model are.
- The model's inputs belong to the caller and its weights to the session: neither counts, nor
  does a view of them. What a model computes from constants or shapes at each run does.
- A view shares the buffer of what it looks at. An activation such as ReLU writes over its operand
  where nothing else reads that later; Add, Mul and batch normalisation don't.
- An output of the model has a buffer of its own: a view or activation that makes one copies.
- HardSwish, Mish and Swish run as an activation and a product, with one more map between them.

So resnet18 on 1x3x224x224 peaks at its max pooling, with the 3,211,264 bytes of the stem's map
and 802,816 of the pooled one: ReLU runs in place. Counting its map besides would give twice
3,211,264.

The bytes equal ``mem_bytes_requested_in_use`` in the profile of onnxruntime 1.32 with graph
optimisation off, to the digit, after what the session holds for its weights is taken off. They
leave out what kernels take for themselves while they run (the unrolled windows of a convolution,
packed weights), what the allocator rounds up, the insides of If, Loop and Scan, and the float32
copies that the CPU provider makes of float16. Fused operators need less.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cnnlint.facts.dataflow import SHAPE_OPS, made, size_of, total
from cnnlint.facts.memory.buffers import Buffer, in_use, plan, view_nodes
from cnnlint.facts.memory.schedule import schedule
from cnnlint.model.graph import Key, Model, Node

_CHOOSING = frozenset({"Gather", "GatherElements", "GatherND", "Slice"})
"""Operators that read only so much of their first operand as they write."""
_WITH_BODIES = frozenset({"If", "Loop", "Scan"})
"""Operators that move what the graphs inside them move, which is counted there."""


@dataclass(frozen=True, slots=True)
class Held:
    """A buffer that is in use, by the tensor that lies in it."""

    name: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Memory:
    """How much memory activations take at each moment of a run.

    Where the size of any tensor is unknown, so is the peak (None), and nothing is in ``in_use``.
    """

    peak_activation_bytes: int | None
    peak_at: Node | None
    """The first node that runs with so much in use."""
    alive_at_peak: tuple[Held, ...]
    """The buffers in use then, the node's outputs among them, largest first."""
    in_use: Mapping[Key, int]
    """Bytes in use while a node runs, its outputs included, in the order in which nodes run."""


def memory(model: Model) -> Memory:
    """Return the memory of a model at its bound shapes, in time linear in its nodes."""
    order = schedule(model)
    buffers = plan(model, order)
    used = in_use(buffers, len(order))
    if used is None:
        return Memory(None, None, (), {})
    by_node = {node.key: size for node, size in zip(order, used, strict=True)}
    peak = max(used, default=0)
    step = used.index(peak) if peak else 0
    return Memory(peak, order[step] if peak else None, _alive(buffers, step), by_node)


def _alive(buffers: Sequence[Buffer], step: int) -> tuple[Held, ...]:
    alive = [b for b in buffers if b.born <= step and (b.died is None or step <= b.died)]
    held = [Held(b.holds(step), b.size) for b in alive if b.size]
    return tuple(sorted(held, key=lambda one: -one.bytes))


def bytes_moved(model: Model, nodes: Sequence[Node]) -> Mapping[Key, int | None]:
    """Return the bytes that each node reads and writes at least.

    That is each tensor that it reads once, weights too, and each of its outputs once: 0 for a
    view and None where a size is unknown. Shape and Size read nothing of their operand; Gather
    and Slice so much of it as they write.
    """
    views = view_nodes(model)
    return {node.key: 0 if node.key in views else _traffic(model, node) for node in nodes}


def _traffic(model: Model, node: Node) -> int | None:
    if node.op in _WITH_BODIES:
        return None
    names = () if node.op in SHAPE_OPS else dict.fromkeys(name for name in node.inputs if name)
    reads = [size_of(model, name) for name in names]
    writes = [size_of(model, name) for name in made(model, node)]
    if node.op in _CHOOSING:
        reads[:1] = writes[:1]
    return total((*reads, *writes))
