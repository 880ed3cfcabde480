"""MACs and FLOPs of every operator: a table from op to pure function.

1 MAC is one multiply-add. Convolutions, dense layers, matrix products (attention too) and
recurrent cells have MACs; bias, activations, normalisation, pooling and resizing have none.
FLOPs are two for each MAC plus the other operations, one for each number that an operation
makes. An operator is counted, zero on purpose, or unknown, and what is unknown is never zero.

The MACs agree with torch's FlopCounterMode divided by two, and so with the figures in
torchvision's weight metadata, to three decimals.
"""

from collections.abc import Mapping

from cnnlint.facts.counting.attention import ATTENTION, MICROSOFT_ATTENTION
from cnnlint.facts.counting.call import UNCOUNTED, Call, Cost, Count, Unknown
from cnnlint.facts.counting.convolution import CONVOLUTION
from cnnlint.facts.counting.einsum import EINSUM
from cnnlint.facts.counting.elementwise import ELEMENTWISE, FLOPS_PER_INPUT, FLOPS_PER_OUTPUT
from cnnlint.facts.counting.matrix import MATRIX
from cnnlint.facts.counting.recurrent import RECURRENCE
from cnnlint.facts.counting.transform import TRANSFORM
from cnnlint.model.graph import Model, Node

__all__ = ["COUNTS", "FLOPS_PER_INPUT", "FLOPS_PER_OUTPUT", "MACS", "Cost", "cost"]

MACS: Mapping[str, Count] = {**CONVOLUTION, **MATRIX, **EINSUM, **ATTENTION, **RECURRENCE}
"""How each operator is counted that has MACs, by its name as Node has it."""
COUNTS: Mapping[str, Count] = {**ELEMENTWISE, **TRANSFORM, **MACS}
"""The same of every operator that we can count."""


def cost(model: Model, node: Node) -> Cost:
    """Return what a node costs at the bound shapes."""
    count = COUNTS.get(node.op)
    if node.domain == "com.microsoft":
        count = MICROSOFT_ATTENTION.get(node.op, count)
    if count is None:
        return UNCOUNTED
    try:
        return count(Call(model, node))
    except Unknown:
        return Cost(None, None)
