"""Attention in one operator: the products of queries and keys and of scores and values.

Projections count where the operator holds their weights. Masks, causal ones included, and
windows count in full: runtimes differ in what they skip. FLOPs besides: softmax 5, scaling 1 and
a mask or bias 1 for each score.

Sources: ONNX operator specification, Attention 23 and 24, FlexAttention, LinearAttention;
onnxruntime's schemas of the com.microsoft operators.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

from cnnlint.facts.counting.call import UNCOUNTED, Call, Cost, Count, Unknown, products
from cnnlint.model.graph import StaticShape

_SOFTMAX_AND_SCALE = 6


@dataclass(frozen=True, slots=True)
class Attended:
    """Attention of queries to keys; widths are over all query heads."""

    batch: int
    heads: int
    queries: int
    keys: int
    key_width: int
    value_width: int

    @property
    def macs(self) -> int:
        """MACs of Q K^T and of the scores times V."""
        return self.batch * self.queries * self.keys * (self.key_width + self.value_width)

    @property
    def scores(self) -> int:
        """How many pairs of a query and a key are compared, over all heads."""
        return self.batch * self.heads * self.queries * self.keys

    def cost(self, call: Call, *masks: int, projections: int = 0, bias: int = 0) -> Cost:
        """Return the cost, with that of projections; ``masks`` are inputs added to the scores."""
        causal = any(call.node.get_int(name, 0) for name in ("is_causal", "unidirectional"))
        each = _SOFTMAX_AND_SCALE + int(causal or any(map(call.has, masks)))
        return products(self.macs + projections, besides=bias + self.scores * each)


def _heads(call: Call, name: str = "num_heads") -> int:
    """Return the number of heads.

    Raises:
        Unknown: the node doesn't say.
    """
    heads = call.node.get_int(name, 0)
    if heads < 1:
        raise Unknown
    return heads


def _attention(call: Call) -> Cost:
    """Count ONNX's Attention; query heads share the key heads where there are fewer of these."""
    batch, heads, queries, size = _split(call, 0, "q_num_heads")
    keys, value = _split(call, 1, "kv_num_heads")[2], _split(call, 2, "kv_num_heads")[3]
    keys += call.needed_past(4, 4, 2)
    return Attended(batch, heads, queries, keys, heads * size, heads * value).cost(call, 3)


def _split(call: Call, index: int, name: str) -> StaticShape:
    """Return an operand as [batch, heads, length, size]; with 3 axes the heads are in the last.

    Raises:
        Unknown: it can't be told.
    """
    shape = call.needed(index, 3, 4)
    if len(shape) == 4:
        return shape
    heads = _heads(call, name)
    if shape[2] % heads:
        raise Unknown
    return (shape[0], heads, shape[1], shape[2] // heads)


def _projecting(past_at: int, *masks: int) -> Count:
    """Return the count of an attention that projects its input by ``[inputs, q + k + v]``."""

    def count(call: Call) -> Cost:
        if _shares_buffer(call):
            return UNCOUNTED
        into, weight = call.needed(0, 3), call.needed(1, 2)
        batch, length, _ = into
        keys = length + call.needed_past(past_at, 5, 3)  # [2, batch, heads, length, size]
        attended = Attended(batch, _heads(call), length, keys, *_widths(call, weight))
        return _projected(attended, call, masks)

    return count


def _projected(attended: Attended, call: Call, masks: tuple[int, ...]) -> Cost:
    into, width = call.needed(0), call.needed(1)[1]
    bias = prod(into[:-1]) * width if call.has(2) else 0
    return attended.cost(call, *masks, projections=prod(into) * width, bias=bias)


def _widths(call: Call, weight: StaticShape) -> tuple[int, int]:
    """Return the widths of keys and values; ``qkv_hidden_sizes`` is there if they differ."""
    sizes = call.node.get_ints("qkv_hidden_sizes")
    return (sizes[0], sizes[-1]) if sizes else (weight[1] // 3, weight[1] // 3)


def _shares_buffer(call: Call) -> bool:
    """Return whether past and present share a buffer: how full it is, only the data says."""
    return bool(call.node.get_int("past_present_share_buffer", 0))


def _packed_attention(call: Call) -> Cost:
    """Count PackedAttention: tokens without padding are projected, then attend as if padded."""
    batch, length = call.needed(3, 2)
    widths = _widths(call, call.needed(1, 2))
    return _projected(Attended(batch, _heads(call), length, length, *widths), call, (5,))


def _packed_multi_head(call: Call) -> Cost:
    """Count PackedMultiHeadAttention: [tokens, heads * size] or packed, as if padded again."""
    query = call.needed(0, 2, 4)
    batch, length = call.needed(4, 2)
    packed = len(query) == 4  # [tokens, heads, 3, size]
    width = query[1] * query[3] if packed else query[1]
    values = width if packed else call.needed(2, 2)[1]
    return Attended(batch, _heads(call), length, length, width, values).cost(call, 6)


def _multi_head(past_at: int, length_at: int, *masks: int) -> Count:
    """Return the count of MultiHeadAttention and its decoder, whose queries are projected."""

    def count(call: Call) -> Cost:
        if _shares_buffer(call) or call.has(length_at):
            return UNCOUNTED
        (batch, queries, width), keys, values = _operands(call)
        keys += call.needed_past(past_at, 4, 2)
        return Attended(batch, _heads(call), queries, keys, width, values).cost(call, *masks)

    return count


def _operands(call: Call) -> tuple[StaticShape, int, int]:
    """Return [batch, queries, width], the number of new keys, and the width of the values.

    Keys and values may be packed into the queries [batch, length, heads, 3, size] or with each
    other [batch, length, heads, 2, size], or be a cache [batch, heads, length, size].
    """
    query = call.needed(0, 3, 5)
    if len(query) == 5:
        width = query[2] * query[4]
        return (*query[:2], width), query[1], width
    key = call.needed(1, 3, 4, 5)
    if len(key) == 5:
        return query, key[1], key[2] * key[4]
    value = call.needed(2, len(key))
    return (query, key[2], value[1] * value[3]) if len(key) == 4 else (query, key[1], value[2])


def _group_query(call: Call) -> Cost:
    """Count GroupQueryAttention: [batch, length, heads * size], a cache before the keys.

    Without keys the query holds all three: its width is that of the heads and twice the kv heads.
    """
    batch, queries, width = call.needed(0, 3)
    heads, shared = _heads(call), _heads(call, "kv_num_heads")
    packed = not call.has(1)
    width = width // (heads + 2 * shared) * heads if packed else width
    keys = (queries if packed else call.needed(1, 3)[1]) + call.needed_past(3, 4, 2)
    return Attended(batch, heads, queries, keys, width, width).cost(call, 10)


_STATE_PRODUCTS = {"linear": 1, "gated": 1, "delta": 2, "gated_delta": 2}
"""Products with the state for each key head: every rule updates it, delta rules read it first."""


def _linear_attention(call: Call) -> Cost:
    """Count LinearAttention: a state [key size, value size] updated and read at each position.

    A gate multiplies the whole state: that many FLOPs.
    """
    query, value = call.needed(0, 3), call.needed(2, 3)
    heads, shared = _heads(call, "q_num_heads"), _heads(call, "kv_num_heads")
    rule = call.node.get_str("update_rule", "gated_delta")
    if rule not in _STATE_PRODUCTS:
        raise Unknown
    state = prod(query[:2]) * (query[2] // heads) * (value[2] // shared)
    gate = shared * state if rule.startswith("gated") else 0
    return products(state * (max(heads, shared) + shared * _STATE_PRODUCTS[rule]), besides=gate)


ATTENTION: Mapping[str, Count] = {
    "Attention": _attention,
    "ai.onnx.preview:FlexAttention": _attention,
    "LinearAttention": _linear_attention,
    "MultiHeadAttention": _multi_head(6, 8, 4, 5),
    "DecoderMaskedMultiHeadAttention": _multi_head(5, 7, 3, 4),
    "GroupQueryAttention": _group_query,
    "PackedAttention": _packed_attention,
    "PackedMultiHeadAttention": _packed_multi_head,
    "QAttention": _projecting(8, 5),
    "DecoderMaskedSelfAttention": _projecting(4, 3, 5),
}
MICROSOFT_ATTENTION: Mapping[str, Count] = {"Attention": _projecting(4, 3, 5)}
"""Of domain com.microsoft, where they differ from the standard ones of the same name."""
