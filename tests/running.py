"""Nets with numbers in them, run in onnxruntime, and two linear layers written as one."""

from collections.abc import Sequence
from itertools import product
from math import prod
from typing import Any, TypeAlias

import numpy as np
import onnx
import onnxruntime as ort
from onnx import helper, numpy_helper

from cnnlint.facts.remedies.merging import Merged
from tests.net import Net

Numbers: TypeAlias = "np.ndarray[Any, np.dtype[np.float32]]"


def with_numbers(net: Net, seed: int = 0) -> onnx.ModelProto:
    """Return the network with random weights; vectors (biases, variances) are about 1."""
    proto, rng = net.proto(), np.random.default_rng(seed)
    for tensor in proto.graph.initializer:
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            shape = tuple(tensor.dims)
            numbers = rng.uniform(0.5, 1.5, shape) if len(shape) == 1 else rng.normal(size=shape)
            tensor.CopyFrom(numpy_helper.from_array(numbers.astype(np.float32), tensor.name))
    return proto


def weights(proto: onnx.ModelProto) -> dict[str, Numbers]:
    """Return the stored tensors by name."""
    return {t.name: numpy_helper.to_array(t) for t in proto.graph.initializer}


def rewritten(
    proto: onnx.ModelProto, nodes: Sequence[onnx.NodeProto], **stored: Numbers
) -> onnx.ModelProto:
    """Return the model with other nodes, and with some more tensors."""
    other = onnx.ModelProto()
    other.CopyFrom(proto)
    del other.graph.node[:]
    other.graph.node.extend(nodes)
    other.graph.initializer.extend(numpy_helper.from_array(v, k) for k, v in stored.items())
    return other


def run(proto: onnx.ModelProto, seed: int = 1) -> Numbers:
    """Return the last output for a random input."""
    options = ort.SessionOptions()
    options.log_severity_level = 3
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = ort.InferenceSession(proto.SerializeToString(), options)
    (given,) = session.get_inputs()
    numbers = np.random.default_rng(seed).normal(size=given.shape).astype(np.float32)
    found: Numbers = session.run(None, {given.name: numbers})[-1]
    return found


def same(first: Numbers, second: Numbers) -> bool:
    """Return whether two results are equal to rounding."""
    return first.shape == second.shape and bool(np.allclose(first, second, 1e-3, 1e-4))


def one_layer(proto: onnx.ModelProto, one: Merged) -> onnx.ModelProto:
    """Return a model of two convolutions as one of the convolution that they make."""
    first, second = proto.graph.node
    stored = weights(proto)
    rank = len(one.kernel)
    steps = [_attribute(n, "dilations", rank) for n in (first, second)]
    stride = _attribute(first, "strides", rank)
    a, b = (
        _ungrouped(stored[n.input[1]], _attribute(n, "group", 1)[0], n.op_type)
        for n in (first, second)
    )
    taps, thens = (list(product(*map(range, each.shape[2:]))) for each in (a, b))
    a, b = (each.reshape(*each.shape[:2], -1) for each in (a, b))
    weight = np.zeros((b.shape[0], a.shape[1], prod(one.kernel)), np.float32)
    transposed = "ConvTranspose" in (first.op_type, second.op_type)
    for (i, tap), (j, then) in product(enumerate(taps), enumerate(thens)):
        places = zip(tap, steps[0], then, steps[1], stride, one.dilation, strict=True)
        at = tuple((t * d + u * s * e) // g for t, d, u, e, s, g in places)
        at = max(tap, then) if transposed else at
        weight[:, :, np.ravel_multi_index(at, one.kernel)] += b[:, :, j] @ a[:, :, i]
    shift = stored[first.input[2]] if len(first.input) > 2 else np.zeros(a.shape[0], np.float32)
    bias = b.sum(-1) @ shift
    bias = bias + (stored[second.input[2]] if len(second.input) > 2 else 0)
    node = helper.make_node(
        "ConvTranspose" if transposed else "Conv",
        [first.input[0], "one.weight", "one.bias"],
        [second.output[0]],
        strides=one.stride,
        dilations=one.dilation,
        group=one.groups,
        pads=[*one.pads[0], *one.pads[1]],
    )
    weight = weight.reshape(*weight.shape[:2], *one.kernel)
    weight = _grouped(weight, one.groups, transposed=transposed)
    return rewritten(proto, [node], **{"one.weight": weight, "one.bias": bias.astype(np.float32)})


def _attribute(node: onnx.NodeProto, name: str, length: int) -> tuple[int, ...]:
    for found in node.attribute:
        if found.name == name:
            value = helper.get_attribute_value(found)
            return (value,) if isinstance(value, int) else tuple(value)
    return (1,) * length


def _ungrouped(weight: Numbers, groups: int, op: str) -> Numbers:
    """Return a kernel as ``[cout, cin, *kernel]`` with zeros between groups."""
    blocks = np.split(weight, groups)
    blocks = [np.swapaxes(block, 0, 1) for block in blocks] if op == "ConvTranspose" else blocks
    rows, columns = blocks[0].shape[:2]
    shape = (rows * groups, columns * groups, *weight.shape[2:])
    full = np.zeros(shape, np.float32)
    for i, block in enumerate(blocks):
        full[i * rows : (i + 1) * rows, i * columns : (i + 1) * columns] = block
    return full


def _grouped(weight: Numbers, groups: int, *, transposed: bool) -> Numbers:
    """Return the blocks on the diagonal of ``[cout, cin, *kernel]`` as the operator has them."""
    rows, columns = (side // groups for side in weight.shape[:2])
    blocks = [
        weight[i * rows : (i + 1) * rows, i * columns : (i + 1) * columns] for i in range(groups)
    ]
    return np.concatenate([np.swapaxes(b, 0, 1) if transposed else b for b in blocks])
