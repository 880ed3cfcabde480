"""The model as plain data: what every room behind the loader works on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, cast

from cnnlint.model.defect import Defect, Kind

if TYPE_CHECKING:
    import networkx as nx
    import numpy as np

    Array: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.generic]]

Dim: TypeAlias = int | None
Shape: TypeAlias = tuple[Dim, ...]
StaticShape: TypeAlias = tuple[int, ...]
Attr: TypeAlias = int | float | str | tuple[int, ...] | tuple[float, ...] | tuple[str, ...]
Key: TypeAlias = tuple[str, int]
"""A node's identity: the scope of its graph ("" for the main one) and its index there."""


@dataclass(frozen=True, slots=True)
class Payload:
    """Where the bytes of a stored tensor lie; nothing has been read yet.

    ``file`` is the model itself or an external data file (which may not exist), or None for a
    model that came from memory; ``field`` is the TensorProto field that holds the bytes
    (9 = raw_data, 4 = float_data ...), 0 for an external file.
    """

    file: Path | None
    offset: int
    length: int
    field: int = 0


@dataclass(frozen=True, slots=True)
class Value:
    """One tensor of the graph.

    ``shape`` is None where even the rank is unknown; a dimension is None where it is unknown.
    ``const`` holds the numbers of small constants, folded ones included; ``payload`` says
    where those of a stored weight are.
    """

    name: str
    dtype: str | None = None
    shape: Shape | None = None
    const: "Array | None" = None
    payload: Payload | None = None
    stored: bool = False
    """Whether the file holds this tensor's numbers (initializer or Constant node)."""

    @property
    def static(self) -> StaticShape | None:
        """The shape where every dimension is known, else None."""
        if self.shape is None or None in self.shape:
            return None
        return cast("StaticShape", self.shape)

    @property
    def integer(self) -> int | None:
        """The number that a constant of one integer holds; None for anything else."""
        if self.const is None or self.const.size != 1 or self.const.dtype.kind not in "iu":
            return None
        return int(self.const.reshape(-1)[0])


@dataclass(frozen=True, slots=True)
class SourceLine:
    """The line of Python that made a node, where the exporter left a stack trace."""

    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Node:
    """One operator. ``path`` is its stable layer path, ``name`` whatever the file calls it."""

    key: Key
    name: str
    op: str
    """The operator; one of a foreign domain carries that in front: ``acme:Conv``."""
    domain: str
    inputs: tuple[str, ...]
    """Tensor names, "" for an absent optional input."""
    outputs: tuple[str, ...]
    attrs: Mapping[str, Attr]
    path: str
    source: SourceLine | None = None
    captures: tuple[str, ...] = ()
    """Tensors of this graph that the bodies of an If, Loop or Scan read."""

    def get_int(self, name: str, default: int) -> int:
        """Return the integer attribute ``name``, else ``default``."""
        value = self.attrs.get(name, default)
        return value if isinstance(value, int) else default

    def get_float(self, name: str, default: float) -> float:
        """Return the float attribute ``name``, else ``default``."""
        value = self.attrs.get(name, default)
        return float(value) if isinstance(value, int | float) else default

    def get_str(self, name: str, default: str) -> str:
        """Return the string attribute ``name``, else ``default``."""
        value = self.attrs.get(name, default)
        return value if isinstance(value, str) else default

    def get_ints(self, name: str) -> StaticShape | None:
        """Return the integer list attribute ``name``, or None where there is no such list."""
        value = self.attrs.get(name)
        if not isinstance(value, tuple):
            return None
        numbers = tuple(v for v in value if isinstance(v, int))
        return numbers if len(numbers) == len(value) else None


@dataclass(frozen=True, slots=True)
class Input:
    """A real input of the model (not a weight), as declared and as bound for this analysis."""

    name: str
    dtype: str | None
    declared: "tuple[int | str | None, ...] | None"
    bound: Shape | None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a model came from."""

    path: str
    """As given by the user; ``<stdin>`` or ``<bytes>`` where there is no file."""
    file: Path | None
    size: int
    data_files: tuple[Path, ...] = ()
    """External data files that the weights refer to."""
    missing_data: tuple[Path, ...] = ()
    """Those of them that don't exist: the model can be linted but not run."""
    data_bytes: int = 0
    """Size of those that exist."""
    unmeasured_data: tuple[str, ...] = ()
    """Where weights are said to lie that nobody looked for: outside of the model's folder."""


@dataclass(frozen=True, slots=True)
class Body:
    """The body of an If, Loop or Scan of which nobody knows beforehand whether it runs."""

    name: str
    """The attribute that holds it: ``then_branch``."""
    model: "Model"
    """The body as a model of its own; what it reads of the graph around it is among its inputs."""
    runs: int | None
    """How often it runs; None where that depends on data."""


@dataclass(frozen=True)
class Model:
    """A whole model. Nodes stand in an order in which they can run."""

    origin: Origin
    name: str
    ir_version: int
    opsets: Mapping[str, int]
    producer: str
    metadata: Mapping[str, str]
    inputs: tuple[Input, ...]
    outputs: tuple[str, ...]
    nodes: tuple[Node, ...]
    values: Mapping[str, Value]
    assumptions: tuple[str, ...] = ()
    """What was bound without being asked, in words: ``input.batch = 1``."""
    free_dims: tuple[str, ...] = ()
    """Dimensions that stayed unknown, by the name that ``--dim`` takes."""
    open_sizes: Mapping[str, int] = field(default_factory=dict)
    """Dimensions that the file leaves open, by the same name, and what they are bound to."""
    defects: tuple[Defect, ...] = ()
    """What in it can't run as it stands."""
    bodies: Mapping[Key, tuple[Body, ...]] = field(default_factory=dict)
    """The bodies of each If, Loop and Scan that are not unfolded into the nodes."""
    newer_opsets: tuple[str, ...] = ()
    """Operator sets that are newer than what is known here: their nodes can't be judged."""
    idle: frozenset[Key] = frozenset()
    """Nodes of the main graph from which nothing in the file leads to an output."""
    replaceable: tuple[str, ...] = ()
    """Stored tensors that are inputs too: a caller may replace them at each run."""
    rebound: "Callable[[Mapping[str, int]], Model] | None" = None
    """Makes the same model with other sizes of open dimensions; the others stay as they are."""
    reshaped: "Callable[[Mapping[str, StaticShape]], Model] | None" = None
    """Makes the same model with inputs of other shapes, whatever the file declares them as."""

    @cached_property
    def obstacles(self) -> tuple[Defect, ...]:
        """The defects that keep it from running; a wrong declaration doesn't."""
        return tuple(defect for defect in self.defects if defect.kind is not Kind.OUTPUT)

    @cached_property
    def producer_of(self) -> Mapping[str, Node]:
        """Which node makes a tensor."""
        return {name: node for node in self.nodes for name in node.outputs if name}

    @cached_property
    def consumers_of(self) -> Mapping[str, tuple[Node, ...]]:
        """Which nodes read a tensor, each once, in execution order."""
        readers: dict[str, list[Node]] = {}
        for node in self.nodes:
            for name in dict.fromkeys((*node.inputs, *node.captures)):
                if name:
                    readers.setdefault(name, []).append(node)
        return {name: tuple(nodes) for name, nodes in readers.items()}

    @cached_property
    def flow(self) -> "nx.DiGraph[Key]":
        """Which node feeds which, keyed by (scope, index).

        A node carries its :class:`Node` as ``node``; an edge the names of the tensors that
        run along it as ``tensors``.
        """
        import networkx as nx  # noqa: PLC0415  (0.13 s that a plain check doesn't need)

        graph: nx.DiGraph[Key] = nx.DiGraph()
        graph.add_nodes_from((node.key, {"node": node}) for node in self.nodes)
        producer = self.producer_of
        for node in self.nodes:
            edges: dict[Key, list[str]] = {}
            for name in dict.fromkeys((*node.inputs, *node.captures)):
                if name in producer:
                    edges.setdefault(producer[name].key, []).append(name)
            for key, names in edges.items():
                graph.add_edge(key, node.key, tensors=tuple(names))
        return graph

    def value(self, name: str) -> Value:
        """Return a tensor by name, one of unknown shape where nothing is known of it."""
        return self.values.get(name) or Value(name)

    def static(self, name: str) -> StaticShape | None:
        """Return the shape of a tensor where every dimension is known, else None."""
        value = self.values.get(name)
        return value.static if value else None
