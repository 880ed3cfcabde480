"""Which operators keep a tensor an affine function of what came in, so that layers can merge."""

from cnnlint.model.graph import Node

LAYOUT = frozenset(
    {"Identity", "Dropout", "Transpose", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Slice"}
    | {"Split", "Pad", "DepthToSpace", "SpaceToDepth"}
)
"""Operators that move or pick numbers, or pad with a constant, or (Dropout) do nothing."""
ARITHMETIC = frozenset({"Add", "Sub", "Mul", "Div"})
"""Operators that are affine where all but one operand are constants."""


def is_affine(node: Node, data: frozenset[str]) -> bool:
    """Return whether a node without weights gives an affine function of one data operand.

    So it is with a change of layout, inference-mode BatchNormalization, and sums and products with
    a constant. What divides by data, and what normalises by the map's own statistics, is not.

    Args:
        node: the node.
        data: the tensors that carry data; the others are constants.
    """
    operands = [name for name in node.inputs if name in data]
    if len(operands) != 1 or (operands[0] != node.inputs[0] and node.op not in ARITHMETIC):
        return False
    if node.op == "BatchNormalization":
        return not node.get_int("training_mode", 0)
    if node.op == "Div":
        return operands[0] == node.inputs[0]
    return node.op in LAYOUT | ARITHMETIC
