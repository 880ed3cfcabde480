import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Severity
from cnnlint.model.loader import load
from rules.graph.corrupt_tensor import corrupt_tensor
from tests.net import Net

NET = Net(3, 8).conv(4, 1, bias=False, name="a").stored("w", np.ones((4, 4, 1, 1), np.float32))
TWICE = NET.op("Conv", "w", name="b").op("Conv", "w", name="c")


def facts(net: Net, raw: bytes) -> Facts:
    """Return the facts of a net whose tensor ``w`` holds these bytes."""
    proto = net.proto()
    (tensor,) = (t for t in proto.graph.initializer if t.name == "w")
    tensor.raw_data = raw
    return Facts(load(proto.SerializeToString()))


def test_reports_each_tensor_once_with_all_that_read_it() -> None:
    (finding,) = corrupt_tensor.run(facts(TWICE, b"\0" * 63))
    assert [node.path for node in finding.nodes] == ["b", "c"]
    assert finding.message == "tensor w holds 63 bytes; float32 of shape 4x4x1x1 takes 64"
    assert finding.evidence == {"tensor": "w"}
    assert corrupt_tensor.severity is Severity.ERROR


def test_a_tensor_that_nobody_reads() -> None:
    (finding,) = corrupt_tensor.run(facts(NET, b"\0"))
    assert finding.nodes == ()


@pytest.mark.parametrize("raw", [b"\0" * 64, b""], ids=["whole", "stripped of its data"])
def test_silent(raw: bytes) -> None:
    assert not corrupt_tensor.run(facts(TWICE, raw))


def test_a_size_below_zero_is_another_defect() -> None:
    proto = NET.proto()
    odd = numpy_helper.from_array(np.ones(4, np.float32), "odd")
    odd.dims[:] = [-2, -2]
    proto.graph.initializer.append(onnx.TensorProto.FromString(odd.SerializeToString()))
    assert not corrupt_tensor.run(Facts(load(proto.SerializeToString())))
