"""Which operators keep a tensor an affine function of what came in, so that layers can merge."""

from dataclasses import dataclass

from cnnlint.facts.activations.arithmetic import ARITHMETIC
from cnnlint.facts.layers import Conv, Dense, Weighted, sides
from cnnlint.facts.training.modes import Dropping, dropping, normalises_by_batch
from cnnlint.model.graph import Model, Node

LAYOUT = frozenset(
    {"Identity", "Dropout", "Transpose", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Slice"}
    | {"Split", "Pad", "DepthToSpace", "SpaceToDepth"}
)
"""Operators that move or pick numbers, or pad with a constant, or (Dropout) do nothing."""
PLAIN_LAYERS = frozenset({"Conv", "ConvTranspose", "Gemm", "MatMul"})
"""Layers that are affine in what they read; fused ones may hold an activation, integers round."""


@dataclass(frozen=True, slots=True)
class Source:
    """The layer that a tensor is an affine function of, where nobody else reads anything between.

    Normalisation in training mode, which becomes affine at inference, may lie between.
    """

    layer: Conv | Dense
    between: tuple[Node, ...]
    """The operators without weights on the way, nearest to the tensor first."""

    @property
    def shifts(self) -> bool:
        """Whether a constant is added on the way: where nothing came in, something comes out."""
        adds = (node.op in ("BatchNormalization", "Add", "Sub") for node in self.between)
        return has_bias(self.layer) or any(adds)


def is_affine(node: Node, data: frozenset[str]) -> bool:
    """Return whether a node without weights gives an affine function of one data operand.

    So it is with a change of layout, BatchNormalization as it is at inference, and sums and
    products with a constant. What divides by data, and what normalises by the map's own
    statistics, is not.

    Args:
        node: the node.
        data: the tensors that carry data; the others are constants.
    """
    operands = [name for name in node.inputs if name in data]
    if len(operands) != 1 or (operands[0] != node.inputs[0] and node.op not in ARITHMETIC):
        return False
    if node.op == "Div":
        return operands[0] == node.inputs[0]
    return node.op == "BatchNormalization" or node.op in LAYOUT | ARITHMETIC


def has_bias(layer: Conv | Dense) -> bool:
    """Return whether a layer adds a number to each output channel."""
    if isinstance(layer, Conv):
        return layer.bias
    return layer.node.op == "Gemm" and bool("".join(layer.node.inputs[2:]))


def weights_of(layer: Conv | Dense) -> int:
    """Return the numbers in a kernel or matrix, bias excluded."""
    return layer.weights if isinstance(layer, Conv) else layer.cin * layer.cout


def described(layer: Conv | Dense) -> str:
    """Return a layer as people write it: ``Conv 3x3 64->128``."""
    size = f"{sides(layer.kernel)} " if isinstance(layer, Conv) else ""
    return f"{layer.node.op} {size}{layer.cin}->{layer.cout}"


def is_plain(layer: Weighted, data: frozenset[str]) -> bool:
    """Return whether a layer is an affine function of one data operand and nothing else."""
    return layer.node.op in PLAIN_LAYERS and sum(name in data for name in layer.node.inputs) == 1


def by_channel(model: Model, data: frozenset[str], source: Source) -> bool:
    """Return whether all that lies between scales and shifts each channel as a whole.

    Then it folds into the layer's weight and bias. Training-mode BatchNormalization and Dropout
    do not.
    """
    return all(_folds(model, data, source.layer, node) for node in source.between)


def _folds(model: Model, data: frozenset[str], layer: Conv | Dense, node: Node) -> bool:
    rank = len(layer.kernel) + 2 if isinstance(layer, Conv) else len(layer.out_shape or ())
    last = isinstance(layer, Dense)
    if node.op == "BatchNormalization":
        return not normalises_by_batch(model, node) and (rank == 2 or not last)
    if node.op == "Dropout":
        return dropping(model, node) in (Dropping.NO, Dropping.NOTHING)
    if node.op not in ARITHMETIC:
        return node.op == "Identity"
    constant = next((name for name in node.inputs if name not in data), "")
    shape = model.static(constant)
    if shape is None or len(shape) > rank:
        return False
    sizes = (1,) * (rank - len(shape)) + shape
    place = rank - 1 if last else 1
    return all(size in (1, layer.cout if i == place else 1) for i, size in enumerate(sizes))
