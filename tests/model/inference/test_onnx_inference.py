from typing import Any

import numpy as np
import onnx
import pytest

from cnnlint.model.graph import Value
from cnnlint.model.inference.onnx_inference import OnnxInference, _tensor_proto
from tests.model.inference.one_node import infer_one, node, value


def test_onnx_knows_operators_that_have_no_handler() -> None:
    found = infer_one("Det", (2, 3, 4, 4)).values["y0"]
    assert (found.shape, found.dtype) == ((2, 3), "float32")


def test_unknown_dimensions_and_ranks_are_handed_over() -> None:
    assert infer_one("Det", (None, 3, 4, 4)).values["y0"].shape == (None, 3)
    assert infer_one("OptionalHasElement", None).values["y0"].shape == ()


def test_it_reads_the_numbers_of_constants() -> None:
    found = infer_one("DFT", (1, 8, 9, 1), "", np.array(2), opset=20, onesided=1)
    assert found.values["y0"].shape == (1, 8, 5, 2)


def test_absent_inputs_keep_their_place() -> None:
    inferred = infer_one("DFT", (1, 8, 1), "", np.array(1), opset=20)
    assert inferred.values["y0"].shape == (1, 8, 2)


def test_empty_lists_are_left_out() -> None:
    assert infer_one("Det", (2, 2), odd=()).values["y0"].shape == ()


@pytest.mark.parametrize(
    ("op", "domain", "attrs"),
    [
        ("Nothing", "", {}),
        ("Nothing", "somebody.else", {}),
        ("If", "", {}),
        ("Loop", "", {}),
        ("Compress", "", {"axis": 7}),
        ("Compress", "", {"axis": "text"}),
        ("Multinomial", "", {"sample_size": -1}),
        ("SequenceEmpty", "", {}),
        ("\ud800", "", {}),
    ],
)
def test_what_onnx_does_not_know_stays_unknown(
    op: str, domain: str, attrs: dict[str, Any]
) -> None:
    inferred = infer_one(op, (4, 5), Value("c", "bool", (4,)), domain=domain, **attrs)
    assert inferred.values["y0"].shape is None
    assert inferred.defects == ()


def test_an_element_type_of_its_own_is_no_reason_to_fail() -> None:
    odd = Value("x0", "nonsense", (2, 2))
    assert infer_one("Det", odd).values["y0"].shape is None
    assert infer_one("Det", Value("x0", None, (2, 2))).values["y0"].shape in {(), None}


def test_an_operator_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    look_up = onnx.defs.get_schema

    def spy(op: str, version: int, domain: str) -> onnx.defs.OpSchema:
        asked.append(op)
        return look_up(op, version, domain)

    monkeypatch.setattr(onnx.defs, "get_schema", spy)
    onnx_ = OnnxInference({"": 18})
    for op in ("Det", "Det", "Nothing", "Nothing"):
        onnx_.outputs(node(op, "x"), [value("x", (2, 2))])
    assert asked == ["Det", "Nothing"]


def test_a_sequence_has_no_shape() -> None:
    assert infer_one("SequenceConstruct", (4, 5)).values["y0"] == Value("y0")


def test_an_unknown_rank_stays_unknown() -> None:
    inferred = infer_one("Compress", None, Value("c", "bool", (4,)), axis=0)
    assert inferred.values["y0"].shape is None


@pytest.mark.parametrize(("count", "handed_over"), [(4_096, True), (4_097, False)])
def test_large_constants_are_not_handed_over(count: int, handed_over: bool) -> None:
    constant = value("x", np.zeros(count, bool))
    assert (_tensor_proto(constant) is not None) == handed_over
