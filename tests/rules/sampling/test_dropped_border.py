import pytest

from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Finding, Saving, Severity, Silence
from cnnlint.model.binding import Bindings
from cnnlint.model.loader import load
from rules.sampling.dropped_border import dropped_border
from tests.net import Net


def stem(size: int | tuple[int, ...]) -> Net:
    return Net(3, size).conv(8, name="stem").relu()


@pytest.mark.parametrize(
    ("net", "share"),
    [
        pytest.param(stem(64).pool(2, 2), None, id="2x2 s2 on 64"),
        pytest.param(stem(65).pool(2, 2), 1 / 65, id="2x2 s2 on 65"),
        pytest.param(stem(65).pool(3, 2), None, id="3x3 s2 on 65"),
        pytest.param(stem(65).pool(2, 2, pad=1), None, id="padded"),
        pytest.param(stem(64).conv(8, 3, stride=2, pad=0), 1 / 64, id="conv"),
        pytest.param(stem(64).conv(8, 3, stride=2), None, id="padded conv"),
        pytest.param(stem(65).pool((2, 3), 2), 1 / 65, id="one axis"),
        pytest.param(stem(64).conv(8, 3, stride=4), None, id="gaps are of P401"),
        pytest.param(stem(64).conv(8, 1, stride=3), None, id="1x1 is of P402"),
        pytest.param(stem(65).conv_transpose(8, 2), None, id="transposed"),
        pytest.param(stem(65).conv(8, 2, pad=0).pool(2, 1), None, id="stride 1"),
        pytest.param(stem(65).gap(), None, id="global"),
        pytest.param(stem((65,)).pool(2, 2), 1 / 65, id="1-D"),
        pytest.param(stem((9, 65, 64)).pool(2, 2), 1 / 9, id="3-D"),
    ],
)
def test_reports(net: Net, share: float | None) -> None:
    findings = dropped_border.run(net.facts())
    assert len(findings) == (share is not None)
    for finding in findings:
        assert finding.evidence["share"] == round(share or 0, 4)


def pooled(size: int, times: int = 1) -> Net:
    """Return a net with so many 2x2 pools at stride 2."""
    return Net(3, size).conv(8).repeat(times, lambda net: net.pool(2, 2))


@pytest.mark.parametrize(
    ("net", "levels", "severity"),
    [
        pytest.param(pooled(201), 1, None, id="once"),
        pytest.param(pooled(403, 2), 2, None, id="twice"),
        pytest.param(pooled(807, 3), 3, Severity.WARNING, id="on three sizes"),
        pytest.param(pooled(51), 1, None, id="1 of 51"),
        pytest.param(pooled(49), 1, Severity.WARNING, id="1 of 49"),
        pytest.param(pooled(143, 2), 2, Severity.WARNING, id="2.1 % in all"),
    ],
)
def test_severity(net: Net, levels: int, severity: Severity | None) -> None:
    (finding,) = dropped_border.run(net.facts())
    assert finding.evidence["layers"] == len(finding.nodes) == levels
    assert finding.evidence["levels"] == levels
    assert finding.severity is severity
    assert dropped_border.severity is Severity.NOTE


def test_limits() -> None:
    (finding,) = dropped_border.run(pooled(403, 2).facts(), {"max_levels": 1})
    assert finding.severity is Severity.WARNING
    (finding,) = dropped_border.run(pooled(49).facts(), {"max_share": 0.03})
    assert finding.severity is None


FORK = stem(11).mark("x").pool(2, 2).mark("a")


@pytest.mark.parametrize(
    ("net", "severity"),
    [
        pytest.param(FORK.goto("x").conv(8).output().goto("a"), None, id="read whole by another"),
        pytest.param(
            FORK.goto("x").conv(8, 3, stride=3).output().goto("a"), None, id="by one with a stride"
        ),
        pytest.param(
            FORK.goto("x").conv(8, 2, stride=2, pad=0).concat("a"),
            Severity.WARNING,
            id="the other drops the same",
        ),
        pytest.param(
            FORK.goto("x").conv(8, 1, stride=2, pad=0).output().goto("a"),
            Severity.WARNING,
            id="the other has gaps",
        ),
        pytest.param(FORK.goto("x").output().goto("a"), None, id="an output"),
    ],
)
def test_maps_that_others_read(net: Net, severity: Severity | None) -> None:
    (finding,) = dropped_border.run(net.facts())
    assert finding.severity is severity


def test_layers_beside_each_other_drop_one_border() -> None:
    (finding,) = dropped_border.run(FORK.goto("x").conv(8, 2, stride=2, pad=0).concat("a").facts())
    assert finding.evidence == {"layers": 2, "levels": 1, "share": 0.0909, "unread": (1, 1)}


def test_example_of_the_manual() -> None:
    (finding,) = dropped_border.run(stem(11).pool(2, 2).facts())
    assert finding.message == "leaves the far border of the map unread: 9.1% of an axis"
    assert finding.suggestion == (
        "maxpool2 with ceil_mode reads the last 1 of 11x11 and gives a map of 6x6; needs "
        "retraining"
    )
    assert finding.saving == Saving(
        macs=0, activation_bytes=-8 * (36 - 25) * 4, receptive_field=None
    )
    pool = stem(11).op("MaxPool", kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1).facts().pools
    assert pool[0].out_shape == (1, 8, 6, 6)


def test_squeezenet() -> None:
    net = Net(3, 224).conv(64, 3, stride=2, pad=0, name="a")
    (finding,) = dropped_border.run(net.facts())
    assert finding.severity is None
    assert finding.message == "leaves the far border of the map unread: 0.4% of an axis"
    assert finding.suggestion == (
        "a with more padding at the end reads the last 1 of 224x224 (without, an input of 223x223 "
        "gives the same) and gives a map of 112x112; needs retraining"
    )
    assert finding.saving == Saving(
        macs=-64 * 27 * (112**2 - 111**2),
        activation_bytes=-64 * (112**2 - 111**2) * 4,
        receptive_field=None,
    )


def test_many_layers() -> None:
    (finding,) = dropped_border.run(pooled(31, 4).facts())
    assert finding.message == (
        "4 layers leave the far border of the map unread: 57.5% of an axis in all"
    )
    assert finding.suggestion.startswith("maxpool1 with ceil_mode reads the last 1 of 31x31 and")
    assert finding.suggestion.endswith("gives a map of 4x4, and 1 more; needs retraining")


@pytest.mark.parametrize(
    ("net", "reason"),
    [
        (stem(64).pool(2, 2), "on no axis does its last window end before the border"),
        (stem(64).conv(8, 1, stride=3), "its window is one position: see P402 and P403"),
    ],
)
def test_reasons(net: Net, reason: str) -> None:
    (said,) = dropped_border.remarks(net.facts())
    assert isinstance(said, Silence)
    assert said.node is not None
    assert said.reason == reason


def test_unknown_size() -> None:
    (said,) = dropped_border.remarks(stem(65).pool(2, 2).open_facts())
    assert isinstance(said, Silence)
    assert said.reason == "the size of its map isn't known"


def test_silences_beside_a_finding() -> None:
    said = list(dropped_border.remarks(stem(65).pool(2, 2).pool(2, 2).facts()))
    assert [type(each) for each in said] == [Silence, Finding]


@pytest.mark.parametrize(
    ("names", "dims", "severity"),
    [
        pytest.param({}, {}, Severity.WARNING, id="declared"),
        pytest.param({2: "h", 3: "w"}, {}, None, id="assumed"),
        pytest.param({2: "h", 3: "w"}, {"h": 224, "w": 224}, Severity.WARNING, id="asked for"),
        pytest.param({0: "n"}, {}, Severity.WARNING, id="only the batch"),
    ],
)
def test_an_assumed_size_is_no_reason_to_warn(
    names: dict[int, str], dims: dict[str, int], severity: Severity | None
) -> None:
    proto = stem(224).conv(8, 9, stride=8, pad=0).conv(8, 9, stride=8, pad=0).proto()
    for axis, name in names.items():
        proto.graph.input[0].type.tensor_type.shape.dim[axis].dim_param = name
    facts = Facts(load(proto.SerializeToString(), Bindings(dims=dims)))
    (finding,) = dropped_border.run(facts)
    assert finding.severity is severity
