from typing import Any

import pytest

from cnnlint.model.control import scan_fault
from cnnlint.model.shapes import infer
from tests.model.inference.one_node import node


def test_the_first_scan_had_no_axes() -> None:
    scan = node("Scan", "lengths state x", "last a b", num_scan_inputs=1, scan_input_axes=(0, 0))
    assert scan_fault(scan, 8) is None
    assert scan_fault(scan, 9) is not None


@pytest.mark.parametrize(
    ("attrs", "opset", "expected"),
    [
        ({"num_scan_inputs": 1}, 9, None),
        ({"num_scan_inputs": 1, "scan_input_axes": (1,), "scan_output_axes": (0, 1)}, 9, None),
        ({"num_scan_inputs": 1, "scan_output_directions": (0, 1)}, 9, None),
        ({"num_scan_inputs": 3}, 9, "num_scan_inputs is 3, there are 2 inputs"),
        ({"num_scan_inputs": -1}, 8, "num_scan_inputs is -1, there are 2 inputs"),
        (
            {"num_scan_inputs": 1, "scan_input_axes": (0, 0)},
            9,
            "scan_input_axes has 2 values where 1 are needed",
        ),
        (
            {"num_scan_inputs": 1, "scan_output_axes": (0,)},
            9,
            "scan_output_axes has 1 values where 2 are needed",
        ),
        (
            {"num_scan_inputs": 1, "scan_input_directions": (0, 1)},
            9,
            "scan_input_directions has 2 values where 1 are needed",
        ),
        (
            {"num_scan_inputs": 1, "scan_output_directions": (0, 2)},
            9,
            "scan_output_directions holds what is neither 0 nor 1",
        ),
    ],
)
def test_what_a_scan_says_of_its_inputs_and_outputs(
    attrs: dict[str, Any], opset: int, expected: str | None
) -> None:
    scan = node("Scan", "state x", "last a b", **attrs)
    assert scan_fault(scan, opset) == expected
    inferred = infer([scan], {}, {"": opset}, {})
    assert [d.text for d in inferred.defects] == [expected] * (expected is not None)
