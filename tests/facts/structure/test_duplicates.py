from pathlib import Path

import numpy as np
import pytest
from onnx import helper, numpy_helper

from cnnlint.facts.structure.duplicates import duplicates
from cnnlint.model.graph import Model
from cnnlint.model.loader import load
from tests.model.small_graph import build, node, tensor
from tests.model.test_unfold import HEAD, read
from tests.net import Net

RNG = np.random.default_rng(5)
SHAPE = (128, 64, 3, 3)
LARGE = RNG.standard_normal(SHAPE, np.float32)
"""Enough to be left in the file, and to be read in more than one piece."""
OTHER_START, OTHER_END = LARGE.copy(), LARGE.copy()
OTHER_START[0, 0, 0, 0] = OTHER_END[-1, -1, -1, -1] = 9
IMAGE = Net(64, 8).op("Relu", name="x").mark("x")


def twice(first: Net, *more: str, op: str = "Relu", join: bool = True) -> Net:
    """Return a net with an operator twice on x, and the sum of both."""
    one = first.goto("x").op(op, *more, name="one").mark("one")
    two = one.goto("x").op(op, *more, name="two")
    return two.add("one") if join else two


def found(model: Model) -> list[tuple[str, str]]:
    return [(each.node.path, each.original.path) for each in duplicates(model)]


SAME = [("two", "one")]


@pytest.mark.parametrize(
    ("net", "expected"),
    [
        pytest.param(twice(IMAGE), SAME, id="one operand"),
        pytest.param(twice(IMAGE.shaped("w", *SHAPE), "w", op="Conv"), SAME, id="one weight"),
        pytest.param(twice(IMAGE, op="Dropout"), [], id="random"),
        pytest.param(twice(IMAGE, op="RandomNormalLike"), [], id="noise"),
        pytest.param(twice(IMAGE, join=False), [], id="dead"),
        pytest.param(
            IMAGE.op("Relu", name="one").mark("one").op("Relu", name="two").add("one"),
            [],
            id="in series",
        ),
        pytest.param(
            IMAGE.op("Elu", name="one", alpha=1.0)
            .mark("one")
            .goto("x")
            .op("Elu", name="two", alpha=2.0)
            .add("one"),
            [],
            id="attributes",
        ),
        pytest.param(
            IMAGE.op("Elu", name="one", alpha=1.0)
            .mark("one")
            .goto("x")
            .op("Elu", name="two", alpha=1.0)
            .add("one"),
            SAME,
            id="equal attributes",
        ),
        pytest.param(
            IMAGE.op("Relu", name="one").mark("one").goto("x").op("Abs", name="two").add("one"),
            [],
            id="operators",
        ),
        pytest.param(
            IMAGE.op("Relu", name="one")
            .op("Abs", name="after")
            .mark("one")
            .goto("x")
            .op("Relu", name="two")
            .op("Abs", name="later")
            .add("one"),
            [("two", "one"), ("later", "after")],
            id="what goes on from equal ones",
        ),
        pytest.param(
            IMAGE.op("Identity", name="i")
            .op("Relu", name="one")
            .mark("one")
            .goto("x")
            .op("Relu", name="two")
            .add("one"),
            SAME,
            id="behind Identity",
        ),
        pytest.param(
            IMAGE.op("Relu", name="one")
            .mark("one")
            .goto("x")
            .op("Relu", name="two")
            .mark("two")
            .goto("x")
            .op("Relu", name="three")
            .add("one")
            .add("two"),
            [("two", "one"), ("three", "one")],
            id="three",
        ),
        pytest.param(
            Net(64, 8)
            .shaped("w", *SHAPE)
            .op("Conv", "w", name="one")
            .mark("one")
            .goto_input()
            .op("Relu")
            .op("Conv", "w", name="two")
            .add("one"),
            [],
            id="the same weights on another map",
        ),
    ],
)
def test_duplicates(net: Net, expected: list[tuple[str, str]]) -> None:
    assert found(net.model()) == expected


def reversed_twice(op: str, domain: str) -> Model:
    nodes = [node(op, "x", "a", domain=domain), node(op, "x", "b", domain=domain)]
    proto = build([*nodes, node("Add", "a b", "y")])
    proto.opset_import.append(helper.make_opsetid("acme", 1))
    proto.graph.output.append(tensor("y"))
    return load(proto.SerializeToString())


def test_what_a_foreign_operator_does_is_unknown() -> None:
    assert len(found(reversed_twice("Neg", ""))) == 1
    assert not found(reversed_twice("Neg", "acme"))


def test_constants_of_other_numbers() -> None:
    values = [numpy_helper.from_array(np.array(number, np.float32)) for number in (1, 2)]
    nodes = [node("Constant", "", f"c{i}", value=value) for i, value in enumerate(values)]
    for each in nodes:
        del each.input[:]
    nodes += [node("Mul", "x c0", "a"), node("Mul", "x c1", "b"), node("Add", "a b", "y")]
    proto = build(nodes)
    proto.graph.output.append(tensor("y"))
    assert not found(load(proto.SerializeToString()))
    proto.graph.node[1].attribute[0].t.CopyFrom(values[0])
    assert len(found(load(proto.SerializeToString()))) == 1


def test_an_output_that_one_node_lacks_is_not_taken_for_an_absent_operand() -> None:
    nodes = [
        helper.make_node("Split", ["x"], ["", "b1"], axis=1),
        helper.make_node("Split", ["x"], ["a2", "b2"], axis=1),
        helper.make_node("Clip", ["x", ""], ["c"]),
        helper.make_node("Clip", ["x", "a2"], ["d"]),
        node("Sum", "b1 b2 c d", "y"),
    ]
    proto = build(nodes)
    proto.graph.output.append(tensor("y"))
    assert [original for _, original in found(load(proto.SerializeToString()))] == ["Split"]


def test_what_a_body_reads_is_alive() -> None:
    model = read(f"""{HEAD}
        net (float[2,3] x, bool c) => (y) {{
            s = Abs (x)
            t = Abs (x)
            y = If (c) <
                then_branch = one () => (a) {{ a = Neg (s) }},
                else_branch = two () => (b) {{ b = Neg (t) }}
            >
        }}""")
    assert len(found(model)) == 1


def with_weights(first: np.ndarray, second: np.ndarray, folder: Path, copy: str = "b") -> Model:
    net = IMAGE.stored("a", first).stored("b", second)
    net = net.beside("Identity", "a", result="same")
    net = net.op("Conv", "a", name="one").mark("one").goto("x").op("Conv", copy, name="two")
    path = folder / "model.onnx"
    path.write_bytes(net.add("one").proto().SerializeToString())
    return load(path)


@pytest.mark.parametrize(
    ("first", "second", "equal"),
    [
        pytest.param(LARGE, LARGE, True, id="equal"),
        pytest.param(LARGE, OTHER_START, False, id="another start"),
        pytest.param(LARGE, OTHER_END, False, id="another end"),
        pytest.param(LARGE, LARGE[:64], False, id="shape"),
        pytest.param(LARGE, LARGE.astype(np.float16), False, id="type"),
        pytest.param(LARGE[:1, :, :1, :1], LARGE[:1, :, :1, :1], True, id="small"),
        pytest.param(LARGE[:1, :, :1, :1], OTHER_START[:1, :, :1, :1], False, id="small, unlike"),
    ],
)
def test_copies_of_weights(
    first: np.ndarray, second: np.ndarray, equal: bool, tmp_path: Path
) -> None:
    assert found(with_weights(first, second, tmp_path)) == (SAME if equal else [])


def test_a_weight_behind_identity(tmp_path: Path) -> None:
    assert found(with_weights(LARGE, OTHER_START, tmp_path, copy="same")) == SAME


def test_many_of_a_kind_with_weights_of_their_own(tmp_path: Path) -> None:
    net = IMAGE
    for index in range(12):
        weight = LARGE.copy()
        weight[-1, -1, -1, -1] = index % 10
        net = net.goto("x").stored(f"w{index}", weight).op("Conv", f"w{index}", name=f"c{index}")
        net = net.add("sum").mark("sum") if index else net.mark("sum")
    path = tmp_path / "model.onnx"
    path.write_bytes(net.proto().SerializeToString())
    assert [each.original.path for each in duplicates(load(path))] == ["c0", "c1"]


@pytest.mark.parametrize("folder", [True, False], ids=["file", "memory"])
def test_weights_that_are_not_there_are_the_same_at_one_place(
    folder: bool, tmp_path: Path
) -> None:
    net, size = IMAGE, 4 * LARGE.size
    for index in range(3):
        net = net.shaped(f"w{index}", *SHAPE).goto("x").op("Conv", f"w{index}", name=f"c{index}")
        net = net.add("sum").mark("sum") if index else net.mark("sum")
    proto = net.proto()
    for weight, offset in zip(proto.graph.initializer, (0, size, 0), strict=True):
        weight.external_data.add(key="offset", value=str(offset))
        weight.external_data.add(key="length", value=str(size))
    path = tmp_path / "model.onnx"
    path.write_bytes(proto.SerializeToString())
    model = load(path if folder else proto.SerializeToString())
    assert found(model) == ([("c2", "c0")] if folder else [])


def test_string_constants_are_compared_by_what_they_say() -> None:
    net = IMAGE.stored("a", np.array(["k"], object)).stored("b", np.array(["k"], object))
    one = net.op("Op", "a", name="one").mark("one").goto("x").op("Op", "b", name="two")
    assert found(one.add("one").model()) == SAME
