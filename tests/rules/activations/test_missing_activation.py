import numpy as np
import pytest

from cnnlint.lint.finding import Finding, Saving, Severity, Silence
from rules.activations.missing_activation import missing_activation
from tests.net import Net

MAP = Net(3, 16).conv(32, name="stem").relu()
A = MAP.conv(32, name="a")


def normalised(net: Net, *, training: int = 0) -> Net:
    """Append a BatchNormalization."""
    net = net.shaped("s", net.cin).shaped("t", net.cin).shaped("m", net.cin).shaped("v", net.cin)
    return net.op("BatchNormalization", "s", "t", "m", "v", training_mode=training)


def scaled(net: Net) -> Net:
    """Append a product with a constant."""
    return net.stored("two", np.array(2, np.float32)).op("Mul", "two")


def gated(net: Net) -> Net:
    """Append spatial attention by two convolutions with nothing between."""
    net = net.mark("x").conv(32).conv(1).op("Sigmoid")
    return net.mul("x")


def limited(net: Net) -> Net:
    """Append a Clip that limits numbers and is no activation."""
    least, most = (f"clip{len(net.nodes)}.{side}" for side in ("least", "most"))
    net = net.stored(least, np.array(-9, np.float32)).stored(most, np.array(9, np.float32))
    return net.op("Clip", least, most)


@pytest.mark.parametrize(
    ("net", "found"),
    [
        pytest.param(A.conv(32, name="b").relu(), [["a", "b"]], id="3x3, 3x3"),
        pytest.param(A.relu().conv(32, name="b").relu(), [], id="activation"),
        pytest.param(A.op("Tanh").conv(32), [], id="another activation"),
        pytest.param(A.pool().conv(32), [], id="max pooling"),
        pytest.param(
            A.conv(32, name="b").conv(32, name="c").relu().conv(32, name="d").conv(32, name="e"),
            [["a", "b", "c"], ["d", "e"]],
            id="two series",
        ),
        pytest.param(normalised(A).conv(32, name="b"), [["a", "b"]], id="normalised"),
        pytest.param(
            normalised(A, training=1).conv(32, name="b"), [["a", "b"]], id="training mode"
        ),
        pytest.param(
            A.op("InstanceNormalization", "s", "t").shaped("s", 32).shaped("t", 32).conv(32),
            [],
            id="normalised by the map's own statistics",
        ),
        pytest.param(A.op("Dropout").conv(32, name="b"), [["a", "b"]], id="dropout"),
        pytest.param(A.op("Identity").conv(32, name="b"), [["a", "b"]], id="nothing done"),
        pytest.param(scaled(A).conv(32, name="b"), [["a", "b"]], id="scaled"),
        pytest.param(A.op("Pad").conv(32, pad=0, name="b"), [["a", "b"]], id="padded"),
        pytest.param(
            A.op("Transpose", perm=[0, 1, 3, 2]).conv(32, name="b"), [["a", "b"]], id="turned"
        ),
        pytest.param(A.op("DepthToSpace", blocksize=2, width=8).conv(32), [], id="PixelShuffle"),
        pytest.param(A.op("Conv", "w").shaped("w", 8, 32, 3), [], id="other axes"),
        pytest.param(A.op("Conv", "w").shaped("w", 8, 31, 3, 3), [], id="other channels"),
        pytest.param(A.conv(32, 1).conv(32), [], id="pointwise between"),
        pytest.param(A.conv(32, 3, groups=32).conv(32, 3), [], id="depthwise"),
        pytest.param(A.conv(32, 3, groups=4, name="b"), [["a", "b"]], id="groups"),
        pytest.param(MAP.conv(32, (1, 3)).conv(32, (3, 1)), [], id="1x3, 3x1"),
        pytest.param(
            MAP.conv(32, (1, 3), name="a").conv(32, (1, 3), name="b"), [["a", "b"]], id="1x3, 1x3"
        ),
        pytest.param(
            MAP.conv(32, (1, 3), name="a").conv(32, 3, name="b"), [["a", "b"]], id="1x3, 3x3"
        ),
        pytest.param(MAP.conv(31).conv(32), [], id="narrow middle"),
        pytest.param(MAP.conv(48, name="a").conv(64, name="b"), [["a", "b"]], id="ever wider"),
        pytest.param(MAP.conv(16, name="a").conv(16, name="b"), [["a", "b"]], id="narrowing"),
        pytest.param(MAP.conv(64, name="a").conv(64, name="b"), [["a", "b"]], id="widening"),
        pytest.param(A.mark("x").conv(32).add("x"), [], id="read by others"),
        pytest.param(A.mark("x").relu().add("x").conv(32), [], id="sum"),
        pytest.param(A.output().conv(32), [], id="an output"),
        pytest.param(gated(MAP), [], id="gate"),
        pytest.param(MAP.conv_transpose(32, 3).conv(32), [], id="behind upsampling"),
        pytest.param(
            A.conv_transpose(32, 3, name="b"), [["a", "b"]], id="transposed behind a convolution"
        ),
        pytest.param(
            MAP.conv_transpose(32, 3, name="a").conv_transpose(32, 3, name="b"),
            [["a", "b"]],
            id="two transposed",
        ),
        pytest.param(MAP.conv(96).conv(32, pad=0), [], id="merged exactly by K112"),
        pytest.param(MAP.conv(96, name="a").conv(32, name="b"), [["a", "b"]], id="not exactly"),
        pytest.param(
            A.conv(32, pad=0, name="b"), [["a", "b"]], id="exactly, but with more weights"
        ),
        pytest.param(MAP.conv(32, 5, name="a").conv(32, 7, name="b"), [["a", "b"]], id="5x5, 7x7"),
        pytest.param(Net(3, (16,)).conv(8, name="a").conv(8, name="b"), [["a", "b"]], id="1-D"),
        pytest.param(
            Net(3, (9, 9, 9)).conv(8, name="a").conv(8, name="b"), [["a", "b"]], id="3-D"
        ),
        pytest.param(Net(3, (9, 9, 9)).conv(8, (1, 3, 3)).conv(8, (3, 1, 1)), [], id="(2+1)-D"),
        pytest.param(Net(3, ()).dense(8).dense(8), [], id="dense layers"),
        pytest.param(
            Net(8, 4)
            .shaped("w", 64, 128)
            .op("Reshape", "s")
            .stored("s", [1, 128])
            .op("MatMul", "m")
            .shaped("m", 128, 128)
            .op("Reshape", "r")
            .stored("r", [1, 8, 4, 4])
            .conv(8),
            [],
            id="dense layer before",
        ),
    ],
)
def test_reports(net: Net, found: list[list[str]]) -> None:
    findings = missing_activation.run(net.facts())
    assert [[node.path for node in finding.nodes] for finding in findings] == found
    assert all(finding.severity is None for finding in findings)


def test_severity() -> None:
    assert missing_activation.severity is Severity.WARNING


def test_example_of_the_manual() -> None:
    net = A.conv(32, name="b").relu()
    (finding,) = missing_activation.run(net.facts())
    assert finding.message == (
        "2 convolutions from Conv 3x3 32->32 to Conv 3x3 32->32 with no activation between: "
        "together they are one linear 5x5"
    )
    assert finding.suggestion == "Relu behind a; needs retraining"
    assert finding.evidence == {
        "layers": 2,
        "activation": "Relu",
        "window": (5, 5),
        "weights": 18_432,
    }
    assert finding.saving == Saving(activation_bytes=-32 * 16 * 16 * 4)
    better = A.relu().conv(32, name="b").relu().facts()
    assert better.macs == net.facts().macs
    assert not missing_activation.run(better)


@pytest.mark.parametrize(
    ("net", "window"),
    [
        pytest.param(A.conv(32).conv(32), (7, 7), id="three"),
        pytest.param(A.conv(32, (3, 5)), (5, 7), id="two axes"),
        pytest.param(MAP.conv(32, stride=2).conv(32), (7, 7), id="stride"),
        pytest.param(MAP.conv(32, dilation=2).conv(32, stride=2), (7, 7), id="dilation"),
        pytest.param(A.conv_transpose(32, 3), None, id="upsampled"),
    ],
)
def test_window(net: Net, window: tuple[int, ...] | None) -> None:
    (finding,) = missing_activation.run(net.facts())
    assert finding.evidence["window"] == window
    assert ("together" in finding.message) == (window is not None)


def test_many_places() -> None:
    (finding,) = missing_activation.run(A.repeat(4, lambda net: net.conv(32)).facts())
    assert finding.suggestion == "Relu behind a, conv3, conv4 and 1 more; needs retraining"


@pytest.mark.parametrize(
    ("net", "kind"),
    [
        pytest.param(Net(3, 16), "Relu", id="none"),
        pytest.param(Net(3, 16).conv(8).op("LeakyRelu"), "LeakyRelu", id="LeakyRelu"),
        pytest.param(
            Net(3, 16).conv(8).op("Elu").conv(8).op("LeakyRelu").conv(8).op("LeakyRelu"),
            "LeakyRelu",
            id="most",
        ),
        pytest.param(
            Net(3, 16).conv(8).op("Sigmoid").conv(8).op("Sigmoid").conv(8).op("Elu"),
            "Elu",
            id="no saturating one",
        ),
        pytest.param(limited(limited(Net(3, 16).conv(8))).conv(8).op("Elu"), "Elu", id="no Clip"),
    ],
)
def test_activation_that_others_have(net: Net, kind: str) -> None:
    (finding,) = missing_activation.run(net.conv(8).conv(8).facts())
    assert finding.evidence["activation"] == kind


def test_activation_of_the_output_is_another_matter() -> None:
    (finding,) = missing_activation.run(Net(3, 16).conv(8).conv(8).op("LeakyRelu").facts())
    assert finding.evidence["activation"] == "Relu"


def test_unknown_size() -> None:
    (finding,) = missing_activation.run(A.conv(32).open_facts())
    assert finding.saving == Saving(activation_bytes=None)


@pytest.mark.parametrize(
    ("net", "reason"),
    [
        pytest.param(
            A.relu().conv(32),
            "no convolution feeds it alone with nothing nonlinear between",
            id="activation",
        ),
        pytest.param(MAP.conv(32, 1, name="a").conv(32), "a is pointwise", id="pointwise"),
        pytest.param(A.conv(32, groups=32, name="b"), "b is depthwise", id="depthwise"),
        pytest.param(
            MAP.conv_transpose(32, 3, name="a").conv(32), "a upsamples for it", id="upsampling"
        ),
        pytest.param(
            MAP.conv(32, (1, 3)).conv(32, (3, 1)), "1x3 and 3x1 factor one kernel", id="factors"
        ),
        pytest.param(MAP.conv(31).conv(32), "32->31->32 is a narrow middle", id="narrow middle"),
        pytest.param(
            A.op("DepthToSpace", blocksize=2, width=8).conv(32),
            "the map is rearranged between a and it",
            id="PixelShuffle",
        ),
        pytest.param(
            gated(MAP),
            "it is part of a gate, or leads nowhere",
            id="gate",
        ),
        pytest.param(
            MAP.conv(96, name="a").conv(32, pad=0),
            "one smaller layer does what it and a do; see K112",
            id="K112",
        ),
    ],
)
def test_silence(net: Net, reason: str) -> None:
    said = list(missing_activation.remarks(net.facts()))
    assert all(isinstance(each, Silence) for each in said)
    assert said[-1] == Silence(net.facts().convs[-1].node, reason)


def test_chain_has_no_reason_to_be_silent() -> None:
    stem, finding = missing_activation.remarks(A.conv(32).facts())
    assert isinstance(stem, Silence)
    assert stem.node
    assert stem.node.path == "stem"
    assert isinstance(finding, Finding)
