"""Output shapes by operator: a table of pure functions, and those that keep the shape.

A handler takes a :class:`~cnnlint.model.inference.call.Call` and returns the shapes of the node's
outputs in order, None where even the rank is unknown. It may return more than the node has. It
raises ``Contradiction`` where the node can't run and ``Unresolved`` where nothing can be said.
"""

from collections.abc import Mapping

from cnnlint.model.defect import Kind
from cnnlint.model.graph import Dim, Shape
from cnnlint.model.inference.attention import ATTENTION, PREVIEW
from cnnlint.model.inference.call import (
    Call,
    Contradiction,
    Handler,
    Shapes,
    broadcast,
    one_axis,
    one_dim,
    one_shape,
    spell,
)
from cnnlint.model.inference.layout import LAYOUT
from cnnlint.model.inference.matrix import MATRIX, MICROSOFT_MATRIX
from cnnlint.model.inference.microsoft import MICROSOFT
from cnnlint.model.inference.pooling import MICROSOFT_POOLING, POOLING
from cnnlint.model.inference.resizing import RESIZING
from cnnlint.model.inference.selecting import SELECT
from cnnlint.model.inference.signals import SIGNALS
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
    """The data's shape, by the spec; onnxruntime lets a larger slope widen it."""
    data, slope = call.shape(0), call.shape_or_none(1)
    if slope is not None and call.opset >= 7:
        return (broadcast(data, slope),)
    return (data,)


def _channels(data: Shape) -> Dim:
    return data[1] if len(data) > 1 else 1


def _per_channel(call: Call, index: int, channels: Dim, what: str) -> None:
    shape = call.shape_or_none(index)
    if shape is not None and len(shape) != 1:
        raise Contradiction(f"{what} has {len(shape)} axes where 1 is needed", Kind.RANK)
    count = shape[0] if shape else None
    if count is not None and channels is not None and count != channels:
        clash = f"{what} has {count} values for {channels} channels"
        raise Contradiction(clash, Kind.LENGTH)


def _batch_norm(call: Call) -> Shapes:
    """Shape of the output, and (C,) of whatever statistics training mode gives."""
    data = call.shape(0)
    channels = _channels(data)
    made = len(call.node.outputs)
    if call.is_since(14) and made not in {1, 3}:
        raise Contradiction(f"{made} outputs where 1 or 3 are made", Kind.NODE)
    if call.is_since(14) and made > 1 and not call.attr_int("training_mode", 0):
        raise Contradiction("statistics are only made in training mode", Kind.NODE)
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
    for index, what in ((1, "scale"), (2, "bias")):
        if call.shape_or_none(index) not in {(), (1,)}:  # one for all: runtimes broadcast it
            _per_channel(call, index, per, what)
    return (data,)


def _layer_norm(call: Call) -> Shapes:
    """Shape kept, and the statistics: 1 along every axis that was normalised."""
    data = call.shape(0)
    axis = one_axis(call.attr_int("axis", -1), len(data))
    for index, what in ((1, "scale"), (2, "bias")):
        shape = call.shape_or_none(index)
        if shape is not None and len(broadcast(data, shape)) > len(data):
            clash = f"a {what} of {spell(shape)} for an input of {spell(data)}"
            raise Contradiction(clash, Kind.LENGTH)
    statistics = (*data[:axis], *(1,) * (len(data) - axis))
    return (data, statistics, statistics)


def _skip_layer_norm(call: Call) -> Shapes:
    """Outputs of com.microsoft.SkipLayerNormalization; the fourth is the sum itself."""
    data = call.shape(0)
    statistics = (*data[:-1], 1)
    return (data, statistics, statistics, data)


def _loss(call: Call) -> Shapes:
    """The loss, of each target or of all together; and, of SoftmaxCrossEntropyLoss, log p."""
    data, target = call.shape(0), call.value(1).shape
    if len(data) < 2:
        raise Contradiction(f"the input has {len(data)} axes, 2 are the least", Kind.RANK)
    if target is not None:
        wanted = (data[0], *data[2:])
        clash = f"targets of {spell(target)} for an input that wants {spell(wanted)}"
        one_shape(wanted, target, clash)
    return (target if call.node.get_str("reduction", "mean") == "none" else (), data)


def _det(call: Call) -> Shapes:
    """One determinant for each matrix."""
    data = call.shape(0)
    if len(data) < 2:
        raise Contradiction(f"the input has {len(data)} axes, a matrix has 2", Kind.RANK)
    one_dim(data[-2], data[-1], f"the determinant of a matrix of {data[-2]}x{data[-1]}")
    return (data[:-2],)


def _scalar(_: Call) -> Shapes:
    return ((),)


def _decoded_image(call: Call) -> Shapes:
    """(height, width, channels) of ImageDecoder."""
    gray = call.node.get_str("pixel_format", "RGB") == "Grayscale"
    return ((None, None, 1 if gray else 3),)


def _at_least(rank: int) -> Handler:
    """Return the handler of an operator that keeps the shape of tensors with so many axes."""

    def kept(call: Call) -> Shapes:
        data = call.shape(0)
        if len(data) < rank:
            clash = f"the input has {len(data)} axes, {rank} are the least"
            raise Contradiction(clash, Kind.RANK)
        return (data,)

    return kept


def _clip(call: Call) -> Shapes:
    """Same shape; either bound is one number."""
    for index in (1, 2):
        shape = call.shape_or_none(index)
        if shape and (len(shape) > 1 or shape[0] not in {None, 1}):
            raise Contradiction(f"a bound of {spell(shape)} is not one number", Kind.LENGTH)
    return (call.value(0).shape,)


def _scatter(call: Call) -> Shapes:
    """Same shape: ScatterElements puts as many elements as there are indices."""
    data, indices, updates = (call.shape(index) for index in range(3))
    axis = one_axis(call.attr_int("axis", 0), len(data))
    if len(indices) != len(data):
        clash = f"the indices have {len(indices)} axes, the input {len(data)}"
        raise Contradiction(clash, Kind.RANK)
    clash = f"{spell(updates)} updates for {spell(indices)} indices along axis {axis}"
    one_shape(indices, updates, clash)
    return (data,)


def _scatter_nd(call: Call) -> Shapes:
    """Same shape; updates are (indices but their last axis, the axes that an index leaves)."""
    data, indices, updates = call.shape(0), call.shape_or_none(1), call.shape_or_none(2)
    reach = indices[-1] if indices else None
    if indices is None or updates is None or reach is None:
        return (data,)
    if reach > len(data):
        raise Contradiction(f"indices of {reach} numbers into {len(data)} axes", Kind.RANK)
    wanted = (*indices[:-1], *data[reach:])
    one_shape(wanted, updates, f"updates of {spell(updates)} where {spell(wanted)} fit")
    return (data,)


def _dynamic_quantize(call: Call) -> Shapes:
    return (call.value(0).shape, (), ())


def _qlinear_concat(call: Call) -> Shapes:
    """Shape of com.microsoft.QLinearConcat: inputs come as (tensor, scale, zero point)."""
    parts = call.inputs[2::3]
    return LAYOUT["Concat"](Call(call.node, parts, call.partial, 13))


_ELEMENTWISE = """
    Abs Acos Acosh Affine Asin Asinh Atan Atanh Bernoulli BitCast BitwiseNot Cast CastLike Ceil
    Celu Cos Cosh DequantizeLinear Elu Erf Exp EyeLike Floor Gelu HardSigmoid HardSwish
    Identity ImageScaler IsInf IsNaN LeakyRelu Log LRN MeanVarianceNormalization Mish Neg Not
    ParametricSoftplus QuantizeLinear RandomNormalLike RandomUniformLike Reciprocal
    RegexFullMatch Relu ReverseSequence Round ScaledTanh Selu Shrink Sigmoid Sign Sin Sinh
    Softplus Softsign Sqrt Swish Tan Tanh ThresholdedRelu
"""
_SAME_IN_ML = "Binarizer Imputer Normalizer Scaler"
_BROADCAST = """
    Add And BitShift BitwiseAnd BitwiseOr BitwiseXor Div Equal Greater GreaterOrEqual Less
    LessOrEqual Max Mean Min Mod Mul Or Pow StringConcat Sub Sum SwiGLU Where Xor
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
    "Clip": _clip,
    "CumProd": _at_least(1),
    "CumSum": _at_least(1),
    "Det": _det,
    "Dropout": _same_twice,
    "DynamicQuantizeLinear": _dynamic_quantize,
    "GroupNormalization": _group_norm,
    "Hardmax": _along_axis,
    "ImageDecoder": _decoded_image,
    "InstanceNormalization": _instance_norm,
    "LayerNormalization": _layer_norm,
    "LogSoftmax": _along_axis,
    "LpNormalization": _along_axis,
    "NegativeLogLikelihoodLoss": _loss,
    "OptionalHasElement": _scalar,
    "PRelu": _prelu,
    "RMSNormalization": _layer_norm,
    "Scatter": _scatter,
    "ScatterElements": _scatter,
    "ScatterND": _scatter_nd,
    "SequenceLength": _scalar,
    "SimplifiedLayerNormalization": _layer_norm,  # onnxruntime's, in the default domain
    "Softmax": _along_axis,
    "SoftmaxCrossEntropyLoss": _loss,
    "Trilu": _at_least(2),
    **ATTENTION,
    **SIGNALS,
    **WINDOW,
    **POOLING,
    **MATRIX,
    **LAYOUT,
    **RESIZING,
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
    **MICROSOFT_POOLING,
    **MICROSOFT_MATRIX,
}
HANDLERS: Mapping[str, Mapping[str, Handler]] = {
    "": _STANDARD,
    "ai.onnx.ml": {f"ai.onnx.ml:{op}": _same for op in _SAME_IN_ML.split()},
    "ai.onnx.preview": PREVIEW,
    "com.microsoft": _MICROSOFT,
}
"""Domain to operator to handler."""
