import pytest

from cnnlint.lint.finding import Finding, Saving, Severity, Silence
from rules.sampling.unusual_pooling import unusual_pooling
from tests.net import Net

STEM = Net(3, 32).conv(16, name="stem").relu()
BODY = STEM.conv(16, name="body").relu().mark("x")


def average(net: Net, *, count: int, pad: int = 1, stride: int = 1) -> Net:
    """Append an average over 3x3."""
    return net.op(
        "AveragePool",
        kernel_shape=[3, 3],
        strides=[stride, stride],
        pads=[pad] * 4,
        count_include_pad=count,
    )


@pytest.mark.parametrize(
    ("net", "kinds"),
    [
        pytest.param(BODY.pool(2, 2), [], id="2x2 s2"),
        pytest.param(BODY.pool(3, 3), [], id="3x3 s3"),
        pytest.param(BODY.pool(4, 4), ["large"], id="4x4 s4"),
        pytest.param(BODY.pool(5, 2), ["large"], id="5x5 s2"),
        pytest.param(BODY.pool(5, 1), ["large"], id="5x5 s1"),
        pytest.param(BODY.pool((1, 4), (1, 4)), ["large"], id="one axis"),
        pytest.param(BODY.pool(32, 1), [], id="as large as the map"),
        pytest.param(BODY.pool((32, 2), (1, 2)), [], id="as large as the map on one axis"),
        pytest.param(BODY.gap(), [], id="global"),
        pytest.param(
            BODY.pool(5, 1, pad=2).mark("a").goto("x").pool(9, 1, pad=4).concat("a"), [], id="SPP"
        ),
        pytest.param(BODY.pool(3, 2), ["overlap"], id="3x3 s2"),
        pytest.param(BODY.pool((1, 3), (1, 2)), ["overlap"], id="1x3 s2"),
        pytest.param(BODY.pool(3, 2, op="AveragePool"), ["overlap"], id="average 3x3 s2"),
        pytest.param(STEM.pool(3, 2), [], id="right behind the stem"),
        pytest.param(BODY.pool(2, 1), ["even"], id="2x2 s1"),
        pytest.param(BODY.pool(2, (1, 2)), ["even"], id="2x2 s1x2"),
        pytest.param(BODY.pool(3, 1, pad=1), ["same size"], id="3x3 s1"),
        pytest.param(BODY.pool(1, 1), [], id="1x1 s1"),
        pytest.param(BODY.pool(1, 2), [], id="1x1 s2"),
        pytest.param(BODY.pool(3, 1, pad=1, op="AveragePool"), [], id="average 3x3 s1"),
        pytest.param(BODY.pool(3, 1, pad=1).add("x"), [], id="a branch"),
        pytest.param(
            BODY.pool(3, 1, pad=1).conv(16, stride=2, groups=16), [], id="a blur follows"
        ),
        pytest.param(average(BODY, count=1), ["padding"], id="counts padding"),
        pytest.param(average(BODY, count=0), [], id="doesn't count padding"),
        pytest.param(average(BODY, count=1, pad=0), [], id="no padding"),
        pytest.param(average(BODY, count=1, stride=2), ["overlap", "padding"], id="two kinds"),
        pytest.param(average(STEM, count=1, stride=2), ["padding"], id="padding behind the stem"),
        pytest.param(BODY.pool(7, 1, pad=3).conv(16, 1).op("Sigmoid").mul("x"), [], id="a gate"),
        pytest.param(Net(3, (32,)).conv(8).conv(8).pool(4, 4), ["large"], id="1-D"),
        pytest.param(Net(3, (8, 8, 8)).conv(8).conv(8).pool(3, 2), ["overlap"], id="3-D"),
    ],
)
def test_reports(net: Net, kinds: list[str]) -> None:
    findings = unusual_pooling.run(net.facts())
    assert [finding.evidence["kind"] for finding in findings] == kinds
    assert all(finding.severity is None for finding in findings)
    assert unusual_pooling.severity is Severity.NOTE


def test_limit() -> None:
    facts = BODY.pool(4, 4).facts()
    assert not unusual_pooling.run(facts, {"max_window": 4})
    (finding,) = unusual_pooling.run(BODY.pool(3, 3).facts(), {"max_window": 2})
    assert finding.evidence["kind"] == "large"


def test_example_of_the_manual() -> None:
    net = Net(3, 27).conv(64).conv(64).pool(3, 2)
    (finding,) = unusual_pooling.run(net.facts())
    assert finding.message == "pooling windows of 3x3 at stride 2 overlap"
    assert finding.suggestion == (
        "a window of 2x2 at the same stride reads no position twice, with 54,080 fewer reads; "
        "needs retraining"
    )
    assert finding.evidence == {
        "kind": "overlap",
        "kernel": (3, 3),
        "stride": (2, 2),
        "layers": 1,
        "reads_saved": 64 * 13 * 13 * 5,
    }
    assert finding.saving == Saving(receptive_field=-1)
    after = Net(3, 27).conv(64).conv(64).pool(2, 2).facts()
    assert after.pools[0].out_shape == net.facts().pools[0].out_shape == (1, 64, 13, 13)
    assert after.receptive_field == (6, 6)
    assert net.facts().receptive_field == (7, 7)


@pytest.mark.parametrize(
    ("net", "message", "suggestion"),
    [
        pytest.param(
            BODY.pool(8, 8),
            "pooling window of 8x8 at stride 8 is large",
            "windows of 2x2 at stride 2, a convolution between where more are needed",
            id="large",
        ),
        pytest.param(
            BODY.pool(5, 1),
            "pooling window of 5x5 at stride 1 is large",
            "take it out, or pool 2x2 at stride 2 where the map should shrink",
            id="large at stride 1",
        ),
        pytest.param(
            BODY.pool(2, 1),
            "pooling window of 2x2 at stride 1 shifts the map by half a position",
            "take it out, or pool 2x2 at stride 2 where the map should shrink",
            id="even",
        ),
        pytest.param(
            BODY.op("AveragePool", kernel_shape=(2, 2)),
            "pooling window of 2x2 at stride 1 shifts the map by half a position",
            "a window of 3x3 is centred",
            id="even average",
        ),
        pytest.param(
            BODY.mark("fork")
            .op("MaxPool", kernel_shape=(2, 2), auto_pad="SAME_UPPER")
            .concat("fork"),
            "pooling window of 2x2 at stride 1 shifts the map by half a position",
            "a window of 3x3 is centred",
            id="even in a branch",
        ),
        pytest.param(
            BODY.pool(3, 1, pad=1),
            "maximum over 3x3 at stride 1 keeps the size of the map, in no branch",
            "take it out, or pool 2x2 at stride 2 where the map should shrink",
            id="same size",
        ),
        pytest.param(
            average(BODY, count=1),
            "average over 3x3 at stride 1 counts its padding: only 44% of a window in the corner "
            "is map",
            "count_include_pad=0 averages what is there",
            id="padding",
        ),
    ],
)
def test_words(net: Net, message: str, suggestion: str) -> None:
    (finding,) = unusual_pooling.run(net.facts())
    assert (finding.message, finding.suggestion) == (message, f"{suggestion}; needs retraining")
    assert finding.evidence["reads_saved"] is None
    assert finding.saving.receptive_field == (0 if "padding" in message else None)


def test_layers_of_one_kind_are_one_finding() -> None:
    net = BODY.pool(3, 2).conv(16).pool(3, 2).conv(16).pool(4, 2)
    first, second = unusual_pooling.run(net.facts())
    assert [node.path for node in first.nodes] == ["maxpool4", "maxpool6"]
    assert first.message == "pooling windows of 3x3 at stride 2 overlap (2 layers)"
    assert first.evidence["reads_saved"] == 16 * (15**2 + 7**2) * 5
    assert first.saving.receptive_field is None
    assert [node.path for node in second.nodes] == ["maxpool8"]


def test_unknown_size() -> None:
    said = list(unusual_pooling.remarks(BODY.pool(8, 8).pool(3, 2).gap().open_facts()))
    reasons = [each.reason for each in said if isinstance(each, Silence)]
    assert reasons == [
        "it may be as large as its map, whose size isn't known",
        "it pools the whole map",
    ]
    (finding,) = (each for each in said if isinstance(each, Finding))
    assert finding.suggestion == (
        "a window of 2x2 at the same stride reads no position twice; needs retraining"
    )


@pytest.mark.parametrize(
    ("net", "reason"),
    [
        (BODY.pool(2, 2), "a window of 2x2 at stride 2"),
        (BODY.gap(), "it pools the whole map"),
        (BODY.pool(32, 32), "it pools the whole map"),
        (STEM.pool(3, 2), "it overlaps right behind the stem, as in ResNet"),
        (BODY.pool(3, 1, pad=1).add("x"), "a branch beside others that read the same map"),
        (
            BODY.pool(3, 1, pad=1).conv(16, stride=2, groups=16),
            "a blur with a stride follows: an anti-aliased pool",
        ),
        (
            BODY.pool(5, 1, pad=2).concat("x"),
            "it keeps the size of the map and is put beside others, as in spatial pyramid pooling",
        ),
        (
            BODY.pool(7, 1, pad=3).conv(16, 1).op("Sigmoid").mul("x"),
            "it makes a gate, not the main path",
        ),
    ],
)
def test_reasons(net: Net, reason: str) -> None:
    (said,) = unusual_pooling.remarks(net.facts())
    assert isinstance(said, Silence)
    assert said.node is not None
    assert said.reason == reason
