"""All there is to say about the models of one run, as plain data; every format renders this."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from cnnlint.facts.memory.inference import Held
from cnnlint.lint.finding import Evidence, Saving, Severity
from cnnlint.model.graph import Input, Shape, SourceLine, StaticShape

if TYPE_CHECKING:
    from cnnlint.profile.result import Latency


@dataclass(frozen=True, slots=True)
class ReportedLayer:
    """One layer of a finding: how it is named in every way that a reader may know it by."""

    path: str
    node: str
    outputs: tuple[str, ...]
    weight: str | None
    source: SourceLine | None
    label: str
    """What it is, for people: ``Conv 7x7 s2 3->64``."""
    out_shape: StaticShape | None
    macs: int | None


class By(StrEnum):
    """Who says that a finding is not to count."""

    CONFIG = "config"
    """A ``[[suppress]]`` of a configuration file."""
    MODEL = "model"
    """The model itself: ``cnnlint.ignore`` in its metadata, ``ignore`` in its recipe."""
    BASELINE = "baseline"
    """It was there when the baseline was made."""


@dataclass(frozen=True, slots=True)
class Suppressed:
    """Why a finding doesn't count."""

    by: By
    reason: str
    place: str | None = None
    """Where that is said: ``cnnlint.toml:12``."""
    expires: str | None = None
    """The last day on which it is said, as 2026-12-31."""


@dataclass(frozen=True, slots=True)
class Amount:
    """What the layers of a finding cost: the first of these units that isn't 0."""

    value: int
    unit: str
    """``macs``, ``params`` or ``activation_bytes``."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """What stands before or after a layer in the graph: a layer, or an end of the graph."""

    path: str
    """Of a layer; of an end of the graph, the name of its tensor."""
    label: str
    out_shape: Shape | None
    more: int
    """How many others stand beside it: other data operands, other readers."""
    is_end: bool = False
    """Whether it is an input or output of the graph."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Which part of a layer is at fault."""

    label: tuple[str, str, str]
    """The label of the layer: what is before the part, the part, what is behind it."""
    facts: str
    """What there is to know of it, in words."""
    on_shape: bool = False
    """Whether it is the shape of the output; the label then has no such part."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The neighbourhood of the layer that a finding names first."""

    before: Neighbour | None
    """None where nothing but constants is."""
    mark: Mark
    after: Neighbour | None
    """None where nothing reads the layer."""


@dataclass(frozen=True, slots=True)
class Present:
    """What the layers of a finding cost as they are, together; None where that is unknown."""

    macs: int | None = None
    params: int | None = None
    activation_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class ReportedFinding:
    """A finding with its rule, its final severity and its identity."""

    code: str
    name: str
    family: str
    severity: Severity
    basis: str
    message: str
    suggestion: str
    layers: tuple[ReportedLayer, ...]
    evidence: Mapping[str, Evidence]
    saving: Saving
    proven: str | None
    fix: str
    fingerprint: str
    suppressible: bool = True
    """Whether it may be suppressed: not where it says that the file is broken."""
    cost: Amount | None = None
    """None where it is about no layer, or about such that cost nothing that is known."""
    suppressed: Suppressed | None = None
    """None where it counts."""
    grown_from: Amount | None = None
    """What it cost in the baseline, where it counts again because it has grown."""
    place: Surroundings | None = None
    """None where it is about no layer."""
    present: Present = Present()


@dataclass(frozen=True, slots=True)
class LayerRow:
    """One line of the table of layers. Sizes are None where they are unknown or don't apply."""

    path: str
    node: str
    outputs: tuple[str, ...]
    op: str
    kernel: StaticShape | None
    stride: StaticShape | None
    dilation: StaticShape | None
    groups: int | None
    in_shape: StaticShape | None
    out_shape: StaticShape | None
    macs: int | None
    macs_are_lower_bound: bool
    """Whether they are those of bodies that may cost more, FLOPs too."""
    flops: int | None
    params: int
    activation_bytes: int | None
    bytes_moved: int | None
    receptive_field: StaticShape | None
    receptive_field_min: StaticShape | None
    """Along the path that reads least."""
    jump: tuple[float, ...] | None
    """Input pixels between neighbours."""
    global_context: bool | None
    """Whether whole-image context was mixed in; None where that can't be followed."""
    weight: str | None
    source: SourceLine | None
    time_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Subtotal:
    """Several layers in one line of a table: a module, or those that a table leaves out.

    A figure is None where it is unknown for one of the layers; where the model's own total is
    a lower bound, so is that of the lines that hold what isn't counted.
    """

    path: str
    layers: int
    macs: int | None
    macs_are_lower_bound: bool
    macs_share: float | None
    """Share of the model's MACs, 0 to 1."""
    flops: int | None
    params: int
    activation_bytes: int | None
    time_ms: float | None


@dataclass(frozen=True, slots=True)
class Coverage:
    """What could not be looked at."""

    nodes: int
    unresolved_shapes: int
    defects: tuple[str, ...]
    """What can't run as it stands, in words; rules of the family ``graph`` report it."""
    doubts: tuple[str, ...]
    """The same in bodies, of which nobody knows whether they ever run."""
    newer_opsets: tuple[str, ...]
    """Operator sets from the future, in words: their nodes were not held against a schema."""
    missing_data: tuple[str, ...] = ()
    """External data files that are not there."""


@dataclass(frozen=True, slots=True)
class Footprint:
    """What takes longer to find out than the rest of a summary."""

    macs_symbolic: str | None
    """MACs as a polynomial in open dimensions; None where they are unknown."""
    peak_activation_bytes: int | None
    peak_layer: str | None
    """The layer that runs with so much in use; None where the peak is unknown."""
    peak_tensors: tuple[Held, ...]
    """What is in use then, largest first."""
    bytes_moved: int | None
    arithmetic_intensity: float | None
    """FLOPs for each byte moved."""
    useful_input: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Summary:
    """One model in numbers."""

    params: int
    macs: int | None
    flops: int | None
    uncounted_ops: Mapping[str, int]
    macs_are_lower_bound: bool
    weight_bytes: int
    weighted_layers: int
    depth: int
    plain_run: int
    shortest_path: int
    receptive_field: StaticShape | None
    nodes: int
    opset: Mapping[str, int]
    producer: str
    inputs: tuple[Input, ...]
    outputs: tuple[Input, ...]
    assumptions: tuple[str, ...]
    free_dims: tuple[str, ...]
    coverage: Coverage
    footprint: Footprint | None = None
    """None where nobody asked."""


@dataclass(frozen=True, slots=True)
class BodyReport:
    """A body of an If, Loop or Scan, as a graph of its own; costs are those of one run."""

    path: str
    """Layer path of the node that it belongs to."""
    name: str
    runs: int | None
    """How often it runs; None where that depends on data."""
    macs: int | None
    macs_are_lower_bound: bool
    flops: int | None
    params: int
    layers: tuple[LayerRow, ...]


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a file could not be read: a stable word, the cause and the cure."""

    code: str
    message: str
    hint: str
    internal: bool = False
    """Whether it is a fault of cnnlint rather than of the file."""


class Verdict(StrEnum):
    """How a budget stands."""

    KEPT = "pass"
    BROKEN = "broken"
    UNDECIDABLE = "undecidable"
    """What the model costs isn't known: it fails too, or not knowing would be the way out."""
    NOT_CHECKED = "not checked"
    """It takes a measurement, which ``check`` doesn't make."""


@dataclass(frozen=True, slots=True)
class BudgetVerdict:
    """A model held against one budget."""

    key: str
    """As the configuration has it: ``max_macs``."""
    verdict: Verdict
    limit: float | None
    """In the unit of the key; None where it is relative to what isn't known."""
    value: float | None
    """What the model costs, or at least costs; None where nobody knows."""
    reason: str
    """In words: by how much it is broken, why it can't be decided; what ``+5%`` is relative to."""
    place: str
    """Where the budget is set."""

    @property
    def fails(self) -> bool:
        """Whether it makes the run fail: not knowing does too."""
        return self.verdict in {Verdict.BROKEN, Verdict.UNDECIDABLE}


@dataclass(frozen=True, slots=True)
class ModelReport:
    """All about one model, or why there is nothing."""

    path: str
    sha256: str | None = None
    failure: Failure | None = None
    summary: Summary | None = None
    layers: tuple[LayerRow, ...] | None = None
    bodies: tuple[BodyReport, ...] | None = None
    """Bodies whose layers are not among ``layers``, where those are given."""
    findings: tuple[ReportedFinding, ...] | None = None
    latency: "Latency | None" = None
    layer_times: Mapping[str, float] | None = None
    """Milliseconds that belong to no layer: layout reorders, the gap to end-to-end."""
    modules: tuple[Subtotal, ...] | None = None
    """The layers by module, where that was asked for."""
    unchecked: tuple[str, ...] = ()
    """Rules that could not judge what the file doesn't show, in words."""
    odd_metadata: tuple[str, ...] = ()
    """What can't be read of the recipe in the metadata of the model, in words."""
    internal: tuple[str, ...] = ()
    """Rules that failed on this model, in words; the others have run."""
    fail_on: Severity | None = Severity.WARNING
    """The least severity of a finding that makes the run fail, None for never."""
    budgets: tuple[BudgetVerdict, ...] = ()
    notes: tuple[str, ...] = ()
    """What to tidy up: what the baseline still has, what the model asks to ignore in vain."""
    max_per_rule: int | None = None
    """Findings of one rule that its configuration wants shown; 0 for all, None for the usual."""

    @property
    def counting(self) -> "tuple[ReportedFinding, ...]":
        """The findings that nobody has suppressed."""
        return tuple(finding for finding in self.findings or () if finding.suppressed is None)

    @property
    def fails(self) -> bool:
        """Whether it makes the run fail: it can't be read or run, a finding or a budget does."""
        if self.failure:
            return True
        if self.fail_on is None:
            return False
        loud = any(finding.severity.rank >= self.fail_on.rank for finding in self.counting)
        loud = loud or bool(self.untold_defects)
        return loud or any(budget.fails for budget in self.budgets)

    @property
    def untold_defects(self) -> tuple[str, ...]:
        """What can't run, where no finding tells of it: its rules are off, or none has run."""
        told = any(not finding.suppressible for finding in self.findings or ())
        return self.summary.coverage.defects if self.summary and not told else ()


@dataclass(frozen=True, slots=True)
class Report:
    """The whole run."""

    version: str
    models: tuple[ModelReport, ...]
    notes: tuple[str, ...] = ()
    """What to tidy up that is of no single model: suppressions that are of no use."""

    @property
    def exit_code(self) -> int:
        """0 clean, 1 findings, a budget or an unreadable model, 2 a fault of our own."""
        if any(m.internal or (m.failure and m.failure.internal) for m in self.models):
            return 2
        return int(any(model.fails for model in self.models))
