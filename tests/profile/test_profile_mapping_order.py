"""Kernels that the runtime named anew: found by their order and their shapes."""

import pytest

from cnnlint.model.graph import StaticShape
from cnnlint.profile.mapping import find_origins
from tests.profile.mapped import credited, kernel, members, model


@pytest.mark.parametrize(
    ("made", "ran", "found"),
    [
        ((1, 24, 7, 7), (1, 24, 7, 7), True),
        ((1, 24, 7, 7), (1, 32, 7, 7), True),  # channels padded to a block
        ((1, 24, 7, 7), (1, 40, 7, 7), False),
        ((1, 24, 7, 7), (1, 16, 7, 7), False),
        ((1, 24, 7, 7), (1, 32, 7, 6), False),
        ((1, 24, 7, 7), (2, 32, 7, 7), False),
        ((24,), (32,), False),
        ((1, 24), (1,), False),
        ((1, 24, 7), (1, 32, 7, 7), False),
        ((4, 6, 8), (24, 8), True),  # flattened for a matrix product
        (None, (1, 8), True),
        ((1, 8), None, True),
    ],
)
def test_shapes_that_fit(
    made: StaticShape | None, ran: StaticShape | None, *, found: bool
) -> None:
    net = model(("Tanh", "x", "a"), shapes={} if made is None else {"a": made})
    assert credited(net, kernel("New_token_1", "New", shape=ran)) == [0 if found else None]


def test_new_names_are_given_in_order() -> None:
    net = model(("Elu", "x", "a"), ("Conv", "a w1", "b"), ("Elu", "b", "c"))
    kernels = kernel("Tanh_token_8", "Fresh"), kernel("b_nchwc"), kernel("Fresh", "Fresh")
    assert credited(net, *kernels) == [0, 1, 2]


def test_a_node_that_ran_before_or_after_does_not_fit() -> None:
    net = model(("Elu", "x", "a"), ("Conv", "a w1", "b"), ("Elu", "b", "c"))
    assert credited(net, kernel("b_nchwc"), kernel("Fresh", "Fresh")) == [1, 2]
    assert credited(net, kernel("Fresh", "Fresh"), kernel("b_nchwc")) == [0, 1]
    alone = model(("Elu", "x", "a"), ("Conv", "a w1", "b"))
    assert credited(alone, kernel("b_nchwc"), kernel("Fresh", "Fresh")) == [1, None]


def test_the_window_reaches_over_nodes_without_a_kernel() -> None:
    net = model(
        ("Conv", "x w1", "a"), ("Softmax", "a", "b"), ("Elu", "b", "c"), ("Conv", "c w2", "d")
    )
    new = kernel("Fresh", "Fresh")
    assert credited(net, new, kernel("a_nchwc"), kernel("d_nchwc")) == [None, 0, 3]
    assert credited(net, kernel("a_nchwc"), kernel("d_nchwc"), new) == [0, 3, None]


def test_the_same_operator_is_preferred_then_one_it_is_named_after() -> None:
    net = model(("Add", "x y", "a"), ("Softmax", "a", "b"), ("LayerNormalization", "b w1", "c"))
    assert credited(net, kernel("Softmax_token_1", "Softmax")) == [1]
    similar = model(("Softmax", "x", "a"), ("LogSoftmax", "a", "b"))
    assert credited(similar, kernel("LogSoftmax_token_1", "LogSoftmax")) == [1]
    fused = kernel("SkipLayerNormalization", "SkipLayerNormalization")
    assert credited(net, fused) == [2]
    assert members(net, fused) == [[2]]


def test_a_function_that_was_expanded_to_two_kernels() -> None:
    net = model(("Conv", "x w1", "a"), ("HardSwish", "a", "b"), ("Conv", "b w2", "c"))
    kernels = (
        kernel("a_nchwc"),
        kernel("HardSigmoid_158", "HardSigmoid", 158),
        kernel("Mul_159", "Mul", 159),
        kernel("c_nchwc"),
    )
    assert credited(net, *kernels) == [0, 1, 1, 2]


def test_an_expanded_function_runs_in_one_piece() -> None:
    net = model(("HardSwish", "x", "b"), ("Conv", "b w2", "c"))
    kernels = kernel("HardSigmoid_8", "HardSigmoid"), kernel("c_nchwc"), kernel("Mul_9", "Mul")
    assert credited(net, *kernels) == [0, 1, None]


def test_kernels_that_move_data_stand_for_nodes_that_do() -> None:
    net = model(("Conv", "x w1", "a"), ("Elu", "a", "b"), ("Slice", "b", "c"))
    kernels = kernel("a_nchwc"), kernel("Squeeze_token_1", "Squeeze"), kernel("Fresh", "Fresh")
    assert credited(net, *kernels) == [0, 2, 1]


def test_a_transpose_of_the_runtimes_own_is_overhead() -> None:
    net = model(("Conv", "x w1", "a"), ("Transpose", "a", "b"))
    kernels = [
        kernel("ReorderInput", "ReorderInput"),
        kernel("a_nchwc"),
        kernel("ReorderOutput_token_3", "ReorderOutput"),
        kernel("Transpose_token_1", "Transpose"),
        kernel("Transpose_token_2", "Transpose"),
        kernel("Unheard_token_3", "Unheard"),
    ]
    origins = find_origins(net, kernels)
    assert origins.overhead == {0, 2, 4}
    assert origins.anchors == {1: ("", 0), 3: ("", 1)}


def test_reorders_never_stand_for_a_node() -> None:
    net = model(("Transpose", "x", "a"), names="ReorderInput")
    assert credited(net, kernel("ReorderInput", "ReorderInput", 0)) == [None]
    assert credited(model(("Elu", "x", "a")), kernel("ReorderInput", "ReorderInput")) == [None]


def test_a_transposed_convolution_is_a_weighted_node() -> None:
    net = model(("ConvTranspose", "x w1", "a"), ("Relu", "a", "b"))
    assert credited(net, kernel("b", "FusedConvTranspose")) == [0]
