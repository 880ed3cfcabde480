from collections.abc import Callable

import pytest

from cnnlint.lint.finding import Saving, Severity, Silence
from rules.sampling.valid_padding_inside import valid_padding_inside
from tests.net import Net

STEM = Net(3, 16).conv(8, name="stem").relu()
LINE = Net(3, (16,)).conv(8, name="stem").relu()


def padded(net: Net, *amounts: int) -> Net:
    return net.stored("amounts", list(amounts)).op("Pad", "amounts")


@pytest.mark.parametrize(
    ("net", "dropped"),
    [
        pytest.param(STEM.conv(8, 3, pad=0), [round(1 - 196 / 256, 4)], id="3x3"),
        pytest.param(STEM.conv(8, 3), [], id="padded"),
        pytest.param(STEM.conv(8, 2, pad=0), [], id="2x2"),
        pytest.param(STEM.conv(8, 1), [], id="1x1"),
        pytest.param(STEM.conv(8, (1, 3), pad=0), [0.125], id="1x3"),
        pytest.param(STEM.conv(8, 3, pad=(1, 0)), [0.125], id="one axis"),
        pytest.param(STEM.conv(8, 3, pad=0, stride=2), [], id="stride 2"),
        pytest.param(STEM.conv(8, 3, pad=0, stride=(1, 2)), [], id="stride 2 on one axis"),
        pytest.param(STEM.conv(8, 3, pad=0, dilation=2), [0.4375], id="dilated"),
        pytest.param(STEM.conv(8, 3, pad=0, groups=8), [round(1 - 196 / 256, 4)], id="depthwise"),
        pytest.param(STEM.conv(8, 16, pad=0), [], id="as large as the map"),
        pytest.param(STEM.conv(8, 15, pad=0), [round(1 - 4 / 256, 4)], id="a little smaller"),
        pytest.param(STEM.conv(8, (16, 1), pad=0), [], id="as large as the map on one axis"),
        pytest.param(Net(3, 16).conv(8, 3, pad=0), [], id="stem"),
        pytest.param(STEM.conv_transpose(8, 3, stride=1), [], id="transposed"),
        pytest.param(
            padded(STEM, 0, 0, 1, 1, 0, 0, 1, 1).op("Identity").conv(8, pad=0), [], id="Pad"
        ),
        pytest.param(
            padded(STEM, 0, 0, 1, 0, 0, 0, 1, 0).conv(8, pad=0),
            [round(1 - 16 * 14 / (18 * 16), 4)],
            id="Pad on one axis",
        ),
        pytest.param(
            padded(STEM, 0, 0, 1, 1, 0, 0, 1, 1).relu().conv(8, pad=0),
            [round(1 - 256 / 324, 4)],
            id="Pad, activation between",
        ),
        pytest.param(LINE.conv(8, 3, pad=0), [0.125], id="1-D"),
        pytest.param(
            Net(3, (8, 8, 8)).conv(4).conv(4, 3, pad=0), [round(1 - 216 / 512, 4)], id="3-D"
        ),
    ],
)
def test_reports(net: Net, dropped: list[float]) -> None:
    findings = valid_padding_inside.run(net.facts())
    assert [finding.evidence["dropped"] for finding in findings] == dropped
    assert all(finding.severity is Severity.WARNING for finding in findings)


def same_upper(net: Net) -> Net:
    """Append a convolution that is padded by ``auto_pad``."""
    return net.shaped("w", 8, 8, 3, 3).op("Conv", "w", auto_pad="SAME_UPPER")


def test_automatic_padding() -> None:
    assert not valid_padding_inside.run(same_upper(STEM).facts())
    assert not valid_padding_inside.run(same_upper(STEM).open_facts())


@pytest.mark.parametrize(
    ("size", "severity"),
    [(7, Severity.WARNING), (38, Severity.WARNING), (39, Severity.NOTE), (73, Severity.NOTE)],
)
def test_severity(size: int, severity: Severity) -> None:
    net = Net(3, size).conv(8).conv(8, 3, pad=0)
    (finding,) = valid_padding_inside.run(net.facts())
    assert finding.severity is severity


def test_limit() -> None:
    facts = Net(3, 73).conv(8).conv(8, 3, pad=0).facts()
    (finding,) = valid_padding_inside.run(facts, {"min_drop": 0.05})
    assert finding.severity is Severity.WARNING


@pytest.mark.parametrize(
    "up",
    [
        pytest.param(lambda net: net.conv_transpose(8, 2), id="transposed convolution"),
        pytest.param(lambda net: net.op("DepthToSpace", blocksize=2, width=2), id="shuffle"),
        pytest.param(
            lambda net: net.stored("by", [1, 8, 28, 28]).op("Resize", "", "", "by"), id="Resize"
        ),
    ],
)
def test_networks_that_upsample(up: Callable[[Net], Net]) -> None:
    (finding,) = valid_padding_inside.run(up(STEM.conv(8, 3, pad=0)).facts())
    assert finding.severity is Severity.NOTE


def test_example_of_the_manual() -> None:
    net = Net(3, 48).conv(32).conv(32, 5, pad=0)
    (finding,) = valid_padding_inside.run(net.facts())
    assert finding.message == (
        "unpadded convolution of 5x5 shrinks the map from 48x48 to 44x44: 16.0% of its positions"
    )
    assert finding.suggestion == (
        "padding of 4 in all, half on each side, keeps a map of 48x48, for 9,420,800 more MACs "
        "here; needs retraining"
    )
    assert finding.evidence == {"kernel": (5, 5), "padding": (4, 4), "dropped": 0.1597}
    same = Net(3, 48).conv(32).conv(32, 5).facts()
    assert (same.macs or 0) - (net.facts().macs or 0) == 9_420_800
    assert finding.saving == Saving(
        macs=-9_420_800, activation_bytes=-32 * (48 * 48 - 44 * 44) * 4
    )


def test_numbers_of_the_manual() -> None:
    shares = {149: 0.027, 73: 0.054, 7: 0.490}
    for size, share in shares.items():
        (finding,) = valid_padding_inside.run(Net(3, size).conv(8).conv(8, pad=0).facts())
        dropped = finding.evidence["dropped"]
        assert isinstance(dropped, float)
        assert round(dropped, 3) == share


def test_windows_of_the_manual() -> None:
    size, k = 9, 3
    for place, pad, windows in ((0, 0, 1), (0, 1, 4), (4, 0, 9), (4, 1, 9)):
        starts = range(-pad, size + pad - k + 1)
        assert sum(start <= place < start + k for start in starts) ** 2 == windows


def test_remedy_on_one_axis() -> None:
    (finding,) = valid_padding_inside.run(STEM.conv(8, 4, pad=(1, 0)).facts())
    assert finding.suggestion.startswith(
        "padding of 0x3 in all, half on each side, keeps a map of"
    )


def test_remedy_beside_a_pad_on_the_other_axis() -> None:
    (finding,) = valid_padding_inside.run(
        padded(STEM, 0, 0, 1, 0, 0, 0, 1, 0).conv(8, pad=0).facts()
    )
    assert finding.evidence["padding"] == (0, 2)


def test_unknown_size() -> None:
    (finding,) = valid_padding_inside.run(STEM.conv(8, 3, pad=0).open_facts())
    assert finding.severity is Severity.NOTE
    assert finding.message == "unpadded convolution of 3x3 shrinks the map"
    assert finding.suggestion == (
        "padding of 2 in all, half on each side, keeps a map; needs retraining"
    )
    assert finding.evidence["dropped"] is None
    assert finding.saving == Saving(macs=None, activation_bytes=None)


@pytest.mark.parametrize(
    ("net", "reason"),
    [
        (STEM.conv(8, stride=2), "its stride is 2: it is there to change the size of the map"),
        (STEM.conv(8), "3x3 is padded, below 3 or as large as the map on every axis"),
        (Net(3, 16).conv(8, pad=0), "it is a stem"),
        (padded(STEM, 0, 0, 1, 1, 0, 0, 1, 1).conv(8, pad=0), "a Pad stands before it"),
        (
            STEM.op("Concat", STEM.last, axis=2).conv(8, pad=0),
            "the map before it is padded by what can't be told",
        ),
        (
            STEM.mark("m").conv(8, 3, pad=0).gap().op("Sigmoid").mul("m"),
            "it makes a gate, not the main path",
        ),
    ],
)
def test_reasons(net: Net, reason: str) -> None:
    *_, said = valid_padding_inside.remarks(net.facts())
    assert isinstance(said, Silence)
    assert said.node is not None
    assert said.reason == reason


def test_an_empty_map() -> None:
    (finding,) = valid_padding_inside.run(Net(3, (0, 16)).conv(8).conv(8, pad=0).facts())
    assert finding.evidence["dropped"] is None
