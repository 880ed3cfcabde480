"""Names inside a function or body that is unfolded, and what they are called in the model."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from cnnlint.model.draft import Draft
from cnnlint.model.graph import Attr, Node


@dataclass(frozen=True, slots=True)
class Scope:
    """One place where a graph is unfolded; the main graph's has no prefix and renames nothing."""

    prefix: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    around: "Scope | None" = None
    """The scope whose tensors a body sees; None for the main graph and for functions."""
    attrs: Mapping[str, Attr] = field(default_factory=dict)
    """Attributes of the function call that this happens in."""
    path: str = ""
    """Layer path of the node that is unfolded."""
    opset: int | None = None
    """Operator set of the function; None for that of the model."""

    def actual(self, name: str) -> str:
        """Return what a tensor that is called ``name`` here is called in the model."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.around
        return name

    def node(self, node: Node, references: Mapping[str, str]) -> Node:
        """Return a node as it stands in the model, attributes of the function filled in."""
        if not self.prefix:
            return node
        attrs = {name: value for name, value in node.attrs.items() if name not in references}
        for name, parameter in references.items():
            if parameter in self.attrs:
                attrs[name] = self.attrs[parameter]
        return replace(
            node,
            key=(self.prefix, node.key[1]),
            inputs=self._all(node.inputs),
            outputs=self._all(node.outputs),
            captures=self._all(node.captures),
            attrs=attrs,
            path=f"{self.path}.{node.path}",
        )

    def _all(self, names: Iterable[str]) -> tuple[str, ...]:
        return tuple(self.actual(name) if name else "" for name in names)


def inside(draft: Draft, prefix: str, bound: Mapping[str, str]) -> dict[str, str]:
    """Return the names of what a graph makes and stores, with its prefix, ``bound`` ones kept."""
    made = (name for node in draft.nodes for name in node.outputs if name)
    return {name: prefix + name for name in (*draft.stored, *made)} | dict(bound)
