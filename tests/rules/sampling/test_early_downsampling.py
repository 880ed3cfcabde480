import pytest

from cnnlint.lint.finding import Saving, Severity, Silence
from rules.sampling.early_downsampling import early_downsampling
from tests.net import Net

INPUT = Net(3, 224)
STEM = INPUT.conv(64, 11, stride=4, pad=2, name="a").relu().pool(3, 2)
ALEXNET = STEM.conv(192, 5, name="b").relu().pool(3, 2).conv(384, name="c").relu()
FOUR = INPUT.conv(8, 3, stride=4, name="a")
GATE = FOUR.stored("by", [1, 8, 56, 56]).conv(8).mark("x").pool(4, 4).conv(8).op("Sigmoid")
GATE = GATE.op("Resize", "", "", "by").mul("x")


def at(net: Net, size: int) -> Net:
    """Append two more convolutions with a window, and a pool between."""
    return net.conv(8).pool(size, size).conv(8)


@pytest.mark.parametrize(
    ("net", "jump"),
    [
        pytest.param(ALEXNET, (16, 16), id="AlexNet"),
        pytest.param(at(FOUR, 4), (16, 16), id="16"),
        pytest.param(at(FOUR, 3), None, id="12"),
        pytest.param(at(FOUR, 5), (20, 20), id="20"),
        pytest.param(FOUR.conv(8).conv(8, stride=4), (16, 16), id="its own stride counts"),
        pytest.param(FOUR.conv(8).conv(8).pool(4, 4), None, id="not what comes behind it"),
        pytest.param(
            FOUR.conv(8, 1).relu().conv(8, 1).pool(4, 4).conv(8).conv(8),
            (16, 16),
            id="1x1 between",
        ),
        pytest.param(FOUR.conv(8).pool((4, 2), (4, 2)).conv(8), None, id="one axis"),
        pytest.param(at(Net(3, 64).conv(8, 3, stride=4), 4), (16, 16), id="input of 64"),
        pytest.param(at(Net(3, 63).conv(8, 3, stride=4), 4), None, id="input of 63"),
        pytest.param(at(Net(3, (63, 64)).conv(8, 3, stride=4), 4), None, id="input of 63x64"),
        pytest.param(at(INPUT.conv(8, 4, stride=4, pad=0), 4), None, id="patches"),
        pytest.param(
            FOUR.conv(8).mark("x").conv(8, 1).add("x").pool(4, 4).conv(8), None, id="joined before"
        ),
        pytest.param(
            FOUR.conv(8).pool(4, 4).mark("x").conv(8).add("x"), (16, 16), id="joined behind"
        ),
        pytest.param(at(Net(3, (4096,)).conv(8, 3, stride=4), 4), None, id="1-D"),
        pytest.param(
            Net(3, (8, 64, 64))
            .conv(8, 3, stride=(1, 4, 4))
            .conv(8)
            .pool((1, 4, 4), (1, 4, 4))
            .conv(8),
            (1, 16, 16),
            id="3-D",
        ),
        pytest.param(
            at(Net(3, (32, 64, 64)).conv(8, 3, stride=4), 4), (16, 16, 16), id="3-D, a short axis"
        ),
        pytest.param(FOUR.conv(8, stride=4), None, id="two convolutions"),
        pytest.param(
            INPUT.op("SpaceToDepth", blocksize=16, width=768).conv(8).conv(8).conv(8),
            None,
            id="pixels are rearranged",
        ),
        pytest.param(
            GATE,
            None,
            id="gate",
        ),
    ],
)
def test_reports(net: Net, jump: tuple[int, ...] | None) -> None:
    findings = early_downsampling.run(net.facts())
    assert [finding.evidence["jump"] for finding in findings] == [jump] * (jump is not None)
    assert all(finding.severity is None for finding in findings)
    assert early_downsampling.severity is Severity.WARNING


@pytest.mark.parametrize(("units", "early"), [(1600, True), (1620, False)])
def test_convolutions_that_make_patches_for_others(units: int, early: bool) -> None:
    net = at(FOUR, 4)
    macs = 56 * 56 * 216 + 56 * 56 * 576 + 14 * 14 * 576
    assert net.facts().macs == macs
    dense = 8 * units + units * units
    facts = net.gap().flatten().dense(units).dense(units).facts()
    assert facts.macs == macs + dense
    assert (dense < macs) is early
    reason = "convolutions do 50% of the MACs: they make patches for the others"
    assert early or list(early_downsampling.remarks(facts)) == [Silence(None, reason)]
    assert bool(early_downsampling.run(facts)) is early


def test_options() -> None:
    facts = at(FOUR, 2).facts()
    assert not early_downsampling.run(facts)
    assert early_downsampling.run(facts, {"max_jump": 8})
    small = at(Net(3, 48).conv(8, 3, stride=4), 4).facts()
    assert early_downsampling.run(small, {"min_input": 48})
    late = FOUR.conv(8).conv(8).pool(4, 4).conv(8).facts()
    (finding,) = early_downsampling.run(late, {"convolution": 4})
    assert finding.message.startswith("the 4th convolution with a window has its positions 16")


def test_only_one_finding() -> None:
    net = FOUR.conv(8).pool(4, 4).mark("x").conv(8, name="c").mark("c").goto("x").conv(8).add("c")
    (finding,) = early_downsampling.run(net.facts())
    assert finding.nodes[-1].path == "c"


def test_example_of_the_manual() -> None:
    (finding,) = early_downsampling.run(ALEXNET.facts())
    assert [node.path for node in finding.nodes] == ["a", "maxpool2", "maxpool5", "c"]
    assert finding.message == (
        "the 3rd convolution with a window has its positions 16 input pixels apart already; MACs "
        "of the convolutions by that distance: 17% at 4, 55% at 8, 28% at 16"
    )
    assert finding.suggestion == (
        "stride 2 at a, and a stride of 2 behind c: the layers between see 4 times the positions, "
        "for about 1,219,097,664 more MACs up to there (406,365,888 now); needs retraining"
    )
    assert finding.evidence == {
        "jump": (16, 16),
        "convolution": 3,
        "grid": (13, 13),
        "macs_until_then": 406_365_888,
    }
    assert finding.saving == Saving(
        macs=-1_219_097_664, activation_bytes=None, receptive_field=None
    )


@pytest.mark.parametrize(
    ("net", "words"),
    [
        pytest.param(
            INPUT.conv(8, stride=2, name="a").conv(8, name="b").pool(8, 8).conv(8, name="c"),
            "stride 4x4 at maxpool2",
            id="a pool has the largest stride",
        ),
        pytest.param(
            FOUR.conv(8, stride=2, name="b").conv(8, stride=2, name="c"),
            "stride 2 at a, and a stride of 2 behind c: the layers between see 4 times",
            id="its own stride",
        ),
        pytest.param(
            INPUT.conv(8, stride=3, name="a").conv(8, stride=3).conv(8, stride=3, name="c"),
            "stride 1 at a, and a stride of 3 behind c: the layers between see 9 times",
            id="stride 3",
        ),
    ],
)
def test_which_stride_is_moved(net: Net, words: str) -> None:
    (finding,) = early_downsampling.run(net.facts())
    assert finding.suggestion.startswith(words.replace("4x4", "4"))


def test_cost_of_layers_behind_the_moved_stride() -> None:
    net = INPUT.conv(8, stride=2).conv(8).pool(8, 8).conv(8)
    (finding,) = early_downsampling.run(net.facts())
    assert finding.evidence["macs_until_then"] == 14 * 14 * 8 * 8 * 9
    assert finding.saving.macs == -3 * 14 * 14 * 8 * 8 * 9


def test_unknown_size() -> None:
    assert not early_downsampling.run(ALEXNET.open_facts())


@pytest.mark.parametrize(
    ("net", "reason"),
    [
        (at(FOUR, 2), "its positions lie 8 input pixels apart"),
        (at(Net(3, 48).conv(8, 3, stride=4), 4), "the input has 48x48 pixels, fewer than 64"),
        (
            FOUR.conv(8).mark("x").conv(8, 1).add("x").pool(4, 4).conv(8),
            "branches have joined before it: it opens a later stage",
        ),
        (
            INPUT.op("SpaceToDepth", blocksize=16, width=768).conv(8).conv(8).conv(8),
            "no layer before it has a stride: pixels are rearranged",
        ),
        (
            GATE,
            "it makes a gate, not the main path",
        ),
    ],
)
def test_reasons(net: Net, reason: str) -> None:
    (said,) = early_downsampling.remarks(net.facts())
    assert isinstance(said, Silence)
    assert said.node is not None
    assert said.reason == reason


def test_reason_of_patches() -> None:
    (said,) = early_downsampling.remarks(at(INPUT.conv(8, 4, stride=4, pad=0), 4).facts())
    assert said == Silence(None, "the network begins with patches of 4x4")
