"""What If, Loop and Scan cost."""

import pytest
from onnx import parser

from cnnlint.facts.facts import Facts
from cnnlint.model.loader import load
from tests.model.small_graph import ones

HEAD = '<ir_version: 10, opset_import: ["" : 17, "me" : 1]>'
LINEAR = "(t) { t = MatMul (x, w) }"


def facts(inputs: str, lines: str) -> Facts:
    """Facts of a graph in which ``w`` is a stored 3x3 matrix and ``v`` a stored 3x5 one."""
    proto = parser.parse_model(f"{HEAD} net ({inputs}) => (y) {{ {lines} }}")
    proto.graph.initializer.extend([ones("w", 3, 3), ones("v", 3, 5)])
    return Facts(load(proto.SerializeToString()))


def branching(then: str, other: str) -> Facts:
    return facts(
        "float[2,3] x, bool c",
        f"y = If (c) <then_branch = one () => {then}, else_branch = two () => {other}>",
    )


def looping(count: str, body: str) -> Facts:
    return facts(
        "float[2,3] x, int64 any",
        f"n = Constant <value_int = 7> () zero = Constant <value_int = 0> ()"
        f"y = Loop ({count}, , x) <body = run (int64 i, bool c, float[2,3] s) => {body}>",
    )


@pytest.mark.parametrize(
    ("other", "macs", "flops", "lower", "params"),
    [
        (LINEAR, 18, 36, {}, 9),
        ("(t) { t = MatMul (x, v) }", 18, 36, {"If": 1}, 24),
        ("(t) { t = Neg (x) }", 0, 6, {"If": 1}, 9),
        ("(t) { t = me.Magic (x) }", 0, 0, {"If": 1, "me:Magic": 1}, 9),
    ],
)
def test_the_cheaper_branch_counts(
    other: str, macs: int, flops: int, lower: dict[str, int], params: int
) -> None:
    found = branching(LINEAR, other)
    assert (found.macs, found.flops, found.params) == (macs, flops, params)
    assert found.uncounted_ops == lower


def test_bytes_that_bodies_move() -> None:
    """A product reads 24 bytes of x and 36 of w, and writes 24."""
    assert branching(LINEAR, LINEAR).bytes_moved == 84
    assert branching(LINEAR, "(t) { t = Neg (x) }").bytes_moved == 48
    assert looping("n", STEP).bytes_moved == 7 * 84
    assert looping("n", "(c, t) { t = me.Magic (s) }").bytes_moved is None


def test_branches_that_differ_in_flops_alone_are_no_surer() -> None:
    found = branching("(t) { t = Neg (x) }", "(t) { u = Neg (x) t = Abs (u) }")
    assert (found.macs, found.flops, dict(found.uncounted_ops)) == (0, 6, {"If": 1})
    assert found.arithmetic_intensity is None
    same = branching("(t) { t = Neg (x) }", "(t) { t = Abs (x) }")
    assert (same.macs, same.flops, dict(same.uncounted_ops)) == (0, 6, {})
    assert same.arithmetic_intensity == 6 / 48


STEP = "(c, t) { t = MatMul (s, w) }"


@pytest.mark.parametrize(
    ("count", "body", "macs", "lower"),
    [
        ("n", STEP, 7 * 18, {}),
        ("any", STEP, 18, {"Loop": 1}),
        ("zero", STEP, 0, {}),
        ("any", "(c, t) { t = Neg (s) }", 0, {"Loop": 1}),
        ("any", "(c, t) { t = Identity (s) }", 0, {}),
        ("n", "(c, t) { u = me.Magic (s) t = MatMul (s, w) }", 7 * 18, {"me:Magic": 1}),
    ],
)
def test_a_loop_costs_its_body_times_its_runs(
    count: str, body: str, macs: int, lower: dict[str, int]
) -> None:
    found = looping(count, body)
    assert (found.macs, dict(found.uncounted_ops)) == (macs, lower)


def test_a_body_of_unknown_cost_makes_the_total_unknown() -> None:
    found = looping("n", "(c, t) { u = Concat <axis = 0> (s, s) t = MatMul (u, w) }")
    assert found.macs is None
    assert found.flops is None
    unsure = looping("any", "(c, t) { u = Concat <axis = 0> (s, s) t = MatMul (u, w) }")
    assert (unsure.macs, unsure.flops, unsure.uncounted_ops) == (None, None, {"Loop": 1})
    zero = looping("zero", "(c, t) { u = Concat <axis = 0> (s, s) t = MatMul (u, w) }")
    assert zero.macs == 0


def test_weights_are_counted_once_wherever_they_are_read() -> None:
    found = branching(LINEAR, LINEAR)
    assert found.params == 9
    both = facts(
        "float[2,3] x, bool c",
        f"z = MatMul (x, w) y = If (c) <then_branch = a () => {LINEAR}, else_branch = b () => "
        "(t) { t = MatMul (z, v) }>",
    )
    assert (both.params, both.weight_bytes) == (24, 96)
    assert both.macs == 18 + 18


def test_what_is_unknown_in_a_body_counts_as_unresolved() -> None:
    found = branching("(t) { t = me.Magic (x) }", LINEAR)
    assert [node.op for node in found.unresolved] == ["If", "me:Magic"]


# ------------------------------------------------------------------- constants


@pytest.mark.parametrize(
    ("lines", "macs"),
    [
        ("t = MatMul (w, v) y = MatMul (x, t)", 45 + 30),
        ("t = Neg (v) y = MatMul (x, t)", 30),
        ("s = Shape (v) t = ConstantOfShape (s) y = MatMul (x, t)", 30),
    ],
)
def test_products_of_constants_count_too(lines: str, macs: int) -> None:
    found = facts("float[2,3] x", lines)
    assert found.macs == macs
    assert found.params in (15, 24)
