"""What of the findings counts, and what a model may cost: between the rules and the report."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from cnnlint.facts.facts import Facts
from cnnlint.lint.baseline import KnownModel
from cnnlint.lint.budget import Limit, verdicts
from cnnlint.lint.suppress import Suppression
from cnnlint.model.binding import Bindings
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
    facts: Facts, findings: Sequence[ReportedFinding], gate: Gate, bindings: Bindings
) -> Judged:
    """Hold the findings on a model, and what it costs, against what a team has agreed on."""
    budgets = verdicts(facts, gate.limits, gate.baseline, bindings)
    return Judged(tuple(findings), budgets)
