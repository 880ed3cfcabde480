"""Small graphs as text, in the notation of onnx.parser, where it is short to write.

A number among the operands is a constant. A name that no line makes is a weight, of a shape
that its first letter decides (:data:`WEIGHTS`); a Conv pads such that the map keeps its size.
"""

import re
from collections.abc import Mapping

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper, parser

from cnnlint.facts.activations.roles import Activations, recognise
from cnnlint.facts.dataflow import data_tensors
from cnnlint.facts.layers import Pool, Weighted, typed_layers
from cnnlint.facts.structure.topology import Topology, analyse
from cnnlint.model.graph import Key, Model
from cnnlint.model.loader import load

WEIGHTS: Mapping[str, tuple[int, ...]] = {
    "w": (8, 8, 3, 3),  # a convolution
    "p": (8, 8, 1, 1),  # a pointwise one
    "d": (8, 1, 3, 3),  # a depthwise one
    "q": (8, 1, 1, 1),  # a depthwise one with a window of 1
    "o": (1, 8, 1, 1),  # one to a single channel
    "m": (8, 8),  # a matrix
    "g": (1, 8, 1, 1),  # a scale or shift for each channel
    "s": (1, 8, 16, 16),  # a map
}
"""Structure only, by first letter; ``z`` is a scale of zeros."""
HEADER = '<ir_version: 8, opset_import: ["" : 17, "com.microsoft" : 1]> net'
OPERANDS = re.compile(r"\(([^()]*)\)$")
NUMBER = re.compile(r"-?\d")


def graph(text: str, outputs: str = "y", inputs: str = "float[1,8,16,16] x") -> Model:
    """Load the graph that has these lines."""
    return load(proto(text, outputs, inputs).SerializeToString())


def proto(text: str, outputs: str = "y", inputs: str = "float[1,8,16,16] x") -> onnx.ModelProto:
    """Return the graph that has these lines as onnx has it."""
    numbers: dict[str, str] = {}
    body = "\n".join(_named(line.strip(), numbers) for line in text.strip().splitlines())
    stored = "\n".join(
        f"{name} = Constant<value_float={float(number)!r}>()" for number, name in numbers.items()
    )
    model = parser.parse_model(f"{HEADER} ({inputs}) => ({outputs}) {{ {stored} {body} }}")
    made = {entry.name for entry in model.graph.input}
    made |= {name for node in model.graph.node for name in node.output}
    read = dict.fromkeys(name for node in model.graph.node for name in node.input if name)
    model.graph.initializer.extend(_weight(name) for name in read if name not in made)
    for node in model.graph.node:
        if node.op_type == "Conv" and not node.attribute:
            _complete(node)
    return model


def weighted(model: Model) -> dict[Key, Weighted]:
    """Return the layers with weights."""
    layers = typed_layers(model, data_tensors(model)).items()
    return {key: layer for key, layer in layers if not isinstance(layer, Pool)}


def activations(model: Model) -> Activations:
    """Return the activations of a model."""
    return recognise(model, data_tensors(model), frozenset(weighted(model)))


def topology(model: Model) -> Topology:
    """Return the topology of a model."""
    edges = activations(model).gate_edges
    return analyse(model, data_tensors(model), weighted(model), edges)


def _named(line: str, numbers: dict[str, str]) -> str:
    """Put names in place of the numbers among the operands of a line."""

    def name(operand: str) -> str:
        operand = operand.strip()
        if not NUMBER.match(operand):
            return operand
        return numbers.setdefault(operand, f"number{len(numbers)}")

    return OPERANDS.sub(lambda found: "(" + ", ".join(map(name, found[1].split(","))) + ")", line)


def _weight(name: str) -> TensorProto:
    if name[0] == "z":
        return numpy_helper.from_array(np.zeros((1, 8, 1, 1), np.float32), name)
    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=WEIGHTS[name[0]])
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="weights.bin")
    return tensor


def _complete(conv: onnx.NodeProto) -> None:
    letter = conv.input[1][0]
    pad = WEIGHTS[letter][-1] // 2
    conv.attribute.append(helper.make_attribute("pads", [pad] * 4))
    if letter in "dq":
        conv.attribute.append(helper.make_attribute("group", 8))
