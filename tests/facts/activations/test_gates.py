"""What counts as a gate, operator by operator, and what lies ahead of an activation."""

from dataclasses import replace

import pytest
from onnx import helper

from cnnlint.model.graph import Model, Node
from cnnlint.model.loader import load
from tests.facts.onnx_text import activations, graph, proto

TWO = "float[1,8,16,16] x, float[1,8,16,16] h"
UNGATED = {
    "a map under a mask": "a = Conv(x, w) \n m = Mul(a, s) \n y = Add(m, x)",
    "a mask on the output": "a = Conv(x, w) \n t = Sigmoid(a) \n y = Mul(t, s)",
    "a map that is added": "t = Sigmoid(x) \n b = Add(t, s) \n y = Add(b, x)",
    "a number": "t = Sigmoid(x) \n b = Mul(t, 0.5) \n y = Add(b, x)",
}


@pytest.mark.parametrize("text", UNGATED.values(), ids=UNGATED)
def test_no_gate_no_edge(text: str) -> None:
    assert activations(graph(text)).gate_edges == frozenset()


def test_a_gate_beside_data_is_no_gate() -> None:
    model = around("Concat", ("Sigmoid", "a", "t"), ("OP", "t x", "u"), ("Mul", "x u", "m"))
    assert activations(model).gate_edges == frozenset()


def test_a_state_may_join_a_sum_of_several() -> None:
    model = graph("a = Conv(x, w) \n t = Sigmoid(a) \n m = Mul(t, s) \n y = Sum(m, a, x)")
    assert {name for name, _ in activations(model).gate_edges} == {"t"}


CHOOSES = ["Concat", "Gather", "Pad", "Slice", "Split"]
MOVES = [
    "Cast",
    "CastLike",
    "DepthToSpace",
    "DequantizeLinear",
    "Dropout",
    "Expand",
    "Flatten",
    "Identity",
    "Neg",
    "QuantizeLinear",
    "Reshape",
    "Resize",
    "SpaceToDepth",
    "Squeeze",
    "Tile",
    "Transpose",
    "Unsqueeze",
    "Upsample",
    "Add",
    "Sub",
    "Mul",
    "Div",
]
MIXES = ["Relu", "GlobalAveragePool", "ReduceMean", "CumSum", "Pow"]


def around(op: str, *lines: tuple[str, str, str]) -> Model:
    """Return a graph of nodes (operator, inputs, result), of which OP stands for ``op``."""
    model = graph("a = Conv(x, w) \n y = Conv(a, w)")
    conv, head = model.nodes
    nodes = [
        Node(
            ("", 2 + i),
            "",
            op if kind == "OP" else kind,
            "",
            tuple(names.split()),
            (out,),
            {},
            out,
        )
        for i, (kind, names, out) in enumerate(lines)
    ]
    head = replace(head, inputs=(nodes[-1].outputs[0], "w"))
    return replace(model, nodes=(conv, *nodes, head))


@pytest.mark.parametrize("op", MOVES + CHOOSES + MIXES)
def test_operators_between_a_gate_and_its_product(op: str) -> None:
    lines = (("Sigmoid", "a", "t"), ("OP", "t g", "u"), ("Mul", "x u", "m"))
    found = activations(around(op, *lines))
    assert [str(a.role) for a in found.all if a.result == "t"] == [
        "hidden" if op in MIXES else "gate"
    ]
    assert {name for name, _ in found.gate_edges} == (set() if op in MIXES else {"u"})


@pytest.mark.parametrize("op", ["Attention", "Einsum", "FusedMatMul", "Gemm", "MatMul", "Sum"])
def test_products_of_two_data_tensors(op: str) -> None:
    (found,) = activations(around(op, ("Softmax", "a", "t"), ("OP", "t x", "m"))).all
    assert found.role == ("hidden" if op == "Sum" else "attention")


def test_a_product_with_a_weight_of_unknown_shape_is_none_of_data() -> None:
    (found,) = activations(around("MatMul", ("Softmax", "a", "t"), ("OP", "t k", "m"))).all
    assert found.role == "hidden"


BOUNDED = ["Sigmoid", "HardSigmoid", "Tanh", "Softmax", "LogSoftmax", "Softsign"]


@pytest.mark.parametrize("op", [*BOUNDED, "Relu", "Elu"])
def test_bounded_activations_have_uses_of_their_own(op: str) -> None:
    (found,) = activations(around(op, ("OP", "a", "t"), ("MatMul", "t x", "m"))).all
    assert found.role == ("attention" if op in BOUNDED else "hidden")


def test_hardtanh_is_bounded() -> None:
    (found,) = activations(graph("t = Clip(x, -1, 1) \n m = MatMul(t, x) \n y = Conv(m, w)")).all
    assert (found.kind, found.role) == ("Hardtanh", "attention")


CHOICES = [
    *((op, 1) for op in ("Gather", "GatherElements", "GatherND", "Compress")),
    *((op, 1) for op in ("ScatterElements", "ScatterND")),
    *((op, place) for op in ("ArgMax", "ArgMin", "NonZero", "TopK") for place in (0, 1)),
    *((op, place) for op in ("Equal", "Greater", "Less", "RoiAlign") for place in (0, 1)),
    *((op, place) for op in ("GreaterOrEqual", "LessOrEqual") for place in (0, 1)),
    *(("NonMaxSuppression", 0), ("NonMaxSuppression", 1), ("RoiAlign", 2)),
    *((op, 0) for op in ("Gather", "GatherElements", "GatherND", "Compress", "ScatterND")),
]
MAPS = {(op, 0) for op in ("Gather", "GatherElements", "GatherND", "Compress", "ScatterND")}
MAPS |= {("RoiAlign", 0)}


@pytest.mark.parametrize(("op", "place"), CHOICES)
def test_operands_that_only_choose(op: str, place: int) -> None:
    """What chooses is no input of the layers behind it; what is chosen from is."""
    operands = ["x", "x", "x"]
    operands[place] = "t"
    lines = (("Sigmoid", "a", "t"), ("OP", " ".join(operands), "m"))
    (found,) = activations(around(op, *lines)).all
    assert found.role == ("hidden" if (op, place) in MAPS else "output")


def test_an_absent_input_is_not_what_an_absent_output_leads_to() -> None:
    model = graph(
        "t = Sigmoid(x) \n d = Relu(t) \n m = Mul(t, g) \n n = Mul(m, h) \n y = Clip(n, , 6)",
        inputs=TWO,
    )
    nodes = [replace(n, outputs=("",)) if n.outputs == ("d",) else n for n in model.nodes]
    found = activations(replace(model, nodes=tuple(nodes))).all
    assert {a.result: str(a.role) for a in found}["t"] == "gate"


@pytest.mark.parametrize("op", MOVES + CHOOSES)
def test_only_the_very_input_makes_a_self_gate(op: str) -> None:
    """Halves of a tensor are different tensors: a gated linear unit is no SiLU."""
    lines = (("OP", "a g", "u"), ("Sigmoid", "a", "t"), ("Mul", "u t", "m"))
    (found,) = (a for a in activations(around(op, *lines)).all if a.result in ("t", "m"))
    named = ("SiLU", "hidden") if found.result == "m" else ("Sigmoid", "silu-like")
    assert (found.kind, str(found.role)) == (("Sigmoid", "gate") if op in CHOOSES else named)


def test_members_of_an_activation_are_found_by_node() -> None:
    model = graph("a = Conv(x, w) \n t = Sigmoid(a) \n y = Mul(a, t)")
    found = activations(model)
    (silu,) = found.all
    assert silu.members == (model.nodes[1].key, model.nodes[2].key)
    assert silu.node == model.nodes[2]
    assert (silu.kind, silu.source, silu.result) == ("SiLU", "a", "y")
    assert found.of == dict.fromkeys(silu.members, silu)


def test_a_gate_that_a_body_reads_too_is_not_only_a_gate() -> None:
    model = graph(
        "a = Conv(x, w) \n t = Sigmoid(a) \n b = Neg(x) \n m = Mul(t, b) \n y = Conv(m, w)"
    )
    nodes = [replace(n, captures=("t",)) if n.op == "Neg" else n for n in model.nodes]
    found = activations(replace(model, nodes=tuple(nodes)))
    assert [(a.result, a.role) for a in found.all] == [("t", "hidden")]


def test_a_body_doesnt_hide_a_later_reader() -> None:
    model = graph("a = Conv(x, w) \n t = Sigmoid(a) \n o = Neg(x) \n y = Conv(t, w)", "o, y")
    nodes = [replace(n, captures=("t",)) if n.op == "Neg" else n for n in model.nodes]
    found = activations(replace(model, nodes=tuple(nodes)))
    assert [(a.result, a.role) for a in found.all] == [("t", "hidden")]


def test_a_body_that_reads_a_tensor_lies_ahead_of_it() -> None:
    model = graph("a = Conv(x, w) \n t = Sigmoid(a) \n b = Neg(x) \n y = Conv(b, w)")
    nodes = [replace(n, captures=("t",)) if n.op == "Neg" else n for n in model.nodes]
    found = activations(replace(model, nodes=tuple(nodes)))
    assert [(a.result, a.role) for a in found.all] == [("t", "hidden")]


@pytest.mark.parametrize("operands", [["t", "a"], ["t", "z"], ["t"], ["", ""], []])
@pytest.mark.parametrize("op", ["Mul", "Identity", "Relu", "Clip", "Max", "Where", "GridSample"])
def test_nodes_without_results_or_inputs_do_no_harm(op: str, operands: list[str]) -> None:
    model = proto("a = Conv(x, w) \n t = Sigmoid(a) \n b = Neg(t) \n y = Add(b, z)")
    for results in ([], [""], ["other"]):
        model.graph.node.append(helper.make_node(op, operands, results))
    found = activations(load(model.SerializeToString()))
    assert {"t", "other"} & {a.result for a in found.all}
    assert all(a.result for a in found.all)
