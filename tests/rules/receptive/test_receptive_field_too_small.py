import pytest

from cnnlint.lint.finding import Saving, Silence
from cnnlint.lint.rule import OptionValue
from rules.receptive.receptive_field_too_small import receptive_field_too_small
from tests.net import Net
from tests.rules.receptive.published import resnet18

Options = dict[str, OptionValue]


def ended(net: Net) -> Net:
    return net.gap().flatten().dense(4)


def squeezed(net: Net) -> Net:
    """Append a convolution with squeeze-and-excitation."""
    net = net.conv(8).relu().mark("x").gap().conv(4, 1).relu().conv(8, 1)
    return net.op("Sigmoid").mul("x")


def context(net: Net) -> Net:
    """Append what is pooled from the whole map, added to it."""
    return net.conv(8).mark("x").gap().conv(8, 1).add("x")


@pytest.mark.parametrize(
    ("net", "options", "found"),
    [
        pytest.param(ended(Net(3, 14).repeat(3, lambda n: n.conv(8))), {}, 0, id="7 of 14"),
        pytest.param(ended(Net(3, 15).repeat(3, lambda n: n.conv(8))), {}, 1, id="7 of 15"),
        pytest.param(ended(Net(3, 14).conv(8).conv(8).conv(8)), {"min_ratio": 0.51}, 1, id="more"),
        pytest.param(ended(Net(3, 20).conv(8).conv(8).conv(8)), {"min_ratio": 0.35}, 0, id="less"),
        pytest.param(ended(Net(3, (14, 99)).repeat(3, lambda n: n.conv(8))), {}, 0, id="one axis"),
        pytest.param(ended(Net(3, (99,)).conv(8)), {}, 1, id="1-D"),
        pytest.param(ended(Net(3, (9, 9, 9)).conv(8)), {}, 1, id="3-D"),
        pytest.param(Net(3, 32).conv(8).flatten().dense(4, cin=8192), {}, 0, id="flattened"),
        pytest.param(Net(3, 32).conv(8), {}, 0, id="the output is a map"),
        pytest.param(ended(squeezed(Net(3, 32))), {}, 1, id="gates don't count"),
        pytest.param(ended(context(Net(3, 32))), {}, 0, id="whole-image context"),
        pytest.param(
            ended(Net(3, 32).conv(8).mark("x")).output().goto("x").gap(), {}, 2, id="two heads"
        ),
    ],
)
def test_reports(net: Net, options: Options, found: int) -> None:
    assert len(receptive_field_too_small.run(net.facts(), options)) == found


def test_example_of_the_manual() -> None:
    (finding,) = receptive_field_too_small.run(resnet18(1024).facts())
    assert finding.message == "global pooling of a map that sees 435x435 of 1024x1024 pixels"
    assert finding.suggestion == (
        "downsample by 2 more in front of the last 3 convolutions with a window: a position then "
        "sees 659x659 pixels, and 5,435,817,984 MACs are saved; needs retraining"
    )
    assert finding.evidence == {
        "receptive_field": (435, 435),
        "input": (1024, 1024),
        "ratio": 0.4248,
        "threshold": 0.5,
        "widened": (659, 659),
    }
    assert finding.saving == Saving(macs=5_435_817_984, activation_bytes=None, receptive_field=224)
    assert not receptive_field_too_small.run(resnet18(224).facts())


def test_what_the_remedy_says_is_so() -> None:
    """The network with the pool in it sees as much, and costs as much less."""

    def net(*, pooled: bool) -> Net:
        start = Net(3, 64).conv(8).relu().pool().conv(8, 1).relu()
        start = start.pool(op="AveragePool") if pooled else start
        return ended(start.conv(8, 5).relu().conv(12).relu().conv(12, 1))

    before = net(pooled=False).facts()
    (finding,) = receptive_field_too_small.run(before, {"min_ratio": 0.4})
    after = net(pooled=True).facts()
    assert finding.suggestion.startswith("downsample by 2 more in front of the last 2 conv")
    seen = tuple(axis.largest for axis in after.heads.found[0].axes)
    assert finding.evidence["widened"] == seen == (30, 30)
    assert before.macs is not None
    assert after.macs is not None
    assert finding.saving.macs == before.macs - after.macs


@pytest.mark.parametrize(
    ("size", "widened"),
    [
        pytest.param(15, (14, 14), id="by 2 is enough"),
        pytest.param(29, (28, 28), id="by 4 is needed"),
        pytest.param(99, (28, 28), id="by 4 at most"),
        pytest.param(9, (14, 14), id="no less than 4 positions"),
    ],
)
def test_how_much_more(size: int, widened: tuple[int, ...]) -> None:
    net = Net(3, size).repeat(3, lambda n: n.conv(8))
    (finding,) = receptive_field_too_small.run(ended(net).facts(), {"min_ratio": 0.9})
    assert finding.evidence["widened"] == widened


@pytest.mark.parametrize(
    "net",
    [
        pytest.param(Net(3, 7).conv(8), id="7 positions"),
        pytest.param(Net(3, 32).conv(8, 1), id="no window"),
    ],
)
def test_no_remedy(net: Net) -> None:
    (finding,) = receptive_field_too_small.run(ended(net).facts())
    assert finding.suggestion == "kernels that look at neighbours, and strides; needs retraining"
    assert finding.saving == Saving(macs=None, activation_bytes=None, receptive_field=None)


def test_one_convolution() -> None:
    (finding,) = receptive_field_too_small.run(ended(Net(3, 8).conv(8)).facts())
    assert "in front of the last convolution with a window" in finding.suggestion


@pytest.mark.parametrize(
    ("net", "reason"),
    [
        pytest.param(Net(3, 8).conv(8), "no map is pooled or flattened for an answer", id="map"),
        pytest.param(
            Net(3, 8).conv(8).flatten().dense(4, cin=512),
            "the map is read flat, so the answer sees all of it",
            id="flat",
        ),
        pytest.param(
            ended(context(Net(3, 8))),
            "whole-image context was mixed into the map before",
            id="context",
        ),
        pytest.param(ended(Net(3, 6).conv(8)), "a position sees 3x3 of 6x6 pixels", id="enough"),
    ],
)
def test_silence(net: Net, reason: str) -> None:
    (said,) = receptive_field_too_small.remarks(net.facts())
    assert isinstance(said, Silence)
    assert said.reason == reason
