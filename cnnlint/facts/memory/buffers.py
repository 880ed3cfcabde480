"""Which tensor lies in which buffer, and from when to when, as onnxruntime plans it.

What is modelled is its CPU provider on a graph that nobody has optimised: a buffer is allocated
before the node that fills it runs, and given back once the last node that reads it has run.
Source: ``FindReusableInput`` and ``ComputeSingleStreamReusePlan`` in
onnxruntime/core/framework/allocation_planner.cc; which operators may share a buffer was measured
with the profiler of onnxruntime 1.32, for opsets 7 to 25.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from cnnlint.facts.dataflow import BYTES_PER_ELEMENT, made, size_of
from cnnlint.model.graph import Key, Model, Node

VIEWS = frozenset({"Flatten", "Identity", "Reshape", "Squeeze", "Unsqueeze"})
"""Operators whose output is their first operand under another shape (onnxruntime's ``Alias``)."""

_IN_PLACE = """
    BitCast Cast Celu Clip Elu HardSigmoid LeakyRelu LogSoftmax Relu Scatter ScatterElements Selu
    Shrink Sigmoid Softmax Softplus Softsign Tanh TensorScatter ThresholdedRelu Trilu
"""
IN_PLACE = frozenset(_IN_PLACE.split())
"""Operators that may write over their first operand (``MayInplace``). Add, Mul, batch
normalisation and Dropout are not among them."""

SPLIT = frozenset({"HardSwish", "Mish", "Swish"})
"""Operators that onnxruntime runs as an activation and a product, with a map between them."""


@dataclass(slots=True)
class Buffer:
    """Memory in which one tensor lies after another."""

    size: int | None
    """Bytes, None where they are unknown."""
    born: int
    """The step that allocates it."""
    reads: int
    """How often it is still to be read."""
    died: int | None = None
    """The last step that reads it, None where it is kept to the end of the run."""
    tensors: list[tuple[int, str]] = field(default_factory=list)
    """What lies in it, from which step on."""

    def holds(self, step: int) -> str:
        """Return the tensor that lies in it at a step, "" for a map inside an operator."""
        return next((name for since, name in reversed(self.tensors) if since <= step), "")


def view_nodes(model: Model) -> frozenset[Key]:
    """Return the nodes that move no byte. A view that makes an output of the model copies."""
    outputs = set(model.outputs)
    return frozenset(
        node.key for node in model.nodes if node.op in VIEWS and outputs.isdisjoint(node.outputs)
    )


def in_use(buffers: Sequence[Buffer], steps: int) -> list[int] | None:
    """Return the bytes in use at each of so many steps, None where a size is unknown."""
    change = [0] * (steps + 1)
    for buffer in buffers:
        if buffer.size is None:
            return None
        change[buffer.born] += buffer.size
        if buffer.died is not None:
            change[buffer.died + 1] -= buffer.size
    return list(accumulate(change[:-1]))


def plan(model: Model, order: Sequence[Node]) -> list[Buffer]:
    """Return the buffers of a run that takes the nodes in this order.

    Inputs and weights of the model, and views of them, lie in memory that is not the run's own.
    """
    planner = _Planner(model)
    for step, node in enumerate(order):
        for name in made(model, node):
            planner.place(step, node, name)
        if node.op in SPLIT and node.outputs:
            size = size_of(model, node.outputs[0])
            planner.buffers.append(Buffer(size, step, 0, died=step))
        planner.release(step, node)
    return planner.buffers


class _Planner:
    """Where each tensor lies, so far."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.buffers: list[Buffer] = []
        self._of: dict[str, Buffer] = {}
        self._views = view_nodes(model)
        self._kept = set(model.outputs)
        reads = (name for node in model.nodes for name in (*node.inputs, *node.captures))
        self._reads = Counter(reads) + Counter(self._kept)

    def place(self, step: int, node: Node, name: str) -> None:
        """Find a place for an output of a node."""
        source = node.inputs[0] if node.inputs else ""
        buffer = self._of.get(source)
        if node.key in self._views:
            if buffer is None:
                return
        elif buffer is None or not self._in_place(node, source, name, buffer):
            buffer = Buffer(size_of(self.model, name), step, 0)
            self.buffers.append(buffer)
        buffer.reads += self._reads[name]
        buffer.tensors.append((step, name))
        self._of[name] = buffer

    def release(self, step: int, node: Node) -> None:
        """Give back what a node was the last to read; what nobody reads is kept to the end."""
        for name in (*node.inputs, *node.captures):
            buffer = self._of.get(name)
            if buffer is not None:
                buffer.reads -= 1
                if buffer.reads == 0:
                    buffer.died = step

    def _in_place(self, node: Node, source: str, name: str, buffer: Buffer) -> bool:
        """Tell whether a node may write its output over its first operand.

        Where a size is unknown the answer doesn't matter: then the peak is unknown too.
        """
        if node.op not in IN_PLACE or name in self._kept or buffer.reads != 1:
            return False
        before, after = self.model.value(source), self.model.value(name)
        widths = {BYTES_PER_ELEMENT.get(value.dtype or "") for value in (before, after)}
        return before.shape == after.shape and len(widths) == 1
