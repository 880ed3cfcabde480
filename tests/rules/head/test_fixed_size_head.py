import pytest

from cnnlint.lint.finding import Fix, Saving, Severity, Silence
from rules.head.fixed_size_head import fixed_size_head
from tests.net import Net


def head(channels: int, side: int, units: int) -> Net:
    """Flatten a map into a dense layer."""
    net = Net(3, side).conv(channels).relu().flatten()
    return net.dense(units, cin=channels * side * side, name="fc")


@pytest.mark.parametrize(
    ("net", "reason"),
    [
        pytest.param(head(64, 4, 10), None, id="fires"),
        pytest.param(head(8, 2, 10), None, id="2x2"),
        pytest.param(head(8, 1, 10), "it reads no flattened map", id="1x1"),
        pytest.param(
            Net(3, 8).conv(8).gap().flatten().dense(10), "it reads no flattened map", id="pooled"
        ),
        pytest.param(
            Net(3, 8).conv(8).pool(8, 8, op="AveragePool").flatten().dense(10),
            "it reads no flattened map",
            id="covering pool",
        ),
        pytest.param(
            Net(3, 8).conv(8).pool(4, 4, op="AveragePool").flatten().dense(10, cin=32),
            None,
            id="pool that leaves 2x2",
        ),
        pytest.param(
            Net(3, 8).flatten().dense(10, cin=192), "it reads no flattened map", id="image"
        ),
        pytest.param(head(64, 8, 256), "H501 speaks of its 1,048,576 weights", id="H501"),
        pytest.param(head(64, 8, 243), None, id="network too small for H501"),
        pytest.param(
            Net(3, 8)
            .conv(4)
            .stored("to", [1, 4, 8, 8])
            .op("Resize", "", "", "to")
            .flatten()
            .dense(10, cin=256),
            "Resize gives its map one size, whatever the input's",
            id="size given",
        ),
    ],
)
def test_reports(net: Net, reason: str | None) -> None:
    (said,) = fixed_size_head.remarks(net.facts())
    if reason is None:
        assert not isinstance(said, Silence)
    else:
        assert isinstance(said, Silence)
        assert said.node
        assert (said.node.op, said.reason) == ("Gemm", reason)


def test_numbers_of_the_manual() -> None:
    (finding,) = fixed_size_head.run(head(64, 4, 10).facts())
    assert [node.path for node in finding.nodes] == ["fc"]
    assert finding.message == (
        "a flattened 64x4x4 map feeds a dense layer: the map can have no other size"
    )
    assert finding.suggestion == (
        "global average pooling in front (640 instead of 10,240 weights), or pooling to 4x4 "
        "whatever the input; needs retraining"
    )
    assert finding.evidence == {
        "map": (64, 4, 4),
        "positions": 16,
        "units": 10,
        "weights": 10_240,
        "pooled_weights": 640,
    }
    assert finding.saving == Saving(macs=9_600, params=9_600)
    assert finding.severity is None
    assert fixed_size_head.severity is Severity.NOTE
    assert fixed_size_head.fix is Fix.UNSAFE


def test_one_axis() -> None:
    net = Net(3, (16,)).conv(8).flatten().dense(10, cin=128)
    (finding,) = fixed_size_head.run(net.facts())
    assert finding.evidence["map"] == (8, 16)
    assert finding.suggestion.endswith("pooling to 16 whatever the input; needs retraining")


def test_unknown_batch() -> None:
    net = Net(3, 4, batch="n").conv(8).flatten().dense(10, cin=128)
    (finding,) = fixed_size_head.run(net.facts())
    assert finding.saving == Saving(macs=1_200, params=1_200)
