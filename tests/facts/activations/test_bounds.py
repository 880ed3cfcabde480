from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlint.facts.activations.bounds import ANY, Bounds, _times
from tests.net import Net

MAP = Net(4, 8).conv(4, name="first")
FLOAT = np.float32


def clipped(net: Net, least: float | None, most: float | None) -> Net:
    """Append a Clip; a bound of None is left out."""
    names = []
    for name, bound in (("least", least), ("most", most)):
        names.append("" if bound is None else name + str(len(net.nodes)))
        if bound is not None:
            net = net.stored(names[-1], np.array(bound, FLOAT))
    return net.op("Clip", *names)


def with_constant(net: Net, op: str, *values: float) -> Net:
    return net.stored("constant", np.array(values, FLOAT)).op(op, "constant")


RELU = MAP.relu()
SIX = clipped(MAP, 0, 6)
TANH = MAP.op("Tanh")


@pytest.mark.parametrize(
    ("net", "bounds"),
    [
        pytest.param(Net(4, 8).op("Identity"), ANY, id="input"),
        pytest.param(MAP, ANY, id="convolution"),
        pytest.param(RELU, (0, inf), id="Relu"),
        pytest.param(SIX, (0, 6), id="Relu6"),
        pytest.param(clipped(MAP, -2, 5), (-2, 5), id="Clip"),
        pytest.param(clipped(MAP, None, 5), (-inf, 5), id="Clip from above"),
        pytest.param(clipped(MAP, None, None), ANY, id="Clip without bounds"),
        pytest.param(
            MAP.goto_input().gap().flatten().mark("b").op("ReduceMax").op("Clip", "flatten2_out"),
            ANY,
            id="Clip with a bound that is data",
        ),
        pytest.param(SIX.op("Clip", "first_out"), ANY, id="Clip with a map as its bound"),
        pytest.param(clipped(SIX, 1, 9), (1, 6), id="Clip of a Clip"),
        pytest.param(clipped(SIX, 7, 9), (7, 7), id="Clip that leaves nothing"),
        pytest.param(clipped(TANH, 0, None), (0, 1), id="upper half"),
        pytest.param(MAP.op("Sigmoid"), (0, 1), id="Sigmoid"),
        pytest.param(MAP.op("HardSigmoid"), (0, 1), id="HardSigmoid"),
        pytest.param(MAP.op("Softmax"), (0, 1), id="Softmax"),
        pytest.param(MAP.op("LogSoftmax"), (-inf, 0), id="LogSoftmax"),
        pytest.param(TANH, (-1, 1), id="Tanh"),
        pytest.param(MAP.op("Softsign"), (-1, 1), id="Softsign"),
        pytest.param(MAP.op("Softplus"), (0, inf), id="Softplus"),
        pytest.param(MAP.op("LeakyRelu"), ANY, id="LeakyRelu"),
        pytest.param(SIX.op("LeakyRelu"), (0, 6), id="LeakyRelu of what isn't negative"),
        pytest.param(TANH.op("LeakyRelu"), ANY, id="LeakyRelu of both signs"),
        pytest.param(SIX.op("Elu"), (0, 6), id="Elu of what isn't negative"),
        pytest.param(SIX.op("Selu"), ANY, id="Selu scales"),
        pytest.param(MAP.mark("x").op("Sigmoid").mul("x"), ANY, id="SiLU"),
        pytest.param(MAP.op("Exp"), (0, inf), id="Exp"),
        pytest.param(MAP.op("Erf"), (-1, 1), id="Erf"),
        pytest.param(MAP.op("Abs"), (0, inf), id="Abs"),
        pytest.param(clipped(MAP, -2, 1).op("Abs"), (0, 2), id="Abs of a Clip"),
        pytest.param(SIX.op("Neg"), ANY, id="Neg isn't followed"),
        pytest.param(SIX.pool(), (0, 6), id="MaxPool"),
        pytest.param(SIX.gap(), (0, 6), id="GlobalAveragePool"),
        pytest.param(clipped(MAP, 1, 6).pool(op="AveragePool"), (0, 6), id="padding is zero"),
        pytest.param(
            clipped(MAP, 1, 6).stored("pads", [0, 0, 1, 1] * 2).op("Pad", "pads"),
            (0, 6),
            id="Pad",
        ),
        pytest.param(
            SIX.stored("pads", [0] * 8).stored("by", np.array(-9, FLOAT)).op("Pad", "pads", "by"),
            ANY,
            id="Pad with a number",
        ),
        pytest.param(SIX.flatten(), (0, 6), id="Flatten"),
        pytest.param(SIX.op("Transpose"), (0, 6), id="Transpose"),
        pytest.param(SIX.op("Dropout"), (0, inf), id="Dropout that may scale"),
        pytest.param(SIX.op("Cast", to=10), (0, inf), id="Cast that may round"),
        pytest.param(TANH.op("Cast", to=10), ANY, id="Cast of both signs"),
        pytest.param(SIX.op("Split", axis=1), (0, 6), id="Split"),
        pytest.param(SIX.mark("x").goto_input().op("Tanh").concat("x"), (-1, 6), id="Concat"),
        pytest.param(SIX.mark("x").goto_input().concat("x"), ANY, id="Concat with the input"),
        pytest.param(RELU.mark("x").op("Sigmoid").add("x"), (0, inf), id="Add"),
        pytest.param(SIX.mark("x").goto_input().op("Tanh").add("x"), (-1, 7), id="Add of both"),
        pytest.param(RELU.mark("x").goto_input().add("x"), ANY, id="Add of the input"),
        pytest.param(with_constant(SIX, "Add", -3, 4), (-3, 10), id="Add of a constant"),
        pytest.param(with_constant(SIX, "Add", -inf, 0), ANY, id="Add of a mask"),
        pytest.param(with_constant(SIX, "Mul", 0, np.nan), ANY, id="no number"),
        pytest.param(with_constant(SIX, "Mul", 0, inf), ANY, id="zero times infinity"),
        pytest.param(SIX.op("Mul"), ANY, id="factor missing"),
        pytest.param(
            SIX.stored("none", np.zeros((1, 0, 8, 8), FLOAT)).op("Concat", "none", axis=1),
            ANY,
            id="Concat of nothing",
        ),
        pytest.param(
            SIX.stored("i", np.array([1j], np.complex64)).op("Add", "i"), ANY, id="complex"
        ),
        pytest.param(RELU.mark("x").conv(4).op("Sigmoid").mul("x"), (0, inf), id="gated"),
        pytest.param(with_constant(SIX, "Mul", -1, 2), (-6, 12), id="scaled"),
        pytest.param(with_constant(SIX, "Mul", 0, 2), (0, 12), id="some scales are zero"),
        pytest.param(with_constant(SIX, "Mul", 0, 0), ANY, id="untrained scale"),
        pytest.param(SIX.shaped("w", 4, 1, 1).op("Mul", "w"), ANY, id="weights of unknown sign"),
        pytest.param(SIX.bn(), ANY, id="BatchNormalization"),
        *(
            pytest.param(
                SIX.stored("scales", np.ones(4, FLOAT)).op("Resize", "", "scales", mode=mode),
                bounds,
                id=f"Resize {mode}",
            )
            for mode, bounds in (("nearest", (0, 6)), ("linear", (0, 6)), ("cubic", ANY))
        ),
        pytest.param(
            SIX.stored("scales", np.ones(4, FLOAT)).op(
                "Resize", "", "scales", coordinate_transformation_mode="tf_crop_and_resize"
            ),
            ANY,
            id="Resize that fills in",
        ),
    ],
)
def test_bounds(net: Net, bounds: Bounds) -> None:
    assert net.facts().bounds.get(net.last, ANY) == bounds


def test_every_part_of_a_split() -> None:
    net = SIX.op("Split", axis=1)
    net.nodes[-1].output.append("second")
    assert net.facts().bounds["second"] == (0, 6)


def test_inside_of_an_activation_has_no_bounds() -> None:
    net = MAP.mark("x").op("Sigmoid", name="core").mul("x")
    assert "core_out" not in net.facts().bounds


SIDES = st.tuples(st.integers(-9, 9), st.integers(-9, 9)).map(lambda p: (min(p), max(p)))


@given(SIDES, SIDES, st.data())
def test_product_lies_within(
    left: tuple[int, int], right: tuple[int, int], data: st.DataObject
) -> None:
    a, b = data.draw(st.integers(*left)), data.draw(st.integers(*right))
    low, high = _times(left, right)
    assert low <= a * b <= high


def test_nothing_times_everything() -> None:
    assert _times((0, 0), ANY) == (0, 0)
