"""Writes the sample models: small networks with real weights, each showing one pattern.

Run ``python sample_models/make_models.py`` (``--out DIR`` writes elsewhere); it prints what each
file costs. Only numpy and onnx are needed. The files come out the same, byte for byte, on every
machine: their weights are whole random numbers scaled by exactly rounded arithmetic.

Names follow PyTorch's exporter (``stages.2.conv1.weight``, ``/stages.2/conv1/Conv``); the batch
is a free dimension. 1 MAC = 1 multiply-add; convolutions and dense layers are counted.
"""

import argparse
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from math import prod, sqrt
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

Array: TypeAlias = npt.NDArray[np.float64]
Activation: TypeAlias = Literal["Relu", "Relu6", "Sigmoid", "Tanh"]
Attrs: TypeAlias = dict[str, int | float | list[int]]


@dataclass(frozen=True, slots=True)
class Map:
    """A tensor of the network: ``channels`` feature maps of ``side`` x ``side``.

    A vector, as dense layers read and write it, has the side 0.
    """

    tensor: str
    channels: int
    side: int


class Random:
    """Random numbers from a stream of bits that numpy promises never to change.

    ``Generator.normal`` may change with numpy, and rounds as the platform's ``log`` does. The
    sum of 12 uniform 16-bit numbers is normal enough, and exact.
    """

    def __init__(self, seed: str) -> None:
        """Start the stream that belongs to ``seed``."""
        self._bits = np.random.PCG64(zlib.crc32(seed.encode()))

    def _words(self, *shape: int) -> npt.NDArray[np.uint16]:
        raw = np.asarray(self._bits.random_raw(prod(shape) // 4 + 1), dtype="<u8")
        return np.frombuffer(raw.tobytes(), dtype="<u2")[: prod(shape)].reshape(shape)

    def normal(self, *shape: int) -> Array:
        """Return numbers of mean 0 and variance 1."""
        sums: Array = self._words(*shape, 12).sum(axis=-1, dtype=np.float64)
        return (sums - 12 * 0xFFFF / 2) / 0x10000

    def uniform(self, low: float, high: float, *shape: int) -> Array:
        """Return numbers spread evenly from ``low`` to ``high``."""
        return low + (high - low) * self._words(*shape) / 0x10000


class Net:
    """A network under construction, and what it costs so far.

    A layer method takes the map that it reads and the path of its module, and returns its output.
    """

    def __init__(self, name: str, side: int, channels: int = 3) -> None:
        """Start with the input alone, a square image."""
        self.name = name
        self.macs = 0
        self.params = 0
        self.input = self.output = Map("input", channels, side)
        self._nodes: list[onnx.NodeProto] = []
        self._tensors: list[onnx.TensorProto] = []
        self._random = Random(name)

    def conv(
        self,
        x: Map,
        path: str,
        channels: int,
        kernel: int = 3,
        *,
        stride: int = 1,
        groups: int = 1,
        act: Activation | None = "Relu",
    ) -> Map:
        """Add a convolution, padded by half its kernel, and its activation."""
        pad, cin = (kernel - 1) // 2, x.channels // groups
        weight = self._draw(channels, cin, kernel, kernel, fan_in=cin * kernel**2)
        attrs = _window(kernel, stride, pad) | {"dilations": [1, 1], "group": groups}
        inputs = [x.tensor, *self._weight(path, weight, channels)]
        side = (x.side + 2 * pad - kernel) // stride + 1
        self.macs += weight.size * side**2
        return self.act(Map(self._node("Conv", path, inputs, attrs), channels, side), path, act)

    def transposed_conv(self, x: Map, path: str, channels: int, kernel: int) -> Map:
        """Add a transposed convolution of stride 2 that doubles the grid."""
        fan_in = x.channels * kernel**2 / 4  # an output position hears a quarter of the taps
        weight = self._draw(x.channels, channels, kernel, kernel, fan_in=fan_in, out_axis=1)
        attrs = _window(kernel, 2, (kernel - 1) // 2) | {"dilations": [1, 1], "group": 1}
        if kernel % 2:
            attrs["output_padding"] = [1, 1]
        inputs = [x.tensor, *self._weight(path, weight, channels)]
        self.macs += weight.size * x.side**2
        return Map(self._node("ConvTranspose", path, inputs, attrs), channels, 2 * x.side)

    def act(self, x: Map, path: str, kind: Activation | None = "Relu") -> Map:
        """Add the activation of the module ``path``; ReLU6 is spelled Clip(0, 6)."""
        if kind is None:
            return x
        inputs, module = [x.tensor], f"{path}.act"
        if kind == "Relu6":
            for name, bound in (("min", 0), ("max", 6)):
                inputs.append(self._store(f"{module}.{name}", np.array(bound, np.float32)))
        op = "Clip" if kind == "Relu6" else kind
        return Map(self._node(op, module, inputs), x.channels, x.side)

    def add(self, a: Map, b: Map, path: str) -> Map:
        """Add two maps of equal shape."""
        return Map(self._node("Add", path, [a.tensor, b.tensor]), a.channels, a.side)

    def concat(self, a: Map, b: Map, path: str) -> Map:
        """Put the channels of two maps of equal side one behind the other."""
        tensor = self._node("Concat", path, [a.tensor, b.tensor], {"axis": 1})
        return Map(tensor, a.channels + b.channels, a.side)

    def pool(self, x: Map, path: str, op: str = "MaxPool", *, stride: int = 2) -> Map:
        """Add an unpadded 2x2 pooling."""
        tensor = self._node(op, path, [x.tensor], _window(2, stride, 0))
        return Map(tensor, x.channels, (x.side - 2) // stride + 1)

    def gate(self, x: Map, path: str, squeezed: int) -> Map:
        """Scale every channel by a sigmoid of all of them (squeeze-and-excitation)."""
        y = self.conv(self.global_pool(x, f"{path}.pool"), f"{path}.reduce", squeezed, 1)
        y = self.conv(y, f"{path}.expand", x.channels, 1, act="Sigmoid")
        return Map(self._node("Mul", path, [x.tensor, y.tensor]), x.channels, x.side)

    def global_pool(self, x: Map, path: str) -> Map:
        """Average every channel over its whole grid."""
        return Map(self._node("GlobalAveragePool", path, [x.tensor]), x.channels, 1)

    def flatten(self, x: Map) -> Map:
        """Lay a map out as one vector."""
        tensor = self._node("Flatten", "", [x.tensor], {"axis": 1})
        return Map(tensor, x.channels * x.side**2, 0)

    def dense(self, x: Map, path: str, units: int, *, int8: bool = False) -> Map:
        """Add a dense layer, its weight stored as float32 or as int8 with one scale."""
        weight = self._draw(units, x.channels, fan_in=x.channels)
        inputs = [x.tensor, *self._weight(path, weight, units, int8=int8)]
        attrs: Attrs = {"alpha": 1.0, "beta": 1.0, "transB": 1}
        self.macs += weight.size
        return Map(self._node("Gemm", path, inputs, attrs), units, 0)

    def classify(self, x: Map) -> Map:
        """Add the usual head: global average pooling and one dense layer."""
        pooled = self.flatten(self.global_pool(x, "avgpool"))
        return self.dense(pooled, "classifier", 10)

    def finish(self, x: Map) -> "Net":
        """Make ``x``, which the last layer gives, the output of the network."""
        self.output = Map("logits", x.channels, x.side)
        self._nodes[-1].output[0] = "logits"
        return self

    def model(self) -> onnx.ModelProto:
        """Return the finished network as a model."""
        given, result = [_declare(self.input)], [_declare(self.output)]
        return helper.make_model(
            helper.make_graph(self._nodes, "main_graph", given, result, self._tensors),
            ir_version=8,
            opset_imports=[helper.make_opsetid("", 17)],
            producer_name="cnnlint sample",
        )

    def _node(self, op: str, path: str, inputs: list[str], attrs: Attrs | None = None) -> str:
        name = f"/{re.sub(r'[.](?![0-9])', '/', path)}/{op}" if path else f"/{op}"
        output = f"{name}_output_0"
        node = helper.make_node(op, inputs, [output], name)
        node.attribute.extend(helper.make_attribute(k, v) for k, v in (attrs or {}).items())
        self._nodes.append(node)
        return output

    def _store(self, name: str, numbers: npt.NDArray[np.generic]) -> str:
        self._tensors.append(numpy_helper.from_array(numbers, name))
        return name

    def _draw(self, *shape: int, fan_in: float, out_axis: int = 0) -> Array:
        """Draw a He-normal weight (He et al. 2015).

        The gain differs by output channel, as where a batch normalisation was folded in.
        """
        gains = [n if axis == out_axis else 1 for axis, n in enumerate(shape)]
        spread = sqrt(2 / fan_in) * self._random.uniform(0.7, 1.3, *gains)
        return self._random.normal(*shape) * spread

    def _weight(self, path: str, weight: Array, units: int, *, int8: bool = False) -> list[str]:
        """Store a weight and a bias; return the tensors to read them from."""
        bias = self._random.uniform(-0.1, 0.1, units).astype(np.float32)
        self.params += weight.size + units
        if not int8:
            stored = self._store(f"{path}.weight", weight.astype(np.float32))
            return [stored, self._store(f"{path}.bias", bias)]
        scale = np.float32(np.abs(weight).max() / 127)
        inputs = [
            self._store(f"{path}.weight_quantized", np.rint(weight / scale).astype(np.int8)),
            self._store(f"{path}.weight_scale", np.array(scale)),
            self._store(f"{path}.weight_zero_point", np.array(0, np.int8)),
        ]
        dequantized = self._node("DequantizeLinear", path, inputs)
        return [dequantized, self._store(f"{path}.bias", bias)]


def _declare(x: Map) -> onnx.ValueInfoProto:
    shape = ("batch", x.channels, x.side, x.side) if x.side else ("batch", x.channels)
    return helper.make_tensor_value_info(x.tensor, TensorProto.FLOAT, shape)


def _window(kernel: int, stride: int, pad: int) -> Attrs:
    return {"kernel_shape": [kernel] * 2, "strides": [stride] * 2, "pads": [pad] * 4}


def clean_resnet() -> Net:
    """ResNet-14: basic blocks (He et al. 2016), shortcuts that pool first (ResNet-D)."""
    net = Net("clean_resnet", 32)
    x = net.conv(net.input, "stem.conv", 16)
    for index, channels in enumerate((16, 16, 24, 24, 32, 32)):
        path, stride = f"blocks.{index}", 1 if channels == x.channels else 2
        y = net.conv(x, f"{path}.conv1", channels, stride=stride)
        y = net.conv(y, f"{path}.conv2", channels, act=None)
        if stride == 2:
            x = net.pool(x, f"{path}.shortcut.pool", "AveragePool")
            x = net.conv(x, f"{path}.shortcut.conv", channels, 1, act=None)
        x = net.act(net.add(y, x, path), path)
    return net.finish(net.classify(x))


def clean_mobilenet() -> Net:
    """Inverted residuals with ReLU6 (Sandler et al. 2018), the last one with a gate."""
    net = Net("clean_mobilenet", 96)
    x = net.conv(net.input, "stem.conv", 16, stride=2, act="Relu6")
    x = net.conv(x, "blocks.0.depthwise", 16, groups=16, act="Relu6")
    x = net.conv(x, "blocks.0.project", 8, 1, act=None)
    stages = ((16, 2), (16, 1), (24, 2), (24, 1), (40, 2), (40, 1))
    for index, (channels, stride) in enumerate(stages, 1):
        path, wide = f"blocks.{index}", 6 * x.channels
        y = net.conv(x, f"{path}.expand", wide, 1, act="Relu6")
        y = net.conv(y, f"{path}.depthwise", wide, stride=stride, groups=wide, act="Relu6")
        if index == len(stages):
            y = net.gate(y, f"{path}.se", 32)
        y = net.conv(y, f"{path}.project", channels, 1, act=None)
        x = net.add(y, x, path) if stride == 1 else y
    return net.finish(net.classify(net.conv(x, "head.conv", 160, 1, act="Relu6")))


def clean_unet() -> Net:
    """U-Net (Ronneberger et al. 2015) on padded maps: four classes for every pixel."""
    net = Net("clean_unet", 64)
    x, skips = net.input, list[Map]()
    for level, channels in enumerate((8, 16, 24, 32)):
        if skips:
            x = net.pool(x, f"encoder.{level}.pool")
        x = net.conv(x, f"encoder.{level}.conv1", channels)
        x = net.conv(x, f"encoder.{level}.conv2", channels)
        skips.append(x)
    for level, skip in enumerate(reversed(skips[:-1])):
        path = f"decoder.{level}"
        x = net.act(net.transposed_conv(x, f"{path}.up", skip.channels, 2), f"{path}.up")
        x = net.conv(net.concat(x, skip, path), f"{path}.conv1", skip.channels)
        x = net.conv(x, f"{path}.conv2", skip.channels)
    return net.finish(net.conv(x, "head", 4, 1, act=None))


def large_kernels() -> Net:
    """A 5x5 and a 7x7 inside the network, where stacked 3x3 would see as much for less."""
    net = Net("large_kernels", 64)
    x = net.conv(net.input, "stem.conv", 16)
    x = net.conv(x, "stages.0.conv1", 24, stride=2)
    x = net.conv(x, "stages.0.conv2", 24)
    x = net.conv(x, "stages.0.conv3", 24, 5)
    x = net.conv(x, "stages.1.conv1", 32, stride=2)
    x = net.conv(x, "stages.1.conv2", 32, 7)
    return net.finish(net.classify(net.conv(x, "stages.2.conv1", 48, stride=2)))


def wide_3x3() -> Net:
    """SqueezeNet's Fire modules (Iandola et al. 2016) without their squeeze layer."""
    net = Net("wide_3x3", 64)
    x = net.conv(net.input, "stem.conv1", 16)
    x = net.conv(x, "stem.conv2", 32, stride=2)
    for index, (narrow, wide) in enumerate(((96, 32), (128, 32), (96, 32))):
        path = f"fire.{index}"
        if index:
            x = net.pool(x, f"{path}.pool")
        pointwise = net.conv(x, f"{path}.expand1x1", narrow, 1)
        x = net.concat(pointwise, net.conv(x, f"{path}.expand3x3", wide), path)
    return net.finish(net.classify(x))


def plain_24() -> Net:
    """24 convolutions in series without a way around any of them."""
    net = Net("plain_24", 96)
    x = net.input
    for stage, (channels, depth) in enumerate(((16, 9), (24, 9), (32, 6))):
        for index in range(depth):
            stride = 2 if stage and index == 0 else 1
            x = net.conv(x, f"stages.{stage}.{index}.conv", channels, stride=stride)
    return net.finish(net.classify(x))


def sigmoid_hidden() -> Net:
    """A digit classifier of the 1990s: sigmoid and tanh between its layers."""
    net = Net("sigmoid_hidden", 32, channels=1)
    x = net.conv(net.input, "features.0.conv", 16, act="Sigmoid")
    x = net.conv(net.pool(x, "features.0.pool"), "features.1.conv", 16, act="Sigmoid")
    x = net.conv(net.pool(x, "features.1.pool"), "features.2.conv", 32, act="Tanh")
    return net.finish(net.classify(net.conv(x, "features.3.conv", 32, act="Tanh")))


def strided_past_kernel() -> Net:
    """A 3x3 convolution of stride 4 and a 2x2 pooling of stride 3: both skip positions."""
    net = Net("strided_past_kernel", 96)
    x = net.conv(net.input, "stem.conv", 16)
    x = net.conv(x, "stages.0.conv1", 24, stride=4)
    x = net.conv(x, "stages.0.conv2", 24)
    x = net.pool(x, "stages.0.pool", stride=3)
    x = net.conv(x, "stages.1.conv1", 40)
    return net.finish(net.classify(net.conv(x, "stages.1.conv2", 40)))


def checkerboard_decoder() -> Net:
    """A segmentation network whose transposed convolutions are 3x3 with stride 2."""
    net = Net("checkerboard_decoder", 64)
    skips = [net.conv(net.input, "encoder.0.conv", 16)]
    for level, channels in enumerate((24, 32, 40), 1):
        down = net.conv(skips[-1], f"encoder.{level}.conv1", channels, stride=2)
        skips.append(net.conv(down, f"encoder.{level}.conv2", channels))
    x = skips.pop()
    for level, skip in enumerate(reversed(skips)):
        path = f"decoder.{level}"
        up = net.transposed_conv(x, f"{path}.up", skip.channels, 3)
        x = net.act(net.add(up, skip, path), path)
    return net.finish(net.conv(x, "head", 2, 1, act=None))


def flatten_head() -> Net:
    """A flattened 7x7 map into a wide dense layer, as in VGG; dense weights stored as int8."""
    net = Net("flatten_head", 56)
    x = net.conv(net.input, "features.0.conv", 16)
    for index, channels in enumerate((24, 32, 64), 1):
        x = net.conv(net.pool(x, f"features.{index}.pool"), f"features.{index}.conv", channels)
    x = net.dense(net.flatten(x), "classifier.0", 336, int8=True)
    return net.finish(net.dense(net.act(x, "classifier.0"), "classifier.1", 10, int8=True))


def relu_logits() -> Net:
    """Depthwise separable layers (Howard et al. 2017), and a ReLU on the logits."""
    net = Net("relu_logits", 48)
    x = net.conv(net.input, "stem.conv", 16)
    for index, channels in enumerate((32, 32, 48, 48, 64, 64)):
        path, stride = f"blocks.{index}", 1 if channels == x.channels else 2
        x = net.conv(x, f"{path}.depthwise", x.channels, stride=stride, groups=x.channels)
        x = net.conv(x, f"{path}.pointwise", channels, 1)
    return net.finish(net.act(net.classify(x), "classifier"))


SAMPLES: tuple[Callable[[], Net], ...] = (
    *(clean_resnet, clean_mobilenet, clean_unet, large_kernels, wide_3x3, plain_24),
    *(sigmoid_hidden, strided_past_kernel, checkerboard_decoder, flatten_head, relu_logits),
)


def main() -> None:
    """Write every sample model and print what it costs."""
    parser = argparse.ArgumentParser(description="Write the sample models.")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, metavar="DIR")
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    for build in SAMPLES:
        net = build()
        data = net.model().SerializeToString(deterministic=True)
        (out / f"{net.name}.onnx").write_bytes(data)
        print(f"{net.name}.onnx: {net.params:,} params, {net.macs:,} MACs, {len(data):,} bytes")


if __name__ == "__main__":
    main()
