"""Activation functions whatever their spelling: one operator, or a cluster of them.

Exporters write GELU, HardSwish, SiLU, Mish and their like as several operators in varying
order. Most have one form, ``gain * x * (core(inner(x)) + offset)`` with a polynomial ``inner``,
and are recognised by its numbers, so that the order of factors doesn't matter.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import inf, isinf, nan
from typing import TypeAlias

from cnnlint.facts.activations.arithmetic import LINEAR, Arithmetic, Polynomial, Scaled, close
from cnnlint.model.graph import Key, Model, Node

UNBOUNDED = 3e38
"""A bound of a Clip beyond this is none: old exports write the largest float32."""

SMALL = 1e-3
"""A lower bound below this keeps a divisor from zero; that is no activation."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """The operators that make one activation, in execution order, and its two tensors."""

    kind: str
    members: tuple[Node, ...]
    source: str
    result: str
    bounds: tuple[float, float] | None = None
    """What a clamp (Relu, Relu6, Hardtanh, Clip) keeps its input between; NaN where unknown."""


@dataclass(frozen=True, slots=True)
class _Form:
    """An activation ``gain * x * (core(inner(x)) + offset)``."""

    kind: str
    inner: Polynomial = LINEAR
    gain: float = 1
    offset: float = 0


_SQRT_HALF = 0.5**0.5
_SQRT_2_BY_PI = 0.7978846
FORMS: Mapping[str, tuple[_Form, ...]] = {
    "Sigmoid": (_Form("SiLU"), _Form("QuickGELU", (0, 1.702, 0, 0))),
    "HardSigmoid": (_Form("HardSwish"),),
    "Erf": (_Form("GELU", (0, _SQRT_HALF, 0, 0), 0.5, 1),),
    "Erfc": (_Form("GELU", (0, -_SQRT_HALF, 0, 0), 0.5),),
    "Tanh": (_Form("GELU", (0, _SQRT_2_BY_PI, 0, _SQRT_2_BY_PI * 0.044715), 0.5, 1),),
    "Tanh(Softplus)": (_Form("Mish"),),
    "Clip(0,6)": (_Form("HardSwish", (3, 1, 0, 0), 1 / 6),),
    "Clip(0,1)": (_Form("HardSwish", (0.5, 1 / 6, 0, 0)),),
}
"""Self-gated activations by their core: GELU (Hendrycks and Gimpel, arXiv 1606.08415), SiLU
(Ramachandran et al., 1710.05941), HardSwish (Howard et al., 1905.02244), Mish (Misra,
1908.08681)."""

CLAMPS: Mapping[tuple[float, float], str] = {
    (0, inf): "Relu",
    (0, 6): "Relu6",
    (-1, 1): "Hardtanh",
}
"""Names of clamps by their bounds; any other is a Clip."""


def find_clusters(model: Model, data: frozenset[str]) -> tuple[Cluster, ...]:
    """Return every activation of a model, in execution order of the node that makes its result.

    Args:
        model: the model.
        data: the tensors that carry data (:func:`cnnlint.facts.dataflow.data_tensors`).
    """
    finder = _Finder(model, data)
    for node in model.nodes:
        if node.outputs and node.outputs[0] in data:
            finder.visit(node)
    found = {id(cluster): cluster for cluster in finder.owner.values()}
    return tuple(sorted(found.values(), key=lambda c: finder.order[c.members[-1].key]))


class _Finder:
    """The search through one model; ``owner`` says which cluster a node belongs to."""

    def __init__(self, model: Model, data: frozenset[str]) -> None:
        self.model = model
        self.data = data
        self.read = Arithmetic(model)
        self.order = {node.key: place for place, node in enumerate(model.nodes)}
        self.owner: dict[Key, Cluster] = {}
        self.ends = frozenset(model.outputs)

    def visit(self, node: Node) -> None:
        """Record the cluster whose core a node is; it absorbs what was part of it."""
        match = MATCHERS.get(node.op) if node.inputs else None
        cluster = match(self, node) if match else None
        if cluster:
            self.owner.update((member.key, cluster) for member in cluster.members)

    def alone(self, node: Node) -> Cluster:
        """Match an operator that is an activation on its own."""
        return self._cluster(ALIASES.get(node.op, node.op), (node,), node.inputs[0])

    def sigmoid(self, node: Node) -> Cluster:
        """Match a Sigmoid, multiplied with its own input or not."""
        return self._self_gated("Sigmoid", (node,), node.inputs[0]) or self.alone(node)

    def hard_sigmoid(self, node: Node) -> Cluster:
        """Match a HardSigmoid; with the slope 1/6 it makes a HardSwish."""
        shape = (node.get_float("alpha", 0.2), node.get_float("beta", 0.5))
        swish = None
        if close(shape, (1 / 6, 0.5)):
            swish = self._self_gated("HardSigmoid", (node,), node.inputs[0])
        return swish or self.alone(node)

    def erf(self, node: Node) -> Cluster | None:
        """Match the GELU around an Erf or Erfc; neither is an activation on its own."""
        return self._self_gated(node.op, (node,), node.inputs[0])

    def tanh(self, node: Node) -> Cluster:
        """Match a Tanh: the core of GELU's approximation or, after a Softplus, of Mish."""
        source = node.inputs[0]
        maker = self.read.producer(source)
        inner = self.owner.get(maker.key) if maker else None
        mish = None
        if inner and inner.kind == "Softplus" and inner.result == source:
            mish = self._self_gated("Tanh(Softplus)", (*inner.members, node), inner.source)
        return mish or self._self_gated("Tanh", (node,), source) or self.alone(node)

    def quick_gelu(self, node: Node) -> Cluster:
        """Match ``x * Sigmoid(alpha * x)``, which is SiLU where alpha is 1."""
        alpha = node.get_float("alpha", 1.702 if node.op == "QuickGelu" else 1)
        return self._cluster(
            "SiLU" if close((alpha,), (1,)) else "QuickGELU", (node,), node.inputs[0]
        )

    def softplus(self, node: Node) -> Cluster:
        """Match a Softplus, or ``Where(x > threshold, x, Softplus(x))`` around it."""
        source = node.inputs[0]
        for where in self.read.readers(node.outputs[0]):
            if where.op != "Where" or where.inputs[1:] != (source, node.outputs[0]):
                continue
            test = self.read.producer(where.inputs[0])
            if test and test.op == "Greater":
                return self._cluster("Softplus", (node, test, where), source)
        return self.alone(node)

    def softsign(self, node: Node) -> Cluster | None:
        """Match ``x / (1 + |x|)`` around an Abs."""
        source = node.inputs[0]
        for value in self.read.forward(node.outputs[0]):
            if close((value.scale, value.shift), (1, 1)):
                for divide in self.read.readers(value.tensor):
                    if divide.op == "Div" and divide.inputs == (source, value.tensor):
                        return self._cluster("Softsign", (node, *value.nodes, divide), source)
        return None

    def clamp(self, node: Node) -> Cluster | None:
        """Match Relu, Clip, and Max or Min with a constant; two bounds may be two nodes."""
        source = self._clamped(node)
        if source is None:
            return None
        core: tuple[Node, ...] = (node,)
        bounds = self._bounds(node)
        first = self.read.producer(source)
        if first and self._joins(first, bounds):
            core, source = (first, node), self._clamped(first) or ""
            low, high = self._bounds(first)
            bounds = max(low, bounds[0]), min(high, bounds[1])
        whole = None
        if any(map(isinf, bounds)):
            if 0 < bounds[0] < SMALL:
                return None
        else:
            whole = self._self_gated(f"Clip({bounds[0]:g},{bounds[1]:g})", core, source)
            whole = whole or self._clamp_as_hard_sigmoid(core, source, bounds)
        return whole or self._cluster(CLAMPS.get(bounds, "Clip"), core, source, bounds)

    def _self_gated(self, core: str, nodes: tuple[Node, ...], inner: str) -> Cluster | None:
        """Match one of the forms of a core, for any x that ``inner`` is a polynomial of."""
        for form in FORMS.get(core, ()):
            for value in self.read.forward(nodes[-1].outputs[0]):
                if not close((value.shift,), (form.offset * value.scale,)):
                    continue
                for multiply, factor in self._factors(value.tensor):
                    gain = value.scale * factor.scale
                    inside = self.read.polynomial(inner, factor.tensor)
                    end = self._rescaled(multiply.outputs[0], gain, form.gain)
                    if inside and end and close(inside.coefficients, form.inner):
                        around = (*inside.nodes, *value.nodes, *factor.nodes, multiply, *end.nodes)
                        return self._cluster(form.kind, (*nodes, *around), factor.tensor)
        return None

    def _factors(self, tensor: str) -> Iterator[tuple[Node, Scaled]]:
        """Yield what a tensor is multiplied with, and everything that is a scaled part of."""
        for node in self.read.readers(tensor):
            if node.op != "Mul" or len(node.inputs) != 2:
                continue
            other = node.inputs[1 - node.inputs.index(tensor)]
            for factor in self.read.backward(other):
                if not factor.shift:
                    yield node, factor

    def _rescaled(self, tensor: str, gain: float, wanted: float) -> Scaled | None:
        """Follow a tensor through scalings until its gain is the wanted one."""
        for value in self.read.forward(tensor):
            if not value.shift and close((gain * value.scale,), (wanted,)):
                return value
        return None

    def _clamp_as_hard_sigmoid(
        self, core: tuple[Node, ...], source: str, bounds: tuple[float, float]
    ) -> Cluster | None:
        """Match a clamp of ``slope * x + start`` that ends at 0 and 1 and is 0.5 at 0."""
        for after in self.read.forward(core[-1].outputs[0]):
            if not close(tuple(after.scale * end + after.shift for end in bounds), (0, 1)):
                continue
            for before in reversed(tuple(self.read.backward(source))):
                middle = after.scale * before.shift + after.shift
                if close((middle,), (0.5,)):
                    members = (*before.nodes, *core, *after.nodes)
                    return self._cluster("HardSigmoid", members, before.tensor)
        return None

    def _clamped(self, node: Node) -> str | None:
        """Return the tensor that a node clamps between constants, None if it does no such."""
        if node.op in ("Relu", "Clip"):
            return node.inputs[0]
        if node.op not in ("Max", "Min") or self._limit(node) is None:
            return None
        return next((name for name in node.inputs if name in self.data), None)

    def _limit(self, node: Node) -> float | None:
        """Return the constant of a Max or Min of one tensor and one number."""
        numbers = [self.read.scalar(name) for name in node.inputs if name not in self.data]
        return numbers[0] if len(numbers) == 1 and len(node.inputs) == 2 else None

    def _bounds(self, node: Node) -> tuple[float, float]:
        """Return the bounds of a clamp; NaN for one that is not known."""
        limit = self._limit(node) if node.op in ("Max", "Min") else None
        if limit is not None:
            return (limit, inf) if node.op == "Max" else (-inf, limit)
        if node.op == "Relu":
            return 0, inf
        return self._bound(node, 1, "min", -inf), self._bound(node, 2, "max", inf)

    def _bound(self, node: Node, index: int, attribute: str, default: float) -> float:
        """Read a bound of a Clip: an input since opset 11, an attribute before."""
        bound = node.get_float(attribute, default)
        if len(node.inputs) > index and node.inputs[index]:
            number = self.read.scalar(node.inputs[index])
            bound = nan if number is None else number
        return default if abs(bound) > UNBOUNDED else bound

    def _joins(self, first: Node, bounds: tuple[float, float]) -> bool:
        """Return whether a node is the other half of a clamp that has but one bound."""
        if self._clamped(first) is None:
            return False
        open_ends = tuple(map(isinf, (*self._bounds(first), *bounds)))
        if open_ends not in ((False, True, True, False), (True, False, False, True)):
            return False
        result = first.outputs[0]
        return result not in self.ends and len(self.read.readers(result)) <= 1

    def _cluster(
        self,
        kind: str,
        members: tuple[Node, ...],
        source: str,
        bounds: tuple[float, float] | None = None,
    ) -> Cluster:
        """Make a cluster of nodes in any order, some of them perhaps named twice."""
        if len(members) == 1:
            return Cluster(kind, members, source, members[0].outputs[0], bounds)
        unique = {node.key: node for node in members}
        ordered = sorted(unique.values(), key=lambda node: self.order[node.key])
        return Cluster(kind, tuple(ordered), source, ordered[-1].outputs[0], bounds)


ALIASES: Mapping[str, str] = {
    **dict.fromkeys(("Gelu", "FastGelu", "BiasGelu"), "GELU"),
    "QLinearLeakyRelu": "LeakyRelu",
    "QLinearSigmoid": "Sigmoid",
    "QLinearSoftmax": "Softmax",
}
"""Canonical names of operators that are called otherwise."""

_Match: TypeAlias = Callable[[_Finder, Node], Cluster | None]
MATCHERS: Mapping[str, _Match] = {
    **dict.fromkeys(("LeakyRelu", "PRelu", "ThresholdedRelu"), _Finder.alone),
    **dict.fromkeys(("Elu", "Selu", "Celu", "Softsign", "HardSwish", "Mish"), _Finder.alone),
    **dict.fromkeys(("Softmax", "LogSoftmax"), _Finder.alone),
    **dict.fromkeys(ALIASES, _Finder.alone),
    **dict.fromkeys(("Relu", "Clip", "Max", "Min"), _Finder.clamp),
    **dict.fromkeys(("Erf", "Erfc"), _Finder.erf),
    **dict.fromkeys(("QuickGelu", "Swish"), _Finder.quick_gelu),
    "Sigmoid": _Finder.sigmoid,
    "HardSigmoid": _Finder.hard_sigmoid,
    "Tanh": _Finder.tanh,
    "Softplus": _Finder.softplus,
    "Abs": _Finder.softsign,
}
"""What each operator may be the core of."""
