import numpy as np
import pytest

from cnnlint.facts.structure.pointwise import is_blind, pointwise
from tests.net import Net

INPUT = Net(8, 16)
SEES = INPUT.conv(8, 3, name="sees").relu()


def last(net: Net) -> bool:
    """Return whether the last layer is pointwise."""
    return pointwise(list(net.facts().layers.values())[-1]) is not None


def channels_last(net: Net, units: int, name: str = "") -> Net:
    """Append a dense layer over the channels of a map."""
    net = net.op("Transpose", perm=[0, 2, 3, 1])
    net = net.shaped(f"w{name}", net.cin, units).op("MatMul", f"w{name}", width=units, name=name)
    return net.op("Transpose", perm=[0, 3, 1, 2])


@pytest.mark.parametrize(
    ("net", "found"),
    [
        pytest.param(INPUT.conv(4, 1), True, id="1x1"),
        pytest.param(INPUT.conv(4, 1, stride=2), True, id="strided"),
        pytest.param(INPUT.conv(8, 1, groups=2), True, id="grouped"),
        pytest.param(INPUT.conv(8, 1, groups=8), False, id="scaling"),
        pytest.param(INPUT.conv(4, 3), False, id="3x3"),
        pytest.param(INPUT.conv_transpose(4, 1, stride=1), False, id="transposed"),
        pytest.param(Net(8, 1).conv(4, 1), False, id="one position"),
        pytest.param(Net(8, (1, 2)).conv(4, 1), True, id="two positions"),
        pytest.param(Net(8, (16,)).conv(4, 1), True, id="1-D"),
        pytest.param(INPUT.pool(), False, id="pool"),
        pytest.param(channels_last(INPUT, 4), True, id="channels last"),
        pytest.param(channels_last(Net(8, 1), 4), False, id="channels last, one position"),
        pytest.param(INPUT.gap().flatten().dense(4), False, id="vector"),
        pytest.param(Net(8, (16,)).shaped("w", 16, 4).op("MatMul", "w"), False, id="tokens"),
    ],
)
def test_pointwise(net: Net, found: bool) -> None:
    assert last(net) == found


def test_size_of_a_pointwise_layer() -> None:
    for net in (Net(8, (16, 9), 2).conv(4, 1), channels_last(Net(8, (16, 9), 2), 4)):
        facts = net.facts()
        layer = pointwise(next(iter(facts.layers.values())))
        assert layer
        assert (layer.cin, layer.cout, layer.axes) == (8, 4, 2)
        assert layer.positions == 2 * 16 * 9
        assert (layer.weights, layer.macs) == (32, facts.macs)
        assert layer.depthwise_weights == 72
        assert layer.data == layer.node.inputs[0]


def test_unknown_size_is_not_pointwise() -> None:
    assert pointwise(INPUT.conv(4, 1).open_facts().convs[0]) is None


@pytest.mark.parametrize(
    ("net", "found"),
    [
        pytest.param(SEES.conv(4, 1, name="a").conv(4, 1, name="b"), ["a b"], id="two"),
        pytest.param(SEES.conv(4, 1, name="a"), [], id="one"),
        pytest.param(
            SEES.conv(4, 1, name="a").bn().relu()
            .conv(4, 1, stride=2, name="b").conv(2, 1, name="c"),
            ["a b c"],
            id="three",
        ),
        pytest.param(
            channels_last(channels_last(SEES, 4, "a").relu(), 8, "b").conv(4, 1, name="c"),
            ["a b c"],
            id="dense layers too",
        ),
        pytest.param(SEES.conv(4, 1).conv(4, 3).conv(4, 1), [], id="a window between"),
        pytest.param(SEES.conv(4, 1).pool().conv(4, 1), [], id="a pool between"),
        pytest.param(
            SEES.conv(4, 1).mark("x").op("ReduceMean", axes=[2, 3]).add("x").conv(4, 1),
            [],
            id="whole-image context between",
        ),
        pytest.param(
            SEES.conv(4, 1).mark("x").conv(4, 1).add("x").conv(4, 1), [], id="a skip around"
        ),
        pytest.param(
            SEES.conv(4, 1).op("SpaceToDepth", blocksize=2, width=16).conv(4, 1),
            [],
            id="a wider field between",
        ),
        pytest.param(
            SEES.shaped("u", 16, 16).op("MatMul", "u").shaped("v", 16, 16).op("MatMul", "v"),
            [],
            id="mixing along an axis",
        ),
        pytest.param(
            SEES.conv(4, 1, name="a").conv(4, 1, name="b").conv(4, 3).conv(4, 1, name="c")
            .conv(4, 1, name="d"),
            ["a b", "c d"],
            id="two runs",
        ),
    ],
)  # fmt: skip
def test_runs(net: Net, found: list[str]) -> None:
    runs = net.facts().pointwise_runs
    assert [" ".join(p.node.path for p in run) for run in runs] == found


def shuffled(net: Net) -> Net:
    """Read other rows, nobody knows which."""
    return net.stored("i", np.zeros((1, 8, 16, 16), np.int64)).op("GatherElements", "i", axis=2)


def test_runs_of_unknown_sight_are_left_alone() -> None:
    facts = shuffled(SEES).conv(4, 1).conv(4, 1).facts()
    assert facts.receptive.get(facts.convs[-1].node.inputs[0]) is None
    assert not facts.pointwise_runs


def is_blind_net(net: Net) -> bool:
    facts = net.facts()
    ops = {node.op for node in facts.nodes}
    return is_blind(facts.layers, facts.receptive, facts.receptive_field, ops)


def resized(net: Net) -> Net:
    """Go down by a strided 1x1, up again, and join what was there."""
    net = net.mark("x").conv(8, 1, stride=2).stored("s", np.array([1, 1, 2, 2], np.float32))
    return net.op("Resize", "", "s", mode="nearest").add("x")


def mixed(net: Net) -> Net:
    """Mix the whole map into every position."""
    net = net.mark("x")
    return net.op("ReduceMean", axes=[2, 3]).add("x")


@pytest.mark.parametrize(
    ("net", "blind"),
    [
        pytest.param(INPUT.conv(4, 1).gap().flatten().dense(3), True, id="1x1"),
        pytest.param(INPUT.conv(4, 1).pool(1, 2).conv(4, 1), True, id="a pool without window"),
        pytest.param(INPUT.conv(4, 1).pool().conv(4, 1), False, id="a pool"),
        pytest.param(INPUT.conv(4, 1).conv(4, 3), False, id="3x3"),
        pytest.param(INPUT.conv(4, 1).gap().conv(4, 3), False, id="3x3 on one position"),
        pytest.param(mixed(INPUT.conv(4, 1)).conv(4, 1), False, id="context"),
        pytest.param(mixed(INPUT.conv(4, 1)), True, id="context for nobody"),
        pytest.param(
            shuffled(INPUT.conv(8, 1)).conv(4, 1),
            False,
            id="unknown sight",
        ),
        pytest.param(
            INPUT.conv(4, 1).shaped("i", 16).op("Gather", "i", axis=2).conv(4, 1),
            False,
            id="unknown sight on one axis",
        ),
        pytest.param(
            INPUT.conv(16, 1).op("DepthToSpace", blocksize=2, width=4)
            .op("SpaceToDepth", blocksize=4, width=64).conv(4, 1),
            False,
            id="a wider field by other means",
        ),
        pytest.param(resized(INPUT.conv(8, 1)).conv(8, 1), True, id="resized"),
    ],
)  # fmt: skip
def test_blind(net: Net, blind: bool) -> None:
    assert is_blind_net(net) == blind


def test_recurrent_layers_see() -> None:
    net = Net(8, (16,)).conv(4, 1).op("Transpose", perm=[2, 0, 1])
    net = net.shaped("w", 1, 16, 4).shaped("r", 1, 16, 4).op("LSTM", "w", "r", hidden_size=4)
    assert set(net.facts().receptive_field or ()) == {1}
    assert not is_blind_net(net)


def test_no_field_is_not_blind() -> None:
    assert not is_blind_net(Net(8, ()).dense(4))
