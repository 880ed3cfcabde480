"""Shapes of onnxruntime's own operators, where they aren't like standard ones."""

from typing import Any

import pytest

from cnnlint.model.graph import Shape, Value
from cnnlint.model.inference.microsoft import MICROSOFT
from tests.model.inference.one_node import Operand, defect_of, infer_one, shapes_of

B, S, H, D = 2, 5, 4, 6
QUERY = (B, S, H * D)


@pytest.mark.parametrize(
    ("op", "operands", "attrs", "shapes"),
    [
        (
            "DynamicQuantizeLSTM",
            ((S, B, 7), (2, 7, 12), (2, 3, 12)),
            {},
            [(S, 2, B, 3), (2, B, 3), (2, B, 3)],
        ),
        (
            "DynamicQuantizeLSTM",
            ((S, None, None), (None, 7, 12), (2, 3, 12)),
            {},
            [(S, 2, None, 3), (2, None, 3), (2, None, 3)],
        ),
        (
            "GroupQueryAttention",
            (QUERY, (B, S, 2 * D), (B, S, 2 * D)),
            {"num_heads": H, "kv_num_heads": 2},
            [QUERY, (B, 2, None, D), (B, 2, None, D)],
        ),
        (
            "GroupQueryAttention",
            ((B, S, (H + 4) * D),),
            {"num_heads": H, "kv_num_heads": 2},
            [QUERY, (B, 2, None, D), (B, 2, None, D)],
        ),
        (
            "GroupQueryAttention",
            ((B, S, None), (B, S, 2 * D), (B, S, 2 * D)),
            {"num_heads": H, "kv_num_heads": 2},
            [(B, S, None), (B, 2, None, None), (B, 2, None, None)],
        ),
        ("DecoderMaskedMultiHeadAttention", (QUERY, QUERY, QUERY), {}, [QUERY]),
        ("DecoderMaskedSelfAttention", ((B, 1, 8), (8, 36)), {"num_heads": 2}, [(B, 1, 12)]),
        ("PackedAttention", ((11, 8), (8, 36)), {}, [(11, 12)]),
        ("PackedAttention", ((11, 8), (8, None)), {}, [(11, None)]),
        ("PackedAttention", ((11, 8), (8, 32)), {"qkv_hidden_sizes": (8, 8, 16)}, [(11, 16)]),
        ("PackedMultiHeadAttention", ((11, 12), (11, 12), (11, 20)), {}, [(11, 20)]),
        ("PackedMultiHeadAttention", ((11, H, 3, D),), {}, [(11, H * D)]),
        ("PackedMultiHeadAttention", ((11, None, 3, D),), {}, [(11, None)]),
        ("PackedMultiHeadAttention", ((11, H, 3, None),), {}, [(11, None)]),
        ("LongformerAttention", (QUERY,), {}, [QUERY]),
        (
            "LinearAttention",
            (QUERY, (B, S, 2 * D), (B, S, 2 * 7)),
            {"q_num_heads": H, "kv_num_heads": 2},
            [(B, S, H * 7)],
        ),
        (
            "LinearAttention",
            (QUERY, (B, S, 8 * D), (B, S, 8 * 7)),
            {"q_num_heads": H, "kv_num_heads": 8},
            [(B, S, 8 * 7)],
        ),
        (
            "LinearAttention",
            (QUERY, QUERY, (B, S, None)),
            {"q_num_heads": H, "kv_num_heads": 2},
            [(B, S, None)],
        ),
        ("CausalConvWithState", ((B, 8, 20), (8, 1, 4)), {}, [(B, 8, 20)]),
        ("GemmFastGelu", ((B, S, 8), (8, 12)), {}, [(B, S, 12)]),
        ("MatMulInteger16", ((S, 8), (8, 12)), {}, [(S, 12)]),
        ("MatMulBnb4", ((B, S, 8), (48,), (1,)), {"K": 8, "N": 12}, [(B, S, 12)]),
        ("QLinearWhere", ((S, 1), (1, 7), (), (), (B, 1, 1), (), (), (), ()), {}, [(B, S, 7)]),
        ("QLinearReduceMean", ((B, S, 7), (), (), (), ()), {"axes": (1,)}, [(B, 1, 7)]),
        ("QLinearReduceMean", ((B, S, 7), ()), {"axes": (2,), "keepdims": 0}, [(B, S)]),
        ("BiasSplitGelu", ((B, S, 8), (8,)), {}, [(B, S, 4)]),
        ("BiasSplitGelu", ((B, S, None), (8,)), {}, [(B, S, None)]),
        ("SkipGroupNorm", ((B, 8, 8, S), (S,), (S,)), {}, [(B, 8, 8, S), (B, 8, 8, S)]),
        ("Inverse", ((B, 3, 3),), {}, [(B, 3, 3)]),
        (
            "EmbedLayerNormalization",
            ((B, S), (B, S), (99, 8), (20, 8), (2, 8), (8,), (8,)),
            {},
            [(B, S, 8), (B,), (B, S, 8)],
        ),
    ],
)
def test_shapes(
    op: str, operands: tuple[Operand, ...], attrs: dict[str, Any], shapes: list[Shape]
) -> None:
    found = shapes_of(op, *operands, outputs=len(shapes), domain="com.microsoft", **attrs)
    assert found == shapes


@pytest.mark.parametrize(
    ("op", "operands", "attrs", "words"),
    [
        (
            "DynamicQuantizeLSTM",
            ((S, B), (2, 7, 12), (2, 3, 12)),
            {},
            "the input has 2 axes where 3 are needed",
        ),
        (
            "DynamicQuantizeLSTM",
            ((S, B, 8), (2, 7, 12), (2, 3, 12)),
            {},
            "weight takes 7 features, the input has 8",
        ),
        (
            "DynamicQuantizeLSTM",
            ((S, B, 7), (1, 7, 12), (2, 3, 12)),
            {},
            "the weights disagree on the directions",
        ),
        ("GroupQueryAttention", (QUERY,), {"num_heads": H}, "attribute kv_num_heads is missing"),
        (
            "GroupQueryAttention",
            (QUERY, QUERY, QUERY),
            {"num_heads": 0, "kv_num_heads": 2},
            "0 heads, 2 of keys",
        ),
        (
            "GroupQueryAttention",
            (QUERY, QUERY, QUERY),
            {"num_heads": 5, "kv_num_heads": 5},
            "a width of 24 does not divide into 5 heads",
        ),
        (
            "GroupQueryAttention",
            ((S, H * D),),
            {"num_heads": H, "kv_num_heads": 2},
            "the input has 2 axes where 3 are needed",
        ),
        ("PackedAttention", ((11, 8), (8,)), {}, "attention with a weight of 8"),
        (
            "EmbedLayerNormalization",
            ((B, S), (B, S), (99,)),
            {},
            "input 2 has 1 axes where 2 are needed",
        ),
        (
            "LinearAttention",
            (QUERY, QUERY, QUERY),
            {"q_num_heads": H, "kv_num_heads": 5},
            "a width of 24 does not divide into 5 heads",
        ),
        (
            "LinearAttention",
            (QUERY, QUERY, QUERY),
            {"q_num_heads": H, "kv_num_heads": 0},
            "a width of 24 does not divide into 0 heads",
        ),
    ],
)
def test_what_cannot_run(
    op: str, operands: tuple[Operand, ...], attrs: dict[str, Any], words: str
) -> None:
    assert defect_of(op, *operands, domain="com.microsoft", **attrs) == words


@pytest.mark.parametrize("op", MICROSOFT)
def test_nothing_is_said_of_unknown_inputs(op: str) -> None:
    attrs = {"num_heads": 2, "kv_num_heads": 2, "q_num_heads": 2}
    inferred = infer_one(op, *[None] * 5, domain="com.microsoft", **attrs)
    assert inferred.defects == ()
    assert inferred.values["y0"].shape is None


@pytest.mark.parametrize(("op", "like"), [("EmbedLayerNormalization", 2), ("QLinearWhere", 1)])
def test_types(op: str, like: int) -> None:
    operands: list[Operand] = [Value(f"x{i}", f"type{i}", (3, 3)) for i in range(5)]
    inferred = infer_one(op, *operands, domain="com.microsoft")
    assert inferred.values["y0"].dtype == f"type{like}"
