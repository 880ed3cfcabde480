"""If, Loop and Scan in a graph: a walk through their bodies, and what comes out of them.

Each body is a graph of its own, in which the tensors around it are known. A loop that builds a
sequence is put in its place run by run.
"""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import TYPE_CHECKING, TypeAlias

from cnnlint.model import control
from cnnlint.model.draft import Draft, FunctionKey
from cnnlint.model.graph import Body, Input, Node, Value
from cnnlint.model.scope import Scope, inside
from cnnlint.model.tensors import constant

if TYPE_CHECKING:
    from cnnlint.model.unfold import Unfolding

_ATTEMPTS = 4
"""Passes through a loop until its shapes must have settled; each one frees at least a size."""

Stack: TypeAlias = tuple[FunctionKey, ...]
"""Functions that are being unfolded, the outermost first."""


@dataclass(frozen=True, slots=True)
class Site:
    """A node with bodies, and where it stands."""

    walk: "Unfolding"
    """Through the graph around it."""
    node: Node
    bodies: Mapping[str, Draft]
    scope: Scope
    """Of the bodies, as far as it is the same for all of them."""
    stack: Stack

    @property
    def taken(self) -> str | None:
        """The one branch of an If that is taken whatever the input, None where that depends."""
        sure = control.taken(self._value(0)) if self.node.op == "If" else None
        return sure if sure in self.bodies else None

    @property
    def is_complete(self) -> bool:
        """Whether the node is an operator with bodies, and has those that it needs."""
        wanted = _BODIES.get(self.node.op)
        return wanted is not None and wanted <= self.bodies.keys()

    def outcome(self) -> "Outcome | None":
        """Go through the bodies; None where the node has been replaced by what they do."""
        walks = {"If": self._if, "Loop": self._loop, "Scan": self._scan}
        return walks[self.node.op]()

    def _if(self) -> "Outcome":
        then, other = (self._child(name, ()) for name in ("then_branch", "else_branch"))
        pairs = zip(then.results, other.results, strict=False)
        outputs = [Value("", a.dtype, control.either(a.shape, b.shape)) for a, b in pairs]
        return outputs, (then.body(None), other.body(None))

    def _loop(self) -> "Outcome | None":
        count, start = self._value(0), self._value(1)
        first = [Value("", "int64", ()), Value("", "bool", ())]
        states = self._unsettled(range(2, len(self.node.inputs)))
        child, states = self._settled(lambda states: [*first, *states], states, 1)
        runs = control.loop_runs(count, start, goes_on=child.goes_on())
        no_scans = len(child.results) == 1 + len(states)
        grows = no_scans and self.walk.sequences.any(self.node.inputs[2:])
        if grows and runs is not None and runs <= self.walk.shared.unrolled:
            self.walk.shared.unrolled -= runs
            self._unroll(runs)
            return None
        made = child.results[1 + len(states) :]
        scans = [Value("", v.dtype, control.stacked(v.shape, 0, runs)) for v in made]
        return [*states, *scans], (child.body(runs),)

    def _unroll(self, runs: int) -> None:
        """Put the runs of a loop in its place, one after the other."""
        body, states = self.bodies["body"], self.node.inputs[2:]
        formal = [entry.name for entry in body.inputs]
        for run in range(runs):
            prefix = self.walk.shared.prefix(f"{self.node.op}.{run}")
            step, go = f"{prefix}iteration", f"{prefix}condition"
            self.walk.inference.values[step] = constant(step, "value_int", run)
            self.walk.inference.values[go] = Value(go, "bool", ())
            made = tuple(f"{prefix}{index}" for index in range(len(states)))
            call = replace(self.node, outputs=("", *made), path=f"{self.node.path}.{run}")
            bound = dict(zip(formal, (step, go, *states), strict=False))
            self.walk.splice(call, body, bound, self.scope, self.stack)
            states = made
        self.walk.copy(zip(states, self.node.outputs, strict=False), self.node.path)

    def _scan(self) -> "Outcome":
        total = len(self.node.inputs)
        kept = range(total - min(max(self.node.get_int("num_scan_inputs", 0), 0), total))
        axes = control.scan_axes(self.node, "scan_input_axes", total - len(kept))
        whole = self._unsettled(range(len(kept), total))
        slices = [
            Value("", v.dtype, control.slice_of(v.shape, a))
            for v, a in zip(whole, axes, strict=True)
        ]
        states = self._unsettled(kept)
        child, states = self._settled(lambda states: [*states, *slices], states, 0)
        runs = control.scan_runs([value.shape for value in whole], axes)
        made = child.results[len(states) :]
        places = control.scan_axes(self.node, "scan_output_axes", len(made))
        scans = [
            Value("", v.dtype, control.stacked(v.shape, a, runs))
            for v, a in zip(made, places, strict=True)
        ]
        return [*states, *scans], (child.body(runs),)

    def _settled(
        self,
        fed: Callable[[list[Value]], list[Value]],
        states: list[Value],
        skipped: int,
    ) -> "tuple[_Child, list[Value]]":
        """Go through a loop's body until its state has a shape that no run changes.

        ``fed`` returns the inputs of the body for a state; ``skipped`` outputs stand before the
        new state.
        """
        for _ in range(_ATTEMPTS):
            child = self._child("body", fed(states))
            wider = control.widened(states, child.results[skipped:])
            if wider == states:
                return child, states
            states = wider
        states = [replace(value, shape=None) for value in states]
        return self._child("body", fed(states)), states

    def _child(self, name: str, formal: Sequence[Value]) -> "_Child":
        """Go through one body as a graph of its own."""
        draft = self.bodies[name]
        prefix = self.walk.shared.prefix(f"{self.node.op}.{name}")
        bound = {entry.name: prefix + entry.name for entry in draft.inputs}
        scope = replace(
            self.scope,
            prefix=prefix,
            names=inside(draft, prefix, bound),
            path=f"{self.node.path}.{name}",
        )
        fed = zip_longest(draft.inputs, formal[: len(draft.inputs)])
        given = [replace(v or Value(""), name=bound[entry.name]) for entry, v in fed]
        around = [self.walk.inference.values.get(scope.actual(name)) for name in draft.captures]
        known = [value for value in around if value is not None]
        given += [value for value in known if not _constant(value)]
        walk = self.walk.inside([*given, *known])
        walk.run(draft, scope, self.stack)
        inputs = [Input(value.name, value.dtype, None, value.shape) for value in given]
        return _Child(name, walk, inputs, tuple(scope.actual(o) for o in draft.outputs))

    def _value(self, index: int) -> Value | None:
        name = self.node.inputs[index] if index < len(self.node.inputs) else ""
        return self.walk.inference.values.get(name, Value(name)) if name else None

    def _unsettled(self, places: range) -> list[Value]:
        """Return inputs without their numbers, which the runs of a body change."""
        values = (self._value(index) or Value("") for index in places)
        return [Value("", value.dtype, value.shape) for value in values]


@dataclass(frozen=True, slots=True)
class _Child:
    """A body that has been walked through."""

    name: str
    walk: "Unfolding"
    inputs: Sequence[Input]
    outputs: tuple[str, ...]

    @property
    def results(self) -> list[Value]:
        """What comes out of one run."""
        return [self.walk.inference.values.get(name, Value(name)) for name in self.outputs]

    def body(self, runs: int | None) -> Body:
        return Body(self.name, self.walk.model(self.inputs, self.outputs), runs)

    def goes_on(self) -> bool:
        """Return whether the first output, a loop's condition, is true or what was fed in."""
        if not self.outputs or len(self.inputs) < 2:
            return False
        maker = {name: node for node in self.walk.nodes for name in node.outputs}
        name = self.outputs[0]
        while (node := maker.get(name)) and node.op == "Identity" and node.inputs:
            name = node.inputs[0]
        value = self.walk.inference.values.get(name)
        return name == self.inputs[1].name or control.taken(value) == "then_branch"


Outcome: TypeAlias = tuple[list[Value], tuple[Body, ...]]
"""The node's outputs and its bodies."""
_BODIES: Mapping[str, AbstractSet[str]] = {
    "If": {"then_branch", "else_branch"},
    "Loop": {"body"},
    "Scan": {"body"},
}
"""The bodies that each operator needs."""


def _constant(value: Value) -> bool:
    return value.stored or value.const is not None
