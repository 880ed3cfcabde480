"""What there is to do, rule by rule: ``--statistics``."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from cnnlint.lint.finding import Severity
from cnnlint.report import numbers
from cnnlint.report.report import ModelReport, ReportedFinding

_HEADS = {Severity.ERROR: "error", Severity.WARNING: "warn", Severity.NOTE: "note"}
LEGEND = "MACs, params: what the suggestions save. Rules overlap: the rows don't add up."
AT_LEAST = "Behind >= and ?: what some of them save is unknown."


@dataclass(frozen=True, slots=True)
class Sum:
    """What all suggestions of a rule save together; less than 0 where they cost."""

    known: int | None
    """None where it isn't known of any."""
    is_lower_bound: bool
    """Whether it is unknown of some."""


@dataclass(frozen=True, slots=True)
class RuleStatistics:
    """The findings of one rule that count, on all models."""

    code: str
    name: str
    errors: int
    warnings: int
    notes: int
    models: int
    layers: int
    macs: Sum
    params: Sum

    @property
    def count(self) -> int:
        """How many there are."""
        return self.errors + self.warnings + self.notes


def statistics(models: Iterable[ModelReport]) -> tuple[RuleStatistics, ...]:
    """Return the rules that found something, the one that found most first."""
    found: dict[str, list[tuple[str, ReportedFinding]]] = {}
    for model in models:
        for finding in model.counting:
            found.setdefault(finding.code, []).append((model.path, finding))
    return tuple(sorted(map(_of_rule, found.values()), key=_order))


def render_statistics(rows: Sequence[RuleStatistics]) -> str:
    """Return a line a rule, and how to read it; "" where there is none."""
    if not rows:
        return ""
    from tabulate import tabulate  # noqa: PLC0415  (0.05 s that most runs don't need)

    levels = [level for level in Severity if any(_number(row, level) for row in rows)]
    heads = [
        "rule",
        *(_HEADS[level] for level in levels),
        "models",
        "layers",
        "MACs",
        "params",
        "name",
    ]
    cells = [
        [
            row.code,
            *(numbers.count(_number(row, level)) for level in levels),
            numbers.count(row.models),
            numbers.count(row.layers),
            _amount(row.macs, numbers.macs),
            _amount(row.params, numbers.params),
            row.name,
        ]
        for row in rows
    ]
    align = ["left", *["right"] * (len(heads) - 2), "left"]
    line = ["-" * max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    cells = [heads, line, *cells]  # under heads of its own tabulate makes columns wider
    table = tabulate(cells, colalign=align, disable_numparse=True, tablefmt="plain")
    unsure = any(row.macs.is_lower_bound or row.params.is_lower_bound for row in rows)
    return "\n".join([table, "", LEGEND, *([AT_LEAST] if unsure else []), ""])


def _of_rule(found: Sequence[tuple[str, ReportedFinding]]) -> RuleStatistics:
    findings = [finding for _, finding in found]
    levels = [finding.severity for finding in findings]
    first = findings[0]
    return RuleStatistics(
        code=first.code,
        name=first.name,
        errors=levels.count(Severity.ERROR),
        warnings=levels.count(Severity.WARNING),
        notes=levels.count(Severity.NOTE),
        models=len({path for path, _ in found}),
        layers=len({(path, layer.path) for path, finding in found for layer in finding.layers}),
        macs=_sum([finding.saving.macs for finding in findings]),
        params=_sum([finding.saving.params for finding in findings]),
    )


def _sum(amounts: Sequence[int | None]) -> Sum:
    known = [amount for amount in amounts if amount is not None]
    return Sum(sum(known) if known else None, len(known) < len(amounts))


def _order(row: RuleStatistics) -> tuple[int, int, str]:
    return (-row.count, -(row.macs.known or 0), row.code)


def _number(row: RuleStatistics, level: Severity) -> int:
    by_level = {
        Severity.ERROR: row.errors,
        Severity.WARNING: row.warnings,
        Severity.NOTE: row.notes,
    }
    return by_level[level]


def _amount(amount: Sum, show: Callable[[int], str]) -> str:
    """Return an amount without its unit, which is the head of the column: ``>=629.4 M``."""
    if amount.known is None:
        return numbers.UNKNOWN
    at_least = ">=" if amount.is_lower_bound else ""
    return at_least + show(amount.known).removesuffix("params").removesuffix("MACs").strip()
