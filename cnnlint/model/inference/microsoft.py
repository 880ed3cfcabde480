"""Output shapes of onnxruntime's own operators (com.microsoft) that are not like standard ones.

Source: onnxruntime's operator schemas. What attends, recurs or embeds tokens; the windows and the
products stand with their standard kin.
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
    one_dim,
    spell,
)
from cnnlint.model.inference.matrix import matmul_shape
from cnnlint.model.inference.selecting import SELECT


def _lstm(call: Call) -> Shapes:
    """Y, Y_h and Y_c of DynamicQuantizeLSTM; its weights are (directions, inputs, 4 x hidden)."""
    data, weight, again = (call.shape(index) for index in range(3))
    for name, shape in (("input", data), ("weight", weight), ("recurrent weight", again)):
        if len(shape) != 3:
            raise Contradiction(f"the {name} has {len(shape)} axes where 3 are needed", Kind.RANK)
    steps, batch, features = data
    one_dim(features, weight[1], f"weight takes {weight[1]} features, the input has {features}")
    directions = one_dim(weight[0], again[0], "the weights disagree on the directions")
    last: Shape = (directions, batch, again[1])
    return ((steps, directions, batch, again[1]), last, last)


def _group_query(call: Call) -> Shapes:
    """The attended queries, and both caches (batch, kv heads, length, head size)."""
    batch, length, width = _three(call)
    heads, shared = call.needed_int("num_heads"), call.needed_int("kv_num_heads")
    if min(heads, shared) < 1:
        raise Contradiction(f"{heads} heads, {shared} of keys")
    parts = heads if call.has(1) else heads + 2 * shared
    if width is not None and width % parts:
        raise Contradiction(f"a width of {width} does not divide into {parts} heads")
    size = None if width is None else width // parts
    cache = (batch, shared, None, size)
    return ((batch, length, None if size is None else size * heads), cache, cache)


def _packed_attention(call: Call) -> Shapes:
    """Tokens without padding, as wide as the values."""
    weight, sizes = call.shape(1), call.attr_ints("qkv_hidden_sizes")
    if len(weight) != 2:
        raise Contradiction(f"attention with a weight of {spell(weight)}")
    width = None if weight[1] is None else weight[1] // 3
    return ((call.shape(0)[0], sizes[-1] if sizes else width),)


def _packed_multi_head(call: Call) -> Shapes:
    """Tokens as wide as the values; a query of (tokens, heads, 3, size) holds these too."""
    query = call.shape(0)
    if len(query) == 4:
        heads, size = query[1], query[3]
        return ((query[0], None if heads is None or size is None else heads * size),)
    return ((query[0], call.shape(2)[-1]),)


def _product(call: Call) -> Shapes:
    return (matmul_shape(call.shape(0), call.shape(1)),)


def _where(call: Call) -> Shapes:
    """QLinearWhere: a condition, then two tensors with a scale and zero point each."""
    return (broadcast(broadcast(call.shape(0), call.shape(1)), call.shape(4)),)


def _reduce_mean(call: Call) -> Shapes:
    """QLinearReduceMean, whose axes are an attribute as they were before opset 18."""
    return SELECT["ReduceMean"](Call(call.node, call.inputs[:1], call.partial, 13))


def _split_gelu(call: Call) -> Shapes:
    """BiasSplitGelu: one half of the last axis gates the other."""
    *rest, width = call.shape(0)
    return ((*rest, None if width is None else width // 2),)


def _embed(call: Call) -> Shapes:
    """EmbedLayerNormalization: the embedded tokens, a mask index, and their sum."""
    batch, length = _matrix(call, 0)
    embedded = (batch, length, _matrix(call, 2)[1])
    return (embedded, (batch,), embedded)


def _matrix(call: Call, index: int) -> tuple[Dim, Dim]:
    shape = call.shape(index)
    if len(shape) != 2:
        raise Contradiction(f"input {index} has {len(shape)} axes where 2 are needed", Kind.RANK)
    return shape[0], shape[1]


def _three(call: Call) -> tuple[Dim, Dim, Dim]:
    shape = call.shape(0)
    if len(shape) != 3:
        raise Contradiction(f"the input has {len(shape)} axes where 3 are needed", Kind.RANK)
    return shape[0], shape[1], shape[2]


def _linear_attention(call: Call) -> Shapes:
    """The attended queries; there is one result for each query or key head, whichever are more."""
    batch, length, _ = _three(call)
    heads, shared = call.needed_int("q_num_heads"), call.needed_int("kv_num_heads")
    width = call.shape(2)[-1]
    if min(heads, shared) < 1 or (width is not None and width % shared):
        raise Contradiction(f"a width of {width} does not divide into {shared} heads")
    return ((batch, length, None if width is None else width // shared * max(heads, shared)),)


def _causal_conv(call: Call) -> Shapes:
    return (call.shape(0),)


MICROSOFT: Mapping[str, Handler] = {
    "BiasSplitGelu": _split_gelu,
    "CausalConvWithState": _causal_conv,
    "DynamicQuantizeLSTM": _lstm,
    "EmbedLayerNormalization": _embed,
    "GemmFastGelu": _product,
    "GroupQueryAttention": _group_query,
    "LinearAttention": _linear_attention,
    "MatMulInteger16": _product,
    "PackedAttention": _packed_attention,
    "PackedMultiHeadAttention": _packed_multi_head,
    "QLinearReduceMean": _reduce_mean,
    "QLinearWhere": _where,
}
