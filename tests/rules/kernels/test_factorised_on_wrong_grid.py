import pytest
from onnx import TensorProto

from cnnlint.lint.finding import Finding, Saving, Severity, Silence
from cnnlint.lint.rule import OptionValue
from rules.kernels.factorised_on_wrong_grid import factorised_on_wrong_grid
from tests.net import Net

Options = dict[str, OptionValue]
NO_HALF = "it is no half of a dense 1 x n and n x 1 in series"


def split(net: Net, side: int = 3, channels: int = 64, name: str = "") -> Net:
    net = net.conv(channels, (1, side), name=f"a{name}").relu()
    return net.conv(channels, (side, 1), name=f"b{name}").relu()


def said(net: Net, options: Options | None = None) -> list[str]:
    """Return why the rule is silent about some layers, and the layers of the finding."""
    words: list[str] = []
    for remark in factorised_on_wrong_grid.remarks(net.facts(), options):
        if isinstance(remark, Silence):
            words.append(remark.reason)
        elif isinstance(remark, Finding):
            words.append(" ".join(node.path for node in remark.nodes))
    return words


def works(side: int, grid: str, most: int = 35) -> list[str]:
    return [f"length {side} is split on a map of {grid}, no larger than {most}"] * 2


@pytest.mark.parametrize(
    ("net", "options", "words"),
    [
        pytest.param(split(Net(64, 8)), {}, ["a b"], id="1x3 and 3x1"),
        pytest.param(split(Net(64, 8), 4), {}, ["a b"], id="1x4 and 4x1"),
        pytest.param(split(Net(64, 35), 5), {}, works(5, "35x35"), id="5 on 35x35"),
        pytest.param(split(Net(64, 36), 5), {}, ["a b"], id="5 on 36x36"),
        pytest.param(split(Net(64, (12, 36)), 7), {}, ["a b"], id="7 on 12x36"),
        pytest.param(split(Net(64, 17), 7), {"max_grid": 16}, ["a b"], id="max_grid"),
        pytest.param(
            split(Net(64, 17), 7), {"max_grid": 17}, works(7, "17x17", 17), id="max_grid met"
        ),
        pytest.param(split(Net(64, 8), 5), {"min_kernel": 6}, ["a b"], id="min_kernel"),
        pytest.param(split(Net(64, 8)), {"min_kernel": 3}, works(3, "8x8"), id="min_kernel met"),
        pytest.param(
            Net(64, 8).conv(64, (1, 3), groups=64).conv(64, (3, 1), groups=64),
            {},
            [NO_HALF] * 2,
            id="depthwise",
        ),
        pytest.param(split(Net(64, 8)).conv(64, 3), {}, [NO_HALF, "a b"], id="3x3"),
        pytest.param(
            Net(64, 8).conv(8, (1, 3)).conv(64, (3, 1)),
            {},
            ["a depthwise 3x3 and a 1x1 would cost 1.5x the MACs"] * 2,
            id="narrow between",
        ),
        pytest.param(
            Net(5, 8).conv(6, (1, 3)).conv(31, (3, 1)),
            {},
            ["conv0 conv1"],
            id="cheaper",
        ),
    ],
)
def test_reports(net: Net, options: Options, words: list[str]) -> None:
    assert said(net, options) == words


@pytest.mark.parametrize(("mid", "found"), [(12, False), (13, True)])
def test_must_be_cheaper(mid: int, found: bool) -> None:
    """9 * 64 + 64 * 64 against 3 * 128 * mid."""
    net = Net(64, 8).conv(mid, (1, 3)).conv(64, (3, 1))
    assert bool(factorised_on_wrong_grid.run(net.facts())) == found


def test_as_cheap_is_not_cheaper() -> None:
    """9 * 3 + 3 * 3 = 36 = 3 * 3 * 2 + 3 * 2 * 3."""
    net = Net(3, 8).conv(2, (1, 3)).conv(3, (3, 1))
    assert said(net) == ["a depthwise 3x3 and a 1x1 would cost 1.0x the MACs"] * 2


def test_example_of_the_manual() -> None:
    (finding,) = factorised_on_wrong_grid.run(split(Net(64, 32)).facts())
    assert finding.message == "3x3 split into 1x3 and 3x1: saves 33% of the MACs of 3x3"
    assert finding.suggestion == (
        "depthwise Conv 3x3 and Conv 1x1 64->64 in place of a and b: 4,784,128 instead of "
        "25,165,824 MACs; one Conv 3x3 costs 37,748,736; needs retraining"
    )
    assert finding.evidence == {
        "pairs": 1,
        "lengths": (3,),
        "grids": ("32x32",),
        "macs": (25_165_824,),
        "separable_macs": (4_784_128,),
        "whole_macs": (37_748_736,),
    }
    assert finding.saving == Saving(
        macs=25_165_824 - 4_784_128, params=64 * (6 * 64 - 9 - 64), activation_bytes=0
    )
    assert finding.severity is None
    assert factorised_on_wrong_grid.severity is Severity.NOTE


def test_savings_of_the_manual() -> None:
    (finding,) = factorised_on_wrong_grid.run(split(Net(64, 40), 7).facts())
    assert finding.message == "7x7 split into 1x7 and 7x1: saves 71% of the MACs of 7x7"
    (finding,) = factorised_on_wrong_grid.run(Net(32, 8).conv(64, (3, 1)).conv(64, (1, 3)).facts())
    assert finding.message == "3x3 split into 3x1 and 1x3: saves nothing of the MACs of 3x3"


def test_several_pairs_are_one_finding() -> None:
    net = Net(16, 32, 2, dtype=TensorProto.FLOAT16).conv(16)
    net = split(net, 3, 16, "1").pool()
    net = net.conv(64, (3, 1), name="a2").conv(32, (1, 3), name="b2")
    (finding,) = factorised_on_wrong_grid.run(net.facts())
    assert [node.path for node in finding.nodes] == ["a2", "b2", "a1", "b1"]
    split_macs = [2 * 16**2 * 3 * 64 * (16 + 32), 2 * 32**2 * 6 * 16 * 16]
    whole_macs = [2 * 16**2 * 9 * 16 * 32, 2 * 32**2 * 9 * 16 * 16]
    separable = [2 * 16**2 * 16 * (9 + 32), 2 * 32**2 * 16 * (9 + 16)]
    assert finding.evidence["macs"] == tuple(split_macs)
    assert finding.evidence["lengths"] == (3, 3)
    assert finding.evidence["grids"] == ("16x16", "32x32")
    assert finding.saving.macs == sum(split_macs) - sum(separable)
    assert sum(split_macs) > sum(whole_macs)
    assert finding.message == "2 splits like 3x1 and 1x3: saves nothing of the MACs of n x n"
    assert finding.saving.params == 3 * 64 * 48 + 6 * 16**2 - 16 * (9 + 32) - 16 * (9 + 16)
    assert finding.saving.activation_bytes == 2 * 2 * 16**2 * (64 - 16)


def test_maps_of_an_unknown_type_are_not_counted() -> None:
    net = split(Net(64, 8, dtype=TensorProto.UNDEFINED))
    (finding,) = factorised_on_wrong_grid.run(net.facts())
    assert finding.saving.activation_bytes is None
