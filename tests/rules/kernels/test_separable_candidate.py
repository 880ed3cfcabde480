import pytest
from onnx import TensorProto

from cnnlint.lint.finding import Finding, Saving, Severity, Silence
from cnnlint.lint.rule import OptionValue
from rules.kernels.separable_candidate import separable_candidate
from tests.net import Net

Options = dict[str, OptionValue]


def reads(channels: int, size: int | tuple[int, ...] = 16, batch: int = 1) -> Net:
    """Return a network whose next convolution reads so many channels, and is no stem."""
    return Net(3, size, batch).conv(channels, 3, name="stem").relu()


def said(net: Net, options: Options | None = None) -> list[str]:
    """Return the layers of the finding last, and before it why the rule is silent elsewhere."""
    words: list[str] = []
    for remark in separable_candidate.remarks(net.facts(), options):
        if isinstance(remark, Silence):
            words.append(remark.reason)
        elif isinstance(remark, Finding):
            words += [node.path for node in remark.nodes]
    return words


def gated(net: Net) -> Net:
    """Append a gate with a convolution of its own."""
    net = net.mark("x").conv(64, name="gate").op("Sigmoid")
    return net.mul("x")


@pytest.mark.parametrize(
    ("net", "said_of_it"),
    [
        pytest.param(reads(64).conv(64, name="a"), "a", id="3x3"),
        pytest.param(reads(64).conv(64, 5, name="a"), "a", id="5x5"),
        pytest.param(reads(64).conv(64, (3, 7), name="a"), "a", id="3x7"),
        pytest.param(reads(64).conv(64, 3, stride=2, name="a"), "a", id="3x3 s2"),
        pytest.param(reads(64, (40,)).conv(64, 3, name="a"), "a", id="1-D"),
        pytest.param(reads(64, (6, 6, 6)).conv(64, 3, name="a"), "a", id="3-D"),
        pytest.param(
            reads(64).conv(64, 2),
            "its kernel is 2x2: there is little to separate",
            id="2x2",
        ),
        pytest.param(
            reads(64).conv(64, (1, 7)),
            "its kernel is 1x7: there is little to separate",
            id="1x7",
        ),
        pytest.param(
            reads(64).conv(64, groups=2), "it is depthwise, grouped or transposed", id="grouped"
        ),
        pytest.param(
            reads(64).conv_transpose(64, 3),
            "it is depthwise, grouped or transposed",
            id="transposed",
        ),
        pytest.param(
            reads(64).conv(64, 4, stride=4, pad=0), "it cuts patches of 4x4", id="patches"
        ),
        pytest.param(
            reads(64, 7).conv(64, 7, pad=0), "its kernel covers the whole map", id="covering"
        ),
        pytest.param(reads(64, (1, 2)).conv(64, name="a"), "a", id="1x2 map"),
        pytest.param(
            gated(reads(64)), "it is part of a gate, or leads to no output", id="in a gate"
        ),
        pytest.param(reads(63).conv(64), "it has 63->64 channels, fewer than 64", id="63 in"),
        pytest.param(reads(64).conv(63), "it has 64->63 channels, fewer than 64", id="63 out"),
    ],
)
def test_of_a_layer(net: Net, said_of_it: str) -> None:
    assert said(net) == ["it is a stem", said_of_it]


def test_least_channels_is_an_option() -> None:
    assert said(reads(32).conv(64, name="a"), {"min_channels": 32}) == ["it is a stem", "a"]
    assert said(reads(64).conv(64), {"min_channels": 65})[1:] == [
        "it has 64->64 channels, fewer than 65"
    ]


@pytest.mark.parametrize(
    ("others", "found"),
    [
        (32, ["it is a stem", "a"]),
        (33, ["it is a stem", "it takes 2.9% of the model's MACs, less than 3%"]),
    ],
)
def test_least_share(others: int, found: list[str]) -> None:
    """1 of 1 + others + 3 / 64: the stem reads 3 channels."""
    net = reads(64, 4).conv(64, name="a").conv(64 * 9 * others, 1)
    words = [word for word in said(net) if "little to separate" not in word]
    assert words == found


def test_least_share_is_an_option() -> None:
    net = reads(64).conv(64, name="a").conv(64, name="b")
    share = net.facts().share(9 * 64 * 64 * 16**2)
    assert share
    assert said(net, {"min_mac_share": share})[1:] == ["a", "b"]
    assert (
        said(net, {"min_mac_share": share + 1e-9})[1:]
        == ["it takes 48.9% of the model's MACs, less than 49%"] * 2
    )


def built_of_depthwise(layers: int, channels: int = 32, size: int = 16, k: int = 9) -> Net:
    """Return a network of depthwise convolutions, mostly."""
    net = Net(channels, size).conv(channels, 3, groups=channels)
    return net.repeat(layers - 1, lambda n: n.conv(channels, k, groups=channels))


DEPTHWISE = "it is depthwise, grouped or transposed"


@pytest.mark.parametrize(
    ("net", "options", "found"),
    [
        pytest.param(built_of_depthwise(3).conv(32, name="a"), {}, ["a"], id="odd one out"),
        pytest.param(
            built_of_depthwise(4).conv(32, name="a").conv(32, name="b"),
            {},
            ["a", "b"],
            id="two among four",
        ),
        pytest.param(
            built_of_depthwise(3).conv(32).conv(32),
            {},
            ["it has 32->32 channels, fewer than 64"] * 2,
            id="two among three",
        ),
        pytest.param(
            built_of_depthwise(3, 64, k=25).conv(64, name="a").conv(64, name="b"),
            {},
            ["a", "b"],
            id="two wide ones among three",
        ),
        pytest.param(
            built_of_depthwise(2).conv(32),
            {},
            ["it has 32->32 channels, fewer than 64"],
            id="two depthwise layers",
        ),
        pytest.param(
            built_of_depthwise(2, 64, k=25).conv(64),
            {},
            ["2 depthwise layers take 52.4% of the model's MACs, and it takes 47.6%"],
            id="two large depthwise layers",
        ),
        pytest.param(
            built_of_depthwise(2, 64).conv(64, name="a"),
            {"max_depthwise_share": 0.14},
            ["a"],
            id="few depthwise MACs",
        ),
        pytest.param(
            built_of_depthwise(2, 64).conv(64),
            {"max_depthwise_share": 0.13},
            ["2 depthwise layers take 13.5% of the model's MACs, and it takes 86.5%"],
            id="not few",
        ),
        pytest.param(built_of_depthwise(3, 16).conv(16, name="a"), {}, ["a"], id="16 channels"),
        pytest.param(
            built_of_depthwise(3, 15).conv(15),
            {},
            ["it has 15->15 channels, fewer than 16"],
            id="15 channels",
        ),
        pytest.param(
            built_of_depthwise(3, 15).conv(15, name="a"),
            {"min_odd_channels": 15},
            ["a"],
            id="fewer channels asked for",
        ),
        pytest.param(
            built_of_depthwise(3, 64).conv(64, name="a"),
            {"min_odd_share": 0.77},
            ["a"],
            id="a share of 77.1%",
        ),
        pytest.param(
            built_of_depthwise(3, 64).conv(64),
            {"min_odd_share": 0.78},
            ["3 depthwise layers take 22.9% of the model's MACs, and it takes 77.1%"],
            id="of less than 78%",
        ),
        pytest.param(
            Net(64, 16).repeat(4, lambda n: n.conv(64, 1, groups=64)).conv(32).conv(32),
            {},
            ["it has 64->32 channels, fewer than 64"],
            id="1x1 layers are not depthwise",
        ),
    ],
)
def test_among_depthwise_layers(net: Net, options: Options, found: list[str]) -> None:
    words = [word for word in said(net, options) if word not in {DEPTHWISE, "it is a stem"}]
    assert words[: len(found)] == found


@pytest.mark.parametrize(("others", "found"), [(8, True), (9, False)])
def test_default_share_of_an_odd_layer(others: int, found: bool) -> None:
    """9 * 32 * 32 of 9 * 32 * 32 * (1 + others), and little more."""
    net = built_of_depthwise(3, 32, 4, 3).conv(32, name="a").conv(9 * 32 * others, 1)
    words = said(net)
    assert ("a" in words) == found
    assert ("it has 32->32 channels, fewer than 64" in words) != found


def test_unknown_size_is_left_alone() -> None:
    remarks = list(separable_candidate.remarks(reads(64).conv(64).open_facts()))
    assert [r.reason for r in remarks if isinstance(r, Silence)] == [
        "it is a stem",
        "its share of the MACs is not known",
    ]
    assert len(remarks) == 2


def test_layer_without_macs_is_left_alone() -> None:
    net = reads(64).conv(64).stored("from", [0]).stored("to", [0]).stored("of", [0])
    net = net.op("Slice", "from", "to", "of").conv(64)
    assert said(net, {"min_mac_share": 0.0}) == [
        "it is a stem",
        "its share of the MACs is not known",
        "conv2",
    ]


def test_example_of_the_manual() -> None:
    net = Net(3, 32).conv(256, 3, bias=False).relu().conv(128, bias=False, name="a")
    (finding,) = separable_candidate.run(net.facts())
    assert finding.message == (
        "dense convolution where depthwise and 1x1 ones take 8.4 times fewer MACs"
    )
    assert finding.suggestion == (
        "depthwise Conv 3x3 on 256 channels and Conv 1x1 256->128 in place of a: 35,913,728 "
        "instead of 301,989,888 MACs, 35,072 instead of 294,912 weights; needs retraining"
    )
    assert finding.evidence == {
        "layers": 1,
        "macs": (301_989_888,),
        "separable_macs": (35_913_728,),
        "separable_weights": (35_072,),
        "time_ratio": 6.8,
        "depthwise_share": 0.0,
    }
    assert finding.saving == Saving(
        macs=301_989_888 - 35_913_728,
        params=294_912 - 35_072,
        activation_bytes=-4 * 256 * 32 * 32,
    )
    assert finding.severity is None
    assert separable_candidate.severity is Severity.NOTE
    assert round(294_912 / 35_072, 1) == 8.4
    assert pytest.approx(1 / 128 + 1 / 9) == 35_072 / 294_912


def test_several_layers_are_one_finding() -> None:
    net = Net(3, 16, 2, dtype=TensorProto.FLOAT16).conv(64)
    net = net.conv(64, name="a").conv(128, 5, name="b").conv(64, stride=2, name="c")
    (finding,) = separable_candidate.run(net.facts())
    assert [node.path for node in finding.nodes] == ["b", "a", "c"]
    dense = 2 * 16**2 * (9 * 64 * 64 + 25 * 64 * 128) + 2 * 8**2 * 9 * 128 * 64
    separable = 2 * 16**2 * 64 * (9 + 64 + 25 + 128) + 2 * 8**2 * 128 * (9 + 64)
    assert finding.message == (
        f"3 dense convolutions where depthwise and 1x1 ones take {dense / separable:.1f} times "
        "fewer MACs"
    )
    assert finding.saving.macs == dense - separable
    assert finding.saving.params == 64 * (
        9 * 64 + 25 * 128 + 9 * 128 - (9 + 64 + 25 + 128) - 2 * (9 + 64)
    )
    assert finding.saving.activation_bytes == -2 * 2 * (2 * 64 * 16**2 + 128 * 8**2)
    assert finding.suggestion.startswith("depthwise Conv 5x5 on 64 channels")


def test_maps_of_an_unknown_type_are_not_counted() -> None:
    net = Net(3, 8, dtype=TensorProto.UNDEFINED).conv(64).conv(64)
    (finding,) = separable_candidate.run(net.facts())
    assert finding.saving.activation_bytes is None
