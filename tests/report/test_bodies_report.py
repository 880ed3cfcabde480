"""How bodies of If, Loop and Scan are shown."""

import json
from pathlib import Path

import pytest
from onnx import parser

from tests.conftest import Run
from tests.model.small_graph import ones

TEXT = """<ir_version: 10, opset_import: ["" : 17]>
net (float[2,3] x, bool c) => (y) {
    n = Constant <value_int = 7> ()
    z = Loop (n, , x) <body = run (int64 i, bool k, float[2,3] s) => (k, t) { t = MatMul (s, w) }>
    y = If (c) <
        then_branch = one () => (p) {
            p = If (c) <
                then_branch = three () => (r) { r = MatMul (z, w) },
                else_branch = four () => (r) { r = MatMul (z, w) }
            >
        },
        else_branch = two () => (q) { q = MatMul (z, v) }
    >
}"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    proto = parser.parse_model(TEXT)
    proto.graph.initializer.extend([ones("w", 3, 3), ones("v", 3, 5)])
    path = tmp_path / "net.onnx"
    path.write_bytes(proto.SerializeToString())
    return path


def test_json(file: Path, run: Run) -> None:
    code, out, _ = run("profile", str(file), "--static", "--format", "json")
    assert code == 0
    (model,) = json.loads(out)["models"]
    bodies = model["bodies"]
    assert [(b["path"], b["name"], b["runs"], b["macs"], b["params"]) for b in bodies] == [
        ("Loop", "body", 7, 18, 9),
        ("If", "then_branch", None, 18, 9),
        ("If.then_branch.If", "then_branch", None, 18, 9),
        ("If.then_branch.If", "else_branch", None, 18, 9),
        ("If", "else_branch", None, 30, 15),
    ]
    assert [row["path"] for row in bodies[0]["layers"]] == ["Loop.body.MatMul"]
    assert model["summary"]["macs"] == 7 * 18 + 18
    assert model["summary"]["uncounted_ops"] == {"If": 1}
    assert sum(row["macs"] for row in model["layers"]) == 7 * 18 + 18
    bounds = {row["path"]: row["macs_are_lower_bound"] for row in model["layers"]}
    assert bounds == {"Loop": False, "If": True}
    assert not any(body["macs_are_lower_bound"] for body in bodies)
    assert sum(row["params"] for row in model["layers"]) == model["summary"]["params"] == 24


def test_tables(file: Path, run: Run) -> None:
    _, out, _ = run("profile", str(file), "--static")
    titles = [line for line in out.splitlines() if line.endswith(":")]
    assert titles == [
        "body of Loop (runs 7 times):",
        "then_branch of If (one of two branches):",
        "then_branch of If.then_branch.If (one of two branches):",
        "else_branch of If.then_branch.If (one of two branches):",
        "else_branch of If (one of two branches):",
    ]
    totals = [line.split()[3:] for line in out.splitlines() if line.startswith("total")]
    assert totals == [
        [">=144", ">=288", "24", "?"],
        *[["18", "36", "9"]] * 4,
        ["30", "60", "15"],
    ]
    costs = [[cell for cell in line.split() if cell.startswith(">=")] for line in out.splitlines()]
    assert [cells for cells in costs if cells] == [[">=18", ">=36"], [">=144", ">=288"]]
    assert "= note: If (1 node) takes a branch by the data; the cheaper one is counted" in out


NESTED = """<ir_version: 10, opset_import: ["" : 17, "me" : 1]>
net (float[2,3] x) => (y) {
    n = Constant <value_int = 7> ()
    y = Loop (n, , x) <body = run (int64 i, bool k, float[2,3] s) => (k, t) {
        u = me.Magic (s)
        t = MatMul (s, w)
    }>
}"""


def test_what_is_not_counted_in_a_body_makes_each_table_a_lower_bound(
    tmp_path: Path, run: Run
) -> None:
    proto = parser.parse_model(NESTED)
    proto.graph.initializer.append(ones("w", 3, 3))
    path = tmp_path / "net.onnx"
    path.write_bytes(proto.SerializeToString())
    _, out, _ = run("profile", path, "--static")
    bounds = [line.split()[0] for line in out.splitlines() if ">=" in line]
    assert bounds == ["Loop", "total", "total"]
    _, out, _ = run("profile", path, "--static", "--format", "json")
    (model,) = json.loads(out)["models"]
    assert [row["macs_are_lower_bound"] for row in model["layers"]] == [True]
    (body,) = model["bodies"]
    assert (body["macs"], body["macs_are_lower_bound"]) == (18, True)
    assert [row["macs"] for row in body["layers"]] == [None, 18]
    assert not any(row["macs_are_lower_bound"] for row in body["layers"])


def test_what_is_unknown_is_no_lower_bound(tmp_path: Path, run: Run) -> None:
    proto = parser.parse_model(NESTED.replace("MatMul (s, w)", "MatMul (u, w)"))
    proto.graph.initializer.append(ones("w", 3, 3))
    path = tmp_path / "net.onnx"
    path.write_bytes(proto.SerializeToString())
    _, out, _ = run("profile", path, "--static", "--format", "json")
    (model,) = json.loads(out)["models"]
    for counted in (model["summary"], *model["layers"], *model["bodies"]):
        assert (counted["macs"], counted["macs_are_lower_bound"]) == (None, False)
    assert model["summary"]["uncounted_ops"] == {"me:Magic": 1}


def test_check_says_that_it_is_a_lower_bound(file: Path, run: Run) -> None:
    code, out, _ = run("check", str(file))
    assert code == 0
    assert "at least 144 MACs" in out
    assert "= note: If (1 node) takes a branch by the data" in out


def test_defects_in_a_body_are_said(tmp_path: Path, run: Run) -> None:
    proto = parser.parse_model(TEXT)
    proto.graph.initializer.extend([ones("w", 3, 3), ones("v", 4, 5)])
    path = tmp_path / "net.onnx"
    path.write_bytes(proto.SerializeToString())
    _, out, _ = run("check", str(path))
    assert "not checked: If.else_branch.MatMul: " in out
