import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlint.lint.finding import Basis, Fix, Saving, Severity, Silence
from rules.width.channel_misalignment import _rounded, channel_misalignment
from tests.net import Net

STEM = Net(3, 32).conv(64, name="stem").relu()


def after(net: Net) -> Net:
    """Return a net that goes on with one more layer, so that the last one is hidden."""
    return net.relu().conv(64, name="last").gap().flatten().dense(10)


def squeezed(units: int) -> Net:
    net = STEM.mark("x").gap().conv(units, 1).relu().conv(64, 1).op("Sigmoid").mark("gate")
    return after(net.goto("x").mul("gate").conv(64))


def deformed() -> Net:
    net = STEM.mark("x").conv(18, name="offset").mark("offset").goto("x").shaped("w", 64, 64, 3, 3)
    net = net.op("DeformConv", "w", net.marks["offset"][0], pads=[1] * 4, width=64)
    return after(net)


def boxes() -> Net:
    """Return a detector: scores choose which positions another layer reads."""
    net = STEM.mark("x").conv(12, 1, name="scores").op("Flatten").stored("k", [5])
    net = net.op("TopK", "k", axis=-1).mark("top").goto("x")
    return after(net.op("Gather", net.marks["top"][0], axis=0))


@pytest.mark.parametrize(
    ("net", "options", "layers"),
    [
        pytest.param(after(STEM.conv(60, name="a")), {}, ["a"], id="60"),
        pytest.param(after(STEM.conv(12, name="a")), {}, ["a"], id="a multiple of 4"),
        pytest.param(after(STEM.conv(64)), {}, [], id="64"),
        pytest.param(after(STEM.conv(60, 1, name="a")), {}, ["a"], id="pointwise"),
        pytest.param(
            after(STEM.conv(60, name="a").relu().conv(60, groups=60, name="dw")),
            {},
            ["a", "dw"],
            id="depthwise",
        ),
        pytest.param(after(STEM.conv_transpose(60, 2, name="a")), {}, ["a"], id="transposed"),
        pytest.param(after(Net(3, 32).conv(30, name="a")), {}, ["a"], id="stem"),
        pytest.param(
            after(Net(3, (8, 8, 8)).conv(30, name="a")), {}, ["a"], id="three-dimensional"
        ),
        pytest.param(after(Net(3, (32,)).conv(30, name="a")), {}, ["a"], id="one-dimensional"),
        pytest.param(after(Net(3, 32)), {}, [], id="the image"),
        pytest.param(STEM.conv(21, 1), {}, [], id="output"),
        pytest.param(STEM.conv(21, 1).relu().op("Abs"), {}, [], id="behind activations"),
        pytest.param(
            after(STEM.conv(20, 1, name="a").op("Sigmoid").output()), {}, [], id="output besides"
        ),
        pytest.param(after(STEM.conv(4, name="a")), {}, [], id="narrow"),
        pytest.param(after(STEM.conv(5, name="a")), {}, ["a"], id="not narrow"),
        pytest.param(after(STEM.conv(5)), {"min_channels": 6}, [], id="option"),
        pytest.param(after(STEM.conv(60)), {"multiple": 4}, [], id="multiple of 4"),
        pytest.param(after(STEM.conv(72, name="a")), {"multiple": 16}, ["a"], id="multiple of 16"),
        pytest.param(squeezed(4), {}, [], id="gate of 4"),
        pytest.param(squeezed(20), {}, [], id="gate"),
        pytest.param(deformed(), {}, [], id="offsets"),
        pytest.param(boxes(), {}, [], id="boxes"),
    ],
)
def test_reports(net: Net, options: dict[str, int], layers: list[str]) -> None:
    findings = channel_misalignment.run(net.facts(), options)
    assert [[n.path for n in f.nodes] for f in findings] == ([layers] if layers else [])


def test_rule() -> None:
    rule = channel_misalignment
    assert (rule.severity, rule.basis, rule.fix) == (
        Severity.WARNING,
        Basis.MEASURED,
        Fix.SAFE,
    )


@pytest.mark.parametrize(
    ("net", "waste", "severity"),
    [
        pytest.param(
            Net(3, 32).conv(65, name="a").relu().conv(65, name="b").relu().conv(65, 1),
            0.1077,
            Severity.WARNING,
            id="65",
        ),
        pytest.param(
            Net(3, 32).conv(60, name="a").relu().conv(60, name="b").relu().conv(60, 1),
            0.0667,
            Severity.WARNING,
            id="60",
        ),
        pytest.param(
            Net(3, 32).conv(120, name="a").relu().conv(116, name="b").relu().conv(120),
            0.0345,
            Severity.NOTE,
            id="116",
        ),
    ],
)
def test_share(net: Net, waste: float, severity: Severity) -> None:
    (found,) = channel_misalignment.run(net.facts())
    assert found.evidence["waste"] == pytest.approx(waste, abs=6e-4)
    assert found.severity is severity


def test_the_share_from_which_on_it_is_a_warning() -> None:
    facts = Net(3, 32).conv(120).relu().conv(116).relu().conv(120).facts()
    (found,) = channel_misalignment.run(facts, {"min_waste": 0.03})
    assert found.severity is Severity.WARNING


def test_the_worse_of_both_channel_counts_is_padded() -> None:
    net = Net(3, 32).conv(64).relu().conv(60, 1, name="a").relu().conv(64, 1, name="b").gap()
    (found,) = channel_misalignment.run(net.flatten().dense(8).facts())
    stem, hidden = 64 * 27 * 1024, 64 * 60 * 1024
    assert found.evidence["waste"] == round(2 * hidden * (4 / 60) / (stem + 2 * hidden), 4)


def test_the_width_of_an_answer_is_not_padded() -> None:
    net = Net(3, 32).conv(64).relu().conv(60, 1, name="a").relu().conv(9, 1)
    (found,) = channel_misalignment.run(net.facts())
    stem, hidden, last = 64 * 27, 64 * 60, 60 * 9
    padded = (hidden + last) * (4 / 60) / (stem + hidden + last)
    assert found.evidence["waste"] == round(padded, 4)


def test_example_of_the_manual() -> None:
    net = STEM.conv(60, name="a").relu().conv(60, name="b").relu().conv(64)
    (found,) = channel_misalignment.run(net.facts())
    assert round(64 / 60 - 1, 3) == 0.067
    assert round(72 / 65 - 1, 3) == 0.108
    assert found.message == (
        "2 convolutions have channels that 8 doesn't divide: padding adds 6.6% to the "
        "convolutions' MACs"
    )
    assert found.suggestion == (
        "widths of multiples of 8: 60->64; needs retraining, or pad the weights with zeros up to "
        "the next multiple, which keeps the numbers"
    )
    assert found.evidence == {"layers": 2, "widths": (60,), "multiple": 8, "waste": 0.0656}
    assert found.saving == Saving(macs=None, params=None, activation_bytes=None)


def test_the_layer_that_wastes_most_is_named_first() -> None:
    net = STEM.conv(12, 1, name="a").relu().conv(100, name="b").relu().conv(100, name="c").relu()
    (found,) = channel_misalignment.run(net.conv(64).facts())
    assert [node.path for node in found.nodes] == ["c", "b", "a"]


def test_many_widths_are_not_all_named() -> None:
    net = STEM
    for width in range(9, 16):
        net = net.conv(width).relu()
    (found,) = channel_misalignment.run(net.conv(64).facts())
    assert " and 2 more;" in found.suggestion
    assert found.suggestion.count("->") == 5


def test_unknown_sizes_have_no_share() -> None:
    (found,) = channel_misalignment.run(after(STEM.conv(60)).open_facts())
    assert found.message == "a convolution has channels that 8 doesn't divide"
    assert (found.severity, found.evidence["waste"]) == (Severity.NOTE, None)


@pytest.mark.parametrize(
    ("channels", "rounded"),
    [(12, 16), (20, 24), (58, 56), (60, 64), (65, 64), (5, 8), (9, 16), (11, 16), (116, 120)],
)
def test_rounding(channels: int, rounded: int) -> None:
    assert _rounded(channels, 8) == rounded


@given(st.integers(1, 4096), st.sampled_from([4, 8, 16, 32]))
def test_rounding_of_any_width(channels: int, multiple: int) -> None:
    rounded = _rounded(channels, multiple)
    assert rounded % multiple == 0
    assert 0.9 * channels <= rounded < channels + 1.5 * multiple


@pytest.mark.parametrize(
    ("net", "reason"),
    [
        pytest.param(squeezed(20), "20 output channels in a gate", id="gate"),
        pytest.param(
            deformed(), "18 output channels of an answer, or only say what to read", id="offsets"
        ),
        pytest.param(
            STEM.conv(21, 1),
            "21 output channels of an answer, or only say what to read",
            id="answer",
        ),
        pytest.param(after(STEM.conv(4)), "4 output channels are fewer than 5", id="narrow"),
    ],
)
def test_why_a_layer_is_left_alone(net: Net, reason: str) -> None:
    facts = net.facts()
    (conv,) = (conv for conv in facts.convs if conv.cout % 8)
    assert next(iter(channel_misalignment.remarks(facts))) == Silence(conv.node, reason)


def test_silence() -> None:
    assert list(channel_misalignment.remarks(after(STEM).facts())) == [
        Silence(None, "every hidden convolution has a multiple of 8 channels")
    ]
    assert list(channel_misalignment.remarks(Net(3, 8).gap().flatten().dense(4).facts())) == [
        Silence(None, "there are no convolutions")
    ]
