"""A graph as it runs: functions unfolded where they are called, bodies where they are sure.

The branch of an If that is taken whatever the input stands in the place of the If. Other bodies
become models of their own: nobody knows beforehand which of them runs, or how often.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import TypeAlias

from cnnlint.errors import LoadError
from cnnlint.model import control
from cnnlint.model.draft import Draft, Function, FunctionKey
from cnnlint.model.graph import Body, Input, Key, Model, Node, Value
from cnnlint.model.paths import TRANSPARENT, module_of, tell_apart
from cnnlint.model.protos import declared_value
from cnnlint.model.scope import Scope, inside
from cnnlint.model.sequences import OPERATORS, Sequences
from cnnlint.model.shapes import Inference
from cnnlint.model.tensors import constant

MAX_NODES = 200_000
"""Nodes that functions and bodies may add; thirty functions that call the next one twice make
a billion."""
MAX_DEPTH = 60
"""Functions that call functions; modules of a network nest a dozen deep."""
_ATTEMPTS = 4
"""Passes through a loop until its shapes must have settled; each one frees at least a size."""

MAX_UNROLLED = 1_000
"""Runs of loops over sequences that are put one after the other, in all of a model."""

Stack: TypeAlias = tuple[FunctionKey, ...]


@dataclass(slots=True)
class Shared:
    """What all graphs of one model share while they are unfolded."""

    functions: Mapping[FunctionKey, Function]
    symbols: Mapping[str, int]
    shell: Model
    """The model that bodies belong to, still empty."""
    mark: str
    """What no name of the main graph begins with."""
    room: int = MAX_NODES
    unrolled: int = MAX_UNROLLED
    """Runs of loops that may still be unrolled."""
    unfolded: int = 0

    def prefix(self, label: str) -> str:
        """Return the beginning of all names of one unfolded graph; no other one has it."""
        self.unfolded += 1
        return f"{self.mark}{self.unfolded}:{label}/"

    def spend(self, nodes: int) -> None:
        """Count nodes that are not in the main graph, and tensors as nodes.

        Raises:
            LoadError: there are too many.
        """
        self.room -= nodes
        if self.room < 0:
            path = self.shell.origin.path
            cause = f"{path}: functions and bodies unfold to more than {MAX_NODES:,} nodes"
            raise LoadError("too-many-nodes", cause, "no exporter writes this; export it again")


@dataclass(slots=True)
class Unfolding:
    """One walk through a graph; ``nodes`` and ``bodies`` grow as it goes on."""

    shared: Shared
    inference: Inference
    nodes: list[Node] = field(default_factory=list)
    bodies: dict[Key, tuple[Body, ...]] = field(default_factory=dict)
    sequences: Sequences = field(default_factory=Sequences)

    def run(self, draft: Draft, scope: Scope, stack: Stack = ()) -> None:
        """Go through the nodes of a graph in order.

        Raises:
            LoadError: a function calls itself, or too much unfolds.
        """
        self._enter(draft, scope)
        plain = not (scope.prefix or draft.bodies or draft.calls)
        for node in draft.nodes:
            if plain:
                self._step(node, None)
                continue
            index = node.key[1]
            own = scope.node(node, draft.references.get(index, {}))
            if scope.prefix:
                self.shared.spend(1)
                own = self._named(own)
            if index in draft.calls:
                self._call(own, draft.calls[index], stack)
            elif index in draft.bodies:
                inner = replace(scope, around=scope, path=own.path)
                self._control(own, _Site(draft.bodies[index], inner, stack))
            else:
                if own.op == "Constant" and index in draft.references:
                    self._fill(own)
                self._step(own, scope.opset)

    def model(self, inputs: Sequence[Input], outputs: Sequence[str]) -> Model:
        """Return what has been walked through as a model."""
        nodes = self.sequences.without_idle(self.nodes, outputs)
        if self.shared.unfolded:
            paths = tell_apart([node.path for node in nodes])
            nodes = [replace(node, path=path) for node, path in zip(nodes, paths, strict=True)]
        return replace(
            self.shared.shell,
            inputs=tuple(inputs),
            outputs=tuple(outputs),
            nodes=tuple(nodes),
            values=self.inference.values,
            defects=tuple(self.inference.defects),
            bodies=self.bodies,
        )

    def _enter(self, draft: Draft, scope: Scope) -> None:
        """Make known what the graph stores and declares."""
        if scope.prefix:
            self.shared.spend(len(draft.stored) + len(draft.declared))
            for name, value in draft.stored.items():
                actual = scope.actual(name)
                self.inference.values[actual] = replace(value, name=actual)
        for entry in draft.declared:
            value = declared_value(entry, self.shared.symbols)
            self.inference.declare(replace(value, name=scope.actual(entry.name)))

    def _fill(self, node: Node) -> None:
        """Make known a constant whose numbers are an attribute of the function around it."""
        for form, number in node.attrs.items():
            self.inference.values |= {name: constant(name, form, number) for name in node.outputs}

    def _step(self, node: Node, opset: int | None) -> None:
        if node.op in OPERATORS:
            node = self.sequences.follow(node, self.inference.values)
        self.inference.visit(node, opset)
        self.nodes.append(node)

    def _named(self, node: Node) -> Node:
        """Return a node under the name of its module, where a stored weight tells it."""
        values = self.inference.values
        for name in node.inputs:
            module = module_of(name) if name in values and values[name].stored else None
            if module and node.op not in TRANSPARENT:
                return replace(node, path=module)
        return node

    def _call(self, call: Node, key: FunctionKey, stack: Stack) -> None:
        function = self.shared.functions[key]
        if key in stack or len(stack) >= MAX_DEPTH:
            does = "calls itself" if key in stack else f"is called {MAX_DEPTH} functions deep"
            cause = f"{self.shared.shell.origin.path}: function {key[1]} {does}"
            raise LoadError("recursive-function", cause, "export it again, without functions")
        formal = [entry.name for entry in function.draft.inputs]
        bound = dict.fromkeys(formal, "") | dict(zip(formal, call.inputs, strict=False))
        scope = Scope(
            attrs={**function.defaults, **call.attrs},
            path=call.path,
            opset=function.opsets.get(""),
        )
        self._splice(call, function.draft, bound, scope, (*stack, key))

    def _splice(
        self, call: Node, draft: Draft, bound: dict[str, str], scope: Scope, stack: Stack
    ) -> None:
        """Put a graph into the place of the node ``call``, its outputs under that one's names."""
        made = {name for node in draft.nodes for name in node.outputs}
        copied = []
        for inner, outer in zip(draft.outputs, call.outputs, strict=False):
            if outer and inner in made and inner not in bound:
                bound[inner] = outer
            elif outer:
                copied.append((inner, outer))
        prefix = self.shared.prefix(call.op)
        scope = replace(scope, prefix=prefix, names=inside(draft, prefix, bound))
        self.run(draft, scope, stack)
        self._copy(((scope.actual(inner), outer) for inner, outer in copied), call.path)

    def _copy(self, pairs: Iterable[tuple[str, str]], path: str) -> None:
        """Make each second tensor a copy of the first, below a layer path."""
        prefix, path = self.shared.prefix("Identity"), f"{path}.Identity"
        for number, (name, copy) in enumerate(pairs):
            key = (prefix, number)
            self._step(Node(key, "", "Identity", "", (name,), (copy,), {}, path), None)

    def _control(self, node: Node, site: "_Site") -> None:
        """Go through the bodies of a node; of an If whose condition is known, through one."""
        sure = control.taken(self._value(node, 0)) if node.op == "If" else None
        if sure and sure in site.bodies:
            self._splice(node, site.bodies[sure], {}, site.scope, site.stack)
            return
        walks = {"If": self._if, "Loop": self._loop, "Scan": self._scan}
        wanted = _BODIES.get(node.op)
        if wanted is None or not wanted <= site.bodies.keys():
            self._step(node, site.scope.opset)
            return
        found = walks[node.op](node, site)
        if found is None:
            return
        outputs, bodies = found
        self.nodes.append(node)
        self.bodies[node.key] = bodies
        for name, value in zip_longest(node.outputs, outputs[: len(node.outputs)]):
            if name:
                self.inference.settle(replace(value or Value(name), name=name))

    def _if(self, node: Node, site: "_Site") -> "_Outcome":
        then, other = (
            self._child(node, name, site, ()) for name in ("then_branch", "else_branch")
        )
        pairs = zip(then.results, other.results, strict=False)
        outputs = [Value("", a.dtype, control.either(a.shape, b.shape)) for a, b in pairs]
        return outputs, (then.body(None), other.body(None))

    def _loop(self, node: Node, site: "_Site") -> "_Outcome | None":
        count, start = self._value(node, 0), self._value(node, 1)
        first = [Value("", "int64", ()), Value("", "bool", ())]
        states = self._unsettled(node, range(2, len(node.inputs)))
        child, states = self._settled(node, site, lambda states: [*first, *states], states, 1)
        runs = control.loop_runs(count, start, goes_on=child.goes_on())
        grows = self.sequences.any(node.inputs[2:]) and len(child.results) == 1 + len(states)
        if grows and runs is not None and runs <= self.shared.unrolled:
            self.shared.unrolled -= runs
            self._unroll(node, site, runs)
            return None
        made = child.results[1 + len(states) :]
        scans = [Value("", v.dtype, control.stacked(v.shape, 0, runs)) for v in made]
        return [*states, *scans], (child.body(runs),)

    def _unroll(self, node: Node, site: "_Site", runs: int) -> None:
        """Put the runs of a loop in its place, one after the other."""
        body, states = site.bodies["body"], node.inputs[2:]
        formal = [entry.name for entry in body.inputs]
        for run in range(runs):
            prefix = self.shared.prefix(f"{node.op}.{run}")
            step, go = f"{prefix}iteration", f"{prefix}condition"
            self.inference.values[step] = constant(step, "value_int", run)
            self.inference.values[go] = Value(go, "bool", ())
            made = tuple(f"{prefix}{index}" for index in range(len(states)))
            call = replace(node, outputs=("", *made), path=f"{node.path}.{run}")
            bound = dict(zip(formal, (step, go, *states), strict=False))
            self._splice(call, body, bound, site.scope, site.stack)
            states = made
        self._copy(zip(states, node.outputs, strict=False), node.path)

    def _scan(self, node: Node, site: "_Site") -> "_Outcome":
        total, scanned = len(node.inputs), node.get_int("num_scan_inputs", 0)
        kept = range(max(0, total - scanned))
        axes = control.scan_axes(node, "scan_input_axes", total - len(kept))
        whole = self._unsettled(node, range(len(kept), total))
        slices = [
            Value("", v.dtype, control.slice_of(v.shape, a))
            for v, a in zip(whole, axes, strict=True)
        ]
        states = self._unsettled(node, kept)
        child, states = self._settled(node, site, lambda states: [*states, *slices], states, 0)
        runs = control.scan_runs([value.shape for value in whole], axes)
        made = child.results[len(states) :]
        places = control.scan_axes(node, "scan_output_axes", len(made))
        scans = [
            Value("", v.dtype, control.stacked(v.shape, a, runs))
            for v, a in zip(made, places, strict=True)
        ]
        return [*states, *scans], (child.body(runs),)

    def _settled(
        self,
        node: Node,
        site: "_Site",
        fed: Callable[[list[Value]], list[Value]],
        states: list[Value],
        skipped: int,
    ) -> "tuple[_Child, list[Value]]":
        """Go through a loop's body until its state has a shape that no run changes.

        ``fed`` returns the inputs of the body for a state; ``skipped`` outputs stand before the
        new state.
        """
        for _ in range(_ATTEMPTS):
            child = self._child(node, "body", site, fed(states))
            wider = control.widened(states, child.results[skipped:])
            if wider == states:
                return child, states
            states = wider
        states = [replace(value, shape=None) for value in states]
        return self._child(node, "body", site, fed(states)), states

    def _child(self, node: Node, name: str, site: "_Site", formal: Sequence[Value]) -> "_Child":
        """Go through one body as a graph of its own."""
        draft = site.bodies[name]
        prefix = self.shared.prefix(f"{node.op}.{name}")
        bound = {entry.name: prefix + entry.name for entry in draft.inputs}
        scope = replace(
            site.scope,
            prefix=prefix,
            names=inside(draft, prefix, bound),
            path=f"{node.path}.{name}",
        )
        fed = zip_longest(draft.inputs, formal[: len(draft.inputs)])
        given = [replace(v or Value(""), name=bound[entry.name]) for entry, v in fed]
        around = [self.inference.values.get(scope.actual(name)) for name in draft.captures]
        known = [value for value in around if value is not None]
        given += [value for value in known if not _constant(value)]
        walk = Unfolding(self.shared, self.inference.inside([*given, *known]))
        walk.run(draft, scope, site.stack)
        inputs = [Input(value.name, value.dtype, None, value.shape) for value in given]
        return _Child(name, walk, inputs, tuple(scope.actual(o) for o in draft.outputs))

    def _value(self, node: Node, index: int) -> Value | None:
        name = node.inputs[index] if index < len(node.inputs) else ""
        return self.inference.values.get(name, Value(name)) if name else None

    def _unsettled(self, node: Node, places: range) -> list[Value]:
        """Return inputs without their numbers, which the runs of a body change."""
        values = (self._value(node, index) or Value("") for index in places)
        return [Value("", value.dtype, value.shape) for value in values]


@dataclass(frozen=True, slots=True)
class _Site:
    """Where a node with bodies stands."""

    bodies: Mapping[str, Draft]
    scope: Scope
    """Of the bodies, as far as it is the same for all of them."""
    stack: Stack


@dataclass(frozen=True, slots=True)
class _Child:
    """A body that has been walked through."""

    name: str
    walk: Unfolding
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
        while (node := maker.get(name)) and node.op == "Identity":
            name = node.inputs[0]
        value = self.walk.inference.values.get(name)
        return name == self.inputs[1].name or control.taken(value) == "then_branch"


_Outcome: TypeAlias = tuple[list[Value], tuple[Body, ...]]
_BODIES: Mapping[str, AbstractSet[str]] = {
    "If": {"then_branch", "else_branch"},
    "Loop": {"body"},
    "Scan": {"body"},
}
"""The bodies that each operator needs."""


def _constant(value: Value) -> bool:
    return value.stored or value.const is not None
