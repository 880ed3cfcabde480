import pytest

from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Fix, Saving, Severity, Silence
from cnnlint.model.loader import load
from rules.graph.dead_node import dead_node
from tests.model.test_unfold import HEAD, read
from tests.net import Net

TRUNK = Net(16, 32).conv(16, name="a").mark("a")


@pytest.mark.parametrize(
    ("net", "dead"),
    [
        pytest.param(TRUNK.relu(), [], id="none"),
        pytest.param(TRUNK.conv(16, name="b").goto("a"), [["b"]], id="conv"),
        pytest.param(
            TRUNK.op("Relu", name="b").op("Sigmoid", name="c").goto("a").relu(),
            [["b", "c"]],
            id="chain without weights",
        ),
        pytest.param(
            TRUNK.conv(16, name="b").goto("a").conv(16, name="c").goto("a"),
            [["b"], ["c"]],
            id="two branches",
        ),
        pytest.param(
            TRUNK.conv(8, name="b")
            .mark("b")
            .op("Relu", name="c")
            .goto("b")
            .op("Abs", name="d")
            .goto("a"),
            [["b", "c", "d"]],
            id="a branch that forks",
        ),
        pytest.param(TRUNK.conv(16, name="b").output().goto("a"), [], id="output besides"),
        pytest.param(TRUNK.op("Shape", name="s").goto("a"), [], id="shape arithmetic"),
        pytest.param(TRUNK.stored("k", [1, 2]).beside("Neg", "k", result="n"), [], id="constants"),
    ],
)
def test_reports(net: Net, dead: list[list[str]]) -> None:
    findings = dead_node.run(net.facts())
    assert [[node.path for node in found.nodes] for found in findings] == dead
    assert all(found.severity is None for found in findings)
    assert len(dead_node.run(net.open_facts())) == len(dead)


def test_rule() -> None:
    assert (dead_node.severity, dead_node.fix) == (Severity.WARNING, Fix.SAFE)


def test_example_of_the_manual() -> None:
    (found,) = dead_node.run(TRUNK.conv(16, name="b").goto("a").facts())
    assert found.message == "Conv leads to no output: 2,359,296 MACs, 2,320 parameters in vain"
    assert found.saving == Saving(macs=2_359_296, params=2_320, activation_bytes=65_536)
    assert found.evidence == {
        "nodes": 1,
        "macs": 2_359_296,
        "params": 2_320,
        "activation_bytes": 65_536,
    }


def test_words_of_a_longer_branch_and_of_one_that_costs_nothing() -> None:
    net = TRUNK.op("Relu", name="b").op("Sigmoid", name="c").goto("a").relu()
    (found,) = dead_node.run(net.facts())
    assert found.message == "a branch of 2 nodes from Relu on leads to no output"


def test_weights_that_others_read_too_are_not_saved() -> None:
    net = TRUNK.op("Conv", "a.weight", "a.bias", name="b").goto("a")
    (found,) = dead_node.run(net.facts())
    assert found.saving.params == 0


def test_weights_that_a_later_node_reads_are_not_saved() -> None:
    net = TRUNK.conv(16, name="b").goto("a").op("Conv", "b.weight", "b.bias", name="c")
    (found,) = dead_node.run(net.facts())
    assert (found.nodes[0].path, found.saving.params) == ("b", 0)


def test_two_dead_readers_of_one_weight_save_it_once() -> None:
    net = TRUNK.conv(16, name="b").op("Conv", "b.weight", "b.bias", name="c").goto("a")
    (found,) = dead_node.run(net.facts())
    assert found.saving.params == 2_320


def test_unknown_sizes_save_an_unknown_amount() -> None:
    (found,) = dead_node.run(TRUNK.conv(16, name="b").goto("a").open_facts())
    assert (found.saving.macs, found.saving.activation_bytes) == (None, None)
    assert found.message == "Conv leads to no output: 2,320 parameters in vain"


@pytest.mark.parametrize("inside", ["Neg (t)", "Abs (s)"])
def test_what_a_body_reads_is_read(inside: str) -> None:
    model = read(f"""{HEAD}
        net (float[2,3] x, bool c) => (y) {{
            t = Neg (x)
            s = Abs (x)
            y = If (c) <
                then_branch = one () => (a) {{ a = {inside} }},
                else_branch = two () => (b) {{ b = Identity (t) }}
            >
        }}""")
    dead = [f.nodes[0].outputs[0] for f in dead_node.run(Facts(model))]
    assert dead == ([] if "s" in inside else ["s"])


def test_silence() -> None:
    assert list(dead_node.remarks(TRUNK.relu().facts())) == [
        Silence(None, "each of 2 nodes leads to an output")
    ]
    proto = TRUNK.proto()
    del proto.graph.output[:]
    facts = Facts(load(proto.SerializeToString()))
    assert list(dead_node.remarks(facts)) == [
        Silence(None, "the graph has no outputs, so that nothing leads to one")
    ]
