import numpy as np
import pytest
from onnx import TensorProto, helper

from cnnlint.facts.facts import Facts
from cnnlint.facts.remedies.shortcuts import plan
from cnnlint.lint.finding import Saving, Severity, Silence
from cnnlint.lint.rule import OptionValue
from cnnlint.model.loader import load
from rules.skips.deep_plain_run import deep_plain_run
from tests.net import Net

Options = dict[str, OptionValue]
W, N = Severity.WARNING, Severity.NOTE
START = Net(3, 16)


def plain(net: Net, times: int, channels: int = 8) -> Net:
    """Append so many convolutions without bias: nothing was folded into them."""
    return net.repeat(times, lambda n: n.conv(channels, bias=False).relu())


def residual(net: Net) -> Net:
    net = net.mark("x")
    return plain(net, 2).add("x")


def separable(net: Net) -> Net:
    net = net.conv(net.cin, groups=net.cin, bias=False).relu()
    return net.conv(8, 1, bias=False).relu()


def gated(net: Net) -> Net:
    net = plain(net, 1).mark("x").gap().conv(4, 1).relu().conv(8, 1)
    return net.op("Sigmoid").mul("x")


@pytest.mark.parametrize(
    ("net", "options", "severity"),
    [
        pytest.param(plain(START, 16), {}, None, id="16"),
        pytest.param(plain(START, 17), {}, N, id="17"),
        pytest.param(plain(START, 20), {}, N, id="20"),
        pytest.param(plain(START, 21), {}, W, id="21"),
        pytest.param(plain(START, 17), {"note_above": 17}, None, id="17 allowed"),
        pytest.param(plain(START, 16), {"note_above": 15}, N, id="16 are a note"),
        pytest.param(plain(START, 21), {"warn_above": 21}, N, id="21 are a note"),
        pytest.param(plain(START, 20), {"warn_above": 19}, W, id="20 are a warning"),
        pytest.param(plain(START, 1), {"note_above": 0}, N, id="1, the stem"),
        pytest.param(plain(START, 15).gap().flatten().dense(9), {}, None, id="15 and dense"),
        pytest.param(plain(START, 16).gap().flatten().dense(9), {}, N, id="16 and dense"),
        pytest.param(plain(START, 4).repeat(20, residual), {}, None, id="residual"),
        pytest.param(residual(plain(START, 16)), {}, None, id="16 in front of a block"),
        pytest.param(residual(plain(START, 21)), {}, W, id="21 in front of a block"),
        pytest.param(START.repeat(16, separable), {}, None, id="16 separable"),
        pytest.param(START.repeat(17, separable), {}, N, id="17 separable"),
        pytest.param(START.repeat(16, gated), {}, None, id="16 with gates"),
        pytest.param(START.repeat(21, gated), {}, W, id="21 with gates"),
    ],
)
def test_reports(net: Net, options: Options, severity: Severity | None) -> None:
    findings = deep_plain_run.run(net.facts(), options)
    assert [finding.severity for finding in findings] == [severity] * (severity is not None)


def test_finding() -> None:
    net = START.conv(8, stride=2, bias=False, name="first").relu()
    net = plain(plain(net, 9), 10, 16).conv(16, bias=False, name="last")
    (finding,) = deep_plain_run.run(net.facts())
    assert finding.message == "21 layers in series without a skip connection"
    assert finding.suggestion == (
        "add a skip connection around every 2 layers from first to last: 9 at no cost (same "
        "channels and grid), 1 with a 1x1 projection (8,192 MACs, 128 weights); needs retraining"
    )
    assert finding.evidence == {
        "plain_run": 21,
        "layers": 21,
        "threshold": 20,
        "folded_skips": "no",
        "block": 2,
        "free_shortcuts": 9,
        "projections": 1,
    }
    assert finding.saving == Saving(macs=-8_192, params=-128, activation_bytes=-4 * 16 * 8 * 8)
    assert [node.path for node in finding.nodes][::20] == ["first", "last"]
    assert len(finding.nodes) == 21


def test_silence() -> None:
    (said,) = deep_plain_run.remarks(plain(START, 16).facts())
    assert said == Silence(
        None, "the longest run without a skip connection or branch has 16 layers"
    )


def test_separable_layers_are_counted_as_units() -> None:
    (finding,) = deep_plain_run.run(START.repeat(17, separable).facts())
    assert finding.message == "17 layers in series without a skip connection"
    assert finding.evidence["layers"] == 34
    assert finding.evidence["threshold"] == 16
    assert finding.evidence["free_shortcuts"] == 8  # behind the stem
    assert finding.evidence["projections"] == 0


def resnet34(*, skips: bool) -> Net:
    """Build a ResNet-34 of an eighth of the width on 64x64, with or without its additions."""
    net = Net(3, 64).conv(8, 7, stride=2, bias=False, name="conv1").relu().pool(3, 2, pad=1)
    for stage, blocks in enumerate((3, 4, 6, 3)):
        for block in range(blocks):
            width, stride = 8 << stage, 2 if stage and not block else 1
            start = net.mark("x")
            net = start.conv(width, stride=stride, bias=False).relu().conv(width, bias=False)
            if skips:
                net = net.mark("y").goto("x")
                if stride == 2:
                    net = net.conv(width, 1, stride=2, bias=False)
                net = net.add("y")
            net = net.relu()
    return net.gap().flatten().dense(10, name="fc")


def test_example_of_the_manual() -> None:
    facts = resnet34(skips=False).facts()
    (finding,) = deep_plain_run.run(facts)
    assert finding.severity is W
    assert finding.evidence["plain_run"] == 34
    assert finding.evidence["block"] == 2
    assert finding.evidence["free_shortcuts"] == 13
    assert finding.evidence["projections"] == 3
    proven = resnet34(skips=True).facts()
    assert proven.macs
    assert not deep_plain_run.run(proven)
    assert finding.saving.macs == (facts.macs or 0) - proven.macs
    assert finding.saving.params == facts.params - proven.params


def test_blocks_of_three() -> None:
    """A ResNet-50 without its additions gets them back: around a 1x1, a 3x3 and a 1x1."""
    net = START.conv(32, bias=False, name="stem").relu()
    for width in (8, 16):
        for _ in range(4):
            net = net.conv(width, 1, bias=False).relu().conv(width, bias=False).relu()
            net = net.conv(4 * width, 1, bias=False).relu()
    (finding,) = deep_plain_run.run(net.facts())
    assert finding.evidence["block"] == 3
    assert finding.evidence["free_shortcuts"] == 7
    assert finding.evidence["projections"] == 1
    assert finding.saving.params == -32 * 64


def test_no_shortcut_over_a_flattened_map() -> None:
    net = plain(START, 16, 4).flatten().dense(12, cin=1024)
    net = net.repeat(5, lambda n: n.dense(12))
    (finding,) = deep_plain_run.run(net.facts())
    assert finding.evidence["free_shortcuts"] == 7 + 2
    assert finding.evidence["projections"] == 0


def test_dense_layers_too() -> None:
    net = Net(12, ()).repeat(9, lambda n: n.dense(12)).repeat(9, lambda n: n.dense(20))
    (finding,) = deep_plain_run.run(net.facts())
    assert finding.evidence["free_shortcuts"] == 8
    assert finding.evidence["projections"] == 1
    assert finding.saving.params == -12 * 20
    assert finding.saving.macs == -12 * 20


def test_recurrent_layers_have_no_shortcut() -> None:
    net = Net(1, (8,)).shaped("W", 1, 32, 8).shaped("R", 1, 32, 8)
    net = net.stored("axes", [1])
    net = net.repeat(6, lambda n: n.op("LSTM", "W", "R", hidden_size=8).op("Squeeze", "axes"))
    (finding,) = deep_plain_run.run(net.facts(), {"note_above": 5})
    assert finding.evidence["plain_run"] == 6
    assert finding.suggestion == (
        f"add a skip connection around every 2 layers from {finding.nodes[0].path} to "
        f"{finding.nodes[-1].path}; needs retraining"
    )


def test_shortcuts_where_sizes_are_known() -> None:
    net = plain(START, 2).op("Wavelet", domain="acme").conv(8, bias=False)
    net = net.conv(8, bias=False).stored("size", [1, 8, 16, 16]).op("Reshape", "size")
    facts = plain(net, 3).facts()
    known = [(conv.in_shape is not None, conv.out_shape is not None) for conv in facts.convs]
    assert known == [(True, True)] * 2 + [(False, False)] * 2 + [(True, True)] * 3
    shortcuts = plan(facts.convs, facts.stems)
    assert (shortcuts.free, shortcuts.projections) == (1, 0)


def test_unknown_size() -> None:
    (finding,) = deep_plain_run.run(plain(START, 21).open_facts())
    assert finding.severity is W
    assert finding.evidence["free_shortcuts"] == 0
    assert finding.evidence["projections"] == 0


@pytest.mark.parametrize(
    ("dtype", "size"), [(TensorProto.FLOAT16, 2), (TensorProto.DOUBLE, 8)], ids=["half", "double"]
)
def test_map_kept_alive_is_counted_in_its_own_type(dtype: int, size: int) -> None:
    net = plain(Net(3, 16, batch=2, dtype=dtype), 21)
    (finding,) = deep_plain_run.run(net.facts())
    assert finding.saving.activation_bytes == -size * 2 * 8 * 16 * 16


@pytest.mark.parametrize(("times", "threshold"), [(17, 16), (20, 16), (21, 20)])
def test_threshold_that_was_passed(times: int, threshold: int) -> None:
    (finding,) = deep_plain_run.run(plain(START, times).facts())
    assert finding.evidence["threshold"] == threshold


def test_map_of_an_unknown_type_is_not_counted() -> None:
    (finding,) = deep_plain_run.run(plain(Net(3, 16, dtype=TensorProto.UNDEFINED), 21).facts())
    assert finding.saving.activation_bytes is None


# Skip connections that were folded into kernels


Floats = np.ndarray[tuple[int, ...], np.dtype[np.float32]]


def kernel(*, folded: bool) -> Floats:
    """Return an ordinary kernel with or without an identity added to it."""
    weight = np.random.default_rng(0).normal(0, 0.1, (8, 8, 3, 3))
    if folded:
        weight[range(8), range(8), 1, 1] += 1
    return weight.astype(np.float32)


def deployed(folded: int, ordinary: int, others: int = 21) -> Net:
    """Return a plain run of which some square kernels hold an identity, some don't."""
    net = START.conv(8, name="stem")
    for place in range(folded + ordinary):
        net = net.conv(8, weight=kernel(folded=place < folded)).relu()
    return net.repeat(others - folded - ordinary - 1, lambda n: n.conv(n.cin + 1).relu())


@pytest.mark.parametrize(
    ("net", "folded"),
    [
        pytest.param(deployed(2, 0), "yes", id="all"),
        pytest.param(deployed(2, 2), "yes", id="half"),
        pytest.param(deployed(2, 3), "no", id="two of five"),
        pytest.param(deployed(0, 2), "no", id="none"),
        pytest.param(deployed(0, 1).conv(30), "no", id="known ones decide"),
        pytest.param(START.repeat(21, lambda n: n.conv(8)), "unreadable", id="structure only"),
        pytest.param(
            START.repeat(11, lambda n: n.conv(8).conv(8, 1)), "unreadable", id="3x3 and 1x1"
        ),
        pytest.param(
            START.repeat(21, lambda n: n.conv(8)).conv(8, (1, 3)), "unreadable", id="a 1x3"
        ),
        pytest.param(START.repeat(21, lambda n: n.conv(8)).conv(8, 5), "no", id="a 5x5"),
        pytest.param(
            START.repeat(21, lambda n: n.conv(8)).conv(8, bias=False), "no", id="one without bias"
        ),
        pytest.param(deployed(0, 0), "no", id="no square one"),
        pytest.param(START.repeat(21, lambda n: n.conv(8, stride=2)), "no", id="all strided"),
        pytest.param(
            START.conv(8).repeat(21, lambda n: n.conv(8, groups=2)), "no", id="all grouped"
        ),
        pytest.param(
            START.conv(1).repeat(21, lambda n: n.conv(1, 1, weight=np.ones((1, 1, 1, 1)))),
            "no",
            id="no score",
        ),
    ],
)
def test_folded_skip_connections(net: Net, folded: str) -> None:
    (finding,) = deep_plain_run.run(net.facts())
    assert finding.evidence["folded_skips"] == folded
    assert finding.severity is (W if folded == "no" else N)
    remark = finding.message.partition(" without a skip connection")[2]
    assert (
        remark
        == {
            "no": "",
            "yes": " (but kernels hold folded ones, as in RepVGG)",
            "unreadable": (
                " (weights are needed to tell whether kernels hold folded ones, as in RepVGG)"
            ),
        }[folded]
    )


def test_folded_or_not_17_are_a_note() -> None:
    (finding,) = deep_plain_run.run(deployed(0, 2, others=17).facts())
    assert (finding.severity, finding.evidence["folded_skips"]) == (N, "no")


@pytest.mark.parametrize(("centre", "folded"), [(1.5, "yes"), (1.499, "no")])
def test_default_identity_ratio(centre: float, folded: str) -> None:
    weight = np.ones((8, 8, 3, 3), np.float32)
    weight[range(8), range(8), 1, 1] = centre
    net = START.conv(8).conv(8, weight=weight).repeat(20, lambda n: n.conv(n.cin + 1))
    (finding,) = deep_plain_run.run(net.facts())
    assert finding.evidence["folded_skips"] == folded


def test_identity_ratio() -> None:
    net = deployed(2, 0)
    for ratio, folded in ((1.5, "yes"), (100.0, "no")):
        (finding,) = deep_plain_run.run(net.facts(), {"identity_ratio": ratio})
        assert finding.evidence["folded_skips"] == folded


@pytest.mark.parametrize(
    ("value", "folded"),
    [("true", "yes"), ("True", "yes"), ("1", "yes"), ("yes", "yes"), ("no", "no")],
)
def test_metadata(value: str, folded: str) -> None:
    proto = plain(START, 21).proto()
    helper.set_model_props(proto, {"cnnlint.reparameterized": value})
    (finding,) = deep_plain_run.run(Facts(load(proto.SerializeToString())))
    assert finding.evidence["folded_skips"] == folded
