"""A small builder of test networks: ``Net(3, 32).conv(64, 7).relu().gap().dense(10)``.

A net is a chain that grows at its end; ``mark`` names the current tensor, ``goto`` returns to
a named one, ``add``, ``mul`` and ``concat`` join one. Weights are structure only (references to
a file that doesn't exist) unless numbers are given.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from cnnlint.facts.facts import Facts
from cnnlint.model.binding import Bindings
from cnnlint.model.graph import Model
from cnnlint.model.loader import load

Side = int | tuple[int, ...]


@dataclass(frozen=True)
class Net:
    """A network on a ``1 x channels x size x size`` input; every call appends one node.

    ``size`` may be one side (2-D) or the whole grid, () for a vector input.
    """

    channels: int
    size: Side
    batch: int | str = 1
    nodes: tuple[onnx.NodeProto, ...] = ()
    weights: tuple[onnx.TensorProto, ...] = ()
    last: str = "input"
    width: int = 0
    marks: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    outputs: tuple[str, ...] = ()
    dtype: int = TensorProto.FLOAT
    """Type of the input and of weights of which only the structure is there."""

    @property
    def grid(self) -> tuple[int, ...]:
        """Spatial size of the input."""
        return (self.size, self.size) if isinstance(self.size, int) else self.size

    @property
    def cin(self) -> int:
        """Channels of the current tensor."""
        return self.width or self.channels

    def sides(self, side: Side) -> tuple[int, ...]:
        return (side,) * len(self.grid) if isinstance(side, int) else side

    def op(self, op: str, *more: str, name: str = "", width: int = 0, **attrs: Any) -> Self:
        """Append an operator on the current tensor."""
        name = name or f"{op.lower()}{len(self.nodes)}"
        result = f"{name}_out"
        node = helper.make_node(op, [self.last, *more], [result], name=f"/{name}/{op}", **attrs)
        return replace(
            self,
            nodes=(*self.nodes, node),
            last=result,
            width=width or self.width or self.channels,
        )

    def stored(self, name: str, values: "np.ndarray[Any, Any] | Sequence[int]") -> Self:
        """Add a stored tensor; sequences of numbers become int64."""
        array = values if isinstance(values, np.ndarray) else np.array(values, np.int64)
        return replace(self, weights=(*self.weights, numpy_helper.from_array(array, name)))

    def shaped(self, name: str, *dims: int) -> Self:
        """Add a tensor of which only the structure is there."""
        tensor = TensorProto(name=name, data_type=self.dtype, dims=dims)
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value="weights.bin")
        return replace(self, weights=(*self.weights, tensor))

    def conv(  # noqa: PLR0913  (what a convolution has)
        self,
        cout: int,
        k: Side = 3,
        *,
        stride: Side = 1,
        groups: int = 1,
        dilation: Side = 1,
        pad: Side | None = None,
        bias: bool = True,
        name: str = "",
        weight: "np.ndarray[Any, Any] | None" = None,
    ) -> Self:
        """Append a convolution, with "same" padding unless ``pad`` says otherwise."""
        kernel, rate = self.sides(k), self.sides(dilation)
        pads = self.sides(pad) if pad is not None else _same(kernel, rate)
        name = name or f"conv{len(self.nodes)}"
        net = self._weight(f"{name}.weight", (cout, self.cin // groups, *kernel), weight)
        net = net.shaped(f"{name}.bias", cout) if bias else net
        return net.op(
            "Conv",
            *[f"{name}.weight", *([f"{name}.bias"] if bias else [])],
            name=name,
            width=cout,
            pads=[*pads, *pads],
            strides=self.sides(stride),
            dilations=rate,
            group=groups,
        )

    def conv_transpose(
        self,
        cout: int,
        k: Side,
        *,
        stride: Side = 2,
        pad: Side = 0,
        groups: int = 1,
        name: str = "",
    ) -> Self:
        """Append a transposed convolution."""
        name = name or f"up{len(self.nodes)}"
        net = self.shaped(f"{name}.weight", self.cin, cout // groups, *self.sides(k))
        pads = self.sides(pad)
        return net.op(
            "ConvTranspose",
            f"{name}.weight",
            name=name,
            width=cout,
            pads=[*pads, *pads],
            strides=self.sides(stride),
            group=groups,
        )

    def dense(self, units: int, *, cin: int = 0, name: str = "") -> Self:
        """Append a dense layer on a flat tensor of ``cin`` numbers (default: the channels)."""
        name = name or f"fc{len(self.nodes)}"
        net = self.shaped(f"{name}.weight", units, cin or self.cin).shaped(f"{name}.bias", units)
        return net.op("Gemm", f"{name}.weight", f"{name}.bias", name=name, width=units, transB=1)

    def bn(self) -> Self:
        """Append a batch normalisation for inference."""
        name, net = f"bn{len(self.nodes)}", self
        for part in ("weight", "bias", "running_mean", "running_var"):
            net = net.stored(f"{name}.{part}", np.ones(self.cin, np.float32))
        parts = [f"{name}.{p}" for p in ("weight", "bias", "running_mean", "running_var")]
        return net.op("BatchNormalization", *parts, name=name)

    def pool(self, k: Side = 2, stride: Side = 2, *, pad: Side = 0, op: str = "MaxPool") -> Self:
        """Append a pooling layer."""
        pads = self.sides(pad)
        return self.op(
            op, kernel_shape=self.sides(k), strides=self.sides(stride), pads=[*pads, *pads]
        )

    def relu(self) -> Self:
        return self.op("Relu")

    def gap(self) -> Self:
        return self.op("GlobalAveragePool")

    def flatten(self) -> Self:
        return self.op("Flatten")

    def beside(self, op: str, *inputs: str, result: str, **attrs: Any) -> Self:
        """Add an operator on stored tensors, beside the chain."""
        node = helper.make_node(op, inputs, [result], name=f"/{result}/{op}", **attrs)
        return replace(self, nodes=(*self.nodes, node))

    def mark(self, name: str) -> Self:
        """Name the current tensor."""
        return replace(self, marks={**self.marks, name: (self.last, self.cin)})

    def goto(self, name: str) -> Self:
        """Go on from a named tensor."""
        last, width = self.marks[name]
        return replace(self, last=last, width=width)

    def goto_input(self) -> Self:
        """Go on from the input."""
        return replace(self, last="input", width=self.channels)

    def joined(self, op: str, *inputs: str, **attrs: Any) -> Self:
        """Append an operator with all of its inputs named."""
        name = f"{op.lower()}{len(self.nodes)}"
        node = helper.make_node(op, inputs, [f"{name}_out"], name=f"/{name}/{op}", **attrs)
        return replace(self, nodes=(*self.nodes, node), last=f"{name}_out")

    def add(self, mark: str) -> Self:
        return self.op("Add", self.marks[mark][0])

    def mul(self, mark: str) -> Self:
        return self.op("Mul", self.marks[mark][0])

    def concat(self, mark: str) -> Self:
        other, width = self.marks[mark]
        return self.op("Concat", other, axis=1, width=self.cin + width)

    def output(self) -> Self:
        """Make the current tensor an output, besides the last one."""
        return replace(self, outputs=(*self.outputs, self.last))

    def repeat(self, times: int, block: "Any") -> Self:
        """Apply ``block(net)`` so many times."""
        net = self
        for _ in range(times):
            net = block(net)
        return net

    def proto(self) -> onnx.ModelProto:
        """Return the network as onnx has it."""
        shape = [self.batch, self.channels, *self.grid]
        into = helper.make_tensor_value_info("input", self.dtype, shape)
        names = dict.fromkeys((*self.outputs, self.last))
        outs = [helper.make_tensor_value_info(n, self.dtype, None) for n in names]
        graph = helper.make_graph(list(self.nodes), "net", [into], outs, list(self.weights))
        opsets = [helper.make_opsetid("", 17)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=8)

    def model(self, bindings: Bindings | None = None) -> Model:
        """Load the network as the tool would."""
        return load(self.proto().SerializeToString(), bindings)

    def facts(self) -> Facts:
        """Return the facts of the network."""
        return Facts(self.model())

    def open_facts(self) -> Facts:
        """Return the facts of the network on an input of unknown size.

        Its channels are unknown too: an image is taken to be 224 x 224.
        """
        proto = self.proto()
        for name, dim in zip(
            "cst", proto.graph.input[0].type.tensor_type.shape.dim[1:], strict=False
        ):
            dim.dim_param = name
        return Facts(load(proto.SerializeToString()))

    def _weight(
        self, name: str, dims: tuple[int, ...], values: "np.ndarray[Any, Any] | None"
    ) -> Self:
        return self.shaped(name, *dims) if values is None else self.stored(name, values)


def _same(kernel: tuple[int, ...], rate: tuple[int, ...]) -> tuple[int, ...]:
    return tuple((k - 1) * d // 2 for k, d in zip(kernel, rate, strict=True))
