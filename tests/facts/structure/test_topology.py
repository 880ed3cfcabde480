"""Depth, plain runs and the trunk, on nets with known answers and against the definition."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlint.facts.layers import Conv
from cnnlint.facts.structure.topology import MAX_RUNS, Topology, analyse
from cnnlint.model.graph import Input, Key, Model, Node, Origin
from tests.facts.onnx_text import graph, topology
from tests.net import Net

BLOCK = """
    a{0} = Conv({1}, w1)
    r{0} = Relu(a{0})
    b{0} = Conv(r{0}, w2)
    y{0} = Add(b{0}, {1})
"""
SQUEEZE = """
    p = GlobalAveragePool(b)
    e = Conv(p, p1)
    f = Conv(e, p2)
    t = Sigmoid(f)
"""
# Depth, shortest path, units of the longest run, results of its layers.
NETS: dict[str, tuple[str, tuple[int, int, int, str]]] = {
    "chain": (
        "a = Conv(x, w1) \n r = Relu(a) \n b = Conv(r, w2) \n y = Conv(b, w3)",
        (3, 3, 3, "a b y"),
    ),
    "no layer": ("y = Relu(x)", (0, 0, 0, "")),
    "identity bypass": (BLOCK.format(1, "x") + "y = Conv(y1, w)", (3, 1, 2, "a1 b1")),
    "bypass from input to output": (BLOCK.format("", "x"), (2, 0, 2, "a b")),
    "two blocks": (
        BLOCK.format(1, "x") + BLOCK.format(2, "y1") + "y = Conv(y2, w)",
        (5, 1, 2, "a1 b1"),
    ),
    "projection bypass": (
        """
        a = Conv(x, w1)
        b = Conv(a, w2)
        c = Conv(a, p)
        y = Add(b, c)
        """,
        (2, 2, 1, "a"),
    ),
    "branches that are concatenated": (
        """
        s = Conv(x, w1)
        a = Conv(s, w2)
        b = Conv(a, w3)
        c = Conv(b, w4)
        d = Conv(s, w5)
        y = Concat<axis=1>(c, d)
        """,
        (4, 2, 3, "a b c"),
    ),
    "pool beside a layer": (
        """
        s = Conv(x, w1)
        a = Conv(s, w2)
        b = MaxPool<kernel_shape=[1,1]>(s)
        c = Concat<axis=1>(a, b)
        u, v = Split<axis=1>(c)
        y = Conv(u, w3)
        """,
        (3, 2, 1, "s"),
    ),
    "fork without a layer": (
        "a = Conv(x, w1) \n r = Relu(a) \n s = Neg(a) \n b = Add(r, s) \n y = Conv(b, w2)",
        (2, 2, 2, "a y"),
    ),
    "dead layer": (
        "a = Conv(x, w1) \n dead = Conv(a, w2) \n b = Conv(a, w3) \n y = Conv(b, w4)",
        (3, 3, 3, "a b y"),
    ),
    "depthwise and pointwise": (
        "a = Conv(x, w) \n d = Conv(a, d1) \n b = Relu(d) \n e = Conv(b, p) \n y = Conv(e, p2)",
        (3, 3, 3, "a d e y"),
    ),
    "two depthwise ones": (
        "a = Conv(x, d1) \n b = Conv(a, d2) \n y = Conv(b, p)",
        (2, 2, 2, "a b y"),
    ),
    "depthwise ones with and without a window": (
        "a = Conv(x, d1) \n y = Conv(a, q)",
        (2, 2, 2, "a y"),
    ),
    "depthwise before a window": ("a = Conv(x, d1) \n y = Conv(a, w)", (2, 2, 2, "a y")),
    "dense before pointwise": (
        """
        a = Reshape(x, rows)
        b = MatMul(a, m)
        c = Reshape(b, map)
        y = Conv(c, p)
        rows = Constant<value_ints=[256, 8]>()
        map = Constant<value_ints=[1, 8, 16, 16]>()
        """,
        (2, 2, 2, "b y"),
    ),
    "pointwise before depthwise": ("a = Conv(x, p) \n y = Conv(a, d1)", (2, 2, 2, "a y")),
    "depthwise before a dense layer": (
        """
        a = Conv(x, d1)
        b = Reshape(a, shape)
        y = MatMul(b, m)
        shape = Constant<value_ints=[256, 8]>()
        """,
        (2, 2, 2, "a y"),
    ),
    "pointwise not in series with depthwise": (
        "a = Conv(x, d1) \n b = Add(a, x) \n y = Conv(b, p)",
        (2, 1, 1, "a"),
    ),
    "the longer run in units": (
        """
        a = Conv(x, d1)
        b = Conv(a, p1)
        c = Conv(b, d2)
        d = Conv(c, p2)
        e = Add(d, x)
        f = Conv(e, w1)
        g = Conv(f, w2)
        h = Conv(g, w3)
        y = Add(h, e)
        """,
        (5, 0, 3, "f g h"),
    ),
    "the longer run in layers where units are equal": (
        """
        f = Conv(x, w1)
        g = Conv(f, w2)
        e = Add(g, x)
        a = Conv(e, d1)
        b = Conv(a, p1)
        c = Conv(b, w3)
        y = Add(c, e)
        """,
        (4, 0, 2, "a b c"),
    ),
    "squeeze-and-excitation": (
        f"a = Conv(x, w1) \n b = Conv(a, d1) {SQUEEZE} m = Mul(b, t) \n y = Conv(m, p3)",
        (2, 2, 2, "a b y"),
    ),
    "the same without a gate": (
        f"a = Conv(x, w1) \n b = Conv(a, d1) {SQUEEZE} m = Add(b, t) \n y = Conv(m, p3)",
        (5, 3, 2, "a b"),
    ),
    "a map that is only read by its gate": (
        "a = Conv(x, w1) \n b = Sigmoid(a) \n m = Mul(b, x) \n y = Conv(m, w)",
        (1, 1, 1, "y"),
    ),
    "size of a layer's result": (
        "a = Conv(x, w1) \n r = Shape(a) \n b = Reshape(x, r) \n y = Conv(b, w2)",
        (1, 1, 1, "y"),
    ),
    "weights that follow from constants": (
        "w2 = Relu(w1) \n c = Concat<axis=1>(x, s) \n u, v = Split<axis=1>(c) \n y = Conv(u, w2)",
        (1, 1, 1, "y"),
    ),
}


@pytest.mark.parametrize(("text", "expected"), NETS.values(), ids=NETS)
def test_depth_and_run(text: str, expected: tuple[int, int, int, str]) -> None:
    model = graph(text)
    found = topology(model)
    run = " ".join(named(model)[key] for key in found.plain_run)
    assert (found.depth, found.shortest_path, found.plain_run_units, run) == expected
    assert found.output == "y"


def named(model: Model) -> Mapping[Key, str]:
    return {node.key: node.outputs[0] for node in model.nodes}


def test_the_trunk_leaves_out_gates_and_dead_ends() -> None:
    model = graph(
        f"""
        a = Conv(x, w1)
        b = Conv(a, d1)
        {SQUEEZE}
        m = Mul(b, t)
        y = Conv(m, p3)
        dead = Neg(a)
        """
    )
    assert {named(model)[key] for key in topology(model).trunk} == {"a", "b", "m", "y"}


def test_a_gated_constant_is_no_way_from_the_input() -> None:
    model = graph(
        """
        a = Conv(x, w1)
        t = Sigmoid(a)
        m = Mul(t, z)
        b = Conv(x, w2)
        c = Add(b, m)
        y = Conv(c, w3)
        """
    )
    found = topology(model)
    assert [named(model)[key] for key in found.plain_run] == ["b", "y"]
    assert {named(model)[key] for key in found.trunk} == {"b", "c", "y"}


def test_two_inputs_are_one_source() -> None:
    model = graph(
        "a = Conv(x, w1) \n b = Add(a, h) \n y = Conv(b, w2)",
        inputs="float[1,8,16,16] x, float[1,8,16,16] h",
    )
    found = topology(model)
    assert (found.depth, found.shortest_path, found.plain_run_units) == (2, 1, 1)


def test_a_body_that_reads_a_tensor_is_a_way_on() -> None:
    model = graph("a = Conv(x, w) \n b = Neg(x) \n y = Conv(b, w)")
    nodes = [replace(n, captures=("a",)) if n.op == "Neg" else n for n in model.nodes]
    found = topology(replace(model, nodes=tuple(nodes)))
    assert (found.depth, found.shortest_path, found.plain_run_units) == (2, 1, 1)


def test_the_worst_output_is_the_one_with_the_longest_run() -> None:
    deep = "".join(BLOCK.format(i, f"y{i - 1}" if i else "x") for i in range(4))
    model = graph(f"{deep} a = Conv(x, w1) \n b = Conv(a, w2) \n y = Conv(b, w3)", "y3, y")
    assert topology(model).output == "y"


def test_of_equal_runs_the_deeper_output_is_the_worst() -> None:
    blocks = BLOCK.format(1, "x") + BLOCK.format(2, "y1") + BLOCK.format(3, "y2")
    found = topology(graph(blocks, "y2, y1, y3"))
    assert (found.output, found.depth) == ("y3", 6)


def test_runs_stand_longest_first() -> None:
    model = graph(
        BLOCK.format(1, "x")
        + "a = Conv(y1, w) \n b = Conv(a, w) \n c = Conv(b, w) \n y = Add(c, y1)"
    )
    runs = [[named(model)[key] for key in run] for run in topology(model).runs]
    assert runs == [["a", "b", "c"], ["a1", "b1"]]


def test_a_single_layer_is_no_listed_run() -> None:
    assert topology(graph("y = Conv(x, w)")).runs == ()


def test_listed_runs_are_bounded() -> None:
    blocks = "".join(BLOCK.format(i, f"y{i - 1}" if i else "x") for i in range(MAX_RUNS + 2))
    assert len(topology(graph(blocks, f"y{MAX_RUNS + 1}")).runs) == MAX_RUNS


def test_no_output_that_depends_on_an_input() -> None:
    model = graph("y = Relu(g) \n a = Conv(x, w)")
    assert topology(model) == Topology("", 0, 0, (), 0, frozenset(), ())


def test_an_input_that_is_an_output_is_looked_past() -> None:
    assert topology(graph("y = Conv(x, w)", "x, y")).output == "y"


def test_plain_net_with_a_head() -> None:
    net = Net(3, 32).repeat(5, lambda n: n.conv(8, bias=False).bn().relu()).gap().flatten()
    found = topology(net.dense(10).model())
    assert (found.depth, found.shortest_path, found.plain_run_units) == (6, 6, 6)


# Any graph: against the definition by dominators, and in bounded time.


def conv(node: Node) -> Conv:
    return Conv(node, (3, 3), (1, 1), (1, 1), ((1, 1), (1, 1)), 1, 8, 8, None, None, "w", False)


def made(edges: Sequence[Sequence[int]], layers: Sequence[bool]) -> Model:
    """Return a graph in which node i reads the nodes in ``edges[i]``, -1 being the input."""
    nodes = tuple(
        Node(
            key=("", i),
            name="",
            op="Conv" if layer else "Sum",
            domain="",
            inputs=tuple(f"t{source}" for source in sources),
            outputs=(f"t{i}",),
            attrs={},
            path=f"n{i}",
        )
        for i, (sources, layer) in enumerate(zip(edges, layers, strict=True))
    )
    source = Input("t-1", "float32", None, None)
    origin = Origin("<bytes>", None, 0)
    last = f"t{len(nodes) - 1}"
    return Model(origin, "", 8, {"": 17}, "", {}, (source,), (last,), nodes, {})


def look(model: Model) -> Topology:
    data = frozenset({"t-1"} | {name for node in model.nodes for name in node.outputs})
    layers = {node.key: conv(node) for node in model.nodes if node.op == "Conv"}
    return analyse(model, data, layers, frozenset())


@st.composite
def small_graphs(draw: st.DrawFn) -> Model:
    """Draw a graph of up to 12 nodes, each with up to 3 inputs among those before it."""
    size = draw(st.integers(1, 12))
    near = st.integers(-3, -1)
    edges = []
    for i in range(size):
        steps = draw(st.lists(near, min_size=1, max_size=3, unique=True))
        edges.append(sorted({max(-1, i + step) for step in steps}))
    layers = draw(st.lists(st.booleans(), min_size=size, max_size=size))
    return made(edges, layers)


@given(small_graphs())
def test_runs_are_those_of_the_definition(model: Model) -> None:
    found = look(model)
    pairs = {pair for run in found.runs for pair in pairwise(run)}
    assert pairs == pairs_by_dominators(model)
    assert found.plain_run_units == len(found.plain_run)


@given(small_graphs())
def test_depths_are_those_of_all_paths(model: Model) -> None:
    flow, last = to_the_output(model)
    layers = {node.key[1] for node in model.nodes if node.op == "Conv"}
    counts = [sum(node in layers for node in path) for path in nx.all_simple_paths(flow, -1, last)]
    found = look(model)
    assert (found.depth, found.shortest_path) == (max(counts), min(counts))


def to_the_output(model: Model) -> "tuple[nx.DiGraph[int], int]":
    """Return the paths from the input, -1, to the last node."""
    flow: nx.DiGraph[int] = nx.DiGraph()
    for node in model.nodes:
        flow.add_edges_from((int(name[1:]), node.key[1]) for name in node.inputs)
    last = len(model.nodes) - 1
    return flow.subgraph(nx.ancestors(flow, last) | {last}).copy(), last


def pairs_by_dominators(model: Model) -> set[tuple[Key, Key]]:
    """Return the layers u -> v that are in immediate series.

    That is: u is the nearest layer that dominates v, v post-dominates u, and no layer lies
    between them on any path.
    """
    flow, last = to_the_output(model)
    layers = {n.key[1] for n in model.nodes if n.op == "Conv" and n.key[1] in flow}
    over = nx.immediate_dominators(flow, -1)
    back = flow.reverse()
    under = nx.immediate_dominators(back, last)
    pairs = set()
    for v in layers:
        u = next((d for d in dominators(over, v) if d in layers), None)
        if u is None or v not in dominators(under, u):
            continue
        below, above = nx.descendants(flow, u), nx.ancestors(flow, v)
        if not below & above & layers:
            pairs.add((("", u), ("", v)))
    return pairs


def dominators(immediate: Mapping[int, int | None], node: int) -> list[int]:
    """Return the dominators of a node, the nearest first."""
    found = []
    above = immediate.get(node)
    while above is not None and above != node:
        found.append(above)
        node, above = above, immediate.get(above)
    return found


def test_a_long_chain_is_one_run() -> None:
    size = 20_000
    found = look(made([[i - 1] for i in range(size)], [True] * size))
    assert found.depth == found.shortest_path == found.plain_run_units == size
