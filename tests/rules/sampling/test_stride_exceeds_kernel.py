from dataclasses import replace

import pytest
from onnx import helper

from cnnlint.lint.finding import Saving, Severity, Silence
from rules.sampling.stride_exceeds_kernel import stride_exceeds_kernel
from tests.net import Net

STEM = Net(3, 64).conv(16, name="stem").relu()
LINE = Net(3, (64,)).conv(16, name="stem").relu()
CUBE = Net(3, (9, 16, 16)).conv(16, name="stem").relu()


def dilated_pool(net: Net, rate: int) -> Net:
    """Append a 2x2 pooling of stride 2."""
    return net.op("MaxPool", kernel_shape=[2, 2], strides=[2, 2], dilations=[rate, rate])


@pytest.mark.parametrize(
    ("net", "unread"),
    [
        pytest.param(STEM.conv(16, 3, stride=4), 0.4375, id="3x3 s4"),
        pytest.param(STEM.conv(16, 4, stride=4, pad=0), None, id="4x4 s4"),
        pytest.param(STEM.conv(16, 3, stride=3), None, id="3x3 s3"),
        pytest.param(STEM.conv(16, 2, stride=3), 0.5556, id="2x2 s3"),
        pytest.param(STEM.conv(16, 3, stride=(4, 1)), 0.25, id="one axis"),
        pytest.param(STEM.conv(16, (3, 1), stride=2), 0.5, id="3x1 s2"),
        pytest.param(STEM.conv(16, (3, 1), stride=(2, 1)), None, id="3x1 s2x1"),
        pytest.param(STEM.conv(16, 1, stride=2), None, id="1x1 s2"),
        pytest.param(STEM.conv(16, 3, stride=4, groups=16), 0.4375, id="depthwise"),
        pytest.param(STEM.conv_transpose(16, 2, stride=4), None, id="transposed"),
        pytest.param(LINE.conv(16, 3, stride=4), 0.25, id="1-D"),
        pytest.param(CUBE.conv(16, 3, stride=(1, 4, 4)), 0.4375, id="3-D"),
        pytest.param(STEM.pool(2, 3), 0.5556, id="pooling"),
        pytest.param(STEM.pool(2, 3, op="AveragePool"), 0.5556, id="average pooling"),
        pytest.param(STEM.pool(3, 3), None, id="pooling 3x3 s3"),
        pytest.param(STEM.pool(1, 2), None, id="pooling 1x1 s2"),
        pytest.param(STEM.gap(), None, id="global pooling"),
        pytest.param(STEM.conv(16, 3, stride=70), None, id="one window"),
        pytest.param(STEM.conv(16, 3, stride=(70, 4)), 0.25, id="one row of windows"),
        pytest.param(STEM.conv(16, 2, stride=4, dilation=2), 0.75, id="dilated: reach below s"),
        pytest.param(STEM.conv(16, 2, stride=4, dilation=3), 0.75, id="dilated: 2 of 4 phases"),
        pytest.param(STEM.conv(16, 3, stride=2, dilation=2), 0.75, id="dilation 2, stride 2"),
        pytest.param(STEM.conv(16, 3, stride=3, dilation=2), None, id="dilation 2, stride 3"),
        pytest.param(STEM.conv(16, 3, stride=2, dilation=(1, 2)), 0.5, id="dilation 1x2"),
        pytest.param(dilated_pool(STEM, 1), None, id="pooling without dilation"),
        pytest.param(dilated_pool(STEM, 2), 0.75, id="pooling with dilation"),
    ],
)
def test_reports(net: Net, unread: float | None) -> None:
    findings = stride_exceeds_kernel.run(net.facts())
    assert [finding.evidence["unread"] for finding in findings] == [unread] * (unread is not None)
    assert all(finding.severity is None for finding in findings)


@pytest.mark.parametrize("size", ["known", "unknown"])
def test_layers_without_a_window_are_left_alone(size: str) -> None:
    net = STEM.gap().flatten().dense(4)
    assert not stride_exceeds_kernel.run(net.facts() if size == "known" else net.open_facts())


def test_severity() -> None:
    assert stride_exceeds_kernel.severity is Severity.WARNING


def test_every_such_layer() -> None:
    net = STEM.conv(16, 3, stride=4, name="a").relu().pool(2, 3)
    assert [f.nodes[0].path for f in stride_exceeds_kernel.run(net.facts())] == ["a", "maxpool4"]


def test_example_of_the_manual() -> None:
    (finding,) = stride_exceeds_kernel.run(STEM.conv(16, 3, stride=4).facts())
    assert finding.message == "a window of 3x3 at stride 4 never reads 44% of its input"
    assert finding.suggestion == (
        "a window of 4x4 at the same stride reads every position, for 1,792 more weights and "
        "458,752 more MACs; needs retraining"
    )
    assert finding.evidence == {
        "kernel": (3, 3),
        "stride": (4, 4),
        "dilation": (1, 1),
        "unread": 0.4375,
    }
    assert finding.saving == Saving(macs=-458_752, params=-1_792, receptive_field=None)
    before, after = (STEM.conv(16, k, stride=4, pad=1).facts().convs[1] for k in (3, 4))
    assert before.grid == after.grid == (16, 16)
    assert after.weights - before.weights == 1_792
    assert (after.weights - before.weights) * 16 * 16 == 458_752
    assert round(after.weights / before.weights, 2) == 1.78


@pytest.mark.parametrize(
    ("net", "message", "suggestion", "saving"),
    [
        pytest.param(
            LINE.conv(16, 3, stride=4),
            "a window of 3 at stride 4 never reads 25% of its input",
            "a window of 4 at the same stride reads every position, for 256 more weights and "
            "4,096 more MACs; needs retraining",
            Saving(macs=-4096, params=-256, receptive_field=None),
            id="1-D",
        ),
        pytest.param(
            CUBE.conv(16, 3, stride=(1, 4, 4)),
            "a window of 3x3x3 at stride 1x4x4 never reads 44% of its input",
            "a window of 3x4x4 at the same stride reads every position, for 5,376 more weights "
            "and 774,144 more MACs; needs retraining",
            Saving(macs=-774_144, params=-5_376, receptive_field=None),
            id="3-D",
        ),
        pytest.param(
            STEM.pool(2, 3),
            "a window of 2x2 at stride 3 never reads 56% of its input",
            "a window of 3x3 at the same stride reads every position; needs retraining",
            Saving(receptive_field=None),
            id="pooling",
        ),
        pytest.param(
            STEM.conv(16, 3, stride=2, dilation=2),
            "a window of 3x3 with dilation 2 at stride 2 never reads 75% of its input",
            "a window of 3x3 without dilation at the same stride reads every position; needs "
            "retraining",
            Saving(receptive_field=None),
            id="dilation",
        ),
        pytest.param(
            STEM.conv(16, 3, stride=2, dilation=(1, 2)),
            "a window of 3x3 with dilation 1x2 at stride 2 never reads 50% of its input",
            "a window of 3x3 without dilation at the same stride reads every position; needs "
            "retraining",
            Saving(receptive_field=None),
            id="dilation of one axis",
        ),
    ],
)
def test_words(net: Net, message: str, suggestion: str, saving: Saving) -> None:
    (finding,) = stride_exceeds_kernel.run(net.facts())
    assert (finding.message, finding.suggestion) == (message, suggestion)
    assert finding.saving == saving


def test_unknown_size() -> None:
    (finding,) = stride_exceeds_kernel.run(STEM.conv(16, 3, stride=4).open_facts())
    assert finding.suggestion == (
        "a window of 4x4 at the same stride reads every position, for 1,792 more weights; needs "
        "retraining"
    )
    assert finding.saving == Saving(macs=None, params=-1_792, receptive_field=None)


STRIDED = STEM.mark("x").conv(8, 3, stride=4, name="a").mark("a").goto("x")


@pytest.mark.parametrize(
    ("net", "severity"),
    [
        pytest.param(STRIDED.conv(8, 1, stride=4).add("a"), None, id="strided shortcut"),
        pytest.param(STRIDED.pool(2, 4).conv(8, 1).add("a"), None, id="pooled shortcut, gaps"),
        pytest.param(
            STRIDED.pool(4, 4).conv(8, 1).add("a"), Severity.NOTE, id="pooled shortcut, all"
        ),
        pytest.param(STRIDED.conv(8, 3).output().goto("a"), Severity.NOTE, id="another conv"),
        pytest.param(STRIDED.op("Sigmoid").output().goto("a"), Severity.NOTE, id="activation"),
        pytest.param(STRIDED.conv_transpose(8, 4).output().goto("a"), Severity.NOTE, id="up"),
        pytest.param(STRIDED.gap().output().goto("a"), Severity.NOTE, id="global pooling"),
        pytest.param(STRIDED.output().goto("a"), Severity.NOTE, id="the map is an output"),
        pytest.param(STRIDED.op("Shape").output().goto("a"), None, id="only its shape is read"),
    ],
)
def test_map_that_others_read_is_not_lost(net: Net, severity: Severity | None) -> None:
    found = {f.nodes[0].path: f.severity for f in stride_exceeds_kernel.run(net.facts())}
    assert found["a"] is severity


def halved(op: str) -> Net:
    """Cut a map into halves of its channels, and mark them."""
    if op == "Split":
        cut = helper.make_node("Split", [STEM.last], ["low", "high"], axis=1)
        net = replace(STEM, nodes=(*STEM.nodes, cut))
    else:
        net = STEM.stored("0", [0]).stored("8", [8]).stored("16", [16]).stored("1", [1])
        net = net.beside("Slice", STEM.last, "0", "8", "1", result="low")
        net = net.beside("Slice", STEM.last, "8", "16", "1", result="high")
    return replace(net, marks={"low": ("low", 8), "high": ("high", 8)})


@pytest.mark.parametrize("op", ["Slice", "Split"])
@pytest.mark.parametrize(
    ("stride", "dilation", "severity"), [(2, 1, Severity.NOTE), (2, 2, None), (4, 1, None)]
)
def test_half_of_the_channels_of_a_map_read_whole(
    op: str, stride: int, dilation: int, severity: Severity | None
) -> None:
    net = halved(op).goto("low").conv(8, stride=stride, dilation=dilation).mark("whole")
    net = net.goto("high").conv(8, stride=2, dilation=2, name="half").concat("whole")
    found = {f.nodes[0].path: f.severity for f in stride_exceeds_kernel.run(net.facts())}
    assert found["half"] is severity


def test_another_half_that_nobody_reads() -> None:
    net = halved("Split").goto("high").conv(8, stride=2, dilation=2)
    (finding,) = stride_exceeds_kernel.run(net.facts())
    assert finding.severity is None


def attended(net: Net, *, norm: bool = True) -> Net:
    """Pool keys 3x3 at stride 4 and multiply queries with them."""
    net = net.stored("flat", [1, 16, -1]).mark("x").conv(16, 1, name="q").op("Reshape", "flat")
    net = net.op("Transpose", perm=[0, 2, 1]).mark("q").goto("x")
    net = net.conv(16, 1, name="k").conv(16, 3, stride=4, name="pool")
    net = net.bn() if norm else net
    net = net.op("Reshape", "flat").mark("k").goto("q")
    return net.joined("MatMul", net.marks["q"][0], net.marks["k"][0])


def test_keys_of_attention_are_a_note() -> None:
    (finding,) = stride_exceeds_kernel.run(attended(STEM).facts())
    assert finding.nodes[0].path == "pool"
    assert finding.severity is Severity.NOTE


def reason(net: Net) -> str:
    """Return why nothing is said of the last layer with a window."""
    said = list(stride_exceeds_kernel.remarks(net.facts()))[-1]
    assert isinstance(said, Silence)
    assert said.node is not None
    return said.reason


@pytest.mark.parametrize(
    ("net", "why"),
    [
        pytest.param(
            STEM.conv(16, 4, stride=4, pad=0),
            "a window of 4x4 at stride 4 reads every position",
            id="4x4 s4",
        ),
        pytest.param(STEM.conv(16, 1, stride=2), "its window is one position", id="1x1"),
        pytest.param(
            STEM.conv_transpose(16, 2, stride=4),
            "a transposed convolution reads every position of its input",
            id="transposed",
        ),
        pytest.param(
            STEM.gap(), "a window of 64x64 at stride 1 reads every position", id="global pooling"
        ),
    ],
)
def test_reasons(net: Net, why: str) -> None:
    assert reason(net) == why


def test_reason_of_a_global_pool_on_a_map_of_unknown_size() -> None:
    said = list(stride_exceeds_kernel.remarks(STEM.gap().open_facts()))[-1]
    assert isinstance(said, Silence)
    assert said.reason == "it pools the whole map"
