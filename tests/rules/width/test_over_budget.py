from collections.abc import Mapping
from typing import Any

import pytest
from onnx import TensorProto, helper

from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Severity, Silence
from cnnlint.model.loader import load
from rules.width.over_budget import over_budget
from tests.model.test_unfold import HEAD, read
from tests.net import Net

NET = Net(3, 32).conv(16, name="a").relu()
"""448 parameters (1,792 bytes), 442,368 MACs, 131,072 bytes of activations at once."""


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param({}, None, id="no budget"),
        pytest.param({"max_params": 448}, None, id="params kept"),
        pytest.param(
            {"max_params": 400}, "448 parameters, 12.0% above the budget of 400", id="params"
        ),
        pytest.param({"max_macs": 442_368}, None, id="MACs kept"),
        pytest.param(
            {"max_macs": 221_184}, "442,368 MACs, 100.0% above the budget of 221,184", id="MACs"
        ),
        pytest.param({"max_peak_mib": 0.125}, None, id="peak kept"),
        pytest.param(
            {"max_peak_mib": 0.0625},
            "131,072 bytes of activations at once, 100.0% above the budget of 65,536",
            id="peak",
        ),
        pytest.param({"max_weight_mib": 0.00171}, None, id="weights kept"),
        pytest.param(
            {"max_weight_mib": 0.0009765625},
            "1,792 bytes of parameters, 75.0% above the budget of 1,024",
            id="weights",
        ),
    ],
)
def test_reports(options: Mapping[str, Any], message: str | None) -> None:
    found = over_budget.run(NET.facts(), options)
    assert [f.message for f in found] == ([message] if message else [])
    assert over_budget.severity is Severity.ERROR


def test_each_budget_is_checked() -> None:
    options = dict.fromkeys(("max_params", "max_macs"), 1)
    sizes = dict.fromkeys(("max_peak_mib", "max_weight_mib"), 0.001)
    found = over_budget.run(NET.facts(), {**options, **sizes})
    assert [f.evidence["what"] for f in found] == [
        "parameters",
        "MACs",
        "bytes of activations at once",
        "bytes of parameters",
    ]


def test_evidence_and_suggestion() -> None:
    (found,) = over_budget.run(NET.facts(), {"max_params": 400})
    assert found.evidence == {"what": "parameters", "value": 448, "budget": 400, "decided": True}
    assert found.suggestion == "save 48 parameters, or raise the budget"
    assert found.nodes == ()


def test_unknown_sizes() -> None:
    facts = NET.op("Det", name="odd").op("Relu").open_facts()
    options = {"max_macs": 10**12, "max_peak_mib": 1e6, "max_params": 10**9}
    macs, peak = over_budget.run(facts, options)
    assert macs.message.startswith("a budget of 1,000,000,000,000 MACs that can't be checked: ")
    assert peak.message.startswith("a budget of 1,048,576,000,000 bytes of activations at once")
    assert "the size of the output of " in macs.message
    assert macs.evidence["decided"] is False
    assert macs.evidence["value"] is None
    assert macs.suggestion == "bind open sizes with --dim, or take the budget out"


def test_a_type_of_unknown_size() -> None:
    facts = Net(3, 8, dtype=TensorProto.STRING).relu().facts()
    (found,) = over_budget.run(facts, {"max_peak_mib": 1.0})
    assert found.message.endswith("can't be checked: the size of a tensor is unknown")


def foreign(*ops: str) -> Facts:
    """Return a model with operators that nobody can count."""
    proto = NET.repeat(len(ops), lambda net: net.op("Relu")).proto()
    for node, op in zip(proto.graph.node[2:], ops, strict=True):
        node.op_type, node.domain = op, "acme"
    proto.opset_import.append(helper.make_opsetid("acme", 1))
    return Facts(load(proto.SerializeToString()))


def test_a_lower_bound_that_is_within_decides_nothing() -> None:
    (found,) = over_budget.run(foreign("Warp", "Warp"), {"max_macs": 10**6})
    assert found.message == (
        "a budget of 1,000,000 MACs that can't be checked (at least 442,368): "
        "what acme:Warp x2 cost is unknown"
    )
    assert found.suggestion == "take the budget out"
    assert found.evidence["decided"] is False


def test_a_lower_bound_that_is_above_does() -> None:
    (found,) = over_budget.run(foreign("Warp"), {"max_macs": 221_184})
    assert found.message == "at least 442,368 MACs, 100.0% above the budget of 221,184"
    assert found.evidence["decided"] is True


def test_many_uncounted_operators_are_not_all_named() -> None:
    (found,) = over_budget.run(foreign("A", "B", "C", "D", "E"), {"max_macs": 10**6})
    assert found.message.endswith("what acme:A, acme:B, acme:C and 2 more cost is unknown")


def test_memory_inside_bodies_is_unknown() -> None:
    model = read(f"""{HEAD}
        net (float[2,3] x, bool c) => (y) {{
            y = If (c) <
                then_branch = one () => (a) {{ a = Neg (x) }},
                else_branch = two () => (b) {{ b = Abs (x) }}
            >
        }}""")
    (found,) = over_budget.run(Facts(model), {"max_peak_mib": 1.0})
    assert found.message == (
        "a budget of 1,048,576 bytes of activations at once that can't be checked (at least 24): "
        "what the bodies of If, Loop and Scan take isn't counted"
    )


def test_example_of_the_manual() -> None:
    assert f"{1_814_073_344 / 1_500_000_000 - 1:.0%}" == "21%"


def test_silence() -> None:
    assert list(over_budget.remarks(NET.facts())) == [Silence(None, "no budget is set")]
    assert list(over_budget.remarks(NET.facts(), {"max_params": 500})) == [
        Silence(None, "448 of 500 parameters")
    ]
