from collections.abc import Sequence

import pytest
from onnx import helper

from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Severity, Silence
from cnnlint.model.loader import load
from rules.graph.malformed_node import malformed_node
from rules.graph.non_standard_op import non_standard_op
from tests.model.test_unfold import FUNCTION, HEAD, read
from tests.net import Net

IMAGE = Net(3, 16).conv(8, name="stem")


def facts(*ops: tuple[str, str], opset: int = 17) -> Facts:
    """Return a chain of operators, each of a domain."""
    proto = IMAGE.repeat(len(ops), lambda net: net.op("Relu")).proto()
    for node, (domain, op) in zip(proto.graph.node[1:], ops, strict=True):
        node.domain, node.op_type = domain, op
    proto.opset_import[0].version = opset
    proto.opset_import.extend(helper.make_opsetid(domain, 1) for domain, _ in ops if domain)
    return Facts(load(proto.SerializeToString()))


UNKNOWN = "{} is no operator of ONNX, at any operator set; runtimes refuse the file"


@pytest.mark.parametrize(
    ("ops", "expected"),
    [
        pytest.param([("", "Erf")], [], id="onnx"),
        pytest.param([("", "Erfc")], [(None, 1, UNKNOWN.format("Erfc"))], id="unknown"),
        pytest.param(
            [("", "Erfc"), ("", "Magic"), ("", "Erfc")],
            [(None, 2, UNKNOWN.format("Erfc")), (None, 1, UNKNOWN.format("Magic"))],
            id="one finding for each operator",
        ),
        pytest.param([("", "SimplifiedLayerNormalization")], [], id="onnxruntime has it"),
        pytest.param([("ai.onnx.ml", "Scaler")], [], id="machine learning"),
        pytest.param(
            [("com.microsoft", "QuickGelu"), ("com.microsoft", "BiasGelu")],
            [
                (
                    Severity.NOTE,
                    2,
                    "operators of com.microsoft, which onnxruntime alone has: QuickGelu, BiasGelu",
                )
            ],
            id="onnxruntime",
        ),
        pytest.param(
            [("com.ms.internal.nhwc", "Conv")],
            [
                (
                    Severity.NOTE,
                    1,
                    "operators of com.ms.internal.nhwc, which onnxruntime alone has: Conv",
                )
            ],
            id="onnxruntime inside",
        ),
        pytest.param(
            [("acme", "Conv"), ("acme", "Conv"), ("acme", "Warp"), ("mine", "Conv")],
            [
                (
                    Severity.WARNING,
                    3,
                    "operators of acme, which ONNX doesn't have: Conv x2, Warp",
                ),
                (Severity.WARNING, 1, "operators of mine, which ONNX doesn't have: Conv"),
            ],
            id="one finding for each foreign domain",
        ),
        pytest.param(
            [("acme", op) for op in "ABCDEFG"],
            [
                (
                    Severity.WARNING,
                    7,
                    "operators of acme, which ONNX doesn't have: A, B, C, D, E and 2 more",
                )
            ],
            id="many",
        ),
    ],
)
def test_reports(
    ops: Sequence[tuple[str, str]], expected: list[tuple[Severity | None, int, str]]
) -> None:
    findings = non_standard_op.run(facts(*ops))
    assert [(f.severity, len(f.nodes), f.message) for f in findings] == expected
    assert non_standard_op.severity is Severity.ERROR


def test_example_of_the_manual() -> None:
    found, *_ = non_standard_op.run(facts(("", "Erfc"), ("", "Magic")))
    assert found.suggestion == "1 - Erf(x) is the same: export it so, or patch the nodes"
    assert found.evidence == {"operators": ("Erfc",), "nodes": 1, "domain": ""}


def test_not_said_twice() -> None:
    assert not malformed_node.run(facts(("", "Erfc"), ("acme", "Conv")))
    later = facts(("", "Gelu"))  # of operator set 20
    assert not non_standard_op.run(later)
    assert malformed_node.run(later)


def test_newer_operator_sets_are_not_judged() -> None:
    assert not non_standard_op.run(facts(("", "Erfc"), opset=99))


def test_functions_of_the_file_are_fine() -> None:
    model = read(f"""{HEAD}
        net (float[2,3] x) => (y) {{ y = me.Twice (x) }}
        {FUNCTION}
        Twice (a) => (c) {{ c = Add (a, a) }}""")
    assert list(non_standard_op.remarks(Facts(model))) == [
        Silence(None, "every operator is one of ONNX, as far as its operator set is known")
    ]
