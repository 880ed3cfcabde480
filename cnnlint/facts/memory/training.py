"""Memory that training takes: what the backward pass needs of the forward pass, and parameters.

Kept for the backward pass are

- the input of a layer with weights, of a normalisation and of a max pooling,
- the result of ReLU, Sigmoid, Tanh and Softmax; what other activations are applied to,
- both factors of a product of two data tensors.

A tensor that several need is kept once, and views of it are not copies. Where the file has no
normalisation any more and the recipe names one, it is behind every convolution, and its input
is kept too. Gradients of maps live but shortly and are left out, as are the workspace of kernels
and what a framework takes for itself: a run needs more, and less only where it computes
maps twice (checkpointing). Where neither file nor recipe says that there is normalisation, it
may be twice as much.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from cnnlint.facts.dataflow import size_in_bytes, total
from cnnlint.facts.facts import Facts
from cnnlint.facts.memory.buffers import VIEWS
from cnnlint.facts.training.modes import NORMALISATIONS
from cnnlint.facts.training.optimizers import optimizer
from cnnlint.facts.training.recipe import NONE
from cnnlint.model.graph import Node

KEEPS_RESULT = frozenset({"Relu", "Sigmoid", "Tanh", "Softmax", "LogSoftmax"})
"""Activations whose gradient follows from their result."""
KEEPS_INPUT = NORMALISATIONS | {"MaxPool"}
PRODUCTS = frozenset({"Mul", "Div", "MatMul", "Gemm", "Einsum"})
WEIGHT_BYTES = GRADIENT_BYTES = STATE_BYTES = 4
"""Bytes of one number in float32; mixed precision has weights in it too."""


@dataclass(frozen=True, slots=True)
class TrainingMemory:
    """Bytes that training takes at least, on each device."""

    per_image: int
    parameters: int
    """Weights, their gradients and what the optimizer keeps."""

    def of(self, images: int) -> int:
        """Return the bytes for a batch on a device."""
        return self.parameters + images * self.per_image

    def largest_batch(self, memory: float) -> int:
        """Return the largest power of two that fits into so many bytes, 0 where not one does."""
        images = int(memory - self.parameters) // self.per_image
        return 1 << (images.bit_length() - 1) if images > 0 else 0


def training_memory(facts: Facts) -> TrainingMemory | None:
    """Return the memory that training takes, None where sizes are unknown.

    What the recipe doesn't say is taken as what needs least: no state of the optimizer; but
    float32, unless it says mixed precision.
    """
    if not facts.images:
        return None
    mixed = facts.recipe.precision == "mixed"
    kept = total(_bytes(facts, name, mixed=mixed) for name in _kept(facts))
    if not kept:
        return None
    known = optimizer(facts.recipe.optimizer)
    state = known.state if known else 0
    each = WEIGHT_BYTES + GRADIENT_BYTES + state * STATE_BYTES
    return TrainingMemory(-(-kept // facts.images), facts.params * each)


def _kept(facts: Facts) -> frozenset[str]:
    """Return the tensors that the backward pass reads, views as what they look at."""
    whole: dict[str, str] = {}
    kept: set[str] = set()
    hidden_norm = facts.recipe.norm not in (None, NONE) and not any(
        node.op in NORMALISATIONS for node in facts.nodes
    )
    convs = {conv.node.key for conv in facts.convs} if hidden_norm else set()
    for node in facts.nodes:
        kept.update(whole.get(name, name) for name in _needed(facts, node))
        if node.op in VIEWS | {"Transpose"}:
            whole[node.outputs[0]] = whole.get(node.inputs[0], node.inputs[0])
        if node.key in convs:
            kept.add(node.outputs[0])
    return frozenset(kept)


def _needed(facts: Facts, node: Node) -> Iterator[str]:
    """Yield the tensors that the gradient of a node is computed from."""
    activation = facts.activations.of.get(node.key)
    if activation is not None:
        yield activation.result if activation.kind in KEEPS_RESULT else activation.source
        return
    data = [name for name in node.inputs if name in facts.data]
    is_product = node.op in PRODUCTS and len(data) > 1
    if node.key in facts.weighted or node.op in KEEPS_INPUT or is_product:
        yield from data


def _bytes(facts: Facts, name: str, *, mixed: bool) -> int | None:
    """Return the bytes of a tensor in training, None where its size is unknown."""
    shape = facts.model.static(name)
    return None if shape is None else size_in_bytes(prod(shape), "float16" if mixed else "float32")
