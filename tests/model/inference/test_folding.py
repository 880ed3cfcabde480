import warnings
from typing import Any

import numpy as np
import pytest

from cnnlint.model import shapes
from cnnlint.model.graph import Shape, Value
from cnnlint.model.inference.call import Numbers
from cnnlint.model.inference.folding import MAX_FLOATS, MAX_INTEGERS, _checked
from cnnlint.model.shapes import Inferred, infer
from tests.model.inference.one_node import Array, Operand, infer_one, ints, node, numbers_of, value

GRID = np.arange(12).reshape(3, 4)
HALVES = np.array([-1.5, -0.5, 0.5, 1.5], "float32")


@pytest.fixture(autouse=True)
def _nothing_is_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let whatever goes wrong while folding be seen."""
    monkeypatch.setattr(shapes, "_MALFORMED", ())


def scalar(number: float) -> Array:
    return np.array(number)


def flags(*values: bool) -> Array:
    return np.array(values)


def floats(*numbers: float) -> Array:
    return np.array(numbers, "float32")


@pytest.mark.parametrize(
    ("op", "operands", "rest", "expected"),
    [
        ("Shape", ((2, 3),), {}, [2, 3]),
        ("Shape", ((2, 3, 4),), {"start": 1, "end": -1}, [3]),
        ("Shape", ((),), {}, []),
        ("Size", ((2, 3),), {}, 6),
        ("Size", ((),), {}, 1),
        ("ConstantOfShape", (ints(2),), {"value": 7}, [7, 7]),
        ("ConstantOfShape", (ints(2),), {}, [0.0, 0.0]),
        ("ConstantOfShape", (ints(2),), {"value": True}, [True, True]),
        ("Range", (scalar(1), scalar(8), scalar(3)), {}, [1, 4, 7]),
        ("Range", (floats(0), floats(1), floats(0.5)), {}, [0.0, 0.5]),
        ("Gather", (ints(5, 6, 7), scalar(-1)), {}, 7),
        ("Gather", (GRID, ints(2, 0)), {"axis": 1}, GRID[:, [2, 0]].tolist()),
        ("GatherElements", (GRID, np.array([[3, -1]])), {"axis": 1}, [[3, 3]]),
        ("GatherND", (GRID, np.array([[0, 1], [2, -1]])), {}, [1, 11]),
        ("GatherND", (GRID, np.array([[2]])), {}, [GRID[2].tolist()]),
        ("Slice", (GRID, ints(1), ints(9)), {}, GRID[1:].tolist()),
        ("Slice", (ints(1, 2, 3), ints(-1), ints(-9), ints(0), ints(-1)), {}, [3, 2, 1]),
        ("Slice", (ints(1, 2, 3),), {"starts": (0,), "ends": (2,), "opset": 9}, [1, 2]),
        ("Concat", (ints(1), ints(2, 3)), {"axis": 0}, [1, 2, 3]),
        ("Unsqueeze", (scalar(4), ints(0)), {}, [4]),
        ("Squeeze", (ints(4),), {}, 4),
        ("Reshape", (GRID, ints(2, -1)), {}, GRID.reshape(2, 6).tolist()),
        ("Flatten", (GRID,), {"axis": 0}, GRID.reshape(1, 12).tolist()),
        ("Identity", (ints(4, 5),), {}, [4, 5]),
        ("Transpose", (GRID,), {}, GRID.T.tolist()),
        ("Expand", (ints(4), ints(2, 2)), {}, [[4, 4], [4, 4]]),
        ("Tile", (ints(4, 5), ints(2)), {}, [4, 5, 4, 5]),
        ("Tile", (ints(), ints(2)), {}, []),
        ("Add", (ints(4, 5), scalar(1)), {}, [5, 6]),
        ("Sub", (ints(4, 5), ints(1, 7)), {}, [3, -2]),
        ("Mul", (ints(4, 5), ints(2, -2)), {}, [8, -10]),
        ("Div", (ints(7, -7, 7, -7, 6), ints(2, 2, -2, -2, -2)), {}, [3, -3, -3, 3, -3]),
        ("Div", (floats(7, -7), floats(2, 2)), {}, [3.5, -3.5]),
        ("Div", (ints(2**60 + 1), ints(1)), {}, [2**60 + 1]),
        ("Mod", (ints(7, -7, 7), ints(3, 3, -3)), {}, [1, 2, -2]),
        ("Mod", (ints(7, -7, 7), ints(3, 3, -3)), {"fmod": 1}, [1, -1, 1]),
        ("Pow", (ints(2, 3), scalar(3)), {}, [8, 27]),
        ("Pow", (ints(2, 1), scalar(-1)), {}, [0, 1]),
        ("Pow", (ints(3), scalar(39)), {}, [3**39]),
        ("Pow", (floats(4), floats(0.5)), {}, [2.0]),
        ("Min", (ints(4, 5), ints(5, 1), ints(9, 0)), {}, [4, 0]),
        ("Max", (ints(4, 5), ints(5, 1), ints(0, 9)), {}, [5, 9]),
        ("Sum", (ints(4, 5), ints(5, 1), ints(1, 1)), {}, [10, 7]),
        ("Mean", (floats(4, 5), floats(5, 1)), {}, [4.5, 3.0]),
        ("Neg", (ints(4, -5),), {}, [-4, 5]),
        ("Abs", (ints(4, -5),), {}, [4, 5]),
        ("Sign", (ints(4, -5, 0),), {}, [1, -1, 0]),
        ("Relu", (ints(4, -5),), {}, [4, 0]),
        ("Sqrt", (floats(4),), {}, [2.0]),
        ("Exp", (floats(0),), {}, [1.0]),
        ("Log", (floats(1),), {}, [0.0]),
        ("Reciprocal", (floats(4),), {}, [0.25]),
        ("Floor", (HALVES,), {}, [-2.0, -1.0, 0.0, 1.0]),
        ("Ceil", (HALVES,), {}, [-1.0, 0.0, 1.0, 2.0]),
        ("Round", (HALVES,), {}, [-2.0, 0.0, 0.0, 2.0]),
        ("Clip", (HALVES, scalar(-1.0), scalar(1.0)), {}, [-1.0, -0.5, 0.5, 1.0]),
        ("Clip", (HALVES, "", scalar(1.0)), {}, [-1.5, -0.5, 0.5, 1.0]),
        ("Clip", (HALVES, scalar(0.0), ""), {}, [0.0, 0.0, 0.5, 1.5]),
        ("Clip", (HALVES,), {"max": 0.0, "min": -1.0, "opset": 6}, [-1.0, -0.5, 0.0, 0.0]),
        ("Cast", (floats(-1.5, 1.5),), {"to": 7}, [-1, 1]),
        ("Cast", (ints(0, 5),), {"to": 9}, [False, True]),
        ("Equal", (ints(4, 5), ints(4, 4)), {}, [True, False]),
        ("Less", (ints(4, 5), ints(4, 6)), {}, [False, True]),
        ("LessOrEqual", (ints(4, 5), ints(4, 4)), {}, [True, False]),
        ("Greater", (ints(4, 5), ints(4, 4)), {}, [False, True]),
        ("GreaterOrEqual", (ints(4, 3), ints(4, 4)), {}, [True, False]),
        ("Not", (flags(True, False),), {}, [False, True]),
        ("And", (flags(True, True), flags(True, False)), {}, [True, False]),
        ("Or", (flags(True, False), flags(False, False)), {}, [True, False]),
        ("Xor", (flags(True, True), flags(True, False)), {}, [False, True]),
        ("Where", (flags(True, False), ints(1), ints(2, 3)), {}, [1, 3]),
        ("ReduceProd", (GRID[:, 1:],), {"keepdims": 0}, int(np.prod(GRID[:, 1:]))),
        ("ReduceSum", (GRID, ints(1)), {}, [[6], [22], [38]]),
        ("ReduceMax", (GRID, ints(0)), {"keepdims": 0}, [8, 9, 10, 11]),
        ("ReduceMin", (GRID, ints(0)), {"keepdims": 0}, [0, 1, 2, 3]),
        ("ReduceMean", (floats(1, 2), ints(0)), {"keepdims": 0}, 1.5),
        ("ReduceSum", (GRID, ints()), {"noop_with_empty_axes": 1}, GRID.tolist()),
        ("CumSum", (GRID, scalar(1)), {}, np.cumsum(GRID, 1).tolist()),
        ("CumSum", (GRID, scalar(-2)), {}, np.cumsum(GRID, 0).tolist()),
        ("ArgMax", (ints(3, 9, 9),), {"keepdims": 0}, 1),
        ("ArgMin", (GRID,), {"axis": 1}, [[0], [0], [0]]),
        ("NonZero", (ints(0, 4, 5),), {}, [[1, 2]]),
        ("ScatterND", (ints(1, 2, 3), np.array([[2], [-3]]), ints(8, 9)), {}, [9, 2, 8]),
        ("ScatterElements", (ints(1, 2, 3), ints(2, -3), ints(8, 9)), {}, [9, 2, 8]),
        (
            "ScatterElements",
            (GRID[:2, :2], np.array([[1], [0]]), np.array([[7], [8]])),
            {"axis": 1},
            [[0, 7], [8, 5]],
        ),
    ],
)
def test_numbers_are_computed(
    op: str, operands: tuple[Operand, ...], rest: dict[str, Any], expected: object
) -> None:
    found = numbers_of(op, *operands, **rest)
    assert found is not None
    assert found.tolist() == expected


def test_every_part_of_a_split_is_computed() -> None:
    parts = [numbers_of("Split", ints(1, 2, 3), ints(1, 2), output=i, outputs=2) for i in (0, 1)]
    assert [part.tolist() for part in parts if part is not None] == [[1], [2, 3]]


@pytest.mark.parametrize(
    ("op", "operands", "rest"),
    [
        ("Add", (ints(1), (1,)), {}),
        ("Add", ((1,), (1,)), {}),
        ("Add", (ints(1, 2), np.ones((3, 2), int)), {"opset": 6}),
        ("Concat", (ints(1), np.array(["a"])), {"axis": 0}),
        ("Concat", (ints(1), Value("v", None, (1,))), {"axis": 0}),
        ("Concat", (ints(1), (None,)), {"axis": 0}),
        ("Clip", ((1,), scalar(0), scalar(3)), {}),
        ("Where", (flags(True), ints(1), Value("v", None, (1,))), {}),
        ("Size", ((2, None),), {}),
        ("ArgMax", ((3,),), {}),
        ("NonZero", ((3,),), {}),
        ("ReduceSum", ((3,), ints(0)), {}),
        ("ReduceMean", (floats(), ints(0)), {}),
        ("Add", (ints(1, 2), ints(3)), {"axis": 0, "broadcast": 1, "opset": 6}),
        ("Mul", (np.array(["a"]), ints(1)), {}),
        ("Gather", ((3,), ints(1)), {}),
        ("Gather", (ints(1, 2), (1,)), {}),
        ("GatherND", (GRID, np.array([[2], [0], [1]])), {"batch_dims": 1}),
        ("ScatterND", (ints(1), np.array([[0]]), ints(2)), {"reduction": "add"}),
        ("ScatterND", (ints(1), (1, 1), ints(2)), {}),
        ("ScatterElements", (ints(1), ints(0), ints(2)), {"reduction": "add"}),
        ("ScatterElements", (ints(1), (1,), ints(2)), {}),
        ("Clip", (ints(1), (), scalar(3)), {}),
        ("Clip", (ints(1), scalar(0), ()), {}),
        ("CumSum", (ints(1, 2), scalar(0)), {"exclusive": 1}),
        ("CumSum", (ints(1, 2), scalar(0)), {"reverse": 1}),
        ("CumSum", (ints(1, 2), ()), {}),
        ("ArgMax", (ints(9, 9),), {"select_last_index": 1}),
        ("Where", ((2,), ints(1, 2), ints(3, 4)), {}),
        ("Identity", (np.ones(MAX_INTEGERS + 1, int),), {}),
        ("Identity", (np.ones(MAX_FLOATS + 1, "float32"),), {}),
    ],
)
def test_what_is_not_known_is_not_computed(
    op: str, operands: tuple[Operand, ...], rest: dict[str, Any]
) -> None:
    assert numbers_of(op, *operands, **rest) is None


@pytest.mark.parametrize(
    ("op", "operands", "rest"),
    [
        ("GatherND", (GRID, np.array([[3]])), {}),
        ("ReduceMax", (np.empty((0, 2), int), ints(0)), {}),
        ("ConstantOfShape", (ints(2),), {"value": "text"}),
    ],
)
def test_what_numpy_refuses_is_not_computed(
    op: str, operands: tuple[Operand, ...], rest: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    assert numbers_of(op, *operands, **rest) is None


def test_a_node_without_outputs_computes_nothing() -> None:
    (defect,) = infer_one("Identity", ints(1), outputs=0).defects
    assert defect.text == "output output is missing"


def test_nothing_is_computed_where_one_output_is_large() -> None:
    sizes = ints(MAX_INTEGERS + 1, 3)
    data = np.ones(MAX_INTEGERS + 4, int)
    assert numbers_of("Split", data, sizes, output=1) is None


def test_numbers_of_which_none_is_known_are_forgotten() -> None:
    nothing = Numbers(np.zeros(2, "int64"), np.zeros(2, bool))
    assert _checked(nothing, Value("y", "int64", (2,)), (2,)) is None


def test_limits_are_inclusive() -> None:
    assert numbers_of("Identity", np.ones(MAX_INTEGERS, bool)) is not None
    assert numbers_of("Identity", np.ones(MAX_FLOATS, "float32")) is not None


@pytest.mark.parametrize(
    ("op", "operands", "rest"),
    [
        ("ConstantOfShape", (ints(10**6, 10**6),), {}),
        ("Range", (scalar(0), scalar(10**12), scalar(1)), {}),
        ("Expand", (ints(1), ints(10**12)), {}),
        ("Tile", (ints(1), ints(10**12)), {}),
        ("Resize", ((1, 1, 2), "", floats(1, 1, 1e12)), {}),
    ],
)
def test_nothing_large_is_allocated(
    op: str, operands: tuple[Operand, ...], rest: dict[str, Any]
) -> None:
    inferred = infer_one(op, *operands, **rest)
    assert inferred.defects == ()
    shape = inferred.values["y0"].static
    assert shape is not None
    assert np.prod([float(d) for d in shape]) >= 1e12
    assert inferred.values["y0"].const is None


def test_no_warning_of_numpy_leaks() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for op, operands in {
            "Div": (ints(1, -(2**63)), ints(0, -1)),
            "Mod": (ints(1), ints(0)),
            "Pow": (ints(3), ints(2**40)),
            "Log": (floats(-1),),
            "Mul": (ints(2**62), ints(4)),
            "ReduceMean": (floats(float("inf"), float("-inf")),),
        }.items():
            infer_one(op, *operands)
        infer_one("Cast", floats(float("nan"), 1e30), to=7)


@pytest.mark.parametrize(
    ("operands", "message"),
    [
        ((ints(1, 2), ints(0, 2)), "index 2 into an axis of 2"),
        ((ints(1, 2), scalar(-3)), "index -3 into an axis of 2"),
    ],
)
def test_an_index_outside_its_tensor_is_a_defect(
    operands: tuple[Operand, ...], message: str
) -> None:
    inferred = infer_one("Gather", *operands)
    assert [defect.text for defect in inferred.defects] == [message]
    assert inferred.values["y0"].shape is not None
    assert inferred.values["y0"].const is None


def run(*nodes: str, shape: tuple[int | None, ...] = (None, 6, 7), **given_: Operand) -> Inferred:
    """Infer a graph on x; a node is written ``out = Op in in``."""
    built = []
    for index, text in enumerate(nodes):
        out, call = text.split(" = ")
        op, *names = call.split()
        attrs: dict[str, Any] = {"axis": 0} if op == "Concat" else {}
        built.append(node(op, " ".join(names), out, index=index, **attrs))
    values = {name: value(name, operand) for name, operand in given_.items()}
    return infer(built, {"x": value("x", shape), **values}, {"": 18}, {})


def test_what_is_known_of_a_partial_shape_survives_arithmetic() -> None:
    inferred = run(
        "s = Shape x",
        "n = Gather s zero",
        "c = Gather s one",
        "cc = Mul c c",
        "n1 = Unsqueeze n axis",
        "c1 = Unsqueeze cc axis",
        "target = Concat n1 c1 minus",
        "y = Reshape z target",
        zero=scalar(0),
        one=scalar(1),
        axis=ints(0),
        minus=ints(-1),
        z=None,
    )
    assert inferred.values["y"].shape == (None, 36, None)
    assert inferred.values["c"].const == 6
    assert inferred.values["s"].const is None
    assert inferred.values["target"].const is None


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("t = Slice s one three", (6, 7)),
        ("t = Slice s zero1 two1", (None, 6)),
        ("t = Transpose s", (None, 6, 7)),
        ("t = Add s s", (None, 12, 14)),
        ("t = Add s three", (None, 9, 10)),
        ("t = Tile s two1", (None, 6, 7) * 2),
        ("t = Identity s", (None, 6, 7)),
        ("t = Concat s x0", (None, 6, 7, None)),
        ("t = Where mask s three", (None, 3, 3)),
        ("t = Where mask three s", (3, 6, 7)),
        ("t = ScatterND s place five", (5, 6, 7)),
        ("t = ScatterND three3 place x0", (None, 3, 3)),
        ("t = ReduceMax s", (None,)),
        ("t = Max s three", (None, 6, 7)),
        ("t = Clip s three0", (None, 6, 7)),
    ],
)
def test_masks_travel_with_the_numbers(line: str, expected: Shape) -> None:
    inferred = run(
        "s = Shape x",
        line,
        "y = ConstantOfShape t",
        one=ints(1),
        three=ints(3),
        three0=scalar(3),
        three3=ints(3, 3, 3),
        zero1=ints(0),
        two1=ints(2),
        five=ints(5),
        place=np.array([[0]]),
        mask=flags(True, False, False),
        x0=Value("x0", "int64", (1,)),
    )
    assert inferred.values["y"].shape == expected


def test_a_count_of_partly_known_numbers_is_unknown() -> None:
    assert run("s = Shape x", "y = NonZero s").values["y"].shape == (1, None)


def test_nothing_tiled_very_often_is_still_nothing() -> None:
    found = numbers_of("Tile", np.zeros((1, 0), int), ints(2**40, 3))
    assert found is not None
    assert found.shape == (2**40, 0)
