import pytest

from cnnlint.lint.finding import Finding, Saving, Severity, Silence
from cnnlint.lint.rule import OptionValue
from rules.kernels.oversized_stem_kernel import oversized_stem_kernel
from tests.net import Net

Options = dict[str, OptionValue]
IMAGE = Net(3, 64)


def said(net: Net, options: Options | None = None) -> list[str]:
    """Return the layer of each finding, and why the rule is silent about the others."""
    remarks = oversized_stem_kernel.remarks(net.facts(), options)
    return [
        remark.reason if isinstance(remark, Silence) else remark.nodes[0].path
        for remark in remarks
        if isinstance(remark, Silence | Finding)
    ]


@pytest.mark.parametrize(
    ("net", "said_of_it"),
    [
        pytest.param(IMAGE.conv(8, 9, stride=2, name="a"), "a", id="9x9"),
        pytest.param(IMAGE.conv(8, 8, stride=2, pad=3, name="a"), "a", id="8x8"),
        pytest.param(IMAGE.conv(8, 7, stride=2), "no side of its kernel 7x7 is above 7", id="7x7"),
        pytest.param(IMAGE.conv(8, (3, 9), stride=2, name="a"), "a", id="3x9"),
        pytest.param(
            IMAGE.conv(8, (1, 9), stride=2),
            "its kernel 1x9 is long on one axis only",
            id="one-dimensional",
        ),
        pytest.param(
            Net(1, (160,)).conv(8, 80, stride=4),
            "its kernel 80 is long on one axis only",
            id="1-D",
        ),
        pytest.param(Net(1, (24, 24, 24)).conv(8, 9, stride=2, name="a"), "a", id="3-D"),
        pytest.param(
            IMAGE.conv(8, 16, stride=16, pad=0),
            "it cuts the input into patches of 16x16",
            id="patches",
        ),
        pytest.param(
            IMAGE.conv(8, 16, stride=8, pad=4),
            "a kernel of 7 would step over pixels at stride 8",
            id="stride 8",
        ),
        pytest.param(IMAGE.conv(8, 16, stride=7, pad=4, name="a"), "a", id="stride 7"),
        pytest.param(
            IMAGE.conv(3, 9, stride=2, groups=3),
            "it has 3 groups, as fixed filters have",
            id="grouped",
        ),
        pytest.param(
            Net(1, 28).conv(8, 28, pad=0), "its kernel covers the whole input", id="covering"
        ),
        pytest.param(
            IMAGE.conv_transpose(8, 9, stride=2), "it is a transposed convolution", id="transposed"
        ),
        pytest.param(IMAGE.bn().pool().conv(8, 9, name="a"), "a", id="behind pooling"),
    ],
)
def test_of_a_stem(net: Net, said_of_it: str) -> None:
    assert said(net) == [said_of_it]


def test_of_what_is_no_stem() -> None:
    assert said(IMAGE.conv(8, 3).conv(8, 11)) == [
        "no side of its kernel 3x3 is above 7",
        "it is no stem",
    ]


def test_largest_kernel_is_an_option() -> None:
    assert said(IMAGE.conv(8, 7, stride=2, name="a"), {"max_kernel": 5}) == ["a"]
    assert said(IMAGE.conv(8, 9, stride=2), {"max_kernel": 9}) == [
        "no side of its kernel 9x9 is above 9"
    ]
    (finding,) = oversized_stem_kernel.run(IMAGE.conv(8, 7).facts(), {"max_kernel": 5})
    assert finding.evidence["small_kernel"] == (5, 5)


def test_example_of_the_manual() -> None:
    net = Net(3, 224).conv(64, 11, stride=4, pad=2)
    (finding,) = oversized_stem_kernel.run(net.facts())
    assert finding.message == "11x11 stem at stride 4"
    assert finding.suggestion == (
        "Conv 7x7 3->64 at the same stride: 28,459,200 instead of 70,276,800 MACs, 9,408 instead "
        "of 23,232 weights; at stride 2, with a pool for the rest, 118,013,952 MACs; needs "
        "retraining"
    )
    assert finding.evidence == {
        "kernel": (11, 11),
        "stride": (4, 4),
        "macs": 70_276_800,
        "small_kernel": (7, 7),
        "small_macs": 28_459_200,
        "stride_2_macs": 118_013_952,
    }
    assert finding.saving == Saving(
        macs=70_276_800 - 28_459_200, params=23_232 - 9_408, receptive_field=-4
    )
    assert finding.severity is None
    assert oversized_stem_kernel.severity is Severity.WARNING
    smaller = Net(3, 224).conv(64, 7, stride=4, pad=0, bias=False).facts()
    assert (smaller.macs, smaller.params) == (28_459_200, 9_408)
    finer = Net(3, 224).conv(64, 7, stride=2, bias=False).facts()
    assert finer.macs == 118_013_952


def test_stride_of_two_has_no_finer_one() -> None:
    (finding,) = oversized_stem_kernel.run(IMAGE.conv(8, 9, stride=2).facts())
    assert "at stride 2, with" not in finding.suggestion
    assert finding.evidence["stride_2_macs"] is None
    assert finding.severity is None


def test_only_the_axis_with_a_long_stride_gets_a_finer_one() -> None:
    net = Net(3, (64, 63), 2).conv(8, 9, stride=(1, 4))
    (finding,) = oversized_stem_kernel.run(net.facts())
    assert finding.evidence["stride_2_macs"] == 2 * 8 * 3 * 49 * 64 * 32


def test_stride_of_one_is_a_note() -> None:
    (finding,) = oversized_stem_kernel.run(IMAGE.conv(8, (9, 13), dilation=(3, 2)).facts())
    assert finding.severity is Severity.NOTE
    assert finding.saving.receptive_field == -12


def test_unknown_size() -> None:
    (finding,) = oversized_stem_kernel.run(IMAGE.conv(8, 11, stride=4).open_facts())
    assert finding.suggestion == (
        "Conv 7x7 3->8 at the same stride: 1,176 instead of 2,904 weights; needs retraining"
    )
    assert finding.saving == Saving(macs=None, params=2904 - 1176, receptive_field=-4)
