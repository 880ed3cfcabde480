"""Attention in one operator against the products it stands for, and against loops."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlint.facts.counting.cost import Cost
from cnnlint.facts.counting.matrix import matmul_macs
from cnnlint.model.graph import Shape
from tests.facts.counted import cost_of

sizes = st.integers(1, 4)
B, H, S, L, D, V, P = 2, 4, 5, 7, 3, 6, 9
"""Batch, heads, queries, keys, size of keys and of values, keys in the cache."""
SCORES = B * H * S * L
CORE = SCORES * (D + V)


def microsoft(op: str, *operands: Shape | None, **attrs: Any) -> Cost:
    return cost_of(op, *operands, out=(1,), domain="com.microsoft", **attrs)


@given(b=sizes, kv=sizes, shared=sizes, s=sizes, keys=sizes, d=sizes, v=sizes, past=sizes)
def test_attention_is_two_products(  # noqa: PLR0913, PLR0917  (the sizes of an attention)
    b: int, kv: int, shared: int, s: int, keys: int, d: int, v: int, past: int
) -> None:
    heads = kv * shared
    scores = np.ones((b, heads, s, d)) @ np.ones((b, heads, d, keys + past))
    result = scores @ np.ones((b, heads, keys + past, v))
    macs = matmul_macs(scores.shape, d) + matmul_macs(result.shape, keys + past)
    cache = (b, kv, past, d), (b, kv, past, v)
    found = cost_of(
        "Attention", (b, heads, s, d), (b, kv, keys, d), (b, kv, keys, v), None, *cache, out=(1,)
    )
    flat = cost_of(
        "Attention",
        (b, s, heads * d),
        (b, keys, kv * d),
        (b, keys, kv * v),
        None,
        *cache,
        out=(1,),
        q_num_heads=heads,
        kv_num_heads=kv,
    )
    assert (found.macs, found.flops) == (macs, 2 * macs + 6 * scores.size)
    assert flat == found


@pytest.mark.parametrize(
    ("operands", "attrs", "each"),
    [
        ((), {}, 6),
        (((S, L),), {}, 7),
        ((), {"is_causal": 1}, 7),
        (((S, L),), {"is_causal": 1}, 7),
    ],
)
def test_flops_of_attention(operands: tuple[Shape, ...], attrs: dict[str, Any], each: int) -> None:
    found = cost_of("Attention", (B, H, S, D), (B, H, L, D), (B, H, L, V), *operands, **attrs)
    assert found == Cost(CORE, 2 * CORE + each * SCORES)


def test_flex_attention() -> None:
    op = "ai.onnx.preview:FlexAttention"
    found = cost_of(op, (B, H, S, D), (B, 2, L, D), (B, 2, L, V), domain="ai.onnx.preview")
    assert found.macs == CORE


@pytest.mark.parametrize(
    ("operands", "attrs"),
    [
        (((B, S, H * D), (B, L, H * D), (B, L, H * V)), {}),
        (((B, S, H * D), (B, L, H * D), (B, L, H * V)), {"q_num_heads": 0, "kv_num_heads": 4}),
        (((B, S, H * D + 1), (B, L, H * D), (B, L, H * V)), {"q_num_heads": 4, "kv_num_heads": 4}),
        (((B, H, S, None), (B, H, L, D), (B, H, L, V)), {}),
        (((B, H, S, D), (B, H, None, D), (B, H, L, V)), {}),
        (((B, H, S, D), (B, H, L, D), (B, H, L, None)), {}),
        (((B, H, S, D), (B, H, L, D), (B, H, L, V), None, (B, H, None, D)), {}),
        (((B, H, S, D), (B, H, L, D), (B, H, L, V), None, (B, P, D)), {}),
        (((B, H), (B, H, L, D), (B, H, L, V)), {}),
    ],
)
def test_attention_of_unknown_sizes(
    operands: tuple[Shape | None, ...], attrs: dict[str, Any]
) -> None:
    found = cost_of("Attention", *operands, **attrs)
    assert (found.macs, found.flops, found.counted) == (None, None, True)


QUERY, KEY, VALUE = (B, S, H * D), (B, L, H * D), (B, L, H * V)
CACHE: tuple[Shape, Shape] = (B, H, P, D), (B, H, None, V)  # that of the keys tells its length
WITH_CACHE = B * H * S * (L + P) * (D + V)


@pytest.mark.parametrize(
    ("op", "operands", "macs"),
    [
        ("MultiHeadAttention", (QUERY, KEY, VALUE), CORE),
        ("MultiHeadAttention", (QUERY, (B, L, H, 2, D)), SCORES * 2 * D),
        ("MultiHeadAttention", ((B, L, H, 3, D),), B * H * L * L * 2 * D),
        ("MultiHeadAttention", (QUERY, (B, H, L, D), (B, H, L, V)), CORE),
        ("MultiHeadAttention", (QUERY, KEY, VALUE, None, None, None, *CACHE), WITH_CACHE),
        ("MultiHeadAttention", (QUERY, KEY, (B, H, L, V)), None),
        ("MultiHeadAttention", (QUERY,), None),
        ("MultiHeadAttention", ((B, None, H * D), KEY, VALUE), None),
        (
            "DecoderMaskedMultiHeadAttention",
            ((B, 1, H * D), (B, 1, H * D), (B, 1, H * V), None, None, *CACHE),
            B * H * (P + 1) * (D + V),
        ),
        (
            "DecoderMaskedMultiHeadAttention",
            ((B, 1, H * D), (B, H, L, D), (B, H, L, V)),
            B * H * L * (D + V),
        ),
        ("GroupQueryAttention", (QUERY, (B, L, 2 * D), (B, L, 2 * D)), SCORES * 2 * D),
        (
            "GroupQueryAttention",
            (QUERY, (B, L, 2 * D), (B, L, 2 * D), (B, 2, P, D), (B, 2, None, D)),
            B * H * S * (L + P) * 2 * D,
        ),
        ("GroupQueryAttention", ((B, S, (H + 4) * D),), B * H * S * S * 2 * D),
        ("GroupQueryAttention", (QUERY, (B, None, 2 * D), (B, L, 2 * D)), None),
        (
            "PackedMultiHeadAttention",
            ((11, H * D), (11, H * D), (11, H * V), None, (B, S)),
            B * H * S * S * (D + V),
        ),
        (
            "PackedMultiHeadAttention",
            ((11, H, 3, D), None, None, None, (B, S)),
            B * H * S * S * 2 * D,
        ),
        ("PackedMultiHeadAttention", ((11, H * D), (11, H * D), None, None, (B, S)), None),
    ],
)
def test_projected_queries(op: str, operands: tuple[Shape | None, ...], macs: int | None) -> None:
    assert microsoft(op, *operands, num_heads=H, kv_num_heads=2).macs == macs


def test_one_key_head_for_all_queries() -> None:
    packed = microsoft("GroupQueryAttention", (B, S, (H + 2) * D), num_heads=H, kv_num_heads=1)
    assert packed.macs == B * H * S * S * 2 * D


def test_heads_are_needed() -> None:
    assert microsoft("MultiHeadAttention", QUERY, KEY, VALUE).macs is None
    assert microsoft("GroupQueryAttention", QUERY, KEY, VALUE, num_heads=H).macs is None


WIDTH = H * D
INPUTS = 10
PROJECTED = B * S * INPUTS * 3 * WIDTH
OWN = B * H * S * S * 2 * D


@pytest.mark.parametrize("op", ["Attention", "QAttention", "DecoderMaskedSelfAttention"])
def test_projections_count(op: str) -> None:
    found = microsoft(op, (B, S, INPUTS), (INPUTS, 3 * WIDTH), num_heads=H)
    assert found == Cost(PROJECTED + OWN, 2 * (PROJECTED + OWN) + 6 * B * H * S * S)
    bias = microsoft(op, (B, S, INPUTS), (INPUTS, 3 * WIDTH), (3 * WIDTH,), num_heads=H)
    assert (bias.flops or 0) - (found.flops or 0) == B * S * 3 * WIDTH
    assert microsoft(op, (B, S, INPUTS), (INPUTS, None), num_heads=H).macs is None
    assert microsoft(op, (S, INPUTS), (INPUTS, 3 * WIDTH), num_heads=H).macs is None


@pytest.mark.parametrize(("op", "at"), [("Attention", 4), ("QAttention", 8)])
def test_projections_and_a_cache(op: str, at: int) -> None:
    absent = [None] * (at - 2)
    past = (2, B, H, P, D)
    found = microsoft(op, (B, S, INPUTS), (INPUTS, 3 * WIDTH), *absent, past, num_heads=H)
    assert found.macs == PROJECTED + B * H * S * (S + P) * 2 * D


def test_values_of_another_width() -> None:
    sizes = (WIDTH, WIDTH, H * V)
    weight = (INPUTS, sum(sizes))
    found = microsoft("Attention", (B, S, INPUTS), weight, num_heads=H, qkv_hidden_sizes=sizes)
    assert found.macs == B * S * INPUTS * sum(sizes) + B * H * S * S * (D + V)


def test_packed_tokens_attend_as_if_padded() -> None:
    operands = ((11, INPUTS), (INPUTS, 3 * WIDTH), (3 * WIDTH,), (B, S), (B + 1,))
    found = microsoft("PackedAttention", *operands, num_heads=H)
    macs = 11 * INPUTS * 3 * WIDTH + OWN
    assert found == Cost(macs, 2 * macs + 11 * 3 * WIDTH + 6 * B * H * S * S)


@pytest.mark.parametrize(
    ("op", "mask"),
    [
        ("Attention", 3),
        ("Attention", 5),
        ("QAttention", 5),
        ("DecoderMaskedSelfAttention", 3),
        ("DecoderMaskedSelfAttention", 5),
    ],
)
def test_masks_add_an_operation_for_each_score(op: str, mask: int) -> None:
    operands: list[Shape | None] = [(B, S, INPUTS), (INPUTS, 3 * WIDTH), *[None] * 7]
    plain = microsoft(op, *operands, num_heads=H).flops or 0
    operands[mask] = (B, S)
    assert (microsoft(op, *operands, num_heads=H).flops or 0) - plain == B * H * S * S
    causal = microsoft(op, *operands[:2], num_heads=H, unidirectional=1).flops or 0
    assert causal - plain == B * H * S * S


@pytest.mark.parametrize(
    ("op", "mask"),
    [
        ("MultiHeadAttention", 4),
        ("MultiHeadAttention", 5),
        ("DecoderMaskedMultiHeadAttention", 3),
        ("DecoderMaskedMultiHeadAttention", 4),
        ("GroupQueryAttention", 10),
    ],
)
def test_masks_of_projected_queries(op: str, mask: int) -> None:
    operands: list[Shape | None] = [QUERY, KEY, VALUE, *[None] * 8]
    plain = microsoft(op, *operands, num_heads=H, kv_num_heads=H).flops or 0
    operands[mask] = (B, S)
    masked = microsoft(op, *operands, num_heads=H, kv_num_heads=H).flops or 0
    assert masked - plain == SCORES


def added(op: str, mask: int, *operands: Shape | None) -> int:
    """Return the FLOPs that one more input adds."""
    plain = microsoft(op, *operands, num_heads=H).flops or 0
    absent = [None] * (mask - len(operands))
    return (microsoft(op, *operands, *absent, (B, S), num_heads=H).flops or 0) - plain


def test_masks_of_packed_tokens() -> None:
    tokens: Shape = (11, H * D)
    padded = B * H * S * S
    assert added("PackedMultiHeadAttention", 6, tokens, tokens, tokens, None, (B, S)) == padded
    packed = (11, INPUTS), (INPUTS, 3 * WIDTH), (3 * WIDTH,), (B, S), (B + 1,)
    assert added("PackedAttention", 5, *packed) == padded


@pytest.mark.parametrize(
    ("op", "length_at"), [("MultiHeadAttention", 8), ("DecoderMaskedMultiHeadAttention", 7)]
)
def test_length_that_only_the_data_knows(op: str, length_at: int) -> None:
    shared = microsoft(op, QUERY, KEY, VALUE, num_heads=H, past_present_share_buffer=1)
    operands = [QUERY, KEY, VALUE, *[None] * (length_at - 3), (1,)]
    assert shared.counted is microsoft(op, *operands, num_heads=H).counted is False
    fused = microsoft("Attention", (B, S, 8), (8, 24), num_heads=2, past_present_share_buffer=1)
    assert not fused.counted


def state_macs(rule: str, heads: int, shared: int) -> int:
    """Count the multiply-adds of the recurrence in the specification, one token at a time."""
    macs = 0
    for _ in np.ndindex(B, S):
        for _ in range(shared):
            macs += D * V  # k (x) v is added to the state
            macs += D * V if rule.endswith("delta") else 0  # S^T k
        macs += max(heads, shared) * D * V  # q^T S
    return macs


@pytest.mark.parametrize("rule", ["linear", "gated", "delta", "gated_delta"])
@pytest.mark.parametrize(("heads", "shared"), [(4, 4), (4, 2), (2, 4)])
def test_linear_attention(rule: str, heads: int, shared: int) -> None:
    operands = (B, S, heads * D), (B, S, shared * D), (B, S, shared * V)
    attrs: dict[str, Any] = {"q_num_heads": heads, "kv_num_heads": shared, "update_rule": rule}
    macs = state_macs(rule, heads, shared)
    gate = B * S * shared * D * V if rule.startswith("gated") else 0
    assert cost_of("LinearAttention", *operands, **attrs) == Cost(macs, 2 * macs + gate)


def test_linear_attention_of_another_rule() -> None:
    operands = (B, S, 4 * D), (B, S, 4 * D), (B, S, 4 * V)
    attrs: dict[str, Any] = {"q_num_heads": 4, "kv_num_heads": 4}
    assert cost_of("LinearAttention", *operands, **attrs, update_rule="new").macs is None
    assert cost_of("LinearAttention", *operands, **attrs).macs == state_macs("gated_delta", 4, 4)
