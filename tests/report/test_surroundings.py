"""What stands around a layer in the graph, and what of it is at fault."""

import pytest

from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Part
from cnnlint.model.graph import Node
from cnnlint.report.label import label, split_label
from cnnlint.report.report import Neighbour
from cnnlint.report.surroundings import surroundings
from tests.net import Net


def node_of(facts: Facts, path: str) -> Node:
    return next(node for node in facts.model.nodes if node.path == path)


def around(net: Net, path: str) -> tuple[Neighbour | None, Neighbour | None]:
    facts = net.facts()
    place = surroundings(facts, (node_of(facts, path),), Part.OPERATOR)
    assert place is not None
    return place.before, place.after


def test_the_ends_of_the_graph_are_named() -> None:
    before, after = around(Net(3, 8).conv(4, name="a"), "a")
    assert before == Neighbour("input", "input", (1, 3, 8, 8), 0, is_end=True)
    assert after == Neighbour("a_out", "output", (1, 4, 8, 8), 0, is_end=True)


def test_an_input_beside_others_counts_them() -> None:
    before, _ = around(Net(4, 8).conv(4, name="a").mark("x").goto_input().add("x"), "add1")
    assert before == Neighbour("input", "input", (1, 4, 8, 8), 1, is_end=True)


def test_layers_are_named_with_what_they_are() -> None:
    before, after = around(Net(3, 8).conv(4, name="a").relu().conv(6, stride=2, name="b"), "relu1")
    assert before == Neighbour("a", "Conv 3x3 3->4", (1, 4, 8, 8), 0)
    assert after == Neighbour("b", "Conv 3x3 s2 4->6", (1, 6, 4, 4), 0)


def test_a_join_counts_its_other_operands_and_a_branch_its_other_readers() -> None:
    net = Net(4, 8).conv(4, name="a").mark("x").conv(4, name="b").conv(4, name="c").add("x")
    before, _ = around(net, "add3")
    assert before is not None
    assert (before.path, before.more) == ("c", 1)
    _, after = around(net, "a")
    assert after is not None
    assert (after.path, after.more) == ("b", 1)


def test_an_output_that_is_read_too_is_one_more() -> None:
    net = Net(3, 8).conv(4, name="a").output().relu()
    _, after = around(net, "a")
    assert after == Neighbour("relu1", "Relu", (1, 4, 8, 8), 1)


def test_nothing_reads_a_dead_end_and_constants_are_no_neighbours() -> None:
    net = Net(3, 8).conv(4, name="a").mark("x").relu().goto("x").output()
    assert around(net, "relu1")[1] is None
    net = Net(3, 8).stored("w", [1, 2]).beside("Neg", "w", result="n").conv(4, name="a")
    facts = net.facts()
    (made,) = (node for node in facts.model.nodes if node.op == "Neg")
    place = surroundings(facts, (made,), Part.OPERATOR)
    assert place is not None
    assert place.before is None


def test_unknown_shapes_stay_unknown() -> None:
    net = Net(3, ("h", 8)).conv(4, name="a").relu()  # type: ignore[arg-type]  # a symbolic side
    facts = net.open_facts()
    place = surroundings(facts, (node_of(facts, "relu1"),), Part.SHAPE)
    assert place is not None
    assert place.before is not None
    assert place.before.out_shape == (1, 4, None, None)
    assert place.mark.facts == ""


def test_a_layer_of_another_graph_has_no_surroundings() -> None:
    stranger = node_of(Net(3, 8).conv(4, name="a").facts(), "a")
    assert surroundings(Net(3, 8).conv(4, name="a").facts(), (stranger,), Part.KERNEL) is None


CONV = Net(4, 16).conv(4, 3, groups=4, stride=2, dilation=2, name="a")


@pytest.mark.parametrize(
    ("net", "part", "words", "said"),
    [
        (CONV, Part.OPERATOR, ("", "Conv", " 3x3 s2 d2 depthwise 4->4"), "36 weights"),
        (CONV, Part.KERNEL, ("Conv ", "3x3", " s2 d2 depthwise 4->4"), "36 weights"),
        (CONV, Part.STRIDE, ("Conv 3x3 ", "s2", " d2 depthwise 4->4"), "16x16 to 8x8"),
        (CONV, Part.DILATION, ("Conv 3x3 s2 ", "d2", " depthwise 4->4"), "reaches 5x5"),
        (CONV, Part.GROUPS, ("Conv 3x3 s2 d2 ", "depthwise", " 4->4"), "36 weights"),
        (CONV, Part.CHANNELS, ("Conv 3x3 s2 d2 depthwise ", "4->4", ""), "36 weights"),
        (Net(4, 8).conv(2, 1, name="a"), Part.STRIDE, ("Conv 1x1 ", "s1", " 4->2"), "8x8 to 8x8"),
        (Net(4, 8).conv(2, 1, name="a"), Part.GROUPS, ("", "Conv", " 1x1 4->2"), "8 weights"),
        (Net(4, 8).pool(), Part.STRIDE, ("MaxPool 2x2 ", "s2", ""), "8x8 to 4x4"),
        (Net(4, 8).relu(), Part.KERNEL, ("", "Relu", ""), ""),
    ],
)
def test_the_part_at_fault(net: Net, part: Part, words: tuple[str, str, str], said: str) -> None:
    facts = net.facts()
    node = facts.model.nodes[0]
    assert split_label(facts, node, part) == words
    assert "".join(words).replace(" s1", "") == label(facts, node)
    place = surroundings(facts, (node,), part)
    assert place is not None
    assert place.mark.label == words
    assert place.mark.facts.startswith(said)
    assert bool(place.mark.facts) == bool(said)


def test_the_shape_at_fault() -> None:
    facts = Net(4, 8).relu().facts()
    place = surroundings(facts, (facts.model.nodes[0],), Part.SHAPE)
    assert place is not None
    assert (place.mark.label, place.mark.on_shape) == (("Relu", "", ""), True)
    assert place.mark.facts == "1.0 KiB"


def test_a_share_of_macs_is_said_only_where_they_are_all_known() -> None:
    net = Net(4, 8).conv(4, bias=False, name="a").conv(4, 1, bias=False, name="b")
    facts = net.facts()
    place = surroundings(facts, (node_of(facts, "b"),), Part.CHANNELS)
    assert place is not None
    assert place.mark.facts == "16 weights, 10.0 % of the model's MACs"
    small = Net(4, 64).conv(64, name="a").gap().flatten().dense(2).facts()
    place = surroundings(small, (small.model.nodes[-1],), Part.CHANNELS)
    assert place is not None
    assert place.mark.facts == "128 weights, 5.1 % of the model's params, <0.1 % of its MACs"
    facts = net.op("Wavelet", domain="acme").facts()
    place = surroundings(facts, (node_of(facts, "b"),), Part.CHANNELS)
    assert place is not None
    assert place.mark.facts == "16 weights"


def test_of_several_layers_none_is_at_fault_for_itself() -> None:
    facts = Net(4, 8).conv(4, bias=False, name="a").conv(4, bias=False, name="b").facts()
    marks = [
        surroundings(facts, facts.model.nodes[:count], part)
        for count, part in ((2, Part.OPERATOR), (1, Part.OPERATOR), (2, Part.KERNEL))
    ]
    said = [place.mark.facts for place in marks if place]
    assert said == ["", *["144 weights, 50.0 % of the model's MACs"] * 2]


def test_a_dense_layer_whose_macs_are_unknown_has_a_share_of_the_params() -> None:
    net = Net(4, 8).gap().flatten().dense(2, name="head").op("Wavelet", domain="acme")
    facts = net.facts()
    place = surroundings(facts, (node_of(facts, "head"),), Part.CHANNELS)
    assert place is not None
    assert place.mark.facts == "8 weights, 80.0 % of the model's params"
