import numpy as np
import numpy.typing as npt
import pytest
from onnx import TensorProto

from cnnlint.lint.finding import Finding, Fix, Saving, Severity, Silence
from cnnlint.lint.rule import OptionValue
from rules.kernels.spatially_split_depthwise import spatially_split_depthwise
from tests.net import Net

Options = dict[str, OptionValue]
Floats = npt.NDArray[np.float64]
ALONE = "no depthwise convolution as long on another axis stands in series with it"


def split(side: int = 3, *, bias: bool = True, channels: int = 16, size: int = 32) -> Net:
    net = Net(channels, size).conv(channels, (1, side), groups=channels, bias=bias, name="a")
    return net.conv(channels, (side, 1), groups=channels, name="b")


def said(net: Net, options: Options | None = None) -> list[str]:
    """Return the layers of each finding, and why the rule is silent about the others."""
    words: list[str] = []
    for remark in spatially_split_depthwise.remarks(net.facts(), options):
        if isinstance(remark, Silence):
            words.append(remark.reason)
        elif isinstance(remark, Finding):
            words.append(" ".join(node.path for node in remark.nodes))
    return words


@pytest.mark.parametrize(
    ("net", "options", "words"),
    [
        pytest.param(split(), {}, ["a b"], id="1x3 and 3x1"),
        pytest.param(split(2), {}, ["a b"], id="1x2 and 2x1"),
        pytest.param(
            split(5),
            {},
            ["at a length of 5 the split saves 60% of the weights of 5x5"] * 2,
            id="5",
        ),
        pytest.param(split(5), {"max_useless": 5}, ["a b"], id="max_useless"),
        pytest.param(
            split(),
            {"max_useless": 2},
            ["at a length of 3 the split saves 33% of the weights of 3x3"] * 2,
            id="max_useless below",
        ),
        pytest.param(
            split().relu().conv(8, 1).conv(8, 3, groups=8),
            {},
            [
                "a b",
                "it is no depthwise convolution",
                "its kernel 3x3 has no window along just one axis",
            ],
            id="others",
        ),
        pytest.param(
            Net(8, 16).conv(8, (1, 3)).conv(8, (3, 1)),
            {},
            ["it is no depthwise convolution"] * 2,
            id="dense",
        ),
        pytest.param(
            Net(8, 16).conv(8, (1, 3), groups=8).conv(8, 1).conv(8, (3, 1), groups=8),
            {},
            [ALONE, "it is no depthwise convolution", ALONE],
            id="a 1x1 between",
        ),
    ],
)
def test_reports(net: Net, options: Options, words: list[str]) -> None:
    assert said(net, options) == words


def test_example_of_the_manual() -> None:
    (finding,) = spatially_split_depthwise.run(split(channels=256).facts())
    assert finding.message == "depthwise 3x3 on 256 channels split into 1x3 and 3x1"
    assert finding.suggestion == (
        "one depthwise Conv 3x3: 2,359,296 instead of 1,572,864 MACs and 2,304 instead of 1,536 "
        "weights, but one pass over the map less; needs retraining"
    )
    assert finding.evidence == {
        "kernels": ("1x3", "3x1"),
        "macs": 1_572_864,
        "whole_macs": 2_359_296,
        "exact": False,
    }
    assert finding.saving == Saving(
        macs=1_572_864 - 2_359_296, params=1_536 - 2_304, activation_bytes=1024 * 1024
    )
    assert finding.severity is None
    assert spatially_split_depthwise.severity is Severity.WARNING
    separable = Net(256, 32).conv(256, groups=256, bias=False).conv(128, 1, bias=False).facts()
    assert separable.params == 35_072
    assert 2_304 - 1_536 == 768
    assert round(100 * 768 / 35_072, 1) == 2.2


@pytest.mark.parametrize(
    ("net", "exact"),
    [
        pytest.param(split(bias=False), True, id="nothing between"),
        pytest.param(split(bias=True), False, id="a bias"),
        pytest.param(
            Net(16, 32).conv(16, (1, 3), groups=16, bias=False).relu().conv(16, (3, 1), groups=16),
            False,
            id="an activation between",
        ),
        pytest.param(
            Net(16, 32)
            .conv(16, (1, 3), groups=16, bias=False, stride=2)
            .conv(16, (3, 1), groups=16),
            False,
            id="a stride in front",
        ),
        pytest.param(
            Net(16, 32)
            .conv(16, (1, 3), groups=16, bias=False)
            .conv(16, (3, 1), groups=16, stride=2),
            True,
            id="a stride behind",
        ),
        pytest.param(
            Net(16, 32)
            .conv(16, (1, 3), groups=16, bias=False)
            .conv(16, (3, 1), groups=16, pad=(1, 1)),
            False,
            id="padding on the other axis",
        ),
        pytest.param(
            Net(16, 32)
            .conv(16, (3, 1), groups=16, bias=False)
            .conv(16, (1, 3), groups=16, pad=(0, 1)),
            True,
            id="padding on its own axis",
        ),
    ],
)
def test_merging(net: Net, exact: bool) -> None:
    (finding,) = spatially_split_depthwise.run(net.facts())
    assert finding.evidence["exact"] == exact
    assert finding.fix is (Fix.SAFE if exact else Fix.UNSAFE)
    end = "the product of both kernels keeps the numbers" if exact else "needs retraining"
    assert finding.suggestion.endswith(f"; {end}")


def slide(values: Floats, kernel: Floats) -> Floats:
    """Return a convolution with zeros around the map."""
    padded = np.pad(values, [(k // 2, k // 2) for k in kernel.shape])
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape)
    found: Floats = np.einsum("ijkl,kl->ij", windows, kernel)
    return found


def test_merged_kernel_gives_the_same_numbers() -> None:
    """What is said to be exact."""
    rng = np.random.default_rng(0)
    image, row, column = rng.normal(size=(7, 9)), rng.normal(size=3), rng.normal(size=3)
    both = slide(slide(image, row[None]), column[:, None])
    assert np.allclose(both, slide(image, np.outer(column, row)))


def test_maps_of_an_unknown_type_are_not_counted() -> None:
    net = Net(8, 16, dtype=TensorProto.UNDEFINED).conv(8, (1, 3), groups=8)
    (finding,) = spatially_split_depthwise.run(net.conv(8, (3, 1), groups=8).facts())
    assert finding.saving.activation_bytes is None
