import numpy as np
import pytest
from onnx import helper

from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Saving, Severity, Silence
from cnnlint.lint.rule import OptionValue
from cnnlint.model.loader import load
from rules.skips.encoder_decoder_without_skip import encoder_decoder_without_skip
from tests.net import Net

Options = dict[str, OptionValue]
W, N = Severity.WARNING, Severity.NOTE


def resized(net: Net, factor: float) -> Net:
    name = f"by{len(net.nodes)}"
    beside = net.stored(name, np.array([1, 1, factor, factor], np.float32))
    return beside.op("Resize", "", name, mode="nearest")


def encoder(size: int = 32, levels: int = 3, widths: tuple[int, ...] = (4, 8, 16)) -> Net:
    net = Net(3, size)
    for level in range(levels):
        net = net.conv(widths[level], name=f"enc{level}").relu().mark(f"e{level}").pool()
    return net.conv(2 * widths[levels - 1], name="mid").relu()


def decoder(net: Net, levels: int = 3, *, join: str = "", classes: int = 5, stop: int = 0) -> Net:
    for level in reversed(range(stop, levels)):
        net = net.conv_transpose(4 << level, 2, name=f"up{level}")
        net = net.add(f"e{level}") if join == "add" else net
        net = net.concat(f"e{level}") if join == "concat" else net
        net = net.conv(4 << level, name=f"dec{level}").relu()
    return net.conv(classes, 1, name="out")


def gated(net: Net) -> Net:
    """Let the first map of the way down gate the last of the way up."""
    net = net.mark("d").goto("e0").conv(4, 1).op("Sigmoid")
    return net.mul("d")


@pytest.mark.parametrize(
    ("net", "options", "severity"),
    [
        pytest.param(decoder(encoder()), {}, W, id="8 times"),
        pytest.param(decoder(encoder(levels=2), 2), {}, N, id="4 times"),
        pytest.param(decoder(encoder(levels=2), 2, join="add"), {}, None, id="4 times with skips"),
        pytest.param(decoder(encoder(levels=2), 2, classes=3), {}, None, id="style transfer"),
        pytest.param(decoder(encoder(levels=2), 2), {"note_bottleneck": 5}, None, id="5 for it"),
        pytest.param(
            decoder(encoder(levels=1), 1), {"note_bottleneck": 2}, None, id="one step, 2"
        ),
        pytest.param(decoder(encoder(levels=2), 2), {"min_bottleneck": 4}, W, id="4 asked for"),
        pytest.param(decoder(encoder()), {"min_bottleneck": 9}, N, id="9 asked for"),
        pytest.param(
            decoder(encoder(), 3, stop=1, classes=8).add("e1").conv_transpose(4, 2).conv(5),
            {},
            None,
            id="LinkNet, a skip at 2 pixels",
        ),
        pytest.param(
            decoder(encoder(), 3, stop=2, classes=16)
            .add("e2")
            .conv_transpose(8, 2)
            .conv_transpose(4, 2),
            {},
            None,
            id="a skip at 4 pixels will do",
        ),
        pytest.param(decoder(encoder(), join="add"), {}, None, id="U-Net with Add"),
        pytest.param(decoder(encoder(), join="concat"), {}, None, id="U-Net"),
        pytest.param(decoder(encoder(), classes=3), {}, N, id="autoencoder"),
        pytest.param(encoder(), {}, None, id="encoder alone"),
        pytest.param(encoder().gap().flatten().dense(4), {}, None, id="classifier"),
        pytest.param(resized(encoder().conv(5), 8), {}, None, id="one step"),
        pytest.param(resized(encoder().conv(5), 8).conv(5), {}, None, id="one step and a layer"),
        pytest.param(resized(resized(encoder(), 2), 4), {}, None, id="no layer behind"),
        pytest.param(resized(resized(encoder(), 2).conv(9), 4), {}, W, id="a layer between"),
        pytest.param(
            encoder().conv_transpose(8, 2).conv_transpose(8, 4, stride=4), {}, W, id="transposed"
        ),
        pytest.param(
            decoder(encoder().conv(8, stride=2).conv(8, stride=2), 3, stop=1), {}, None, id="at 8"
        ),
        pytest.param(
            decoder(encoder(64, 4, (4, 8, 16, 32)).conv(8, stride=2), 4, stop=1),
            {},
            N,
            id="pose estimation at 4",
        ),
        pytest.param(
            decoder(encoder(64, 4, (4, 8, 16, 32)).conv(8, stride=2), 4, stop=1),
            {"note_from_jump": 5},
            W,
            id="5 and more are a note",
        ),
        pytest.param(
            decoder(encoder(64, 4, (4, 8, 16, 32)).conv(8, stride=2), 4, stop=1),
            {"max_output_jump": 3},
            None,
            id="coarser than asked for",
        ),
        pytest.param(
            decoder(encoder(64, 4, (4, 8, 16, 32)).conv(8, stride=2), 4, stop=1, join=""),
            {"min_bottleneck": 9, "note_bottleneck": 9},
            None,
            id="measured by the output",
        ),
        pytest.param(gated(decoder(encoder()).conv(4)), {}, W, id="a gate is no way round"),
        pytest.param(
            decoder(Net(8, 1).conv_transpose(16, 4, name="start")),
            {},
            None,
            id="generator",
        ),
        pytest.param(
            decoder(encoder()).mark("m").output().goto("e0").conv(4), {}, W, id="one of two"
        ),
        pytest.param(
            resized(resized(resized(Net(3, 8).conv(8), 2).conv(8), 2).conv(8), 2).conv(8),
            {},
            None,
            id="super-resolution",
        ),
    ],
)
def test_reports(net: Net, options: Options, severity: Severity | None) -> None:
    found = encoder_decoder_without_skip.run(net.facts(), options)
    assert [finding.severity for finding in found] == ([severity] if severity else [])


def test_way_with_fewest_steps_decides() -> None:
    """PSPNet pools further and brings that back, but goes up to the output in one step."""
    net = encoder().mark("c")
    net = resized(net.pool(2, 2).conv(4, 1), 2).concat("c").conv(9)
    assert not encoder_decoder_without_skip.run(resized(net, 8).facts())


def published(size: int = 96) -> Net:
    """Build a U-Net without its skip connections."""
    net = Net(3, size)
    for level, width in enumerate((16, 32, 64)):
        net = net.conv(width).relu().conv(width, name=f"enc{level}").pool()
    net = net.conv(128).relu()
    for level, width in ((2, 64), (1, 32), (0, 16)):
        net = net.conv_transpose(width, 2).conv(width, name=f"dec{level}").relu().conv(width)
    return net.conv(5, 1, name="out")


def test_example_of_the_manual() -> None:
    (finding,) = encoder_decoder_without_skip.run(published().facts())
    assert finding.message == (
        f"all of output {finding.evidence['output']} goes through maps of 8 pixels a position, "
        "and no skip connection leads round them"
    )
    assert finding.suggestion == (
        "join enc2 (64x24x24) into dec2, enc1 (32x48x48) into dec1, enc0 (16x96x96) into dec0: "
        "by Add at no cost where channels are equal (3 of 3) or by Concat for 63,700,992 MACs "
        "and 48,384 weights in all; needs retraining"
    )
    assert finding.evidence["joins"] == ("enc2 -> dec2", "enc1 -> dec1", "enc0 -> dec0")
    assert finding.evidence["upsampling_steps"] == 3
    assert finding.evidence["concat_macs"] == 63_700_992
    assert finding.evidence["concat_weights"] == 48_384
    kept = 4 * (64 * 24 * 24 + 32 * 48 * 48 + 16 * 96 * 96)
    assert finding.saving == Saving(macs=0, params=0, activation_bytes=-kept)
    assert [node.path for node in finding.nodes] == ["dec2", "dec1", "dec0"]


def test_what_a_concat_costs() -> None:
    """The network with the Concat in it costs as much more."""

    def net(*, joined: bool) -> Net:
        start = encoder()
        for level in (2, 1, 0):
            start = start.conv_transpose(6, 2)
            start = start.concat(f"e{level}") if joined else start
            start = start.conv(5).relu()
        return start

    before, after = net(joined=False).facts(), net(joined=True).facts()
    (finding,) = encoder_decoder_without_skip.run(before)
    assert "by Add" not in finding.suggestion
    assert before.macs is not None
    assert after.macs is not None
    assert finding.saving.macs == before.macs - after.macs
    assert finding.saving.params == before.params - after.params


def test_no_pair_of_equal_grid() -> None:
    net = Net(3, 40).conv(4, 3, pad=0).pool(8, 8).conv(8)
    net = net.conv_transpose(8, 2).conv_transpose(5, 4, stride=4).conv(5)
    (finding,) = encoder_decoder_without_skip.run(net.facts())
    assert finding.suggestion == (
        "join maps of the way down into the way up, resized where their grids differ; needs "
        "retraining"
    )
    assert len(finding.nodes) == 1


def test_more_pairs_than_are_named() -> None:
    widths = (4, 4, 4, 4, 4, 4)
    net = decoder(encoder(128, 6, widths), 6)
    (finding,) = encoder_decoder_without_skip.run(net.facts())
    assert " and 2 more: " in finding.suggestion


@pytest.mark.parametrize(
    ("task", "severity"), [("anomaly", N), ("Compression", N), ("segmentation", W)]
)
def test_task(task: str, severity: Severity) -> None:
    proto = decoder(encoder()).proto()
    helper.set_model_props(proto, {"cnnlint.task": task})
    (finding,) = encoder_decoder_without_skip.run(Facts(load(proto.SerializeToString())))
    assert finding.severity is severity


@pytest.mark.parametrize(
    ("net", "reason"),
    [
        pytest.param(Net(3, 32).conv(4).gap(), "no output is a map of the input", id="no map"),
        pytest.param(encoder(), "a position of the output stands for 8 pixels", id="coarse"),
        pytest.param(
            decoder(encoder(levels=1), 1), "no map is coarser than 2 pixels a position", id="2"
        ),
        pytest.param(
            decoder(encoder(levels=2), 2, join="add"),
            "a path leads round all maps of 4 pixels a position",
            id="small U-Net",
        ),
        pytest.param(
            decoder(encoder(levels=2), 2, classes=3),
            "it makes its input over again, and no map is much coarser",
            id="style transfer",
        ),
        pytest.param(
            decoder(encoder(), join="add"),
            "a path leads round all maps of 8 pixels a position",
            id="U-Net",
        ),
        pytest.param(
            resized(encoder(), 8),
            "the coarse map is brought to the output's size in one step",
            id="one step",
        ),
    ],
)
def test_silence(net: Net, reason: str) -> None:
    (said,) = encoder_decoder_without_skip.remarks(net.facts())
    assert isinstance(said, Silence)
    assert said.reason == reason


def test_only_so_many_outputs_are_looked_at() -> None:
    net = Net(3, 32).conv(4).mark("x")
    for _ in range(9):
        net = net.goto("x").conv(4).output()
    assert len(list(encoder_decoder_without_skip.remarks(net.facts()))) == 8


def test_unknown_sizes() -> None:
    (finding,) = encoder_decoder_without_skip.run(decoder(encoder(224)).open_facts())
    assert finding.severity is W


def test_silence_about_layers_of_the_way_down() -> None:
    facts = published().facts()
    *_, said = encoder_decoder_without_skip.remarks(facts)
    reason = f"its output {facts.model.outputs[0]} is reported once, at layers of the way up"
    assert said == Silence(None, reason)
