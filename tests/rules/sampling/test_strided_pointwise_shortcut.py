import pytest

from cnnlint.lint.finding import Saving, Severity, Silence
from rules.sampling.strided_pointwise_shortcut import strided_pointwise_shortcut
from tests.net import Net


def block(net: Net, width: int, projection: int = 1) -> Net:
    """Append a residual block at stride 2."""
    net = net.mark("x").conv(width, 3, stride=2).relu().conv(width).mark("main").goto("x")
    return net.conv(width, projection, stride=2).bn().add("main").relu()


STEM = Net(3, 32).conv(16, name="stem").relu().mark("x")


@pytest.mark.parametrize(
    ("net", "found"),
    [
        pytest.param(block(STEM, 16), 1, id="block"),
        pytest.param(block(block(STEM, 16), 32), 2, id="two blocks"),
        pytest.param(block(STEM, 16, projection=3), 0, id="3x3"),
        pytest.param(STEM.conv(16, 1, stride=2), 0, id="main path"),
        pytest.param(
            STEM.conv(8, 2, stride=2, pad=0).mark("m").goto("x").pool().conv(8, 1).add("m"),
            0,
            id="pooled first",
        ),
        pytest.param(block(STEM.gap(), 8), 0, id="a map of one position"),
        pytest.param(block(Net(3, (32,)), 8), 1, id="1-D"),
        pytest.param(block(Net(3, (8, 8, 8)), 8), 1, id="3-D"),
    ],
)
def test_reports(net: Net, found: int) -> None:
    findings = strided_pointwise_shortcut.run(net.facts())
    assert len(findings) == found
    assert strided_pointwise_shortcut.severity is Severity.NOTE
    assert all(finding.severity is None for finding in findings)


def test_example_of_the_manual() -> None:
    (finding,) = strided_pointwise_shortcut.run(block(Net(256, 56), 512).facts())
    assert finding.message == (
        "shortcut to add5 through a pointwise convolution at stride 2 never reads 75% of its input"
    )
    assert finding.suggestion == (
        "an average pool of 2x2 at stride 2 in front, and stride 1 here: reads every position, "
        "for 802,816 additions; needs retraining"
    )
    assert finding.evidence == {
        "stride": (2, 2),
        "unread": 0.75,
        "join": "add5",
        "additions": 802_816,
    }
    assert finding.saving == Saving(activation_bytes=-256 * 28 * 28 * 4, receptive_field=None)
    pooled = Net(256, 56).pool(op="AveragePool").conv(512, 1).facts()
    strided = Net(256, 56).conv(512, 1, stride=2).facts()
    assert pooled.macs_of(pooled.convs[0].node) == strided.macs_of(strided.convs[0].node)


def test_unknown_size() -> None:
    (finding,) = strided_pointwise_shortcut.run(block(STEM, 16).open_facts())
    assert finding.evidence["unread"] == 0.75
    assert finding.evidence["additions"] is None
    assert finding.saving.activation_bytes is None


@pytest.mark.parametrize(
    ("net", "reason"),
    [
        (STEM.conv(8, 1, stride=2), "no shortcut around other layers: see P402"),
        (block(STEM.gap(), 8), "its map has one position on each axis with a stride"),
    ],
)
def test_reasons(net: Net, reason: str) -> None:
    (said,) = strided_pointwise_shortcut.remarks(net.facts())
    assert isinstance(said, Silence)
    assert said.node is not None
    assert said.reason == reason
