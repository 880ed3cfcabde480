from pathlib import Path

import numpy as np
import pytest

from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Severity, Silence
from cnnlint.model.loader import load
from rules.graph.non_finite_weight import non_finite_weight
from tests.net import Net

NAN, INF = np.nan, np.inf


def kernel(*odd: float, dtype: type[np.generic] = np.float32) -> "np.ndarray":
    numbers = np.full((8, 3, 3, 3), 0.5, dtype)
    numbers.reshape(-1)[: len(odd)] = odd
    return numbers


def net(*odd: float) -> Net:
    return Net(3, 8).conv(8, name="a", bias=False, weight=kernel(*odd)).relu()


@pytest.mark.parametrize(
    ("odd", "message"),
    [
        pytest.param([NAN], "weights of a layer are not finite: 1 NaN", id="NaN"),
        pytest.param([INF, -INF], "weights of a layer are not finite: 2 infinite", id="infinite"),
        pytest.param(
            [NAN, INF, NAN], "weights of a layer are not finite: 2 NaN and 1 infinite", id="both"
        ),
        pytest.param([], None, id="fine"),
        pytest.param([-65_504], None, id="largest of float16"),
    ],
)
def test_kernels(odd: list[float], message: str | None) -> None:
    found = non_finite_weight.run(net(*odd).facts())
    assert [f.message for f in found] == ([message] if message else [])
    assert all(f.severity is None for f in found)
    assert non_finite_weight.severity is Severity.ERROR


def test_one_finding_for_all_layers() -> None:
    model = net(NAN).conv(8, 1, name="b", bias=False, weight=np.full((8, 8, 1, 1), INF, "f4"))
    model = model.relu().conv(8, 1, name="c", bias=False, weight=np.ones((8, 8, 1, 1), "f4"))
    (found,) = non_finite_weight.run(model.facts())
    assert [node.path for node in found.nodes] == ["a", "b"]
    assert found.message == "weights of 2 layers are not finite: 1 NaN and 64 infinite"
    assert found.evidence == {"layers": 2, "nan": 1, "infinite": 64}


@pytest.mark.parametrize("operand", ["weight", "bias", "running_mean", "running_var"])
def test_normalisation(operand: str) -> None:
    proto = net().bn().proto()
    (tensor,) = (t for t in proto.graph.initializer if t.name.endswith(operand) and "bn" in t.name)
    tensor.raw_data = np.array([INF] + [1.0] * 7, np.float32).tobytes()
    (found,) = non_finite_weight.run(Facts(load(proto.SerializeToString())))
    assert found.nodes[0].op == "BatchNormalization"


def test_normalisation_without_statistics_is_read_as_far_as_it_goes() -> None:
    model = net(NAN).stored("s", np.ones(8, np.float32)).op("BatchNormalization", "s", "s")
    assert len(non_finite_weight.run(model.facts())) == 1


@pytest.mark.parametrize(
    ("op", "number", "count"),
    [("Add", -INF, 0), ("Add", NAN, 1), ("Add", 1e9, 0), ("Mul", INF, 1), ("Mul", 1e9, 1)],
)
def test_masks(op: str, number: float, count: int) -> None:
    model = net().stored("mask", np.array([0, number], np.float32).repeat(4)).op(op, "mask")
    assert len(non_finite_weight.run(model.facts())) == count


def test_weights_too_large_for_float16() -> None:
    (found,) = non_finite_weight.run(net(-1e6, 65_505).facts())
    assert found.message == "weights up to 1e+06: float16 ends at 65,504"
    assert found.severity is Severity.NOTE
    assert found.evidence == {"layers": 1, "largest": 1e6}


def test_weights_in_a_file(tmp_path: Path) -> None:
    weight = np.ones((128, 128, 3, 3), np.float32)
    weight[-1, -1, -1, -1] = NAN
    proto = Net(128, 8).conv(128, name="a", bias=False, weight=weight).proto()
    (tmp_path / "model.onnx").write_bytes(proto.SerializeToString())
    (found,) = non_finite_weight.run(Facts(load(tmp_path / "model.onnx")))
    assert found.evidence["nan"] == 1


def test_a_weight_that_two_layers_read_is_counted_once() -> None:
    model = Net(8, 8).conv(8, 1, name="a", bias=False, weight=np.full((8, 8, 1, 1), NAN, "f4"))
    (found,) = non_finite_weight.run(model.op("Conv", "a.weight").facts())
    assert (len(found.nodes), found.evidence["nan"]) == (1, 64)


@pytest.mark.parametrize(("limit", "count"), [(0.0008, 0), (0.00083, 1)])
def test_models_too_large_to_read(limit: float, count: int) -> None:
    facts = net(NAN).facts()
    assert facts.weight_bytes == 864
    assert len(non_finite_weight.run(facts, {"max_mib": limit})) == count


def test_silence() -> None:
    facts = net(NAN).facts()
    assert list(non_finite_weight.remarks(facts, {"max_mib": 0.0})) == [
        Silence(None, "0.0 MiB of weights are too many to read")
    ]
    assert list(non_finite_weight.remarks(net().bn().facts())) == [
        Silence(None, "each of 5 tensors of weights holds finite numbers")
    ]
    assert list(non_finite_weight.remarks(Net(3, 8).conv(8).facts())) == [
        Silence(None, "the weights can't be read, or there are none")
    ]
