"""A graph as it runs: functions unfolded where they are called, bodies where they are sure.

The branch of an If that is taken whatever the input stands in the place of the If. Other bodies
become models of their own: nobody knows beforehand which of them runs, or how often.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest

from cnnlint.errors import LoadError
from cnnlint.model.bodies import Site, Stack
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
MAX_UNROLLED = 1_000
"""Runs of loops over sequences that are put one after the other, in all of a model."""


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
                self.step(node, None)
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
                self._control(Site(self, own, draft.bodies[index], inner, stack))
            else:
                if own.op == "Constant" and index in draft.references:
                    self._fill(own)
                self.step(own, scope.opset)

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

    def step(self, node: Node, opset: int | None) -> None:
        """Go through a node that has no bodies."""
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
        self.splice(call, function.draft, bound, scope, (*stack, key))

    def splice(
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
        self.copy(((scope.actual(inner), outer) for inner, outer in copied), call.path)

    def copy(self, pairs: Iterable[tuple[str, str]], path: str) -> None:
        """Make each second tensor a copy of the first, below a layer path."""
        prefix, path = self.shared.prefix("Identity"), f"{path}.Identity"
        for number, (name, copy) in enumerate(pairs):
            key = (prefix, number)
            self.step(Node(key, "", "Identity", "", (name,), (copy,), {}, path), None)

    def inside(self, given: Sequence[Value]) -> "Unfolding":
        """Return a walk through a body of this graph, in which ``given`` is known."""
        return Unfolding(self.shared, self.inference.inside(given))

    def _control(self, site: Site) -> None:
        """Go through the bodies of a node; of an If whose condition is known, through one."""
        node, sure = site.node, site.taken
        if sure is not None:
            self.splice(node, site.bodies[sure], {}, site.scope, site.stack)
            return
        if not site.is_complete:
            self.step(node, site.scope.opset)
            return
        found = site.outcome()
        if found is None:
            return
        self.inference.inspect(node, site.scope.opset)
        outputs, bodies = found
        self.nodes.append(node)
        self.bodies[node.key] = bodies
        for name, value in zip_longest(node.outputs, outputs[: len(node.outputs)]):
            if name:
                self.inference.settle(replace(value or Value(name), name=name))
