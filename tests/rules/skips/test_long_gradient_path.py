import pytest

from cnnlint.lint.finding import Saving, Severity, Silence
from cnnlint.lint.rule import OptionValue
from rules.skips.long_gradient_path import long_gradient_path
from tests.net import Net

Options = dict[str, OptionValue]
STEM = Net(3, 16).conv(16, name="stem").relu()


def fire(net: Net, channels: int = 16, squeezed: int = 4) -> Net:
    """Append a Fire module: a pointwise layer, two side by side, and a Concat."""
    net = net.conv(squeezed, 1).relu().mark("s")
    net = net.conv(channels // 2, 1).relu().mark("one").goto("s")
    return net.conv(channels // 2, 3).relu().concat("one")


def bypassed(net: Net) -> Net:
    net = net.mark("x")
    return fire(net).add("x")


@pytest.mark.parametrize(
    ("net", "options", "found"),
    [
        pytest.param(STEM.conv(16).repeat(19, fire), {}, 0, id="40"),
        pytest.param(STEM.repeat(20, fire), {}, 1, id="41"),
        pytest.param(STEM.repeat(20, fire), {"max_gradient_path": 41}, 0, id="41 allowed"),
        pytest.param(STEM.repeat(2, fire), {"max_gradient_path": 4}, 1, id="4 are too many"),
        pytest.param(STEM.repeat(30, bypassed), {}, 0, id="skip connections"),
        pytest.param(STEM.repeat(41, lambda n: n.conv(16)), {}, 0, id="plain"),
        pytest.param(STEM.repeat(20, fire).repeat(15, lambda n: n.conv(16)), {}, 1, id="16 plain"),
        pytest.param(STEM.repeat(20, fire).repeat(17, lambda n: n.conv(16)), {}, 0, id="17 plain"),
    ],
)
def test_reports(net: Net, options: Options, found: int) -> None:
    assert len(long_gradient_path.run(net.facts(), options)) == found


def test_example_of_the_manual() -> None:
    facts = STEM.repeat(60, fire).facts()
    (finding,) = long_gradient_path.run(facts)
    assert finding.severity is None
    assert long_gradient_path.severity is Severity.NOTE
    assert finding.message == (
        f"the shortest path to output {facts.model.outputs[0]} has 121 layers"
    )
    first, last = finding.nodes[0].path, finding.nodes[-1].path
    assert finding.suggestion == (
        "add a skip connection around 60 blocks that keep channels and grid, from the one that "
        f"ends at {first} to the one at {last}: they need neither weights nor MACs; needs "
        "retraining"
    )
    assert finding.evidence == {
        "shortest_path": 121,
        "threshold": 40,
        "depth": 121,
        "free_shortcuts": 60,
    }
    assert finding.saving == Saving(macs=0, params=0, activation_bytes=-4 * 16 * 16 * 16)
    assert {node.op for node in finding.nodes} == {"Concat"}
    assert STEM.repeat(60, bypassed).facts().topology.shortest_path == 1


def test_blocks_that_change_channels_are_not_free() -> None:
    net = STEM.repeat(20, fire)
    net = fire(net, 32).repeat(2, lambda n: fire(n, 32)).pool().repeat(2, lambda n: fire(n, 32))
    (finding,) = long_gradient_path.run(net.facts())
    assert finding.evidence["free_shortcuts"] == 20 + 2 + 2


def test_single_layers_are_no_block() -> None:
    net = STEM.repeat(20, fire).conv(16).relu().mark("x")
    net = fire(net.conv(16).relu())
    (finding,) = long_gradient_path.run(net.facts())
    assert finding.evidence["free_shortcuts"] == 20 + 2


def test_no_free_block() -> None:
    net, width = STEM, 16
    for place in range(21):
        width += 2
        net = fire(net, width, 200 + place)
    (finding,) = long_gradient_path.run(net.facts(), {"max_gradient_path": 20})
    assert finding.suggestion == (
        "skip connections with a 1x1 projection around every two or three layers; needs retraining"
    )
    assert finding.saving == Saving(macs=None, params=None, activation_bytes=None)
    assert len(finding.nodes) == 1 + 3 * 21


def test_unknown_sizes() -> None:
    net = Net(3, 16).op("Wavelet", domain="acme").conv(16).repeat(20, fire)
    (finding,) = long_gradient_path.run(net.facts())
    assert finding.evidence["free_shortcuts"] == 0


@pytest.mark.parametrize(
    ("net", "reason"),
    [
        pytest.param(STEM, "the shortest path has 1 of the 40 layers it may have", id="short"),
        pytest.param(
            STEM.repeat(41, lambda n: n.conv(16)), "S201 speaks of the 42 layers in series", id="p"
        ),
    ],
)
def test_silence(net: Net, reason: str) -> None:
    (said,) = long_gradient_path.remarks(net.facts())
    assert said == Silence(None, reason)


def test_silence_about_layers_within_blocks() -> None:
    *_, said = long_gradient_path.remarks(STEM.repeat(20, fire).facts())
    assert said == Silence(None, "its shortest path of 41 layers is reported once")
