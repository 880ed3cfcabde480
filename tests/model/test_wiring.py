"""Who feeds whom: the order of nodes, tensors that are made twice or never, idle nodes."""

import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import helper

from cnnlint.errors import LoadError
from cnnlint.model.graph import Model
from tests.model.small_graph import build, node, ones, read, refusal, tensor
from tests.model.test_unfold import FUNCTION, HEAD
from tests.model.test_unfold import read as parsed


def idle(model: Model) -> list[str]:
    return [n.outputs[0] for n in model.nodes if n.key in model.idle]


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        pytest.param([node("Relu", "x", "y")], [], id="none"),
        pytest.param([node("Relu", "x", "y"), node("Relu", "x", "z")], ["z"], id="one"),
        pytest.param(
            [node("Relu", "x", "a"), node("Abs", "a", "b"), node("Relu", "x", "y")],
            ["a", "b"],
            id="chain",
        ),
        pytest.param(
            [node("Relu", "x", "a"), node("Abs", "a", "b"), node("Neg", "a", "y")],
            ["b"],
            id="branch",
        ),
        pytest.param(
            [node("Split", "x", "a y", axis=2), node("Abs", "y", "b")],
            ["b"],
            id="one of two outputs",
        ),
        pytest.param(
            [node("Dropout", "x", "a"), helper.make_node("Clip", ["x", "", ""], ["y", ""])],
            ["a"],
            id="absent input",
        ),
    ],
)
def test_what_leads_nowhere(nodes: list[onnx.NodeProto], expected: list[str]) -> None:
    proto = build(nodes)
    proto.graph.output.append(tensor("y"))
    assert idle(read(proto)) == expected


def test_what_a_body_reads_is_read_even_where_the_body_never_runs() -> None:
    model = parsed(f"""{HEAD}
        net (float[2,3] x) => (y) {{
            s = Abs (x)
            t = Neg (x)
            c = Constant <value_int = 1> ()
            y = If (c) <
                then_branch = one () => (a) {{ a = Neg (s) }},
                else_branch = two () => (b) {{ b = Abs (t) }}
            >
        }}""")
    assert "If" not in [n.op for n in model.nodes]
    assert idle(model) == []


def test_what_a_function_takes_is_read() -> None:
    model = parsed(f"""{HEAD}
        net (float[2,3] x) => (y) {{
            s = Abs (x)
            y = me.First (x, s)
        }}
        {FUNCTION}
        First (a, b) => (c) {{ c = Neg (a) }}""")
    assert idle(model) == []


def test_stored_tensors_among_the_inputs() -> None:
    proto = build([node("Mul", "x w", "a"), node("Add", "a v", "y")], [ones("w", 8), ones("v", 8)])
    assert read(proto).replaceable == ()
    proto.graph.input.append(tensor("w", 8))
    model = read(proto)
    assert model.replaceable == ("w",)
    assert [entry.name for entry in model.inputs] == ["x"]


@pytest.mark.parametrize(
    ("nodes", "stored", "inputs", "name"),
    [
        ([node("Relu", "x", "a"), node("Relu", "x", "a")], [], ["x"], "a"),
        ([node("Split", "x", "a a")], [], ["x"], "a"),
        ([node("Relu", "x", "x")], [], ["x"], "x"),
        ([node("Relu", "x", "w")], [ones("w", 1)], ["x"], "w"),
        ([node("Relu", "x", "a")], [ones("w", 1), ones("w", 1)], ["x"], "w"),
        ([node("Relu", "x", "a")], [], ["x", "x"], "x"),
        ([node("Relu", "x", "a"), node("Relu", "x", "a")], [], ["\x1b[2J"], "a"),
        ([node("Relu", "x", "a" * 900), node("Relu", "x", "a" * 900)], [], ["x"], "a" * 79 + "…"),
    ],
)
def test_a_tensor_made_twice(
    nodes: list[onnx.NodeProto], stored: list[onnx.TensorProto], inputs: list[str], name: str
) -> None:
    proto = build(nodes, stored, [tensor(entry, 1) for entry in inputs])
    error = refusal(proto.SerializeToString())
    assert (error.code, error.cause) == ("made-twice", f"<bytes>: tensor {name!r} is made twice")


def test_absent_outputs_are_not_the_same_tensor() -> None:
    nodes = [
        helper.make_node("Dropout", ["x"], ["a", ""]),
        helper.make_node("Dropout", ["a"], [""]),
    ]
    assert [n.outputs for n in read(build(nodes)).nodes] == [("a", ""), ("",)]


def test_an_absent_output_feeds_no_absent_input() -> None:
    nodes = [helper.make_node("Clip", ["x", "", "x"], ["a", ""]), node("Relu", "a", "b")]
    assert [n.op for n in read(build(nodes)).nodes] == ["Clip", "Relu"]


@pytest.mark.parametrize(
    ("nodes", "cause"),
    [
        ([node("Relu", "a", "a", name="me")], "me feeds itself"),
        (
            [node("Relu", "x", "b", name="fine"), node("Add", "a b", "a", name="me")],
            "me feeds itself",
        ),
        (
            [
                node("Add", "x b", "a", name="one"),
                node("Relu", "a", "b", name="two"),
                node("Relu", "b", "c", name="behind"),
            ],
            "one, two feed each other",
        ),
        (
            [node("Relu", f"t{(i - 1) % 7}", f"t{i}") for i in range(7)],
            "Relu, Relu_1, Relu_2, Relu_3, Relu_4 and 2 more feed each other",
        ),
        (
            [node("Relu", f"t{(i - 1) % 5}", f"t{i}") for i in range(5)],
            "Relu, Relu_1, Relu_2, Relu_3, Relu_4 feed each other",
        ),
        ([node("Relu", "a", "a", name="n" * 80)], f"{'n' * 80} feeds itself"),
        ([node("Relu", "a", "a", name="n" * 200)], f"{'n' * 79}… feeds itself"),
    ],
)
def test_a_cycle_is_named(nodes: list[onnx.NodeProto], cause: str) -> None:
    error = refusal(build(nodes).SerializeToString())
    assert error.code == "cycle"
    assert error.cause == f"<bytes>: the graph is not acyclic: {cause}"


def test_a_cycle_through_a_body() -> None:
    body = helper.make_graph([node("Relu", "b", "o")], "body", [], [tensor("o", 1)])
    nodes = [node("If", "x", "a", then_branch=body, else_branch=body), node("Relu", "a", "b")]
    assert refusal(build(nodes).SerializeToString()).code == "cycle"


def test_nodes_out_of_order_are_sorted() -> None:
    nodes = [node("Relu", "b", "c"), node("Relu", "x", "a"), node("Relu", "a", "b")]
    model = read(build([*nodes, node("Relu", "x", "d")]))
    assert [n.outputs[0] for n in model.nodes] == ["a", "b", "c", "d"]
    assert [n.key for n in model.nodes] == [("", 1), ("", 2), ("", 0), ("", 3)]
    assert [n.path for n in model.nodes] == ["Relu_1", "Relu_2", "Relu", "Relu_3"]
    assert model.static("c") == (1, 3, 8, 8)


def test_nodes_in_order_stay_as_they_are() -> None:
    nodes = [node("Relu", "x", "b"), node("Relu", "x", "a"), node("Add", "a b", "c")]
    assert [n.key[1] for n in read(build(nodes)).nodes] == [0, 1, 2]


@given(st.permutations(range(6)))
def test_any_order_gives_the_same_network(order: list[int]) -> None:
    chain = [node("Relu", f"t{i}", f"t{i + 1}") for i in range(6)]
    model = read(build([chain[i] for i in order], inputs=[tensor("t0", 1, 4)]))
    assert [n.outputs[0] for n in model.nodes] == [f"t{i + 1}" for i in range(6)]
    assert sorted(n.key[1] for n in model.nodes) == list(range(6))


@pytest.mark.parametrize(
    ("nodes", "cause"),
    [
        ([node("Relu", "ghost", "y", name="n")], "n reads 'ghost', which nothing makes"),
        ([node("Relu", "x", "z")], "nothing makes the output 'y'"),
    ],
)
def test_tensors_that_nothing_makes(nodes: list[onnx.NodeProto], cause: str) -> None:
    proto = build(nodes)
    del proto.graph.output[:]
    proto.graph.output.append(tensor("y", 1, 3, 8, 8))
    with pytest.raises(LoadError, match=cause):
        read(proto)
