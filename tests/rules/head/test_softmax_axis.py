import onnx
import pytest

from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Finding, Fix, Saving, Severity, Silence
from cnnlint.model.binding import Bindings
from cnnlint.model.loader import load
from rules.head.softmax_axis import softmax_axis
from tests.net import Net

BATCH = "along the batch: what it says of an image depends on the others"
ONE = "along an axis with one position: the result is always 1"
ROWS = "along one axis of a map of 21 channels: no position sums to 1"
ALL = "along 21 channels and the positions of the map together"


def logits(batch: int | str = 1, units: int = 10) -> Net:
    return Net(3, 16, batch=batch).conv(8).relu().gap().flatten().dense(units)


def scores(channels: int = 21, size: int | tuple[int, ...] = 64, batch: int | str = 1) -> Net:
    return Net(3, size, batch=batch).conv(8).relu().conv(channels)


def softmax(net: Net, axis: int | None = -1, kind: str = "Softmax") -> Net:
    return net.op(kind, name="end", **({} if axis is None else {"axis": axis}))


def reshaped(net: Net, *shape: int) -> Net:
    name = f"shape{len(net.nodes)}"
    return net.stored(name, shape).op("Reshape", name)


def facts_at(net: Net, opset: int = 17, bindings: Bindings | None = None) -> Facts:
    proto: onnx.ModelProto = net.proto()
    proto.opset_import[0].version = opset
    return Facts(load(proto.SerializeToString(), bindings))


@pytest.mark.parametrize(
    ("net", "opset", "message"),
    [
        pytest.param(softmax(logits()), 17, None, id="classes"),
        pytest.param(softmax(logits(8)), 17, None, id="classes of a batch"),
        pytest.param(softmax(logits(8), 0), 17, BATCH, id="batch"),
        pytest.param(softmax(logits("n"), 0), 17, BATCH, id="open batch"),
        pytest.param(softmax(logits(), 0), 17, ONE, id="batch of 1"),
        pytest.param(softmax(scores(), 0), 17, ONE, id="batch of 1 of a map"),
        pytest.param(softmax(logits(8), 0), 11, BATCH, id="batch and classes together"),
        pytest.param(softmax(logits(), 0), 11, None, id="batch of 1 and classes together"),
        pytest.param(softmax(logits("n"), 0), 11, BATCH, id="open batch and classes together"),
        pytest.param(softmax(logits(8), None), 11, None, id="old default"),
        pytest.param(softmax(logits(8), None), 17, None, id="new default"),
        pytest.param(
            softmax(logits(8).op("Transpose"), 0), 17, None, id="classes as the first axis"
        ),
        pytest.param(softmax(logits(8).op("Transpose"), 1), 17, BATCH, id="batch as the last"),
        pytest.param(softmax(logits(units=1)), 17, ONE, id="one class"),
        pytest.param(softmax(logits("n", 1)), 17, ONE, id="one class, open batch"),
        pytest.param(softmax(scores(1), 1), 17, ONE, id="map of one class"),
        pytest.param(softmax(reshaped(logits(), 10), 0), 17, None, id="no batch axis"),
        pytest.param(softmax(scores(), 1), 17, None, id="class map"),
        pytest.param(softmax(scores(), -1), 17, ROWS, id="rows of a class map"),
        pytest.param(softmax(scores(), 2), 17, ROWS, id="columns of a class map"),
        pytest.param(softmax(scores(), -1), 11, ROWS, id="last axis before 13"),
        pytest.param(softmax(scores(), 2), 11, None, id="whole map before 13"),
        pytest.param(softmax(scores(), None), 11, ALL, id="default before 13"),
        pytest.param(softmax(scores(), None), 17, ROWS, id="default since 13"),
        pytest.param(softmax(scores(21, 1), None), 11, None, id="one position before 13"),
        pytest.param(softmax(scores(1), -1), 17, None, id="rows of one channel"),
        pytest.param(softmax(scores(21, (1, 64)), -1), 17, None, id="map of one row"),
        pytest.param(softmax(scores(21, (64,)), -1), 17, None, id="along a sequence"),
        pytest.param(
            softmax(scores().op("Transpose", perm=[0, 2, 3, 1])), 17, None, id="channels last"
        ),
        pytest.param(
            softmax(scores().op("Transpose", perm=[0, 2, 3, 1]), 1),
            17,
            ROWS,
            id="channels last, columns",
        ),
        pytest.param(softmax(scores(batch=2), -1), 17, ROWS, id="batch is no channel"),
        pytest.param(
            softmax(scores(batch=2).op("Transpose", perm=[1, 2, 3, 0]), 2),
            17,
            ROWS,
            id="batch last",
        ),
        pytest.param(softmax(reshaped(scores(), 21, 64, 64)), 17, ROWS, id="batch of 1 left out"),
        pytest.param(softmax(scores(1, batch=2), -1), 17, None, id="one channel of two images"),
        pytest.param(
            softmax(reshaped(scores(), 1, 21, 4096)), 17, None, id="heat maps of key points"
        ),
        pytest.param(softmax(scores(), -1).conv(4), 17, None, id="rows between hidden layers"),
        pytest.param(softmax(logits(units=1)).dense(4), 17, ONE, id="single between layers"),
        pytest.param(
            softmax(scores(21, 8).op("Wavelet", domain="acme")), 17, None, id="unknown shape"
        ),
        pytest.param(softmax(scores(21, 8).op("Trilu"), -1), 17, None, id="can't be followed"),
        pytest.param(
            softmax(scores(21, 8).mark("x").gap().conv(21, 1), 2).mul("x").conv(3),
            17,
            None,
            id="gate",
        ),
        pytest.param(softmax(logits(units=1), kind="LogSoftmax"), 17, ONE[:-1] + "0", id="log"),
    ],
)
def test_reports(net: Net, opset: int, message: str | None) -> None:
    found = softmax_axis.run(facts_at(net, opset))
    kind = net.nodes[-1].op_type if net.nodes[-1].op_type == "LogSoftmax" else "Softmax"
    assert [f.message for f in found] == ([] if message is None else [f"{kind} {message}"])


def test_attention_may_run_along_any_axis() -> None:
    """Positions compare with positions, in one image: along the batch it would be an error."""
    rows = reshaped(Net(3, 4).conv(8), 1, 8, 16)
    weights = softmax(rows.op("Transpose", perm=[0, 2, 1]).op("MatMul", rows.last), 0)
    (said,) = softmax_axis.remarks(weights.op("MatMul", "transpose2_out").conv(4).facts())
    assert isinstance(said, Silence)
    assert said.reason == "it is no classifier: attention"


@pytest.mark.parametrize(
    ("channels", "axis", "said"),
    [
        pytest.param(21, 3, f"Softmax {ROWS}", id="rows"),
        pytest.param(21, 1, "it is along 21 positions that may be classes", id="channels"),
        pytest.param(1, 3, "it is along positions that may be classes", id="rows of one channel"),
    ],
)
def test_open_grid(channels: int, axis: int, said: str) -> None:
    """Nobody takes an input of seven channels for an image of the usual size."""
    proto = softmax(Net(7, 8).conv(channels), axis).proto()
    for dim in proto.graph.input[0].type.tensor_type.shape.dim[2:]:
        dim.dim_param = f"side{dim.dim_value}"
    (remark,) = softmax_axis.remarks(Facts(load(proto.SerializeToString())))
    if isinstance(remark, Finding):
        assert remark.message == said
        assert remark.evidence == {"shape": None, "axes": (3,), "size": None}
    else:
        assert isinstance(remark, Silence)
        assert remark.reason == said


def test_unknown_number_of_channels() -> None:
    net = scores(21, 8).stored("from", [0]).stored("axis", [1])
    last = net.beside("ReduceMax", net.last, result="most", keepdims=0)
    last = last.beside("Cast", "most", result="whole", to=7).stored("row", [1])
    last = last.beside("Reshape", "whole", "row", result="to")
    facts = softmax(last.op("Slice", "from", "to", "axis")).facts()
    assert facts.model.value("slice6_out").shape == (1, None, 8, 8)
    reach = facts.receptive["slice6_out"]
    assert reach.axes[3] is not None
    assert not softmax_axis.run(facts)


def test_open_size_of_one() -> None:
    """It is 1 because it was asked for, and another time it is not."""
    proto = softmax(Net(3, (8, 1)).conv(4), 3).proto()
    proto.graph.input[0].type.tensor_type.shape.dim[3].dim_param = "w"
    facts = Facts(load(proto.SerializeToString(), Bindings(dims={"w": 1})))
    (said,) = softmax_axis.remarks(facts)
    assert isinstance(said, Silence)
    assert said.reason == "its axis has the size that w is given"


def test_numbers() -> None:
    (finding,) = softmax_axis.run(softmax(scores()).facts())
    assert [node.path for node in finding.nodes] == ["end"]
    assert finding.suggestion == (
        "normalise along the axis that holds the classes, and compare with the model that was "
        "exported"
    )
    assert finding.evidence == {"shape": (1, 21, 64, 64), "axes": (3,), "size": 64}
    assert finding.saving == Saving()
    assert finding.severity is None
    assert softmax_axis.severity is Severity.ERROR
    assert softmax_axis.fix is Fix.NONE


@pytest.mark.parametrize(
    ("net", "reason"),
    [
        pytest.param(
            softmax(logits()), "it is along 10 positions that may be classes", id="classes"
        ),
        pytest.param(
            softmax(scores().op("Wavelet", domain="acme")),
            "the shape of its input is not known",
            id="unknown shape",
        ),
        pytest.param(
            softmax(scores(21, 8).mark("x").gap().conv(21, 1), 1).mul("x").conv(3),
            "it is no classifier: gate",
            id="gate",
        ),
    ],
)
def test_reasons(net: Net, reason: str) -> None:
    (said,) = softmax_axis.remarks(net.facts())
    assert isinstance(said, Silence)
    assert said.node
    assert (said.node.op, said.reason) == ("Softmax", reason)
