"""The order in which onnxruntime runs nodes (confirmed with it in test_memory_runtime)."""

import pytest

from cnnlint.facts.memory.schedule import schedule
from tests.facts.onnx_text import graph


@pytest.mark.parametrize(
    ("text", "order"),
    [
        pytest.param("a = Exp(x)\nb = Tanh(a)\ny = Sqrt(b)", "a b y", id="chain"),
        pytest.param("a = Exp(x)\nb = Tanh(x)\ny = Add(a, b)", "b a y", id="last branch first"),
        pytest.param("a = Exp(x)\nb = Tanh(x)\ny = Add(b, a)", "b a y", id="whatever the operand"),
        pytest.param(
            "a = Exp(x)\nb = Tanh(a)\nc = Exp(a)\ny = Add(b, c)",
            "a c b y",
            id="a fork is run once",
        ),
        pytest.param("a = Exp(x)\ny = Tanh(a)\nb = Exp(a)", "a b y", id="last end first"),
        pytest.param("a = Exp(x)\nb = Tanh(a)\ny = Sqrt(a)", "a y b", id="what nobody reads"),
        pytest.param(
            "a = Identity(w)\nb = Exp(x)\ny = Conv <pads = [1, 1, 1, 1]> (b, a)",
            "b a y",
            id="of a weight",
        ),
        pytest.param(
            "\n".join(
                f"{made} = Exp({read})"
                for made, read in zip("abcdefghi", "xaxcdefgh", strict=True)
            )
            + "\ny = Add(i, b)",
            "c d e f g h i a b y",
            id="whatever the length of a branch",
        ),
        pytest.param("a = Add(x, 2)\ny = Mul(a, 3)", "a y", id="without Constants"),
    ],
)
def test_order(text: str, order: str) -> None:
    assert [node.outputs[0] for node in schedule(graph(text))] == order.split()


def test_what_a_body_reads_is_made_before() -> None:
    text = """
    k = ReduceMax <keepdims = 0> (x)
    c = Cast <to = 9> (k)
    a = Exp(x)
    b = Tanh(x)
    i = If (c) <
        then_branch = left () => (t) { t = Relu(a) },
        else_branch = right () => (e) { e = Neg(b) }
    >
    y = Exp(i)
    """
    assert [n.outputs[0] for n in schedule(graph(text))] == ["b", "a", "k", "c", "i", "y"]


def test_nothing_to_run() -> None:
    assert schedule(graph("y = Constant <value_float = 1.0> ()")) == ()
