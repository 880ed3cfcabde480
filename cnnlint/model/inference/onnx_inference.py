"""Shapes from onnx's own inference, one node at a time, for operators without a handler here.

Native code gets only what it can't hang or die on: convolution, pooling, Einsum and whatever
else has a handler never come here, and the bodies of an If or Loop are left out.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cnnlint.model.graph import Dim, Node, Value
from cnnlint.model.protos import dtype_name

if TYPE_CHECKING:
    import onnx

_MAX_ELEMENTS = 4_096
"""Constants up to this size are handed over; inference reads sizes, not weights."""
_REFUSALS = (RuntimeError, TypeError, ValueError, LookupError)
"""What onnx raises besides its own errors where a node doesn't fit its schema."""


class OnnxInference:
    """Asks onnx; remembers which operators it knows."""

    def __init__(self, opsets: Mapping[str, int]) -> None:
        """``opsets`` are the operator sets that the model imports."""
        self._opsets = opsets
        self._schemas: dict[tuple[str, str], onnx.defs.OpSchema | None] = {}

    def outputs(self, node: Node, inputs: Sequence[Value | None]) -> dict[str, Value]:
        """Return the outputs of which onnx knows a shape."""
        schema = self._schema(node)
        if schema is None:
            return {}
        from onnx import checker, helper, shape_inference  # noqa: PLC0415  (see _look_up)

        present = [value for value in inputs if value is not None]
        try:
            found = shape_inference.infer_node_outputs(
                schema,
                _node_proto(node),
                {value.name: _type_proto(value) for value in present},
                {value.name: proto for value in present if (proto := _tensor_proto(value))},
                opset_imports=[
                    helper.make_opsetid(domain, version)
                    for domain, version in self._opsets.items()
                ],
            )
        except (shape_inference.InferenceError, checker.ValidationError, *_REFUSALS):
            return {}
        values = (_value(name, kind) for name, kind in found.items())
        return {value.name: value for value in values if value is not None}

    def _schema(self, node: Node) -> "onnx.defs.OpSchema | None":
        key = (node.domain, node.op)
        if key not in self._schemas:
            self._schemas[key] = self._look_up(node)
        return self._schemas[key]

    def _look_up(self, node: Node) -> "onnx.defs.OpSchema | None":
        from onnx import defs  # noqa: PLC0415  (0.15 s that models of common operators don't need)

        try:
            return defs.get_schema(_bare(node), self._opsets.get(node.domain, 1), node.domain)
        except (defs.SchemaError, TypeError, ValueError):
            return None


def _bare(node: Node) -> str:
    return node.op.removeprefix(f"{node.domain}:")


def _node_proto(node: Node) -> "onnx.NodeProto":
    from onnx import helper  # noqa: PLC0415  (see _look_up)

    proto = helper.make_node(_bare(node), node.inputs, node.outputs, domain=node.domain)
    proto.attribute.extend(helper.make_attribute(k, v) for k, v in node.attrs.items() if v != ())
    return proto


def _type_proto(value: Value) -> "onnx.TypeProto":
    from onnx import TypeProto  # noqa: PLC0415  (see _look_up)

    proto = TypeProto()
    proto.tensor_type.elem_type = _kind(value.dtype)
    if value.shape is not None:
        proto.tensor_type.shape.SetInParent()
        for size in value.shape:
            dim = proto.tensor_type.shape.dim.add()
            if size is not None:
                dim.dim_value = size
    return proto


def _tensor_proto(value: Value) -> "onnx.TensorProto | None":
    from onnx import numpy_helper  # noqa: PLC0415  (see _look_up)

    if value.const is None or value.const.size > _MAX_ELEMENTS:
        return None
    return numpy_helper.from_array(value.const, value.name)


def _kind(dtype: str | None) -> int:
    """Return the number of an element type, 0 where it is unknown."""
    from onnx import TensorProto  # noqa: PLC0415  (see _look_up)

    names = {"float32": "FLOAT", "float64": "DOUBLE", None: "UNDEFINED"}
    return int(TensorProto.DataType.Value(names.get(dtype) or str(dtype).upper()))


def _value(name: str, kind: "onnx.TypeProto") -> Value | None:
    """Return an output as onnx describes it, None where it says nothing of its shape."""
    if not kind.tensor_type.HasField("shape"):
        return None
    dims: list[Dim] = [
        d.dim_value if d.HasField("dim_value") else None for d in kind.tensor_type.shape.dim
    ]
    return Value(name, dtype_name(kind.tensor_type.elem_type), tuple(dims))
