"""Sequences of tensors: what is taken out of a known one stands for itself."""

import pytest
from onnx import parser

from cnnlint.model.graph import Model
from cnnlint.model.loader import load
from cnnlint.model.sequences import MAX_ELEMENTS
from cnnlint.model.unfold import MAX_UNROLLED
from tests.model.test_unfold import HEAD, ops, read

INPUTS = "float[1] a, float[2] b, float[3] c, int64 any"
NUMBERS = " ".join(
    f"{name} = Constant <value_int = {number}> ()"
    for name, number in (("zero", 0), ("one", 1), ("two", 2), ("last", -1), ("first", -2))
)


def taking(lines: str) -> Model:
    return read(
        f"{HEAD} net ({INPUTS}) => (y) {{ {NUMBERS} s = SequenceConstruct (a, b) {lines} }}"
    )


@pytest.mark.parametrize(
    ("lines", "shape"),
    [
        ("y = SequenceAt (s, zero)", (1,)),
        ("y = SequenceAt (s, one)", (2,)),
        ("y = SequenceAt (s, last)", (2,)),
        ("y = SequenceAt (s, first)", (1,)),
        ("t = SequenceInsert (s, c) y = SequenceAt (t, two)", (3,)),
        ("t = SequenceInsert (s, c, zero) y = SequenceAt (t, zero)", (3,)),
        ("t = SequenceInsert (s, c, two) y = SequenceAt (t, two)", (3,)),
        ("t = SequenceInsert (s, c, last) y = SequenceAt (t, one)", (3,)),
        ("t = SequenceInsert (s, c, last) y = SequenceAt (t, two)", (2,)),
        ("t = SequenceErase (s) y = SequenceAt (t, last)", (1,)),
        ("t = SequenceErase (s, zero) y = SequenceAt (t, zero)", (2,)),
        ("e = SequenceEmpty () t = SequenceInsert (e, c) y = SequenceAt (t, zero)", (3,)),
        ("t = Identity (s) u = SequenceInsert (t, c) y = SequenceAt (u, zero)", (1,)),
    ],
)
def test_what_is_taken_out(lines: str, shape: tuple[int, ...]) -> None:
    model = taking(lines)
    assert model.static("y") == shape
    assert [op for op in ops(model) if op != "Constant"] == ["Identity"]


@pytest.mark.parametrize(
    "lines",
    [
        "y = SequenceAt (s, any)",
        "y = SequenceAt (s, two)",
        "t = SequenceInsert (s, c, any) y = SequenceAt (t, zero)",
        "t = SequenceErase (s, two) y = SequenceAt (t, zero)",
        "t = SequenceErase (s, any) y = SequenceAt (t, zero)",
        "e = SequenceEmpty () t = SequenceErase (e) y = SequenceAt (t, zero)",
        "t = SplitToSequence (c) y = SequenceAt (t, zero)",
        "y = SequenceAt (s)",
        "y = SequenceAt (s, )",
        "e = SequenceEmpty () y = SequenceAt (e)",
        "t = SequenceInsert (s) y = SequenceAt (t, zero)",
        'p = Constant <value_string = "1"> () y = SequenceAt (s, p)',
        "p = Constant <value_float = 1.0> () y = SequenceAt (s, p)",
        "p = Constant <value_ints = [0, 1]> () y = SequenceAt (s, p)",
    ],
)
def test_what_is_not_known(lines: str) -> None:
    model = taking(lines)
    assert ops(model)[-1] == "SequenceAt"
    assert model.value("y").shape is None


def test_a_sequence_that_is_read_stays() -> None:
    assert ops(taking("z = SequenceAt (s, zero) y = ConcatFromSequence <axis = 0> (s)"))[-3:] == [
        "SequenceConstruct",
        "Identity",
        "ConcatFromSequence",
    ]
    assert ops(taking("y = SequenceInsert (s, c)"))[-2:] == ["SequenceConstruct", "SequenceInsert"]


def growing(
    runs: str, take: int = 0, body: str = "t = Neg (x) r = SequenceInsert (q, t)"
) -> Model:
    text = f"""{HEAD}
        net (float[2,3] x, int64 any) => (y) {{
            n = Constant <value_int = {runs}> ()
            zero = Constant <value_int = {take}> ()
            e = SequenceEmpty ()
            s = Loop (n, , e) <
                body = run (int64 i, bool go, seq(float[2,3]) q) => (go, r) {{ {body} }}
            >
            y = SequenceAt (s, zero)
        }}"""
    return load(parser.parse_model(text).SerializeToString())


@pytest.mark.parametrize(("runs", "take"), [(1, 0), (3, 2), (3, -3), (MAX_ELEMENTS, 0)])
def test_a_loop_over_a_sequence_is_unrolled(runs: int, take: int) -> None:
    model = growing(str(runs), take)
    assert not model.bodies
    assert model.static("y") == (2, 3)
    assert ops(model).count("Neg") == runs
    assert not {op for op in ops(model) if "Sequence" in op or op == "Loop"}
    assert len({node.key for node in model.nodes}) == len(model.nodes)
    assert len({node.path for node in model.nodes}) == len(model.nodes)
    (taken,) = (node for node in model.nodes if "y" in node.outputs)
    negs = [node.outputs[0] for node in model.nodes if node.op == "Neg"]
    assert taken.inputs == (negs[take],)


def test_the_iteration_of_an_unrolled_loop_is_known() -> None:
    body = "d = Unsqueeze (i, z) t = Concat <axis = 0> (d, d) u = Expand (x, t)"
    first, last = "z = Constant <value_ints = [0]> ()", "r = SequenceInsert (q, u)"
    model = growing("3", 0, f"{first} {body} {last}")
    shapes = [model.value(n.outputs[0]).const for n in model.nodes if n.op == "Concat"]
    assert [None if numbers is None else numbers.tolist() for numbers in shapes] == [
        [0, 0],
        [1, 1],
        [2, 2],
    ]


def test_loops_that_are_not_unrolled() -> None:
    model = growing(str(MAX_UNROLLED + 1))
    assert "Loop" in ops(model)
    assert model.bodies[next(n.key for n in model.nodes if n.op == "Loop")][0].runs == 1001
    none = growing("0")
    assert "Loop" not in ops(none)
    assert none.value("y").shape is None


def test_loops_of_loops_share_what_may_be_unrolled() -> None:
    body = "(go, r) { t = Neg (x) r = SequenceInsert (q, t) }"
    for _ in range(3):
        inner = f"body = run (int64 i, bool go, seq(float[2,3]) q) => {body}"
        body = f"(go, r) {{ r = Loop (n, , q) <{inner}> }}"
    model = growing("32", 0, body.removeprefix("(go, r) {").removesuffix("}"))
    assert model.value("y").shape is None
    assert ops(model).count("Neg") <= MAX_UNROLLED


def test_long_sequences_are_not_followed() -> None:
    names = ", ".join(["x"] * MAX_ELEMENTS)
    lines = (
        f"s = SequenceConstruct ({names}) t = SequenceInsert (s, x) z = Constant <value_int=0> ()"
    )
    model = read(f"{HEAD} net (float[2] x) => (y) {{ {lines} y = SequenceAt (s, z) }}")
    assert model.static("y") == (2,)
    model = read(f"{HEAD} net (float[2] x) => (y) {{ {lines} y = SequenceAt (t, z) }}")
    assert model.value("y").shape is None
