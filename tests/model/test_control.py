"""Bodies of If, Loop and Scan: unfolded where that is sure, models of their own elsewhere."""

import onnx
import pytest
from onnx import parser

from cnnlint.model.graph import Model
from cnnlint.model.loader import load
from tests.model.small_graph import ones
from tests.model.test_unfold import FUNCTION, HEAD, ops, read

# ------------------------------------------------------------------- If

BRANCHES = """
    y = If ({condition}) <
        then_branch = one () => (float[2,3] a) {{ a = Neg (x) }},
        else_branch = two () => (float[2,n] b) {{ c = Abs (x) b = Concat <axis = 1> (c, x) }}
    >"""


def branching(before: str, condition: str = "c", inputs: str = "float[2,3] x") -> Model:
    body = BRANCHES.format(condition=condition)
    return read(f"{HEAD} net ({inputs}) => (y) {{ {before} {body} }}")


@pytest.mark.parametrize(
    ("before", "expected", "shape"),
    [
        ("c = Constant <value_int = 1> ()", ["Neg"], (2, 3)),
        ("c = Constant <value_int = 0> ()", ["Abs", "Concat"], (2, 6)),
        ("s = Size (x) six = Constant <value_int = 6> () c = Equal (s, six)", ["Neg"], (2, 3)),
    ],
)
def test_the_branch_that_is_sure_stands_for_the_if(
    before: str, expected: list[str], shape: tuple[int, ...]
) -> None:
    model = branching(before)
    assert [op for op in ops(model) if op not in ("Constant", "Size", "Equal")] == expected
    assert model.static("y") == shape
    assert model.nodes[-1].outputs == ("y",)
    assert not model.bodies


def test_both_branches_where_the_condition_depends_on_data() -> None:
    model = branching("", inputs="float[2,3] x, bool c")
    (node,) = model.nodes
    assert (node.op, node.captures) == ("If", ("x",))
    then, other = model.bodies[node.key]
    assert (then.name, other.name, then.runs, other.runs) == (
        "then_branch",
        "else_branch",
        None,
        None,
    )
    assert (ops(then.model), ops(other.model)) == (["Neg"], ["Abs", "Concat"])
    assert [entry.name for entry in then.model.inputs] == ["x"]
    assert then.model.static(then.model.outputs[0]) == (2, 3)
    assert other.model.static(other.model.outputs[0]) == (2, 6)
    assert model.value("y").shape == (2, None)
    assert [n.path for n in other.model.nodes] == ["If.else_branch.Abs", "If.else_branch.Concat"]


def test_an_if_inside_an_if_and_names_of_the_surroundings() -> None:
    model = read(f"""{HEAD}
        net (float[2,3] x, bool c) => (y) {{
            t = Neg (x)
            y = If (c) <
                then_branch = one () => (a) {{
                    s = Abs (t)
                    a = If (c) <
                        then_branch = three () => (d) {{ d = Add (s, t) }},
                        else_branch = four () => (e) {{ e = Identity (s) }}
                    >
                }},
                else_branch = two () => (t) {{ }}
            >
        }}""")
    node = model.nodes[-1]
    then, other = model.bodies[node.key]
    inner = then.model.bodies[then.model.nodes[-1].key]
    assert set(node.captures) == {"t", "c"}
    assert inner[0].model.nodes[0].inputs == (then.model.nodes[0].outputs[0], "t")
    assert inner[0].model.static(inner[0].model.outputs[0]) == (2, 3)
    assert other.model.outputs == ("t",)
    assert model.static("y") == (2, 3)


def test_weights_inside_and_outside_a_branch() -> None:
    proto = parser.parse_model(f"""{HEAD}
        net (float[2,3] x, bool c) => (y) {{
            y = If (c) <
                then_branch = one () => (a) {{ a = MatMul (x, outer_w) }},
                else_branch = two () => (b) {{ b = MatMul (x, inner_w) }}
            >
        }}""")
    proto.graph.initializer.append(ones("outer_w", 3, 4))
    proto.graph.node[0].attribute[1].g.initializer.append(ones("inner_w", 3, 5))
    model = load(proto.SerializeToString())
    then, other = model.bodies[model.nodes[0].key]
    assert then.model.value("outer_w").stored
    assert other.model.value(other.model.nodes[0].inputs[1]).stored
    assert [entry.name for entry in then.model.inputs] == ["x"]
    assert model.value("y").shape == (2, None)


def test_a_branch_in_a_function_knows_its_attributes() -> None:
    model = read(f"""{HEAD}
        net (float[2,3] x) => (y, z) {{
            y = me.Maybe <flag = 1> (x)
            z = me.Maybe (x)
        }}
        {FUNCTION}
        Maybe <flag: int = 0, axis: int = 1> (a) => (b) {{
            c = Constant <value_int: int = @flag> ()
            b = If (c) <
                then_branch = one () => (t) {{ t = Neg (a) }},
                else_branch = two () => (u) {{ u = Concat <axis: int = @axis> (a, a) }}
            >
        }}""")
    assert [op for op in ops(model) if op != "Constant"] == ["Neg", "Concat"]
    assert (model.static("y"), model.static("z")) == ((2, 3), (2, 6))


def test_an_if_without_one_of_its_branches_is_any_unknown_operator() -> None:
    proto = branching_proto()
    del proto.graph.node[0].attribute[1]
    model = load(proto.SerializeToString())
    assert ops(model) == ["If"]
    assert not model.bodies
    assert model.value("y").shape is None


def branching_proto() -> onnx.ModelProto:
    body = BRANCHES.format(condition="c")
    return parser.parse_model(f"{HEAD} net (float[2,3] x, bool c) => (y) {{ {body} }}")


def test_a_foreign_operator_with_a_body_is_none_of_ours() -> None:
    proto = branching_proto()
    proto.graph.node[0].domain = "me"
    model = load(proto.SerializeToString())
    assert ops(model) == ["me:If"]
    assert not model.bodies


# ------------------------------------------------------------------- Loop and Scan


def looping(before: str, body: str, operands: str = "n, go, x", made: str = "y, all") -> Model:
    return read(f"""{HEAD}
        net (float[2,3] x, int64 any, bool maybe) => (y) {{
            go = Constant <value_int = 1> ()
            stop = Constant <value_int = 0> ()
            {before}
            {made} = Loop ({operands}) <body = run (int64 i, bool c, float[2,n] s) => {body}>
        }}""")


GOES_ON = "(c2, t, u) { c2 = Identity (c) t = Neg (s) u = Abs (s) }"


@pytest.mark.parametrize(
    ("before", "body", "operands", "runs"),
    [
        ("n = Constant <value_int = 5> ()", GOES_ON, "n, go, x", 5),
        ("n = Constant <value_int = 5> ()", GOES_ON, "n, , x", 5),
        ("n = Constant <value_int = 5> ()", GOES_ON, "n, stop, x", 0),
        ("n = Constant <value_int = -1> ()", GOES_ON, "n, maybe, x", 0),
        ("n = Constant <value_float = 5.0> ()", GOES_ON, "n, go, x", None),
        ('n = Constant <value_string = "five"> ()', GOES_ON, "n, go, x", None),
        ("n = Constant <value_int = 5> ()", GOES_ON, "n, maybe, x", None),
        ("n = Constant <value_int = 9223372036854775807> ()", GOES_ON, "n, go, x", None),
        ("", GOES_ON, "any, go, x", None),
        ("", GOES_ON, ", go, x", None),
        (
            "n = Constant <value_int = 5> ()",
            "(c2, t, u) { c2 = Constant <value_int = 1> () t = Neg (s) u = Abs (s) }",
            "n, go, x",
            5,
        ),
        (
            "n = Constant <value_int = 5> ()",
            "(c2, t, u) { c2 = Not (c) t = Neg (s) u = Abs (s) }",
            "n, go, x",
            None,
        ),
        (
            "n = Constant <value_int = 5> ()",
            "(c, t, u) { t = Neg (s) u = Abs (s) }",
            "n, go, x",
            5,
        ),
    ],
)
def test_how_often_a_loop_runs(before: str, body: str, operands: str, runs: int | None) -> None:
    model = looping(before, body, operands)
    (inner,) = model.bodies[model.nodes[-1].key]
    assert inner.runs == runs
    assert model.static("y") == (2, 3)
    assert model.value("all").shape == (runs, 2, 3)
    assert len(inner.model.inputs) == 3


def test_a_state_that_grows_has_no_size_to_be_sure_of() -> None:
    body = "(c, t, u) { t = Concat <axis = 1> (s, s) u = Abs (s) }"
    model = looping("n = Constant <value_int = 5> ()", body)
    assert model.value("y").shape == (2, None)
    assert model.value("all").shape == (5, 2, None)
    (inner,) = model.bodies[model.nodes[-1].key]
    assert inner.model.inputs[2].bound == (2, None)


def test_numbers_that_a_loop_changes_are_not_known_inside() -> None:
    model = read(f"""{HEAD}
        net (float[2,3] x) => (y) {{
            n = Constant <value_int = 5> ()
            start = Constant <value_ints = [2, 3]> ()
            size, all = Loop (n, , start) <
                body = run (int64 i, bool c, int64[2] s) => (c, t, r) {{
                    t = Add (s, i)
                    r = Reshape (x, s)
                }}
            >
            y = Reshape (x, size)
        }}""")
    assert model.value("size").shape == (2,)
    assert model.value("y").shape == (None, None)
    assert model.value("all").shape == (5, None, None)


@pytest.mark.parametrize(
    ("attrs", "runs", "stacked"),
    [
        ("", 2, (2, 3, 4)),
        (", scan_input_axes = [1]", 3, (3, 2, 4)),
        (", scan_input_axes = [-1], scan_output_axes = [1]", 4, (2, 4, 3)),
        (", scan_output_axes = [-1]", 2, (3, 4, 2)),
    ],
)
def test_scans(attrs: str, runs: int, stacked: tuple[int, ...]) -> None:
    model = read(f"""{HEAD}
        net (float[3] state, float[2,3,4] x) => (y, z) {{
            y, z = Scan <num_scan_inputs = 1{attrs},
                body = run (float[a] s, float[b,c] r) => (s2, t) {{ s2 = Neg (s) t = Abs (r) }}
            > (state, x)
        }}""")
    (inner,) = model.bodies[model.nodes[0].key]
    assert inner.runs == runs
    assert model.static("y") == (3,)
    assert model.static("z") == stacked
    assert inner.model.inputs[1].bound == tuple(n for n in stacked if n != runs)


@pytest.mark.parametrize("attrs", ["num_scan_inputs = 7", "scan_input_axes = [9]"])
def test_scans_that_make_no_sense_say_nothing(attrs: str) -> None:
    model = read(f"""{HEAD}
        net (float[3] state, float[2,3,4] x) => (y, z) {{
            y, z = Scan <{attrs}, num_scan_inputs = 1, scan_output_axes = [8],
                body = run (float[a] s, float[b,c] r) => (s2, t) {{ s2 = Neg (s) t = Abs (r) }}
            > (state, x)
        }}""")
    assert model.value("z").shape is None


def test_nested_loops_of_shapes_that_change_stay_bounded() -> None:
    inner = "(c, t) { t = Concat <axis = 0> (s, s) }"
    for _ in range(12):
        inner = (
            f"(c, t) {{ t = Loop (, , s) <body = run (int64 i, bool c, float[n] s) => {inner}> }}"
        )
    run = f"run (int64 i, bool c, float[n] s) => {inner}"
    model = read(f"{HEAD} net (float[2] s) => (y) {{ y = Loop (, , s) <body = {run}> }}")
    assert model.value("y").shape == (None,)
