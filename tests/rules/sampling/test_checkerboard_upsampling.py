import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlint.lint.finding import Saving, Severity, Silence
from rules.sampling.checkerboard_upsampling import checkerboard_upsampling, taps_by_output
from tests.net import Net

MAP = Net(3, 16).conv(64, name="stem").relu()


def dilated(net: Net, kernel: int, stride: int, *rates: int) -> Net:
    """Append a dilated transposed convolution to 32 channels."""
    net = net.shaped("w", net.cin, 32, kernel, kernel)
    strides, rates = (stride, stride), rates if len(rates) > 1 else rates * 2
    return net.op("ConvTranspose", "w", name="up", width=32, strides=strides, dilations=rates)


@pytest.mark.parametrize(
    ("net", "found"),
    [
        pytest.param(MAP.conv_transpose(32, 3, pad=1), True, id="3x3 s2"),
        pytest.param(MAP.conv_transpose(32, 2), False, id="2x2 s2"),
        pytest.param(MAP.conv_transpose(32, 4, pad=1), False, id="4x4 s2"),
        pytest.param(MAP.conv_transpose(32, 5, pad=2), True, id="5x5 s2"),
        pytest.param(MAP.conv_transpose(32, 6, pad=2), False, id="6x6 s2"),
        pytest.param(MAP.conv_transpose(32, 3, stride=3), False, id="3x3 s3"),
        pytest.param(MAP.conv_transpose(32, 4, stride=3), True, id="4x4 s3"),
        pytest.param(MAP.conv_transpose(32, 3, stride=1), False, id="stride 1"),
        pytest.param(MAP.conv_transpose(32, 2, stride=4), True, id="gaps"),
        pytest.param(MAP.conv_transpose(32, (4, 3), stride=2), True, id="one axis"),
        pytest.param(MAP.conv_transpose(32, (4, 3), stride=(2, 1)), False, id="stride 2x1"),
        pytest.param(MAP.conv_transpose(64, 3, groups=64), True, id="depthwise"),
        pytest.param(Net(3, (16,)).conv(8).conv_transpose(8, 3), True, id="1-D"),
        pytest.param(Net(3, (16,)).conv(8).conv_transpose(8, 4), False, id="1-D, even"),
        pytest.param(Net(3, (4, 4, 4)).conv(8).conv_transpose(8, 3), True, id="3-D"),
        pytest.param(Net(64, 1).conv_transpose(32, 5), False, id="one window"),
        pytest.param(Net(64, (1, 2)).conv_transpose(32, 5), True, id="one row of windows"),
        pytest.param(Net(64, (1, 2)).conv_transpose(32, (5, 4)), False, id="one row, even"),
        pytest.param(dilated(MAP, 4, 2, 2), True, id="dilation 2: every second output"),
        pytest.param(dilated(MAP, 4, 2, 3), False, id="dilation 3"),
        pytest.param(dilated(MAP, 3, 2, 3), True, id="3x3, dilation 3"),
        pytest.param(MAP.conv(32, 3, stride=2), False, id="no transposed convolution"),
        pytest.param(MAP.conv(32, 3, stride=2, dilation=2), False, id="dilated convolution"),
    ],
)
def test_reports(net: Net, found: bool) -> None:
    findings = checkerboard_upsampling.run(net.facts())
    assert len(findings) == found
    assert all(finding.severity is None for finding in findings)


def test_severity() -> None:
    assert checkerboard_upsampling.severity is Severity.WARNING


def test_every_such_layer() -> None:
    net = MAP.conv_transpose(32, 3, name="a").relu().conv_transpose(16, 5, name="b")
    assert [f.nodes[0].path for f in checkerboard_upsampling.run(net.facts())] == ["a", "b"]


def test_example_of_the_manual() -> None:
    (finding,) = checkerboard_upsampling.run(MAP.conv_transpose(32, 3).facts())
    assert finding.message == (
        "transposed convolution of 3x3 at stride 2 overlaps unevenly: 1 to 4 taps write an output"
    )
    assert finding.suggestion == (
        "a kernel of 4x4 at the same stride overlaps evenly (8,388,608 MACs); a nearest Resize "
        "and a convolution of 3x3 have no overlap (18,874,368 MACs); needs retraining"
    )
    assert finding.evidence == {
        "kernel": (3, 3),
        "stride": (2, 2),
        "dilation": (1, 1),
        "least_taps": 1,
        "most_taps": 4,
        "macs": 4_718_592,
        "even_kernel_macs": 8_388_608,
        "resize_conv_macs": 18_874_368,
    }
    assert finding.saving == Saving(
        macs=4_718_592 - 8_388_608, params=64 * 32 * (9 - 16), receptive_field=None
    )


@pytest.mark.parametrize(
    ("net", "message", "suggestion"),
    [
        pytest.param(
            Net(3, (16,)).conv(8).conv_transpose(8, 3),
            "transposed convolution of 3 at stride 2 overlaps unevenly: 1 to 2 taps write an "
            "output",
            "a kernel of 4 at the same stride overlaps evenly (4,096 MACs); a nearest Resize and "
            "a convolution of 3 have no overlap (6,144 MACs); needs retraining",
            id="1-D",
        ),
        pytest.param(
            MAP.conv_transpose(32, (5, 4), stride=(2, 1)),
            "transposed convolution of 5x4 at stride 2x1 overlaps unevenly: 8 to 12 taps write "
            "an output",
            "a kernel of 6x4 at the same stride overlaps evenly (12,582,912 MACs); a nearest "
            "Resize and a convolution of 3x3 have no overlap (9,437,184 MACs); needs retraining",
            id="two axes",
        ),
        pytest.param(
            dilated(MAP, 4, 2, 2),
            "transposed convolution of 4x4 at stride 2 overlaps unevenly: 0 to 16 taps write an "
            "output",
            "a kernel of 4x4 without dilation at the same stride overlaps evenly (8,388,608 "
            "MACs); a nearest Resize and a convolution of 3x3 have no overlap (18,874,368 MACs); "
            "needs retraining",
            id="dilation",
        ),
        pytest.param(
            dilated(MAP, 4, 2, 1, 2),
            "transposed convolution of 4x4 at stride 2 overlaps unevenly: 0 to 8 taps write an "
            "output",
            "a kernel of 4x4 without dilation at the same stride overlaps evenly (8,388,608 "
            "MACs); a nearest Resize and a convolution of 3x3 have no overlap (18,874,368 MACs); "
            "needs retraining",
            id="dilation of one axis",
        ),
    ],
)
def test_words(net: Net, message: str, suggestion: str) -> None:
    (finding,) = checkerboard_upsampling.run(net.facts())
    assert (finding.message, finding.suggestion) == (message, suggestion)


def test_unknown_size() -> None:
    (finding,) = checkerboard_upsampling.run(MAP.conv_transpose(32, 3).open_facts())
    assert finding.suggestion == (
        "a kernel of 4x4 at the same stride overlaps evenly; a nearest Resize and a convolution "
        "of 3x3 have no overlap; needs retraining"
    )
    assert finding.evidence["macs"] is None
    assert finding.evidence["even_kernel_macs"] is None
    assert finding.evidence["resize_conv_macs"] is None
    assert finding.saving == Saving(macs=None, params=-14_336, receptive_field=None)


def test_pattern_of_the_manual() -> None:
    """4, 2, 2 and 1 taps for 3x3 at stride 2."""
    writes = [[0] * 20 for _ in range(20)]
    for window in range(81):
        for tap in range(9):
            writes[window // 9 * 2 + tap // 3][window % 9 * 2 + tap % 3] += 1
    assert [writes[row][column] for row in (6, 7) for column in (6, 7)] == [4, 2, 2, 1]


@given(st.integers(1, 9), st.integers(1, 7), st.integers(1, 7))
def test_taps_by_counting_writes_on_a_line(kernel: int, stride: int, dilation: int) -> None:
    writes = [0] * 600
    for window in range(70):
        for tap in range(kernel):
            writes[window * stride + tap * dilation] += 1
    inside = writes[60 : 60 + stride]  # behind the first windows, before the last ones end
    assert taps_by_output(kernel, stride, dilation) == (min(inside), max(inside))


@given(
    st.tuples(st.integers(1, 5), st.integers(1, 5)),
    st.tuples(st.integers(1, 3), st.integers(1, 3)),
    st.integers(1, 2),
    st.integers(1, 2),
)
@settings(max_examples=50)
def test_remedies_cost_what_the_tool_counts_on_them(
    kernel: tuple[int, int], stride: tuple[int, int], groups: int, batch: int
) -> None:
    fine = Net(6, (5, 7), batch)
    net = fine.conv_transpose(4, kernel, stride=stride, groups=groups)
    even = tuple(-(-k // s) * s for k, s in zip(kernel, stride, strict=True))
    (conv,) = net.facts().convs
    for finding in checkerboard_upsampling.run(net.facts()):
        larger = fine.conv_transpose(4, even, stride=stride, groups=groups).facts()
        assert not checkerboard_upsampling.run(larger)
        assert finding.evidence["even_kernel_macs"] == larger.macs
        assert finding.evidence["macs"] == net.facts().macs
        assert larger.macs
        assert finding.saving.macs == (net.facts().macs or 0) - larger.macs
        assert finding.saving.params == conv.weights - larger.convs[0].weights
        finer = tuple(size * step for size, step in zip((5, 7), stride, strict=True))
        resized = Net(6, finer, batch).conv(4, 3, groups=groups).facts()
        assert finding.evidence["resize_conv_macs"] == resized.macs


def test_reasons() -> None:
    net = MAP.conv(64).conv_transpose(32, 4).conv_transpose(32, 3)
    first, *found = checkerboard_upsampling.remarks(net.facts())
    assert isinstance(first, Silence)
    assert first.node == net.facts().convs[-2].node
    assert first.reason == "a kernel of 4x4 at stride 2 overlaps evenly: taps on each output: 4"
    assert len(found) == 1
