"""Output shapes by operator: a table of pure functions, and those that keep the shape.

A handler takes a :class:`~cnnlint.model.inference.call.Call` and returns the shapes of the node's
outputs in order, None where even the rank is unknown. It may return more than the node has. It
raises ``Contradiction`` where the node can't run and ``Unresolved`` where nothing can be said.
"""

from collections.abc import Mapping

from cnnlint.model.defect import Kind
from cnnlint.model.graph import Dim, Shape
from cnnlint.model.inference.call import (
    Call,
    Contradiction,
    Handler,
    Shapes,
    broadcast,
    one_axis,
    product,
    spell,
)
from cnnlint.model.inference.layout import LAYOUT
from cnnlint.model.inference.matrix import MATRIX, MICROSOFT_MATRIX
from cnnlint.model.inference.microsoft import MICROSOFT
from cnnlint.model.inference.selecting import SELECT
from cnnlint.model.inference.window import MICROSOFT_WINDOW, WINDOW


def _same(call: Call) -> Shapes:
    return (call.value(0).shape,)


def _same_twice(call: Call) -> Shapes:
    """Same for the output and, of a Dropout, its mask."""
    shape = call.value(0).shape
    return (shape, shape)


def _broadcast(*others: int) -> Handler:
    """Return the handler of an elementwise operator on its first and these inputs (none: all).

    Before opset 7 the second operand was stretched to the first along an ``axis``.
    """

    def spread(call: Call) -> Shapes:
        shape = call.shape(0)
        if call.opset < 7 and not call.node.domain:
            return (shape,)
        for index in others or range(1, len(call.inputs)):
            shape = broadcast(shape, call.shape(index))
        return (shape,)

    return spread


def _along_axis(call: Call) -> Shapes:
    """Return the same shape, of an operator that works along an axis."""
    data = call.shape(0)
    if data:
        one_axis(call.attr_int("axis", -1), len(data))
    return (data,)


def _prelu(call: Call) -> Shapes:
    data, slope = call.shape(0), call.shape_or_none(1)
    if slope is not None and call.opset >= 7:
        broadcast(data, slope)
    return (data,)


def _channels(data: Shape) -> Dim:
    return data[1] if len(data) > 1 else 1


def _per_channel(call: Call, index: int, channels: Dim, what: str) -> None:
    shape = call.shape_or_none(index)
    count = product(shape) if shape is not None else None
    if count is not None and channels is not None and count != channels:
        clash = f"{what} has {count} values for {channels} channels"
        raise Contradiction(clash, Kind.LENGTH)


def _batch_norm(call: Call) -> Shapes:
    """Shape of the output, and (C,) of whatever statistics training mode gives."""
    data = call.shape(0)
    channels = _channels(data)
    if call.attr_int("spatial", 1):
        for index, what in enumerate(("scale", "bias", "mean", "variance"), 1):
            _per_channel(call, index, channels, what)
    return (data, *((channels,),) * 4)


def _instance_norm(call: Call) -> Shapes:
    data = call.shape(0)
    _per_channel(call, 1, _channels(data), "scale")
    _per_channel(call, 2, _channels(data), "bias")
    return (data,)


def _group_norm(call: Call) -> Shapes:
    """Shape kept; scale and bias are per group before opset 21, per channel since."""
    data = call.shape(0)
    groups, channels = call.needed_int("num_groups"), _channels(data)
    if groups < 1 or (channels is not None and channels % groups):
        clash = f"{channels} channels do not divide into {groups} groups"
        raise Contradiction(clash, Kind.GROUPS)
    per = groups if call.opset < 21 else channels
    _per_channel(call, 1, per, "scale")
    _per_channel(call, 2, per, "bias")
    return (data,)


def _layer_norm(call: Call) -> Shapes:
    """Shape kept, and the statistics: 1 along every axis that was normalised."""
    data = call.shape(0)
    axis = one_axis(call.attr_int("axis", -1), len(data))
    scale = call.shape_or_none(1)
    if scale is not None and len(broadcast(data, scale)) > len(data):
        clash = f"a scale of {spell(scale)} for an input of {spell(data)}"
        raise Contradiction(clash, Kind.LENGTH)
    statistics = (*data[:axis], *(1,) * (len(data) - axis))
    return (data, statistics, statistics)


def _skip_layer_norm(call: Call) -> Shapes:
    """Outputs of com.microsoft.SkipLayerNormalization; the fourth is the sum itself."""
    data = call.shape(0)
    statistics = (*data[:-1], 1)
    return (data, statistics, statistics, data)


def _dynamic_quantize(call: Call) -> Shapes:
    return (call.value(0).shape, (), ())


def _qlinear_concat(call: Call) -> Shapes:
    """Shape of com.microsoft.QLinearConcat: inputs come as (tensor, scale, zero point)."""
    parts = call.inputs[2::3]
    return LAYOUT["Concat"](Call(call.node, parts, call.partial, 13))


_ELEMENTWISE = """
    Abs Acos Acosh Affine Asin Asinh Atan Atanh Bernoulli BitwiseNot Cast CastLike Ceil Celu Clip
    Cos Cosh CumProd CumSum DequantizeLinear Elu Erf Exp EyeLike Floor Gelu HardSigmoid HardSwish
    Identity ImageScaler IsInf IsNaN LeakyRelu Log LRN MeanVarianceNormalization Mish Neg Not
    ParametricSoftplus QuantizeLinear RandomNormalLike RandomUniformLike Reciprocal Relu
    ReverseSequence Round ScaledTanh Scatter ScatterElements ScatterND Selu Shrink Sigmoid Sign
    Sin Sinh Softplus Softsign Sqrt Swish Tan Tanh ThresholdedRelu Trilu
"""
_BROADCAST = """
    Add And BitShift BitwiseAnd BitwiseOr BitwiseXor Div Equal Greater GreaterOrEqual Less
    LessOrEqual Max Mean Min Mod Mul Or Pow Sub Sum Where Xor
"""
_MICROSOFT_ELEMENTWISE = """
    BiasAdd BiasDropout BiasGelu BiasSoftmax DequantizeLinear FastGelu Gelu GroupNorm
    Inverse LongformerAttention QLinearLeakyRelu QLinearSigmoid QLinearSoftmax QuantizeLinear
    QuickGelu RotaryEmbedding Trilu
"""
_STANDARD: Mapping[str, Handler] = {
    **dict.fromkeys(_ELEMENTWISE.split(), _same),
    **dict.fromkeys(_BROADCAST.split(), _broadcast()),
    "BatchNormalization": _batch_norm,
    "Dropout": _same_twice,
    "DynamicQuantizeLinear": _dynamic_quantize,
    "GroupNormalization": _group_norm,
    "Hardmax": _along_axis,
    "InstanceNormalization": _instance_norm,
    "LayerNormalization": _layer_norm,
    "LogSoftmax": _along_axis,
    "LpNormalization": _along_axis,
    "PRelu": _prelu,
    "RMSNormalization": _layer_norm,
    "SimplifiedLayerNormalization": _layer_norm,  # onnxruntime's, in the default domain
    "Softmax": _along_axis,
    **WINDOW,
    **MATRIX,
    **LAYOUT,
    **SELECT,
}
_MICROSOFT: Mapping[str, Handler] = {
    **dict.fromkeys(_MICROSOFT_ELEMENTWISE.split(), _same),
    "QLinearAdd": _broadcast(3),
    "QLinearConcat": _qlinear_concat,
    "QLinearMul": _broadcast(3),
    "SkipGroupNorm": _same_twice,
    "SkipLayerNormalization": _skip_layer_norm,
    "SkipSimplifiedLayerNormalization": _skip_layer_norm,
    **MICROSOFT,
    **MICROSOFT_WINDOW,
    **MICROSOFT_MATRIX,
}
HANDLERS: Mapping[str, Mapping[str, Handler]] = {"": _STANDARD, "com.microsoft": _MICROSOFT}
"""Domain to operator to handler."""
