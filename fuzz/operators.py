"""Models of one operator, or of a few in a row, with random operands and attributes.

Every operator that onnx knows or that shape inference here has a handler for.
"""

from functools import cache
from random import Random
from typing import TypeAlias

import onnx
from onnx import AttributeProto, defs, helper, numpy_helper

from cnnlint.model.inference.handlers import HANDLERS
from fuzz.oddities import numbers, odd_array, odd_float, odd_text

Dims: TypeAlias = list[int | str | None]
_SIDES = (1, 1, 2, 3, 4, 8, 8, 16, 0, "n", None)
_WORDS = ("NOTSET", "SAME_UPPER", "VALID", "linear", "cubic", "nearest", "reflect", "wrap", "sum",
          "asymmetric", "align_corners", "tf_crop_and_resize", "bidirectional", "Tanh",
          "ij,jk->ik", "...i,ij->...j", "DCR", "floor", "ceil")  # fmt: skip
_NAMES = ("axis", "axes", "kernel_shape", "strides", "pads", "dilations", "group", "to", "perm",
          "num_heads", "hidden_size", "keepdims", "mode", "auto_pad", "block_size")  # fmt: skip


@cache
def known() -> tuple[tuple[str, str], ...]:
    """Return domain and name of every operator, in order."""
    schemas = {(schema.domain, schema.name) for schema in defs.get_all_schemas()}
    handled = {(domain, op) for domain, ops in HANDLERS.items() for op in ops}
    return tuple(sorted(schemas | handled))


def operator_model(rng: Random) -> onnx.ModelProto:
    """Return a model of one to three operators, each on what came before and on operands."""
    graph = helper.make_graph([], "g", [], [])
    opset = rng.choice((1, 6, 9, 11, 13, 17, 18, 21, defs.onnx_opset_version()))
    base: Dims = [rng.choice(_SIDES) for _ in range(rng.choice((0, 1, 2, 3, 4, 4, 4, 5)))]
    made: list[str] = []
    for index in range(rng.choice((1, 1, 2, 3))):
        node = _node(graph, base, opset, made, rng)
        node.output.extend(f"y{index}_{i}" for i in range(rng.choice((1, 1, 1, 2, 3, 4))))
        made = [node.output[0], *made]
        graph.node.append(node)
    graph.output.append(helper.make_tensor_value_info(made[0], 1, None))
    opsets = [helper.make_opsetid("", opset)]
    opsets += [
        helper.make_opsetid(name, 1) for name in sorted({n.domain for n in graph.node} - {""})
    ]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def _node(
    graph: onnx.GraphProto, base: Dims, opset: int, made: list[str], rng: Random
) -> onnx.NodeProto:
    domain, op = rng.choice(known())
    node = onnx.NodeProto(op_type=op, domain=domain)
    schema = _schema(op, domain, opset)
    most = min(schema.max_input, 6) if schema else 4
    for index in range(rng.randint(min(schema.min_input if schema else 1, most), most + 1)):
        chained = made and rng.random() < (0.8 if index == 0 else 0.2)
        node.input.append(made[0] if chained else _operand(graph, base, index, rng))
    types = _types(schema) if schema else {}
    for name in (*types, *rng.sample(_NAMES, 3 if not types else 0)):
        if rng.random() < 0.6:
            kind = types.get(name, 0) if rng.random() < 0.95 else 0
            node.attribute.append(_attribute(name, kind or rng.choice((1, 2, 3, 7)), rng))
    return node


def _schema(op: str, domain: str, opset: int) -> "defs.OpSchema | None":
    try:
        return defs.get_schema(op, opset if not domain else 1, domain)
    except defs.SchemaError:
        return None


def _types(schema: "defs.OpSchema") -> dict[str, int]:
    """Return the type of each attribute of an operator, as its protobuf has it."""
    names = {a.name: str(a.type).rpartition(".")[2] for a in schema.attributes.values()}
    return {name: AttributeProto.AttributeType.Value(kind) for name, kind in names.items()}


def _operand(graph: onnx.GraphProto, base: Dims, index: int, rng: Random) -> str:
    """Return the name of an operand: absent, stored, or an input of more or less known shape."""
    name = f"x{len(graph.input)}_{len(graph.initializer)}"
    chance = rng.random()
    if index and chance < 0.1:
        return ""
    if index and chance < 0.5:
        array = odd_array(rng)
        graph.initializer.append(numpy_helper.from_array(array, name))
        return name
    if index and chance < 0.6:
        sizes = _weight_sizes(base, rng)
        graph.initializer.add(name=name, data_type=1, dims=sizes, data_location="EXTERNAL")
        return name
    shape: Dims | None = None if rng.random() < 0.05 else list(base)
    if shape and rng.random() < 0.5:
        shape[rng.randrange(len(shape))] = rng.choice(_SIDES)
    if shape and rng.random() < 0.2:
        shape = shape[1:] if rng.random() < 0.5 else [1, *shape]
    kind = rng.choice((1, 1, 1, 1, 6, 7, 9, 2, 3, 8, 10, 11, 0))
    graph.input.append(helper.make_tensor_value_info(name, kind, shape))
    return name


def _weight_sizes(base: Dims, rng: Random) -> list[int]:
    channels = base[1] if len(base) > 1 and isinstance(base[1], int) else 1
    window = [rng.choice((1, 2, 3))] * max(len(base) - 2, 0)
    return [rng.choice((1, 4, 8, 10)), rng.choice((channels, 1, 8)), *window]


def _attribute(name: str, kind: int, rng: Random) -> AttributeProto:
    """Return an attribute of a type, with values that are as often common as odd."""
    common = rng.random() < 0.6
    whole = [rng.randint(-1, 4) if common else rng.choice(numbers(rng)) for _ in range(6)]
    whole = [n if -(2**63) <= n < 2**63 else 0 for n in whole]
    count = rng.choice((0, 1, 2, 2, 2, 3, 4, 4, 6))
    attribute = AttributeProto(name=name, type=AttributeProto.AttributeType.Name(kind))
    text = rng.choice(_WORDS) if rng.random() < 0.8 else odd_text(rng)
    match kind:
        case AttributeProto.FLOAT:
            attribute.f = odd_float(rng)
        case AttributeProto.INT:
            attribute.i = whole[0]
        case AttributeProto.STRING:
            attribute.s = text.encode()
        case AttributeProto.TENSOR:
            attribute.t.CopyFrom(numpy_helper.from_array(odd_array(rng)))
        case AttributeProto.GRAPH:
            attribute.g.CopyFrom(_body(rng))
        case AttributeProto.FLOATS:
            attribute.floats.extend(odd_float(rng) for _ in range(count))
        case AttributeProto.INTS:
            attribute.ints.extend(whole[:count])
        case AttributeProto.STRINGS:
            attribute.strings.extend([text.encode()] * count)
    return attribute


def _body(rng: Random) -> onnx.GraphProto:
    """Return a body with any number of inputs and outputs."""
    count = rng.randint(0, 4)
    inputs = [
        helper.make_tensor_value_info(f"i{n}", rng.choice((1, 7, 9)), rng.choice(([], [1], None)))
        for n in range(count)
    ]
    names = [entry.name for entry in inputs] or ["x0_0"]
    nodes = [helper.make_node("Identity", [rng.choice(names)], [f"o{n}"]) for n in range(3)]
    outputs = [helper.make_tensor_value_info(f"o{n}", 1, None) for n in range(rng.randint(0, 3))]
    return helper.make_graph(nodes, "body", inputs, outputs)
