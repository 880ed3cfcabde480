import numpy as np
import pytest

from cnnlint.facts.structure.linear import by_channel, is_affine
from tests.net import Net

STEM = Net(3, 8).conv(4, name="a")
TWO = STEM.stored("two", np.array(2, np.float32))


def normalised(net: Net, *, training: int = 0) -> Net:
    """Append a BatchNormalization."""
    net = net.shaped("s", 4).shaped("b", 4).shaped("m", 4).shaped("v", 4)
    return net.op("BatchNormalization", "s", "b", "m", "v", training_mode=training)


@pytest.mark.parametrize(
    ("net", "affine"),
    [
        pytest.param(normalised(STEM), True, id="normalisation"),
        pytest.param(normalised(STEM, training=1), True, id="in training mode"),
        pytest.param(STEM.op("Transpose", perm=[0, 2, 3, 1]), True, id="layout"),
        pytest.param(TWO.op("Mul", "two"), True, id="scale"),
        pytest.param(TWO.op("Add", "two"), True, id="shift"),
        pytest.param(TWO.op("Div", "two"), True, id="divided by a constant"),
        pytest.param(TWO.joined("Div", "two", "a_out"), False, id="a constant divided by data"),
        pytest.param(STEM.op("Mul", "a_out"), False, id="a square"),
        pytest.param(STEM.op("Add", "input"), False, id="a sum of two"),
        pytest.param(STEM.relu(), False, id="activation"),
        pytest.param(STEM.op("AveragePool", kernel_shape=[2, 2]), False, id="pool"),
    ],
)
def test_is_affine(net: Net, affine: bool) -> None:
    facts = net.facts()
    assert is_affine(facts.nodes[-1], facts.data) is affine


NEXT = STEM.conv(6, name="b")
SWITCH = STEM.stored("ratio", np.array(0.5, np.float32))


@pytest.mark.parametrize(
    ("net", "found"),
    [
        pytest.param(STEM, "a", id="nothing between"),
        pytest.param(normalised(STEM, training=1), "a", id="in training mode"),
        pytest.param(TWO.op("Mul", "two").op("Add", "two"), "a", id="scale and shift"),
        pytest.param(STEM.op("Pad"), "a", id="padding"),
        pytest.param(STEM.output().op("Identity"), None, id="an output"),
        pytest.param(STEM.op("Identity").output(), None, id="an output behind it"),
        pytest.param(STEM.mark("x").relu().output().goto("x").op("Neg"), None, id="two readers"),
        pytest.param(STEM.relu(), None, id="activation"),
        pytest.param(STEM.op("Mul", "a_out"), None, id="a square"),
        pytest.param(Net(3, 8).op("Identity"), None, id="no layer"),
        pytest.param(
            Net(3, 8).shaped("w", 4, 3, 3, 3).op("FusedConv", "w", domain="com.microsoft"),
            None,
            id="an activation in it",
        ),
        pytest.param(
            Net(3, (4,)).mark("x").dense(4, name="d").op("Gemm", "w", "d_out").shaped("w", 4, 4),
            None,
            id="a sum in it",
        ),
        pytest.param(
            Net(3, (4,)).shaped("w", 1, 20, 4).shaped("r", 1, 20, 5).op("LSTM", "w", "r"),
            None,
            id="recurrent",
        ),
    ],
)
def test_sole_source(net: Net, found: str | None) -> None:
    net = net.op("Relu", name="end")
    source = net.facts().sole_source(net.nodes[-1].input[0])
    assert (source.layer.node.path if source else None) == found


def test_what_lies_between_nearest_first() -> None:
    net = TWO.op("Mul", "two").op("Add", "two").conv(2, name="b")
    (source,) = net.facts().linear_pairs.values()
    assert [node.op for node in source.between] == ["Add", "Mul"]


def test_pairs_by_their_second_layer() -> None:
    facts = NEXT.conv(2, name="c").relu().conv(2).facts()
    names = {node.key: node.path for node in facts.nodes}
    pairs = {names[key]: source.layer.node.path for key, source in facts.linear_pairs.items()}
    assert pairs == {"b": "a", "c": "b"}


@pytest.mark.parametrize(
    ("net", "shifts"),
    [
        pytest.param(STEM, True, id="bias"),
        pytest.param(Net(3, 8).conv(4, bias=False), False, id="no bias"),
        pytest.param(normalised(Net(3, 8).conv(4, bias=False)), True, id="normalised"),
        pytest.param(TWO.conv(4, bias=False).op("Add", "two"), True, id="sum"),
        pytest.param(TWO.conv(4, bias=False).op("Sub", "two"), True, id="difference"),
        pytest.param(TWO.conv(4, bias=False).op("Mul", "two"), False, id="product"),
        pytest.param(Net(3, ()).dense(4), True, id="dense"),
        pytest.param(Net(3, ()).op("Gemm", "w").shaped("w", 3, 4), False, id="dense, no bias"),
        pytest.param(Net(3, ()).op("MatMul", "w").shaped("w", 3, 4), False, id="matrix"),
    ],
)
def test_shifts(net: Net, shifts: bool) -> None:
    net = net.op("Relu", name="end")
    source = net.facts().sole_source(net.nodes[-1].input[0])
    assert source is not None
    assert source.shifts == shifts


def constant(net: Net, *dims: int, op: str = "Mul") -> Net:
    """Append a product with a constant of a shape."""
    return net.shaped("c", *dims).op(op, "c")


def tokens(*dims: int) -> Net:
    """Return 5 tokens of 3 numbers through a layer to 4, and a product with a constant."""
    net = Net(5, (3,)).shaped("w", 3, 4).op("MatMul", "w", name="m")
    return constant(net, *dims)


def switched(value: bool | None) -> Net:
    """Return a Dropout that is off, on, or nobody knows."""
    if value is None:
        net = SWITCH.shaped("hidden")
        return net.beside("Identity", "hidden", result="on").op("Dropout", "ratio", "on")
    return SWITCH.stored("on", np.array(value)).op("Dropout", "ratio", "on")


NONE = STEM.stored("none", np.array(0, np.float32)).stored("on", np.array(True))
DROPS_NONE = NONE.op("Dropout", "none", "on")


@pytest.mark.parametrize(
    ("net", "folds"),
    [
        pytest.param(STEM, True, id="nothing between"),
        pytest.param(normalised(STEM), True, id="normalisation"),
        pytest.param(normalised(STEM, training=1), False, id="in training mode"),
        pytest.param(STEM.op("Identity").op("Dropout"), True, id="nothing done"),
        pytest.param(switched(False), True, id="dropout that is off"),
        pytest.param(switched(True), False, id="dropout that is on"),
        pytest.param(DROPS_NONE, True, id="dropout of nothing"),
        pytest.param(switched(None), False, id="dropout of which nobody knows"),
        pytest.param(STEM.op("Pad"), False, id="padding"),
        pytest.param(TWO.op("Mul", "two"), True, id="one number"),
        pytest.param(TWO.joined("Sub", "two", "a_out"), True, id="a number less data"),
        pytest.param(constant(STEM, 4, 1, 1), True, id="one for each channel"),
        pytest.param(constant(STEM, 1, 4, 1, 1), True, id="one for each channel, 4 axes"),
        pytest.param(constant(STEM, 4, 8, 8), False, id="one for each number"),
        pytest.param(constant(STEM, 8), False, id="one for each column"),
        pytest.param(constant(Net(3, 8).conv(1), 6, 1, 1), False, id="more channels than came"),
        pytest.param(constant(STEM, 1, 4, 1, 1, 1), False, id="one more axis"),
        pytest.param(STEM.op("Mul"), False, id="a product of one"),
        pytest.param(tokens(4), True, id="tokens, one for each channel"),
        pytest.param(tokens(5, 1), False, id="one for each token"),
        pytest.param(normalised(Net(4, (3,)).op("MatMul", "w").shaped("w", 3, 4)), False, id="t"),
        pytest.param(normalised(Net(3, ()).dense(4)), True, id="dense and normalisation"),
    ],
)
def test_by_channel(net: Net, folds: bool) -> None:
    net = net.op("Relu", name="end")
    facts = net.facts()
    source = facts.sole_source(net.nodes[-1].input[0])
    assert source is not None
    assert by_channel(facts.model, facts.data, source) == folds


def test_shared_weights() -> None:
    twice = Net(3, 8).conv(3, name="a").relu().op("Conv", "a.weight", "b").shaped("b", 3)
    assert [twice.facts().shares_weights(conv) for conv in twice.facts().convs] == [True, True]
    bias = Net(3, 8).conv(3, name="a").relu().op("Conv", "w", "a.bias").shaped("w", 3, 3, 3, 3)
    assert [bias.facts().shares_weights(conv) for conv in bias.facts().convs] == [False, False]
