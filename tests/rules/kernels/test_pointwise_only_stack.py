import pytest

from cnnlint.lint.finding import Finding, Saving, Severity, Silence
from cnnlint.lint.rule import OptionValue
from rules.kernels.pointwise_only_stack import pointwise_only_stack
from tests.net import Net

Options = dict[str, OptionValue]
OTHER = "its kernel is 3x3"
ALONE = "no pointwise layer that sees the same stands in series with it"


def start(channels: int = 64, size: int | tuple[int, ...] = 32) -> Net:
    return Net(3, size).conv(channels, 3, name="sees").relu()


def stack(net: Net, *widths: int) -> Net:
    """Append 1x1 convolutions with ReLU, named p0, p1 and so on."""
    for number, width in enumerate(widths):
        net = net.conv(width, 1, bias=False, name=f"p{number}").relu()
    return net


def classified(net: Net) -> Net:
    return net.gap().flatten().dense(10)


def said(net: Net, options: Options | None = None) -> list[str]:
    """Return the layers of each finding, and why the rule is silent about the others."""
    words: list[str] = []
    for remark in pointwise_only_stack.remarks(net.facts(), options):
        if isinstance(remark, Silence):
            words.append(remark.reason)
        elif isinstance(remark, Finding):
            words.append(" ".join(node.path for node in remark.nodes))
    return words


TWO = "2 pointwise layers stand in series, fewer than 3"


@pytest.mark.parametrize(
    ("net", "options", "words"),
    [
        pytest.param(classified(stack(start(), 64, 64, 64)), {}, ["p0 p1 p2", OTHER], id="three"),
        pytest.param(classified(stack(start(), 64, 64)), {}, [TWO, TWO, OTHER], id="two"),
        pytest.param(
            classified(stack(start(), 64, 64)), {"min_pointwise": 2},
            ["p0 p1", OTHER], id="2 wanted"
        ),
        pytest.param(classified(stack(start(), 64)), {}, [OTHER, ALONE], id="one"),
        pytest.param(
            stack(start(), 64, 64, 5).conv(8, 3), {}, ["p0 p1 p2", OTHER, OTHER], id="3x3 behind"
        ),
        pytest.param(
            stack(start(), 64, 64, 5),
            {},
            ["its stack makes one prediction for each position"] * 3 + [OTHER],
            id="prediction head",
        ),
        pytest.param(
            stack(start(), 64, 64, 5).op("ReduceMean", axes=[2, 3]),
            {},
            ["p0 p1 p2", OTHER],
            id="averaged",
        ),
        pytest.param(
            stack(start(), 64, 64, 5).op("ReduceMean", axes=[2, 3]).op("Sigmoid"),
            {},
            ["p0 p1 p2", OTHER],
            id="averaged and squashed",
        ),
        pytest.param(
            stack(start(), 64, 64, 5).mark("x").output().op("ReduceMean", axes=[2, 3]),
            {},
            ["p0 p1 p2", OTHER],
            id="one output of many positions, one of one",
        ),
        pytest.param(
            stack(start(), 64, 64, 5).mark("x").op("Sigmoid").output().goto("x").op("Neg")
            .conv(4, 3),
            {},
            ["p0 p1 p2", OTHER, OTHER],
            id="an output on the way",
        ),
        pytest.param(
            stack(start(), 64, 64, 5).output().goto_input().gap().flatten(),
            {},
            ["its stack makes one prediction for each position"] * 3 + [OTHER],
            id="another output of one position",
        ),
        pytest.param(
            stack(start(), 64, 64, 5).shaped("u", 4).op("Resize", "", "u"),
            {},
            ["its stack makes one prediction for each position"] * 3 + [OTHER],
            id="output of unknown size",
        ),
        pytest.param(
            classified(stack(start(64, 1), 64, 64, 64)),
            {},
            [OTHER] + ["its map has one position only, or an unknown size"] * 3,
            id="one position",
        ),
        pytest.param(
            classified(start(8).conv(8, 1, groups=8).conv_transpose(8, 1, stride=1)),
            {},
            [OTHER, "it is depthwise or transposed", "it is depthwise or transposed"],
            id="scaling",
        ),
    ],
)  # fmt: skip
def test_stacks(net: Net, options: Options, words: list[str]) -> None:
    assert said(net, options) == words


def test_least_share() -> None:
    net = classified(stack(start(8), 8, 8, 8).conv(64, 3).conv(64, 3))
    facts = net.facts()
    share = facts.share(3 * 64 * 32**2)
    assert share
    assert share < 0.05
    less = "its stack takes 0.5% of the MACs, less than 5%"
    assert said(net) == [less] * 3 + [OTHER] * 3
    assert said(net, {"min_mac_share": share}) == ["p0 p1 p2"] + [OTHER] * 3
    assert said(net, {"min_mac_share": share + 1e-9}) == [
        "its stack takes 0.5% of the MACs, less than 0%",
        *["its stack takes 0.5% of the MACs, less than 0%"] * 2,
        *[OTHER] * 3,
    ]


@pytest.mark.parametrize(("others", "found"), [(57, True), (58, False)])
def test_default_share(others: int, found: bool) -> None:
    """3 of 3 + others, all of 8 to 8 channels."""
    net = stack(Net(8, 16).conv(8, (1, 2)), 8, 8, 8).conv(8, (1, 5))
    net = net.conv(8, (1, others - 7))
    assert bool(pointwise_only_stack.run(net.facts())) == found


def test_unknown_total() -> None:
    net = stack(start(8), 8, 8, 8).conv(8, 3).op("NonZero").op("Cast", to=1)
    net = net.op("Transpose", perm=[1, 0]).dense(8, cin=4)
    assert set(said(net)) == {"the model's MACs are not known", OTHER}


def test_example_of_the_manual() -> None:
    net = classified(stack(start(), 64, 64, 64, 64, 64))
    (finding,) = pointwise_only_stack.run(net.facts())
    share = net.facts().share(20_971_520)
    assert share
    assert finding.message == (
        f"5 pointwise layers in series see nothing new (20,971,520 MACs, {share:.0%} of the "
        "model's)"
    )
    assert finding.suggestion == (
        "a depthwise Conv 3x3 on 64 channels in place of p0: 589,824 instead of 4,194,304 MACs; "
        "needs retraining"
    )
    assert finding.evidence == {
        "layers": 5,
        "macs": 20_971_520,
        "mac_share": round(share, 4),
        "blind": False,
        "depthwise_macs": 589_824,
    }
    assert finding.saving == Saving(
        macs=4_194_304 - 589_824, params=64 * 64 - 9 * 64, receptive_field=2
    )
    assert finding.severity is None
    assert pointwise_only_stack.severity is Severity.WARNING


def test_the_largest_layer_that_keeps_its_channels_is_replaced() -> None:
    (finding,) = pointwise_only_stack.run(classified(stack(start(32), 64, 64, 32, 32)).facts())
    assert "in place of p1:" in finding.suggestion
    assert finding.evidence["depthwise_macs"] == 9 * 64 * 32**2


def test_else_one_is_put_where_it_is_cheapest() -> None:
    net = classified(stack(start(16).pool(), 64, 32, 128))
    (finding,) = pointwise_only_stack.run(net.facts())
    assert finding.suggestion == (
        "a depthwise Conv 3x3 on 32 channels in front of p2, for 73,728 MACs; needs retraining"
    )
    assert finding.saving == Saving(macs=-73_728, params=-9 * 32, receptive_field=4)
    (finding,) = pointwise_only_stack.run(classified(stack(start(9), 9, 9, 10)).facts())
    assert "in front of p1, for" in finding.suggestion  # 9 * 9 weights are none too many


def test_stack_in_a_network_on_one_axis_is_a_warning() -> None:
    (finding,) = pointwise_only_stack.run(classified(stack(start(8, (64,)), 8, 8, 8)).facts())
    assert finding.severity is None
    assert "a depthwise Conv 3 on 8 channels" in finding.suggestion


def residual(net: Net) -> Net:
    net = net.mark("x").conv(8, 1).relu()
    return net.conv(8, 1).add("x").relu()


@pytest.mark.parametrize(
    ("net", "count", "severity"),
    [
        pytest.param(stack(Net(3, 16), 8, 8, 8), 3, None, id="1x1"),
        pytest.param(stack(Net(3, 16), 8, 8), 0, None, id="two"),
        pytest.param(residual(Net(3, 16).conv(8, 1)), 3, None, id="residual"),
        pytest.param(classified(residual(Net(3, 16).conv(8, 1))), 3, None, id="classified"),
        pytest.param(stack(Net(3, (16,)), 8, 8, 8), 3, Severity.NOTE, id="1-D"),
        pytest.param(stack(Net(3, (4, 4, 4)), 8, 8, 8), 3, None, id="3-D"),
        pytest.param(residual(Net(3, 16).conv(8, 3)), 0, None, id="a window"),
        pytest.param(residual(Net(3, 1).conv(8, 1)), 0, None, id="one position"),
    ],
)
def test_networks_without_a_window(net: Net, count: int, severity: Severity | None) -> None:
    findings = pointwise_only_stack.run(net.facts())
    assert [len(f.nodes) for f in findings] == ([count] if count else [])
    for finding in findings:
        assert finding.evidence["blind"]
        assert finding.severity is severity
        macs = finding.evidence["macs"]
        share = net.facts().share(macs if isinstance(macs, int) else None) or 0
        assert finding.message == (
            "3 pointwise layers and no layer with a window "
            f"({macs:,} MACs, {share:.0%} of the model's)"
        )


def test_least_number_without_a_window_is_an_option() -> None:
    facts = stack(Net(3, 16), 8, 8).conv(8, 1).facts()
    assert pointwise_only_stack.run(facts, {"min_pointwise": 3})
    assert not pointwise_only_stack.run(facts, {"min_pointwise": 4})


def test_unknown_sizes_are_left_alone() -> None:
    assert not pointwise_only_stack.run(stack(Net(8, 16), 8, 8, 8).open_facts())
    assert not pointwise_only_stack.run(classified(stack(start(8), 8, 8, 8)).open_facts())
