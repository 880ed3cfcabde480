import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlint.lint.finding import Saving, Severity, Silence
from rules.sampling.stride_above_two import stride_above_two
from tests.net import Net

STEM = Net(3, 64).conv(16, name="stem").relu()
TOKENS = STEM.stored("map", [1, 16, 64, 64]).stored("flat", [1, 16, 4096]).op("Reshape", "flat")
PATCHES = (
    TOKENS.mark("x").op("Reshape", "map").conv(16, 4, stride=4, pad=0).output().goto("x").relu()
)
LINE = Net(3, (64,)).conv(16, name="stem").relu()


@pytest.mark.parametrize(
    ("net", "reported"),
    [
        pytest.param(STEM.conv(16, 5, stride=4), True, id="5x5 s4"),
        pytest.param(STEM.conv(16, 3, stride=3), True, id="padded 3x3 s3"),
        pytest.param(STEM.conv(16, 3, stride=2), False, id="3x3 s2"),
        pytest.param(STEM.conv(16, 5, stride=(1, 4)), True, id="one axis"),
        pytest.param(STEM.conv(16, 4, stride=4, pad=0), True, id="patches on the main path"),
        pytest.param(PATCHES, False, id="patches of a map that others read"),
        pytest.param(Net(3, 64).conv(16, 4, stride=4, pad=0), False, id="patches of the input"),
        pytest.param(STEM.conv(16, 3, stride=4), False, id="3x3 s4 is of P401"),
        pytest.param(STEM.conv(16, 1, stride=4), True, id="1x1 s4"),
        pytest.param(STEM.conv_transpose(16, 4, stride=4), False, id="transposed"),
        pytest.param(STEM.pool(4, 4), False, id="pool"),
        pytest.param(STEM.conv(16, 64, stride=64, pad=0), False, id="one patch of the whole map"),
        pytest.param(STEM.conv(16, 63, stride=4, pad=0), False, id="one window"),
        pytest.param(STEM.conv(16, (5, 63), stride=(4, 4), pad=0), True, id="one row of windows"),
        pytest.param(STEM.conv(16, 5, stride=4, groups=16), True, id="depthwise"),
        pytest.param(Net(3, 64).conv(16, 11, stride=4), False, id="stem"),
        pytest.param(LINE.conv(16, 5, stride=4), True, id="1-D"),
        pytest.param(Net(3, (8, 16, 16)).conv(8).conv(8, 5, stride=4), True, id="3-D"),
    ],
)
def test_reports(net: Net, reported: bool) -> None:
    findings = stride_above_two.run(net.facts())
    assert len(findings) == reported
    assert stride_above_two.severity is Severity.NOTE
    assert all(finding.severity is None for finding in findings)


def test_limit() -> None:
    facts = STEM.conv(16, 5, stride=4).conv(16, 3, stride=3).facts()
    found = stride_above_two.run(facts, {"max_stride": 3})
    assert [finding.evidence["stride"] for finding in found] == [(4, 4)]
    assert not stride_above_two.run(facts, {"max_stride": 4})


def test_example_of_the_manual() -> None:
    net = STEM.conv(32, 5, stride=4)
    (finding,) = stride_above_two.run(net.facts())
    assert finding.message == "downsamples by 4 in one step, which leaves 12% of the numbers"
    assert finding.suggestion == (
        "2 Conv 3x3 16->16->32 in steps of 2: 3,538,944 instead of 3,276,800 MACs, 6,912 instead "
        "of 12,800 weights; needs retraining"
    )
    assert finding.evidence == {
        "stride": (4, 4),
        "kernel": (5, 5),
        "kept": 0.125,
        "macs": 3_276_800,
    }
    assert finding.saving == Saving(
        macs=3_276_800 - 3_538_944,
        params=12_800 - 6_912,
        activation_bytes=-16 * 32 * 32 * 4,
        receptive_field=2,
    )


@given(
    st.tuples(st.sampled_from([1, 2, 4, 8]), st.sampled_from([4, 8])),
    st.integers(8, 11),
    st.sampled_from([1, 4]),
)
def test_steps_cost_what_the_tool_counts_on_them(
    stride: tuple[int, int], kernel: int, groups: int
) -> None:
    stem = Net(3, 64, batch=2).conv(8).relu()
    net = stem.conv(12, kernel, stride=stride, pad=(kernel - 1) // 2, groups=groups)
    facts = net.facts()
    (finding,) = stride_above_two.run(facts)
    if facts.convs[1].grid != tuple(64 // step for step in stride):
        return  # an even kernel loses a row
    steps = stem
    left: tuple[int, ...] = stride
    for cout in [8] * (max(stride).bit_length() - 2) + [12]:
        now = tuple(min(2, step) for step in left)
        left = tuple(max(1, step // 2) for step in left)
        window = tuple(3 if step > 1 else min(3, kernel) for step in stride)
        steps = steps.conv(cout, window, stride=now, groups=groups)
    after = steps.facts()
    assert finding.saving.macs == (facts.macs or 0) - (after.macs or 0)
    before = [conv.weights for conv in facts.convs]
    assert finding.saving.params == sum(before) - sum(conv.weights for conv in after.convs)
    wider = [
        b - a
        for a, b in zip(facts.receptive_field or (), after.receptive_field or (), strict=True)
    ]
    expected = wider[0] if len(set(wider)) == 1 else None
    assert finding.saving.receptive_field == expected


@pytest.mark.parametrize(
    ("net", "suggestion", "saving"),
    [
        pytest.param(
            STEM.conv(16, 3, stride=3),
            "stride 2, and the next step further on: a map of 32x32, and 2,359,296 instead of "
            "1,115,136 MACs here; needs retraining",
            Saving(macs=1_115_136 - 2_359_296, activation_bytes=None, receptive_field=None),
            id="3x3 s3",
        ),
        pytest.param(
            STEM.conv(16, 7, stride=(1, 6), pad=0),
            "stride 1x2, and the next step further on: a map of 58x29, and 21,099,008 instead of "
            "7,275,520 MACs here; needs retraining",
            Saving(macs=7_275_520 - 21_099_008, activation_bytes=None, receptive_field=None),
            id="one axis",
        ),
        pytest.param(
            STEM.conv(16, (1, 5), stride=(1, 4), pad=(0, 2)),
            "2 Conv 1x3 16->16->16 in steps of 2: 2,359,296 instead of 1,310,720 MACs, 1,536 "
            "instead of 1,280 weights; needs retraining",
            Saving(
                macs=1_310_720 - 2_359_296,
                params=-256,
                activation_bytes=-16 * 64 * 32 * 4,
                receptive_field=None,
            ),
            id="1x5",
        ),
        pytest.param(
            LINE.conv(16, 9, stride=8),
            "3 Conv 3 16->16->16->16 in steps of 2: 43,008 instead of 18,432 MACs, 2,304 instead "
            "of 2,304 weights; needs retraining",
            Saving(
                macs=18_432 - 43_008,
                activation_bytes=-16 * (32 + 16) * 4,
                receptive_field=6,
            ),
            id="1-D s8",
        ),
    ],
)
def test_remedies(net: Net, suggestion: str, saving: Saving) -> None:
    (finding,) = stride_above_two.run(net.facts())
    assert finding.suggestion == suggestion
    assert finding.saving == saving


def test_unknown_size() -> None:
    net = STEM.conv(16, 5, stride=4).conv(16, 3, stride=3)
    first, second = stride_above_two.run(net.open_facts())
    assert first.message == "downsamples by 4 in one step"
    assert first.suggestion == (
        "2 Conv 3x3 16->16->16 in steps of 2: 4,608 instead of 6,400 weights; needs retraining"
    )
    assert first.evidence["kept"] is None
    assert (first.saving.macs, first.saving.params) == (None, 1_792)
    assert first.saving.activation_bytes is None
    assert second.suggestion == "stride 2, and the next step further on; needs retraining"
    assert second.saving.macs is None


@pytest.mark.parametrize(
    ("net", "reason"),
    [
        (STEM.conv(16, stride=2), "stride 2, the limit is 2"),
        (STEM.conv(16, 63, stride=4, pad=0), "stride 1, the limit is 2"),
        (Net(3, 64).conv(16, 11, stride=4), "it is a stem"),
        (PATCHES, "it cuts patches of 4x4 of a map that others read too"),
        (STEM.conv(16, 3, stride=4), "stride 4 is above its kernel: see P401"),
        (STEM.conv_transpose(16, 4, stride=4), "a transposed convolution upsamples by its stride"),
    ],
)
def test_reasons(net: Net, reason: str) -> None:
    *_, said = stride_above_two.remarks(net.facts())
    assert isinstance(said, Silence)
    assert said.node is not None
    assert said.reason == reason


@pytest.mark.parametrize("step", [3, 4])
@pytest.mark.parametrize("size", [0, (0, 16)])
def test_an_empty_map(size: int | tuple[int, int], step: int) -> None:
    (finding,) = stride_above_two.run(Net(3, size).conv(8).conv(8, 5, stride=step).facts())
    assert finding.evidence["kept"] is None


@pytest.mark.parametrize(("times", "reported"), [(7, False), (8, True)])
def test_patches_behind_many_changes_of_layout(times: int, reported: bool) -> None:
    net = STEM.mark("x").repeat(times, lambda net: net.op("Identity"))
    net = net.conv(16, 4, stride=4, pad=0).output().goto("x").relu()
    assert len(stride_above_two.run(net.facts())) == reported


def test_readers_of_the_size_only() -> None:
    net = STEM.mark("x").op("Shape").output().goto("x").conv(16, 4, stride=4, pad=0)
    assert stride_above_two.run(net.facts())
