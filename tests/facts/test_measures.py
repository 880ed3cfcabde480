"""What a model costs, and what is unsure about that."""

from pathlib import Path

import numpy as np
import onnx
import onnx.parser
import pytest
from onnx import TensorProto, helper, numpy_helper

from cnnlint.facts import measures
from cnnlint.facts.facts import Facts
from cnnlint.facts.measures import MEASURES, Measure
from cnnlint.model.loader import load
from tests.net import Net

NET = Net(3, 32).conv(16, name="a").relu().conv(16, name="b")
"""448 + 2,320 parameters, a run of two layers."""


def unsure(facts: Facts) -> set[str]:
    return {name for name, measure in MEASURES.items() if measure(facts).unsure}


def exact(facts: Facts, *names: str) -> dict[str, int | None]:
    return {name: MEASURES[name](facts).exact for name in names}


def test_names_in_order() -> None:
    assert list(MEASURES) == [
        *("params", "macs", "weight_bytes", "peak_memory", "file_size", "plain_run")
    ]


def test_all_is_known() -> None:
    facts = NET.facts()
    assert unsure(facts) == {"file_size"}
    assert exact(facts, "params", "macs", "weight_bytes", "peak_memory", "plain_run") == {
        "params": 2768,
        "macs": 1024 * 16 * 27 + 1024 * 16 * 144,
        "weight_bytes": 4 * 2768,
        "peak_memory": 2 * 4 * 16 * 1024,
        "plain_run": 2,
    }


def test_a_lower_bound_is_not_exact() -> None:
    assert Measure(5).exact == 5
    assert Measure(5, "why").exact is None


# ------------------------------------------------------------- open dimensions


def test_open_dimension() -> None:
    proto = NET.proto()
    proto.graph.input[0].type.tensor_type.shape.dim[2].dim_param = "height"
    facts = Facts(load(proto.SerializeToString()))
    why = "the size of the output of a and of 2 more nodes is unknown"
    cure = "give the open sizes: --dim height=SIZE"
    assert measures.macs(facts) == Measure(None, why, cure)
    assert measures.peak_memory(facts) == Measure(None, why, cure)
    assert unsure(facts) == {"macs", "peak_memory", "file_size"}


def test_how_many_sizes_are_unknown() -> None:
    facts = Net(3, 8).op("Det", name="odd").op("Relu", name="last").open_facts()
    unknown = measures.macs(facts).unsure or measures.peak_memory(facts).unsure
    assert unknown == "the size of the output of odd and of 1 more node is unknown"
    (first, *_) = facts.unresolved
    assert first.path == "odd"


def test_many_open_dimensions() -> None:
    proto = Net(3, (8, 8, 8)).conv(4).proto()
    dims = proto.graph.input[0].type.tensor_type.shape.dim
    for dim, name in zip(dims, ("batch", "c", "d", "h", "w"), strict=True):
        dim.dim_param = name
    found = measures.macs(Facts(load(proto.SerializeToString())))
    assert (
        found.cure == "give the open sizes: --dim c=SIZE --dim d=SIZE --dim h=SIZE, and of 1 more"
    )


def test_an_unknown_size_that_nobody_can_give() -> None:
    found = measures.macs(NET.op("Det", name="odd").conv(4, name="c").facts())
    assert (found.value, found.cure) == (None, "")
    texts = Net(3, 8, dtype=TensorProto.STRING).relu().facts()
    assert measures.peak_memory(texts) == Measure(None, "the size of a tensor is unknown")


# ----------------------------------------------------------- foreign operators


def foreign(*ops: str, constant: str = "", shape: tuple[int, ...] = (4,)) -> Facts:
    """Return a model with operators that nobody knows, which read a constant of that type."""
    proto = NET.repeat(len(ops), lambda net: net.op("Relu")).proto()
    if constant:
        dtype = np.dtype(constant)
        tensor = numpy_helper.from_array(np.ones(shape, dtype), "k")
        proto.graph.initializer.append(tensor)
    for node, op in zip(proto.graph.node[3:], ops, strict=True):
        node.op_type, node.domain = op, "acme"
        node.input.extend(["k"] if constant else [])
    proto.opset_import.append(helper.make_opsetid("acme", 1))
    return Facts(load(proto.SerializeToString()))


@pytest.mark.parametrize(
    ("ops", "why"),
    [
        (["Warp"], "what acme:Warp costs is unknown"),
        (["Warp", "Warp"], "what acme:Warp x2 cost is unknown"),
        (["Warp", "Bend"], "what acme:Bend, acme:Warp cost is unknown"),
        (["A", "B", "C", "D", "D"], "what acme:A, acme:B, acme:C and 1 more cost is unknown"),
    ],
)
def test_macs_of_unknown_operators(ops: list[str], why: str) -> None:
    found = measures.macs(foreign(*ops))
    assert found == Measure(1024 * 16 * 171, why)


@pytest.mark.parametrize(
    ("constant", "shape", "weights"),
    [
        ("", (), False),
        ("float32", (4,), True),
        ("float16", (2, 2), True),
        ("int8", (4,), True),
        ("int64", (4,), False),
        ("float32", (), False),
        ("float32", (1,), False),
    ],
)
def test_what_unknown_operators_read(constant: str, shape: tuple[int, ...], weights: bool) -> None:
    facts = foreign("Warp", constant=constant, shape=shape)
    doubt = "what acme:Warp reads may be weights, or not" if weights else ""
    assert measures.params(facts) == Measure(2768, doubt)
    assert measures.weight_bytes(facts) == Measure(4 * 2768, doubt)
    hidden = "acme:Warp may hold layers" if weights else ""
    assert measures.plain_run(facts) == Measure(2, hidden)


def test_a_counted_operator_hides_nothing() -> None:
    facts = NET.stored("k", np.ones(4, np.float32)).op("Pow", "k").facts()
    assert not measures.params(facts).unsure
    assert not measures.plain_run(facts).unsure


# ---------------------------------------------------------------------- bodies

LOOP = """y = Loop (n, go, x) <
    body = one (int64 i, bool c, float[1,3,8,8] a) => (bool d, float[1,3,8,8] b) {
        d = Identity (c)
        INSIDE
    }>"""
IF = """y = If (perhaps) <
    then_branch = one () => (float[1,3,8,8] t) { t = Conv <pads = [1, 1, 1, 1]> (x, w) },
    else_branch = two () => (float[1,3,8,8] b) { INSIDE }
>"""
CONV = "b = Conv <pads = [1, 1, 1, 1]> (MAP, w)"
SERIES = "nobody knows which layers inside of Loop run in series"


def bodied(graph: str, inside: str, runs: int | None = None) -> Facts:
    """Return a model with a body; ``n`` is how often a loop runs, 81 weights are stored."""
    given = f"float[3,3,3,3] w = {{{', '.join(['1'] * 81)}}}"
    count = ""
    if runs is None:
        count = ", int64 n, bool go"
    else:
        given += f", int64 n = {{{runs}}}, bool go = {{1}}"
    proto = onnx.parser.parse_model(f"""
        <ir_version: 10, opset_import: ["" : 17, "acme" : 1]>
        net (float[1,3,8,8] x, bool perhaps{count}) => (y) <{given}> {{
            {graph.replace("INSIDE", inside)}
        }}""")
    return Facts(load(proto.SerializeToString()))


def test_a_loop_that_runs_nobody_knows_how_often() -> None:
    facts = bodied(LOOP, CONV.replace("MAP", "a"))
    assert measures.macs(facts) == Measure(64 * 81, "how often Loop runs depends on the data")
    inside = "what the bodies of If, Loop and Scan take isn't counted"
    assert measures.peak_memory(facts).unsure == inside
    assert measures.plain_run(facts) == Measure(0, SERIES)
    assert exact(facts, "params", "weight_bytes") == {"params": 81, "weight_bytes": 4 * 81}


def test_a_loop_of_known_length() -> None:
    facts = bodied(LOOP, CONV.replace("MAP", "a"), runs=3)
    assert measures.macs(facts) == Measure(3 * 64 * 81)
    assert measures.plain_run(facts) == Measure(0, SERIES)
    assert measures.peak_memory(facts).unsure


def test_a_body_without_layers_adds_none_in_series() -> None:
    assert measures.plain_run(bodied(LOOP, "b = Relu (a)")) == Measure(0)


def test_branches() -> None:
    same = bodied(IF, CONV.replace("MAP", "x"))
    assert measures.macs(same) == Measure(64 * 81)
    other = bodied(IF, "b = Relu (x)")
    assert measures.macs(other) == Measure(0, "which branch of If runs depends on the data")
    assert measures.params(other) == Measure(81)


def test_what_is_inside_of_a_body_is_unsure_too() -> None:
    facts = bodied(IF, "b = acme.Warp (x, w)")
    assert measures.params(facts).unsure == "what acme:Warp reads may be weights, or not"
    assert "acme:Warp may hold layers" in measures.plain_run(facts).unsure
    assert "what acme:Warp costs is unknown" in measures.macs(facts).unsure


def test_a_layer_in_a_body_of_a_body() -> None:
    inner = IF.replace("INSIDE", "b = Relu (x)").replace("y = If", "b = If")
    assert measures.plain_run(bodied(LOOP, inner)).unsure == SERIES


def test_an_if_that_lacks_a_branch_may_hold_anything() -> None:
    proto = NET.op("If").proto()
    found = Facts(load(proto.SerializeToString()))
    assert measures.params(found).unsure == "what If reads may be weights, or not"
    assert measures.plain_run(found).unsure == "If may hold layers"


# ----------------------------------------------------- weights of unknown size


def unpacked(op: str, **attrs: int) -> Facts:
    """Return a layer whose weight a foreign operator computes from what is stored."""
    net = Net(3, 8) if op == "Conv" else Net(3, ())
    net = net.stored("k", np.ones((4, 3), np.float32)).op(op, "made", name="layer", **attrs)
    proto = net.proto()
    made = helper.make_node("Unpack", ["k"], ["made"], domain="acme")
    proto.graph.node.insert(0, made)
    proto.opset_import.append(helper.make_opsetid("acme", 1))
    del proto.graph.output[0].type.tensor_type.shape.dim[:]
    return Facts(load(proto.SerializeToString()))


@pytest.mark.parametrize("op", ["Conv", "ConvTranspose", "Gemm", "MatMul", "LSTM", "FusedConv"])
def test_a_layer_whose_weight_has_no_known_size(op: str) -> None:
    found = measures.plain_run(unpacked(op))
    assert found == Measure(0, "layer may be a layer: the size of its weight is unknown")


def test_a_weight_that_nobody_knows() -> None:
    proto = NET.proto()
    del proto.graph.initializer[0]
    made = helper.make_node("Make", [], ["a.weight"], domain="acme")
    proto.graph.node.insert(0, made)
    proto.opset_import.append(helper.make_opsetid("acme", 1))
    facts = Facts(load(proto.SerializeToString()))
    why = "the size of a.weight is unknown"
    assert measures.params(facts) == Measure(2768 - 432, why)
    assert measures.weight_bytes(facts) == Measure(4 * (2768 - 432), why)


def made(op: str, *, foreign: bool) -> Facts:
    """Return a model in which an operator on nothing but shapes makes what another one reads."""
    net = Net(3, 8).op(op, "k", name="layer")
    proto = net.proto()
    size = helper.make_node("Shape", ["input"], ["size"])
    maker = helper.make_node("Make", [], ["k"], domain="acme")
    if not foreign:
        maker = helper.make_node("ConstantOfShape", ["size"], ["k"])
    for index, node in enumerate((size, maker)):
        proto.graph.node.insert(index, node)
    proto.graph.input[0].type.tensor_type.shape.dim[2].dim_param = "height"
    proto.opset_import.append(helper.make_opsetid("acme", 1))
    return Facts(load(proto.SerializeToString()))


@pytest.mark.parametrize(
    ("op", "foreign", "doubt"),
    [
        ("Add", True, "the size of k is unknown"),
        ("Add", False, ""),
        ("Relu", True, ""),
        ("MatMul", True, "the size of k is unknown"),
    ],
)
def test_constants_of_unknown_size(op: str, foreign: bool, doubt: str) -> None:
    assert measures.params(made(op, foreign=foreign)) == Measure(0, doubt)


def test_an_unknown_operator_on_a_constant_of_unknown_size() -> None:
    proto = Net(3, 8).op("Warp", "k", name="layer").proto()
    proto.graph.node[0].domain = "acme"
    proto.graph.node.insert(0, helper.make_node("Make", [], ["k"], domain="acme"))
    proto.opset_import.append(helper.make_opsetid("acme", 1))
    facts = Facts(load(proto.SerializeToString()))
    assert measures.params(facts).unsure == "what acme:Warp reads may be weights, or not"


def test_data_of_unknown_size_is_no_weight() -> None:
    proto = Net(3, 8).op("MatMul", "input", name="layer").proto()
    proto.graph.input[0].type.tensor_type.shape.dim[2].dim_param = "height"
    facts = Facts(load(proto.SerializeToString()))
    assert measures.params(facts) == Measure(0)
    assert measures.plain_run(facts) == Measure(0)


def test_weights_of_unknown_size_in_a_body() -> None:
    facts = bodied(LOOP, "k = acme.Make ()\nb = Conv <pads = [1, 1, 1, 1]> (a, k)")
    assert measures.params(facts).unsure.startswith("the size of ")
    assert measures.plain_run(facts).unsure == SERIES


def test_a_weight_of_an_unknown_type() -> None:
    proto = NET.proto()
    proto.graph.initializer[0].data_type = 99
    facts = Facts(load(proto.SerializeToString()))
    assert measures.params(facts) == Measure(2768)
    found = measures.weight_bytes(facts)
    assert found == Measure(4 * (2768 - 432), "the type of a.weight is unknown")


# ------------------------------------------------------------- outputs, files


def test_more_outputs_than_are_looked_at() -> None:
    net = Net(3, 8).conv(4, name="stem").mark("stem")
    for index in range(32):
        net = net.goto("stem").conv(4, name=f"c{index}").add("stem").conv(4, name=f"d{index}")
        net = net.output()
    assert measures.plain_run(net.facts()) == Measure(1)
    more = net.goto("stem").conv(4, name="c").add("stem").conv(4, name="d").output()
    found = measures.plain_run(more.facts())
    assert found == Measure(1, "there are more outputs than are looked at")


def test_outputs_that_are_not_looked_at_and_too_shallow_to_matter() -> None:
    net = Net(3, 8).conv(4, name="a").conv(4, name="b").conv(4, name="c").output()
    for index in range(40):
        net = net.goto_input().op("Relu", name=f"r{index}").output()
    assert not measures.plain_run(net.facts()).unsure


def saved(folder: Path, **sizes: int) -> Path:
    """Write a net whose weights lie in files of those sizes."""
    proto = NET.proto()
    for tensor, (name, size) in zip(proto.graph.initializer, sizes.items(), strict=False):
        tensor.external_data[0].value = f"{name}.bin"
        if size:
            (folder / f"{name}.bin").write_bytes(bytes(size))
    file = folder / "net.onnx"
    file.write_bytes(proto.SerializeToString())
    return file


def test_file_size(tmp_path: Path) -> None:
    file = saved(tmp_path, one=4 * 432, two=100, weights=10_000)
    facts = Facts(load(file))
    total = file.stat().st_size + 4 * 432 + 100 + 10_000
    assert measures.file_size(facts) == Measure(total)


@pytest.mark.parametrize(
    ("sizes", "why"),
    [
        ({"one": 0, "two": 64, "weights": 10_000}, "one.bin is missing"),
        ({"one": 0, "two": 0, "weights": 10_000}, "one.bin, two.bin are missing"),
        ({"one": 0, "two": 0}, "one.bin, two.bin, weights.bin are missing"),
    ],
)
def test_missing_data_files(tmp_path: Path, sizes: dict[str, int], why: str) -> None:
    file = saved(tmp_path, **sizes)
    there = file.stat().st_size + sum(sizes.values())
    cure = "put all data files beside the model"
    assert measures.file_size(Facts(load(file))) == Measure(there, why, cure)


def test_data_that_nobody_looks_for(tmp_path: Path) -> None:
    file = saved(tmp_path, one=4 * 432, two=64, weights=10_000)
    proto = onnx.load(file, load_external_data=False)
    proto.graph.initializer[1].external_data[0].value = "../two.bin"
    file.write_bytes(proto.SerializeToString())
    found = measures.file_size(Facts(load(file)))
    assert found.unsure == "../two.bin can't be looked for"
    assert found.value == file.stat().st_size + 4 * 432 + 10_000


def test_a_folder_in_place_of_a_data_file(tmp_path: Path) -> None:
    file = saved(tmp_path, one=0, two=64, weights=10_000)
    (tmp_path / "one.bin").mkdir()
    assert measures.file_size(Facts(load(file))).unsure == "one.bin can't be looked for"


def test_size_of_a_model_without_a_file() -> None:
    whole = Net(3, 8).relu().proto().SerializeToString()
    assert measures.file_size(Facts(load(whole))) == Measure(len(whole))
    found = measures.file_size(NET.facts())
    assert found.unsure == "weights.bin can't be looked for"
