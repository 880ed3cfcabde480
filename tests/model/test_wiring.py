"""Which nodes lead to no output of the file, and which weights a caller may replace."""

import onnx
import pytest
from onnx import helper

from cnnlint.model.graph import Model
from tests.model.small_graph import build, node, ones, read, tensor
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
