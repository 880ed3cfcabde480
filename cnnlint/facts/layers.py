"""Typed views of the layers that compute, so that no rule parses attributes.

Sizes are per axis, spatial axes in tensor order. A layer is given only where the shape of its
weight is known; sizes of maps may still be unknown (None).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import TypeAlias

from cnnlint.model.graph import Key, Model, Node, StaticShape

CONV_OPERANDS: Mapping[str, tuple[int, int, int]] = {
    "Conv": (0, 1, 2),
    "ConvTranspose": (0, 1, 2),
    "FusedConv": (0, 1, 2),
    "ConvInteger": (0, 1, -1),
    "QLinearConv": (0, 3, 8),
    "DeformConv": (0, 1, 3),
}
"""Where each operator has its map, its weight and its bias (-1: none)."""
NHWC_OPERANDS: Mapping[str, tuple[int, int, int]] = {
    "NhwcConv": (0, 1, 2),
    "NhwcFusedConv": (0, 1, 2),
}
"""The same of operators on ``[N, *grid, C]``; the weight is ``[cout, cin / groups, *kernel]``."""
POOLS = {"MaxPool": "max", "AveragePool": "average", "LpPool": "lp"}
GLOBAL_POOLS = {
    "GlobalAveragePool": "average",
    "GlobalMaxPool": "max",
    "GlobalLpPool": "lp",
}
DENSE_OPERANDS: Mapping[str, tuple[int, int]] = {
    **dict.fromkeys(("Gemm", "FusedGemm", "GemmFastGelu", "MatMul", "MatMulInteger"), (0, 1)),
    **dict.fromkeys(("FusedMatMul", "FusedMatMulActivation", "TransposeMatMul"), (0, 1)),
    **dict.fromkeys(("DynamicQuantizeMatMul", "MatMulInteger16", "MatMulIntegerToFloat"), (0, 1)),
    **dict.fromkeys(("QGemm", "QLinearMatMul"), (0, 3)),
}
PACKED_DENSE = frozenset({"MatMulBnb4", "MatMulNBits"})
"""Products with a packed weight, whose sizes are the attributes K and N."""
RECURRENT = {"LSTM": 4, "DynamicQuantizeLSTM": 4, "GRU": 3, "RNN": 1}
"""Recurrent operators and how many gates a cell has."""


@dataclass(frozen=True, slots=True)
class Conv:
    """A convolution or transposed convolution with its geometry resolved."""

    node: Node
    kernel: StaticShape
    stride: StaticShape
    dilation: StaticShape
    pads: tuple[StaticShape, StaticShape]
    """Rows and columns added before and after each axis."""
    groups: int
    cin: int
    cout: int
    in_shape: StaticShape | None
    """``[N, C, *grid]``, also where the tensor has its channels last."""
    out_shape: StaticShape | None
    weight: str
    bias: bool
    channels_last: bool = False
    """Whether the tensors themselves are ``[N, *grid, C]``."""

    @property
    def transposed(self) -> bool:
        """Whether it upsamples: a transposed convolution."""
        return self.node.op == "ConvTranspose"

    @property
    def depthwise(self) -> bool:
        """Whether each input channel is convolved on its own."""
        return self.groups == self.cin > 1

    @property
    def pointwise(self) -> bool:
        """Whether the kernel is 1 on every axis."""
        return set(self.kernel) <= {1}

    @property
    def reach(self) -> StaticShape:
        """Effective kernel sides, (k - 1) * dilation + 1."""
        return tuple((k - 1) * d + 1 for k, d in zip(self.kernel, self.dilation, strict=True))

    @property
    def grid(self) -> StaticShape | None:
        """Spatial size of the output."""
        return self.out_shape[2:] if self.out_shape else None

    @property
    def positions(self) -> int | None:
        """Output positions of the whole batch, None where the size of the map is unknown."""
        return prod(self.out_shape[:1] + self.out_shape[2:]) if self.out_shape else None

    @property
    def in_grid(self) -> StaticShape | None:
        """Spatial size of the input."""
        return self.in_shape[2:] if self.in_shape else None

    @property
    def patchify(self) -> bool:
        """Whether it cuts the map into patches: stride = kernel > 1, no padding."""
        return self.kernel == self.stride and max(self.kernel) > 1 and not any(map(sum, self.pads))

    @property
    def weights(self) -> int:
        """Numbers in the kernel, bias excluded."""
        return self.cout * (self.cin // self.groups) * prod(self.kernel)


@dataclass(frozen=True, slots=True)
class Pool:
    """A pooling layer; a global one has the size of its input as kernel, where that is known."""

    node: Node
    kind: str
    kernel: StaticShape | None
    stride: StaticShape
    dilation: StaticShape
    pads: tuple[StaticShape, StaticShape]
    is_global: bool
    in_shape: StaticShape | None
    out_shape: StaticShape | None


@dataclass(frozen=True, slots=True)
class Dense:
    """A matrix product with a constant: a dense layer, or a pointwise one over tokens."""

    node: Node
    cin: int
    cout: int
    in_shape: StaticShape | None
    out_shape: StaticShape | None
    data: str
    """The operand that is data."""
    weight: str

    @property
    def rows(self) -> int | None:
        """How many vectors it is applied to."""
        return prod(self.out_shape) // self.cout if self.out_shape and self.cout else None


@dataclass(frozen=True, slots=True)
class Recurrent:
    """An LSTM, GRU or plain recurrent layer."""

    node: Node
    cin: int
    hidden: int


Window: TypeAlias = tuple[StaticShape, StaticShape, StaticShape]
"""Kernel, stride and dilation."""
Weighted: TypeAlias = Conv | Dense | Recurrent
Layer: TypeAlias = Weighted | Pool


def sides(sizes: StaticShape) -> str:
    """Return sizes as people write them: ``3x3``."""
    return "x".join(map(str, sizes))


def steps(sizes: StaticShape) -> str:
    """Return a stride or dilation as people write it: ``2`` on every axis, else ``2x1``."""
    return str(sizes[0]) if len(set(sizes)) == 1 else sides(sizes)


def typed_layers(model: Model, data: frozenset[str]) -> dict[Key, Layer]:
    """Return the typed layer of every node on the data path that has one, in order."""
    layers: dict[Key, Layer] = {}
    for node in model.nodes:
        if any(name in data for name in node.outputs):
            layer = _layer(model, data, node)
            if layer is not None:
                layers[node.key] = layer
    return layers


def _layer(model: Model, data: frozenset[str], node: Node) -> Layer | None:
    if node.op in CONV_OPERANDS or node.op in NHWC_OPERANDS:
        return _conv(model, data, node)
    if node.op in POOLS or node.op in GLOBAL_POOLS:
        return _pool(model, node)
    if node.op in DENSE_OPERANDS:
        return _dense(model, data, node)
    if node.op in PACKED_DENSE:
        return _packed_dense(model, data, node)
    if node.op in RECURRENT:
        return _recurrent(model, node)
    return None


def _operand(node: Node, index: int) -> str:
    return node.inputs[index] if 0 <= index < len(node.inputs) else ""


def _conv(model: Model, data: frozenset[str], node: Node) -> Conv | None:
    at_map, at_weight, at_bias = NHWC_OPERANDS.get(node.op) or CONV_OPERANDS[node.op]
    weight = _operand(node, at_weight)
    shape = model.static(weight)
    if shape is None or len(shape) < 3 or weight in data or min(shape) < 1:
        return None
    groups = max(1, node.get_int("group", 1))
    first, second, *kernel = shape
    transposed = node.op == "ConvTranspose"
    ones = (1,) * len(kernel)
    channels_last = node.op in NHWC_OPERANDS or bool(node.get_int("channels_last", 0))
    in_shape = _channels_first(_of_rank(model, _operand(node, at_map), len(shape)), channels_last)
    out_shape = _channels_first(_of_rank(model, node.outputs[0], len(shape)), channels_last)
    stride = _axes(node, "strides", ones)
    dilation = _axes(node, "dilations", ones)
    return Conv(
        node=node,
        kernel=tuple(kernel),
        stride=stride,
        dilation=dilation,
        pads=_pads(node, (tuple(kernel), stride, dilation), in_shape, out_shape),
        groups=groups,
        cin=first if transposed else second * groups,
        cout=second * groups if transposed else first,
        in_shape=in_shape,
        out_shape=out_shape,
        weight=weight,
        bias=bool(_operand(node, at_bias)),
        channels_last=channels_last,
    )


def _of_rank(model: Model, name: str, rank: int) -> StaticShape | None:
    """Return the shape of a tensor where it is known and has as many axes as a window says."""
    shape = model.static(name)
    return shape if shape is not None and len(shape) == rank else None


def _channels_first(shape: StaticShape | None, channels_last: bool) -> StaticShape | None:
    return (shape[0], shape[-1], *shape[1:-1]) if shape and channels_last else shape


def _axes(node: Node, name: str, default: StaticShape) -> StaticShape:
    value = node.get_ints(name)
    return value if value and len(value) == len(default) and min(value) > 0 else default


def _pads(
    node: Node, window: Window, in_shape: StaticShape | None, out_shape: StaticShape | None
) -> tuple[StaticShape, StaticShape]:
    """Return the padding before and after each axis, ``auto_pad`` resolved."""
    kernel, stride, dilation = window
    axes = len(kernel)
    zeros = (0,) * axes
    mode = node.get_str("auto_pad", "NOTSET")
    if mode == "VALID":
        return zeros, zeros
    if mode in ("SAME_UPPER", "SAME_LOWER"):
        if in_shape is None or out_shape is None:
            totals = tuple((k - 1) * d for k, d in zip(kernel, dilation, strict=True))
        else:
            sizes = zip(in_shape[2:], out_shape[2:], kernel, stride, dilation, strict=True)
            totals = tuple(max(0, (o - 1) * s + (k - 1) * d + 1 - i) for i, o, k, s, d in sizes)
        less = tuple(t // 2 for t in totals)
        more = tuple(t - t // 2 for t in totals)
        return (less, more) if mode == "SAME_UPPER" else (more, less)
    pads = node.get_ints("pads")
    if not pads or len(pads) != 2 * axes:
        return zeros, zeros
    return pads[:axes], pads[axes:]


def _pool(model: Model, node: Node) -> Pool | None:
    if node.op in GLOBAL_POOLS:
        in_shape, out_shape = model.static(_operand(node, 0)), model.static(node.outputs[0])
        kernel = in_shape[2:] if in_shape else None
        ones = (1,) * len(kernel or ())
        zeros = (0,) * len(ones)
        kind = GLOBAL_POOLS[node.op]
        return Pool(node, kind, kernel, ones, ones, (zeros, zeros), True, in_shape, out_shape)
    kernel = node.get_ints("kernel_shape")
    if not kernel or min(kernel) < 1:
        return None
    ones = (1,) * len(kernel)
    in_shape, out_shape = (
        _of_rank(model, name, len(kernel) + 2) for name in (_operand(node, 0), node.outputs[0])
    )
    stride, dilation = _axes(node, "strides", ones), _axes(node, "dilations", ones)
    pads = _pads(node, (kernel, stride, dilation), in_shape, out_shape)
    covers = in_shape is not None and out_shape is not None and set(out_shape[2:]) <= {1}
    covers = covers and all(
        k >= size for k, size in zip(kernel, (in_shape or ())[2:], strict=False)
    )
    return Pool(node, POOLS[node.op], kernel, stride, dilation, pads, covers, in_shape, out_shape)


def _dense(model: Model, data: frozenset[str], node: Node) -> Dense | None:
    """Return a product with one constant matrix; one of two data operands is attention."""
    at_left, at_right = DENSE_OPERANDS[node.op]
    left, right = _operand(node, at_left), _operand(node, at_right)
    swapped = left not in data
    weight, operand = (left, right) if swapped else (right, left)
    shape = model.static(weight)
    if weight in data or operand not in data or shape is None or len(shape) < 2 or 0 in shape:
        return None
    flipped = bool(node.get_int("transA" if swapped else "transB", 0)) != swapped
    cout, cin = (shape[-2], shape[-1]) if flipped else (shape[-1], shape[-2])
    return Dense(
        node, cin, cout, model.static(operand), model.static(node.outputs[0]), operand, weight
    )


def _packed_dense(model: Model, data: frozenset[str], node: Node) -> Dense | None:
    operand, weight = _operand(node, 0), _operand(node, 1)
    cin, cout = node.get_int("K", 0), node.get_int("N", 0)
    if operand not in data or weight in data or min(cin, cout) < 1:
        return None
    in_shape, out_shape = model.static(operand), model.static(node.outputs[0])
    return Dense(node, cin, cout, in_shape, out_shape, operand, weight)


def _recurrent(model: Model, node: Node) -> Recurrent | None:
    shape = model.static(_operand(node, 1))
    if shape is None or len(shape) != 3:
        return None
    _, units, inputs = shape
    if node.op == "DynamicQuantizeLSTM":  # [directions, inputs, gates * hidden]
        units, inputs = inputs, units
    return Recurrent(node, inputs, units // RECURRENT[node.op])
