"""Matrix products: of a dense layer, of two data tensors, quantised, packed, fused."""

from collections.abc import Mapping
from math import prod

from cnnlint.facts.counting.call import Call, Cost, Count, Unknown, checked, products
from cnnlint.facts.layers import DENSE_OPERANDS, PACKED_DENSE
from cnnlint.model.graph import StaticShape

_BIAS = {
    **dict.fromkeys(("Gemm", "FusedGemm", "GemmFastGelu"), 2),
    **dict.fromkeys(("MatMulIntegerToFloat", "QGemm"), 6),
    "DynamicQuantizeMatMul": 4,
    "MatMulNBits": 5,
}
"""Where each product has its bias."""


def matmul_macs(out: StaticShape, inner: int) -> int:
    """Return the MACs of a (batched) matrix product of ``out`` summing over ``inner``."""
    return prod(out) * inner


def _matmul(call: Call) -> Cost:
    """Count a product; the inner size is that of either operand, since they must agree."""
    at_left, at_right = DENSE_OPERANDS[call.node.op]
    left, right, out = call.shape(at_left), call.shape(at_right), checked(call.out())
    flipped = bool(call.node.get_int("transA", 0)), bool(call.node.get_int("transB", 0))
    if call.node.get_int("transBatchA", 0):
        left = _batch_last(left)
    if call.node.get_int("transBatchB", 0):
        right = _batch_last(right)
    inner = left[-2 if flipped[0] and len(left) > 1 else -1] if left else None
    if inner is None and right:
        inner = right[-1 if flipped[1] or len(right) == 1 else -2]
    if inner is None:
        raise Unknown
    return products(matmul_macs(out, inner), besides=_besides(call, out))


def _batch_last(shape: StaticShape | None) -> StaticShape | None:
    """Return ``[m, *batch, k]`` as FusedMatMul turns it: ``[*batch, m, k]``."""
    return (*shape[1:-1], shape[0], shape[-1]) if shape and len(shape) > 1 else shape


def _packed(call: Call) -> Cost:
    """Count a product with a packed weight, whose sizes are the attributes K and N."""
    out, inner = checked(call.out()), call.node.get_int("K", 0)
    if inner < 1:
        raise Unknown
    return products(matmul_macs(out, inner), besides=_besides(call, out))


def _besides(call: Call, out: StaticShape) -> int:
    """Return the additions of a bias and the fused activation: one for each output."""
    fused = call.activated() or call.node.op == "GemmFastGelu"
    return (int(call.has(_BIAS.get(call.node.op, -1))) + int(fused)) * prod(out)


def _affine_grid(call: Call) -> Cost:
    """Count the coordinates of every point times theta, ``[N, axes, axes + 1]``."""
    return products(matmul_macs(checked(call.out()), call.needed(0, 3)[-1]))


def _linear_model(call: Call) -> Cost:
    """Count ai.onnx.ml's linear models on ``[rows, features]``, or one row.

    An attribute holds the coefficients, one for each class and feature.
    """
    weights = call.node.attrs.get("coefficients")
    if not isinstance(weights, tuple):
        raise Unknown
    return products(prod(call.needed(0)[:-1]) * len(weights))


MATRIX: Mapping[str, Count] = {
    **dict.fromkeys(DENSE_OPERANDS, _matmul),
    **dict.fromkeys(PACKED_DENSE, _packed),
    **dict.fromkeys(("ai.onnx.ml:LinearClassifier", "ai.onnx.ml:LinearRegressor"), _linear_model),
    "AffineGrid": _affine_grid,
}
