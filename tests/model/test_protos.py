"""Nodes, stored tensors and bodies, as they come out of protobuf messages."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from cnnlint.model.binding import Bindings
from cnnlint.model.graph import Payload, SourceLine, Value
from cnnlint.model.loader import load
from cnnlint.model.paths import SCOPES, STACK
from tests.model.small_graph import (
    FLOAT,
    HEADER,
    build,
    length,
    node,
    ones,
    read,
    refusal,
    save,
    tensor,
)
from tests.net import Net

# ------------------------------------------------------------------- nodes


def test_every_node_field() -> None:
    proto = build(
        [
            node("Mine", "x", "y", name="n", domain="ai.onnx", f=0.5, i=7, s="text"),
            node("Mine", "y", "z", fs=[0.5, 1.5], ints=[7, 8], ss=["a", "b"]),
            node("Mine", "z", "u", one=ones("w", 1), scalar=ones("w"), many=ones("w", 2)),
        ],
    )
    proto.graph.node[2].attribute.add(name="none", type="INTS")
    proto.graph.node[0].input.extend(["", "x"])
    one, two, three = read(proto).nodes
    assert (one.name, one.op, one.domain, one.key) == ("n", "Mine", "", ("", 0))
    assert (one.inputs, one.outputs) == (("x", "", "x"), ("y",))
    assert one.attrs == {"f": 0.5, "i": 7, "s": "text"}
    assert two.attrs == {"fs": (0.5, 1.5), "ints": (7, 8), "ss": ("a", "b")}
    assert three.attrs == {"one": 1.0, "scalar": 1.0, "none": ()}


def test_attributes_of_broken_types() -> None:
    proto = build([node("Mine", "x", "y", i=7)])
    broken = proto.graph.node[0].attribute
    broken.add(name="untyped", i=3)
    broken.add(name="bad_tensor", type="TENSOR").t.dims.extend([-1, -1])
    broken.add(name="no_tensor", type="TENSOR")
    broken.add(name="graph", type="GRAPH")
    broken.add(name="type", type="TYPE_PROTO")
    assert read(proto).nodes[0].attrs == {"i": 7}


# ------------------------------------------------------------------- weights


def test_small_tensors_are_read_and_large_ones_located(tmp_path: Path) -> None:
    small = np.arange(4, dtype=np.float32)
    large = np.arange(64 * 3 * 9, dtype=np.float32).reshape(64, 3, 3, 3)
    net = Net(3, 8).stored("small", small).conv(64, weight=large, name="conv")
    model = load(save(net.proto(), tmp_path / "net.onnx"))
    assert model.value("small").const is not None
    np.testing.assert_array_equal(model.value("small").const, small)
    weight = model.value("conv.weight")
    assert (weight.const, weight.static, weight.stored) == (None, (64, 3, 3, 3), True)
    assert weight.payload is not None
    assert (weight.payload.length, weight.payload.field) == (large.nbytes, 9)
    data = (tmp_path / "net.onnx").read_bytes()[weight.payload.offset :][: large.nbytes]
    assert data == large.tobytes()
    assert net.model().value("conv.weight").payload == Payload(
        None, weight.payload.offset, large.nbytes, 9
    )


def test_large_tensors_in_typed_fields_are_located_too() -> None:
    numbers = [0.5] * 2_000
    typed = helper.make_tensor("w", FLOAT, [2_000], numbers)
    value = read(build([node("Relu", "x", "y")], [typed])).value("w")
    assert value.payload is not None
    assert (value.payload.length, value.payload.field) == (8_000, 4)


def test_of_a_payload_given_twice_the_last_counts() -> None:
    first = (
        build([node("Relu", "x", "y")], [ones("w", 2_000)])
        .graph.initializer[0]
        .SerializeToString()
    )
    raw = b"\x4a" + length(8_000) + b"\2" * 8_000
    proto = build([node("Relu", "x", "y")])
    data = proto.SerializeToString()
    graph = proto.graph.SerializeToString() + b"*" + length(len(first + raw)) + first + raw
    data = HEADER + b"\x3a" + length(len(graph)) + graph
    payload = load(data).value("w").payload
    assert payload is not None
    assert data[payload.offset : payload.offset + payload.length] == b"\2" * 8_000


@pytest.mark.parametrize("kind", TensorProto.DataType.values())
def test_every_element_type(kind: int) -> None:
    stored = TensorProto(name="w", data_type=kind, dims=[2, 3], raw_data=b"\0" * 48)
    value = read(build([node("Relu", "x", "y")], [stored])).value("w")
    names = {0: None, 1: "float32", 11: "float64", 10: "float16", 16: "bfloat16", 7: "int64"}
    name = TensorProto.DataType.Name(kind)
    assert value.dtype == names.get(kind, name.lower())
    assert (value.shape, value.stored, value.payload) == ((2, 3), True, None)


@pytest.mark.parametrize(
    ("stored", "shape"),
    [
        (TensorProto(data_type=FLOAT, dims=[3], raw_data=b"12345"), (3,)),
        (TensorProto(data_type=FLOAT, dims=[3], raw_data=b"\0" * 16), (3,)),
        (TensorProto(data_type=FLOAT, dims=[3], float_data=[1.0]), (3,)),
        (TensorProto(data_type=FLOAT, dims=[3]), (3,)),
        (TensorProto(data_type=FLOAT, dims=[-1, 2], raw_data=b"\0" * 16), None),
        (TensorProto(data_type=FLOAT, dims=[2**40, 2**40], raw_data=b"\0" * 4), (2**40, 2**40)),
        (TensorProto(data_type=FLOAT, dims=[1] * 70, raw_data=b"\0" * 4), None),
        (TensorProto(data_type=0, dims=[1], raw_data=b"\0" * 4), (1,)),
        (TensorProto(data_type=999, dims=[1], raw_data=b"\0" * 4), (1,)),
        (TensorProto(data_type=-1, dims=[1], raw_data=b"\0" * 4), (1,)),
        (TensorProto(data_type=TensorProto.STRING, dims=[1], string_data=[b"\xff"]), (1,)),
        (TensorProto(data_type=TensorProto.STRING, dims=[1], raw_data=b"\0"), (1,)),
        (TensorProto(data_type=FLOAT, dims=[1], raw_data=b"\0" * 4, segment={}), (1,)),
    ],
)
def test_numbers_that_do_not_fit_their_declaration(
    stored: TensorProto, shape: tuple[int, ...] | None
) -> None:
    stored.name = "w"
    value = read(build([node("Relu", "x", "y")], [stored])).value("w")
    assert (value.const, value.payload, value.shape) == (None, None, shape)


def test_sparse_initializers_are_known_by_their_dense_shape() -> None:
    proto = build([node("Conv", "x w", "y")])
    indices = numpy_helper.from_array(np.arange(4), "indices")
    proto.graph.sparse_initializer.add(values=ones("w", 4), indices=indices, dims=[8, 3, 3, 3])
    model = read(proto)
    assert model.value("w") == Value("w", "float32", (8, 3, 3, 3), stored=True)
    assert model.static("y") == (1, 8, 6, 6)
    assert [entry.name for entry in model.inputs] == ["x"]


def test_weights_among_the_inputs_are_no_inputs() -> None:
    proto = build(
        [node("Conv", "x w", "y")],
        [ones("w", 8, 3, 3, 3)],
        [tensor("w", 8, 3, 3, 3), tensor("x", 1, 3, 8, 8)],
        ir_version=3,
    )
    model = read(proto)
    assert [entry.name for entry in model.inputs] == ["x"]
    assert model.value("w").const is not None
    assert model.static("y") == (1, 8, 6, 6)
    load(proto.SerializeToString(), Bindings(shapes={"": (1, 3, 8, 8)}))  # the only real input


@pytest.mark.parametrize(
    ("attrs", "dtype", "numbers"),
    [
        ({"value": ones("", 2, 1)}, "float32", [[1.0], [1.0]]),
        ({"value": numpy_helper.from_array(np.array(3, np.int8))}, "int8", 3),
        ({"value_int": 7}, "int64", 7),
        ({"value_ints": [7, 8]}, "int64", [7, 8]),
        ({"value_float": 0.5}, "float32", 0.5),
        ({"value_floats": [0.5, 1.5]}, "float32", [0.5, 1.5]),
        ({"value_string": "s"}, "string", "s"),
        ({"value_strings": ["s", "t"]}, "string", ["s", "t"]),
    ],
)
def test_constant_nodes(attrs: dict[str, Any], dtype: str, numbers: Any) -> None:
    model = read(build([node("Constant", "", "c", **attrs), node("Relu", "x", "y")]))
    value = model.value("c")
    assert (value.dtype, value.shape, value.stored) == (dtype, np.shape(numbers), True)
    assert value.const is not None
    assert value.const.tolist() == numbers


def test_constant_nodes_without_numbers() -> None:
    large = node("Constant", "", "large", value=ones("w", 64, 64))
    sparse = node("Constant", "", "sparse")
    sparse.attribute.add(name="sparse_value", type="SPARSE_TENSOR").sparse_tensor.CopyFrom(
        onnx.SparseTensorProto(values=ones("w", 1), indices=ones("w", 1), dims=[5, 5])
    )
    wrong = node("Constant", "", "wrong", value_int="text")
    other = node("Constant", "", "other", domain="com.me", value_int=3)
    model = read(build([large, sparse, wrong, other, node("Constant", "", "none")]))
    payload = model.value("large").payload
    assert payload is not None
    assert (payload.length, model.value("large").static) == (16_384, (64, 64))
    assert model.value("sparse") == Value("sparse", "float32", (5, 5), stored=True)
    assert model.value("other") == Value("other")
    assert model.value("none") == Value("none")


# ------------------------------------------------------------------- names of layers


def conv(weight: str, result: str, index: int) -> onnx.NodeProto:
    return node("Conv", f"x {weight}", result, name=f"node_Conv_{index}")


def test_layers_are_named_by_the_weights_behind_them() -> None:
    scale = numpy_helper.from_array(np.array(1, np.float32), "scale")
    quantised = numpy_helper.from_array(np.ones((8, 3, 3, 3), np.int8), "c.weight_quantized")
    nodes = [
        node("Identity", "a.weight", "b.weight", name="Identity_1"),
        node("DequantizeLinear", "c.weight_quantized scale", "c_dq", name="dq_2"),
        node("Cast", "d.weight", "d16", to=FLOAT),
        node("Transpose", "d16", "d_t", perm=[0, 1, 2, 3]),
        node("Identity", "d_t", "d_i"),
        node("Reshape", "e.weight shape", "e_r"),
        conv("a.weight", "y1", 3),
        conv("b.weight", "y2", 4),
        conv("c_dq", "y3", 5),
        conv("d_i", "y4", 6),
        conv("e_r", "y5", 7),
    ]
    stored = [ones(f"{name}.weight", 8, 3, 3, 3) for name in "ade"] + [quantised, scale]
    stored.append(numpy_helper.from_array(np.array([8, 3, 3, 3]), "shape"))
    model = read(build(nodes, stored))
    paths = {n.outputs[0]: n.path for n in model.nodes}
    assert [paths[f"y{i}"] for i in range(1, 6)] == ["a", "b", "c", "d", "Conv"]
    assert paths["b.weight"] == "Identity"
    assert paths["c_dq"] == "DequantizeLinear"
    assert [model.static(f"y{i}") for i in range(1, 6)] == [(1, 8, 6, 6)] * 5


def test_layers_are_not_named_by_tensors_that_are_computed() -> None:
    nodes = [
        node("Identity", "x", "act.weight"),
        node("Relu", "act.weight", "y", name="node_relu_1"),
        node("Cast", "act.weight", "z.weight", to=FLOAT),
        node("MatMul", "x z.weight", "p", name="node_matmul_2"),
    ]
    assert [n.path for n in read(build(nodes)).nodes] == ["Identity", "Relu", "Cast", "MatMul"]


def test_nodes_without_inputs_or_outputs() -> None:
    nodes = [node("Identity", "x", ""), node("Identity", "", "i"), node("Constant", "", "")]
    model = read(build([*nodes, conv("w", "y", 1)], [ones("w", 8, 3, 3, 3)]))
    assert [n.path for n in model.nodes] == ["Identity", "Identity_1", "Constant", "Conv"]


def test_a_ring_of_identities_has_no_weight_behind_it() -> None:
    nodes = [node("Identity", "b", "a"), node("Identity", "a", "b"), conv("a", "y", 1)]
    assert refusal(build(nodes).SerializeToString()).code == "cycle"


def test_scopes_and_source_lines_of_torch() -> None:
    relu = node("Relu", "x", "y", name="node_relu_3")
    relu.metadata_props.add(key="pkg.torch.onnx.class_hierarchy", value="['', 'a', 'b', 'c']")
    relu.metadata_props.add(key=SCOPES, value="['', 'layer1', 'layer1.act', 'relu']")
    relu.metadata_props.add(key=STACK, value='File "/home/me/net.py", line 58, in forward\n')
    first, second = read(build([relu, node("Relu", "y", "z")])).nodes
    assert (first.path, first.source) == ("layer1.act", SourceLine("/home/me/net.py", 58))
    assert second.source is None


# ------------------------------------------------------------------- bodies


def test_what_bodies_read_of_their_surroundings() -> None:
    inner = helper.make_graph(
        [node("Add", "outer_a local", "o2"), node("Add", "o2 p", "o3")], "inner", [], []
    )
    inner.output.append(tensor("outer_b", 1))
    body = helper.make_graph(
        [
            node("Relu", "p", "local"),
            node("If", "cond", "r", then_branch=inner, else_branch=inner),
            node("Add", "r stored", "s"),
            node("Add", "s sparse", "t"),
            helper.make_node("Clip", ["t", "", "outer_c"], ["u"]),
        ],
        "body",
        [tensor("p", 1)],
        [tensor("u", 1)],
        [ones("stored", 1)],
    )
    body.sparse_initializer.add(values=ones("sparse", 1), indices=ones("i", 1), dims=[1])
    nodes = [node("Relu", "x", f"outer_{letter}") for letter in "abc"]
    loop = node("Loop", "x cond", "y", body=body)
    model = read(build([*nodes, loop], inputs=[tensor("x", 1), tensor("cond", kind=9)]))
    assert model.nodes[3].captures == ("cond", "outer_a", "outer_b", "outer_c")
    assert [n.captures for n in model.nodes[:3]] == [(), (), ()]
    assert model.flow.in_degree(("", 3)) == 3


def test_several_bodies_in_one_attribute() -> None:
    bodies = [
        helper.make_graph([node("Relu", name, "o")], "b", [], [tensor("o", 1)])
        for name in ("x", "y")
    ]
    many = node("Switch", "x", "z", domain="com.me")
    many.attribute.add(name="bodies", type="GRAPHS").graphs.extend(bodies)
    assert read(build([node("Relu", "x", "y"), many])).nodes[1].captures == ("x", "y")


def test_deep_bodies() -> None:
    graph = helper.make_graph([node("Relu", "x", "o")], "b", [], [tensor("o", 1)])
    for _ in range(30):
        branches = {"then_branch": graph, "else_branch": graph}
        if graph.ByteSize() > 50_000:  # both branches would double it each time
            branches.pop("else_branch")
        graph = helper.make_graph([node("If", "c", "o", **branches)], "b", [], [tensor("o", 1)])
    model = read(build(graph.node, inputs=[tensor("x", 1), tensor("c", kind=9)]))
    assert set(model.nodes[0].captures) == {"c", "x"}
