"""From protobuf messages to :class:`~cnnlint.model.draft.Draft`, bodies and functions too."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from cnnlint.model.defect import Defect, Kind
from cnnlint.model.draft import Draft, Function, FunctionKey
from cnnlint.model.graph import Attr, Input, Node
from cnnlint.model.paths import SCOPES, TRANSPARENT, Naming, layer_paths, source_line
from cnnlint.model.protos import (
    declarations,
    domain,
    input_declarations,
    negative_sizes,
    operator,
    shown,
    text,
)
from cnnlint.model.tensors import Tensors
from cnnlint.model.wiring import in_order, refuse_dangling, refuse_made_twice

if TYPE_CHECKING:
    import onnx

_TENSOR, _GRAPH, _GRAPHS = 4, 5, 10  # AttributeProto.type


@dataclass(frozen=True, slots=True)
class Drafting:
    """Reads the graphs of one file; ``path`` is what messages call it."""

    tensors: Tensors
    path: str
    functions: frozenset[FunctionKey] = frozenset()
    defects: list[Defect] = field(default_factory=list)
    """What is wrong with nodes and inputs, those of bodies and functions too."""

    def main(self, graph: "onnx.GraphProto") -> Draft:
        """Return the main graph.

        Raises:
            LoadError: it can't run: a tensor is made twice or by nothing, or nodes feed each
                other.
        """
        draft = self._graph(graph, frozenset(), self.path)
        inputs = tuple(e for e in input_declarations(graph.input) if e.name not in draft.stored)
        self.defects.extend(negative_sizes(graph.input))
        return self._checked(replace(draft, inputs=inputs), self.path)

    def function(self, proto: "onnx.FunctionProto") -> Function:
        """Return a function.

        Raises:
            LoadError: it can't run, as above.
        """
        place = f"{self.path}: function {text(proto.name)}"
        made = [*proto.input, *(name for node in proto.node for name in node.output)]
        refuse_made_twice(map(text, made), place)
        inputs = tuple(Input(text(name), None, None, None) for name in proto.input)
        outputs = tuple(text(name) for name in proto.output)
        draft = Draft(inputs, outputs, (), {}, tuple(declarations(proto.value_info)))
        draft = self._filled(draft, proto.node, frozenset(), place)
        opsets = {domain(entry.domain): entry.version for entry in proto.opset_import}
        return Function(
            self._checked(draft, place), self._attributes(proto.attribute_proto), opsets
        )

    def _checked(self, draft: Draft, place: str) -> Draft:
        refuse_dangling(draft.nodes, _given(draft), draft.outputs, place)
        return draft

    def _graph(self, graph: "onnx.GraphProto", around: frozenset[str], place: str) -> Draft:
        """Read a graph; ``around`` are the stored tensors of the graphs that it stands in."""
        refuse_made_twice(_made(graph), place)
        stored = self.tensors.initializers(graph)
        inputs = tuple(e for e in declarations(graph.input) if e.name not in stored)
        outputs = tuple(text(entry.name) for entry in graph.output)
        declared = tuple(declarations((*graph.value_info, *graph.output)))
        return self._filled(
            Draft(inputs, outputs, (), stored, declared), graph.node, around, place
        )

    def _filled(
        self, empty: Draft, protos: "Sequence[onnx.NodeProto]", around: frozenset[str], place: str
    ) -> Draft:
        """Return a graph with its nodes, and what is inside and behind them."""
        stored = dict(empty.stored)
        names = frozenset({*around, *stored})
        naming = _Names(protos, names)
        paths = layer_paths([naming.of(proto) for proto in protos])
        nodes, bodies, calls, references = [], {}, {}, {}
        for index, (proto, path) in enumerate(zip(protos, paths, strict=True)):
            inside = self._bodies(proto, names, f"{place}: {path}") if proto.attribute else {}
            node = self._node(proto, index, path, inside.values())
            if len(proto.attribute) > 1:
                self._refuse_twice(proto, node if place == self.path else None, f"{place}: {path}")
            nodes.append(node)
            if node.op != "Constant":  # whose tensor is read below
                self._check_tensors(proto)
            if inside:
                bodies[index] = inside
            if self.functions:
                if (key := _called(proto)) in self.functions:
                    calls[index] = key
                if named := _references(proto):
                    references[index] = named
            if node.op == "Constant" and not node.domain and node.outputs:
                stored[node.outputs[0]] = self.tensors.constant(proto, node.outputs[0])
        made = {name for node in nodes for name in node.outputs}
        ordered = in_order(nodes, place)
        return Draft(
            inputs=empty.inputs,
            outputs=empty.outputs,
            nodes=ordered,
            stored=stored,
            declared=empty.declared,
            captures=_outside(ordered, _given(empty) | made, empty.outputs),
            bodies=bodies,
            calls=calls,
            references=references,
        )

    def _node(
        self, proto: "onnx.NodeProto", index: int, path: str, inside: Iterable[Draft]
    ) -> Node:
        metadata = proto.metadata_props
        return Node(
            key=("", index),
            name=text(proto.name),
            op=operator(proto),
            domain=domain(proto.domain),
            inputs=tuple(map(text, proto.input)),
            outputs=tuple(map(text, proto.output)),
            attrs=self._attributes(proto.attribute) if proto.attribute else {},
            path=path,
            source=source_line({text(e.key): text(e.value) for e in metadata})
            if metadata
            else None,
            captures=tuple(dict.fromkeys(name for body in inside for name in body.captures)),
        )

    def _check_tensors(self, proto: "onnx.NodeProto") -> None:
        """Note what is wrong with the tensors that a node holds as attributes."""
        for attribute in proto.attribute:
            tensors = [attribute.t] if attribute.type == _TENSOR else attribute.tensors
            for tensor in tensors:
                self.tensors.tensor(tensor, text(tensor.name) or text(attribute.name))

    def _refuse_twice(self, proto: "onnx.NodeProto", node: Node | None, place: str) -> None:
        """Note an attribute that a node has more than once; no node is below the main graph."""
        names = [attribute.name for attribute in proto.attribute]
        if len(set(names)) < len(names):
            twice = next(name for index, name in enumerate(names) if name in names[:index])
            cause = f"attribute {shown(text(twice))} is given more than once"
            cause = cause if node else f"{place}: {cause}"
            self.defects.append(Defect(Kind.NODE, cause, node.key if node else None))

    def _attributes(self, protos: "Iterable[onnx.AttributeProto]") -> dict[str, Attr]:
        return {
            text(proto.name): value
            for proto in protos
            if (value := self.tensors.attribute(proto)) is not None
        }

    def _bodies(
        self, proto: "onnx.NodeProto", around: frozenset[str], place: str
    ) -> dict[str, Draft]:
        """Return the graphs inside a node by the name of the attribute."""
        found = {}
        for attribute in proto.attribute:
            kind = attribute.type
            if kind not in (_GRAPH, _GRAPHS):
                continue
            name = text(attribute.name)
            if kind == _GRAPH:
                found[name] = self._graph(attribute.g, around, f"{place}, {name}")
            for number, graph in enumerate(attribute.graphs if kind == _GRAPHS else ()):
                found[f"{name}[{number}]"] = self._graph(graph, around, f"{place}, {name}")
        return found


def _made(graph: "onnx.GraphProto") -> list[str]:
    """Return every tensor that is given or made, once for each time.

    A stored tensor may also stand among the inputs, as it must in files of IR version 3.
    """
    made = [text(t.name) for t in graph.initializer]
    made += [text(sparse.values.name) for sparse in graph.sparse_initializer]
    stored = set(made)
    made += [name for e in graph.input if (name := text(e.name)) not in stored]
    return made + [text(name) for node in graph.node for name in node.output]


def _given(draft: Draft) -> set[str]:
    return {*draft.stored, *(entry.name for entry in draft.inputs)}


def function_keys(protos: "Iterable[onnx.FunctionProto]") -> list[FunctionKey]:
    """Return what each function is called by."""
    return [(domain(p.domain), text(p.name), text(p.overload)) for p in protos]


def _called(proto: "onnx.NodeProto") -> FunctionKey:
    return domain(proto.domain), text(proto.op_type), text(proto.overload)


def _references(proto: "onnx.NodeProto") -> dict[str, str]:
    """Return the attributes that are those of the function around them, under its names."""
    return {text(a.name): text(a.ref_attr_name) for a in proto.attribute if a.ref_attr_name}


def _outside(nodes: Iterable[Node], made: set[str], outputs: Iterable[str]) -> tuple[str, ...]:
    """Return the tensors that a graph reads and doesn't make, each once."""
    reads = [name for node in nodes for name in (*node.inputs, *node.captures)]
    return tuple(name for name in dict.fromkeys((*reads, *outputs)) if name and name not in made)


class _Names:
    """Finds what each node of a graph can be named by."""

    def __init__(self, nodes: "Sequence[onnx.NodeProto]", stored: frozenset[str]) -> None:
        self._stored = stored
        self._maker = {
            text(node.output[0]): node
            for node in nodes
            if node.op_type in TRANSPARENT and node.output and node.input
        }

    def of(self, proto: "onnx.NodeProto") -> Naming:
        metadata = proto.metadata_props
        scopes = None
        if metadata:
            scopes = next((text(e.value) for e in metadata if e.key == SCOPES), None)
        op, read = text(proto.op_type), []
        if op not in TRANSPARENT:  # a weight to its layer: not itself a layer
            for name in map(text, proto.input):
                if name in self._stored:
                    read.append(name)
                elif name in self._maker:
                    read += self._chain(name)
        return Naming(op, text(proto.name), tuple(read), scopes)

    def _chain(self, name: str) -> list[str]:
        """Return an operand's names back to its stored tensor, none where it is computed."""
        names: list[str] = []
        for _ in range(4):
            names.append(name)
            if name in self._stored:
                return names
            if name not in self._maker:
                break
            name = text(self._maker[name].input[0])
        return []
