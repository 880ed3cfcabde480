"""FLOPs of what has no MACs: so many for each number that goes in, or comes out."""

from collections.abc import Mapping
from math import prod

from cnnlint.facts.counting.call import FREE, Call, Cost, Count, each
from cnnlint.facts.counting.convolution import INTERPOLATION

_ONE = """
    Abs Acos Acosh Add And Asin Asinh Atan Atanh BiasAdd BitShift BitwiseAnd BitwiseNot BitwiseOr
    BitwiseXor Ceil Celu Clip Cos Cosh CumSum DequantizeLinear Div DynamicQuantizeLinear
    Elu Equal Erf Exp FastGelu Floor Gelu Greater GreaterOrEqual HardSigmoid HardSwish Hardmax
    IsInf IsNaN LeakyRelu Less LessOrEqual Log Max Mean Min Mish Mod Mul Neg Not Or PRelu Pow
    QLinearAdd QLinearLeakyRelu QLinearMul QLinearSigmoid QLinearWhere QuantizeLinear QuickGelu
    Reciprocal Relu Round Selu Shrink Sigmoid Sign Sin Sinh Softplus Softsign Sqrt Sub Sum Swish
    Tan Tanh ThresholdedRelu Where Xor
"""
FLOPS_PER_OUTPUT: Mapping[str, int] = {
    **dict.fromkeys(_ONE.split(), 1),
    "BatchNormalization": 2,  # folded: scale and shift
    "BiasGelu": 2,
    "SwiGLU": 2,
    "MeanVarianceNormalization": 5,
    **dict.fromkeys(("LayerNormalization", "InstanceNormalization", "GroupNormalization"), 7),
    "GroupNorm": 7,
    **dict.fromkeys(("RMSNormalization", "SimplifiedLayerNormalization", "LpNormalization"), 4),
    "SkipSimplifiedLayerNormalization": 5,
    "SkipLayerNormalization": 8,
    "SkipGroupNorm": 8,
    "LRN": 6,
    **dict.fromkeys(("Softmax", "LogSoftmax", "QLinearSoftmax"), 5),
    "BiasSoftmax": 6,
    **dict.fromkeys(("Resize", "Upsample", "GridSample"), INTERPOLATION),
    "ai.onnx.ml:Binarizer": 1,
    "ai.onnx.ml:Imputer": 1,
    "ai.onnx.ml:Scaler": 2,
    "ai.onnx.ml:Normalizer": 3,
}
"""Operations for each number of the output, of operators that work place by place."""

_ACROSS_PLACES: Mapping[str, int] = {
    "CumProd": 1,
    "TfIdfVectorizer": 1,
    "RotaryEmbedding": 3,  # two numbers weighted and added
    "BiasSplitGelu": 4,  # bias to both halves, activation, product
    "EmbedLayerNormalization": 9,  # three embeddings added
}
"""The same of others."""

_REDUCE = """
    ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd
    ReduceSum ReduceSumSquare GlobalAveragePool GlobalMaxPool GlobalLpPool ArgMax ArgMin TopK
    Col2Im QLinearGlobalAveragePool QLinearReduceMean
"""
FLOPS_PER_INPUT: Mapping[str, int] = dict.fromkeys(_REDUCE.split(), 1)
"""Operations for each number of the input."""

_POOLING = ("MaxPool", "AveragePool", "LpPool", "NhwcMaxPool", "QLinearAveragePool")
"""One operation for each number of the window, at each output."""

_BLOCKED = "com.microsoft.nchwc:"
"""Domain of the layout that onnxruntime gives a model for one processor: channels in blocks.

Its convolutions are not counted: their weights are padded to whole blocks, and how many channels
are real, only the last of a chain says.
"""

_RESIZING = ("Resize", "Upsample", _BLOCKED + "Upsample")
"""Free in their mode "nearest", which copies numbers."""

_MOVE = """
    BitCast Cast CastLike CenterCropPad Compress Concat Dropout Expand Flatten Gather
    GatherElements GatherND Identity MaxUnpool NonMaxSuppression NonZero OneHot Pad QLinearConcat
    Reshape ReverseSequence Scatter ScatterElements ScatterND Shape Size Slice SpaceToDepth
    DepthToSpace Split Squeeze TensorScatter Tile Transpose Trilu Unique Unsqueeze
    ConcatFromSequence Optional OptionalGetElement OptionalHasElement SequenceAt SequenceConstruct
    SequenceEmpty SequenceErase SequenceInsert SequenceLength SplitToSequence
    RegexFullMatch StringConcat StringNormalizer StringSplit
    ai.onnx.ml:ArrayFeatureExtractor ai.onnx.ml:CastMap ai.onnx.ml:CategoryMapper
    ai.onnx.ml:DictVectorizer ai.onnx.ml:FeatureVectorizer ai.onnx.ml:LabelEncoder
    ai.onnx.ml:OneHotEncoder ai.onnx.ml:ZipMap
"""
_MAKE = """
    Bernoulli BlackmanWindow Constant ConstantOfShape EyeLike HammingWindow HannWindow
    MelWeightMatrix Multinomial RandomNormal RandomNormalLike RandomUniform RandomUniformLike
    Range
"""


def _free(_: Call) -> Cost:
    return FREE


def _per_output(operations: int) -> Count:
    return lambda call: each(call.out(), operations)


def _per_input(operations: int) -> Count:
    return lambda call: each(call.shape(0), operations)


def _resize(call: Call) -> Cost:
    if call.node.get_str("mode", "nearest") == "nearest":
        return FREE
    return each(call.out(), INTERPOLATION)


def _pool(call: Call) -> Cost:
    return each(call.out(), prod(call.node.get_ints("kernel_shape") or (1,)))


def _roi_align(call: Call) -> Cost:
    """Count the samples of each bin; how many an adaptive grid has, only the data says."""
    samples = call.node.get_int("sampling_ratio", 0) ** 2
    return each(call.out(), samples * (INTERPOLATION + 1)) if samples else Cost(0, None)


def _roi_pool(_: Call) -> Cost:
    """Return no FLOPs: the data says how large each region is."""
    return Cost(0, None)


def _loss(per_score: int) -> Count:
    """Count a loss of scores (input 0) and targets (input 1): picked, weighted, added up."""

    def count(call: Call) -> Cost:
        scores, targets = call.shape(0), call.shape(1)
        if scores is None or targets is None:
            return Cost(0, None)
        return Cost(0, per_score * prod(scores) + 2 * prod(targets))

    return count


ELEMENTWISE: Mapping[str, Count] = {
    **{op: _per_output(n) for op, n in {**FLOPS_PER_OUTPUT, **_ACROSS_PLACES}.items()},
    **{op: _per_input(n) for op, n in FLOPS_PER_INPUT.items()},
    **dict.fromkeys(_POOLING, _pool),
    **dict.fromkeys(_RESIZING, _resize),
    **dict.fromkeys(_MOVE.split(), _free),  # they move, choose or convert numbers
    **dict.fromkeys(_MAKE.split(), _free),  # they make numbers from none
    **{_BLOCKED + op: _pool for op in ("AveragePool", "MaxPool")},
    **{_BLOCKED + op: _per_input(1) for op in ("GlobalAveragePool", "GlobalMaxPool")},
    **{_BLOCKED + op: _free for op in ("ReorderInput", "ReorderOutput")},
    "RoiAlign": _roi_align,
    "MaxRoiPool": _roi_pool,
    "NegativeLogLikelihoodLoss": _loss(0),
    "SoftmaxCrossEntropyLoss": _loss(5),
}
