"""What is learnt: each stored tensor that an operator reads as a weight, once."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from cnnlint.facts.facts import Facts
from cnnlint.model.loader import load
from tests.net import Net

KINDS = {"f": np.float32, "i": np.int8, "u": np.uint8, "b": np.int32, "l": np.int64}


def facts_of(op: str, *operands: str, outputs: int = 1, **attrs: Any) -> Facts:
    """Return the facts of one node: ``x`` is data, ``f4x4`` a stored float tensor, "" absent.

    The letter is the type (see KINDS); a scalar is ``f`` alone.
    """
    names = [f"{text}_{i}" if text not in {"", "x"} else text for i, text in enumerate(operands)]
    stored = [
        numpy_helper.from_array(np.ones(sides(text), KINDS[text[0]]), name)
        for text, name in zip(operands, names, strict=True)
        if text not in {"", "x"}
    ]
    made = [f"y{index}" for index in range(outputs)]
    node = helper.make_node(op, names, made, domain="com.microsoft", **attrs)
    into = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4, 8])
    out = helper.make_tensor_value_info("y0", TensorProto.FLOAT, None)
    graph = helper.make_graph([node], "one", [into], [out], stored)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    return Facts(load(helper.make_model(graph, opset_imports=opsets).SerializeToString()))


def sides(text: str) -> Sequence[int]:
    return [int(side) for side in text[1:].split("x") if side]


@pytest.mark.parametrize(
    ("op", "operands", "params"),
    [
        ("FusedConv", ("x", "f6x4x3", "f6", "f1x6x6"), 78),
        ("NhwcConv", ("x", "f6x8x3", "f6"), 150),
        ("NhwcFusedConv", ("x", "f6x8x3", "f6"), 150),
        ("QLinearConv", ("x", "f", "u", "i6x4x3", "f6", "i6", "f", "u", "b6"), 78),
        ("ConvTransposeWithDynamicPads", ("x", "f4x6x3", "l2", "f6"), 78),
        ("CausalConvWithState", ("x", "f4x1x3", "f4", "f1x4x2"), 16),
        ("QGemm", ("x", "f", "u", "i8x5", "f5", "i5", "b5", "f", "u"), 45),
        ("QLinearMatMul", ("x", "f", "u", "i8x5", "f5", "i5", "f", "u"), 40),
        ("MatMulInteger", ("x", "i8x5", "u", "i5"), 40),
        ("MatMulInteger16", ("x", "i8x5"), 40),
        ("DynamicQuantizeMatMul", ("x", "i8x5", "f5", "i5", "f5"), 45),
        ("MatMulIntegerToFloat", ("x", "i8x5", "f", "f5", "u", "i5", "f5"), 45),
        ("FusedMatMul", ("x", "f8x5"), 40),
        ("FusedMatMul", ("f5x4", "x"), 20),
        ("FusedMatMulActivation", ("x", "f8x5"), 40),
        ("TransposeMatMul", ("x", "f8x5"), 40),
        ("FusedGemm", ("x", "f8x5", "f5"), 45),
        ("GemmFastGelu", ("x", "f8x5", "f5"), 45),
        ("DynamicQuantizeLSTM", ("x", "i1x8x12", "i1x3x12", "f1x24", "", "", "", "f1x9"), 165),
        ("Attention", ("x", "f8x24", "f24"), 216),
        ("QAttention", ("x", "i8x24", "f24", "f", "f24", "", "u", "i24"), 216),
        ("PackedAttention", ("x", "f8x24", "f24"), 216),
        ("DecoderMaskedSelfAttention", ("x", "f8x24", "f24"), 216),
        ("MultiHeadAttention", ("x", "x", "x", "f24"), 24),
        ("MultiHeadAttention", ("f1x2x8", "x", "x", "f24"), 40),
        ("PackedMultiHeadAttention", ("x", "x", "x", "f24"), 24),
        ("DecoderMaskedMultiHeadAttention", (*"xxx", *[""] * 7, "f24"), 24),
        ("GroupQueryAttention", (*"xxx", *[""] * 8, "f2", "", "", "f4", "f4"), 10),
        ("GroupQueryAttention", (*"xxx", *[""] * 4, "f9x2", "f9x2"), 0),  # sines and cosines
        ("LongformerAttention", ("x", "f8x24", "f24", "", "f8x24", "f24"), 432),
        ("GroupNorm", ("x", "f4", "f4"), 8),
        ("SkipGroupNorm", ("x", "f4", "f4", "x", "f4"), 12),
        ("SkipLayerNormalization", ("x", "x", "f8", "f8", "f8"), 24),
        ("SkipLayerNormalization", ("x", "f4x8", "f8", "f8", "f8"), 56),
        ("SkipSimplifiedLayerNormalization", ("x", "x", "f8", "f8"), 16),
        ("EmbedLayerNormalization", ("x", "", "f9x8", "f4x8", "f2x8", "f8", "f8"), 136),
        ("BiasGelu", ("x", "f8"), 8),
        ("BiasAdd", ("x", "f8", "x"), 8),
        ("BiasSplitGelu", ("x", "f8"), 8),
        ("FastGelu", ("x", "f8"), 8),
        ("QLinearAdd", ("x", "f", "u", "i4x8", "f", "u", "f", "u"), 32),
        ("QLinearAdd", ("x", "f2", "u2", "i1", "f", "u", "f", "u"), 0),
        ("QLinearMul", ("i4x8", "f2", "u2", "x", "f2", "u2", "f2", "u2"), 32),
        ("QLinearConcat", ("f2", "u2", "x", "f2", "u2", "i4x8", "f2", "u2"), 32),
        ("Gather", ("i9x8", "x"), 72),
        ("Gather", ("l9x8", "x"), 0),
    ],
)
def test_operands_that_are_learnt(op: str, operands: tuple[str, ...], params: int) -> None:
    assert facts_of(op, *operands).params == params


def test_packed_weights_count_as_what_they_hold() -> None:
    four = facts_of("MatMulNBits", "x", "u5x1x16", "f5", "", "", "f5", K=8, N=5, bits=4)
    assert (four.params, four.weight_bytes) == (40 + 5, 20 + 5 * 4)
    eight = facts_of("MatMulNBits", "x", "u5x1x16", "f5", K=8, N=5, bits=8)
    assert (eight.params, eight.weight_bytes) == (40, 40)
    other = facts_of("MatMulBnb4", "x", "u20", "f1", K=8, N=5)
    assert (other.params, other.weight_bytes) == (40, 20)
    assert four.weighted


def test_scale_that_rescales_quantised_data_is_no_parameter() -> None:
    net = Net(4, 8).stored("scale", np.ones((4, 1, 1), np.float32))
    names = ("q", "q_scale", "q_zero")
    made = helper.make_node("DynamicQuantizeLinear", ["input"], names, name="quantise")
    dynamic = Net(4, 8, nodes=(made,), weights=net.weights)
    assert dynamic.joined("Mul", "q_scale", "scale").facts().params == 0
    assert dynamic.joined("Add", "q_scale", "scale").facts().params == 4
    assert net.op("Mul", "scale").facts().params == 4


def test_constant_operand_of_a_gemm_on_either_side() -> None:
    left = Net(4, (8,)).op("Squeeze").stored("w", np.ones((3, 4), np.float32))
    assert left.joined("Gemm", "w", left.last).facts().params == 12


def test_attention_with_learnt_queries() -> None:
    net = Net(4, (8, 6)).stored("q", np.ones((1, 4, 3, 6), np.float32))
    assert net.joined("Attention", "q", "input", "input").facts().params == 72


def test_weights_are_not_looked_for_behind_a_shape() -> None:
    """A scale made from the size of a map has none, whatever weights the map comes from."""
    net = Net(4, 8).conv(6, 1, name="first").mark("map").beside("Shape", "first_out", result="s")
    net = net.stored("at", [1]).beside("Gather", "s", "at", result="c")
    net = net.stored("two", np.array([2.0], np.float32)).beside("Pow", "two", "c", result="r")
    facts = net.op("Mul", "r", name="scaled").facts()
    assert [sum(p.elements for p in facts.parameters[node.key]) for node in facts.nodes] == [30, 0]


def test_float_weight_that_is_quantised_on_the_way() -> None:
    net = Net(4, 8).shaped("w", 6, 4, 3, 3).stored("s", np.ones(6, np.float32))
    net = net.stored("z", np.zeros(6, np.int8)).beside("QuantizeLinear", "w", "s", "z", result="q")
    net = net.beside("DequantizeLinear", "q", "s", "z", result="d")
    assert net.op("Conv", "d").facts().params == 216


def test_position_encoding_that_is_resized() -> None:
    net = Net(4, 8).shaped("table", 1, 4, 4, 4).stored("by", np.array([1, 1, 2, 2], np.float32))
    assert net.beside("Resize", "table", "", "by", result="p").op("Add", "p").facts().params == 64


def test_standardised_weight() -> None:
    """Weights through a BatchNormalization, as ScaledStdConv has them: its gain is learnt."""
    net = Net(4, 8).shaped("w", 1, 6, 36)
    for name in ("gain", "shift", "mean", "variance"):
        net = net.shaped(name, 6)
    parts = ("w", "gain", "shift", "mean", "variance")
    net = net.stored("dims", [6, 4, 3, 3]).beside("BatchNormalization", *parts, result="n")
    assert net.beside("Reshape", "n", "dims", result="r").op("Conv", "r").facts().params == 228
