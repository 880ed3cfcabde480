import pytest
from onnx import TensorProto

from cnnlint.lint.finding import Finding, Saving, Severity, Silence
from cnnlint.lint.presets import PRESETS
from rules.kernels.single_large_stem import single_large_stem
from tests.net import Net

IMAGE = Net(3, 64)


def said(net: Net) -> list[str]:
    """Return the layer of each finding, and why the rule is silent about the others."""
    return [
        remark.reason if isinstance(remark, Silence) else remark.nodes[0].path
        for remark in single_large_stem.remarks(net.facts())
        if isinstance(remark, Silence | Finding)
    ]


@pytest.mark.parametrize(
    ("net", "said_of_it"),
    [
        pytest.param(IMAGE.conv(8, 7, stride=2, name="a"), "a", id="7x7 s2"),
        pytest.param(IMAGE.conv(8, 7, name="a"), "a", id="7x7 s1"),
        pytest.param(Net(3, (16, 16, 16)).conv(8, 7, name="a"), "a", id="3-D"),
        pytest.param(Net(3, (64,)).conv(8, 7), "its kernel is 7, not 7x7", id="1-D"),
        pytest.param(IMAGE.conv(8, 5), "its kernel is 5x5, not 7x7", id="5x5"),
        pytest.param(IMAGE.conv(8, (7, 3)), "its kernel is 7x3, not 7x7", id="7x3"),
        pytest.param(IMAGE.conv(8, 9), "its kernel is 9x9, not 7x7", id="9x9"),
        pytest.param(
            IMAGE.conv(8, 7, stride=4), "at stride 4 it cuts overlapping patches", id="7x7 s4"
        ),
        pytest.param(
            IMAGE.conv(3, 7, stride=2, groups=3), "it is transposed or grouped", id="grouped"
        ),
        pytest.param(
            IMAGE.conv_transpose(8, 7, stride=2), "it is transposed or grouped", id="transposed"
        ),
    ],
)
def test_of_a_stem(net: Net, said_of_it: str) -> None:
    assert said(net) == [said_of_it]


def test_of_what_is_no_stem() -> None:
    assert said(IMAGE.conv(8, 3).conv(8, 7)) == ["its kernel is 3x3, not 7x7", "it is no stem"]


def test_on_in_the_preset_accuracy_only() -> None:
    assert not single_large_stem.default
    assert [name for name, preset in PRESETS.items() if "K104" in preset.on] == ["accuracy"]


def test_example_of_the_manual() -> None:
    (finding,) = single_large_stem.run(Net(3, 224).conv(64, 7, stride=2).facts())
    assert finding.message == "one 7x7 stem where ResNet-C has three 3x3"
    assert finding.suggestion == (
        "three Conv 3x3 3->32->32->64, stride 2 on the first, ReLU between: 357,654,528 instead "
        "of 118,013,952 MACs, 28,512 instead of 9,408 weights; needs retraining"
    )
    assert finding.evidence == {
        "stride": (2, 2),
        "macs": 118_013_952,
        "stack_channels": (3, 32, 32, 64),
        "stack_macs": 357_654_528,
        "stack_weights": 28_512,
    }
    assert finding.saving == Saving(
        macs=118_013_952 - 357_654_528,
        params=9_408 - 28_512,
        activation_bytes=-2 * 4 * 32 * 112**2,
        receptive_field=11 - 7,
    )
    assert single_large_stem.severity is Severity.NOTE


def test_remedy_costs_what_the_tool_counts_on_it() -> None:
    (finding,) = single_large_stem.run(Net(3, 40, 2).conv(19, 7, stride=(2, 1)).facts())
    net = Net(3, 40, 2).conv(10, 3, stride=(2, 1), bias=False).conv(10, bias=False)
    facts = net.conv(19, bias=False).facts()
    assert finding.evidence["stack_macs"] == facts.macs
    assert finding.evidence["stack_weights"] == facts.params
    assert finding.saving.activation_bytes == -2 * 4 * (2 * 10 * 20 * 40)
    assert "stride 2x1 on the first" in finding.suggestion


@pytest.mark.parametrize(("stride", "dilation", "change"), [(1, 1, 0), (2, 1, 4), (2, 2, None)])
def test_receptive_field(stride: int, dilation: int, change: int | None) -> None:
    net = IMAGE.conv(8, 7, stride=stride, dilation=dilation)
    (finding,) = single_large_stem.run(net.facts())
    assert finding.saving.receptive_field == change
    if change is not None:
        stack = IMAGE.conv(4, stride=stride).conv(4).conv(8).facts()
        assert stack.receptive_field == (7 + change, 7 + change)


def test_unknown_size_and_type() -> None:
    (finding,) = single_large_stem.run(IMAGE.conv(8, 7, stride=2).open_facts())
    assert finding.suggestion == (
        "three Conv 3x3 3->4->4->8, stride 2 on the first, ReLU between: 540 instead of 1,176 "
        "weights; needs retraining"
    )
    assert finding.saving == Saving(
        macs=None, params=1176 - 540, activation_bytes=None, receptive_field=4
    )
    net = Net(3, 64, dtype=TensorProto.UNDEFINED).conv(8, 7, stride=2)
    (finding,) = single_large_stem.run(net.facts())
    assert finding.saving.activation_bytes is None
