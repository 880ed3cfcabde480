from pathlib import Path

import numpy as np
import onnx
import pytest

from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Finding, Saving, Severity, Silence
from cnnlint.model.loader import load
from rules.kernels.even_kernel import even_kernel, shifted_axes
from tests.net import Net

INPUT = Net(64, 32)
CENTRED = "stands centred on the positions it reads"


def said(net: Net) -> list[str]:
    """Return the layer of each finding, and why the rule is silent about the others."""
    return [
        remark.reason if isinstance(remark, Silence) else remark.nodes[0].path
        for remark in even_kernel.remarks(net.facts())
        if isinstance(remark, Silence | Finding)
    ]


@pytest.mark.parametrize(
    ("net", "said_of_it"),
    [
        pytest.param(INPUT.conv(8, 4, pad=2, name="a"), "a", id="4x4"),
        pytest.param(INPUT.conv(8, 2, pad=0, name="a"), "a", id="2x2"),
        pytest.param(INPUT.conv(8, (3, 4), name="a"), "a", id="3x4"),
        pytest.param(INPUT.conv(8, 4, stride=3, name="a"), "a", id="4x4 s3"),
        pytest.param(INPUT.conv(64, 4, groups=64, name="a"), "a", id="depthwise"),
        pytest.param(Net(8, (8, 8, 8)).conv(8, 2, name="a"), "a", id="3-D"),
        pytest.param(INPUT.conv(8, 3), "its kernel 3x3 has no even side", id="3x3"),
        pytest.param(INPUT.conv(8, 1), "its kernel 1x1 has no even side", id="1x1"),
        pytest.param(
            INPUT.conv(8, 4, stride=4, pad=0),
            f"a kernel of 4x4 at stride 4 {CENTRED}",
            id="patches",
        ),
        pytest.param(
            INPUT.conv(8, 4, stride=2, pad=1),
            f"a kernel of 4x4 at stride 2 {CENTRED}",
            id="even stride",
        ),
        pytest.param(
            INPUT.conv(8, 2, stride=3, pad=0),
            f"a kernel of 2x2 at stride 3 {CENTRED}",
            id="stride above the kernel",
        ),
        pytest.param(
            INPUT.conv(8, 2, dilation=2),
            f"a kernel of 2x2 at stride 1 {CENTRED}",
            id="two taps around the middle",
        ),
        pytest.param(
            INPUT.conv(8, 3, stride=2, dilation=1, name="a"),
            "its kernel 3x3 has no even side",
            id="3x3 s2",
        ),
        pytest.param(
            INPUT.conv(8, (3, 4), stride=2),
            f"a kernel of 3x4 at stride 2 {CENTRED}",
            id="the odd side is not asked for",
        ),
        pytest.param(
            INPUT.conv_transpose(8, 4, stride=1), "it is a transposed convolution", id="transposed"
        ),
        pytest.param(
            INPUT.conv(8, (1, 4)), "its window of 1x4 slides along one axis at most", id="1x4"
        ),
        pytest.param(
            Net(8, (32,)).conv(8, 4), "its window of 4 slides along one axis at most", id="1-D"
        ),
        pytest.param(
            Net(64, 4).conv(8, 4, pad=0),
            "its window of 4x4 slides along one axis at most",
            id="covering",
        ),
        pytest.param(
            Net(1, (32, 300)).conv(8, (4, 300), pad=0),
            "its window of 4x300 slides along one axis at most",
            id="words",
        ),
        pytest.param(Net(1, (6, 32, 32)).conv(8, (6, 4, 4), pad=0, name="a"), "a", id="6x4x4"),
        pytest.param(
            Net(1, (6, 32, 32)).conv(8, (6, 3, 3), pad=0),
            f"a kernel of 6x3x3 at stride 1 {CENTRED}",
            id="the even side covers its axis",
        ),
    ],
)
def test_reports(net: Net, said_of_it: str) -> None:
    assert said(net) == [said_of_it]


def from_file(net: Net, folder: Path) -> Facts:
    onnx.save(net.proto(), folder / "net.onnx")
    return Facts(load(folder / "net.onnx"))


def test_fixed_blur_is_left_alone(tmp_path: Path) -> None:
    line = np.array([1, 3, 3, 1], np.float32)
    blur = np.broadcast_to(np.outer(line, line), (8, 1, 4, 4)).copy()
    net = Net(8, 32).conv(8, 4, groups=8, weight=blur)
    (silence,) = even_kernel.remarks(from_file(net, tmp_path))
    assert isinstance(silence, Silence)
    assert silence.reason == "every channel has the same kernel, as a fixed blur has"
    blur[0, 0, 0, 0] = 2
    assert even_kernel.run(from_file(Net(8, 32).conv(8, 4, groups=8, weight=blur), tmp_path))


def test_equal_kernels_of_a_dense_layer_are_no_blur(tmp_path: Path) -> None:
    weight = np.ones((4, 2, 4, 4), np.float32)
    assert even_kernel.run(from_file(Net(2, 32).conv(4, 4, weight=weight), tmp_path))


def test_example_of_the_manual() -> None:
    net = INPUT.shaped("w", 64, 64, 4, 4).op("Conv", "w", pads=[1, 1, 2, 2])
    (finding,) = even_kernel.run(net.facts())
    assert finding.message == "even kernel of 4x4 at stride 1 shifts the map by half a pixel"
    assert finding.suggestion == (
        "an odd kernel: 3x3 costs 37,748,736, 5x5 costs 104,857,600 instead of 67,108,864 MACs; "
        "needs retraining"
    )
    assert finding.evidence == {
        "kernel": (4, 4),
        "stride": (1, 1),
        "macs": 67_108_864,
        "odd_kernels": ("3x3", "5x5"),
        "odd_macs": (37_748_736, 104_857_600),
    }
    assert finding.saving == Saving(
        macs=67_108_864 - 37_748_736, params=64 * 64 * (16 - 9), receptive_field=None
    )
    assert finding.severity is None
    assert even_kernel.severity is Severity.WARNING
    for kernel, macs in ((3, 37_748_736), (5, 104_857_600)):
        assert INPUT.conv(64, kernel).facts().macs == macs


@pytest.mark.parametrize(
    ("pads", "k", "severity"),
    [
        pytest.param([0, 0, 0, 0, 0, 0, 1, 1], 2, Severity.NOTE, id="far"),
        pytest.param([0, 0, 1, 1, 0, 0, 0, 0], 2, Severity.NOTE, id="near"),
        pytest.param([0, 0, 1, 1, 0, 0, 2, 2], 4, None, id="4x4"),
        pytest.param([0, 0, 0, 0, 0, 0, 1, 0], 2, None, id="one axis"),
        pytest.param([0, 0, 1, 1, 0, 0, 1, 1], 2, None, id="too much"),
    ],
)
def test_note_where_a_pad_keeps_the_size(
    pads: list[int], k: int, severity: Severity | None
) -> None:
    net = INPUT.stored("pads", pads).op("Pad", "pads").conv(8, k, pad=0)
    (finding,) = even_kernel.run(net.facts())
    assert finding.severity is severity


@pytest.mark.parametrize(
    ("pads", "severity"),
    [
        pytest.param([0, 0, 1, 1], Severity.NOTE, id="far"),
        pytest.param([1, 0, 0, 1], Severity.NOTE, id="one each"),
        pytest.param([1, 1, 1, 1], None, id="both"),
        pytest.param([0, 0, 0, 0], None, id="none"),
        pytest.param([0, 0, 1, 0], None, id="one axis"),
    ],
)
def test_note_where_its_own_padding_keeps_the_size(
    pads: list[int], severity: Severity | None
) -> None:
    net = INPUT.shaped("w", 8, 64, 2, 2).op("Conv", "w", pads=pads)
    (finding,) = even_kernel.run(net.facts())
    assert finding.severity is severity


def test_warning_where_nobody_knows_what_is_padded() -> None:
    net = INPUT.mark("x").op("Concat", INPUT.last, axis=3).conv(8, 2, pad=0)
    (finding,) = even_kernel.run(net.facts())
    assert finding.severity is None


def test_one_by_one_is_no_remedy() -> None:
    (finding,) = even_kernel.run(INPUT.conv(8, 2, pad=0).facts())
    assert finding.evidence["odd_kernels"] == ("3x3",)
    assert finding.saving.macs == 31**2 * 64 * 8 * (4 - 9)


def test_only_the_even_side_changes() -> None:
    net = Net(4, (8, 8, 8)).conv(8, (1, 5, 4))
    (finding,) = even_kernel.run(net.facts())
    assert finding.evidence["odd_kernels"] == ("1x5x3", "1x5x5")


def test_unknown_size() -> None:
    (finding,) = even_kernel.run(INPUT.conv(8, 4).open_facts())
    assert finding.suggestion == (
        "an odd kernel: 3x3 costs 4,608, 5x5 costs 12,800 instead of 8,192 weights; needs "
        "retraining"
    )
    assert finding.saving == Saving(macs=None, params=8192 - 4608, receptive_field=None)


@pytest.mark.parametrize("kernel", range(2, 8))
@pytest.mark.parametrize("stride", range(1, 5))
@pytest.mark.parametrize("dilation", [1, 2])
def test_shifted_where_only_an_odd_kernel_can_keep_the_middle(
    kernel: int, stride: int, dilation: int
) -> None:
    """The taps of a window, seen from the middle of the positions that become one."""
    net = Net(1, 48).conv(1, kernel, stride=stride, dilation=dilation, pad=0)
    conv = net.facts().convs[0]
    reach = (kernel - 1) * dilation + 1
    middles = {2 * pad + (stride - 1) for pad in range(reach)}  # in half pixels
    fits = any(middle == reach - 1 for middle in middles)
    odd_fits = any(middle == kernel * dilation for middle in middles)  # one tap more
    expected = kernel % 2 == 0 and not fits and odd_fits and stride < kernel
    assert bool(shifted_axes(conv)) == expected
