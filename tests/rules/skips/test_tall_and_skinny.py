import pytest

from cnnlint.lint.finding import Saving, Severity, Silence
from cnnlint.lint.rule import OptionValue
from rules.skips.tall_and_skinny import tall_and_skinny
from tests.net import Net

Options = dict[str, OptionValue]
W, N = Severity.WARNING, Severity.NOTE


def plain(layers: int, width: int, size: int | tuple[int, ...] = 16) -> Net:
    return Net(3, size).repeat(layers, lambda n: n.conv(width).relu())


def residual(blocks: int, width: int) -> Net:
    def block(net: Net) -> Net:
        return net.mark("x").conv(width).relu().conv(width).add("x").relu()

    return Net(3, 16).conv(width).repeat(blocks, block)


def squeezed(net: Net) -> Net:
    """Append a narrow layer whose gate has a wide one."""
    net = net.conv(9).relu().mark("x").gap().conv(99, 1).relu().conv(9, 1)
    return net.op("Sigmoid").mul("x")


@pytest.mark.parametrize(
    ("net", "options", "severity"),
    [
        pytest.param(plain(20, 10), {}, None, id="half a channel a layer"),
        pytest.param(plain(20, 9), {}, W, id="less"),
        pytest.param(plain(19, 9), {}, None, id="19 layers"),
        pytest.param(plain(19, 9), {"min_depth": 19}, W, id="19 are tall"),
        pytest.param(plain(20, 10), {"min_ratio": 0.51}, W, id="more asked for"),
        pytest.param(plain(20, 9), {"min_ratio": 0.45}, None, id="less asked for"),
        pytest.param(plain(19, 9).gap().flatten().dense(4), {}, W, id="dense layers count"),
        pytest.param(residual(10, 9), {}, N, id="with skip connections"),
        pytest.param(
            residual(10, 9).repeat(21, lambda n: n.conv(9)), {}, N, id="half of it plain"
        ),
        pytest.param(
            residual(10, 9).repeat(22, lambda n: n.conv(9)), {}, W, id="most of it plain"
        ),
        pytest.param(Net(3, 16).conv(9).repeat(20, squeezed), {}, W, id="gates don't count"),
        pytest.param(
            plain(20, 9).repeat(20, lambda n: n.conv(900).conv(9)), {}, None, id="wide between"
        ),
        pytest.param(
            Net(99, 16).repeat(20, lambda n: n.conv(99, groups=99).conv(9, 1).conv(99, 1)),
            {},
            None,
            id="wide input",
        ),
        pytest.param(
            Net(9, 16).repeat(20, lambda n: n.conv(90, groups=9).conv(9, groups=9)),
            {},
            None,
            id="grouped layers only",
        ),
        pytest.param(plain(20, 9, (16,)), {}, W, id="1-D"),
        pytest.param(plain(20, 9, (4, 4, 4)), {}, W, id="3-D"),
        pytest.param(
            Net(3, 16).repeat(10, lambda n: n.conv(8).conv(9)), {}, W, id="none keeps its width"
        ),
    ],
)
def test_reports(net: Net, options: Options, severity: Severity | None) -> None:
    found = [finding.severity for finding in tall_and_skinny.run(net.facts(), options)]
    assert found == ([severity] if severity else [])


def test_example_of_the_manual() -> None:
    (finding,) = tall_and_skinny.run(plain(40, 8).gap().flatten().dense(10).facts())
    assert finding.message == "41 layers deep with 8 channels in the median"
    assert finding.suggestion == (
        "a quarter of the layers with twice the channels: 36 Conv 3x3 8->8 become 9 of 16->16; "
        "the same 20,736 weights and MACs in 27 layers less; needs retraining"
    )
    assert finding.evidence == {
        "depth": 41,
        "median_width": 8,
        "ratio": 0.1951,
        "threshold": 0.5,
        "layers_less": 27,
    }
    assert finding.saving == Saving(activation_bytes=4 * 18 * 8 * 16 * 16, receptive_field=-27 * 2)
    assert len(finding.nodes) == 40


def test_what_the_remedy_says_is_so() -> None:
    """Without its ends, the wider network has as many weights and MACs, and smaller maps."""
    before = plain(1, 8).repeat(36, lambda n: n.conv(8, bias=False)).facts()
    after = Net(16, 16).repeat(9, lambda n: n.conv(16, bias=False)).facts()
    (finding,) = tall_and_skinny.run(before)
    stem = before.convs[0]
    assert before.macs is not None
    assert before.macs - (before.macs_of(stem.node) or 0) == after.macs
    assert f"the same {after.params:,} weights" in finding.suggestion
    inner = sum(before.activation_bytes(conv.node) or 0 for conv in before.convs[1:])
    assert finding.saving.activation_bytes == inner - sum(
        after.activation_bytes(conv.node) or 0 for conv in after.convs
    )


def test_several_kinds() -> None:
    net = Net(3, 64).conv(4)
    for k in (1, 3, 5):
        net = net.repeat(8, lambda n, side=k: n.conv(4, side))
    net = net.pool().repeat(8, lambda n: n.conv(4)).repeat(8, lambda n: n.conv(4, dilation=2))
    (finding,) = tall_and_skinny.run(net.facts())
    assert finding.suggestion == (
        "a quarter of the layers with twice the channels: 8 Conv 1x1 4->4 become 2 of 8->8, 8 "
        "Conv 3x3 4->4 become 2 of 8->8, 8 Conv 5x5 4->4 become 2 of 8->8, and so on for 2 more "
        "kinds; the same 6,784 weights and MACs in 30 layers less; needs retraining"
    )
    assert finding.saving.receptive_field == -6 * (0 + 2 + 4 + 2 * 2 + 4 * 2)


def test_one_kind_that_goes_unnamed() -> None:
    net = Net(3, 64).conv(4)
    for k in (1, 3, 5, 7):
        net = net.repeat(8, lambda n, side=k: n.conv(4, side))
    (finding,) = tall_and_skinny.run(net.facts())
    assert ", and so on for 1 more kind; the same" in finding.suggestion


@pytest.mark.parametrize(
    ("net", "fewer"),
    [
        pytest.param(Net(3, 16).repeat(10, lambda n: n.conv(8).conv(9)), 0, id="widths change"),
        pytest.param(
            Net(3, 999).repeat(5, lambda n: n.conv(4).repeat(4, lambda m: m.conv(4)).pool()),
            5 * 3,
            id="stages of four",
        ),
        pytest.param(
            Net(3, 999).conv(4).repeat(7, lambda n: n.pool().repeat(3, lambda m: m.conv(4))),
            0,
            id="stages of three",
        ),
        pytest.param(
            Net(3, 9).conv(2).repeat(22, lambda n: n.conv_transpose(2, 3, stride=1, pad=1)),
            0,
            id="transposed",
        ),
        pytest.param(
            Net(3, (9, 1)).conv(4).repeat(22, lambda n: n.conv(4, stride=(1, 2))), 0, id="strided"
        ),
    ],
)
def test_layers_that_are_alike(net: Net, fewer: int) -> None:
    (finding,) = tall_and_skinny.run(net.facts())
    assert finding.evidence["layers_less"] == fewer
    if not fewer:
        assert finding.suggestion == (
            "a quarter of the layers with twice the channels, for about the same weights and "
            "MACs; needs retraining"
        )
        assert finding.saving == Saving(
            macs=None, params=None, activation_bytes=None, receptive_field=None
        )


def test_unknown_sizes() -> None:
    net = Net(3, 16).op("Wavelet", domain="acme").repeat(24, lambda n: n.conv(8))
    (finding,) = tall_and_skinny.run(net.facts())
    assert finding.saving == Saving(activation_bytes=None, receptive_field=None)


@pytest.mark.parametrize(
    ("net", "reason"),
    [
        pytest.param(plain(9, 9), "the network is 9 layers deep", id="flat"),
        pytest.param(
            plain(20, 16), "16 channels in the median, 0.80 for each layer of depth", id="wide"
        ),
    ],
)
def test_silence(net: Net, reason: str) -> None:
    (said,) = tall_and_skinny.remarks(net.facts())
    assert said == Silence(None, reason)
