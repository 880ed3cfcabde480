import numpy as np
import pytest

from cnnlint.lint.finding import Fix, Saving, Severity, Silence
from rules.graph.duplicate_subgraph import duplicate_subgraph
from tests.net import Net

START = Net(16, 32).op("Sigmoid", name="x").mark("x")
ONE = START.conv(16, name="a").mark("a")
TWO = ONE.goto("x").op(
    "Conv", "a.weight", "a.bias", name="b", pads=[1] * 4, strides=[1, 1], dilations=[1, 1], group=1
)
LAST = START.op("Relu", name="a").mark("a").goto("x").op("Relu", name="b")


@pytest.mark.parametrize(
    ("net", "expected"),
    [
        pytest.param(TWO.add("a"), [(["a_1", "a"], None)], id="conv"),
        pytest.param(
            ONE.op("Relu", name="r")
            .mark("a")
            .goto("x")
            .op(
                "Conv",
                "a.weight",
                "a.bias",
                name="b",
                pads=[1] * 4,
                strides=[1, 1],
                dilations=[1, 1],
                group=1,
            )
            .op("Relu", name="s")
            .add("a"),
            [(["a_1", "a", "s", "r"], None)],
            id="branch",
        ),
        pytest.param(ONE.goto("x").conv(16, name="b").add("a"), [], id="weights of its own"),
        pytest.param(LAST.add("a"), [(["b", "a"], Severity.NOTE)], id="no weights"),
        pytest.param(
            LAST.mark("b")
            .goto("x")
            .op("Abs", name="c")
            .mark("c")
            .goto("x")
            .op("Abs", name="d")
            .add("a")
            .add("b")
            .add("c"),
            [(["b", "a", "d", "c"], Severity.NOTE)],
            id="those without weights together",
        ),
        pytest.param(
            START.op("Transpose", name="a").mark("a").goto("x").op("Transpose", name="b").add("a"),
            [],
            id="no cost",
        ),
        pytest.param(
            START.op("Cast", name="a", to=10)
            .mark("a")
            .goto("x")
            .op("Cast", name="b", to=10)
            .add("a"),
            [],
            id="casts",
        ),
        pytest.param(TWO.goto("a"), [], id="dead"),
        pytest.param(
            START.op("MatMul", "x_out", name="a")
            .mark("a")
            .goto("x")
            .op("MatMul", "x_out", name="b")
            .add("a"),
            [(["b", "a"], None)],
            id="a product of two maps",
        ),
        pytest.param(
            START.stored("k", [3])
            .beside("Neg", "k", result="a")
            .beside("Neg", "k", result="b")
            .op("Reshape", "a")
            .op("Reshape", "b"),
            [],
            id="constants",
        ),
    ],
)
def test_reports(net: Net, expected: list[tuple[list[str], Severity | None]]) -> None:
    for facts in (net.facts(), net.open_facts()):
        findings = duplicate_subgraph.run(facts)
        assert [([n.path for n in f.nodes], f.severity) for f in findings] == expected


def test_rule() -> None:
    assert (duplicate_subgraph.severity, duplicate_subgraph.fix) == (Severity.WARNING, Fix.SAFE)


def test_example_of_the_manual() -> None:
    (found,) = duplicate_subgraph.run(TWO.add("a").facts())
    assert found.message == "Conv computes what is there already: 2,359,296 MACs"
    assert found.suggestion == "take out a_1 and read the results of a"
    assert found.saving == Saving(macs=2_359_296, params=0, activation_bytes=65_536)
    assert found.evidence == {
        "nodes": 1,
        "macs": 2_359_296,
        "params": 0,
        "activation_bytes": 65_536,
    }


def test_words_of_a_branch_that_costs_no_multiply_adds() -> None:
    net = START.op("Relu", name="a").op("Abs").mark("a").goto("x").op("Relu", name="b").op("Abs")
    (found,) = duplicate_subgraph.run(net.add("a").facts())
    assert found.message == "2 nodes from Relu on compute what is there already"
    assert found.saving == Saving(macs=0, params=0, activation_bytes=131_072)


def test_unknown_sizes_save_an_unknown_amount() -> None:
    (found,) = duplicate_subgraph.run(TWO.add("a").open_facts())
    assert (found.saving.macs, found.saving.activation_bytes) == (None, None)


def test_quantised_data_is_written_out_for_each_reader() -> None:
    net = START.stored("s", np.array(0.1, np.float32)).stored("z", np.array(3, np.uint8))
    net = net.op("QuantizeLinear", "s", "z").mark("q")
    net = net.op("DequantizeLinear", "s", "z").mark("a").goto("q")
    assert not duplicate_subgraph.run(net.op("DequantizeLinear", "s", "z").add("a").facts())


def test_why_a_duplicate_is_left_alone() -> None:
    net = START.op("Transpose", name="a").mark("a").goto("x").op("Transpose", name="b").add("a")
    (said,) = duplicate_subgraph.remarks(net.facts())
    assert isinstance(said, Silence)
    assert said.node is not None
    assert (said.node.path, said.reason) == ("b", "repeats a, which costs nothing")


def test_silence() -> None:
    assert list(duplicate_subgraph.remarks(ONE.facts())) == [
        Silence(None, "no node on the data path does what an earlier one has done")
    ]
