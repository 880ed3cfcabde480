"""Functions of the file: unfolded where they are called."""

import onnx
import pytest
from onnx import helper, parser

from cnnlint.errors import LoadError
from cnnlint.model import unfold
from cnnlint.model.graph import Model
from cnnlint.model.loader import load
from tests.model.small_graph import ones

HEAD = '<ir_version: 10, opset_import: ["" : 17, "me" : 1]>'
FUNCTION = '<domain: "me", opset_import: ["" : 17, "me" : 1]>'


def read(text: str) -> Model:
    return load(parser.parse_model(text).SerializeToString())


def ops(model: Model) -> list[str]:
    return [node.op for node in model.nodes]


# ------------------------------------------------------------------- functions


def test_a_function_stands_where_it_is_called() -> None:
    proto = parser.parse_model(f"""{HEAD}
        net (float[1,3,8,8] x) => (float[1,4,8,8] y) {{
            y = me.Block (x, w)
        }}
        {FUNCTION}
        Block (a, w) => (b) {{
            c = Conv <pads = [1, 1, 1, 1]> (a, w)
            b = Relu (c)
        }}""")
    proto.graph.initializer.append(ones("conv1.weight", 4, 3, 3, 3))
    proto.graph.node[0].input[1] = "conv1.weight"
    model = load(proto.SerializeToString())
    conv, relu = model.nodes
    assert (conv.op, conv.inputs) == ("Conv", ("x", "conv1.weight"))
    assert (relu.op, relu.outputs) == ("Relu", ("y",))
    assert conv.outputs == relu.inputs == ("#1:me:Block/c",)
    assert (conv.path, relu.path) == ("conv1", "conv1.Relu")
    assert model.static("y") == model.static("#1:me:Block/c") == (1, 4, 8, 8)
    assert len({node.key for node in model.nodes}) == 2


def test_nested_functions_called_twice_keep_their_tensors_apart() -> None:
    model = read(f"""{HEAD}
        net (float[2,4] x) => (float[2,4] y) {{
            m = me.Outer (x)
            y = me.Outer (m)
        }}
        {FUNCTION}
        Outer (a) => (b) {{
            t = me.Inner (a)
            b = me.Inner (t)
        }}
        {FUNCTION}
        Inner (a) => (b) {{
            t = Neg (a)
            b = Abs (t)
        }}""")
    assert ops(model) == ["Neg", "Abs"] * 4
    names = [name for node in model.nodes for name in node.outputs]
    assert len(set(names)) == 8
    assert names[-1] == "y"
    assert {model.static(name) for name in names} == {(2, 4)}
    assert len({node.path for node in model.nodes}) == 8
    assert len({node.key for node in model.nodes}) == 8


def test_attributes_of_a_call_defaults_and_absent_ones() -> None:
    model = read(f"""{HEAD}
        net (float[2,3,4] x) => (y, z) {{
            y = me.Swap <perm = [2, 0, 1]> (x)
            z = me.Swap (x)
        }}
        {FUNCTION}
        Swap <perm, axis: int = 1> (a) => (b) {{
            t = Transpose <perm: ints = @perm> (a)
            b = Flatten <axis: int = @axis> (t)
        }}""")
    assert model.nodes[0].attrs == {"perm": (2, 0, 1)}
    assert model.nodes[2].attrs == {}
    assert model.static("y") == (4, 6)
    assert model.static("z") == (4, 6)
    assert model.nodes[1].attrs == {"axis": 1}


def test_constants_made_of_attributes() -> None:
    model = read(f"""{HEAD}
        net (float[2,3,4] x) => (y) {{
            y = me.Shaped <to = [4, -1], fill = 7> (x)
        }}
        {FUNCTION}
        Shaped <to, fill> (a) => (b) {{
            shape = Constant <value_ints: ints = @to> ()
            unused = Constant <value_int: int = @fill> ()
            b = Reshape (a, shape)
        }}""")
    assert model.static("y") == (4, 6)
    filled = model.value("#1:me:Shaped/unused").const
    assert filled is not None
    assert filled.item() == 7


def test_inputs_that_a_call_leaves_out_and_outputs_that_nobody_takes() -> None:
    model = read(f"""{HEAD}
        net (float[2,3] x) => (y, z) {{
            y, "", z = me.Parts (x)
        }}
        {FUNCTION}
        Parts (a, low, high) => (same, first, second) {{
            first = Neg (a)
            second = Clip (a, low, high)
            same = Identity (a)
        }}""")
    clip = next(node for node in model.nodes if node.op == "Clip")
    assert clip.inputs == ("x", "", "")
    assert (model.static("y"), model.static("z")) == ((2, 3), (2, 3))


def test_an_input_handed_straight_through_and_a_result_given_twice() -> None:
    model = read(f"""{HEAD}
        net (float[2,3] x) => (y, z, u) {{
            y, z, u = me.Same (x)
        }}
        {FUNCTION}
        Same (a) => (a, b, b) {{
            b = Neg (a)
        }}""")
    assert [(node.op, node.inputs, node.outputs) for node in model.nodes] == [
        ("Neg", ("x",), ("z",)),
        ("Identity", ("x",), ("y",)),
        ("Identity", ("z",), ("u",)),
    ]
    assert len({node.key for node in model.nodes}) == 3


def test_a_function_has_its_own_operator_set() -> None:
    """Opset 12 has the axes of a Squeeze in an attribute, 13 has them in an input."""
    model = read("""<ir_version: 10, opset_import: ["" : 17, "me" : 1]>
        net (float[2,3] x) => (y) {
            y = me.Old (x)
        }
        <domain: "me", opset_import: ["" : 6]>
        Old (a) => (b) {
            n = Neg (a)
            b = Add <axis = 0, broadcast = 1> (a, n)
        }""")
    assert model.static("y") == (2, 3)
    assert model.nodes[1].attrs["axis"] == 0


def test_overloads_and_foreign_operators() -> None:
    proto = parser.parse_model(f"""{HEAD}
        net (float[2,3] x) => (y, z) {{
            y = me.Block (x)
            z = me.Other (x)
        }}
        {FUNCTION}
        Block (a) => (b) {{
            b = Neg (a)
        }}""")
    assert ops(load(proto.SerializeToString())) == ["Neg", "me:Other"]
    proto.functions[0].overload = "fast"
    assert ops(load(proto.SerializeToString())) == ["me:Block", "me:Other"]
    proto.graph.node[0].overload = "fast"
    assert ops(load(proto.SerializeToString())) == ["Neg", "me:Other"]


def test_functions_out_of_order_and_names_that_look_unfolded() -> None:
    model = read(f"""{HEAD}
        net (float[2,3] x) => (y) {{
            z = Neg (x)
            y = me.Block (z)
        }}
        {FUNCTION}
        Block (a) => (b) {{
            b = Abs (t)
            t = Neg (a)
        }}""")
    assert ops(model) == ["Neg", "Neg", "Abs"]
    proto = parser.parse_model(f"""{HEAD}
        net (float[2,3] x) => (y) {{
            z = Neg (x)
            y = me.Block (z)
        }}
        {FUNCTION}
        Block (a) => (b) {{
            t = Neg (a)
            b = Abs (t)
        }}""")
    odd = "#1:me:Block/t"
    proto.graph.node[0].output[0] = proto.graph.node[1].input[0] = odd
    names = [name for node in load(proto.SerializeToString()).nodes for name in node.outputs]
    assert names == [odd, "##1:me:Block/t", "y"]


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ("b = me.Again (a)", "recursive-function", "function Again calls itself"),
        ("b = Neg (nothing)", "undefined-input", "function Again: Neg reads 'nothing'"),
        ("t = Neg (a)", "undefined-output", "function Again: nothing makes the output 'b'"),
        ("b = Neg (a) b = Abs (a)", "made-twice", "function Again: tensor 'b' is made twice"),
        ("a = Neg (a) b = Abs (a)", "made-twice", "function Again: tensor 'a' is made twice"),
        ("b = Neg (t) t = Abs (b)", "cycle", "function Again: the graph is not acyclic"),
    ],
)
def test_functions_that_are_refused(body: str, code: str, words: str) -> None:
    with pytest.raises(LoadError) as caught:
        read(f"""{HEAD}
            net (float[2,3] x) => (y) {{
                y = me.Again (x)
            }}
            {FUNCTION}
            Again (a) => (b) {{
                {body}
            }}""")
    assert caught.value.code == code
    assert words in caught.value.cause


def test_two_functions_of_one_name() -> None:
    proto = laughs(2, times=1)
    proto.functions.append(proto.functions[1])
    with pytest.raises(LoadError, match="function 'me:F1' is made twice"):
        load(proto.SerializeToString())
    proto.functions[2].overload = "other"
    assert ops(load(proto.SerializeToString())) == ["Neg"]


def laughs(levels: int, *, times: int) -> onnx.ModelProto:
    """Return a model of functions of which each calls the next one so many times."""
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("me", 1)]
    functions = []
    for level in range(levels):
        op = f"F{level + 1}" if level + 1 < levels else "Neg"
        domain = "me" if level + 1 < levels else ""
        names = ["a", *(f"t{i}" for i in range(times - 1)), "b"]
        nodes = [
            helper.make_node(op, [names[i]], [names[i + 1]], domain=domain) for i in range(times)
        ]
        functions.append(helper.make_function("me", f"F{level}", ["a"], ["b"], nodes, opsets))
    x, y = (helper.make_tensor_value_info(n, 1, [2]) for n in "xy")
    graph = helper.make_graph([helper.make_node("F0", ["x"], ["y"], domain="me")], "g", [x], [y])
    return helper.make_model(graph, functions=functions, opset_imports=opsets, ir_version=10)


def test_functions_that_unfold_without_end() -> None:
    assert len(load(laughs(10, times=2).SerializeToString()).nodes) == 2**10
    with pytest.raises(LoadError, match="unfold to more than 200,000 nodes") as caught:
        load(laughs(30, times=2).SerializeToString())
    assert caught.value.code == "too-many-nodes"


def test_what_functions_declare_counts_too() -> None:
    proto = laughs(2, times=100)
    proto.functions[1].value_info.extend(
        helper.make_tensor_value_info(f"v{i}", 1, [2]) for i in range(2_000)
    )
    with pytest.raises(LoadError, match="unfold to more than 200,000 nodes"):
        load(proto.SerializeToString())


def test_functions_that_nest_too_deep() -> None:
    assert ops(load(laughs(unfold.MAX_DEPTH, times=1).SerializeToString())) == ["Neg"]
    with pytest.raises(LoadError, match="F60 is called 60 functions deep"):
        load(laughs(unfold.MAX_DEPTH + 1, times=1).SerializeToString())


def test_a_function_that_nobody_calls_changes_nothing() -> None:
    model = read(f"""{HEAD}
        net (float[2,3] x) => (y) {{
            y = Neg (x)
        }}
        {FUNCTION}
        Loop_ (a) => (b) {{
            b = me.Loop_ (a)
        }}""")
    assert [(node.op, node.path) for node in model.nodes] == [("Neg", "Neg")]
