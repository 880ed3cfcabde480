"""What is in use at each step, its peak, and the bytes moved, as exact integers.

All maps are 1x8x16x16 in float32 unless a test says otherwise: one MAP.
"""

from dataclasses import replace

import numpy as np
import pytest
from onnx import TensorProto, helper

from cnnlint.facts.facts import Facts
from cnnlint.facts.memory.inference import Held, Memory, bytes_moved, memory
from cnnlint.model.graph import Model, Value
from cnnlint.model.loader import load
from tests.facts.onnx_text import graph
from tests.net import Net

MAP = 8 * 16 * 16 * 4
NET = Net(8, 16)


def in_use(model: Model) -> list[int]:
    return list(memory(model).in_use.values())


@pytest.mark.parametrize(
    ("net", "maps"),
    [
        pytest.param(NET.conv(8), [1], id="the input is not counted"),
        pytest.param(NET.conv(8).conv(8).conv(8), [1, 2, 2], id="chain"),
        pytest.param(NET.conv(8).relu().conv(8), [1, 1, 2], id="in place"),
        pytest.param(NET.conv(8).relu().op("Tanh").conv(8), [1, 1, 1, 2], id="twice in place"),
        pytest.param(NET.relu().conv(8), [1, 2], id="never over the input"),
        pytest.param(NET.conv(8).relu(), [1, 2], id="never into an output"),
        pytest.param(
            NET.conv(8).mark("a").relu().add("a").conv(8), [1, 2, 3, 2], id="read again later"
        ),
        pytest.param(NET.conv(8).bn().conv(8), [1, 2, 2], id="normalisation copies"),
        pytest.param(NET.conv(8).op("Dropout").conv(8), [1, 2, 2], id="dropout copies"),
        pytest.param(NET.conv(8).op("HardSwish").conv(8), [1, 3, 2], id="split in two"),
        pytest.param(
            NET.conv(8).relu().mark("a").conv(8).add("a").relu(), [1, 1, 2, 3, 2], id="residual"
        ),
        pytest.param(
            NET.conv(8).mark("a").conv(8).concat("a").relu(), [1, 2, 4, 4], id="concatenation"
        ),
        pytest.param(NET.conv(8).output().relu().conv(8), [1, 2, 3], id="an output is kept"),
        pytest.param(NET.conv(8).conv(8).output().conv(8).conv(8), [1, 2, 2, 3], id="and later"),
        pytest.param(
            NET.conv(8).pool().conv(8), [1, 1.25, 0.5], id="the operand is held while it is read"
        ),
    ],
)
def test_chain(net: Net, maps: list[float]) -> None:
    assert in_use(net.model()) == [MAP * n for n in maps]


@pytest.mark.parametrize(
    ("text", "maps"),
    [
        pytest.param("a = Exp(x)\nb = Flatten(a)\ny = Exp(b)", [1, 1, 2], id="view"),
        pytest.param("a = Exp(x)\ny = Flatten(a)", [1, 2], id="a view that is an output copies"),
        pytest.param("a = Flatten(x)\ny = Exp(a)", [0, 1], id="view of the input"),
        pytest.param("a = Identity(s)\nb = Add(a, x)\ny = Exp(b)", [0, 1, 2], id="of a weight"),
        pytest.param(
            "a = Flatten(x)\nb = Relu(a)\ny = Exp(b)", [0, 1, 2], id="not over the input"
        ),
        pytest.param("a = Relu(s)\nb = Exp(a)\ny = Add(b, x)", [1, 2, 2], id="not over a weight"),
        pytest.param(
            "a = Exp(x)\nb = Flatten(a)\nc = Relu(b)\ny = Exp(c)", [1, 1, 1, 2], id="over a view"
        ),
        pytest.param(
            "a = Exp(x)\nb = Identity(a)\nc = Relu(b)\ny = Add(c, a)",
            [1, 1, 2, 3],
            id="not over a view of what is read later",
        ),
        pytest.param(
            "a = Exp(x)\nb = Add(a, a)\nc = Relu(b)\ny = Exp(c)", [1, 2, 1, 2], id="read twice"
        ),
        pytest.param(
            "a = Exp(x)\nb = Cast <to = 6> (a)\nc = Exp(b)\ny = Exp(c)",
            [1, 1, 2, 2],
            id="a cast to as wide a type is in place",
        ),
        pytest.param(
            "a = Exp(x)\nb = Cast <to = 10> (a)\ny = Exp(b)", [1, 1.5, 1], id="to half is not"
        ),
        pytest.param("a = Exp(x)\nb = Exp(a)\ny = Exp(a)", [1, 2, 3], id="what nobody reads"),
        pytest.param(
            "c = Exp(x)\ny = Exp(c)\na = Exp(x)\nb = Relu(a)",
            [1, 1, 1, 2],
            id="what nobody reads, in place",
        ),
        pytest.param("y = Exp(x)\na = Relu(y)\nb = Exp(a)", [1, 2, 3], id="not over an output"),
        pytest.param(
            "a = Exp(x)\nb, i = MaxPool <kernel_shape = [1, 1]> (a)\ny = Exp(b)",
            [1, 4, 4],
            id="indices that nobody reads",
        ),
        pytest.param("a = Exp(x)\nb, = Dropout(a)\ny = Exp(b)", [1, 2, 2], id="absent output"),
    ],
)
def test_graph(text: str, maps: list[float]) -> None:
    assert in_use(graph(text)) == [MAP * n for n in maps]


def test_shapes_computed_at_each_run_count() -> None:
    model = graph("a = Exp(x)\nb = Shape(a)\nc = Cast <to = 1> (b)\ny = Add(a, 1)", "y, c")
    assert in_use(model) == [MAP, 2 * MAP, 2 * MAP + 32, MAP + 32 + 16]


def test_peak() -> None:
    net = NET.conv(8, name="stem").mark("a").conv(16, 1, name="wide").relu().conv(8, 1).add("a")
    found = memory(net.model())
    assert found.peak_activation_bytes == 4 * MAP
    assert found.peak_at is not None
    assert found.peak_at.path == "conv3"
    assert found.alive_at_peak == (
        Held("relu2_out", 2 * MAP),
        Held("stem_out", MAP),
        Held("conv3_out", MAP),
    )


def test_first_of_equal_peaks() -> None:
    found = memory(NET.conv(8, name="a").conv(8, name="b").conv(8, name="c").model())
    assert found.peak_at is not None
    assert found.peak_at.path == "b"
    assert [held.name for held in found.alive_at_peak] == ["a_out", "b_out"]


def test_a_buffer_is_named_after_what_lies_in_it_at_the_peak() -> None:
    model = graph("a = Exp(x)\nb = Relu(a)\nc = Flatten(b)\nd = Exp(c)\ne = Relu(d)\ny = Exp(e)")
    assert [held.name for held in memory(model).alive_at_peak] == ["c", "d"]
    inside = memory(NET.conv(8, name="a").op("Mish", name="b").conv(8).model())
    assert inside.alive_at_peak == (Held("a_out", MAP), Held("b_out", MAP), Held("", MAP))


def test_a_model_of_nothing() -> None:
    stored = memory(graph("y = Constant <value_float = 1.0> ()"))
    assert stored == Memory(0, None, (), {})
    views = memory(graph("a = Flatten(x)\nb = Identity(s)", "x"))
    assert (views.peak_activation_bytes, views.peak_at, views.alive_at_peak) == (0, None, ())
    assert list(views.in_use.values()) == [0, 0]


def test_an_empty_tensor_is_nothing_alive() -> None:
    net = NET.stored("none", [0]).stored("axis", [1]).op("Slice", "none", "none", "axis")
    found = memory(net.model())
    assert (found.peak_activation_bytes, found.alive_at_peak) == (0, ())


def test_unknown_sizes() -> None:
    facts = NET.conv(8, name="a").relu().conv(8).open_facts()
    found = facts.memory
    assert (found.peak_activation_bytes, found.peak_at) == (None, None)
    assert (found.alive_at_peak, found.in_use) == ((), {})
    assert facts.bytes_moved is None
    assert facts.arithmetic_intensity is None


def test_views_of_unknown_size_cost_nothing() -> None:
    proto = NET.flatten().proto()
    proto.graph.input[0].type.tensor_type.shape.dim[2].dim_param = "size"
    proto.graph.node.append(helper.make_node("Shape", ["flatten0_out"], ["shape"], name="shape"))
    del proto.graph.output[:]
    proto.graph.output.append(helper.make_tensor_value_info("shape", TensorProto.INT64, [2]))
    assert memory(load(proto.SerializeToString())).peak_activation_bytes == 16


def test_optional_outputs_that_nobody_knows_or_reads() -> None:
    bn = NET.conv(8).bn().conv(8)
    proto = bn.proto()
    proto.graph.node[1].output.extend(["mean", "variance"])
    proto.graph.node[1].attribute.append(helper.make_attribute("training_mode", 1))
    model = load(proto.SerializeToString())
    values = {**model.values, "mean": Value("mean"), "variance": Value("variance")}
    assert in_use(replace(model, values=values)) == [MAP, 2 * MAP, 2 * MAP]
    kept = replace(model, values=values, outputs=(*model.outputs, "variance"))
    assert memory(kept).peak_activation_bytes is None


def test_outputs_of_unknown_size() -> None:
    dead = graph("y = Exp(x)\na = Exp(x)")
    assert in_use(dead) == [MAP, 2 * MAP]
    unknown = replace(dead, values={**dead.values, "a": Value("a")})
    assert memory(unknown).peak_activation_bytes is None
    pool = graph(
        "a, i = MaxPool <kernel_shape = [1, 1]> (x)\ny = Exp(a)\nz = Cast <to = 1> (i)", "y, z"
    )
    assert memory(pool).peak_activation_bytes == 4 * MAP
    unknown = replace(pool, values={**pool.values, "i": Value("i")})
    assert memory(unknown).peak_activation_bytes is None


CONV_WEIGHTS = 4 * (8 * 8 * 9 + 8)


@pytest.mark.parametrize(
    ("net", "moved"),
    [
        pytest.param(NET.conv(8), [2 * MAP + CONV_WEIGHTS], id="operand, weights, result"),
        pytest.param(NET.relu(), [2 * MAP], id="in place or not"),
        pytest.param(
            NET.stored("six", np.array([6], np.float32)).op("Clip", "", "six"),
            [2 * MAP + 4],
            id="absent operand",
        ),
        pytest.param(NET.mark("a").add("a"), [2 * MAP], id="one tensor read twice"),
        pytest.param(NET.flatten().dense(4, cin=2048), [0, MAP + 4 * 4 * 2049 + 16], id="view"),
        pytest.param(NET.relu().flatten(), [2 * MAP, 2 * MAP], id="view that is an output"),
        pytest.param(
            NET.stored("from", [0])
            .stored("to", [4])
            .stored("axis", [1])
            # half of the channels
            .op("Slice", "from", "to", "axis"),
            [MAP + 24],
            id="what is cut out",
        ),
        pytest.param(
            NET.stored("at", [0, 1, 1]).op("Gather", "at", axis=1),
            [2 * 3 * MAP // 8 + 24],
            id="what is looked up",
        ),
    ],
)
def test_bytes_moved(net: Net, moved: list[int]) -> None:
    facts = net.facts()
    assert list(facts.traffic.values()) == moved
    assert facts.bytes_moved == sum(moved)


def test_shape_reads_nothing() -> None:
    model = graph("a = Shape(x)\nb = Cast <to = 1> (a)\ny = Add(x, 1)", "y, b")
    facts = Facts(model)
    assert list(facts.traffic.values()) == [2 * MAP + 4]
    (shape, *_) = (node for node in model.nodes if node.op == "Shape")
    assert bytes_moved(model, (shape,)) == {shape.key: 32}


def test_arithmetic_intensity() -> None:
    facts = NET.conv(8).facts()
    assert facts.flops is not None
    assert facts.arithmetic_intensity == facts.flops / (2 * MAP + CONV_WEIGHTS)
    assert Facts(graph("y = Constant <value_float = 1.0> ()")).arithmetic_intensity is None
    inputs = "float[1,8,16,16] x, float[8,5] m"
    regions = Facts(graph("y = MaxRoiPool <pooled_shape = [16, 16]> (x, m)", inputs=inputs))
    assert (regions.bytes_moved, regions.flops) == (MAP + 8 * 5 * 4 + 8 * MAP, None)
    assert regions.arithmetic_intensity is None
