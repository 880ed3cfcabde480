"""Element types of an operator's outputs, where they aren't that of its first input."""

from collections.abc import Callable, Mapping

from cnnlint.model.inference.call import Call
from cnnlint.model.protos import dtype_name

Rule = Callable[[Call], tuple[str | None, ...]]


def output_dtypes(call: Call) -> tuple[str | None, ...]:
    """Return the element type of each output, None where unknown."""
    rule = _RULES.get(call.node.op, _first)
    found, count = rule(call), len(call.node.outputs)
    return found * count if len(found) == 1 else (*found, *(None,) * count)[:count]


def _first(call: Call) -> tuple[str | None, ...]:
    """Return the type of the first input; a rule's single type stands for all outputs."""
    return (_of(call, 0),)


def _fixed(*dtypes: str) -> Rule:
    """Return the rule of an operator whose outputs always have these types."""

    def fixed(_: Call) -> tuple[str | None, ...]:
        return dtypes

    return fixed


def _then(*dtypes: str) -> Rule:
    """Return the rule: the type of the first input, then these."""

    def then(call: Call) -> tuple[str | None, ...]:
        return (_of(call, 0), *dtypes)

    return then


def _like(*indices: int, otherwise: str | None = None) -> Rule:
    """Return the rule: the type of the first of these inputs that the node has."""

    def like(call: Call) -> tuple[str | None, ...]:
        for index in indices:
            if call.has(index):
                return (_of(call, index),)
        return (otherwise,)

    return like


def _of(call: Call, index: int) -> str | None:
    value = call.inputs[index] if index < len(call.inputs) else None
    return value.dtype if value else None


def _named(attribute: str, *indices: int, otherwise: str | None = None) -> Rule:
    """Return the rule: the type that an attribute asks for, else as :func:`_like`."""
    like = _like(*indices, otherwise=otherwise)

    def named(call: Call) -> tuple[str | None, ...]:
        asked = call.node.attrs.get(attribute)
        if isinstance(asked, str):  # opset 1 spells it
            name = asked.lower()
            return ({"float": "float32", "double": "float64"}.get(name, name),)
        return (dtype_name(asked),) if isinstance(asked, int) and asked else like(call)

    return named


def _constant_of_shape(call: Call) -> tuple[str | None, ...]:
    value = call.node.attrs.get("value", 0.0)
    if isinstance(value, bool):
        return ("bool",)
    return ("int64" if isinstance(value, int) else "float32",)


_COMPARISONS = """
    And Equal Greater GreaterOrEqual IsInf IsNaN Less LessOrEqual Not OptionalHasElement Or
    RegexFullMatch Xor
"""
_COUNTS = "ArgMax ArgMin NonMaxSuppression NonZero SequenceLength Shape Size"
_WINDOWS = "BlackmanWindow HammingWindow HannWindow MelWeightMatrix"
_RULES: Mapping[str, Rule] = {
    **dict.fromkeys(_COMPARISONS.split(), _fixed("bool")),
    **dict.fromkeys(_COUNTS.split(), _fixed("int64")),
    **dict.fromkeys(("ConvInteger", "MatMulInteger"), _fixed("int32")),
    **dict.fromkeys(("EyeLike", "RandomNormalLike", "RandomUniformLike"), _named("dtype", 0)),
    **dict.fromkeys(("RandomNormal", "RandomUniform"), _named("dtype", otherwise="float32")),
    **dict.fromkeys(("QLinearConv", "QLinearMatMul"), _like(7)),
    **dict.fromkeys(("MaxPool", "TopK"), _then("int64")),
    **dict.fromkeys(_WINDOWS.split(), _named("output_datatype", otherwise="float32")),
    "Bernoulli": _named("dtype", 0),
    "BitCast": _named("to"),
    "Cast": _named("to"),
    "CastLike": _like(1),
    "ConstantOfShape": _constant_of_shape,
    "DequantizeLinear": _named("output_dtype", 1, otherwise="float32"),
    "Dropout": _then("bool"),
    "DynamicQuantizeLinear": _fixed("uint8", "float32", "uint8"),
    "DynamicQuantizeMatMul": _fixed("float32"),
    "EmbedLayerNormalization": _like(2),
    "ImageDecoder": _fixed("uint8"),
    "LayerNormalization": _then("float32", "float32"),
    "MatMulIntegerToFloat": _like(2),
    "Multinomial": _named("dtype", otherwise="int32"),
    "OneHot": _like(2),
    "QAttention": _like(3),
    "QGemm": _like(8, otherwise="float32"),
    "QLinearConcat": _like(2),
    "QLinearWhere": _like(1),
    "QuantizeLinear": _named("output_dtype", 2, otherwise="uint8"),
    "TfIdfVectorizer": _fixed("float32"),
    "Unique": _then("int64", "int64", "int64"),
    "Where": _like(1),
    "ai.onnx.ml:Normalizer": _fixed("float32"),
    "ai.onnx.ml:Scaler": _fixed("float32"),
}
