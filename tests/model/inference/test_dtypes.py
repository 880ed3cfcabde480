from typing import Any

import pytest

from cnnlint.model.graph import Value
from tests.model.inference.one_node import infer_one

FLOAT = Value("f", "float32", (1, 4, 8, 8))
HALF = Value("h", "float16", (1, 4, 8, 8))
BYTE = Value("b", "uint8", (1, 4, 8, 8))
SIGNED = Value("i", "int8", (1, 4, 8, 8))


@pytest.mark.parametrize(
    ("op", "operands", "rest", "expected"),
    [
        ("Relu", (HALF,), {}, ["float16"]),
        ("Range", (), {}, [None]),
        ("Shape", (HALF,), {}, ["int64"]),
        ("ArgMax", (HALF,), {}, ["int64"]),
        ("Equal", (HALF, HALF), {}, ["bool"]),
        ("IsNaN", (HALF,), {}, ["bool"]),
        ("Where", (BYTE, HALF, HALF), {}, ["float16"]),
        ("Cast", (HALF,), {"to": 1}, ["float32"]),
        ("Cast", (HALF,), {"to": 16}, ["bfloat16"]),
        ("Cast", (HALF,), {"to": 99}, [None]),
        ("Cast", (HALF,), {}, [None]),
        ("Cast", (HALF,), {"to": 1.5}, [None]),
        ("Cast", (HALF,), {"to": "INT64", "opset": 1}, ["int64"]),
        ("Cast", (HALF,), {"to": "FLOAT", "opset": 1}, ["float32"]),
        ("CastLike", (HALF, BYTE), {}, ["uint8"]),
        ("ConstantOfShape", (FLOAT,), {}, ["float32"]),
        ("ConstantOfShape", (FLOAT,), {"value": 1}, ["int64"]),
        ("ConstantOfShape", (FLOAT,), {"value": False}, ["bool"]),
        ("RandomNormal", (), {"shape": (1,)}, ["float32"]),
        ("RandomNormal", (), {"shape": (1,), "dtype": 10}, ["float16"]),
        ("RandomNormalLike", (HALF,), {}, ["float16"]),
        ("EyeLike", (HALF,), {"dtype": 7}, ["int64"]),
        ("MaxPool", (HALF,), {"kernel_shape": (2, 2)}, ["float16", "int64"]),
        ("Dropout", (HALF,), {}, ["float16", "bool"]),
        ("Dropout", (HALF,), {}, ["float16", "bool", None]),
        ("LayerNormalization", (HALF, None), {}, ["float16", "float32", "float32"]),
        ("BatchNormalization", (HALF, None, None, None, None), {}, ["float16"] * 3),
        ("QuantizeLinear", (FLOAT, FLOAT, SIGNED), {}, ["int8"]),
        ("QuantizeLinear", (FLOAT, FLOAT), {}, ["uint8"]),
        ("QuantizeLinear", (FLOAT, FLOAT), {"output_dtype": 4}, ["uint16"]),
        ("QuantizeLinear", (FLOAT, FLOAT, SIGNED), {"output_dtype": 0}, ["int8"]),
        ("DequantizeLinear", (SIGNED, HALF), {}, ["float16"]),
        ("DynamicQuantizeLinear", (FLOAT,), {}, ["uint8", "float32", "uint8"]),
        ("ConvInteger", (BYTE, BYTE), {}, ["int32"]),
        ("QLinearMatMul", (BYTE, None, None, BYTE, None, None, None, SIGNED), {}, ["int8"]),
        ("OneHot", (SIGNED, None, HALF), {}, ["float16"]),
        ("Split", (HALF,), {}, ["float16"] * 2),
    ],
)
def test_element_types(
    op: str, operands: tuple[Any, ...], rest: dict[str, Any], expected: list[str | None]
) -> None:
    inferred = infer_one(op, *operands, outputs=len(expected), **rest)
    assert [inferred.values[f"y{i}"].dtype for i in range(len(expected))] == expected
