import pytest

from cnnlint.lint.finding import Saving, Severity, Silence
from rules.sampling.strided_pointwise_main import strided_pointwise_main
from tests.net import Net

STEM = Net(3, 32).conv(16, name="stem").relu().mark("y").conv(16).add("y").mark("x")
STRIDED = STEM.conv(8, 1, stride=2, name="a").relu()


@pytest.mark.parametrize(
    ("net", "unread"),
    [
        pytest.param(STRIDED.conv(8), [0.75], id="1x1 s2"),
        pytest.param(STEM.conv(8, 1, stride=3).conv(8), [round(1 - 121 / 1024, 4)], id="1x1 s3"),
        pytest.param(STEM.conv(8, 1, stride=(1, 2)), [0.5], id="one axis"),
        pytest.param(STEM.conv(16, 1, stride=2, groups=16), [0.75], id="depthwise"),
        pytest.param(STEM.conv(8, 1), [], id="stride 1"),
        pytest.param(STEM.conv(8, 3, stride=2), [], id="3x3 s2"),
        pytest.param(STEM.conv_transpose(8, 1), [], id="transposed"),
        pytest.param(
            STEM.conv(16, 3, stride=2).mark("a").goto("x").conv(16, 1, stride=2).add("a"),
            [],
            id="shortcut",
        ),
        pytest.param(STRIDED.mark("a").conv(8).add("a"), [0.75], id="a residual block behind it"),
        pytest.param(STEM.gap().conv(8, 1, stride=2), [], id="a map of one position"),
        pytest.param(Net(3, (32,)).conv(8, 1, stride=2), [0.5], id="1-D"),
        pytest.param(Net(3, (4, 8, 8)).conv(8, 1, stride=2), [0.875], id="3-D"),
        pytest.param(Net(3, 9).conv(8, 1, stride=2), [round(1 - 25 / 81, 4)], id="odd size"),
        pytest.param(STRIDED.conv(8, 1, stride=2), [0.75, 0.75], id="two"),
    ],
)
def test_reports(net: Net, unread: list[float]) -> None:
    findings = strided_pointwise_main.run(net.facts())
    assert [finding.evidence["unread"] for finding in findings] == unread
    assert all(finding.severity is None for finding in findings)
    assert strided_pointwise_main.severity is Severity.WARNING


def test_example_of_the_manual() -> None:
    net = Net(256, 56).conv(128, 1, stride=2, name="a").bn().relu().conv(128, name="b")
    (finding,) = strided_pointwise_main.run(net.facts())
    assert finding.message == (
        "pointwise convolution at stride 2 on the main path never reads 75% of its input"
    )
    assert finding.suggestion == (
        "stride 2 on the 3x3 behind it (b) instead: reads every position, for 77,070,336 more "
        "MACs here; needs retraining"
    )
    assert finding.evidence == {
        "stride": (2, 2),
        "unread": 0.75,
        "macs": 25_690_112,
        "stride_to": "b",
        "same_numbers": False,
        "read_elsewhere": False,
    }
    after = Net(256, 56).conv(128, 1).bn().relu().conv(128, stride=2).facts()
    before = net.facts()
    first, second = after.convs
    assert after.macs_of(first.node) == 102_760_448
    assert before.macs_of(before.convs[1].node) == after.macs_of(second.node)
    assert before.receptive_field == (5, 5)
    assert after.receptive_field == (3, 3)
    assert finding.saving == Saving(
        macs=25_690_112 - 102_760_448,
        activation_bytes=-128 * (56 * 56 - 28 * 28) * 4,
        receptive_field=-2,
    )


POOL = "an average pool of 2x2 at stride 2 in front, and stride 1 here: reads every position"


@pytest.mark.parametrize(
    ("net", "to", "remedy"),
    [
        pytest.param(STRIDED.conv(8, 5), "conv6", "stride 2 on the 5x5", id="5x5"),
        pytest.param(STRIDED.op("HardSwish").conv(8, 2), "conv7", "stride 2 on the 2x2", id="2x2"),
        pytest.param(
            STEM.conv(8, 1, stride=2).mark("s").op("Sigmoid").mul("s").conv(8),
            "conv7",
            "stride 2 on the 3x3",
            id="SiLU between",
        ),
        pytest.param(STRIDED.conv(8, 1), None, POOL, id="1x1"),
        pytest.param(STRIDED.conv(8, (3, 1)), None, POOL, id="3x1"),
        pytest.param(STRIDED.conv(8, stride=2), None, POOL, id="has a stride"),
        pytest.param(STRIDED.conv(8, dilation=2), None, POOL, id="dilated"),
        pytest.param(STRIDED.conv_transpose(8, 3), None, POOL, id="transposed"),
        pytest.param(STRIDED.gap().flatten().dense(4), None, POOL, id="dense"),
        pytest.param(STRIDED.mark("r").conv(8).add("r"), None, POOL, id="a way round it"),
        pytest.param(STRIDED, None, POOL, id="the last layer"),
        pytest.param(STRIDED.output().conv(8), None, POOL, id="an output too"),
        pytest.param(
            STRIDED.mark("r").conv(8, name="b").output().goto("r").conv(8), None, POOL, id="two"
        ),
        pytest.param(
            STRIDED.mark("r").goto("x").pool(2, 2).conv(8, 1).mark("o").goto("r").mul("o").conv(8),
            None,
            POOL,
            id="others join in",
        ),
        pytest.param(
            STEM.conv(8, 1, stride=(1, 2)).conv(8),
            "conv5",
            "stride 1x2 on the 3x3",
            id="one axis",
        ),
        pytest.param(
            Net(3, 9).conv(8, 1, stride=2),
            None,
            "an average pool of 2x2 at stride 2 (ceil_mode) in front",
            id="odd size",
        ),
    ],
)
def test_where_the_stride_goes(net: Net, to: str | None, remedy: str) -> None:
    (finding,) = strided_pointwise_main.run(net.facts())
    assert finding.evidence["stride_to"] == to
    assert finding.suggestion.startswith(remedy)


def test_pool_in_front() -> None:
    (finding,) = strided_pointwise_main.run(STRIDED.conv(8, 1).facts())
    assert finding.suggestion == f"{POOL}, for 16,384 additions; needs retraining"
    assert finding.saving == Saving(activation_bytes=-16 * 16 * 16 * 4, receptive_field=1)


def test_unknown_size() -> None:
    net = STRIDED.conv(8).mark("r").conv(8).add("r").conv(8, 1, stride=2)
    first, second = strided_pointwise_main.run(net.open_facts())
    assert first.suggestion == (
        "stride 2 on the 3x3 behind it (conv6) instead: reads every position; needs retraining"
    )
    assert first.saving.macs is None
    assert first.saving.activation_bytes is None
    assert second.suggestion == f"{POOL}; needs retraining"
    assert second.saving.activation_bytes is None
    assert second.evidence["unread"] == 0.75


def test_a_map_that_others_read_is_a_note() -> None:
    net = STRIDED.conv(16).mark("a").goto("x").pool(2, 2, op="AveragePool").conv(16, 1).add("a")
    (finding,) = strided_pointwise_main.run(net.facts())
    assert finding.severity is Severity.NOTE
    assert finding.evidence["read_elsewhere"] is True
    assert finding.message.endswith("75% of its input (another layer does)")


@pytest.mark.parametrize(
    ("net", "reason"),
    [
        pytest.param(
            STEM.conv(16, 3, stride=2).mark("a").goto("x").conv(16, 1, stride=2).add("a"),
            "a shortcut that ends at add6: see P403",
            id="shortcut",
        ),
        pytest.param(
            STEM.gap().conv(8, 1, stride=2),
            "its map has one position on each axis with a stride",
            id="one position",
        ),
        pytest.param(
            STEM.conv(16, stride=2)
            .mark("m")
            .goto("x")
            .conv(16, 1, stride=2)
            .op("Sigmoid")
            .mul("m"),
            "it makes a gate, not the main path",
            id="gate",
        ),
    ],
)
def test_reasons(net: Net, reason: str) -> None:
    (said,) = strided_pointwise_main.remarks(net.facts())
    assert isinstance(said, Silence)
    assert said.node is not None
    assert said.reason == reason


PLAIN = Net(3, 32).conv(16, name="stem").bn().relu()


def test_stride_in_front() -> None:
    net = PLAIN.conv(16, name="dw", groups=16).bn().op("HardSwish").conv(32, 1, stride=2)
    (finding,) = strided_pointwise_main.run(net.facts())
    assert finding.suggestion == (
        "stride 2 on the 3x3 in front (dw) instead gives the same numbers, for 110,592 fewer MACs"
    )
    assert finding.evidence["same_numbers"] is True
    assert finding.evidence["stride_to"] == "dw"
    after = PLAIN.conv(16, stride=2, groups=16).bn().op("HardSwish").conv(32, 1).facts()
    assert (net.facts().macs or 0) - (after.macs or 0) == 110_592
    assert after.receptive_field == net.facts().receptive_field
    assert finding.saving == Saving(macs=110_592, activation_bytes=16 * (32**2 - 16**2) * 4)


@pytest.mark.parametrize(
    ("net", "to"),
    [
        pytest.param(PLAIN, "stem", id="3x3"),
        pytest.param(PLAIN.op("Identity").op("Dropout").op("Cast", to=1), "stem", id="no change"),
        pytest.param(PLAIN.conv(16, 1, name="p"), None, id="1x1"),
        pytest.param(PLAIN.conv(16, (1, 3), name="p"), None, id="1x3"),
        pytest.param(PLAIN.conv(16, stride=2, name="p"), None, id="3x3 s2, at s4"),
        pytest.param(PLAIN.conv(16, 5, stride=2, name="p"), "p", id="5x5 s2, at s4"),
        pytest.param(PLAIN.conv(16, dilation=2, name="p"), None, id="dilated"),
        pytest.param(PLAIN.conv_transpose(16, 3, stride=1, name="p"), None, id="transposed"),
        pytest.param(PLAIN.pool(), None, id="pool"),
        pytest.param(PLAIN.op("Softmax", axis=-1), None, id="Softmax"),
        pytest.param(PLAIN.op("Transpose", perm=[0, 1, 3, 2]), None, id="turned round"),
        pytest.param(
            PLAIN.shaped("s", 16).op("BatchNormalization", *"ssss", training_mode=1),
            None,
            id="normalised by its own statistics",
        ),
        pytest.param(PLAIN.output(), None, id="an output too"),
        pytest.param(Net(3, 32), None, id="the input"),
        pytest.param(PLAIN.mark("z").conv(16, 3).output().goto("z"), None, id="read by others"),
        pytest.param(PLAIN.mark("z").conv(16).add("z"), None, id="joined"),
    ],
)
def test_layer_in_front(net: Net, to: str | None) -> None:
    (finding,) = strided_pointwise_main.run(net.conv(32, 1, stride=2).facts())
    assert finding.evidence["stride_to"] == to
    assert finding.evidence["same_numbers"] is (to is not None)


def test_layer_in_front_of_unknown_size() -> None:
    (finding,) = strided_pointwise_main.run(PLAIN.conv(32, 1, stride=2).open_facts())
    assert finding.suggestion.endswith("(stem) instead gives the same numbers")
    assert finding.saving == Saving(macs=None, activation_bytes=None)
