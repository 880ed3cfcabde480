import pytest
from onnx import TensorProto

from cnnlint.lint.finding import Saving, Severity, Silence
from cnnlint.lint.rule import OptionValue
from rules.kernels.large_dense_kernel import large_dense_kernel
from tests.net import Net

Options = dict[str, OptionValue]


def behind_stem(channels: int, size: int | tuple[int, ...] = 28, batch: int = 1) -> Net:
    """Return a network whose next convolution reads so many channels, and is no stem."""
    return Net(3, size, batch).conv(channels, 3, name="stem").relu()


def gated(net: Net) -> Net:
    """Append spatial attention: a 7x7 convolution on the mean and the largest of the channels."""
    net = net.mark("x").op("ReduceMean", axes=[1], width=1).mark("mean").goto("x")
    net = net.op("ReduceMax", axes=[1], width=1).concat("mean")
    return net.conv(1, 7, name="gate").op("Sigmoid").mul("x")


@pytest.mark.parametrize(
    ("net", "options", "found"),
    [
        pytest.param(behind_stem(64).conv(64, 7, name="a"), {}, ["a"], id="7x7"),
        pytest.param(behind_stem(64).conv(64, 5, name="a"), {}, ["a"], id="5x5"),
        pytest.param(behind_stem(128).conv(16, 4), {}, [], id="4x4"),
        pytest.param(behind_stem(64).conv(64, 3, name="a"), {}, [], id="3x3"),
        pytest.param(behind_stem(64).conv(64, (5, 9), name="a"), {}, ["a"], id="5x9"),
        pytest.param(behind_stem(128).conv(16, (4, 9), name="a"), {}, [], id="4x9"),
        pytest.param(
            behind_stem(64).conv(64, (1, 7)).conv(64, (7, 1)), {}, [], id="one-dimensional"
        ),
        pytest.param(
            behind_stem(64).conv(64, 5, name="a").relu().conv(64, 7, name="b"),
            {},
            ["a", "b"],
            id="two",
        ),
        pytest.param(behind_stem(16, (8, 8, 8)).conv(16, 5, name="a"), {}, ["a"], id="3-D"),
        pytest.param(behind_stem(128, (100,)).conv(16, 9), {}, [], id="1-D"),
        pytest.param(Net(64, 28).conv(64, 7, name="a"), {}, [], id="stem"),
        pytest.param(Net(64, 28).bn().pool().conv(64, 7), {}, [], id="stem behind pooling"),
        pytest.param(behind_stem(64).conv(64, 7, stride=7, pad=0, name="a"), {}, [], id="patches"),
        pytest.param(
            behind_stem(64, 56).conv(64, 7, stride=3, name="a"), {}, ["a"], id="stride 3"
        ),
        pytest.param(
            behind_stem(64, 56).conv(64, 7, stride=3, pad=0), {}, [], id="unpadded stride 3"
        ),
        pytest.param(
            behind_stem(64, 56).conv(64, 7, stride=(1, 4), name="a"), {}, [], id="stride 4"
        ),
        pytest.param(behind_stem(64, 7).conv(64, 7, pad=0), {}, [], id="covering"),
        pytest.param(behind_stem(64, 1).conv(64, 5), {}, [], id="covering with padding"),
        pytest.param(behind_stem(64, (1, 2)).conv(64, 5, name="a"), {}, ["a"], id="1x2 map"),
        pytest.param(behind_stem(64).conv_transpose(64, 5, stride=1), {}, [], id="transposed"),
        pytest.param(gated(behind_stem(64)), {}, [], id="gate"),
        pytest.param(behind_stem(64).conv(64, 7, groups=64, name="a"), {}, [], id="depthwise"),
        pytest.param(
            behind_stem(64).conv(64, 7, groups=4, name="a"), {}, ["a"], id="16 channels a group"
        ),
        pytest.param(
            behind_stem(60).conv(64, 7, groups=4, name="a"), {}, [], id="15 channels a group"
        ),
        pytest.param(
            behind_stem(30).conv(32, 7, groups=2, name="a"), {}, [], id="15 channels in 2 groups"
        ),
        pytest.param(behind_stem(8).conv(8, 7, name="a"), {}, ["a"], id="8 channels, no groups"),
        pytest.param(behind_stem(35, 8).conv(364, 5, name="a"), {}, [], id="stack costs more"),
        pytest.param(behind_stem(36, 8).conv(364, 5, name="a"), {}, [], id="stack costs as much"),
        pytest.param(behind_stem(37, 8).conv(364, 5, name="a"), {}, ["a"], id="stack costs less"),
        pytest.param(behind_stem(8, 40).conv(8, 33, name="a"), {}, ["a"], id="stack of 16"),
        pytest.param(behind_stem(8, 40).conv(8, 34, name="a"), {}, [], id="stack of 17"),
        pytest.param(behind_stem(64).conv(64, 5), {"min_kernel": 6}, [], id="min_kernel above"),
        pytest.param(
            behind_stem(64).conv(64, 6, name="a"), {"min_kernel": 6}, ["a"], id="min_kernel"
        ),
        pytest.param(
            behind_stem(128).conv(16, 4, name="a"), {"min_kernel": 4}, ["a"], id="4x4 asked for"
        ),
        pytest.param(
            behind_stem(64).conv(16, 3).conv(16, 1), {"min_kernel": 1}, [], id="3x3 asked for"
        ),
        pytest.param(
            behind_stem(60).conv(64, 7, groups=4, name="a"), {"min_group": 15}, ["a"], id="groups"
        ),
        pytest.param(
            behind_stem(64).conv(64, 7, groups=64, name="a"),
            {"min_group": 1},
            ["a"],
            id="depthwise asked for",
        ),
    ],
)
def test_reports(net: Net, options: Options, found: list[str]) -> None:
    findings = large_dense_kernel.run(net.facts(), options)
    assert [finding.nodes[0].path for finding in findings] == found


@pytest.mark.parametrize(
    ("net", "reason"),
    [
        (behind_stem(64).conv(64, 3), "its kernel 3x3 has a side below 5"),
        (behind_stem(64).conv(64, (1, 7)), "its kernel 1x7 has a side below 5"),
        (behind_stem(64, (100,)).conv(64, 9), "its kernel 9 is one-dimensional"),
        (behind_stem(64).conv_transpose(64, 5, stride=1), "it is a transposed convolution"),
        (gated(behind_stem(64)), "it is part of a gate, or leads to no output"),
        (
            behind_stem(64).conv(64, 7, groups=64),
            "it has 1 channels a group, fewer than 16",
        ),
        (behind_stem(64, 7).conv(64, 7, pad=0), "its kernel covers the whole map"),
        (behind_stem(35, 8).conv(364, 5), "a stack of 3x3 would cost 1.0x its MACs"),
        (behind_stem(8, 8).conv(96, 5), "a stack of 3x3 would cost 1.2x its MACs"),
        (
            behind_stem(64, 56).conv(64, 7, stride=7, pad=0),
            "a 3x3 would step over part of the map at stride 7",
        ),
        (behind_stem(8, 40).conv(8, 34), "a stack of 3x3 would have more than 16 layers"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_says_why_it_is_silent(net: Net, reason: str) -> None:
    remarks = [r for r in large_dense_kernel.remarks(net.facts()) if isinstance(r, Silence)]
    assert [silence.reason for silence in remarks][-1] == reason


def test_stem_and_unknown_size() -> None:
    remarks = large_dense_kernel.remarks(Net(3, 28).conv(8, 7).conv(8, 7).open_facts())
    assert [r.reason for r in remarks if isinstance(r, Silence)] == [
        "it is a stem",
        "the size of its map is not known",
    ]


def test_unknown_size_is_left_alone() -> None:
    assert not large_dense_kernel.run(behind_stem(64).conv(64, 7).open_facts())


def test_example_of_the_manual() -> None:
    facts = behind_stem(128).conv(128, 7, bias=False, name="a").facts()
    (finding,) = large_dense_kernel.run(facts)
    assert finding.message == "7x7 convolution where three 3x3 would see the same window"
    assert finding.suggestion == (
        "three Conv 3x3 128->128->128->128, ReLU between: 346,816,512 instead of 629,407,744 "
        "MACs, 442,368 instead of 802,816 weights; needs retraining"
    )
    assert finding.evidence == {
        "kernel": (7, 7),
        "macs": 629_407_744,
        "mac_share": 0.9957,
        "stack": 3,
        "stack_channels": (128, 128, 128, 128),
        "stack_macs": 346_816_512,
        "stack_weights": 442_368,
    }
    assert finding.saving == Saving(
        macs=629_407_744 - 346_816_512,
        params=802_816 - 442_368,
        activation_bytes=-2 * 392 * 1024,
    )
    assert finding.severity is Severity.WARNING


@pytest.mark.parametrize(
    ("kernel", "depth", "saved"), [(5, 2, "28%"), (7, 3, "45%")], ids=["5x5", "7x7"]
)
def test_savings_of_the_manual(kernel: int, depth: int, saved: str) -> None:
    (finding,) = large_dense_kernel.run(behind_stem(64).conv(64, kernel).facts())
    macs = finding.evidence["macs"]
    assert isinstance(macs, int)
    assert macs == kernel**2 * 64**2 * 28**2
    assert finding.evidence["stack_macs"] == 9 * depth * 64**2 * 28**2
    assert f"{(finding.saving.macs or 0) / macs:.0%}" == saved


@pytest.mark.parametrize(
    ("net", "message", "suggestion"),
    [
        pytest.param(
            behind_stem(64, 27).conv(192, 5),
            "5x5 convolution where two 3x3 would see the same window",
            "two Conv 3x3 64->64->192, ReLU between: 107,495,424 instead of 223,948,800 MACs, "
            "147,456 instead of 307,200 weights; needs retraining",
            id="AlexNet",
        ),
        pytest.param(
            behind_stem(64, 16).conv(64, 9),
            "9x9 convolution where four 3x3 would see the same window",
            "four Conv 3x3 64->64->64->64->64, ReLU between: 37,748,736 instead of 84,934,656 "
            "MACs, 147,456 instead of 331,776 weights; needs retraining",
            id="9x9",
        ),
        pytest.param(
            behind_stem(16, 16).conv(16, 11),
            "11x11 convolution where five 3x3 would see the same window",
            "five Conv 3x3 16->16->16->16->16->16, ReLU between: 2,949,120 instead of 7,929,856 "
            "MACs, 11,520 instead of 30,976 weights; needs retraining",
            id="11x11",
        ),
        pytest.param(
            behind_stem(16, 16).conv(16, 13),
            "13x13 convolution where 6 3x3 would see the same window",
            "6 Conv 3x3 16->16->16->16->16->16->16, ReLU between: 3,538,944 instead of "
            "11,075,584 MACs, 13,824 instead of 43,264 weights; needs retraining",
            id="13x13",
        ),
        pytest.param(
            behind_stem(64, 27).conv(64, 6),
            "6x6 convolution where three 3x3 would see as much",
            "three Conv 3x3 64->64->64->64, ReLU between: 78,667,776 instead of 99,680,256 MACs, "
            "110,592 instead of 147,456 weights; needs retraining",
            id="6x6",
        ),
        pytest.param(
            behind_stem(16, (8, 8, 8)).conv(16, 5),
            "5x5x5 convolution where two 3x3x3 would see the same window",
            "two Conv 3x3x3 16->16->16, ReLU between: 7,077,888 instead of 16,384,000 MACs, "
            "13,824 instead of 32,000 weights; needs retraining",
            id="3-D",
        ),
        pytest.param(
            behind_stem(64, 16).conv(64, 5, dilation=2, groups=2),
            "5x5 convolution where two 3x3 would see the same window",
            "two Conv 3x3 64->64->64, 2 groups, dilation 2, ReLU between: 9,437,184 instead of "
            "13,107,200 MACs, 36,864 instead of 51,200 weights; needs retraining",
            id="groups and dilation",
        ),
        pytest.param(
            behind_stem(64, 16).conv(64, 5, dilation=(1, 2)),
            "5x5 convolution where two 3x3 would see the same window",
            "two Conv 3x3 64->64->64, dilation 1x2, ReLU between: 18,874,368 instead of "
            "26,214,400 MACs, 73,728 instead of 102,400 weights; needs retraining",
            id="dilation of one axis",
        ),
        pytest.param(
            behind_stem(64, 32).conv(64, 5, stride=2),
            "5x5 convolution where two 3x3 would see as much",
            "two Conv 3x3 64->64->64, stride 2 on the first, ReLU between: 18,874,368 instead of "
            "26,214,400 MACs, 73,728 instead of 102,400 weights; needs retraining",
            id="stride on the first",
        ),
        pytest.param(
            behind_stem(64, 16).conv(16, 7, stride=(1, 2), pad=0),
            "7x7 convolution where three 3x3 would see the same window",
            "three Conv 3x3 64->16->16->16, stride 1x2 on the last, ReLU between: 2,253,312 "
            "instead of 2,508,800 MACs, 13,824 instead of 50,176 weights; needs retraining",
            id="stride on the last",
        ),
    ],
)
def test_words(net: Net, message: str, suggestion: str) -> None:
    (finding,) = large_dense_kernel.run(net.facts())
    assert (finding.message, finding.suggestion) == (message, suggestion)
    seen = 0 if "the same" in message else None
    assert finding.saving.receptive_field == seen


def test_share_of_all_such_layers_decides_the_severity() -> None:
    net = behind_stem(32).conv(32, 5, name="a").conv(32, 3).conv(32, 3).conv(32, 7, name="b")
    facts = net.conv(32, 3).facts()
    share = facts.share(sum(facts.macs_of(conv.node) or 0 for conv in facts.convs[1::3]))
    assert share
    for least, severity in ((share, Severity.WARNING), (share + 1e-9, Severity.NOTE)):
        findings = large_dense_kernel.run(facts, {"min_mac_share": least})
        assert [finding.severity for finding in findings] == [severity] * 2
    assert sum(float(str(f.evidence["mac_share"])) for f in findings) == pytest.approx(share, 1e-3)


@pytest.mark.parametrize(("others", "severity"), [(24, Severity.WARNING), (25, Severity.NOTE)])
def test_default_share(others: int, severity: Severity) -> None:
    """25 of 1 + 25 + 9 * others."""
    net = Net(32, 8).conv(32, 1).conv(32, 5, name="a").repeat(others, lambda n: n.conv(32))
    (finding,) = large_dense_kernel.run(net.facts())
    assert finding.severity is severity
    assert finding.evidence["mac_share"] == round(25 / (26 + 9 * others), 4)


def test_unknown_total_is_a_note() -> None:
    net = behind_stem(32).conv(32, 5, name="a").relu().op("NonZero").op("Cast", to=1)
    net = net.op("Transpose", perm=[1, 0])
    (finding,) = large_dense_kernel.run(net.dense(8, cin=4).facts())
    assert finding.severity is Severity.NOTE
    assert finding.evidence["mac_share"] is None
    assert finding.evidence["macs"] == 25 * 32**2 * 28**2


def test_maps_between_are_counted_in_their_own_type() -> None:
    net = Net(3, 28, batch=2, dtype=TensorProto.FLOAT16).conv(8, 3).conv(8, 7)
    (finding,) = large_dense_kernel.run(net.facts())
    assert finding.saving.activation_bytes == -2 * (2 * 2 * 8 * 28**2)


def test_maps_of_an_unknown_type_are_not_counted() -> None:
    net = Net(3, 28, dtype=TensorProto.UNDEFINED).conv(8, 3).conv(8, 7)
    (finding,) = large_dense_kernel.run(net.facts())
    assert finding.saving.activation_bytes is None
