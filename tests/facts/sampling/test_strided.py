import pytest

from cnnlint.facts.facts import Facts
from tests.net import Net

STEM = Net(3, 16).conv(8, name="stem").relu().mark("x")


def block(net: Net) -> Net:
    """Append the main path of a residual block at stride 2, and go back to its fork."""
    return net.conv(8, 3, stride=2).bn().relu().conv(8, 3).bn().mark("main").goto("x")


def normalised(net: Net) -> Net:
    """Append a layer normalisation that is spelled out as operators."""
    net = net.stored("axes", [1]).mark("n").op("ReduceMean", axes=[1]).mark("mean").goto("n")
    net = net.op("Sub", net.marks["mean"][0]).mark("centred").op("Mul", net.last)
    net = net.goto("centred").mul("centred").op("ReduceMean", axes=[1]).op("Sqrt").mark("std")
    return net.goto("centred").op("Div", net.marks["std"][0])


def strided(net: Net) -> Net:
    return net.conv(8, 1, stride=2, name="strided")


FORK = block(STEM)
BODY = strided(STEM).mark("y").conv(8).relu().conv(8)
TWO_CONCATS = STEM.conv(8, name="old").mark("o").goto("x").concat("o").mark("both").goto("x")


def join_of(facts: Facts) -> str | None:
    (join,) = facts.strided_pointwise.values()
    return None if join is None else join.op


@pytest.mark.parametrize(
    ("net", "join"),
    [
        pytest.param(strided(FORK).add("main"), "Add", id="projection"),
        pytest.param(strided(FORK).bn().add("main").relu(), "Add", id="normalised"),
        pytest.param(normalised(strided(FORK)).add("main"), "Add", id="layer norm spelled out"),
        pytest.param(
            strided(FORK).shaped("g", 8).op("InstanceNormalization", "g", "g").add("main"),
            "Add",
            id="instance norm",
        ),
        pytest.param(strided(FORK).concat("main"), "Concat", id="concatenated"),
        pytest.param(strided(FORK).op("Sum", FORK.marks["main"][0]), "Sum", id="Sum"),
        pytest.param(strided(FORK).op("Sum", "strided_out").add("main"), "Add", id="twice itself"),
        pytest.param(
            strided(FORK).op("Transpose", perm=[0, 1, 3, 2]).add("main"), "Add", id="layout"
        ),
        pytest.param(strided(FORK).op("Cast", to=1).add("main"), "Add", id="type"),
        pytest.param(strided(FORK).relu().add("main"), None, id="activation between"),
        pytest.param(strided(FORK).conv(8, 3).add("main"), None, id="layer between"),
        pytest.param(strided(FORK).op("HardSwish").add("main"), None, id="HardSwish between"),
        pytest.param(strided(FORK).mul("main"), None, id="a product is no join"),
        pytest.param(strided(STEM).bn().relu().conv(8), None, id="no join"),
        pytest.param(
            strided(STEM.conv(8).relu().mark("a").goto("x").conv(8, 1).mark("p").goto("a")).add(
                "p"
            ),
            None,
            id="the other way has another fork",
        ),
        pytest.param(
            strided(STEM.pool(2, 2).mark("main").goto("x")).add("main"),
            None,
            id="the other way has no layer",
        ),
        pytest.param(BODY.add("y"), None, id="a residual block behind it"),
        pytest.param(
            strided(Net(3, 16).conv(8, 3, stride=2).mark("main").goto_input()).add("main"),
            "Add",
            id="fork at the input",
        ),
        pytest.param(
            strided(block(STEM).op("Identity").op("Identity")).add("main"),
            "Add",
            id="fork before nodes that do nothing",
        ),
        pytest.param(
            strided(block(STEM).op("HardSwish")).add("main"), "Add", id="fork before an activation"
        ),
        pytest.param(
            strided(TWO_CONCATS.concat("o").conv(8, 3, stride=2).mark("main").goto("both")).add(
                "main"
            ),
            "Add",
            id="fork copied with its Concat",
        ),
        pytest.param(
            strided(block(STEM.conv(8, name="old")).goto("x").conv(8, name="other")).add("main"),
            None,
            id="fork before a layer",
        ),
    ],
)
def test_join_of_shortcut(net: Net, join: str | None) -> None:
    assert join_of(net.facts()) == join


@pytest.mark.parametrize(
    "net",
    [
        pytest.param(FORK.conv(8, 1), id="stride 1"),
        pytest.param(FORK.conv(8, 3, stride=2), id="3x3"),
        pytest.param(FORK.conv_transpose(8, 1, stride=2), id="transposed"),
        pytest.param(FORK.pool(1, 2), id="pool"),
    ],
)
def test_other_layers(net: Net) -> None:
    assert not net.facts().strided_pointwise


@pytest.mark.parametrize(("times", "join"), [(250, "Add"), (256, None)])
def test_a_join_too_far_away(times: int, join: str | None) -> None:
    net = strided(FORK).repeat(times, lambda net: net.op("Identity")).add("main")
    assert join_of(net.facts()) == join


@pytest.mark.parametrize(("times", "join"), [(60, "Add"), (64, None)])
def test_a_fork_too_far_away(times: int, join: str | None) -> None:
    net = strided(FORK.repeat(times, lambda net: net.op("Identity"))).add("main")
    assert join_of(net.facts()) == join
