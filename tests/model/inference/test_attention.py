from typing import Any

import pytest

from cnnlint.model.graph import Shape
from tests.model.inference.one_node import Operand, defect_of, shape_of, shapes_of

Q, K, V = (2, 6, 5, 8), (2, 3, 7, 8), (2, 3, 7, 10)
PACKED = ((2, 5, 48), (2, 7, 24), (2, 7, 30))
HEADS = {"q_num_heads": 6, "kv_num_heads": 3}


@pytest.mark.parametrize(
    ("operands", "rest", "expected"),
    [
        ((Q, K, V), {}, [(2, 6, 5, 10), (2, 3, 7, 8), (2, 3, 7, 10), (2, 6, 5, 7)]),
        (PACKED, HEADS, [(2, 5, 60), (2, 3, 7, 8), (2, 3, 7, 10), (2, 6, 5, 7)]),
        ((Q, K, V, "", (2, 3, 4, 8), (2, 3, 4, 10)), {}, [(2, 6, 5, 10), (2, 3, 11, 8)]),
        ((Q, K, V, "", None, None), {}, [(2, 6, 5, 10), (2, 3, None, 8)]),
        (((1, 6, 5, 8), K, V), {}, [(1, 6, 5, 10)]),
        (((None,) * 4, K, V), {}, [(None, None, None, 10)]),
        (((2, 5, None), *PACKED[1:]), HEADS, [(2, 5, 60)]),
    ],
)
def test_attention(
    operands: tuple[Operand, ...], rest: dict[str, Any], expected: list[Shape]
) -> None:
    found = shapes_of("Attention", *operands, outputs=len(expected), opset=23, **rest)
    assert found == expected


@pytest.mark.parametrize(
    ("operands", "rest", "message"),
    [
        (((2, 6, 5, 9), K, V), {}, "heads of 9 in the queries, of 8 in the keys"),
        (((2, 5, 5, 8), K, V), {}, "5 heads of queries do not divide among 3 of keys"),
        (((3, 6, 5, 8), K, V), {}, "a batch of 3 with keys for 2"),
        ((Q, K, (3, 3, 7, 10)), {}, "a batch of 2 with values for 3"),
        (((2, 6), K, V), {}, "input 0 has 2 axes where 3 or 4 are needed"),
        (PACKED, {"kv_num_heads": 3}, "attribute q_num_heads is missing"),
        (PACKED, {**HEADS, "q_num_heads": 5}, "a width of 48 does not divide into 5 heads"),
        (PACKED, {**HEADS, "q_num_heads": 0}, "a width of 48 does not divide into 0 heads"),
    ],
)
def test_attention_that_cannot_run(
    operands: tuple[Operand, ...], rest: dict[str, Any], message: str
) -> None:
    assert defect_of("Attention", *operands, opset=23, **rest) == message


def test_linear_attention() -> None:
    found = shapes_of("LinearAttention", *LINEAR, outputs=2, opset=27, **HEADS)
    assert found == [(2, 5, 60), (2, 3, 8, 10)]
    open_width = (*LINEAR[:2], (2, 5, None))
    found = shapes_of("LinearAttention", *open_width, outputs=2, opset=27, **HEADS)
    assert found == [(2, 5, None), (2, 3, 8, None)]


LINEAR = ((2, 5, 48), (2, 5, 24), (2, 5, 30))


@pytest.mark.parametrize(
    ("operands", "heads", "message"),
    [
        (LINEAR, (6, 0), "6 heads of queries do not divide among 0 of keys"),
        (LINEAR, (0, 3), "0 heads of queries do not divide among 3 of keys"),
        (LINEAR, (6, 4), "6 heads of queries do not divide among 4 of keys"),
        (((2, 5, 54), *LINEAR[1:]), (6, 3), "heads differ in size"),
        (((2, 48), *LINEAR[1:]), (6, 3), "input 0 has 2 axes where 3 are needed"),
    ],
)
def test_linear_attention_that_cannot_run(
    operands: tuple[Operand, ...], heads: tuple[int, int], message: str
) -> None:
    rest = {"q_num_heads": heads[0], "kv_num_heads": heads[1]}
    assert defect_of("LinearAttention", *operands, outputs=2, opset=27, **rest) == message


def test_causal_convolution() -> None:
    op = "CausalConvWithState"
    both = shapes_of(op, (2, 4, 9), (4, 1, 3), outputs=2, opset=27)
    assert both == [(2, 4, 9), (2, 4, 2)]
    assert shapes_of(op, (2, 4, 9), (4, 1, None), outputs=2, opset=27)[1] == (2, 4, None)
    message = defect_of(op, (2, 5, 9), (4, 1, 3), outputs=2, opset=27)
    assert message == "weight is for 4 channels, the input has 5"


def test_what_keeps_its_shape() -> None:
    caches = ((9, 4), (9, 4), (2, 5))
    assert shape_of("RotaryEmbedding", (2, 3, 5, 8), *caches, opset=23) == (2, 3, 5, 8)
    assert shape_of("RotaryEmbedding", (2, 5, 24), *caches, opset=23, num_heads=3) == (2, 5, 24)
    assert shape_of("TensorScatter", (2, 9, 8), (2, 3, 8), opset=24) == (2, 9, 8)
    assert shape_of("TensorScatter", (2, 9, 8), None, opset=24) == (2, 9, 8)
    message = defect_of("TensorScatter", (2, 9, 8), (2, 3), opset=24)
    assert message == "an update of 2 axes for a cache of 3"
    message = defect_of("RotaryEmbedding", (2, 5, 24), *caches, opset=23)
    assert message == "attribute num_heads is missing"
    message = defect_of("RotaryEmbedding", (2, 24), *caches, opset=23)
    assert message == "the input has 2 axes where 3 or 4 are needed"


def test_flexible_attention() -> None:
    op, preview = "ai.onnx.preview:FlexAttention", {"domain": "ai.onnx.preview"}
    assert shape_of(op, Q, K, V, **preview) == (2, 6, 5, 10)
    assert defect_of(op, Q[1:], K, V, **preview) == "queries and values need 4 axes"
    assert defect_of(op, Q, K, V[1:], **preview) == "queries and values need 4 axes"
