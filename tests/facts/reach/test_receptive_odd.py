"""Models that are broken, or that too little is known of: lost, but never an exception."""

from dataclasses import replace
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from onnx import helper

from cnnlint.facts.reach import layout, mixing, sliding
from cnnlint.facts.reach.receptive import Reach, model_receptive_field, receptive_fields
from cnnlint.model.graph import Attr, Model, Node, Value
from cnnlint.model.loader import load
from tests.facts.reached import NO_GATES, image, last, open_sides, reaches, square
from tests.net import Net

RULES = sorted({**layout.RULES, **mixing.RULES, **sliding.RULES})


def with_node(op: str, inputs: tuple[str, ...], *, attrs: dict[str, Attr] | None = None) -> Model:
    """Return a model of one convolution and one node, put behind it unseen by the loader."""
    model = image(8).conv(4).model()
    node = Node(("", 99), "", op, "", inputs, ("y",), attrs or {}, "y")
    return replace(model, nodes=(*model.nodes, node), outputs=("y",))


def found_in(model: Model) -> dict[str, Reach]:
    data = frozenset(("input", "conv0_out", "lost", "y"))
    return receptive_fields(model, data, {}, NO_GATES)


@pytest.mark.parametrize("op", RULES)
@pytest.mark.parametrize("inputs", [("lost",), ("lost", "lost"), (), ("",)])
def test_an_operator_on_what_is_lost_is_lost(op: str, inputs: tuple[str, ...]) -> None:
    assert "y" not in found_in(with_node(op, inputs))


@pytest.mark.parametrize("op", RULES)
@pytest.mark.parametrize("count", [1, 2, 3])
def test_an_operator_without_all_it_needs_is_no_failure(op: str, count: int) -> None:
    found = found_in(with_node(op, ("input",) * count))
    assert found["input"].axes


def test_an_input_of_unknown_rank_is_lost() -> None:
    proto = image().relu().proto()
    proto.graph.input[0].type.tensor_type.ClearField("shape")
    assert reaches(load(proto.SerializeToString())) == {}


def test_an_output_of_another_rank_than_its_operator_makes_has_unknown_sizes() -> None:
    net = image().conv(4)
    model = net.model()
    model = replace(model, values={**model.values, net.last: Value(net.last, shape=(1, 2))})
    assert reaches(model)[net.last] == square(3)


def shaped(model: Model, *dims: int) -> Model:
    """Return the model with a shape for its odd node's output."""
    return replace(model, values={**model.values, "y": Value("y", shape=dims)})


def test_an_output_of_less_rank_than_what_it_joins_is_lost() -> None:
    model = with_node("Relu", ("input",))
    assert "y" in found_in(shaped(model, 1, 3, 8, 8))
    assert "y" not in found_in(shaped(model, 8, 8))


@pytest.mark.parametrize("op", RULES)
def test_a_known_shape_doesn_t_find_what_is_lost(op: str) -> None:
    numbers: dict[str, Attr] = {"starts": (0,), "pads": (0,) * 8, "axes": (2,), "perm": (0,)}
    model = with_node(op, ("lost",), attrs=numbers)
    assert "y" not in found_in(shaped(model, 1, 3, 8, 8))
    assert "y" not in found_in(shaped(with_node(op, ("lost", "lost")), 1, 3, 8, 8))


def test_words_in_the_place_of_numbers_are_passed_over() -> None:
    model = with_node("Slice", ("input",), attrs={"starts": ("one",), "axes": (2,)})
    assert found_in(model)["y"] == found_in(model)["input"]


@pytest.mark.parametrize("kind", ["float32", "complex64", "object"])
@pytest.mark.parametrize("op", ["Slice", "Pad", "ReduceSum"])
def test_constants_that_are_no_integers_are_not_known(op: str, kind: str) -> None:
    net = image().stored("odd", np.full(1, "nan").astype(kind)).op(op, "odd", "odd")
    assert net.last not in reaches(net.model())


@pytest.mark.parametrize(
    ("scales", "known"),
    [
        (np.array([1, 1, 2, 2], np.float32), True),
        (np.array([1, 1, 2, 2], ml_dtypes.bfloat16), True),
        (np.array(["2"] * 4, object), False),
        (np.full(4, 2j, np.complex64), False),
    ],
)
def test_scales_that_are_no_numbers_are_not_known(
    scales: "np.ndarray[Any, Any]", *, known: bool
) -> None:
    net = image().conv(4).stored("scales", scales).op("Resize", "", "scales")
    assert (reaches(open_sides(net))[net.last].axes[3] is not None) == known


def test_a_scalar_has_no_axes_to_scale() -> None:
    net = Net(3, ()).op("ReduceMean", keepdims=0).stored("scales", np.ones(4, np.float32))
    assert last(net.op("Resize", "", "scales")).axes == ()


def test_an_output_without_a_name_is_none() -> None:
    net = image().conv(4)
    node = helper.make_node("Split", [net.last], ["", "b"], axis=1)
    found = reaches(Net(**{**vars(net), "nodes": (*net.nodes, node), "last": "b"}).model())
    assert "" not in found
    assert found["b"] == square(3)


def test_axes_that_are_left_out_are_all_axes() -> None:
    assert last(image().conv(4).op("ReduceSum", "")) == Reach((None,) * 4, is_global=True)


def test_a_pool_of_another_rank_than_its_map_is_lost() -> None:
    net = Net(3, (8,)).op("MaxPool", kernel_shape=[2, 2])
    assert set(reaches(net.model())) == {"input"}


def test_an_element_wise_operator_behind_a_lost_one_is_lost() -> None:
    net = image().op("Unheard", domain="far.away").relu()
    assert net.last not in reaches(net.model())


def test_without_any_map_every_axis_but_the_batch_is_one_to_mix() -> None:
    net = Net(3, 8).flatten().dense(5, cin=192)
    assert last(net) == Reach((None, None), is_global=True)
    assert not last(Net(3, 8).op("ReduceMean", axes=[0])).is_global


def test_the_trunk_is_walked_once() -> None:
    net = image().conv(4).repeat(64, lambda net: net.mark("x").relu().add("x"))
    model = net.model()
    assert model_receptive_field(model, reaches(model), NO_GATES) == (3, 3)


@pytest.mark.parametrize("op", ["SpaceToDepth", "DepthToSpace"])
@pytest.mark.parametrize("size", [0, -2])
def test_blocks_of_no_size_lose_the_places(op: str, size: int) -> None:
    found = found_in(with_node(op, ("input",), attrs={"blocksize": size}))
    assert found["y"].axes == (None,) * 4
