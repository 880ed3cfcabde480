"""What of the findings counts, and what a model may cost: between the rules and the report."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from cnnlint.facts.facts import Facts
from cnnlint.lint.exempt import exempt
from cnnlint.lint.limit import Limit
from cnnlint.lint.rule import Rule
from cnnlint.lint.suppress import Suppression, suppress, today
from cnnlint.model.binding import Bindings
from cnnlint.report.label import label
from cnnlint.report.report import BudgetVerdict, ReportedFinding

if TYPE_CHECKING:
    from cnnlint.lint.baseline import KnownModel


@dataclass(frozen=True, slots=True)
class Gate:
    """What a team has agreed on for one model."""

    suppressions: tuple[Suppression, ...] = ()
    model_suppressions: bool = True
    """Whether the model itself may say what is to be ignored."""
    baseline: "KnownModel | None" = None
    limits: tuple[Limit, ...] = ()
    day: date = field(default_factory=today)
    """The day on which suppressions expire or don't."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What came through."""

    findings: tuple[ReportedFinding, ...]
    """All of them; those that don't count say why."""
    budgets: tuple[BudgetVerdict, ...] = ()
    notes: tuple[str, ...] = ()


def judge(
    facts: Facts,
    findings: Sequence[ReportedFinding],
    gate: Gate,
    looked: Sequence[Rule],
    bindings: Bindings,
) -> Judged:
    """Hold the findings on a model, and what it costs, against what a team has agreed on.

    What the team says goes before what the model says, and both before the baseline. ``looked``
    are the rules that have looked at all of it, and ``bindings`` go for reference models too.
    """
    settled = suppress(findings, gate.suppressions, gate.day)
    settled, notes = exempt(settled, facts, looked, heeded=gate.model_suppressions)
    if gate.baseline:
        from cnnlint.lint.baseline import against, stale_note  # noqa: PLC0415  (not without one)
        from cnnlint.lint.budget import SAME_SIZES, sizes_of  # noqa: PLC0415  (as above)

        ran = {rule.code for rule in looked}
        held = against(settled, gate.baseline, labels(facts), ran, unsized(facts))
        settled, notes = held.findings, (*notes, *stale_note(held.stale))
        if resized := gate.baseline.resized(sizes_of(facts)):
            notes = (*notes, f"{resized}: costs can't be compared; {SAME_SIZES}")
    if not gate.limits:
        return Judged(settled, notes=notes)
    from cnnlint.lint.budget import verdicts  # noqa: PLC0415  (as above)

    return Judged(settled, verdicts(facts, gate.limits, gate.baseline, bindings), notes)


def labels(facts: Facts) -> dict[str, str]:
    """Return what each layer of a model is, by its path."""
    return {node.path: label(facts, node) for node in facts.model.nodes}


def unsized(facts: Facts) -> frozenset[str]:
    """Return the layers of a model whose output has no known size."""
    return frozenset(node.path for node in facts.unresolved)
