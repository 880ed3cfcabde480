"""What of the findings counts, and what a model may cost: between the rules and the report."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from cnnlint.facts.facts import Facts
from cnnlint.lint.baseline import KnownModel, against, stale_note
from cnnlint.lint.budget import Limit
from cnnlint.lint.suppress import Suppression
from cnnlint.report.describe import label
from cnnlint.report.report import BudgetVerdict, ReportedFinding


@dataclass(frozen=True, slots=True)
class Gate:
    """What a team has agreed on for one model."""

    suppressions: tuple[Suppression, ...] = ()
    model_suppressions: bool = True
    """Whether the model itself may say what is to be ignored."""
    baseline: KnownModel | None = None
    limits: tuple[Limit, ...] = ()
    today: date | None = None
    """The day on which suppressions expire or don't; None for the one that it is."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What came through."""

    findings: tuple[ReportedFinding, ...]
    """All of them; those that don't count say why."""
    budgets: tuple[BudgetVerdict, ...] = ()
    notes: tuple[str, ...] = ()


def judge(
    facts: Facts, findings: Sequence[ReportedFinding], gate: Gate, ran: Collection[str]
) -> Judged:
    """Hold the findings on a model, and what it costs, against what a team has agreed on.

    ``ran`` are the codes of the rules that looked at all of it.
    """
    notes: tuple[str, ...] = ()
    if gate.baseline:
        held = against(findings, gate.baseline, labels(facts), ran)
        findings, notes = held.findings, stale_note(held.stale)
    return Judged(tuple(findings), notes=notes)


def labels(facts: Facts) -> dict[str, str]:
    """Return what each layer of a model is, by its path."""
    return {node.path: label(facts, node) for node in facts.model.nodes}
