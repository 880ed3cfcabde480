import pytest

from cnnlint.lint.finding import Saving, Silence
from cnnlint.lint.rule import OptionValue
from rules.skips.wide_and_shallow import wide_and_shallow
from tests.net import Net

Options = dict[str, OptionValue]


def wide(width: int = 512, layers: int = 2, size: int | tuple[int, ...] = 16) -> Net:
    net = Net(3, size).conv(width, name="stem").relu()
    return net.repeat(layers - 1, lambda n: n.conv(width, bias=False).relu())


def ended(net: Net) -> Net:
    return net.gap().flatten().dense(10)


def heavy(width: int = 344, last: int = 16) -> Net:
    """Build a network of medium width in which one layer holds most."""
    net = Net(3, 16).conv(last).relu().conv(width, bias=False).relu()
    return ended(net.conv(width, bias=False, name="most").relu().conv(last, 1))


def gated(net: Net) -> Net:
    """Append squeeze-and-excitation with wide layers."""
    net = net.mark("x").gap().repeat(3, lambda n: n.conv(1024, 1)).conv(8, 1)
    return net.op("Sigmoid").mul("x")


@pytest.mark.parametrize(
    ("net", "options", "found"),
    [
        pytest.param(ended(wide()), {}, 1, id="512"),
        pytest.param(ended(wide(256)), {}, 0, id="256"),
        pytest.param(ended(wide(256)), {"min_width": 256}, 1, id="256 asked for"),
        pytest.param(ended(wide(layers=4)), {}, 1, id="5 layers"),
        pytest.param(ended(wide(layers=5)), {}, 0, id="6 layers"),
        pytest.param(ended(wide(layers=5)), {"max_depth": 6}, 1, id="6 are shallow"),
        pytest.param(ended(wide(layers=4)), {"max_depth": 4}, 0, id="5 are deep"),
        pytest.param(heavy(), {}, 1, id="one layer holds most"),
        pytest.param(heavy(320), {}, 0, id="of less than a million"),
        pytest.param(heavy(320), {"min_params": 900_000}, 1, id="of 900,000"),
        pytest.param(heavy(), {"max_share": 0.96}, 0, id="may hold more"),
        pytest.param(
            ended(Net(3, 16).conv(300).repeat(3, lambda n: n.conv(300))), {}, 0, id="three alike"
        ),
        pytest.param(wide().flatten().dense(10, cin=512 * 256), {}, 1, id="flattened"),
        pytest.param(wide(), {}, 0, id="the output is a map"),
        pytest.param(ended(wide(size=9)), {}, 1, id="9 pixels"),
        pytest.param(ended(wide(size=8)), {}, 0, id="8 pixels"),
        pytest.param(ended(wide(size=8)), {"min_input": 8}, 1, id="8 will do"),
        pytest.param(ended(wide(size=(64,))), {}, 1, id="1-D"),
        pytest.param(ended(wide(size=(4, 16, 16))), {}, 1, id="3-D"),
        pytest.param(ended(wide(layers=1)), {}, 1, id="a stem alone"),
        pytest.param(ended(wide(layers=1).conv(4, 1)), {"min_width": 256}, 0, id="4 channels"),
        pytest.param(
            ended(wide(layers=1).conv_transpose(512, 2)), {}, 0, id="transposed convolution"
        ),
        pytest.param(
            ended(wide(layers=1).conv(512, groups=512).conv(8, 1)), {}, 0, id="depthwise"
        ),
        pytest.param(ended(gated(wide(8))), {}, 0, id="wide gates don't count"),
        pytest.param(Net(9, ()).dense(4096).dense(4096), {}, 0, id="dense layers only"),
    ],
)
def test_reports(net: Net, options: Options, found: int) -> None:
    assert len(wide_and_shallow.run(net.facts(), options)) == found


def test_example_of_the_manual() -> None:
    net = Net(3, 64).conv(1024).relu().pool().conv(1024, bias=False, name="b").relu()
    facts = ended(net).facts()
    (finding,) = wide_and_shallow.run(facts)
    assert finding.message == (
        "3 layers deep and 1024 channels wide in the median; b holds 99.6% of all parameters"
    )
    assert finding.suggestion == (
        "Conv 3x3 1024->512 and 512->1024 in place of b: 9,437,184 weights as before, "
        "9,663,676,416 MACs as before, and one activation more; needs retraining"
    )
    assert finding.evidence == {
        "depth": 3,
        "median_width": 1024,
        "largest_share": 0.9959,
        "channels": (1024, 512, 1024),
    }
    assert finding.saving == Saving(
        macs=0, params=0, activation_bytes=-4 * 512 * 32 * 32, receptive_field=4
    )
    assert len(finding.nodes) == 2


def test_what_the_remedy_says_is_so() -> None:
    """The deeper network has the weights, MACs and receptive field that are promised."""

    def net(*, deeper: bool) -> Net:
        start = Net(3, 32, batch=2).conv(600).relu().pool()
        start = start.conv(360, 5, bias=False).relu() if deeper else start
        return ended(start.conv(904, 5, stride=2, bias=False))

    before, after = net(deeper=False).facts(), net(deeper=True).facts()
    (finding,) = wide_and_shallow.run(before)
    assert finding.evidence["channels"] == (600, 360, 904)  # of 360.6
    assert " with stride 2 on the second in place of " in finding.suggestion
    assert before.macs is not None
    assert after.macs is not None
    assert finding.saving.macs == before.macs - after.macs
    assert finding.saving.params == before.params - after.params
    assert before.receptive_field is not None
    assert after.receptive_field is not None
    assert finding.saving.receptive_field == after.receptive_field[0] - before.receptive_field[0]


def test_first_convolution() -> None:
    (finding,) = wide_and_shallow.run(ended(wide(1024, 1)).facts())
    assert finding.suggestion == (
        "Conv 3x3 3->48 and 48->48 in place of stem: 22,032 instead of 27,648 weights, 5,640,192 "
        "instead of 7,077,888 MACs, and one activation more; needs retraining"
    )
    just = Net(1, 16).conv(72 * 73, bias=False).gap()
    (finding,) = wide_and_shallow.run(just.facts())
    assert finding.evidence["channels"] == (1, 72, 72)
    assert finding.saving.params == 0


def test_unknown_sizes() -> None:
    net = Net(3, 32).op("Wavelet", domain="acme").conv(600, name="stem").conv(600)
    assert not wide_and_shallow.run(ended(net).facts())


@pytest.mark.parametrize(
    ("net", "reason"),
    [
        pytest.param(
            wide(), "no convolution leads to a map that is pooled or flattened", id="map"
        ),
        pytest.param(ended(wide(layers=5)), "the network is 6 layers deep", id="deep"),
        pytest.param(
            ended(wide(8)), "its 890 parameters are spread, 8 channels in the median", id="narrow"
        ),
        pytest.param(ended(wide(size=8)), "the input has 8x8 pixels", id="small"),
        pytest.param(
            ended(wide(layers=1).conv_transpose(512, 2)),
            "two layers in its place would save nothing",
            id="transposed",
        ),
    ],
)
def test_silence(net: Net, reason: str) -> None:
    (said,) = wide_and_shallow.remarks(net.facts())
    assert isinstance(said, Silence)
    assert said.reason == reason
