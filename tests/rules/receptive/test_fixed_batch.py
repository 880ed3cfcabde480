import pytest
from onnx import helper

from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Fix, Severity, Silence
from cnnlint.model.loader import load
from rules.receptive.fixed_batch import fixed_batch
from tests.net import Net


def net(batch: int | str, *shape: int) -> Net:
    start = Net(3, 32, batch=batch).conv(8, stride=2, name="a").relu()
    if not shape:
        return start.gap().flatten().dense(10)
    return start.stored("shape", list(shape)).op("Reshape", "shape", name="r")


@pytest.mark.parametrize(
    ("model", "severity", "message"),
    [
        pytest.param(net(1), None, None, id="fixed at 1"),
        pytest.param(net(8), Severity.NOTE, "the batch is fixed at 8", id="fixed at 8"),
        pytest.param(net("n"), None, None, id="open"),
        pytest.param(net("n", -1, 2048), None, None, id="open, reshaped"),
        pytest.param(net("n", 0, -1), None, None, id="open, copied"),
        pytest.param(
            net("n", 1, 2048),
            Severity.WARNING,
            "the batch is declared open, but a batch of 2 doesn't work: 2x8x16x16 cannot be "
            "reshaped to 1x2048",
            id="baked in",
        ),
        pytest.param(
            net("n", 1, -1),
            Severity.WARNING,
            "the batch is declared open, but a batch of 2 doesn't work: output r_out becomes "
            "1x4096, it was 1x2048",
            id="mixed",
        ),
        pytest.param(
            net("n", 1, -1).dense(10, cin=2048, name="fc"),
            Severity.WARNING,
            "the batch is declared open, but a batch of 2 doesn't work: a product over 4096 "
            "columns of the first and 2048 rows of the second matrix",
            id="mixed before a dense layer",
        ),
        pytest.param(
            net("n", 4, 2048),
            Severity.WARNING,
            "the batch is declared open, but a batch of 1 doesn't work: 1x8x16x16 cannot be "
            "reshaped to 4x2048",
            id="baked in at 4",
        ),
        pytest.param(net("n").op("Anything"), None, None, id="unknown operator"),
        pytest.param(Net(3, (), batch=8).dense(10), None, None, id="no images"),
        pytest.param(
            net("n").output().op("ReduceMean", keepdims=1), None, None, id="a mean over the batch"
        ),
    ],
)
def test_reports(model: Net, severity: Severity | None, message: str | None) -> None:
    found = fixed_batch.run(model.facts())
    assert [f.message for f in found] == ([message] if message else [])
    assert all((f.severity or fixed_batch.severity) is severity for f in found)
    assert fixed_batch.fix is Fix.SAFE


def test_option() -> None:
    assert len(fixed_batch.run(net(1).facts(), {"allowed_batch": 0})) == 1
    assert not fixed_batch.run(net(8).facts(), {"allowed_batch": 8})


def test_an_image_without_a_batch() -> None:
    flat = Net(8, 8, batch=8).stored("axes", [0, 1])
    proto = flat.op("Unsqueeze", "axes", width=1).conv(8, name="a").proto()
    del proto.graph.input[0].type.tensor_type.shape.dim[2:]
    facts = Facts(load(proto.SerializeToString()))
    assert [conv.in_shape for conv in facts.convs] == [(1, 1, 8, 8)]
    assert list(fixed_batch.remarks(facts)) == [Silence(None, "no input is a batch of images")]


def test_an_image_of_three_axes() -> None:
    proto = Net(8, (8,), batch=3).stored("axes", [0]).op("Unsqueeze", "axes", width=3).proto()
    weight = helper.make_tensor("w", 1, [4, 3, 3, 3], bytes(432), raw=True)
    proto.graph.initializer.append(weight)
    last = proto.graph.output[0].name
    proto.graph.node.append(helper.make_node("Conv", [last, "w"], ["y"], name="conv"))
    proto.graph.output[0].name = "y"
    facts = Facts(load(proto.SerializeToString()))
    assert [conv.in_shape for conv in facts.convs] == [(1, 3, 8, 8)]
    reason = "input input is one image, without an axis for a batch"
    assert list(fixed_batch.remarks(facts)) == [Silence(None, reason)]


def test_frames_folded_into_the_batch() -> None:
    frames = Net(4, (3, 8, 8), batch=2).stored("to", [8, 3, 8, 8]).op("Reshape", "to", width=3)
    proto = frames.proto()
    proto.graph.initializer.append(helper.make_tensor("w", 1, [4, 3, 3, 3], bytes(432), raw=True))
    last = proto.graph.output[0].name
    proto.graph.node.append(helper.make_node("Conv", [last, "w"], ["y"], name="conv"))
    proto.graph.output[0].name = "y"
    (found,) = fixed_batch.run(Facts(load(proto.SerializeToString())))
    assert found.message == "the batch is fixed at 2"


def test_evidence() -> None:
    (found,) = fixed_batch.run(net("n", 1, 2048).facts())
    assert [node.path for node in found.nodes] == ["r"]
    assert found.evidence["batch"] == 2
    (found,) = fixed_batch.run(net(8).facts())
    assert (found.nodes, found.evidence) == ((), {"batch": 8})


def test_inputs_of_the_same_batch_go_along() -> None:
    proto = net("n").op("Concat", "more", axis=1).proto()
    proto.graph.input.append(helper.make_tensor_value_info("more", 1, ["n", 10]))
    assert not fixed_batch.run(Facts(load(proto.SerializeToString())))
    proto.graph.input[1].type.tensor_type.shape.dim[0].dim_value = 3
    (found,) = fixed_batch.run(Facts(load(proto.SerializeToString())))
    assert "a batch of 2 doesn't work" in found.message or "a batch of 1" in found.message


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        pytest.param(net("n").facts(), "a batch of 2 runs too", id="open"),
        pytest.param(net(1).facts(), "the batch is fixed at 1, as exporters trace it", id="fixed"),
        pytest.param(Net(3, ()).dense(4).facts(), "no input is a batch of images", id="flat"),
        pytest.param(
            net("n").op("Anything").facts(),
            "what it does with other batches can't be told",
            id="unknown",
        ),
        pytest.param(
            Net(3, (32,), batch="n").conv(8).open_facts(),
            "a size of the input is unknown",
            id="unbound",
        ),
    ],
)
def test_silence(facts: Facts, reason: str) -> None:
    assert list(fixed_batch.remarks(facts)) == [Silence(None, reason)]
