from math import prod

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlint.facts.activations.softmax import batch_dims, carried, grows_with, softmax_axes
from cnnlint.model.graph import Model
from cnnlint.model.loader import load
from tests.net import Net


def at(net: Net, opset: int) -> Model:
    proto: onnx.ModelProto = net.proto()
    proto.opset_import[0].version = opset
    return load(proto.SerializeToString())


MAP = Net(3, (4, 5))


@pytest.mark.parametrize(
    ("net", "opset", "axes"),
    [
        pytest.param(MAP.op("Softmax"), 13, (3,), id="new default"),
        pytest.param(MAP.op("Softmax", axis=1), 13, (1,), id="one axis"),
        pytest.param(MAP.op("LogSoftmax", axis=-3), 13, (1,), id="from the end"),
        pytest.param(MAP.op("Softmax"), 12, (1, 2, 3), id="old default"),
        pytest.param(MAP.op("Softmax", axis=2), 12, (2, 3), id="from an axis on"),
        pytest.param(MAP.op("Softmax", axis=-1), 11, (3,), id="last axis"),
        pytest.param(MAP.op("Softmax", axis=4), 17, None, id="no such axis"),
        pytest.param(MAP.op("Softmax", axis=-5), 17, None, id="no such axis from the end"),
        pytest.param(MAP.op("Wavelet", domain="acme").op("Softmax"), 17, None, id="unknown shape"),
    ],
)
def test_axes(net: Net, opset: int, axes: tuple[int, ...] | None) -> None:
    model = at(net, opset)
    assert softmax_axes(model, model.nodes[-1]) == axes


def test_quantised_operator_says_its_version_itself() -> None:
    net = MAP.op("QLinearSoftmax", "s", "z", "s", "z", domain="com.microsoft", opset=11, axis=1)
    proto = net.stored("s", np.array(1, np.float32)).stored("z", np.array(0, np.int8)).proto()
    proto.opset_import.append(onnx.helper.make_opsetid("com.microsoft", 1))
    model = load(proto.SerializeToString())
    assert softmax_axes(model, model.nodes[-1]) == (1, 2, 3)


def behind(net: Net, *axes: int) -> set[int] | None:
    """Return where axes of the input are at the end of a chain."""
    model = net.model()
    found = carried(model, axes, model.nodes)
    return None if found is None else set(found)


def reshaped(net: Net, *shape: int) -> Net:
    name = f"shape{len(net.nodes)}"
    return net.stored(name, shape).op("Reshape", name)


@pytest.mark.parametrize(
    ("net", "axes", "found"),
    [
        pytest.param(MAP.op("Identity"), (1,), {1}, id="Identity"),
        pytest.param(MAP.op("Split", axis=1), (1, 2), {1, 2}, id="Split"),
        pytest.param(MAP.op("Transpose", perm=[0, 2, 3, 1]), (1,), {3}, id="Transpose"),
        pytest.param(MAP.op("Transpose"), (0, 3), {3, 0}, id="reversed"),
        pytest.param(reshaped(MAP, 1, 3, 20), (1,), {1}, id="axes behind it in one"),
        pytest.param(reshaped(MAP, 12, 5), (3,), {1}, id="axes before it in one"),
        pytest.param(reshaped(MAP, 12, 5), (2,), None, id="part of a larger axis"),
        pytest.param(reshaped(MAP, 1, 3, 2, 2, 5), (2,), None, id="cut in two"),
        pytest.param(reshaped(MAP, 1, 3, 1, 4, 5, 1), (1, 2, 3), {1, 3, 4}, id="axes of 1 more"),
        pytest.param(reshaped(MAP, 3, 4, 5), (0,), set(), id="axis of 1 is gone"),
        pytest.param(MAP.op("Trilu").op("Wavelet", domain="acme"), (1,), None, id="unknown"),
        pytest.param(
            MAP.op("Transpose", perm=[0, 2, 3, 1]).flatten(), (1,), None, id="two steps, merged"
        ),
        pytest.param(
            reshaped(MAP.op("Transpose", perm=[0, 2, 3, 1]), 20, 3), (1,), {1}, id="two steps"
        ),
    ],
)
def test_carried(net: Net, axes: tuple[int, ...], found: set[int] | None) -> None:
    assert behind(net, *axes) == found


@given(
    st.lists(st.integers(2, 4), min_size=2, max_size=4),
    st.integers(0, 3),
    st.integers(0, 4),
    st.data(),
)
def test_carried_axis_holds_the_same_numbers(
    sizes: list[int], axis: int, single: int, data: st.DataObject
) -> None:
    """Sums along it stay the same, whatever the layout."""
    axis %= len(sizes)
    order = data.draw(st.permutations(range(len(sizes))))
    shape = [sizes[i] for i in order]
    shape.insert(single % (len(shape) + 1), 1)
    net = Net(sizes[0], tuple(sizes[1:]), batch=1)
    perm = [0, *(1 + i for i in order)]
    moved = reshaped(net.op("Transpose", perm=perm), *shape)
    found = behind(moved, axis + 1)
    numbers = np.arange(prod(sizes)).reshape(1, *sizes)
    result = numbers.transpose(perm).reshape(shape)
    assert found is not None
    assert len(found) == 1
    sums = result.sum(axis=next(iter(found)))
    assert sorted(sums.ravel()) == sorted(numbers.sum(axis=axis + 1).ravel())


def test_sizes_that_are_left_open() -> None:
    model = Net(3, 8, batch="n").conv(4).model()
    assert grows_with(model, "conv0_out", [0]) == ("n",)
    assert grows_with(model, "conv0_out", [0, 1]) == ("n",)
    assert grows_with(model, "conv0_out", [1, 2]) == ()
    assert batch_dims(model) == {"n"}


def test_sizes_that_are_fixed() -> None:
    model = Net(3, 8).conv(4).model()
    assert grows_with(model, "conv0_out", [0]) == ()
    assert batch_dims(model) == set()


def test_batch_without_a_symbol() -> None:
    proto = Net(3, 8).conv(4).proto()
    proto.graph.input[0].type.tensor_type.shape.dim[0].Clear()
    model = load(proto.SerializeToString())
    assert batch_dims(model) == {"input.0"}
    assert grows_with(model, "conv0_out", [0]) == ("input.0",)


def test_vector_has_no_batch() -> None:
    proto = Net(3, ()).op("Softmax").proto()
    shape = proto.graph.input[0].type.tensor_type.shape
    del shape.dim[1:]
    shape.dim[0].dim_param = "n"
    assert batch_dims(load(proto.SerializeToString())) == set()


def test_axis_in_front_of_open_ones_is_not_followed() -> None:
    proto = reshaped(Net(7, 8).op("Identity"), 0, 0, -1).proto()
    for dim in proto.graph.input[0].type.tensor_type.shape.dim[2:]:
        dim.dim_param = "side"
    model = load(proto.SerializeToString())
    assert carried(model, [1], model.nodes) is None
