import numpy as np
import pytest
from onnx import helper

from cnnlint.facts.facts import Facts
from cnnlint.facts.remedies.merging import merged
from cnnlint.lint.finding import Fix, Saving, Severity, Silence
from cnnlint.model.loader import load
from rules.kernels.collapsible_linear_pair import collapsible_linear_pair
from tests.net import Net
from tests.running import one_layer, rewritten, run, same, weights, with_numbers

MAP = Net(3, 56).conv(16, 1).relu()
PAIR = MAP.conv(16, 1, name="a").conv(72, 1, name="b").relu()
WIDE = Net(3, 16).conv(8, name="stem").relu()


def normalised(net: Net, *, training: int = 0) -> Net:
    """Append a BatchNormalization."""
    net = net.shaped("s", net.cin).shaped("t", net.cin).shaped("m", net.cin).shaped("v", net.cin)
    return net.op("BatchNormalization", "s", "t", "m", "v", training_mode=training)


@pytest.mark.parametrize(
    ("net", "found"),
    [
        pytest.param(PAIR, ["a"], id="1x1, 1x1"),
        pytest.param(MAP.conv(16, 1).relu().conv(72, 1), [], id="activation"),
        pytest.param(normalised(MAP.conv(16, 1, name="a")).conv(72, 1), ["a"], id="normalised"),
        pytest.param(normalised(MAP.conv(16, 1), training=1).conv(72, 1), [], id="training mode"),
        pytest.param(MAP.conv(16, 1).conv(16, 1), ["conv2"], id="the same width"),
        pytest.param(MAP.conv(8, 1).conv(16, 1), [], id="as many weights"),
        pytest.param(MAP.conv(9, 1).conv(16, 1), ["conv2"], id="more weights"),
        pytest.param(MAP.conv(16, 3).conv(16, 1), ["conv2"], id="3x3, 1x1"),
        pytest.param(MAP.conv(16, 1).conv(16, 3), ["conv2"], id="1x1, 3x3"),
        pytest.param(MAP.conv(16, 3, groups=16).conv(16, 1), [], id="depthwise, pointwise"),
        pytest.param(MAP.conv(64, 1).conv(64, 3, groups=64).conv(24, 1), [], id="MobileNet block"),
        pytest.param(MAP.conv(16, 1, groups=4).conv(16, 1, groups=4), ["conv2"], id="groups"),
        pytest.param(MAP.conv(16, 1, groups=4).conv(16, 1, groups=16), ["conv2"], id="scaled"),
        pytest.param(MAP.conv(64, 3).conv(16, 3), [], id="3x3, 3x3 that pads"),
        pytest.param(MAP.conv(64, 3).conv(16, 3, pad=0), ["conv2"], id="3x3, 3x3 unpadded"),
        pytest.param(MAP.conv(16, 3).conv(16, 1, pad=1), ["conv2"], id="3x3, 1x1 that pads"),
        pytest.param(MAP.conv_transpose(8, 2).conv(8, 1), ["up2"], id="transposed"),
        pytest.param(MAP.conv(16, 1).conv(16, 1).conv(16, 1), ["conv2"], id="three"),
        pytest.param(
            MAP.conv(16, 1).conv(16, 1).conv(16, 1).conv(16, 1), ["conv2", "conv4"], id="four"
        ),
        pytest.param(MAP.conv(16, 1).mark("x").conv(16, 1).add("x"), [], id="read by others"),
        pytest.param(MAP.conv(16, 1).output().conv(16, 1), [], id="an output"),
        pytest.param(
            MAP.conv(16, 1).op("Transpose", perm=[0, 1, 3, 2]).conv(16, 1), [], id="layout"
        ),
        pytest.param(Net(16, 16).conv(12, 1).conv(24, 1, pad=4), [], id="MACs of the border"),
        pytest.param(Net(64, ()).dense(64).dense(10), ["fc0"], id="dense"),
        pytest.param(Net(64, ()).dense(64).relu().dense(10), [], id="dense, activation"),
        pytest.param(Net(64, ()).dense(8).dense(64), [], id="dense, narrow middle"),
        pytest.param(Net(64, ()).dense(64).op("Dropout").dense(10), ["fc0"], id="dropout"),
        pytest.param(
            MAP.op("LSTM", "w", "r").shaped("w", 1, 4, 4).shaped("r", 1, 4, 1), [], id="recurrent"
        ),
        pytest.param(
            MAP.conv(16, 1)
            .op("QLinearConv", "s", "z", "w", "s", "z", "s", "z")
            .shaped("w", 16, 16, 1, 1)
            .shaped("s")
            .shaped("z"),
            [],
            id="integers",
        ),
    ],
)
def test_reports(net: Net, found: list[str]) -> None:
    findings = collapsible_linear_pair.run(net.facts())
    assert [finding.nodes[0].path for finding in findings] == found
    assert all(finding.severity is None for finding in findings)


def test_severity() -> None:
    assert collapsible_linear_pair.severity is Severity.WARNING


def test_example_of_the_manual() -> None:
    (finding,) = collapsible_linear_pair.run(PAIR.facts())
    assert [node.path for node in finding.nodes] == ["a", "b"]
    assert finding.message == (
        "nothing nonlinear between Conv 1x1 16->16 and Conv 1x1 16->72: one layer does the same"
    )
    assert finding.suggestion == (
        "one Conv 1x1 16->72: 1,152 instead of 1,408 weights; the numbers stay the same"
    )
    assert finding.evidence == {
        "exact": True,
        "weights": 1408,
        "merged_weights": 1152,
        "merged_macs": 1152 * 56 * 56,
        "kernel": (1, 1),
        "stride": (1, 1),
        "dilation": (1, 1),
        "pads": (0, 0, 0, 0),
        "groups": 1,
    }
    assert finding.saving == Saving(
        macs=256 * 56 * 56, params=256 + 16, activation_bytes=16 * 56 * 56 * 4
    )


@pytest.mark.parametrize(
    ("net", "suggestion", "saving"),
    [
        pytest.param(
            MAP.conv(16, 1).conv(16, 3),
            "one Conv 3x3 16->16: 2,304 instead of 2,560 weights; the numbers stay the same but "
            "for the map's border; needs retraining",
            Saving(macs=256 * 56 * 56, params=272, activation_bytes=16 * 56 * 56 * 4),
            id="border",
        ),
        pytest.param(
            normalised(WIDE.conv(8, 1, bias=False)).conv(8, 1, bias=False),
            "one Conv 1x1 8->8: 64 instead of 128 weights; the numbers stay the same",
            Saving(macs=64 * 256, params=64 + 16 - 8, activation_bytes=2 * 8 * 256 * 4),
            id="normalised, without a bias before",
        ),
        pytest.param(
            WIDE.conv(8, 1, groups=2, bias=False).conv(8, 1, groups=4, bias=False),
            "one Conv 1x1 8->8, 2 groups: 32 instead of 48 weights; the numbers stay the same",
            Saving(macs=16 * 256, params=16, activation_bytes=8 * 256 * 4),
            id="groups, no bias",
        ),
        pytest.param(
            WIDE.conv_transpose(8, 2).conv(4, 1),
            "one ConvTranspose 2x2 8->4: 128 instead of 288 weights; the numbers stay the same",
            Saving(macs=(256 - 128 + 128) * 256, params=160, activation_bytes=8 * 1024 * 4),
            id="transposed in front",
        ),
        pytest.param(
            WIDE.conv(8, 1, bias=False).conv_transpose(8, 2),
            "one ConvTranspose 2x2 8->8: 256 instead of 320 weights; the numbers stay the same",
            Saving(macs=64 * 256, params=64, activation_bytes=8 * 256 * 4),
            id="transposed behind",
        ),
        pytest.param(
            Net(64, ()).dense(64).dense(10),
            "one Gemm 64->10: 640 instead of 4,736 weights; the numbers stay the same",
            Saving(macs=4096, params=4096 + 64, activation_bytes=64 * 4),
            id="dense",
        ),
    ],
)
def test_numbers(net: Net, suggestion: str, saving: Saving) -> None:
    (finding,) = collapsible_linear_pair.run(net.facts())
    assert (finding.suggestion, finding.saving) == (suggestion, saving)


def test_unknown_size() -> None:
    (finding,) = collapsible_linear_pair.run(PAIR.open_facts())
    assert finding.evidence["merged_macs"] is None
    assert finding.saving == Saving(macs=None, params=272, activation_bytes=None)


@pytest.mark.parametrize(
    ("net", "exact"),
    [
        pytest.param(Net(8, 9).conv(8, 1).conv(12, 1), True, id="1x1, 1x1"),
        pytest.param(Net(8, 9).conv(8, 3).conv(8, 1), True, id="3x3, 1x1"),
        pytest.param(Net(8, 9).conv(8, 1).conv(8, 3), False, id="bias, then padding"),
        pytest.param(Net(8, 9).conv(8, 1, bias=False).conv(8, 3), True, id="no bias"),
        pytest.param(Net(4, 9).conv(16, 3).conv(4, 3, pad=0), True, id="two windows, no padding"),
        pytest.param(Net(8, 9).conv_transpose(8, 4, pad=1).conv(4, 1), True, id="transposed"),
    ],
)
def test_what_is_called_exact_gives_the_same_numbers(net: Net, exact: bool) -> None:
    (finding,) = collapsible_linear_pair.run(net.facts())
    assert finding.evidence["exact"] == exact
    assert finding.fix is (Fix.SAFE if exact else Fix.UNSAFE)
    assert ("needs retraining" in finding.suggestion) != exact
    facts, proto = net.facts(), with_numbers(net)
    second = facts.convs[-1]
    one = merged(facts.model, facts.data, facts.linear_pairs[second.node.key], second)
    assert one is not None
    single = one_layer(proto, one)
    assert same(run(proto), run(single)) == exact
    after = Facts(load(single.SerializeToString()))
    assert finding.saving.macs == (facts.macs or 0) - (after.macs or 0)
    assert finding.saving.params == facts.params - after.params


def test_normalisation_between_goes_into_the_weights() -> None:
    net = normalised(Net(4, 6).conv(6, 1, name="a")).conv(8, 1, name="b")
    (finding,) = collapsible_linear_pair.run(net.facts())
    assert finding.evidence["exact"]
    proto = with_numbers(net)
    stored = weights(proto)
    scale = stored["s"] / np.sqrt(stored["v"] + np.float32(1e-5))
    first, second = (stored[f"{name}.weight"][..., 0, 0] for name in "ab")
    shift = (stored["a.bias"] - stored["m"]) * scale + stored["t"]
    weight = (second * scale) @ first
    bias = second @ shift + stored["b.bias"]
    conv = helper.make_node("Conv", ["input", "w", "c"], [proto.graph.node[-1].output[0]])
    single = rewritten(proto, [conv], w=weight[..., None, None], c=bias)
    assert same(run(proto), run(single))


@pytest.mark.parametrize(
    ("net", "reason"),
    [
        pytest.param(
            MAP.conv(16, 1).relu().conv(72, 1),
            "no layer feeds it alone with nothing nonlinear between",
            id="activation",
        ),
        pytest.param(
            normalised(MAP.conv(16, 1), training=1).conv(72, 1),
            "no one layer does what it and the one before do",
            id="training mode",
        ),
        pytest.param(
            MAP.conv(8, 3, name="a").conv_transpose(8, 3),
            "no one layer does what it and the one before do",
            id="two windows, one transposed",
        ),
        pytest.param(
            MAP.conv(8, 1, name="a").conv(16, 1),
            "one layer for it and a has 256 weights, they 256",
            id="narrow middle",
        ),
        pytest.param(
            Net(16, 16).conv(12, 1, name="a").conv(24, 1, pad=4),
            "one layer for it and a takes 6,144 MACs more",
            id="MACs",
        ),
        pytest.param(
            MAP.conv(16, 1, name="a").conv(16, 1, name="b").conv(16, 1),
            "b is to be merged with what lies before that",
            id="three",
        ),
        pytest.param(
            MAP.conv(64, 3, name="a").conv(16, 3),
            "one layer for it and a gives another border; see A303",
            id="border",
        ),
        pytest.param(
            MAP.conv(16, 1, name="a").op("Conv", "a.weight"),
            "another layer has the same weights",
            id="shared with each other",
        ),
        pytest.param(
            MAP.conv(16, 1, name="a").relu().conv(16, 1, name="b").op("Conv", "a.weight"),
            "another layer has the same weights",
            id="the second shared",
        ),
        pytest.param(
            MAP.conv(16, 1, name="a").relu().op("Conv", "a.weight").conv(16, 1),
            "another layer has the same weights",
            id="the first shared",
        ),
    ],
)
def test_silence(net: Net, reason: str) -> None:
    said = list(collapsible_linear_pair.remarks(net.facts()))
    assert isinstance(said[-1], Silence)
    assert said[-1].reason == reason
    last = net.facts().nodes[-1]
    assert said[-1].node is not None
    assert said[-1].node.key == last.key
