import pytest

from cnnlint.lint.finding import Saving, Silence
from cnnlint.lint.rule import OptionValue
from rules.receptive.final_grid_too_small import final_grid_too_small
from tests.net import Net
from tests.rules.receptive.published import resnet18, vgg16

Options = dict[str, OptionValue]


def halved(size: int | tuple[int, ...], times: int, layers: int = 2) -> Net:
    """Build pools with convolutions behind the last one."""
    net = Net(3, size).conv(8).relu().repeat(times, lambda n: n.pool())
    return net.repeat(layers, lambda n: n.conv(8).relu())


def gated(net: Net) -> Net:
    """Append a gate with two convolutions of its own."""
    net = net.mark("x").conv(8).relu().conv(8).op("Sigmoid")
    return net.mul("x")


def ended(net: Net) -> Net:
    return net.gap().flatten().dense(4)


@pytest.mark.parametrize(
    ("net", "options", "found"),
    [
        pytest.param(ended(halved(12, 2)), {}, [], id="3x3"),
        pytest.param(ended(halved(8, 2)), {}, [2], id="2x2"),
        pytest.param(ended(halved(8, 3)), {}, [2], id="1x1"),
        pytest.param(ended(halved(8, 2, 1)), {}, [], id="one layer"),
        pytest.param(ended(halved(8, 2, 1)), {"min_layers": 1}, [1], id="one will do"),
        pytest.param(ended(halved(12, 2)), {"min_grid": 4}, [2], id="4x4 asked for"),
        pytest.param(ended(halved(8, 2)), {"min_grid": 2}, [], id="2x2 will do"),
        pytest.param(ended(halved((8, 12), 2)), {}, [], id="one axis"),
        pytest.param(ended(halved((8,), 2)), {}, [2], id="1-D"),
        pytest.param(ended(halved((8, 8, 8), 2)), {}, [2], id="3-D"),
        pytest.param(ended(halved(8, 2, 1).conv(8, 1).conv(8, 1)), {}, [], id="pointwise"),
        pytest.param(halved(8, 2).flatten().dense(4, cin=32), {}, [2], id="flattened"),
        pytest.param(halved(8, 2), {}, [], id="the output is a map"),
        pytest.param(ended(gated(halved(8, 2, 1))), {}, [], id="gates don't count"),
        pytest.param(ended(halved(8, 2).op("Resize", "", "s").stored("s", [1])), {}, [], id="odd"),
    ],
)
def test_reports(net: Net, options: Options, found: list[int]) -> None:
    findings = final_grid_too_small.run(net.facts(), options)
    assert [len(finding.nodes) for finding in findings] == found


def test_example_of_the_manual() -> None:
    (finding,) = final_grid_too_small.run(vgg16(32).facts())
    assert finding.message == "3 convolutions read maps below 3x3; the last map has 2x2 positions"
    assert finding.suggestion == (
        "the last strides left out, 8 pixels for a position instead of 16: a last map of 4x4, "
        "398,136,320 instead of 313,201,664 MACs at equal widths; needs retraining"
    )
    assert finding.evidence == {
        "last_grid": (2, 2),
        "threshold": 3,
        "layers": 3,
        "finer_grid": (4, 4),
        "macs_factor": 1.27,
    }
    assert finding.saving == Saving(macs=-84_934_656, activation_bytes=None)
    assert not final_grid_too_small.run(vgg16(224).facts())


def test_a_finer_stem_where_that_is_enough() -> None:
    before, after = resnet18(32).facts(), resnet18(32, stem=1).facts()
    (finding,) = final_grid_too_small.run(before)
    assert finding.suggestion == (
        "a 3x3 stem with stride 1 and no pool: a last map of 4x4, 555,422,720 instead of "
        "37,016,576 MACs at equal widths; needs retraining"
    )
    assert finding.evidence["macs_factor"] == 15.0
    assert after.macs == 555_422_720
    assert len(finding.nodes) == 7
    assert not final_grid_too_small.run(after)


def test_a_finer_stem_that_is_not_enough() -> None:
    """Of 8x8 a ResNet-18 without its stem leaves 1x1; so the last steps go, too."""
    (finding,) = final_grid_too_small.run(resnet18(8).facts())
    assert finding.suggestion.startswith(
        "the last strides left out, 2 pixels for a position instead of 32: a last map of "
    )


def test_stem_without_a_pool() -> None:
    net = Net(3, 8).conv(8, stride=2).relu().pool(2, 1).conv(8, stride=2).conv(8).conv(8)
    (finding,) = final_grid_too_small.run(ended(net).facts(), {"min_grid": 4})
    assert finding.suggestion.startswith("a 3x3 stem with stride 1: a last map of ")


def test_flattened_maps_would_grow() -> None:
    net = halved(8, 2).flatten().dense(4, cin=32)
    (finding,) = final_grid_too_small.run(net.facts())
    assert ": a last map of 4x4, pooled and not flattened, " in finding.suggestion


def test_small_images_only_grow_so_far() -> None:
    (finding,) = final_grid_too_small.run(ended(Net(3, 2).conv(8).conv(8).conv(8)).facts())
    assert finding.evidence["finer_grid"] == (2, 2)
    assert finding.saving.macs == 0


@pytest.mark.parametrize(
    ("net", "reason"),
    [
        pytest.param(Net(3, 8).conv(8), "no map is pooled or flattened for an answer", id="map"),
        pytest.param(ended(halved(8, 2, 1)), "1 convolution reads a map as small", id="one"),
        pytest.param(ended(halved(8, 2, 0)), "0 convolutions read a map as small", id="none"),
        pytest.param(ended(halved(12, 2)), "the map has 3x3 positions", id="enough"),
    ],
)
def test_silence(net: Net, reason: str) -> None:
    (said,) = final_grid_too_small.remarks(net.facts())
    assert isinstance(said, Silence)
    assert said.reason == reason


def test_behind_a_pool_of_the_whole_map_costs_are_unknown() -> None:
    (finding,) = final_grid_too_small.run(ended(halved(8, 3)).facts())
    assert finding.evidence["last_grid"] == (2, 2)
    assert finding.evidence["macs_factor"] is None
    assert finding.saving == Saving(macs=None, activation_bytes=None)
    assert finding.suggestion == (
        "the last strides left out, 2 pixels for a position instead of 4: a last map of 4x4; "
        "needs retraining"
    )
