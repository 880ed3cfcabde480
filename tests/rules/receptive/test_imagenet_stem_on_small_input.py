import pytest

from cnnlint.lint.finding import Saving, Silence
from cnnlint.lint.rule import OptionValue
from rules.receptive.imagenet_stem_on_small_input import imagenet_stem_on_small_input
from tests.net import Net
from tests.rules.receptive.published import resnet18, vgg16

Options = dict[str, OptionValue]


def stem(size: int | tuple[int, ...] = 32, k: int = 7, stride: int = 2) -> Net:
    return Net(3, size).conv(16, k, stride=stride, name="stem").relu()


def body(net: Net) -> Net:
    """Append two more strides and a head."""
    net = net.conv(16, stride=2).relu().conv(16, stride=2).relu()
    return net.gap().flatten().dense(4)


def silu(net: Net) -> Net:
    return net.mark("s").op("Sigmoid").mul("s")


@pytest.mark.parametrize(
    ("net", "options", "found"),
    [
        pytest.param(body(stem().pool()), {}, ["stem", "maxpool2"], id="7x7/2 and pool"),
        pytest.param(body(stem()), {}, [], id="7x7/2"),
        pytest.param(body(stem(stride=4)), {}, ["stem"], id="7x7/4"),
        pytest.param(body(stem(stride=3)), {}, [], id="7x7/3"),
        pytest.param(body(stem(stride=3)), {"min_jump": 3}, ["stem"], id="3 asked for"),
        pytest.param(body(stem(64).pool()), {}, ["stem", "maxpool2"], id="64 pixels"),
        pytest.param(body(stem(66).pool()), {}, [], id="66 pixels"),
        pytest.param(body(stem(66).pool()), {"max_input": 66}, ["stem", "maxpool2"], id="allowed"),
        pytest.param(body(stem((32, 65)).pool()), {}, [], id="one side is long"),
        pytest.param(body(stem((32,)).pool()), {}, ["stem", "maxpool2"], id="1-D"),
        pytest.param(body(stem().pool()), {"enough_grid": 2}, [], id="2x2 will do"),
        pytest.param(body(stem().bn().pool()), {}, ["stem", "maxpool3"], id="batch norm"),
        pytest.param(body(silu(stem()).pool()), {}, ["stem", "maxpool4"], id="silu"),
        pytest.param(
            body(stem(k=3).conv(16).conv(16).relu().pool()), {}, ["stem", "maxpool5"], id="deep"
        ),
        pytest.param(body(stem().conv(9).conv(9).conv(9).pool()), {}, [], id="a block before"),
        pytest.param(body(stem().conv(9, stride=2)), {}, [], id="strided layers"),
        pytest.param(body(stem().conv(9, stride=2).pool()), {}, [], id="and a pool"),
        pytest.param(body(stem().pool(3, 1, pad=1)), {}, [], id="pool of stride 1"),
        pytest.param(body(stem().mark("a").conv(16).add("a").pool()), {}, [], id="a fork before"),
        pytest.param(
            body(stem().op("Softmax", axis=1).pool()), {}, ["stem", "maxpool3"], id="act"
        ),
        pytest.param(body(stem().op("Wavelet", domain="acme").pool()), {}, [], id="unknown op"),
        pytest.param(body(Net(3, 32).conv(16, 4, stride=4, pad=0)), {}, [], id="patches of 4x4"),
        pytest.param(stem().pool(), {}, [], id="the output is a map"),
        pytest.param(
            stem().pool().mark("a").goto_input().conv(16, 3, stride=4).add("a").gap(),
            {},
            [],
            id="two stems",
        ),
        pytest.param(stem().pool().conv(8).gap(), {}, [], id="8x8 left"),
        pytest.param(
            stem().pool().conv(8).gap(), {"enough_grid": 9}, ["stem", "maxpool2"], id="not enough"
        ),
        pytest.param(Net(4, ()).dense(3), {}, [], id="no map at all"),
    ],
)
def test_reports(net: Net, options: Options, found: list[str]) -> None:
    findings = imagenet_stem_on_small_input.run(net.facts(), options)
    assert [node.path for finding in findings for node in finding.nodes] == found


def test_example_of_the_manual() -> None:
    before, after = resnet18(32).facts(), resnet18(32, stem=1).facts()
    (finding,) = imagenet_stem_on_small_input.run(before)
    assert finding.message == (
        "stem and pool leave one position for 4 pixels on each axis of a 32x32 input"
    )
    assert finding.suggestion == (
        "Conv 3x3 3->64 with stride 1 and no pool, and fewer channels if need be: 555,422,720 "
        "instead of 37,016,576 MACs; needs retraining"
    )
    assert finding.evidence == {
        "input": (32, 32),
        "jump": (4, 4),
        "last_grid": (1, 1),
        "macs_factor": 15.0,
    }
    assert (before.macs, after.macs) == (37_016_576, 555_422_720)
    assert finding.saving == Saving(macs=-518_406_144, params=7_680, activation_bytes=None)
    assert before.params - after.params == 7_680
    assert not imagenet_stem_on_small_input.run(after)
    assert not imagenet_stem_on_small_input.run(resnet18(224).facts())


def test_stem_alone() -> None:
    (finding,) = imagenet_stem_on_small_input.run(body(stem(stride=4)).facts())
    assert finding.message.startswith("stem leaves one position for 4 pixels")
    assert finding.suggestion.startswith("Conv 3x3 3->16 with stride 1, and fewer")


def test_image_that_was_rearranged_first() -> None:
    """What counts is the image (TResNet: 224 pixels as 56x56 of 48 channels)."""
    net = Net(3, 128).op("SpaceToDepth", blocksize=4, width=48).conv(16)
    assert not imagenet_stem_on_small_input.run(body(net).facts())


@pytest.mark.parametrize(
    ("net", "reason"),
    [
        pytest.param(
            stem().pool(),
            "no first convolution and map that is pooled or flattened behind it",
            id="map",
        ),
        pytest.param(body(stem(66)), "the input has 66x66 pixels, more than 64", id="large"),
        pytest.param(body(stem()), "one position for 2 pixels behind the stem", id="7x7/2"),
        pytest.param(vgg16(32), "one position for 2 pixels behind the stem", id="vgg"),
        pytest.param(
            body(Net(3, 32).conv(16, 4, stride=4, pad=0)),
            "it cuts the image into patches of 4x4",
            id="patches",
        ),
        pytest.param(stem().pool().gap(), "the last map still has 8x8 positions", id="8x8"),
    ],
)
def test_silence(net: Net, reason: str) -> None:
    (said,) = imagenet_stem_on_small_input.remarks(net.facts())
    assert isinstance(said, Silence)
    assert said.reason == reason
