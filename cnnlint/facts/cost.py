"""MACs and FLOPs of every operator: a table from op to pure function.

1 MAC is one multiply-add. Convolutions, dense layers, matrix products (attention too) and
recurrent cells have MACs; bias, activations, normalisation, pooling and resizing have none.
FLOPs are two for each MAC plus the element-wise operations of the table below, one for each
number that an operation makes. An operator is counted, zero on purpose, or unknown, and what
is unknown is never zero.

The MACs agree with torch's FlopCounterMode divided by two, and so with the figures in
torchvision's weight metadata, to three decimals.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod

from cnnlint.facts.layers import CONV_OPERANDS, DENSE_OPERANDS, RECURRENT
from cnnlint.model.graph import Model, Node, StaticShape


@dataclass(frozen=True, slots=True)
class Cost:
    """What one operator costs; None where a shape that decides it is unknown."""

    macs: int | None
    flops: int | None
    counted: bool = True
    """False for an operator that nobody has taught us to count."""


UNCOUNTED = Cost(None, None, counted=False)
Shapes = Sequence[StaticShape | None]
Count = Callable[[Node, Shapes, Shapes], int | None]


def cost(model: Model, node: Node) -> Cost:
    """Return what a node costs at the bound shapes."""
    ins = [model.static(name) if name else None for name in node.inputs]
    outs = [model.static(name) if name else None for name in node.outputs]
    if node.op in MACS:
        macs = MACS[node.op](node, ins, outs)
        return Cost(macs, None if macs is None else 2 * macs + _bias(node, outs))
    if node.op in RESIZING and node.get_str("mode", "nearest") == "nearest":
        return Cost(0, 0)
    if node.op in FLOPS_PER_OUTPUT:
        return _elementwise(outs[0] if outs else None, FLOPS_PER_OUTPUT[node.op])
    if node.op in FLOPS_PER_INPUT:
        return _elementwise(ins[0] if ins else None, FLOPS_PER_INPUT[node.op])
    if node.op in POOLING:
        return _elementwise(outs[0], prod(node.get_ints("kernel_shape") or (1,)))
    return Cost(0, 0) if node.op in FREE else UNCOUNTED


def conv_macs(out: StaticShape, cin: int, groups: int, kernel: StaticShape) -> int:
    """Return the MACs of a convolution to ``[N, C, *grid]``: each output reads a window."""
    return prod(out) * (cin // groups) * prod(kernel)


def transposed_conv_macs(into: StaticShape, cout: int, groups: int, kernel: StaticShape) -> int:
    """Return the MACs of a transposed convolution on ``[N, C, *grid]``: inputs write windows."""
    return prod(into) * (cout // groups) * prod(kernel)


def matmul_macs(out: StaticShape, inner: int) -> int:
    """Return the MACs of a (batched) matrix product of ``out`` summing over ``inner``."""
    return prod(out) * inner


def einsum_macs(equation: str, ins: Shapes) -> int | None:
    """Return the MACs of a two-operand Einsum; 0 where nothing is summed; None if unknown.

    An equation with an ellipsis or of three and more operands is unknown: the order in which
    it is evaluated decides its cost.
    """
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if "." in equation or len(terms) > 2 or len(terms) != len(ins):
        return None
    sizes: dict[str, int] = {}
    for term, shape in zip(terms, ins, strict=True):
        if shape is None or len(shape) != len(term):
            return None
        sizes |= {
            letter: max(n, sizes.get(letter, 1)) for letter, n in zip(term, shape, strict=True)
        }
    letters = "".join(terms)
    kept = set(right) if arrow else {c for c in letters if letters.count(c) == 1}
    summed = set(sizes) - kept
    return prod(sizes.values()) if summed and len(terms) == 2 else 0


def recurrent_macs(steps: int, batch: int, weights: int, recurrences: int) -> int:
    """Return the MACs of a recurrent layer: all of W and R once a step, direction and sample."""
    return steps * batch * (weights + recurrences)


def _conv(node: Node, ins: Shapes, outs: Shapes) -> int | None:
    at_map, at_weight, _ = CONV_OPERANDS[node.op]
    transposed = node.op == "ConvTranspose"
    weight, grid = _at(ins, at_weight), _at(ins, at_map) if transposed else _at(outs, 0)
    if weight is None or grid is None or len(weight) < 2:
        return None
    groups = max(1, node.get_int("group", 1))
    count = transposed_conv_macs if transposed else conv_macs
    return count(grid, weight[1] * groups, groups, weight[2:])


def _matmul(node: Node, ins: Shapes, outs: Shapes) -> int | None:
    left, out = _at(ins, DENSE_OPERANDS[node.op][0]), _at(outs, 0)
    if left is None or out is None or not left:
        return None
    flipped = bool(node.get_int("transA", 0)) and len(left) > 1
    return matmul_macs(out, left[-2] if flipped else left[-1])


def _einsum(node: Node, ins: Shapes, _outs: Shapes) -> int | None:
    return einsum_macs(node.get_str("equation", ""), ins)


def _recurrent(_node: Node, ins: Shapes, _outs: Shapes) -> int | None:
    x, weight, recurrence = _at(ins, 0), _at(ins, 1), _at(ins, 2)
    if x is None or weight is None or recurrence is None or len(x) != 3:
        return None
    return recurrent_macs(x[0], x[1], prod(weight), prod(recurrence))


def _at(shapes: Shapes, index: int) -> StaticShape | None:
    return shapes[index] if index < len(shapes) else None


def _bias(node: Node, outs: Shapes) -> int:
    """Return the additions of a bias: one for each output."""
    if node.op in CONV_OPERANDS:
        at = CONV_OPERANDS[node.op][2]
    else:
        at = 2 if node.op in ("Gemm", "FusedGemm") else -1
    out = _at(outs, 0)
    return prod(out) if out is not None and 0 <= at < len(node.inputs) and node.inputs[at] else 0


def _elementwise(shape: StaticShape | None, each: int) -> Cost:
    return Cost(0, None if shape is None else each * prod(shape))


MACS: Mapping[str, Count] = {
    **dict.fromkeys(CONV_OPERANDS, _conv),
    **dict.fromkeys(DENSE_OPERANDS, _matmul),
    **dict.fromkeys(RECURRENT, _recurrent),
    "Einsum": _einsum,
}

_ONE = """
    Abs Acos Acosh Add And Asin Asinh Atan Atanh BitShift BitwiseAnd BitwiseNot BitwiseOr
    BitwiseXor Ceil Celu Clip Cos Cosh Div Elu Equal Erf Exp FastGelu Floor Gelu BiasGelu
    QuickGelu Greater GreaterOrEqual HardSigmoid HardSwish Hardmax IsInf IsNaN LeakyRelu Less
    LessOrEqual Log Max Mean Min Mish Mod Mul Neg Not Or PRelu Pow Reciprocal Relu Round Selu
    Shrink Sigmoid Sign Sin Sinh Softplus Softsign Sqrt Sub Sum Swish Tan Tanh ThresholdedRelu
    Where Xor QuantizeLinear DequantizeLinear DynamicQuantizeLinear CumSum
"""
FLOPS_PER_OUTPUT: Mapping[str, int] = {
    **dict.fromkeys(_ONE.split(), 1),
    "BatchNormalization": 2,  # folded: scale and shift
    **dict.fromkeys(("LayerNormalization", "InstanceNormalization", "GroupNormalization"), 7),
    **dict.fromkeys(("RMSNormalization", "SimplifiedLayerNormalization", "LpNormalization"), 4),
    "SkipLayerNormalization": 8,
    "LRN": 6,
    **dict.fromkeys(("Softmax", "LogSoftmax"), 5),
    **dict.fromkeys(("Resize", "Upsample", "GridSample", "RoiAlign"), 7),  # interpolation
}
"""Operations for each number of the output."""

RESIZING = frozenset({"Resize", "Upsample"})
"""Free in their mode "nearest", which copies numbers."""

_REDUCE = """
    ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd
    ReduceSum ReduceSumSquare GlobalAveragePool GlobalMaxPool GlobalLpPool ArgMax ArgMin TopK
"""
FLOPS_PER_INPUT: Mapping[str, int] = dict.fromkeys(_REDUCE.split(), 1)
"""Operations for each number of the input."""

POOLING = frozenset({"MaxPool", "AveragePool", "LpPool"})
"""One operation for each number of the window, at each output."""

_MOVE = """
    Cast CastLike Compress Concat Constant ConstantOfShape DepthToSpace Dropout Expand EyeLike
    Flatten Gather GatherElements GatherND Identity MaxUnpool NonMaxSuppression NonZero OneHot Pad
    RandomNormal RandomNormalLike RandomUniform RandomUniformLike Range Reshape ReverseSequence
    Scatter ScatterElements ScatterND Shape Size Slice SpaceToDepth Split Squeeze Tile Transpose
    Trilu Unique Unsqueeze
"""
FREE = frozenset(_MOVE.split())
"""Zero on purpose: they move, choose or convert numbers and compute none."""
