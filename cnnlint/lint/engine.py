"""Models and rules in, a Report out."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cnnlint.errors import LoadError, MissingPathError, RuleError, UsageError
from cnnlint.facts.facts import Facts
from cnnlint.facts.training.recipe import Recipe
from cnnlint.lint.finding import Finding, Severity, Unchecked
from cnnlint.lint.gate import Gate, judge
from cnnlint.lint.presets import PRESETS, Preset
from cnnlint.lint.recipes import recipe_of
from cnnlint.lint.rule import OptionValue, Rule, guarded
from cnnlint.model.binding import Bindings
from cnnlint.model.graph import Model, Node
from cnnlint.model.loader import load
from cnnlint.model.source import sha256
from cnnlint.model.watchdog import memory_limit, time_limit
from cnnlint.report.describe import (
    body_reports,
    cost_of,
    layer_rows,
    present,
    reported_layer,
    summary,
)
from cnnlint.report.report import Failure, ModelReport, ReportedFinding
from cnnlint.report.surroundings import surroundings

STDIN = "<stdin>"
"""What a model from standard input is called."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How the rules that are on are run."""

    preset: Preset = PRESETS["default"]
    options: Mapping[str, Mapping[str, OptionValue]] = field(default_factory=dict)
    """Options of rules, by code."""
    recipe: Recipe | None = None
    """What the user says of how the models were trained."""
    severities: Mapping[str, Severity] = field(default_factory=dict)
    """Severities that findings of a rule have whatever anybody else says, by code."""
    gate: Gate = field(default_factory=Gate)
    fail_on: Severity | None = Severity.WARNING

    def severity(self, rule: Rule, finding: Finding) -> Severity:
        """Return the severity that a finding of a rule has."""
        usual = self.preset.severity(rule.code, finding.severity or rule.severity)
        return self.severities.get(rule.code, usual)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the rules said of one model."""

    findings: tuple[ReportedFinding, ...]
    """Dearest first."""
    unchecked: tuple[str, ...]
    """Rules that lack what the file doesn't show, in words."""
    broken: tuple[str, ...]
    """Rules that failed, in words."""
    ran: frozenset[str]
    """Codes of the rules that neither failed nor lacked anything."""


@dataclass(frozen=True, slots=True)
class Looked:
    """A model on which rules have run."""

    facts: Facts
    findings: tuple[ReportedFinding, ...]
    """As the gate has judged them."""
    ran: frozenset[str]
    """Codes of the rules that looked at all of it."""


def check_model(
    source: str | Path | bytes,
    rules: Sequence[Rule],
    bindings: Bindings,
    *,
    settings: Settings | None = None,
    rows: bool = False,
    thorough: bool = False,
    watch: Callable[[Looked], None] | None = None,
) -> tuple[ModelReport, Model | None]:
    """Load one model and run the rules on it.

    Args:
        source: a path, or a model's bytes.
        rules: the rules that are on.
        bindings: sizes of open dimensions.
        settings: how the rules are run; by default as they are.
        rows: whether to describe every layer.
        thorough: whether to add what takes longer: the file's hash, MACs as a polynomial.
        watch: called with what the report is made of, within the same limits of time and memory.

    Returns:
        The report, and the model unless it could not be read. A file that can't be read is a
        report too: with several files, one never takes the others down.

    Raises:
        UsageError: the bindings don't fit the model, or the recipe beside it is none.
    """
    settings = settings or Settings()
    path = STDIN if isinstance(source, bytes) else str(source)
    try:
        with time_limit(path), memory_limit(path):
            model = load(source, bindings, name=path)
            facts = Facts(model, recipe_of(source, settings.recipe))
            outcome = run_rules(facts, rules, settings)
            looked = [rule for rule in rules if rule.code in outcome.ran]
            judged = judge(facts, outcome.findings, settings.gate, looked, bindings)
            if watch:
                watch(Looked(facts, judged.findings, outcome.ran))
            report = ModelReport(
                path=path,
                sha256=sha256(source) if thorough else None,
                summary=summary(facts, thorough=thorough),
                layers=layer_rows(facts) if rows else None,
                bodies=body_reports(facts) if rows else None,
                findings=judged.findings,
                fail_on=settings.fail_on,
                budgets=judged.budgets,
                notes=judged.notes,
                unchecked=outcome.unchecked,
                odd_metadata=facts.odd_metadata,
                internal=outcome.broken,
            )
    except LoadError as error:
        return unreadable(path, error), None
    except MissingPathError as error:  # it was there when the command line was read
        return unreadable(path, LoadError("missing", error.cause, error.cure)), None
    except UsageError:
        raise
    except Exception as error:  # noqa: BLE001  (one file must not take the others down)
        return ModelReport(path, failure=_fault(path, error)), None
    return report, model


def unreadable(path: str, error: LoadError) -> ModelReport:
    """Return the report on a file that can't be read."""
    return ModelReport(path, failure=Failure(error.code, error.cause, error.cure))


def run_rules(facts: Facts, rules: Iterable[Rule], settings: Settings | None = None) -> Outcome:
    """Run rules on the facts of a model; one that fails does not silence the others."""
    settings = settings or Settings()
    found: list[ReportedFinding] = []
    unchecked: list[str] = []
    broken: list[str] = []
    ran: set[str] = set()
    for rule in rules:
        try:
            with guarded(rule):
                remarks = list(rule.remarks(facts, settings.options.get(rule.code)))
                lacks = [remark for remark in remarks if isinstance(remark, Unchecked)]
                findings = [remark for remark in remarks if isinstance(remark, Finding)]
                findings += _required(rule, lacks, settings.preset)
                found += [reported(facts, rule, finding, settings) for finding in findings]
                unchecked += [
                    f"{rule.code} {rule.name} (needs {', '.join(u.needs)})" for u in lacks
                ]
                ran |= set() if lacks else {rule.code}
        except RuleError as error:
            broken.append(error.cause)
    return Outcome(
        tuple(sorted(found, key=_order)), tuple(unchecked), tuple(broken), frozenset(ran)
    )


def fingerprint(code: str, node: Node | None) -> str:
    """Return what stays the same about a finding when numbers change: rule, layer path, op.

    A finding about the file as a whole has no node.
    """
    path, op = (node.path, node.op) if node else ("", "")
    return hashlib.sha256(f"{code}\0{path}\0{op}".encode()).hexdigest()[:16]


def _required(rule: Rule, lacks: Iterable[Unchecked], preset: Preset) -> Iterator[Finding]:
    """Yield a finding for what a preset wants to be judged and the file doesn't show."""
    if rule.family in preset.required:
        for lack in lacks:
            yield Finding(
                nodes=(),
                message=f"not checked: the training recipe doesn't say {', '.join(lack.needs)}",
                suggestion="say it in a recipe: --recipe FILE, or cnnlint.* metadata of the model",
                evidence={"needs": lack.needs},
                severity=Severity.WARNING,
            )


def _fault(path: str, error: Exception) -> Failure:
    cause = f"{path}: internal error: {type(error).__name__}: {error}"
    return Failure("internal", cause, "this is a fault of cnnlint", internal=True)


def reported(facts: Facts, rule: Rule, finding: Finding, settings: Settings) -> ReportedFinding:
    """Return a finding with all that the report and the gate know of it."""
    there = present(facts, finding.nodes)
    return ReportedFinding(
        code=rule.code,
        name=rule.name,
        family=rule.family,
        severity=settings.severity(rule, finding),
        basis=rule.basis,
        message=finding.message,
        suggestion=finding.suggestion,
        layers=tuple(reported_layer(facts, node) for node in finding.nodes),
        evidence=finding.evidence,
        saving=finding.saving,
        proven=rule.proven,
        fix=finding.fix or rule.fix,
        fingerprint=fingerprint(rule.code, next(iter(finding.nodes), None)),
        suppressible=rule.suppressible or finding.severity not in (None, Severity.ERROR),
        cost=cost_of(there),
        place=surroundings(facts, finding.nodes, rule.marks) if finding.nodes else None,
        present=there,
    )


def _order(finding: ReportedFinding) -> tuple[int, int, int, str]:
    """Sort by severity, then by what would be saved; the sort is stable within a rule."""
    saving = finding.saving
    return (-finding.severity.rank, -(saving.macs or 0), -(saving.params or 0), finding.code)
