"""Receptive fields through whole nets: textbook figures, joins, and what is global."""

from fractions import Fraction

import numpy as np
import pytest
from onnx import helper

from cnnlint.facts.reach.receptive import Axis, Reach, in_pixels, model_receptive_field
from tests.facts.reached import (
    NO_GATES,
    attended,
    image,
    last,
    reaches,
    square,
    tokens,
)
from tests.net import Net

SLIDING = [
    (image().conv(4, 3), square(3)),
    (image().conv(4, 3).conv(4, 3), square(5)),
    (image().conv(4, 3, stride=2).conv(4, 3), square(7, 2)),
    (image().conv(4, 3, dilation=2), square(5)),
    (image().conv(4, 7, stride=2).pool(3, 2, pad=1), square(11, 4)),
    (image().conv(4, 4, stride=4, pad=0), square(4, 4)),
    (image().conv(4, 3).pool(2, 2, op="AveragePool"), square(4, 2)),
    (image().conv(4, 3).pool(2, 2, op="LpPool"), square(4, 2)),
    (image().conv(4, 1, stride=2), square(1, 2)),
    (image().conv_transpose(4, 2, stride=2), square(1, Fraction(1, 2))),
    (image().conv_transpose(4, 4, stride=2, pad=1), square(2, Fraction(1, 2))),
    (image().conv_transpose(4, 3, stride=2), square(2, Fraction(1, 2), smallest=1)),
    (image().conv_transpose(4, 2, stride=2).conv(4, 3), square(2, Fraction(1, 2))),
]


@pytest.mark.parametrize(("net", "expected"), SLIDING, ids=range(len(SLIDING)))
def test_what_windows_see(net: Net, expected: Reach) -> None:
    assert last(net) == expected


def test_axes_are_followed_one_by_one() -> None:
    net = Net(3, (16, 24)).conv(4, (1, 5), stride=(1, 2)).conv(4, (3, 1))
    assert last(net).axes == (
        None,
        None,
        Axis(2, 3, 3, Fraction(1)),
        Axis(3, 5, 5, Fraction(2)),
    )


@pytest.mark.parametrize("grid", [(64,), (8, 8, 8)])
def test_any_number_of_spatial_axes(grid: tuple[int, ...]) -> None:
    seen = last(Net(3, grid).conv(4, 3).pool(2, 2).relu())
    assert seen.largest == (4,) * len(grid)
    assert seen.jump == (Fraction(2),) * len(grid)


def channels_last() -> Net:
    """An image [N, H, W, C] of 16 x 12 pixels, as [N, C, H, W]."""
    net = Net(16, (12, 3))
    return net.op("Transpose", perm=[0, 3, 1, 2], width=3)


def test_an_axis_is_known_by_its_place_in_the_input() -> None:
    net = channels_last()
    net = net.shaped("w", 4, 3, 3, 5).op("Conv", "w", pads=[1, 2, 1, 2], width=4)
    high, wide = Axis(1, 3, 3, Fraction(1)), Axis(2, 5, 5, Fraction(1))
    assert last(net).axes == (None, None, high, wide)
    turned = last(net.op("Transpose", perm=[0, 3, 2, 1]))
    assert turned.axes == (None, wide, high, None)
    assert turned.largest == turned.smallest == (3, 5)


def test_transpose_without_a_permutation_reverses() -> None:
    assert last(image().conv(4).op("Transpose")).axes[:2] == square(3).axes[:1:-1]


def test_a_transpose_that_is_no_permutation_is_not_followed() -> None:
    model = image().conv(4).op("Transpose", perm=[0, 1, 2, 2])
    assert model.last not in reaches(model.model())


def test_axes_that_nothing_spatial_runs_along_are_not_spatial() -> None:
    model = image().conv(4).model()
    assert reaches(model)["input"] == square(1)


def test_no_spatial_operator_no_spatial_axis() -> None:
    net = Net(3, 8).relu()
    assert last(net) == Reach((None,) * 4, is_global=False)
    assert model_receptive_field(net.model(), reaches(net.model()), NO_GATES) is None


# --- joins


def test_a_skip_joins_the_least_and_the_most() -> None:
    net = image().conv(4, 3).mark("skip").conv(4, 3).conv(4, 3).add("skip")
    assert last(net) == square(7, smallest=3)
    assert last(net.conv(4, 3)) == square(9, smallest=5)


def test_a_concat_on_channels_joins_as_well() -> None:
    net = image().conv(4, 3).mark("skip").conv(4, 5).concat("skip")
    assert last(net) == square(7, smallest=3)


def test_branches_beside_each_other_see_more_together() -> None:
    left = image().mark("x").op("Pad", "p", width=3)
    left = left.stored("p", [0, 0, 4, 4, 0, 0, -4, -4])
    assert last(left.add("x").conv(4, 1)) == square(5, smallest=1)


def test_of_branches_that_differ_in_jump_the_wider_goes_on() -> None:
    uneven = image(29).conv(4, 3, stride=2).mark("skip").conv(4, 3, stride=2)
    uneven = uneven.stored("sizes", [1, 4, 15, 15]).op("Resize", "", "", "sizes", mode="nearest")
    assert last(uneven).jump == (Fraction(32, 15),) * 2
    assert last(uneven.add("skip")) == square(7, Fraction(32, 15), smallest=3)
    assert last(uneven.mark("up").goto("skip").add("up")) == last(uneven.add("skip"))


def test_branches_of_different_axes_are_not_spatial_any_more() -> None:
    net = image().conv(4).mark("x").op("Transpose", perm=[0, 1, 3, 2]).add("x")
    assert last(net) == Reach((None,) * 4, is_global=False)


def test_a_vector_of_constants_changes_nothing() -> None:
    net = image().conv(4).stored("b", np.ones((4, 1, 1), np.float32)).op("Mul", "b")
    assert last(net) == square(3)


def test_a_constant_may_have_more_axes_than_the_data() -> None:
    net = image().conv(4).stored("b", np.ones((1, 1, 1, 1, 1), np.float32)).op("Mul", "b")
    assert last(net).axes == (None, *square(3).axes)


# --- global context


GLOBAL = {
    "global pool": image().conv(4).gap(),
    "covering pool": image(8).conv(4).pool(8, 8),
    "mean": image().conv(4).op("ReduceMean", axes=[2, 3], keepdims=1),
    "mean over negative axes": image().conv(4).op("ReduceMean", axes=[-1, -2], keepdims=1),
    "maximum of everything": image().conv(4).op("ReduceMax", keepdims=1),
    "sum, axes as an input": image().conv(4).stored("a", [2, 3]).op("ReduceSum", "a", keepdims=1),
    "place of the maximum": image().conv(4).op("ArgMax", axis=2).op("ArgMax", axis=3),
}


@pytest.mark.parametrize("net", GLOBAL.values(), ids=GLOBAL)
def test_what_makes_a_map_global(net: Net) -> None:
    assert last(net) == Reach((None,) * 4, is_global=True)


def test_a_reduction_may_drop_its_axes() -> None:
    net = image().conv(4).op("ReduceMean", axes=[2], keepdims=0)
    assert last(net) == Reach((None, None, square(3).axes[3]), is_global=True)
    assert last(image().conv(4).op("ArgMin", axis=-1, keepdims=0)).axes == square(3).axes[:3]


def test_a_reduction_over_channels_is_local() -> None:
    assert last(image().conv(4).op("ReduceMean", axes=[1], keepdims=1)) == square(3)


def test_a_reduction_over_nothing_may_change_nothing() -> None:
    net = image().conv(4).stored("a", np.zeros(0, np.int64))
    net = net.op("ReduceSum", "a", noop_with_empty_axes=1)
    assert last(net) == square(3)


def test_a_reduction_over_unknown_axes_is_not_followed() -> None:
    net = image().conv(4).mark("x").op("ArgMax", axis=1).mark("axes").goto("x")
    net = net.op("ReduceSum", net.marks["axes"][0])
    assert net.last not in reaches(net.model())


def test_flattened_positions_are_global_once_a_dense_layer_mixes_them() -> None:
    net = image(8).conv(4).flatten()
    assert last(net) == Reach((None, None), is_global=False)
    assert last(net.dense(5, cin=256)) == Reach((None, None), is_global=True)


def test_a_dense_layer_on_the_last_axis_keeps_the_others() -> None:
    net = image().conv(4).op("Transpose", perm=[0, 2, 3, 1]).shaped("w", 4, 6).op("MatMul", "w")
    assert last(net).axes == (None, *square(3).axes[2:], None)
    assert not last(net).is_global
    across = image().conv(4).shaped("w", 32, 6).op("MatMul", "w")
    assert last(across) == Reach((*square(3).axes[:3], None), is_global=True)


def test_a_constant_matrix_may_stand_on_the_left() -> None:
    net = image().conv(4).mark("x").shaped("w", 6, 32).op("Identity")
    node = helper.make_node("MatMul", ["w", net.last], ["rows"])
    net = Net(**{**vars(net), "nodes": (*net.nodes, node), "last": "rows"})
    assert last(net) == Reach((None, None, None, square(3).axes[3]), is_global=True)


@pytest.mark.parametrize("flip", [0, 1])
def test_gemm_may_be_transposed(flip: int) -> None:
    net = Net(1, (12,)).conv(4).stored("s", [4, 12]).op("Reshape", "s")
    net = net.op("Transpose") if flip else net  # [places, channels] or [channels, places]
    net = net.shaped("w", 4, 6).op("Gemm", "w", transA=1 - flip)
    assert last(net) == Reach((Axis(2, 3, 3, Fraction(1)), None), is_global=False)


def test_a_vector_on_either_side_of_a_product() -> None:
    net = image().conv(4).op("Transpose", perm=[0, 2, 3, 1]).shaped("w", 4).op("MatMul", "w")
    assert last(net).axes == (None, *square(3).axes[2:])


def test_attention_makes_tokens_global_and_keeps_their_own_place() -> None:
    net = tokens(image(8).conv(4))
    assert last(net) == Reach((None,) * 3, is_global=False)
    seen = attended(net)
    assert last(seen) == Reach((None,) * 3, is_global=True)
    again = seen.op("Transpose", perm=[0, 2, 1]).stored("back", [1, 4, 8, 8]).op("Reshape", "back")
    assert last(again) == Reach(square(3).axes, is_global=True)


def test_scores_alone_are_local() -> None:
    net = attended(tokens(image(8).conv(4)))
    assert not reaches(net.model())[net.marks["scores"][0]].is_global


def test_a_product_of_which_one_side_is_lost_goes_by_the_other() -> None:
    net = tokens(image(8).conv(4)).mark("v").op("Transpose", perm=[0, 2, 1])
    net = net.op("Unheard", domain="far.away").mark("k").goto("v")
    assert last(net.op("MatMul", net.marks["k"][0])) == Reach((None,) * 3, is_global=False)


def test_einsum_sums_over_what_it_drops() -> None:
    net = image().conv(4).mark("x")
    kept = net.shaped("w", 5, 4).op("Einsum", "w", equation="nchw, kc -> nkhw")
    assert last(kept) == square(3)
    implied = net.shaped("w", 4).op("Einsum", "w", equation="bczy,c")  # sorted: b, y, z
    assert last(implied).axes == (None, *reversed(square(3).axes[2:]))
    gone = net.shaped("w", 32).op("Einsum", "w", equation="nchw,w->nch")
    assert last(gone) == Reach(square(3).axes[:3], is_global=True)


@pytest.mark.parametrize("equation", ["...chw,kc->...khw", "nch,kc->nkh", "...w,w->..."])
def test_an_equation_that_cannot_be_read_is_not_followed(equation: str) -> None:
    net = image().conv(4).shaped("w", 5, 4).op("Einsum", "w", equation=equation)
    assert net.last not in reaches(net.model())


def test_a_recurrent_layer_sees_every_step() -> None:
    net = Net(3, (1, 16)).conv(4, (1, 3)).stored("s", [1, 4, 16]).op("Reshape", "s")
    net = net.op("Transpose", perm=[2, 0, 1]).shaped("w", 1, 20, 4).shaped("r", 1, 20, 5)
    node = helper.make_node("LSTM", [net.last, "w", "r"], ["all", "final"], hidden_size=5)
    net = Net(**{**vars(net), "nodes": (*net.nodes, node), "last": "final"})
    assert last(net) == Reach((None,) * 3, is_global=True)
    assert reaches(net.model())["all"] == Reach((None,) * 4, is_global=True)


def test_an_attention_operator_is_global() -> None:
    net = tokens(image(8).conv(4))
    seen = net.op("MultiHeadAttention", net.last, net.last, domain="com.microsoft", num_heads=1)
    assert last(seen) == Reach((None,) * 3, is_global=True)


def test_context_that_is_added_leaves_the_local_field_as_it_is() -> None:
    net = image().conv(4).mark("x").gap().mark("context").goto("x").add("context")
    assert last(net) == Reach(square(3).axes, is_global=True)
    assert last(net.conv(4)).largest == (5, 5)


def test_a_global_map_that_is_resized_is_context_as_well() -> None:
    net = image(8).conv(4).mark("x").gap().stored("s", [1, 4, 8, 8])
    net = net.op("Resize", "", "", "s", mode="linear").add("x")
    assert last(net) == Reach(square(3).axes, is_global=True)


def test_a_map_of_one_pixel_reaches_every_place_it_is_broadcast_to() -> None:
    net = image(8).mark("x").conv(3, 5, stride=4, pad=0).mark("one").goto("x").add("one")
    assert last(net) == Reach(square(1).axes, is_global=True)
    grown = image(8).conv(3, 5, stride=4, pad=0).stored("s", [1, 3, 8, 8]).op("Expand", "s")
    assert last(grown) == Reach((None,) * 4, is_global=True)
    alone = image(8).conv(3, 5, stride=4, pad=0).mark("one").relu().add("one")
    assert last(alone) == square(5, 4)


# --- gates


def squeeze_excite() -> Net:
    net = image().conv(4).mark("x").gap().conv(2, 1).relu().conv(4, 1).op("Sigmoid").mark("gate")
    return net.goto("x").mul("gate")


def test_a_gate_is_no_input() -> None:
    net = squeeze_excite()
    model = net.model()
    gates = frozenset({(net.marks["gate"][0], model.nodes[-1].key)})
    assert reaches(model, gates)[net.last] == square(3)
    assert reaches(model)[net.last] == Reach(square(3).axes, is_global=True)


def test_facts_know_the_gates() -> None:
    net = squeeze_excite().conv(4)
    assert net.facts().receptive[net.last] == square(5)


def test_the_field_of_a_model_is_that_of_its_trunk() -> None:
    net = image().conv(4).mark("x").conv(4, 9).op("Sigmoid").mark("gate").goto("x").mul("gate")
    net = net.mark("gated").conv(4, 7).goto("gated").conv(4, 3)  # the 7 x 7 leads nowhere
    model = net.model()
    product = model.producer_of[net.marks["gated"][0]]
    gates = frozenset({(net.marks["gate"][0], product.key)})
    assert model_receptive_field(model, reaches(model, gates), gates) == (5, 5)
    assert model_receptive_field(model, reaches(model), NO_GATES) == (13, 13)


def test_the_field_of_a_model_is_the_largest_on_the_way() -> None:
    model = image(8).conv(4, 3).conv(4, (5, 1)).gap().model()
    assert model_receptive_field(model, reaches(model), NO_GATES) == (7, 3)


# --- what can't be followed


def test_an_unknown_operator_is_not_followed_but_its_other_readers_are() -> None:
    net = image().conv(4).mark("x").op("Unheard", domain="far.away").mark("lost")
    joined = net.conv(4).goto("x").add("lost")
    found = reaches(joined.model())
    assert net.last not in found
    assert "conv2_out" not in found
    assert found[joined.last] == square(3)


def test_only_the_first_output_is_a_map() -> None:
    net = image().conv(4)
    node = helper.make_node("MaxPool", [net.last], ["kept", "where"], kernel_shape=[2, 2])
    found = reaches(Net(**{**vars(net), "nodes": (*net.nodes, node), "last": "kept"}).model())
    assert found["kept"] == square(4)
    assert "where" not in found


def test_layers_of_another_rank_than_their_map_are_not_followed() -> None:
    net = Net(3, (8,)).shaped("w", 4, 3, 3, 3).op("Conv", "w").op("MaxPool", kernel_shape=[2, 2])
    assert set(reaches(net.model())) == {"input"}


def test_a_convolution_with_weights_from_the_data_is_not_followed() -> None:
    net = image().mark("x").conv(3).mark("w").goto("x")
    net = net.op("Conv", net.marks["w"][0])
    assert net.last not in reaches(net.model())


def test_shape_arithmetic_is_not_data() -> None:
    net = image().conv(4).mark("x").op("Shape").op("Cast", to=1)
    assert net.last not in reaches(net.model())


def test_neighbours_that_are_lost_may_be_anything() -> None:
    net = image().conv(4).stored("rows", [3, 1, 2]).op("Gather", "rows", axis=2).mark("x")
    assert not last(net.conv(4, (1, 3))).is_global
    assert last(net.conv(4, (3, 1))).is_global
    assert last(net.pool((2, 1), 1)).is_global


def test_a_quantised_model_is_followed() -> None:
    net = image().conv(4).stored("s", np.array(0.1, np.float32)).stored("z", np.array(0, np.uint8))
    net = net.op("QuantizeLinear", "s", "z")
    assert last(net) == square(3)
    for last_axis, shape in ((0, square(3).axes), (1, (None, *square(3).axes[2:], None))):
        turned = net.op("Transpose", perm=[0, 2, 3, 1]) if last_axis else net
        node = turned.op(
            "QLinearGlobalAveragePool",
            *("s", "z", "s", "z"),
            domain="com.microsoft",
            channels_last=last_axis,
        )
        assert last(turned).axes == shape
        assert last(node) == Reach((None,) * 4, is_global=True)


@pytest.mark.parametrize(
    ("net", "steps", "pixels"),
    [
        pytest.param(Net(3, 32).conv(8, stride=2), (3, 3), 6, id="twice the pixels"),
        pytest.param(Net(3, 32).conv(8, stride=(2, 3)), (3, 2), 6, id="the same on both axes"),
        pytest.param(Net(3, 32).conv(8, stride=(2, 3)), (3, 3), None, id="axes differ"),
        pytest.param(Net(3, 32).conv_transpose(8, 2), (2, 2), 1, id="half the pixels"),
        pytest.param(Net(3, 32).conv_transpose(8, 2), (1, 1), None, id="half a pixel"),
        pytest.param(Net(3, 32).conv(8), (-2, -2), -2, id="fewer"),
        pytest.param(Net(3, 32).conv(8).gap(), (1, 1), None, id="no axis"),
    ],
)
def test_positions_in_pixels(net: Net, steps: tuple[int, ...], pixels: int | None) -> None:
    assert in_pixels(net.facts().receptive[net.last], steps) == pixels


def test_positions_of_an_unknown_map_in_pixels() -> None:
    assert in_pixels(None, (1, 1)) is None
