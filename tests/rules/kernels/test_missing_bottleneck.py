from dataclasses import replace
from math import prod

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto

from cnnlint.lint.finding import Saving, Severity, Silence
from cnnlint.lint.rule import OptionValue
from rules.kernels.missing_bottleneck import missing_bottleneck, widest_bottleneck
from tests.net import Net

Options = dict[str, OptionValue]


def reads(channels: int, size: int | tuple[int, ...] = 32, batch: int = 1) -> Net:
    """Return a network whose next convolution reads what a 3x3 has made."""
    return Net(3, size, batch).conv(channels, 3, bias=False, name="stem").relu()


def squeezed(net: Net) -> Net:
    """Append a 1x1 that narrows, with what may stand between it and the next convolution."""
    net = net.conv(128, 1, name="reduce").bn().relu().mark("x")
    return net.gap().conv(32, 1).relu().conv(128, 1).op("Sigmoid").mul("x").pool(3, 1, pad=1)


@pytest.mark.parametrize(
    ("net", "options", "found"),
    [
        pytest.param(reads(256).conv(128, name="a"), {}, ["a"], id="3x3"),
        pytest.param(reads(128).conv(128, name="a"), {}, ["a"], id="128 channels"),
        pytest.param(reads(127).conv(128, name="a"), {}, [], id="127 channels"),
        pytest.param(reads(128, (100,)).conv(128, 3, name="a"), {}, ["a"], id="1-D"),
        pytest.param(reads(128, (6, 6, 6)).conv(128, name="a"), {}, ["a"], id="3-D"),
        pytest.param(reads(128).conv(128, 2, stride=2, pad=1, name="a"), {}, ["a"], id="2x2 s2"),
        pytest.param(reads(128).conv(128, 2, stride=2, pad=0), {}, [], id="patches"),
        pytest.param(reads(256).conv(128, 1), {}, [], id="1x1"),
        pytest.param(reads(256).conv(256, groups=2), {}, [], id="grouped"),
        pytest.param(reads(256).conv(256, groups=256), {}, [], id="depthwise"),
        pytest.param(reads(256).conv_transpose(256, 4, pad=1), {}, [], id="transposed"),
        pytest.param(Net(256, 32).conv(256), {}, [], id="stem"),
        pytest.param(Net(256, 32).conv(256).relu().conv(256, name="a"), {}, ["a"], id="2nd layer"),
        pytest.param(
            reads(256).conv(128, 1).relu().conv(128, name="a"), {}, [], id="behind a 1x1"
        ),
        pytest.param(reads(64).conv(256, 1).conv(256, name="a"), {}, [], id="behind a wider 1x1"),
        pytest.param(squeezed(reads(256)).conv(128, name="a"), {}, [], id="behind a gated 1x1"),
        pytest.param(
            reads(256).conv(128, 1).conv(128, groups=128).conv(128, name="a"),
            {},
            ["a"],
            id="1x1 further up",
        ),
        pytest.param(
            reads(128).mark("x").conv(128, 1).add("x").conv(128, name="a"), {}, ["a"], id="join"
        ),
        pytest.param(reads(256).conv(8, name="a"), {}, [], id="few outputs: 1x1 costs too much"),
        pytest.param(
            reads(256).conv(8, name="a"), {"min_saving": 0.4}, ["a"], id="less saving asked for"
        ),
        pytest.param(reads(256).conv(128, name="a"), {"min_saving": 0.85}, [], id="more saving"),
        pytest.param(
            reads(256).conv(128, name="a"), {"min_cin": 257}, [], id="more channels asked for"
        ),
        pytest.param(reads(32).conv(64, name="a"), {"min_cin": 32}, [], id="16 of 32 save 44 %"),
        pytest.param(
            reads(64).conv(64, name="a"), {"min_cin": 64}, ["a"], id="fewer channels asked for"
        ),
        pytest.param(reads(16).conv(64), {"min_cin": 16}, [], id="never below 16"),
    ],
)
def test_reports(net: Net, options: Options, found: list[str]) -> None:
    findings = missing_bottleneck.run(net.facts(), options)
    assert [node.path for finding in findings for node in finding.nodes] == found


WITHOUT = "it is 1x1, grouped or transposed, or cuts patches"


@pytest.mark.parametrize(
    ("net", "options", "reason"),
    [
        (reads(256).conv(128, 1), {}, WITHOUT),
        (reads(256).conv(256, groups=2), {}, WITHOUT),
        (reads(256).conv_transpose(256, 4, pad=1), {}, WITHOUT),
        (reads(128).conv(128, 2, stride=2, pad=0), {}, WITHOUT),
        (Net(256, 32).conv(256), {}, "it is a stem"),
        (
            reads(256).conv(96, 1).relu().conv(128),
            {},
            "it stands behind a 1x1, 256->96 channels",
        ),
        (
            reads(256).conv(128, 1).relu().conv(128),
            {},
            "it stands behind a 1x1, 256->128 channels",
        ),
        (reads(127).conv(128), {}, "it reads 127 channels, fewer than 128"),
        (reads(256).conv(128), {"min_saving": 0.85}, "no 1x1 in front saves 85%"),
        (
            reads(256).conv(128),
            {"min_mac_share": 0.99},
            "it takes 97.7% of the model's MACs, less than 99%",
        ),
    ],
)
def test_says_why_it_is_silent(net: Net, options: Options, reason: str) -> None:
    remarks = list(missing_bottleneck.remarks(net.facts(), options))
    assert isinstance(remarks[-1], Silence)
    assert remarks[-1].reason == reason


def test_unknown_macs() -> None:
    remarks = missing_bottleneck.remarks(reads(256).conv(128).open_facts())
    assert [r.reason for r in remarks if isinstance(r, Silence)] == [
        "it is a stem",
        "the model's MACs are not known",
    ]


def test_share_of_the_model() -> None:
    facts = reads(128, 8).conv(512, name="a").conv(512, name="b").facts()
    share = facts.share(facts.macs_of(facts.convs[1].node))
    assert share
    for least, found in ((share, ["b", "a"]), (share + 1e-9, ["b"])):
        (finding,) = missing_bottleneck.run(facts, {"min_mac_share": least})
        assert [node.path for node in finding.nodes] == found


@pytest.mark.parametrize(("others", "found"), [(32, True), (33, False)])
def test_default_share(others: int, found: bool) -> None:
    """Of a layer with 9 * 128 * 128 MACs among so many times as many."""
    units = others * 9 * 128 - 27  # less the stem
    facts = reads(128, 1).conv(128).flatten().dense(units).facts()
    share = facts.share(9 * 128 * 128)
    assert share == 1 / (others + 1)
    assert (share >= 0.03) == found
    assert bool(missing_bottleneck.run(facts)) == found


def test_unknown_size_is_left_alone() -> None:
    assert not missing_bottleneck.run(reads(256).conv(128).open_facts())
    assert not missing_bottleneck.run(reads(256).conv(128).open_facts(), {"min_mac_share": 0.0})


def test_arithmetic_of_the_lecture() -> None:
    facts = reads(256).conv(128, bias=False, name="wide").facts()
    (finding,) = missing_bottleneck.run(facts)
    assert finding.message == "convolution reads 256 channels without a 1x1 in front"
    assert finding.suggestion == (
        "reduce the channels first: Conv 1x1 256->64 and Conv 3x3 64->128 in place of wide, "
        "92,274,688 instead of 301,989,888 MACs; needs retraining"
    )
    assert finding.evidence == {
        "layers": 1,
        "cin": (256,),
        "bottleneck": (64,),
        "macs": (301_989_888,),
        "bottleneck_macs": (92_274_688,),
    }
    assert finding.saving == Saving(
        macs=301_989_888 - 92_274_688,
        params=294_912 - 90_112,
        activation_bytes=-4 * 64 * 32 * 32,
    )
    assert finding.severity is None
    assert missing_bottleneck.severity is Severity.NOTE
    assert round(301_989_888 / 92_274_688, 2) == 3.27


def test_separable_arithmetic_of_the_lecture() -> None:
    """A depthwise 3x3 and a pointwise convolution in place of the same layer."""
    dense = Net(256, 32).conv(128, bias=False).facts()
    net = Net(256, 32).conv(256, groups=256, bias=False).conv(128, 1, bias=False)
    depthwise, pointwise = net.facts().convs
    assert (dense.params, dense.macs) == (294_912, 301_989_888)
    assert (depthwise.weights, pointwise.weights) == (2_304, 32_768)
    assert net.facts().params == 35_072
    assert net.facts().macs == 35_072 * 32 * 32


def test_several_layers_are_one_finding() -> None:
    net = Net(3, 32, dtype=TensorProto.FLOAT16).conv(128).relu()
    net = net.conv(256, stride=2, name="a").relu().conv(384, name="b").relu()
    (finding,) = missing_bottleneck.run(net.conv(160, stride=2, name="c").facts())
    assert [node.path for node in finding.nodes] == ["b", "a", "c"]
    assert finding.message == "3 convolutions read 128 to 384 channels without a 1x1 in front"
    assert finding.suggestion == (
        "reduce the channels first: Conv 1x1 256->64 and Conv 3x3 64->384 in place of b, "
        "60,817,408 instead of 226,492,416 MACs; needs retraining"
    )
    assert finding.evidence["layers"] == 3
    assert finding.evidence["cin"] == (256, 128, 384)
    assert finding.evidence["bottleneck"] == (64, 32, 48)
    maps = 64 * 16**2 + 32 * 32**2 + 48 * 16**2
    assert finding.saving.activation_bytes == -2 * maps


def test_same_channels_are_named_once() -> None:
    (finding,) = missing_bottleneck.run(reads(128).conv(128).conv(128).facts())
    assert finding.message == "2 convolutions read 128 channels without a 1x1 in front"


def test_maps_of_an_unknown_type_are_not_counted() -> None:
    net = Net(3, 8, dtype=TensorProto.UNDEFINED).conv(128).conv(128)
    (finding,) = missing_bottleneck.run(net.facts())
    assert finding.saving.activation_bytes is None


def test_saving_is_enough_when_it_is_exact() -> None:
    """Behind half of the channels a 1x2 kernel costs exactly three quarters."""
    net = Net(128, 8).shaped("w", 128, 128, 1, 2).op("Conv", "w", pads=[0, 0, 0, 1])
    conv = net.facts().convs[0]
    half, quarter = widest_bottleneck(conv, 0.25), widest_bottleneck(conv, 0.26)
    assert half
    assert quarter
    assert (half.width, half.saved_macs / half.direct_macs) == (64, 0.25)
    assert quarter.width == 32


@pytest.mark.parametrize(("least", "width"), [(0.4, 224), (0.7, 112), (0.8, 48), (0.9, None)])
def test_half_quarter_or_eighth(least: float, width: int | None) -> None:
    found = widest_bottleneck(Net(448, 8).conv(448).facts().convs[0], least)
    assert (found and found.width) == width


def test_no_bottleneck_without_sizes() -> None:
    conv = Net(256, 8).conv(128).facts().convs[0]
    assert widest_bottleneck(conv, 0.5)
    assert widest_bottleneck(replace(conv, in_shape=None), 0.5) is None
    assert widest_bottleneck(replace(conv, out_shape=None), 0.5) is None


@given(
    st.integers(16, 400),
    st.integers(1, 300),
    st.lists(st.integers(1, 5), min_size=1, max_size=3),
    st.integers(1, 2),
    st.sampled_from([0.2, 0.5, 0.7]),
)
@settings(max_examples=60)
def test_bottleneck_costs_what_the_tool_counts_on_it(
    cin: int, cout: int, kernel: list[int], stride: int, least: float
) -> None:
    grid = tuple(range(6, 6 + len(kernel)))
    conv = Net(cin, grid, 2).conv(cout, tuple(kernel), stride=stride).facts().convs[0]

    def behind(width: int) -> tuple[int, int]:
        """Return MACs and weights of the same behind a 1x1 to so many channels."""
        net = Net(cin, grid, 2).conv(width, 1, bias=False)
        facts = net.conv(cout, tuple(kernel), stride=stride, bias=False).facts()
        assert facts.macs
        return facts.macs, facts.params

    direct = Net(cin, grid, 2).conv(cout, tuple(kernel), stride=stride, bias=False).facts()
    assert direct.macs
    widths = [max(16, cin // share - cin // share % 16) for share in (2, 4, 8)]
    enough = [w for w in widths if direct.macs - behind(w)[0] >= least * direct.macs]
    found = widest_bottleneck(conv, least)
    if found is None:
        assert not enough
    else:
        assert found.width == max(enough)
        assert (found.macs, found.direct_macs) == (behind(found.width)[0], direct.macs)
        assert found.saved_weights == direct.params - behind(found.width)[1]
        assert found.extra_numbers == 2 * found.width * prod(grid)


@pytest.mark.parametrize("width", [1, 100, 209, 210, 250])
def test_when_a_bottleneck_pays(width: int) -> None:
    """The inequality of the manual: r < k² cin cout / (cin + k² cout), here 209.5."""
    net = Net(256, 8).conv(width, 1, bias=False).conv(128, bias=False)
    macs = net.facts().macs
    assert macs
    pays = width < 9 * 256 * 128 / (256 + 9 * 128)
    assert pays == (width <= 209)
    assert pays == (macs < 9 * 256 * 128 * 64)
