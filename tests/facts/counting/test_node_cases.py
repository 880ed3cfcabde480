"""The node tests that the onnx package generates: about 1,900 models of one operator each.

An operator that the standard defines by others comes twice: as itself, and expanded into them.
"""

import re
import warnings
from collections.abc import Mapping

import pytest
from onnx.backend.test.case.node import collect_testcases

from cnnlint.facts.facts import Facts
from cnnlint.model.loader import load

EXPANDED = re.compile(r"_expanded(_ver\d+|_function_\w+)?$")
LEFT_OUT = {
    "If",  # those of which the data chooses between branches of different cost
    "ImageDecoder",
    "Loop",
    "SequenceMap",
    "ai.onnx.ml:TreeEnsemble",
    "ai.onnx.preview.training:Adagrad",
    "ai.onnx.preview.training:Adam",
    "ai.onnx.preview.training:Gradient",
    "ai.onnx.preview.training:Momentum",
}


@pytest.fixture(scope="module")
def cases() -> Mapping[str, Facts]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # computing the expected outputs divides by zero
        found = collect_testcases(None)
    return {
        case.name: Facts(load(case.model.SerializeToString()))
        for case in found
        if case.model is not None
    }


def test_every_case_is_counted_but_for_known_operators(cases: Mapping[str, Facts]) -> None:
    assert len(cases) > 1_000
    assert {op for facts in cases.values() for op in facts.uncounted_ops} <= LEFT_OUT
    for facts in cases.values():
        assert facts.params >= 0
        assert facts.flops is None or facts.flops >= 2 * (facts.macs or 0)


def test_macs_are_those_of_the_expanded_operator(cases: Mapping[str, Facts]) -> None:
    """So are attention, linear attention, affine grids, causal convolutions … right."""
    pairs = {EXPANDED.sub("", name): facts for name, facts in cases.items() if "_expanded" in name}
    pairs = {name: facts for name, facts in pairs.items() if name in cases}
    assert len(pairs) > 200
    assert {n: cases[n].macs for n in pairs} == {n: facts.macs for n, facts in pairs.items()}
    assert sum(bool(facts.macs) for facts in pairs.values()) > 20


def test_macs_are_null_only_where_a_size_is_an_input(cases: Mapping[str, Facts]) -> None:
    unknown = {name for name, facts in cases.items() if facts.macs is None}
    assert all(name.startswith("test_affine_grid") for name in unknown)
