from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cnnlint.model import shapes
from cnnlint.model.defect import Defect, Kind
from cnnlint.model.graph import Value
from cnnlint.model.inference.call import MAX_RANK
from cnnlint.model.shapes import infer
from tests.model.inference.one_node import infer_one, ints, node, value

X = value("x", (1, 3, 8, 8))
OPSETS = {"": 18}


def test_shapes_follow_the_chain() -> None:
    chain = [
        node("Conv", "x w", "c", index=0, strides=(2, 2)),
        node("Relu", "c", "r", index=1),
        node("GlobalAveragePool", "r", "p", index=2),
        node("Flatten", "p", "f", index=3),
    ]
    weight = value("w", (4, 3, 2, 2))
    inferred = infer(chain, {"x": X, "w": weight}, OPSETS, {})
    found = {name: tensor.shape for name, tensor in inferred.values.items()}
    assert found == {
        "x": (1, 3, 8, 8),
        "w": (4, 3, 2, 2),
        "c": (1, 4, 4, 4),
        "r": (1, 4, 4, 4),
        "p": (1, 4, 1, 1),
        "f": (1, 4),
    }
    assert inferred.values["w"] is weight
    assert inferred.defects == ()


def test_a_contradiction_is_noted_and_inference_goes_on() -> None:
    nodes = [
        node("Conv", "x w", "c", index=0),
        node("Relu", "c", "r", index=1),
        node("Relu", "x", "y", index=2),
        node("Reshape", "x s", "z", index=3),
    ]
    given = {"x": X, "w": value("w", (4, 4, 3, 3)), "s": value("s", ints(5))}
    inferred = infer(nodes, given, OPSETS, {})
    assert inferred.defects == (
        Defect(Kind.CHANNELS, "weight takes 4 input channels, the input has 3", ("", 0)),
        Defect(Kind.ELEMENTS, "1x3x8x8 cannot be reshaped to 5", ("", 3)),
    )
    assert inferred.values["c"].shape is None
    assert inferred.values["c"].dtype == "float32"
    assert inferred.values["r"].shape is None
    assert inferred.values["y"].shape == X.shape


@pytest.mark.parametrize("domain", ["", "somebody.else"])
def test_what_the_file_declares_counts_where_nobody_knows_the_operator(domain: str) -> None:
    declared = {"y": Value("y", "float16", (1, 2))}
    inferred = infer([node("Magic", "x", domain=domain)], {"x": X}, OPSETS, declared)
    assert inferred.values["y"] == declared["y"]


def test_what_the_file_declares_never_overrides() -> None:
    declared = {name: Value(name, "float16", (1, 2)) for name in "rcd"}
    nodes = [
        node("Relu", "x", "r"),
        node("Relu", "u", "c"),
        node("Det", "x", "d"),
    ]
    inferred = infer(nodes, {"x": X, "u": Value("u")}, OPSETS, declared)
    assert inferred.values["r"].shape == X.shape
    assert inferred.values["c"].shape is None
    assert inferred.values["d"].shape == (1, 3)


def test_tensors_that_nothing_makes_are_unknown() -> None:
    inferred = infer([node("Relu", "nowhere"), node("Magic", "-", "- z")], {}, OPSETS, {})
    assert inferred.values == {name: Value(name) for name in ("nowhere", "y", "z")}
    assert [defect.kind for defect in inferred.defects] == [Kind.OPERATOR]


def test_constant_nodes_are_given() -> None:
    given = {"a": value("a", ints(4))}
    nodes = [node("Constant", "", "a"), node("Constant", "", "b")]
    assert infer(nodes, given, OPSETS, {}).values == {**given, "b": Value("b")}
    foreign = node("Constant", "", "y", domain="somebody.else")
    declared = {"y": Value("y", "float16", (1, 2))}
    assert infer([foreign], {}, OPSETS, declared).values == declared


def test_absent_outputs_have_no_tensor() -> None:
    nodes = [node("Dropout", "x", "y -"), node("MaxPool", "x", "- i", kernel_shape=(2, 2))]
    inferred = infer(nodes, {"x": X}, OPSETS, {})
    assert set(inferred.values) == {"x", "y", "i"}
    assert inferred.values["i"] == Value("i", "int64", (1, 3, 7, 7))


@pytest.mark.parametrize(
    ("opsets", "expected"),
    [
        ({"": 10}, (1, 3, 16, 16)),
        ({"ai.onnx": 10}, (1, 3, 16, 16)),
        ({}, (None,) * 4),
        ({"somebody.else": 1}, (None,) * 4),
    ],
)
def test_the_operator_set_decides(
    opsets: dict[str, int], expected: tuple[int | None, ...]
) -> None:
    given = {"x": X, "s": value("s", np.array([1, 1, 2, 2], "float32"))}
    assert infer([node("Resize", "x s")], given, opsets, {}).values["y"].shape == expected


@pytest.mark.parametrize("shape", [(-1, 3), (2**63, 3), (1,) * (MAX_RANK + 1)])
def test_a_shape_that_no_tensor_has_counts_as_unknown(shape: tuple[int, ...]) -> None:
    odd = Value("x", "float32", shape, stored=True)
    inferred = infer([node("Relu", "x")], {"x": odd}, OPSETS, {"y": odd})
    assert inferred.values["x"] == replace(odd, shape=None)
    assert inferred.values["y"].shape is None
    declared = infer([node("Magic", "x")], {"x": X}, OPSETS, {"y": odd}).values["y"]
    assert declared.shape is None


def test_sizes_stay_within_the_file_format() -> None:
    twice = [node("Concat", f"t{i} t{i}", f"t{i + 1}", index=i, axis=0) for i in range(100)]
    inferred = infer(twice, {"t0": value("t0", (1,))}, OPSETS, {})
    assert inferred.values["t62"].shape == (2**62,)
    assert inferred.defects == (Defect(Kind.SIZE, "an axis beyond 64 bits", ("", 62)),)


@pytest.mark.parametrize(
    "bad", [{"axis": (1,)}, {"axis": 1.5}, {"axis": "1"}, {"axis": 10**30}, {"axis": -3}]
)
def test_attributes_of_the_wrong_kind_are_defects(bad: dict[str, Any]) -> None:
    inferred = infer_one("Concat", (2, 3), (2, 3), **bad)
    assert len(inferred.defects) == 1


def test_an_error_inside_a_handler_is_a_defect_in_plain_words() -> None:
    inferred = infer_one("OneHot", (2, 3), np.empty(0), (2,))
    assert inferred.defects == (Defect(Kind.NODE, "malformed inputs or attributes", ("", 0)),)
    overflow = infer_one("Resize", (2**40,), "", np.array([1e38], "float32"))
    assert overflow.defects == inferred.defects


def test_folding_ends_where_a_model_wants_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapes, "_FOLDED_NUMBERS", 100)
    chain = [node("Neg", f"t{i}", f"t{i + 1}", index=i) for i in range(9)]
    inferred = infer(chain, {"t0": value("t0", np.ones(10, int))}, OPSETS, {})
    known = [name for name, tensor in inferred.values.items() if tensor.const is not None]
    assert known == [f"t{i}" for i in range(6)]  # 10 read and 10 written each
    assert inferred.values["t9"].shape == (10,)


def test_only_what_is_folded_uses_up_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapes, "_FOLDED_NUMBERS", 20)
    scale = value("s", np.ones(8, "float32"))
    nodes = [*(node("Mul", "x s", f"t{i}", index=i) for i in range(9)), node("Neg", "s")]
    large = value("x", (1, 8, 64, 8))
    inferred = infer(nodes, {"x": large, "s": scale}, OPSETS, {})
    assert inferred.values["y"].const is not None


def test_partial_numbers_use_up_room_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapes, "_FOLDED_NUMBERS", 20)
    nodes = [
        node("Shape", "x", "s"),
        *(node("Identity", "s", f"s{i}", index=i) for i in range(9)),
        node("ConstantOfShape", "s1", "y"),
        node("ConstantOfShape", "s8", "z"),
    ]
    inferred = infer(nodes, {"x": value("x", (None, 3, 4))}, OPSETS, {})
    assert inferred.values["y"].shape == (None, 3, 4)
    assert inferred.values["z"].shape == (None,) * 3


def test_long_chains_need_no_recursion() -> None:
    nodes = [node("Relu", f"t{i}", f"t{i + 1}", index=i) for i in range(50_000)]
    inferred = infer(nodes, {"t0": replace(X, name="t0")}, OPSETS, {})
    assert inferred.values["t50000"].shape == X.shape


def test_a_constant_without_a_value_is_a_defect() -> None:
    (defect,) = infer([node("Constant", "", "b")], {}, OPSETS, {}).defects
    assert defect == Defect(Kind.NODE, "a Constant without a value", ("", 0))
    given = {"a": Value("a", "float32", (2,), stored=True)}
    assert infer([node("Constant", "", "a")], given, OPSETS, {}).defects == ()


def test_a_file_without_an_operator_set_is_not_held_against_the_newest() -> None:
    for op in ("Split", "Resize"):
        assert infer([node(op, "x")], {"x": X}, {}, {}).defects == ()
    made = node("BatchNormalization", "x s s s s", "y a b c d")
    assert infer([made], {"x": X, "s": value("s", (3,))}, {}, {}).defects == ()
