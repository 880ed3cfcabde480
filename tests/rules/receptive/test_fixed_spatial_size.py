from collections.abc import Sequence

import numpy as np
import pytest

from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Fix, Severity, Silence
from cnnlint.model.binding import Bindings
from cnnlint.model.loader import load
from rules.receptive.fixed_spatial_size import fixed_spatial_size
from tests.net import Net

SAID = {"fixed_sizes": True}
START = Net(3, 32, batch="n").conv(8, stride=2, name="a").relu()
POOLED = START.gap().flatten().dense(10)
FLAT = START.flatten().dense(10, cin=8 * 16 * 16, name="fc")


def opened(net: Net, names: Sequence[str] = ("h", "w"), first: int = 2) -> Facts:
    """Return facts of a net on an input with open axes, "" for one that stays."""
    proto = net.proto()
    dims = proto.graph.input[0].type.tensor_type.shape.dim
    for axis, name in enumerate(names, start=first):
        if name:
            dims[axis].dim_param = name
    return Facts(load(proto.SerializeToString()))


def resized(net: Net) -> Net:
    return net.stored("sizes", [1, 8, 32, 32]).op("Resize", "", "", "sizes")


@pytest.mark.parametrize(
    ("net", "size"),
    [
        pytest.param(POOLED, "32x32", id="global pooling"),
        pytest.param(START.conv(4, 1), "32x32", id="map"),
        pytest.param(START.pool(16, 16).op("Squeeze"), None, id="an output with other axes"),
        pytest.param(FLAT, None, id="flattened head"),
        pytest.param(
            START.stored("s", [-1, 2048]).op("Reshape", "s").dense(10, cin=2048),
            None,
            id="places become images",
        ),
        pytest.param(resized(START), None, id="a map of fixed size"),
        pytest.param(Net(3, (32,), batch="n").conv(8).gap().flatten().dense(10), "32", id="1-D"),
        pytest.param(Net(3, 1, batch="n").conv(8), None, id="one pixel"),
        pytest.param(Net(3, (), batch="n").dense(10), None, id="no sides"),
        pytest.param(Net(3, 32).conv(8), "32x32", id="a fixed batch"),
        pytest.param(START.op("Anything"), None, id="unknown operator"),
    ],
)
def test_fixed(net: Net, size: str | None) -> None:
    found = fixed_spatial_size.run(net.facts(), SAID)
    assert not fixed_spatial_size.run(net.facts())
    assert [f.evidence["size"] for f in found] == ([size] if size else [])
    assert all(f.severity is Severity.NOTE for f in found)
    assert (fixed_spatial_size.severity, fixed_spatial_size.fix) == (Severity.ERROR, Fix.SAFE)


def test_words_and_option() -> None:
    net = Net(3, 224).conv(8).gap()
    (found,) = fixed_spatial_size.run(net.facts(), SAID)
    assert found.message == (
        "the input takes 224x224 only, though nothing needs that: 448x448 runs as well"
    )
    assert found.evidence == {"size": "224x224", "tried": "448x448"}
    assert found.nodes == ()


def test_open_sizes_that_work() -> None:
    assert list(fixed_spatial_size.remarks(opened(POOLED))) == [Silence(None, "448x448 runs too")]


@pytest.mark.parametrize(
    ("names", "tried"),
    [
        pytest.param(("h", "w"), ("448x448", "224x224"), id="both"),
        pytest.param(("h", ""), ("448", "224"), id="one"),
    ],
)
def test_open_sizes_that_are_baked_in(names: Sequence[str], tried: tuple[str, str]) -> None:
    (found,) = fixed_spatial_size.run(opened(FLAT, names))
    assert found.severity is None
    assert found.evidence["tried"] == tried
    assert [node.path for node in found.nodes] == ["fc"]
    assert found.message.startswith(
        f"sizes are declared open, but neither {tried[0]} nor {tried[1]} works: a product over "
    )


def test_of_several_inputs_those_that_are_open_are_tried() -> None:
    proto = Net(3, 32).shaped("w", 4, 3, 3, 3).op("Conv", "w").output().proto()
    second = Net(3, 32, batch="n").op("Conv", "w", name="two").proto()
    second.graph.node[0].input[0] = "more"
    proto.graph.node.extend(second.graph.node)
    proto.graph.input.append(second.graph.input[0])
    proto.graph.input[1].name = "more"
    for dim, name in zip(proto.graph.input[1].type.tensor_type.shape.dim[2:], "hw", strict=True):
        dim.dim_param = name
    assert list(fixed_spatial_size.remarks(Facts(load(proto.SerializeToString())))) == [
        Silence(None, "448x448 runs too")
    ]


def test_places_of_a_larger_map_that_become_images() -> None:
    net = START.stored("s", [-1, 8 * 56 * 56]).op("Reshape", "s", name="r")
    (found,) = fixed_spatial_size.run(opened(net))
    assert found.evidence["fault"] == "output r_out becomes 16x25088, it was 4x25088"


def test_a_size_that_is_baked_in_and_happens_to_be_the_usual_one() -> None:
    net = Net(3, 32, batch="n").conv(8, stride=2).relu().flatten()
    (found,) = fixed_spatial_size.run(opened(net.dense(10, cin=8 * 112 * 112, name="fc")))
    assert found.evidence["tried"] == ("448x448", "112x112")
    assert found.message == (
        "sizes are declared open, but neither 448x448 nor 112x112 works: a product over 401408 "
        "columns of the first and 100352 rows of the second matrix"
    )


def test_a_largest_size_is_no_contradiction() -> None:
    """A table of 300 positions is cut to the length: twice 224 are too many."""
    net = Net(3, (32,), batch="n").conv(8).mark("x").op("Shape", start=2).mark("end").goto("x")
    net = net.stored("table", np.ones((1, 8, 300), np.float32)).stored("zero", [0])
    net = net.stored("two", [2]).joined("Slice", "table", "zero", net.marks["end"][0], "two")
    proto = net.mark("cut").goto("x").add("cut").proto()
    proto.graph.input[0].type.tensor_type.shape.dim[2].dim_param = "t"
    model = load(proto.SerializeToString(), Bindings(dims={"t": 200}))
    assert not model.obstacles
    (said,) = fixed_spatial_size.remarks(Facts(model))
    assert said == Silence(None, "100 runs too")


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        pytest.param(
            FLAT.facts(),
            "32x32 is needed, 64x64 doesn't work: a product over 8192 columns of the first and "
            "2048 rows of the second matrix",
            id="needed",
        ),
        pytest.param(
            resized(START).facts(), "32x32 is needed: at 64x64 an output keeps its size", id="out"
        ),
        pytest.param(Net(3, ()).dense(4).facts(), "no input has sides", id="no sides"),
        pytest.param(
            START.op("Anything").facts(), "what it does at other sizes can't be told", id="unknown"
        ),
        pytest.param(
            Net(3, 1, batch="n").conv(8).facts(), "the input has no sides above 1", id="one pixel"
        ),
        pytest.param(
            opened(POOLED, ("c", "h", "w"), first=1), "a size of the input is unknown", id="open"
        ),
    ],
)
def test_silence(facts: Facts, reason: str) -> None:
    (said,) = fixed_spatial_size.remarks(facts, SAID)
    assert isinstance(said, Silence)
    assert said.reason == reason


def test_silence_about_fixed_sizes() -> None:
    assert list(fixed_spatial_size.remarks(POOLED.facts())) == [
        Silence(None, "the size is fixed at 32x32, as exporters trace it")
    ]
