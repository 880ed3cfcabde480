"""From kernels to nodes: every way in which onnxruntime renames or fuses one."""

import pytest

from cnnlint.model.graph import Model, StaticShape, Value
from cnnlint.profile.mapping import Origins, find_origins
from cnnlint.profile.trace import Kernel
from tests.profile.mapped import credited, kernel, members, model

CONV_RELU = (("Conv", "x w1", "a"), ("Relu", "a", "b"))


@pytest.mark.parametrize(
    ("kernel_", "node"),
    [
        (kernel("n1", "Relu", 1), 1),
        (kernel("n1", "Relu"), 1),
        (kernel("n1", "Relu", -1), 1),
        (kernel("n1", "Relu", 0), 1),
        (kernel("fused n0", "FusedConv"), 0),
        (kernel("n0/SomeFusion/", "FusedConv"), 0),
        (kernel("n0/One/Two_token_31", "FusedConv"), 0),
        (kernel("n0_token_4_new_reshape", "Conv"), 0),
        (kernel("a_nchwc", "Conv"), 0),
        (kernel("a_nhwc_token_2", "Conv"), 0),
        (kernel("a_bn_nchwc", "Conv"), 0),
        (kernel("b", "FusedConv"), 0),
    ],
)
def test_names_lead_to_nodes(kernel_: Kernel, node: int) -> None:
    assert credited(model(*CONV_RELU), kernel_) == [node]


def test_nodes_without_a_name_are_numbered_and_constants_are_not() -> None:
    net = model(("Constant", "", "c"), ("Elu", "x", "a"), ("Elu", "x", "b"), names="- - -")
    kernels = kernel("Elu_1", "Elu", 1), kernel("Elu_0", "Elu", 0)  # in the other order
    assert credited(net, *kernels) == [2, 1]


def test_numbers_follow_the_file_where_nodes_had_to_be_sorted() -> None:
    net = model(("Relu", "a", "b"), ("Relu", "x", "a"), names="- -")
    ordered = Model(**{**vars(net), "nodes": net.nodes[::-1]})
    assert credited(ordered, kernel("Relu_1", "Relu", 1), kernel("Relu_0", "Relu", 0)) == [1, 0]


def test_a_new_node_may_have_the_number_of_none() -> None:
    net = model(("Relu", "x", "a"), ("Tanh", "a", "b"), names="- -")
    assert credited(net, kernel("Tanh_0", "Tanh", 0)) == [1]  # by its place, not its number
    assert credited(net, kernel("Tanh_2", "Tanh", 2)) == [1]


def test_a_tensor_may_be_called_like_another_node() -> None:
    net = model(("Conv", "x w1", "n1"), ("Conv", "n1 w2", "b"))
    assert credited(net, kernel("n1_nchwc"), kernel("n1", index=1)) == [0, 1]
    assert credited(net, kernel("n1")) == [1]


def test_a_chain_named_after_its_end_is_credited_to_its_convolution() -> None:
    net = model(("Conv", "x w1", "a"), ("BatchNormalization", "a w2", "b"), ("Relu", "b", "c"))
    assert credited(net, kernel("c_nchwc")) == [0]
    assert members(net, kernel("c_nchwc")) == [[0, 1, 2]]


def test_a_chain_ends_where_another_kernel_begins() -> None:
    net = model(*CONV_RELU, ("Conv", "b w2", "c"), ("Relu", "c", "d"))
    kernels = kernel("b_nchwc"), kernel("d_nchwc")
    assert credited(net, *kernels) == [0, 2]
    assert members(net, *kernels) == [[0, 1], [2, 3]]


def test_a_chain_does_not_reach_through_other_operators() -> None:
    net = model(("Conv", "x w1", "a"), ("MaxPool", "a", "b"), ("Relu", "b", "c"))
    assert members(net, kernel("c_nchwc")) == [[2]]


def test_a_chain_takes_no_other_branch_along() -> None:
    net = model(
        ("MaxPool", "x", "p"), ("Conv", "x w1", "a"), ("Add", "a p", "b"), ("Relu", "b", "c")
    )
    assert members(net, kernel("c_nchwc")) == [[1, 2, 3]]


def test_a_chain_does_not_reach_into_another_kernel() -> None:
    net = model(*CONV_RELU, ("Mul", "b y", "c"), ("BatchNormalization", "c w2", "d"))
    assert members(net, kernel("b_nchwc"), kernel("d_bn_nchwc")) == [[0, 1, 2], [3]]


def test_a_batch_normalisation_that_became_a_convolution_stands_alone() -> None:
    net = model(("Concat", "x y", "a"), ("Mul", "a y", "b"), ("BatchNormalization", "b w1", "c"))
    assert members(net, kernel("c_bn_nchwc")) == [[2]]


def test_a_kernel_of_the_same_operator_has_no_chain() -> None:
    net = model(("Mul", "x y", "a"), ("Add", "a y", "b"))
    assert members(net, kernel("b_nchwc", "Add")) == [[1]]


def test_a_residual_sum_belongs_to_the_later_convolution() -> None:
    net = model(
        ("Conv", "x w1", "a"),
        ("Conv", "x w2", "s"),
        ("Add", "a s", "b"),
        ("Relu", "b", "c"),
        ("Conv", "c w3", "d"),
    )
    kernels = kernel("s_nchwc"), kernel("a_nchwc"), kernel("d_nchwc")
    assert credited(net, *kernels) == [1, 0, 4]
    assert members(net, *kernels) == [[1], [0, 2, 3], [4]]


def test_what_follows_a_pool_was_not_fused_into_it() -> None:
    net = model(("MaxPool", "x", "a"), ("Relu", "a", "b"))
    assert members(net, kernel("n0", "MaxPool", 0)) == [[0]]


def test_what_also_waits_for_something_unknown_was_not_fused() -> None:
    net = model(("Conv", "x w1", "a"), ("Shape", "x", "s"), ("Add", "a s", "b"))
    assert members(net, kernel("a_nchwc")) == [[0]]


def test_only_fusible_operators_were_fused() -> None:
    net = model(("Conv", "x w1", "a"), ("Flatten", "a", "b"))
    assert members(net, kernel("a_nchwc")) == [[0]]


def test_what_is_computed_from_weights_alone_belongs_to_no_kernel() -> None:
    net = model(("Identity", "w1", "v"), ("Mul", "v w2", "u"), ("Conv", "x u", "a"))
    assert members(net, kernel("Mul_token_1", "Mul"), kernel("a_nchwc")) == [[], [2]]
    clipped = model(("Clip", "w1 _ w2", "v"), ("Conv", "x v", "a"))
    assert credited(clipped, kernel("Clip_token_1", "Clip"), kernel("a_nchwc")) == [None, 1]
    shifted = model(("Conv", "x w1", "a"), ("Identity", "w2", "v"), ("Add", "a v", "b"))
    assert members(shifted, kernel("a_nchwc")) == [[0, 2]]


def test_constants_and_random_numbers_are_not_alike() -> None:
    constant = model(("Constant", "", "a"), ("Elu", "a x", "b"))
    assert credited(constant, kernel("Fresh", "Fresh")) == [1]
    noise = model(("RandomNormal", "", "a"))
    assert credited(noise, kernel("RandomNormal_token_1", "RandomNormal")) == [0]


def test_folded_results_belong_to_no_kernel() -> None:
    import numpy as np  # noqa: PLC0415  (one test)

    net = model(("Shape", "x", "s"), ("Conv", "x w1", "a"), ("Relu", "a", "b"))
    folded = {**net.values, "s": Value("s", const=np.array([1, 3]))}
    ready = Model(**{**vars(net), "values": folded})
    new = kernel("Shape_token_1", "Shape")
    assert credited(net, new, kernel("b_nchwc")) == [0, 1]
    assert credited(ready, new, kernel("b_nchwc")) == [None, 1]


def test_quick_gelu_is_credited_to_the_product() -> None:
    net = model(("Conv", "x w1", "a"), ("Sigmoid", "a", "b"), ("Mul", "a b", "c"))
    kernels = kernel("a_nchwc"), kernel("n2/QuickGeluFusion/", "QuickGelu")
    assert credited(net, *kernels) == [0, 2]
    assert members(net, *kernels) == [[0], [1, 2]]


def test_a_fused_move_claims_nothing_else() -> None:
    net = model(("Mul", "x y", "a"), ("Slice", "x a", "b"))
    assert members(net, kernel("n1/GatherSliceToSplitFusion", "Split")) == [[1]]


LINEAR = (
    ("MatMul", "x w1", "a"),
    ("Add", "a w2", "b"),
    ("Softmax", "b", "c"),
    ("MatMul", "c w3", "d"),
    ("Add", "w4 d", "e"),
)
GEMMS = (
    kernel("gemm_input_reshape", "Reshape"),
    kernel("n0/MatMulAddFusion", "Gemm"),
    kernel("gemm_output_reshape", "Reshape"),
    kernel("n2", "Softmax", 2),
    kernel("gemm_input_reshape_token_4", "Reshape"),
    kernel("n3/MatMulAddFusion_token_9", "Gemm"),
    kernel("gemm_output_reshape_token_5_new_reshape", "Reshape"),
)


def test_a_matrix_product_takes_its_sum_and_its_reshapes() -> None:
    assert credited(model(*LINEAR), *GEMMS) == [0, 0, 0, 2, 3, 3, 3]
    assert members(model(*LINEAR), *GEMMS) == [[], [0, 1], [], [2], [], [3, 4], []]


def test_a_product_takes_nothing_else() -> None:
    net = model(("Reshape", "x w1", "r"), ("MatMul", "r w2", "a"))
    kernels = (
        kernel("gemm_input_reshape", "Reshape"),
        kernel("n1/MatMulAddFusion", "Gemm"),
        kernel("Unheard_token_2", "Unheard"),
    )
    assert credited(net, *kernels) == [1, 1, None]
    assert members(net, *kernels) == [[], [1], []]
    between = kernels[0], kernel("n0", "Reshape", 0), *kernels[1:]
    assert credited(net, *between) == [1, 0, 1, None]


def test_products_of_nodes_without_names() -> None:
    shapes: dict[str, StaticShape] = dict.fromkeys("abcd", (2, 3, 4))
    net = model(*LINEAR, shapes=shapes, names="- - - - -")
    kernels = (
        kernel("gemm_input_reshape", "Reshape", shape=(6, 4)),
        kernel("/MatMulAddFusion", "Gemm", shape=(6, 4)),
        kernel("gemm_output_reshape", "Reshape", shape=(2, 3, 4)),
        kernel("Softmax_2", "Softmax", 2),
        kernel("/MatMulAddFusion_token_7", "Gemm", shape=(6, 4)),
    )
    assert credited(net, *kernels) == [0, 0, 0, 2, 3]
    assert members(net, *kernels) == [[], [0, 1], [], [2], [3, 4]]


def test_reshapes_without_a_product_are_the_runtimes_own() -> None:
    net = model(("Relu", "x", "a"))
    origins = find_origins(net, [kernel("gemm_input_reshape", "Reshape")])
    assert origins == Origins({}, {}, frozenset({0}))


GELU = (
    ("MatMul", "x w1", "a"),
    ("Div", "a w2", "b"),
    ("Erf", "b", "c"),
    ("Add", "c w3", "d"),
    ("Mul", "a d", "e"),
    ("Mul", "e w4", "f"),
    ("MatMul", "f w5", "g"),
)
GELU_SHAPES: dict[str, StaticShape] = {"a": (1, 9), **dict.fromkeys("bcdef", (1, 8))}


def test_gelu_is_found_between_its_neighbours() -> None:
    net = model(*GELU, shapes=GELU_SHAPES)
    kernels = (
        kernel("n0", "MatMul", 0),
        kernel("Gelu_token_3", "Gelu", shape=(1, 8)),
        kernel("n6", "MatMul", 6),
    )
    assert credited(net, *kernels) == [0, 5, 6]
    assert members(net, *kernels) == [[0], [1, 2, 3, 4, 5], [6]]
    assert members(net, kernels[1]) == [[1, 2, 3, 4, 5]]


def test_gelu_leaves_the_sum_to_the_product_before_it() -> None:
    net = model(
        ("MatMul", "x w1", "a"),
        ("Add", "a w2", "b"),
        ("Erf", "b", "c"),
        ("Mul", "b c", "d"),
        shapes=GELU_SHAPES,
    )
    kernels = kernel("n0/MatMulAddFusion", "Gemm"), kernel("Gelu", "Gelu", shape=(1, 8))
    assert members(net, *kernels) == [[0, 1], [2, 3]]


def test_gelu_ends_where_the_shape_changes() -> None:
    shapes: dict[str, StaticShape] = {"a": (1, 8), "b": (1, 8), "c": (3, 8)}
    net = model(("Erf", "x", "a"), ("Mul", "a x", "b"), ("Add", "b y", "c"), shapes=shapes)
    assert credited(net, kernel("Gelu", "Gelu", shape=(1, 8))) == [1]


def test_no_kernels() -> None:
    assert find_origins(model(*CONV_RELU), ()) == Origins({}, {}, frozenset())
