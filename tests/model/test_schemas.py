import importlib.util
from pathlib import Path
from typing import Any

import pytest
from onnx import defs

from cnnlint.model import schemas
from cnnlint.model.schemas import Schemas, look_up
from tests.model.inference.one_node import infer_one, node

NEWEST = int(schemas._lines("# -")[0])
TOOL = Path(__file__).parents[2] / "tools" / "update_schemas.py"


def fault(op: str, inputs: str, *, outputs: str = "y", opset: int = 13, **rest: Any) -> str | None:
    return Schemas({"": opset, "ai.onnx.ml": 3}).fault(node(op, inputs, outputs, **rest), opset)


@pytest.mark.parametrize(
    ("op", "inputs", "rest", "expected"),
    [
        (
            "Conv",
            "x w",
            {"colour": "red"},
            "attribute colour is unknown to Conv at operator set 13",
        ),
        ("Conv", "x w", {"strides": (1.5,)}, "attribute strides is not a list of integers"),
        ("Conv", "x w", {"strides": "two"}, "attribute strides is not a list of integers"),
        ("Conv", "x w", {"strides": 2}, "attribute strides is not a list of integers"),
        ("Conv", "x w", {"group": (2,)}, "attribute group is not an integer"),
        ("Conv", "x w", {"group": 2.0}, "attribute group is not an integer"),
        ("Conv", "x w", {"auto_pad": 1}, "attribute auto_pad is not a string"),
        ("Elu", "x", {"alpha": 1}, "attribute alpha is not a float"),
        (
            "Upsample",
            "x",
            {"opset": 7, "scales": (1,)},
            "attribute scales is not a list of floats",
        ),
        ("ConstantOfShape", "x", {"value": (1,)}, "attribute value is not a tensor"),
        ("MaxPool", "x", {}, "attribute kernel_shape is missing"),
        ("Conv", "x", {}, "input W is missing"),
        ("Conv", "x -", {}, "input W is missing"),
        ("Conv", "x w b c d", {}, "5 inputs where Conv has 3"),
        ("Conv", "x w", {"outputs": "y z"}, "2 outputs where Conv has 1"),
        ("Conv", "x w", {"outputs": ""}, "output Y is missing"),
        ("TopK", "x k", {}, "output Indices is missing"),
        ("BatchNormalization", "x", {}, "input scale is missing"),
        ("Concat", "", {"axis": 1}, "Concat has too few inputs"),
        ("RandomNormal", "x", {"shape": (1,)}, "1 inputs where RandomNormal has none"),
        ("RoiAlign", "x r b", {"mode": "mean"}, "attribute mode is none of avg, max"),
        (
            "Resize",
            "x - s",
            {"mode": "LINEAR"},
            "attribute mode is none of nearest, linear, cubic",
        ),
        ("Resize", "x - s", {"mode": "bogus"}, "attribute mode is none of nearest, linear, cubic"),
        (
            "ai.onnx.ml:Scaler",
            "x y",
            {"domain": "ai.onnx.ml"},
            "2 inputs where ai.onnx.ml:Scaler has 1",
        ),
    ],
)
def test_what_an_operator_does_not_take(
    op: str, inputs: str, rest: dict[str, Any], expected: str
) -> None:
    assert fault(op, inputs, **rest) == expected


@pytest.mark.parametrize(
    ("op", "inputs", "rest"),
    [
        ("Conv", "x w", {}),
        ("Conv", "x w -", {}),
        ("Conv", "x w b", {"strides": (), "auto_pad": "SAME_UPPER", "group": 1, "__hint": 1}),
        ("ConstantOfShape", "x", {"value": 1}),
        ("Concat", "x y z", {"axis": 1}),
        ("Clip", "x - m", {}),
        ("Dropout", "x", {"outputs": "y"}),
        ("LSTM", "x w r", {"outputs": "- h", "activations": ("Tanh",), "clip": 1.0}),
        ("Resize", "x - s", {"mode": "linear", "nearest_mode": ""}),
        ("RoiAlign", "x r b", {"mode": "MAX"}),
        ("Add", "x y", {"opset": 6, "axis": 1, "broadcast": 1}),
        ("Relu", "x", {"opset": 1, "consumed_inputs": (0,)}),
        ("LayerNormalization", "x s", {"opset": 17, "colour": "red"}),  # onnxruntime takes it
    ],
)
def test_what_an_operator_takes(op: str, inputs: str, rest: dict[str, Any]) -> None:
    assert fault(op, inputs, **rest) is None


@pytest.mark.parametrize(
    ("op", "opset", "expected"),
    [
        ("Gelu", 19, "Gelu exists since operator set 20, the file imports 19"),
        ("GridSample", 1, "GridSample exists since operator set 16, the file imports 1"),
        ("GroupNormalization", 17, "GroupNormalization exists since operator set 18"),
        ("Upsample", 10, "Upsample was withdrawn at operator set 10, the file imports 10"),
        ("Upsample", 17, "Upsample was withdrawn at operator set 10, the file imports 17"),
        ("Scatter", 11, "Scatter was withdrawn at operator set 11, the file imports 11"),
    ],
)
def test_an_operator_that_its_operator_set_lacks(op: str, opset: int, expected: str) -> None:
    assert (fault(op, "x", opset=opset) or "").startswith(expected)


def test_a_function_may_use_what_the_operator_set_of_its_model_has() -> None:
    assert Schemas({"": 20}).fault(node("Gelu", "x"), 17) is None
    assert Schemas({"": 17}).fault(node("Gelu", "x"), 20) is None
    assert Schemas({"": 19}).fault(node("Gelu", "x"), 17) is not None


def test_a_machine_learning_operator_that_its_operator_set_lacks() -> None:
    trees = node("ai.onnx.ml:TreeEnsembleRegressor", "x", domain="ai.onnx.ml")
    assert Schemas({"": 17, "ai.onnx.ml": 5}).fault(trees, 17) == (
        "ai.onnx.ml:TreeEnsembleRegressor was withdrawn at operator set 5, the file imports 5"
    )
    assert Schemas({"": 17, "ai.onnx.ml": 3}).fault(trees, 17) is None
    assert Schemas({"": 17}).fault(trees, 17) is None  # not imported


@pytest.mark.parametrize(
    ("op", "domain", "opset"),
    [
        ("GroupNormalization", "", 18),  # onnxruntime runs these four
        ("LayerNormalization", "", 1),
        ("MeanVarianceNormalization", "", 8),
        ("ThresholdedRelu", "", 9),
        ("SimplifiedLayerNormalization", "", 17),
        ("Gelu", "acme", 17),
        ("ai.onnx.ml:Scaler", "ai.onnx.ml", 0),
        ("Upsample", "", NEWEST + 1),
        ("Gelu 20 X", "", 17),
        ("Conv", "", 17),
    ],
)
def test_what_cannot_be_said_to_be_absent(op: str, domain: str, opset: int) -> None:
    assert schemas.absence(domain, op, opset) is None


@pytest.mark.parametrize(
    ("op", "domain", "opset"),
    [
        ("Conv", "", 1_000),
        ("Conv", "", NEWEST + 1),
        ("Conv", "com.microsoft", 13),
        ("acme:Conv", "acme", 13),
        ("ai.onnx.ml:Scaler", "ai.onnx.ml", 99),
        ("Gelu", "", 13),
        ("Upsample", "", 13),
        ("Nothing", "", 13),
        ("Conv 1 X Y -", "", 13),
        ("Conv 1 X\nConv", "", 13),
        ("#", "", 13),
    ],
)
def test_what_nobody_knows_is_not_judged(op: str, domain: str, opset: int) -> None:
    assert look_up(domain, op, opset) is None


@pytest.mark.parametrize(
    ("op", "domain", "opset", "unknown"),
    [
        ("Erfc", "", 17, True),
        ("Erfc", "", NEWEST, True),
        ("Erfc", "", NEWEST + 1, False),
        ("Erfc", "", 0, False),
        ("Conv 1 X", "", 17, True),
        ("Erf", "", 17, False),
        ("Gelu", "", 17, False),  # not yet
        ("Upsample", "", 17, False),  # no longer
        ("SimplifiedLayerNormalization", "", 17, False),  # onnxruntime has it there
        ("ai.onnx.ml:Erfc", "ai.onnx.ml", 3, True),
        ("ai.onnx.ml:Erfc", "ai.onnx.ml", 0, False),
        ("ai.onnx.ml:Scaler", "ai.onnx.ml", 3, False),
        ("acme:Erfc", "acme", 1, False),
        ("Erfc", "com.microsoft", 1, False),
    ],
)
def test_operators_that_onnx_never_had(op: str, domain: str, opset: int, unknown: bool) -> None:
    assert schemas.is_unknown(domain, op, opset) is unknown
    fault = Schemas({"": 17, domain: opset}).fault(node(op, "x", domain=domain), opset)
    assert (fault == f"{op} is no operator of ONNX, at any operator set") is unknown


def test_a_very_long_name_of_an_unknown_operator_is_shortened() -> None:
    fault = Schemas({"": 17}).fault(node("c" * 999, "x"), 17)
    assert fault is not None
    assert len(fault) < 200


def test_the_newest_operator_set_is_known() -> None:
    assert look_up("", "Conv", NEWEST) is not None


def test_an_operator_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def spy(domain: str, op: str, opset: int) -> None:
        asked.append(f"{domain}{op}{opset}")

    monkeypatch.setattr(schemas, "look_up", spy)
    known = Schemas({"": 13})
    for op, opset in (("Conv", 13), ("Conv", 13), ("Conv", 11), ("Relu", 13), ("Relu", 13)):
        known.fault(node(op, "x"), opset)
    assert asked == ["Conv13", "Conv11", "Relu13"]


@pytest.mark.skipif(
    defs.onnx_opset_version() != NEWEST, reason="another onnx knows other operators"
)
def test_the_file_says_what_onnx_says() -> None:
    spec = importlib.util.spec_from_file_location("update_schemas", TOOL)
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert "\n".join(tool.lines()) + "\n" == tool.FILE.read_text(encoding="ascii")
    many = 2**31 - 1
    for schema in defs.get_all_schemas_with_history():
        op = f"{schema.domain}:{schema.name}" if schema.domain else schema.name
        found = look_up(schema.domain, op, schema.since_version)
        assert (found is None) == schema.deprecated, op
        if found is not None:
            inputs, outputs = found.inputs, found.outputs
            assert (inputs.least, min(inputs.most, many)) == (schema.min_input, schema.max_input)
            assert (outputs.least, min(outputs.most, many)) == (
                schema.min_output,
                schema.max_output,
            )
            assert set(found.kinds) == set(schema.attributes)


def test_one_node_has_one_defect_and_shapes_where_they_can_be() -> None:
    inferred = infer_one("Conv", (1, 3, 8, 8), (4, 3, 3, 3), colour="red")
    assert [d.text for d in inferred.defects] == [
        "attribute colour is unknown to Conv at operator set 18"
    ]
    assert inferred.values["y0"].shape == (1, 4, 6, 6)
    inferred = infer_one("Conv", (1, 3, 8, 8), (4, 4, 3, 3), colour="red")
    assert len(inferred.defects) == 1
