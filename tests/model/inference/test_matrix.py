from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlint.model.graph import Shape
from cnnlint.model.inference.call import Contradiction
from cnnlint.model.inference.matrix import matmul_shape
from tests.model.inference.one_node import Operand, defect_of, infer_one, shape_of, shapes_of

MICROSOFT = {"domain": "com.microsoft"}


@pytest.mark.parametrize(
    ("op", "operands", "rest", "expected"),
    [
        ("MatMul", ((2, 3), (3, 4)), {}, (2, 4)),
        ("MatMul", ((3,), (3,)), {}, ()),
        ("MatMul", ((3,), (5, 3, 4)), {}, (5, 4)),
        ("MatMul", ((5, 2, 3), (3,)), {}, (5, 2)),
        ("MatMul", ((5, 1, 2, 3), (6, 3, 4)), {}, (5, 6, 2, 4)),
        ("MatMul", ((None, 3), (None, 4)), {}, (None, 4)),
        ("MatMul", (None, (3, 4)), {}, None),
        ("MatMulInteger", ((2, 3), (3, 4)), {}, (2, 4)),
        ("QLinearMatMul", ((2, 3), (), (), (3, 4), (), (), (), ()), {}, (2, 4)),
        ("FusedMatMul", ((3, 2), (3, 4)), {**MICROSOFT, "transA": 1}, (2, 4)),
        ("FusedMatMul", ((5, 2, 3), (5, 4, 3)), {**MICROSOFT, "transB": 1}, (5, 2, 4)),
        ("FusedMatMul", ((2, 5, 3), (5, 3, 4)), {**MICROSOFT, "transBatchA": 1}, (5, 2, 4)),
        ("FusedMatMul", ((5, 2, 3), (3, 5, 4)), {**MICROSOFT, "transBatchB": 1}, (5, 2, 4)),
        ("FusedMatMul", ((3,), (3, 4)), {**MICROSOFT, "transA": 1}, (4,)),
        ("MatMulNBits", ((5, 2, 3), (9,), (9,)), {**MICROSOFT, "K": 3, "N": 4}, (5, 2, 4)),
        ("Gemm", ((2, 3), (3, 4)), {}, (2, 4)),
        ("Gemm", ((3, 2), (4, 3), (4,)), {"transA": 1, "transB": 1}, (2, 4)),
        ("Gemm", ((2, 3), (3, 4), ()), {}, (2, 4)),
        ("Gemm", ((None, 3), (3, 4), (2, 4)), {}, (2, 4)),
        ("FusedGemm", ((2, 3), (3, 4), (4,)), MICROSOFT, (2, 4)),
        ("QGemm", ((2, 3), (), (), (4, 3), (), ()), {**MICROSOFT, "transB": 1}, (2, 4)),
        ("Einsum", ((2, 3), (3, 4)), {"equation": "ij,jk->ik"}, (2, 4)),
        ("Attention", ((2, 9, 8), (8, 24), (24,)), MICROSOFT, (2, 9, 8)),
        ("Attention", ((2, 9, 8), (8, None), (24,)), MICROSOFT, (2, 9, None)),
        (
            "Attention",
            ((2, 9, 8), (8, 20), (20,)),
            {**MICROSOFT, "qkv_hidden_sizes": (8, 8, 4)},
            (2, 9, 4),
        ),
        ("MultiHeadAttention", ((2, 9, 8), (2, 7, 8), (2, 7, 6)), MICROSOFT, (2, 9, 6)),
        ("MultiHeadAttention", ((2, 9, 8), (2, 4, 7, 2), (2, 4, 7, 3)), MICROSOFT, (2, 9, 12)),
        ("MultiHeadAttention", ((2, 9, 4, 3, 5),), MICROSOFT, (2, 9, 20)),
        ("MultiHeadAttention", ((2, 9, None, 3, 5),), MICROSOFT, (2, 9, None)),
        ("MultiHeadAttention", ((2, 9, 8), (2, 7, 4, 2, 2)), MICROSOFT, (2, 9, 8)),
    ],
)
def test_products(
    op: str, operands: tuple[Operand, ...], rest: dict[str, Any], expected: Shape | None
) -> None:
    assert shape_of(op, *operands, **rest) == expected


@pytest.mark.parametrize(
    ("op", "operands", "rest", "message"),
    [
        (
            "MatMul",
            ((2, 3), (4, 5)),
            {},
            "a product over 3 columns of the first and 4 rows of the second matrix",
        ),
        ("MatMul", ((), (4, 5)), {}, "a matrix product of a scalar"),
        ("MatMul", ((4, 5), ()), {}, "a matrix product of a scalar"),
        ("MatMul", ((2, 3, 4), (5, 4, 3)), {}, "shapes 2 and 5 do not broadcast"),
        ("Gemm", ((1, 2, 3), (3, 4)), {}, "Gemm multiplies matrices, but a is 1x2x3"),
        ("Gemm", ((2, 3), (3,)), {}, "Gemm multiplies matrices, but b is 3"),
        (
            "Gemm",
            ((2, 3), (4, 3)),
            {},
            "a product over 3 columns of the first and 4 rows of the second matrix",
        ),
        ("Gemm", ((2, 3), (3, 1), (4,)), {}, "the addend 4 does not fit 2x1"),
        ("Gemm", ((2, 3), (3, 4), (1, 2, 4)), {}, "the addend 1x2x4 does not fit 2x4"),
        ("Gemm", ((2, 3), (3, 2), (2, 2, 2)), {}, "the addend 2x2x2 does not fit 2x2"),
        ("Gemm", ((2, 3), (3, 4), (5,)), {}, "shapes 5 and 2x4 do not broadcast"),
        ("Einsum", ((2, 3),), {}, "attribute equation is missing"),
        ("Einsum", ((2, 3),), {"equation": 1}, "attribute equation is not a string"),
        ("MatMulNBits", ((2, 3),), {**MICROSOFT, "K": 3}, "attribute N is missing"),
        (
            "MatMulNBits",
            ((2, 3),),
            {**MICROSOFT, "K": 4, "N": 4},
            "a product over 3 columns of the first and 4 rows of the second matrix",
        ),
        (
            "Attention",
            ((2, 9, 8), (7, 24)),
            MICROSOFT,
            "weight takes 7 features, the input has 8",
        ),
        (
            "Attention",
            ((2, 9), (9, 24)),
            MICROSOFT,
            "attention from 2x9 with a weight of 9x24",
        ),
        (
            "Attention",
            ((2, 9, 8), (24,)),
            MICROSOFT,
            "attention from 2x9x8 with a weight of 24",
        ),
    ],
)
def test_products_that_cannot_run(
    op: str, operands: tuple[Operand, ...], rest: dict[str, Any], message: str
) -> None:
    assert defect_of(op, *operands, **rest) == message


@given(
    st.lists(st.integers(1, 3), min_size=1, max_size=4),
    st.lists(st.integers(1, 3), min_size=1, max_size=4),
)
def test_a_product_does_what_numpy_does(a: list[int], b: list[int]) -> None:
    try:
        expected = np.matmul(np.ones(a), np.ones(b)).shape
    except ValueError:
        with pytest.raises(Contradiction):
            matmul_shape(tuple(a), tuple(b))
    else:
        assert matmul_shape(tuple(a), tuple(b)) == expected


STEPS = (5, 2, 3)  # steps, batch, features


@pytest.mark.parametrize(
    ("op", "data", "gates", "rest", "expected"),
    [
        ("LSTM", STEPS, 4, {"hidden_size": 7}, [(5, 1, 2, 7), (1, 2, 7), (1, 2, 7)]),
        ("LSTM", (2, 5, 3), 4, {"layout": 1}, [(2, 5, 1, 7), (2, 1, 7), (2, 1, 7)]),
        ("GRU", STEPS, 3, {}, [(5, 1, 2, 7), (1, 2, 7)]),
        ("RNN", (None, 2, 3), 1, {}, [(None, 1, 2, 7), (1, 2, 7)]),
    ],
)
def test_recurrent_layers(
    op: str, data: Shape, gates: int, rest: dict[str, Any], expected: list[Shape]
) -> None:
    weights = ((1, gates * 7, 3), (1, gates * 7, 7))
    assert shapes_of(op, data, *weights, outputs=len(expected), **rest) == expected


def test_both_directions_and_the_hidden_size_come_from_either_source() -> None:
    weights = ((2, 28, 3), (2, 28, None))
    both = shapes_of("LSTM", STEPS, *weights, outputs=2, hidden_size=7, direction="bidirectional")
    assert both == [(5, 2, 2, 7), (2, 2, 7)]


@pytest.mark.parametrize(
    ("shapes", "rest", "message"),
    [
        ((STEPS, (1, 28, 4), (1, 28, 7)), {}, "weight takes 4 features, the input has 3"),
        (((5, 3), (1, 28, 3), (1, 28, 7)), {}, "the input has 2 axes where 3 are needed"),
        ((STEPS, (28, 3), (1, 28, 7)), {}, "the weight has 2 axes where 3 are needed"),
        ((STEPS, (1, 28, 3), (28, 7)), {}, "the recurrent weight has 2 axes where 3 are needed"),
        ((STEPS, (1, 28, 3), (2, 28, 7)), {}, "the weights disagree on the directions"),
        (
            (STEPS, (1, 28, 3), (1, 28, 7)),
            {"hidden_size": 8},
            "hidden_size is 8, the recurrent weight is for 7",
        ),
    ],
)
def test_a_recurrent_layer_that_cannot_run(
    shapes: tuple[Shape, ...], rest: dict[str, Any], message: str
) -> None:
    assert defect_of("LSTM", *shapes, **rest) == message


def test_attention_of_the_standard_is_left_to_onnx() -> None:
    inferred = infer_one(
        "Attention", (1, 4, 8), (1, 6, 8), (1, 6, 8), opset=23, q_num_heads=2, kv_num_heads=2
    )
    assert inferred.values["y0"].shape in {(1, 4, 8), None}  # None before onnx 1.18


@pytest.mark.parametrize(
    ("shapes", "rest", "message"),
    [
        (((1, 27, 3), (1, 28, 7)), {}, "the weight has 27 rows where 28 are needed"),
        (((1, 28, 3), (1, 21, 7)), {}, "the recurrent weight has 21 rows where 28 are needed"),
        (((2, 28, 3), (2, 28, 7)), {}, "2 directions of weights for 1"),
        (
            ((1, 28, 3), (1, 28, 7)),
            {"direction": "bidirectional"},
            "1 directions of weights for 2",
        ),
        (((1, 28, 3), (1, 28, 7), (1, 28)), {}, "the bias is 1x28 where 1x56 is needed"),
        (((1, 28, 3), (1, 28, 7), (56,)), {}, "the bias is 56 where 1x56 is needed"),
    ],
)
def test_weights_that_do_not_fit_the_gates(
    shapes: tuple[Shape, ...], rest: dict[str, Any], message: str
) -> None:
    assert defect_of("LSTM", STEPS, *shapes, **rest) == message


def test_a_bias_for_both_directions() -> None:
    weights = ((2, 21, 3), (2, 21, 7), (2, 42))
    assert shapes_of("GRU", STEPS, *weights, direction="bidirectional") == [(5, 2, 2, 7)]
