"""Receptive fields through operators that move, cut and resize tensors."""

from fractions import Fraction

import numpy as np
import pytest
from onnx import helper

from cnnlint.facts.reach.receptive import Axis, Reach
from cnnlint.model.loader import load
from tests.facts.reached import (
    attended,
    image,
    last,
    open_sides,
    reaches,
    square,
)
from tests.net import Net


def test_a_channel_shuffle_keeps_the_places() -> None:
    net = image().conv(4).stored("a", [1, 2, 2, 32, 32]).op("Reshape", "a")
    net = net.op("Transpose", perm=[0, 2, 1, 3, 4]).stored("b", [1, 4, 32, 32]).op("Reshape", "b")
    assert last(net) == square(3)


def test_a_group_norm_by_reshapes_keeps_the_places() -> None:
    net = image().conv(4).stored("a", [1, 2, -1]).op("Reshape", "a")
    net = net.shaped("s", 2).shaped("b", 2).op("InstanceNormalization", "s", "b")
    assert last(net) == Reach((None,) * 3, is_global=False)
    assert last(net.stored("c", [1, 4, 32, 32]).op("Reshape", "c")) == square(3)


def test_flat_positions_find_their_places_again() -> None:
    net = image().conv(4).flatten()
    assert last(net.stored("a", [1, 4, 32, 32]).op("Reshape", "a")) == square(3)
    crossed = net.stored("a", [1, 32, 32, 4]).op("Reshape", "a")
    assert last(crossed.conv(8, 1)).axes[:2] == (None, None)


def test_a_split_axis_goes_on_over_its_blocks() -> None:
    net = image().conv(4).stored("a", [1, 4, 8, 4, 32]).op("Reshape", "a")
    high = Axis(2, 3, 6, Fraction(4))
    assert last(net).axes == (None, None, high, None, square(3).axes[3])
    back = net.stored("b", [1, 4, 32, 32]).op("Reshape", "b")
    assert last(back).axes[2] == Axis(2, 3, 6, Fraction(1))


@pytest.mark.parametrize("between", [[[1, 4, 12, 8]], []], ids=["by way of 12", "at once"])
def test_blocks_may_be_cut_anew(between: list[list[int]]) -> None:
    net = Net(3, (12, 8)).conv(4)
    for at, shape in enumerate([[1, 4, 4, 3, 8], *between, [1, 4, 3, 4, 8]]):
        net = net.stored(f"s{at}", shape).op("Reshape", f"s{at}")
    assert last(net).axes[2] == Axis(2, 3, 8, Fraction(4))  # 4 rows touch 2 blocks of 3


def test_attention_in_windows_is_local() -> None:
    net = image(8).conv(4).stored("cut", [1, 4, 2, 4, 2, 4]).op("Reshape", "cut")
    net = net.op("Transpose", perm=[0, 2, 4, 3, 5, 1]).stored("rows", [4, 16, 4])
    net = attended(net.op("Reshape", "rows")).stored("back", [1, 2, 2, 4, 4, 4])
    net = net.op("Reshape", "back").op("Transpose", perm=[0, 5, 1, 3, 2, 4])
    assert last(net.stored("map", [1, 4, 8, 8]).op("Reshape", "map")) == square(6, smallest=3)


def test_attention_across_windows_is_global() -> None:
    net = image(8).conv(4).stored("cut", [1, 4, 2, 4, 2, 4]).op("Reshape", "cut")
    net = net.op("Transpose", perm=[0, 3, 5, 2, 4, 1]).stored("rows", [16, 4, 4])
    assert last(attended(net.op("Reshape", "rows"))).is_global


def test_a_reshape_of_unknown_shape_is_not_followed() -> None:
    net = image().conv(4).mark("x").op("ArgMax", axis=1).mark("shape").goto("x")
    net = net.op("Reshape", net.marks["shape"][0])
    assert net.last not in reaches(net.model())


def test_unknown_sizes_find_each_other_in_order() -> None:
    net = image().conv(4).stored("a", [2]).op("Unsqueeze", "a")
    assert reaches(open_sides(net))[net.last].axes == (None, None, *square(3).axes[1:])
    flat = image().conv(4).flatten()
    assert reaches(open_sides(flat))[flat.last] == Reach((None, None), is_global=False)


def test_squeezing_keeps_the_other_axes() -> None:
    net = Net(3, (1, 16)).conv(4, (1, 3)).stored("a", [2])
    net = net.op("Squeeze", "a")
    assert last(net).axes == (None, None, Axis(3, 3, 3, Fraction(1)))
    assert last(net.op("Unsqueeze", "a")).axes == (None, None, None, last(net).axes[2])


def focus(net: Net) -> Net:
    """Put the four pixels of each 2 x 2 block beside each other, by slices."""
    net = net.stored("ends", [9999, 9999]).stored("axes", [2, 3]).stored("steps", [2, 2])
    net = net.mark("x")
    for at, corner in enumerate([[0, 0], [1, 0], [0, 1], [1, 1]]):
        net = net.stored(f"from{at}", corner).goto("x")
        net = net.op("Slice", f"from{at}", "ends", "axes", "steps").mark(f"p{at}")
    return net.goto("p0").concat("p1").concat("p2").concat("p3")


def test_slices_that_are_stacked_see_their_block() -> None:
    assert last(focus(image().conv(3, 1)).conv(4, 1)) == square(2, 2, smallest=1)
    assert last(focus(image().conv(4)).conv(8)).largest == (8, 8)


def test_slices_in_the_style_of_old_opsets() -> None:
    proto = image().conv(4).proto()
    sliced = helper.make_node("Slice", ["conv0_out"], ["cut"], starts=[4], ends=[-4], axes=[3])
    proto.graph.node.append(sliced)
    proto.opset_import[0].version = 9
    assert reaches(load(proto.SerializeToString()))["cut"] == square(3)


@pytest.mark.parametrize(("start", "offset"), [(1, 1), (-31, 1), (0, 0), (-99, 0), (30, 30)])
def test_slices_begin_where_they_say(start: int, offset: int) -> None:
    net = image().conv(3, 1).mark("x").stored("a", [start]).stored("b", [9999]).stored("c", [3])
    net = net.op("Slice", "a", "b", "c").stored("p", [0] * 7 + [offset]).op("Pad", "p")
    assert last(net.add("x")).largest == (1, 1 + offset)


def test_a_slice_backwards_loses_its_places() -> None:
    net = image().conv(4).mark("x").stored("a", [-1]).stored("b", [-999]).stored("c", [3])
    net = net.stored("d", [-1]).op("Slice", "a", "b", "c", "d")
    assert last(net).axes == (*square(3).axes[:3], None)
    assert last(net.add("x")) == Reach(square(3).axes, is_global=True)


@pytest.mark.parametrize("op", ["Slice", "Pad"])
def test_a_cut_at_places_from_the_data_is_not_followed(op: str) -> None:
    net = image().conv(4).mark("x").op("ArgMax", axis=1).mark("where").goto("x")
    where = net.marks["where"][0]
    net = net.op(op, *([where, where] if op == "Slice" else [where]))
    assert net.last not in reaches(net.model())


@pytest.mark.parametrize("axis", [7, -5])
@pytest.mark.parametrize("op", ["Slice", "Concat", "Split", "Gather"])
def test_an_axis_that_is_not_there_is_not_followed(op: str, axis: int) -> None:
    net = image().conv(4).stored("n", [0]).stored("axes", [axis])
    if op == "Slice":
        net = net.op(op, "n", "n", "axes")
    else:
        net = net.op(op, "n", axis=axis) if op == "Gather" else net.op(op, axis=axis)
    assert net.last not in reaches(net.model())


def test_a_split_begins_where_the_one_before_ends() -> None:
    net = image().mark("x")
    node = helper.make_node("Split", ["input"], ["top", "bottom"], axis=2)
    net = Net(**{**vars(net), "nodes": (*net.nodes, node), "last": "bottom"}).mark("bottom")
    net = Net(**{**vars(net), "last": "top"}).add("bottom").conv(4, 1)
    assert last(net).largest == (17, 1)


def test_a_split_of_channels_changes_nothing() -> None:
    net = image().conv(4)
    node = helper.make_node("Split", [net.last], ["a", "b"], axis=1)
    model = Net(**{**vars(net), "nodes": (*net.nodes, node), "last": "b"}).model()
    assert reaches(model)["a"] == reaches(model)["b"] == square(3)


def test_padding_moves_places_back() -> None:
    net = image().mark("x").stored("p", [0, 0, 1, 2, 0, 0, -1, -2]).op("Pad", "p").add("x")
    assert last(net.conv(4, 1)).largest == (2, 3)


def test_a_roll_by_slices_keeps_the_places() -> None:
    net = image(16).conv(4).mark("x").stored("axis", [2]).stored("mid", [3]).stored("zero", [0])
    net = net.stored("end", [99]).op("Slice", "zero", "mid", "axis").mark("wrapped").goto("x")
    net = net.op("Slice", "mid", "end", "axis").op("Concat", net.marks["wrapped"][0], axis=2)
    rolled = net.mark("rolled").stored("cut", [13])
    head = rolled.op("Slice", "zero", "cut", "axis").mark("head").goto("rolled")
    back = head.op("Slice", "cut", "end", "axis").op("Concat", head.marks["head"][0], axis=-2)
    assert last(back.add("x")) == square(3)
    assert last(rolled.add("x")).largest == (6, 3)


def test_of_pieces_end_to_end_the_one_that_sees_most_speaks() -> None:
    net = image().conv(4, 3).mark("small").conv(4, 5).mark("wide")
    assert last(net.op("Concat", net.marks["small"][0], axis=2)).largest == (7, 3 + 4)
    assert last(net.goto("small").op("Concat", net.marks["wide"][0], axis=2)).largest == (7, 7)


def test_pieces_of_different_axes_lose_their_places() -> None:
    net = image().conv(4).mark("x").op("Transpose", perm=[0, 1, 3, 2])
    assert last(net.op("Concat", net.marks["x"][0], axis=2)).axes == (None,) * 4


def test_tensors_of_different_rank_cannot_be_concatenated() -> None:
    net = image().conv(4).mark("x").flatten()
    net = net.op("Concat", net.marks["x"][0], axis=1)
    assert net.last not in reaches(net.model())


def test_gathering_rows_loses_their_order() -> None:
    net = image().conv(4).stored("rows", [3, 1]).mark("x").op("Gather", "rows", axis=2)
    assert last(net) == Reach((None, None, None, square(3).axes[3]), is_global=False)
    pooled = last(net.op("ReduceMean", axes=[2], keepdims=1))
    assert pooled.is_global
    channels = net.goto("x").op("Gather", "rows", axis=1)
    assert last(channels) == square(3)


def test_gathering_one_row_drops_the_axis() -> None:
    net = image().conv(4).stored("row", np.array(3)).op("Gather", "row", axis=-2)
    assert last(net).axes == (None, None, square(3).axes[3])


def test_a_tile_repeats_places() -> None:
    net = image().conv(4).stored("times", [1, 2, 1, 2]).op("Tile", "times")
    assert last(net) == Reach((*square(3).axes[:3], None), is_global=True)


def test_space_to_depth_and_back() -> None:
    net = image().conv(4).op("SpaceToDepth", blocksize=2, width=16)
    assert last(net) == square(4, 2)
    assert last(net.conv(16)).largest == (8, 8)
    assert last(net.op("DepthToSpace", blocksize=2)) == square(4, 1)


def test_a_pixel_shuffle_by_reshapes() -> None:
    net = image().conv(4).stored("a", [1, 1, 2, 2, 32, 32]).op("Reshape", "a")
    net = net.op("Transpose", perm=[0, 1, 4, 2, 5, 3]).stored("b", [1, 1, 64, 64])
    assert last(net.op("Reshape", "b")) == square(3, Fraction(1, 2))


@pytest.mark.parametrize("op", ["SpaceToDepth", "DepthToSpace"])
def test_blocks_only_of_maps(op: str) -> None:
    net = Net(4, (8,)).conv(4).op(op, blocksize=2)
    assert net.last not in reaches(net.model())


# --- resizing


@pytest.mark.parametrize(
    ("mode", "largest"), [("nearest", 3), ("linear", 3 + 2), ("cubic", 3 + 3 * 2)]
)
def test_interpolation_reads_neighbours(mode: str, largest: int) -> None:
    net = (
        image(16)
        .conv(4, stride=2)
        .stored("s", [1, 4, 16, 16])
        .op("Resize", "", "", "s", mode=mode)
    )
    assert last(net).largest == (largest, largest)
    assert last(net).jump == (Fraction(1),) * 2


def test_only_axes_that_change_are_resized() -> None:
    net = image(16).conv(4).stored("s", [1, 4, 16, 32]).op("Resize", "", "", "s", mode="linear")
    assert last(net).largest == (3, 4)


@pytest.mark.parametrize("opened", [False, True])
def test_scales_serve_where_sizes_are_unknown(opened: bool) -> None:
    net = image(8).conv(4).stored("x2", np.array([1, 1, 2, 2.5], np.float32))
    net = net.op("Resize", "", "x2", mode="nearest")
    model = open_sides(net) if opened else net.model()
    assert reaches(model)[net.last].jump == (Fraction(1, 2), Fraction(2, 5))


def test_a_resize_to_unknown_sizes_loses_the_places() -> None:
    net = image(8).conv(4).mark("x").stored("s", [1, 4, 20, 20]).op("Resize", "", "", "s")
    assert reaches(open_sides(net))[net.last] == Reach((None,) * 4, is_global=False)


def test_scales_in_the_style_of_old_opsets() -> None:
    proto = image().conv(4).proto()
    proto.graph.node.append(
        helper.make_node("Upsample", ["conv0_out"], ["up"], scales=[1.0, 1.0, 2.0, 1.0])
    )
    for name, dim in zip("hw", proto.graph.input[0].type.tensor_type.shape.dim[2:], strict=True):
        dim.dim_param = name
    proto.opset_import[0].version = 7
    assert reaches(load(proto.SerializeToString()))["up"].jump == (Fraction(1, 2), Fraction(1))


def test_a_resize_may_name_its_axes() -> None:
    net = image(8).conv(4).stored("x2", np.array([2.0, 4.0], np.float32))
    proto = net.op("Resize", "", "x2", axes=[-1, 2]).proto()
    proto.opset_import[0].version = 18
    for name, dim in zip("hw", proto.graph.input[0].type.tensor_type.shape.dim[2:], strict=True):
        dim.dim_param = name
    found = reaches(load(proto.SerializeToString()))["resize1_out"]
    assert found.jump == (Fraction(1, 4), Fraction(1, 2))


@pytest.mark.parametrize("scale", [np.nan, np.inf, 0.0, -1.0])
def test_a_scale_that_is_none_loses_the_places(scale: float) -> None:
    net = image(8).conv(4).stored("s", np.array([1, 1, scale, 2], np.float32))
    net = net.op("Resize", "", "s")
    found = reaches(open_sides(net)).get(net.last)
    assert found is None or found.axes[2] is None


def test_a_shape_decides_before_a_scale() -> None:
    net = image(9).conv(4).stored("s", np.array([1, 1, 1.5, 1.5], np.float32))
    assert last(net.op("Resize", "", "s")).jump == (Fraction(9, 13),) * 2


def test_slices_and_pads_may_name_no_axes_or_wrong_ones() -> None:
    net = image().conv(4).stored("a", [0, 0, 1]).stored("b", [1, 4, 99]).stored("wrong", [7])
    assert last(net.op("Slice", "a", "b")).axes[2:] == square(3).axes[2:]
    padded = net.stored("p", [1, 1]).op("Pad", "p", "", "wrong")
    assert padded.last not in reaches(padded.model())


def test_pads_may_name_their_axes() -> None:
    net = image().conv(3, 1).mark("x").stored("p", [2, -2]).stored("axes", [-1])
    proto = net.op("Pad", "p", "", "axes").add("x").proto()
    proto.opset_import[0].version = 18
    assert reaches(load(proto.SerializeToString()))["add2_out"].largest == (1, 3)


def test_constants_before_a_map_move_it_back() -> None:
    net = image(8).conv(3, 1).mark("x").stored("rows", np.zeros((1, 3, 2, 8), np.float32))
    node = helper.make_node("Concat", ["rows", net.last], ["long"], axis=2)
    net = Net(**{**vars(net), "nodes": (*net.nodes, node), "last": "long"})
    net = net.stored("a", [0]).stored("b", [8]).stored("c", [2]).op("Slice", "a", "b", "c")
    assert last(net.add("x")).largest == (3, 1)


def test_scales_in_the_style_of_opset_10() -> None:
    net = image(8).conv(4).stored("x2", np.array([1, 1, 2, 4], np.float32)).op("Resize", "x2")
    proto = net.proto()
    for name, dim in zip("hw", proto.graph.input[0].type.tensor_type.shape.dim[2:], strict=True):
        dim.dim_param = name
    proto.opset_import[0].version = 10
    found = reaches(load(proto.SerializeToString()))[net.last]
    assert found.jump == (Fraction(1, 2), Fraction(1, 4))


def test_one_pixel_resized_reaches_every_place() -> None:
    net = image(8).conv(3, 5, stride=4, pad=0).stored("s", [1, 3, 8, 8])
    assert last(net.op("Resize", "", "", "s")) == Reach((None,) * 4, is_global=True)


def test_places_too_fine_to_follow_are_lost_but_not_forgotten() -> None:
    net = image(8).conv_transpose(4, 1, stride=20000)
    assert last(net) == Reach((None,) * 4, is_global=False)
    assert last(net.gap()).is_global


@pytest.mark.parametrize(
    ("net", "axis"),
    [
        pytest.param(Net(3, 8, batch=2).conv(4), 0, id="map"),
        pytest.param(Net(3, 8, batch=2).conv(4).op("Transpose", perm=[1, 2, 3, 0]), 3, id="moved"),
        pytest.param(Net(3, 8, batch=2).op("Identity"), None, id="no layer says so"),
        pytest.param(
            Net(3, 8, batch=2).conv(4).op("Transpose", perm=[2, 1, 0, 3]).conv(4),
            None,
            id="two layers disagree",
        ),
    ],
)
def test_batch_axis(net: Net, axis: int | None) -> None:
    assert last(net).batch == axis
