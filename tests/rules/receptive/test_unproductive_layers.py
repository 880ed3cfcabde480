import numpy as np
import pytest

from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Finding, Saving, Severity, Silence
from cnnlint.lint.rule import OptionValue
from cnnlint.model.loader import load
from rules.receptive.unproductive_layers import unproductive_layers
from tests.net import Net
from tests.rules.receptive.published import resnet18, vgg16

Options = dict[str, OptionValue]
W, N = Severity.WARNING, Severity.NOTE


def plain(layers: int, size: int | tuple[int, ...] = 7, k: int | tuple[int, ...] = 3) -> Net:
    """Build layers without bias, so that nothing can have been folded into them."""
    net = Net(8, size)
    for place in range(layers):
        net = net.conv(8, k, bias=False, name=f"c{place + 1}").relu()
    return net


def ended(net: Net) -> Net:
    return net.gap().flatten().dense(4)


def idle(net: Net) -> list[str]:
    found = unproductive_layers.run(net.facts(), {"min_note_share": 0.0})
    return [node.path for finding in found for node in finding.nodes]


def why(net: Net) -> list[str]:
    """Return the reasons that hold for the model as a whole."""
    said = list(unproductive_layers.remarks(net.facts()))
    assert all(isinstance(remark, Silence) for remark in said)
    return [said.reason for said in said if isinstance(said, Silence) and said.node is None]


@pytest.mark.parametrize(
    ("net", "found"),
    [
        pytest.param(ended(plain(3)), [], id="5 of 7 seen"),
        pytest.param(ended(plain(4)), ["c4"], id="7 of 7 seen"),
        pytest.param(ended(plain(5)), ["c4", "c5"], id="two"),
        pytest.param(ended(plain(5, 8)), ["c5"], id="7 of 8, then 9"),
        pytest.param(ended(plain(4).conv(8, 1)), ["c4"], id="pointwise ones have no window"),
        pytest.param(plain(5).flatten().dense(4, cin=392), ["c4", "c5"], id="flattened"),
        pytest.param(plain(5), [], id="the output is a map"),
        pytest.param(ended(plain(5).mark("x")).goto("x").output(), [], id="one output is a map"),
        pytest.param(ended(plain(5, (7, 99))), [], id="one axis sees all"),
        pytest.param(ended(plain(5, (7, 99), (3, 1))), ["c4", "c5"], id="along the kernel only"),
        pytest.param(ended(plain(5, (7,))), ["c4", "c5"], id="1-D"),
        pytest.param(ended(plain(5, (7, 7, 7))), ["c4", "c5"], id="3-D"),
        pytest.param(
            ended(plain(3, 99).conv(8, dilation=99, name="d")), ["d"], id="one tap on the map"
        ),
        pytest.param(
            ended(plain(3, 99).conv(8, dilation=98, name="d")), [], id="two taps on the map"
        ),
        pytest.param(
            ended(plain(3, (99, 9)).conv(8, dilation=(1, 9))), [], id="one tap on one axis"
        ),
        pytest.param(ended(Net(8, 1).conv(8, 3).conv(8, 3)), ["conv0", "conv1"], id="1x1 image"),
        pytest.param(
            ended(plain(4, 9).pool(2, 2).conv(8, 4, pad=0, name="d")), [], id="covers its map"
        ),
        pytest.param(
            ended(plain(4, 9).pool(2, 2).conv(8, (4, 3), pad=0, name="d")), ["d"], id="not quite"
        ),
        pytest.param(
            ended(plain(4, 9).pool(2, 2).conv(8, 4, pad=1, name="d")), ["d"], id="padded"
        ),
    ],
)
def test_reports(net: Net, found: list[str]) -> None:
    assert idle(net) == found


def test_shortest_path_decides() -> None:
    def block(net: Net) -> Net:
        return net.mark("x").conv(8, bias=False).relu().conv(8, bias=False).add("x").relu()

    assert not idle(ended(plain(1).repeat(9, block)))


def test_gates_are_left_alone() -> None:
    net = plain(3).mark("x").conv(8, name="a").relu().conv(8, name="b").op("Sigmoid").mul("x")
    assert idle(ended(net)) == []


def test_unknown_size_is_left_alone() -> None:
    facts = ended(plain(5, 300)).open_facts()  # taken to be 224
    assert not unproductive_layers.run(facts)
    assert why(Net(8, 7).op("Wavelet", domain="acme").conv(8).gap()) == [
        "not every output comes from a map that is pooled or flattened"
    ]


def test_one_layer_sees_nothing_new() -> None:
    (finding,) = unproductive_layers.run(ended(plain(3, 5)).facts())
    assert finding.message == (
        "1 of 3 convolutions with a window sees nothing new of the 5x5 input (33% of the MACs)"
    )


def test_example_of_the_manual() -> None:
    (finding,) = unproductive_layers.run(vgg16(32).facts())
    assert finding.severity is W
    assert finding.message == (
        "7 of 13 convolutions with a window see nothing new of the 32x32 input (51% of the MACs)"
    )
    assert finding.suggestion == (
        "fewer layers: without these 160,432,128 MACs and 13,565,952 weights less, or an input "
        "of 165 pixels and more a side; needs retraining"
    )
    assert finding.evidence == {
        "layers": 7,
        "of": 13,
        "input": (32, 32),
        "mac_share": 0.5122,
        "least_useful_input": 165,
        "folded_skips": "no",
    }
    assert finding.saving == Saving(macs=160_432_128, params=13_565_952, receptive_field=None)
    assert len(finding.nodes) == 7
    assert not unproductive_layers.run(vgg16(224).facts())


def test_resnet_18() -> None:
    """The catalogue's figures: 3 layers and 19 % at 32 pixels, none at 224."""
    (finding,) = unproductive_layers.run(resnet18(32).facts())
    assert finding.severity is N
    assert [node.path for node in finding.nodes] == [
        "layer3.1.conv2",
        "layer4.0.conv2",
        "layer4.1.conv2",
    ]
    assert finding.evidence["mac_share"] == 0.1912
    assert not unproductive_layers.run(resnet18(224).facts())


@pytest.mark.parametrize(
    ("options", "severity"),
    [
        pytest.param({}, W, id="default"),
        pytest.param({"min_mac_share": 0.51}, W, id="just"),
        pytest.param({"min_mac_share": 0.52}, N, id="just not"),
        pytest.param({"min_note_share": 0.51}, W, id="enough"),
        pytest.param({"min_note_share": 0.52}, None, id="too little"),
    ],
)
def test_shares(options: Options, severity: Severity | None) -> None:
    found = [finding.severity for finding in unproductive_layers.run(vgg16(32).facts(), options)]
    assert found == ([severity] if severity else [])


def test_default_note_share() -> None:
    assert why(
        ended(
            Net(3, 7)
            .conv(150, bias=False)
            .conv(1, bias=False, k=1)
            .repeat(3, lambda n: n.conv(1, bias=False))
        )
    ) == ["0.2% of the MACs see nothing new"]


# Skip connections that were folded into kernels


def kernel(*, folded: bool) -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
    weight = np.random.default_rng(0).normal(0, 0.1, (8, 8, 3, 3))
    if folded:
        weight[range(8), range(8), 1, 1] += 1
    return weight.astype(np.float32)


def deployed(*, folded: bool) -> Net:
    return Net(8, 7).repeat(5, lambda n: n.conv(8, weight=kernel(folded=folded)).relu())


def test_folded_skip_connections() -> None:
    reason = "kernels hold folded skip connections, which keep the receptive field small"
    assert why(ended(deployed(folded=True))) == [reason]
    (finding,) = unproductive_layers.run(ended(deployed(folded=False)).facts())
    assert finding.severity is W
    (finding,) = unproductive_layers.run(
        ended(deployed(folded=True)).facts(), {"identity_ratio": 100.0}
    )
    assert finding.severity is W


def test_unreadable_weights() -> None:
    stored = Net(8, 7).repeat(5, lambda n: n.conv(8).relu())
    (finding,) = unproductive_layers.run(ended(stored).facts())
    assert isinstance(finding, Finding)
    assert finding.severity is N
    assert finding.message.endswith(
        " (40% of the MACs) (weights are needed to tell whether kernels hold skip connections, "
        "as in RepVGG)"
    )
    assert idle(ended(stored)) == [node.path for node in finding.nodes]
    pooled = Net(8, 14).conv(8).relu().pool().repeat(5, lambda n: n.conv(8).relu())
    (finding,) = unproductive_layers.run(ended(pooled).facts(), {"min_mac_share": 0.2})
    assert finding.severity is W
    assert finding.evidence["folded_skips"] == "no"


def test_silence() -> None:
    assert why(plain(5)) == ["not every output comes from a map that is pooled or flattened"]
    said = list(unproductive_layers.remarks(ended(plain(4, (7, 9))).facts()))
    assert [(s.node and s.node.path, s.reason) for s in said if isinstance(s, Silence)] == [
        (f"c{place + 1}", f"its input sees {side}x{side} of 7x9 pixels along the shortest path")
        for place, side in enumerate((1, 3, 5, 7))
    ]


def test_silence_where_other_layers_are_idle() -> None:
    said = list(unproductive_layers.remarks(ended(plain(4)).facts()))
    assert [type(remark) for remark in said] == [Silence] * 3 + [Finding]


def test_silence_behind_whole_image_context() -> None:
    net = Net(8, 4).conv(8).pool(4, 4).conv(8, name="odd")
    said = list(unproductive_layers.remarks(ended(net).facts()))
    assert said[-1] == Silence(
        net.facts().convs[-1].node, "what its input sees has no bounds, or can't be followed"
    )


def test_silence_where_inputs_differ() -> None:
    proto = ended(plain(2)).proto()
    other = proto.graph.input.add()
    other.CopyFrom(proto.graph.input[0])
    other.name = "other"
    other.type.tensor_type.shape.dim[3].dim_value = 10
    said = list(unproductive_layers.remarks(Facts(load(proto.SerializeToString()))))
    assert isinstance(said[0], Silence)
    assert said[0].reason == (
        "its input sees 1x1 of an unknown number of pixels along the shortest path"
    )
