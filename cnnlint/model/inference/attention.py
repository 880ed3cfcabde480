"""Output shapes of ONNX's own attention and what comes with it (operator set 23 and later).

Source: ONNX operator specifications Attention, LinearAttention, CausalConvWithState,
RotaryEmbedding. Those of onnxruntime stand in ``matrix`` and ``microsoft``.
"""

from collections.abc import Mapping

from cnnlint.model.defect import Kind
from cnnlint.model.graph import Dim, Shape
from cnnlint.model.inference.call import Call, Contradiction, Handler, Shapes, one_dim, product

Heads = tuple[Dim, Dim, Dim, Dim]
"""Batch, heads, length and size of a head."""


def _attention(call: Call) -> Shapes:
    """Y as queries are given; keys and values with what came before; the products.

    Packed, a query is (batch, length, heads * size); apart, (batch, heads, length, size).
    """
    query = _heads(call, 0, "q_num_heads")
    key, value = (_heads(call, index, "kv_num_heads") for index in (1, 2))
    for what, other in (("keys", key), ("values", value)):
        if 1 not in {query[0], other[0]}:
            one_dim(query[0], other[0], f"a batch of {query[0]} with {what} for {other[0]}")
    one_dim(query[3], key[3], f"heads of {query[3]} in the queries, of {key[3]} in the keys")
    if query[1] is not None and key[1] is not None and (not key[1] or query[1] % key[1]):
        clash = f"{query[1]} heads of queries do not divide among {key[1]} of keys"
        raise Contradiction(clash)
    past = call.shape_or_none(4)
    before = past[2] if past is not None and len(past) == 4 else None if call.has(4) else 0
    total = None if before is None or key[2] is None else before + key[2]
    keys, values = ((k[0], k[1], total, k[3]) for k in (key, value))
    out: Shape = (query[0], query[1], query[2], value[3])
    if len(call.shape(0)) == 3:
        out = (query[0], query[2], product((query[1], value[3])))
    return (out, keys, values, (query[0], query[1], query[2], total))


def _heads(call: Call, index: int, attribute: str) -> Heads:
    shape = call.shape(index)
    if len(shape) == 4:
        return shape[0], shape[1], shape[2], shape[3]
    if len(shape) != 3:
        clash = f"input {index} has {len(shape)} axes where 3 or 4 are needed"
        raise Contradiction(clash, Kind.RANK)
    heads = call.needed_int(attribute)
    return shape[0], heads, shape[1], _shared(shape[2], heads)


def _shared(width: Dim, heads: int) -> Dim:
    if heads < 1 or (width is not None and width % heads):
        raise Contradiction(f"a width of {width} does not divide into {heads} heads")
    return None if width is None else width // heads


def _linear_attention(call: Call) -> Shapes:
    """(batch, length, query heads * value size), and the state of each key head."""
    queries, heads = call.needed_int("q_num_heads"), call.needed_int("kv_num_heads")
    if heads < 1 or queries < 1 or queries % heads:
        raise Contradiction(f"{queries} heads of queries do not divide among {heads} of keys")
    query, key, value = (_three(call, index) for index in range(3))
    size = one_dim(_shared(query[2], queries), _shared(key[2], heads), "heads differ in size")
    width = _shared(value[2], heads)
    out = (*query[:2], None if width is None else width * queries)
    return (out, (query[0], heads, size, width))


def _three(call: Call, index: int) -> Shape:
    shape = call.shape(index)
    if len(shape) != 3:
        clash = f"input {index} has {len(shape)} axes where 3 are needed"
        raise Contradiction(clash, Kind.RANK)
    return shape


def _causal_conv(call: Call) -> Shapes:
    """The input's shape (batch, channels, length), and the last kernel - 1 positions."""
    data, weight = _three(call, 0), _three(call, 1)
    clash = f"weight is for {weight[0]} channels, the input has {data[1]}"
    channels = one_dim(data[1], weight[0], clash, Kind.CHANNELS)
    kernel = weight[2]
    return (data, (data[0], channels, None if kernel is None else kernel - 1))


def _rotary(call: Call) -> Shapes:
    data = call.shape(0)
    if len(data) not in {3, 4}:
        clash = f"the input has {len(data)} axes where 3 or 4 are needed"
        raise Contradiction(clash, Kind.RANK)
    if len(data) == 3:
        _shared(data[2], call.needed_int("num_heads"))
    return (data,)


def _tensor_scatter(call: Call) -> Shapes:
    data, update = call.shape(0), call.shape_or_none(1)
    if update is not None and len(update) != len(data):
        clash = f"an update of {len(update)} axes for a cache of {len(data)}"
        raise Contradiction(clash, Kind.RANK)
    return (data,)


def _flex_attention(call: Call) -> Shapes:
    query, value = call.shape(0), call.shape(2)
    if len(query) != 4 or len(value) != 4:
        raise Contradiction("queries and values need 4 axes", Kind.RANK)
    return ((*query[:3], value[3]),)


ATTENTION: Mapping[str, Handler] = {
    "Attention": _attention,
    "CausalConvWithState": _causal_conv,
    "LinearAttention": _linear_attention,
    "RotaryEmbedding": _rotary,
    "TensorScatter": _tensor_scatter,
}
PREVIEW: Mapping[str, Handler] = {"ai.onnx.preview:FlexAttention": _flex_attention}
