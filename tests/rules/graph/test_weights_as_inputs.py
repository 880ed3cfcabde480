import pytest

from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Basis, Fix, Severity, Silence
from cnnlint.model.loader import load
from rules.graph.weights_as_inputs import weights_as_inputs
from tests.model.small_graph import tensor
from tests.net import Net

NET = Net(3, 8).conv(8, name="a").relu().conv(8, name="b").gap()


def facts(*listed: str, ir_version: int = 8) -> Facts:
    proto = NET.proto()
    proto.ir_version = ir_version
    shapes = {t.name: t.dims for t in proto.graph.initializer}
    proto.graph.input.extend(tensor(name, *shapes[name]) for name in listed)
    return Facts(load(proto.SerializeToString()))


def test_reports() -> None:
    (found,) = weights_as_inputs.run(facts("b.weight", "a.weight", "a.bias"))
    assert found.message == "3 of 4 stored tensors are inputs of the graph too"
    assert [node.path for node in found.nodes] == ["a", "b"]
    assert found.evidence == {"tensors": 3, "stored": 4, "ir_version": 8}
    assert found.severity is None
    rule = weights_as_inputs
    assert (rule.severity, rule.basis, rule.fix) == (Severity.WARNING, Basis.MEASURED, Fix.SAFE)


def test_reports_one() -> None:
    (found,) = weights_as_inputs.run(facts("b.bias"))
    assert found.message == "1 of 4 stored tensors is an input of the graph too"


@pytest.mark.parametrize(
    ("version", "count"), [(3, 0), (4, 1), (10, 1)], ids=["required", "free", "newer"]
)
def test_versions(version: int, count: int) -> None:
    assert len(weights_as_inputs.run(facts("a.bias", ir_version=version))) == count


def test_silence() -> None:
    assert list(weights_as_inputs.remarks(facts())) == [
        Silence(None, "no stored tensor is an input of the graph")
    ]
    assert list(weights_as_inputs.remarks(facts("a.bias", ir_version=3))) == [
        Silence(None, "IR version 3 requires initializers to be inputs too")
    ]
