"""Shape inference: one pass over the nodes, folding the arithmetic that shapes are made of.

All arithmetic is our own: onnx's inference neither folds what shapes are made of nor survives
hostile nodes. What the file declares is the last resort, for operators without a handler.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cnnlint.model.control import scan_fault
from cnnlint.model.defect import Defect, Kind
from cnnlint.model.graph import Node, Value
from cnnlint.model.inference.call import (
    UNKNOWN_OPSET,
    Call,
    Contradiction,
    Handler,
    Numbers,
    Shapes,
    Unresolved,
    check_count,
    check_shape,
)
from cnnlint.model.inference.dtypes import output_dtypes
from cnnlint.model.inference.folding import FOLDS, fold
from cnnlint.model.inference.handlers import HANDLERS
from cnnlint.model.schemas import Schemas

_NO_HANDLERS: Mapping[str, Handler] = {}
_MALFORMED = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What a handler may run into where attributes or inputs are of the wrong kind."""
_FOLDED_NUMBERS = 8_000_000
"""How many numbers folding may read and write in one model: it bounds both time and memory."""


@dataclass(frozen=True, slots=True)
class Inferred:
    """What follows from the shapes of the inputs and weights."""

    values: dict[str, Value]
    """Every tensor of the graph."""
    defects: tuple[Defect, ...]
    """Nodes that can't run."""


def infer(
    nodes: Sequence[Node],
    given: Mapping[str, Value],
    opsets: Mapping[str, int],
    declared: Mapping[str, Value],
) -> Inferred:
    """Infer the shape of every tensor, and compute the small ones that shapes depend on.

    Args:
        nodes: in topological order.
        given: inputs, stored tensors and outputs of Constant nodes.
        opsets: the imported operator sets by domain.
        declared: what the file says of other tensors; believed only where nothing else is known.

    Returns:
        All tensors; those about which nothing is known have no shape. A node that contradicts
        itself leaves its outputs unknown, and inference goes on.
    """
    inference = Inference(given, opsets)
    for value in declared.values():
        inference.declare(value)
    with np.errstate(all="ignore"):
        for node in nodes:
            inference.visit(node)
    return Inferred(inference.values, tuple(inference.defects))


class Inference:
    """The state of one pass through a graph: :func:`infer`, a node at a time."""

    def __init__(self, given: Mapping[str, Value], opsets: Mapping[str, int]) -> None:
        """Begin with what is given: inputs and stored tensors."""
        self.values = {name: _sound(value) for name, value in given.items()}
        self.defects: list[Defect] = []
        self._declared: dict[str, Value] = {}
        self._opsets = opsets
        self._opset = opsets.get("") or opsets.get("ai.onnx") or UNKNOWN_OPSET
        self._schemas = Schemas(opsets)
        self._partial: dict[str, Numbers] = {}
        self._room = [_FOLDED_NUMBERS]

    def inside(self, given: Sequence[Value]) -> "Inference":
        """Return what begins with ``given`` in a body of this graph."""
        body = Inference({value.name: value for value in given}, self._opsets)
        body._schemas, body._room = self._schemas, self._room
        names = (value.name for value in given)
        body._partial = {name: self._partial[name] for name in names if name in self._partial}
        return body

    def declare(self, value: Value) -> None:
        """Take down what the file says of a tensor; believed where nothing else is known."""
        self._declared[value.name] = value

    def settle(self, value: Value) -> None:
        """Take down what is known of the output of a node that was not visited."""
        declared = self._declared.get(value.name)
        self.values[value.name] = _sound(declared if value.shape is None and declared else value)

    def visit(self, node: Node, opset: int | None = None) -> None:
        """Find out what the outputs of a node are; ``opset`` is its own, if it has one."""
        values = self.values
        if node.op == "Constant" and not node.domain:
            for name in node.outputs:
                value = self._stranger(name)
                if value == Value(name):
                    self._note(node, "a Constant without a value", Kind.NODE)
            return
        self.inspect(node, opset)
        inputs = [values.get(name) or self._stranger(name) for name in node.inputs]
        handler = HANDLERS.get(node.domain, _NO_HANDLERS).get(node.op)
        if handler is None:
            self._believe(node)
            return
        call = Call(node, inputs, self._partial, opset or self._opset)
        shapes, dtypes = self._shapes(handler, call), output_dtypes(call)
        outputs = [
            Value(name, dtype, shapes[index] if index < len(shapes) else None)
            for index, (name, dtype) in enumerate(zip(node.outputs, dtypes, strict=True))
        ]
        if node.op in FOLDS and self._room[0] > 0:
            outputs = self._folded(call, outputs)
        for value in outputs:
            if value.name:
                values[value.name] = value

    def inspect(self, node: Node, opset: int | None = None) -> None:
        """Note what a node has or lacks against its operator's schema."""
        version = opset or self._opset
        fault = self._schemas.fault(node, version)
        if node.op == "Scan" and not node.domain:
            fault = fault or scan_fault(node, version)
        if fault:
            unknown = self._schemas.is_unknown(node, version)
            self._note(node, fault, Kind.OPERATOR if unknown else Kind.NODE)

    def _stranger(self, name: str) -> Value | None:
        """Return a tensor that nothing makes; None for an absent input."""
        return self.values.setdefault(name, Value(name)) if name else None

    def _shapes(self, handler: Handler, call: Call) -> Shapes:
        """Return the shapes of the outputs, none where they are unknown; note a defect."""
        try:
            shapes = handler(call)
            for shape in shapes:
                check_shape(shape)
                check_count(shape)
        except Unresolved:
            return ()
        except Contradiction as clash:
            self._note(call.node, str(clash), clash.kind)
            return ()
        except _MALFORMED:
            self._note(call.node, "malformed inputs or attributes", Kind.NODE)
            return ()
        return shapes

    def _folded(self, call: Call, outputs: list[Value]) -> list[Value]:
        """Return the outputs of a node with their numbers, as far as these can be computed."""
        try:
            found = fold(call, outputs)
        except Contradiction as clash:
            self._note(call.node, str(clash), clash.kind)
            return outputs
        except (Unresolved, *_MALFORMED):
            return outputs  # the shapes made sense, and numbers are welcome but not needed
        filled = list(outputs)
        read = [call.numbers_or_none(index) for index in range(len(call.inputs))] if found else []
        self._room[0] -= sum(numbers.array.size for numbers in (*read, *found) if numbers)
        for index, numbers in enumerate(found):
            if numbers is None:
                continue
            value = outputs[index]
            if numbers.known is None:
                filled[index] = Value(value.name, value.dtype, value.shape, numbers.array)
            else:
                self._partial[value.name] = numbers
        return filled

    def _believe(self, node: Node) -> None:
        """Take what the file says of the outputs of a node without a handler."""
        for name in filter(None, node.outputs):
            self.values[name] = _sound(self._declared.get(name) or Value(name))

    def _note(self, node: Node, text: str, kind: Kind) -> None:
        """Take down a defect; the first of a node counts, others may follow from it."""
        if not self.defects or self.defects[-1].node != node.key:
            self.defects.append(Defect(kind, text, node.key))


def _sound(value: Value) -> Value:
    """Return a tensor without its shape where no tensor can have that."""
    try:
        check_shape(value.shape)
    except Contradiction:
        return replace(value, shape=None)
    return value
