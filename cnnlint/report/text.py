"""The report for people: findings with their remedy, then one line a model."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from textwrap import wrap

import click

from cnnlint.lint.finding import Saving, Severity
from cnnlint.report import budgets, numbers
from cnnlint.report.escape import plain
from cnnlint.report.report import (
    Coverage,
    ModelReport,
    Report,
    ReportedFinding,
    ReportedLayer,
    Summary,
)

WIDTH = 88
MAX_LAYERS = 5
"""Layers of one finding that are shown; the others are counted. JSON has them all."""
MAX_NAMES = 20
"""Names that one remark lists; the others are counted."""
MAX_PER_RULE = 50
"""Findings of one rule on one model that are shown; the others are counted."""
_NOTE = "  = note: "
_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}


@dataclass(frozen=True, slots=True)
class TextStyle:
    """How much to say, and whether in colour."""

    color: bool = False
    quiet: bool = False
    verbose: bool = False


def render_text(report: Report, style: TextStyle) -> str:
    """Return findings and one summary line a model; unreadable models are told on stderr."""
    blocks = []
    told: set[tuple[str, ...]] = set()
    for model in report.models:
        shown: Counter[str] = Counter()
        for finding in model.counting:
            shown[finding.code] += 1
            if shown[finding.code] <= MAX_PER_RULE:
                blocks.append("\n".join(_finding(model, finding, style)) + "\n")
        blocks += [
            f"{plain(model.path)}: {count - MAX_PER_RULE:,} more findings of {code}\n"
            for code, count in shown.items()
            if count > MAX_PER_RULE
        ]
        blocks += budgets.failing(model)
        if model.summary and not style.quiet:
            blocks.append("\n".join(_summary(model, model.summary, style)))
            if model.unchecked and model.unchecked not in told:
                blocks[-1] += f"\n{_NOTE}{_unchecked(model.unchecked)}"
                told.add(model.unchecked)
    return "".join(f"{block}\n" for block in blocks)


def _unchecked(rules: Sequence[str]) -> str:
    """Return which rules lack a recipe; what each of them needs, its manual page says."""
    codes = ", ".join(rule.partition(" ")[0] for rule in rules)
    return f"not checked without a training recipe (--recipe FILE): {codes}"


def verdict(model: ModelReport) -> str:
    """Return how many findings there are, by severity, and how budgets stand."""
    found = [finding.severity for finding in model.counting]
    counts = [numbers.plural(found.count(level), level) for level in Severity if level in found]
    held = budgets.tally(model.budgets)
    return ", ".join((", ".join(counts) or "no findings", *([held] if held else [])))


def facts_line(summary: Summary) -> str:
    """Return the size and reach of a model in one line."""
    at_least = "at least " if summary.macs_are_lower_bound and summary.macs is not None else ""
    words = [numbers.params(summary.params), at_least + numbers.macs(summary.macs)]
    if summary.receptive_field:
        words.append(f"receptive field {numbers.shape(summary.receptive_field)}")
    return " · ".join(words)


_UNCOUNTED = (
    "is not counted, so all totals are lower bounds; where the shapes behind it are unknown, no "
    "rule looked: export with standard operators, or store the shapes in the file"
)
_UNSURE = {
    "If": "takes a branch by the data; the cheaper one is counted: totals are lower bounds",
    "Loop": "runs as often as the data asks for; one round is counted: totals are lower bounds",
    "Scan": "runs along an axis of unknown size; one round is counted: totals are lower bounds",
}


def remarks(model: ModelReport) -> Iterator[str]:
    """Yield what a reader must know to trust the numbers."""
    summary = model.summary
    if summary is None:
        return
    if summary.assumptions:
        yield f"assumed {_listed(summary.assumptions)}"
    if summary.free_dims:
        yield f"input size is open: {_listed(summary.free_dims)}; give it with --dim NAME=SIZE"
    for op, times in islice(summary.uncounted_ops.items(), MAX_NAMES):
        yield f"{plain(op)} ({numbers.plural(times, 'node')}) {_UNSURE.get(op, _UNCOUNTED)}"
    if len(summary.uncounted_ops) > MAX_NAMES:
        yield f"{len(summary.uncounted_ops) - MAX_NAMES:,} more operators are not counted"
    if summary.coverage.unresolved_shapes and not (summary.free_dims or summary.uncounted_ops):
        count = numbers.plural(summary.coverage.unresolved_shapes, "node")
        yield f"the shapes of {count} are unknown, and no rule that needs them looked there"
    yield from _gaps(summary.coverage)
    for text in model.odd_metadata[:MAX_LAYERS]:
        yield f"ignored in the recipe that the model's metadata holds: {plain(text)}"
    for text in model.untold_defects[:MAX_LAYERS]:
        yield f"can't run: {plain(text)}"


def _listed(texts: Sequence[str]) -> str:
    more = f" and {len(texts) - MAX_NAMES:,} more" if len(texts) > MAX_NAMES else ""
    return ", ".join(map(plain, texts[:MAX_NAMES])) + more


def _gaps(coverage: Coverage) -> Iterator[str]:
    for text in coverage.newer_opsets:
        yield f"{plain(text)}, the newest known here: what nodes take was not checked"
    if missing := coverage.missing_data:
        more = f" and {numbers.plural(len(missing) - 1, 'other file')}" if missing[1:] else ""
        verb = "are" if more else "is"
        yield (
            f"weights are not here: {plain(missing[0])}{more} {verb} missing; rules on weights "
            "did not look, and the model can't be run"
        )
    for text in coverage.doubts[:MAX_LAYERS]:
        yield f"not checked: {plain(text)}"


def _summary(model: ModelReport, summary: Summary, style: TextStyle) -> Iterator[str]:
    worst = max((f.severity for f in model.counting), key=lambda s: s.rank, default=None)
    holes = summary.coverage.unresolved_shapes or summary.uncounted_ops
    clean = None if holes else "green"
    worst = Severity.ERROR if budgets.fail(model.budgets) else worst
    state = click.style(verdict(model), fg=_COLOURS[worst] if worst else clean, bold=True)
    line = f"{plain(model.path)}: {state} · {facts_line(summary)}"
    yield line if style.color else click.unstyle(line)
    for remark in remarks(model):
        yield f"{_NOTE}{remark}"
    for held in budgets.standing(model.budgets, kept=style.verbose):
        yield from budgets.wrapped(f"{_NOTE}{held}", len(_NOTE))


def _finding(model: ModelReport, finding: ReportedFinding, style: TextStyle) -> Iterator[str]:
    head = click.style(
        f"{finding.severity}[{finding.code}]", fg=_COLOURS[finding.severity], bold=True
    )
    title = f"{head}: {click.style(plain(finding.message), bold=True)}  {finding.name}"
    yield title if style.color else click.unstyle(title)
    if finding.layers:
        first = finding.layers[0]
        source = f"   ({plain(first.source.file)}:{first.source.line})" if first.source else ""
        yield f"  --> {plain(model.path)} · {plain(first.path)}{source}"
        yield "   |"
        yield from _layers(finding.layers)
        yield "   |"
    else:
        yield f"  --> {plain(model.path)}"
    yield from _field("help", plain(finding.suggestion))
    for name, amounts in (("saves", savings(finding)), ("costs", costs(finding))):
        if amounts:
            yield from _field(name, amounts)
    proven = f"; done as suggested in {finding.proven}" if finding.proven else ""
    yield f"   = basis: {finding.basis}{proven}"
    yield f"   = rule: cnnlint rule {finding.code}"


def _layers(layers: tuple[ReportedLayer, ...]) -> Iterator[str]:
    shown = layers[:MAX_LAYERS]
    names = max(len(plain(layer.path)) for layer in shown)
    labels = max(len(plain(layer.label)) for layer in shown)
    shapes = max(len(numbers.shape(layer.out_shape)) for layer in shown)
    for layer in shown:
        cost = f"  {numbers.macs(layer.macs)}" if layer.macs else ""
        columns = f"{plain(layer.path):{names}}  {plain(layer.label):{labels}}"
        yield f"   |> {columns}  {numbers.shape(layer.out_shape):{shapes}}{cost}".rstrip()
    if len(layers) > len(shown):
        yield f"   |  and {len(layers) - len(shown)} more"


def _field(name: str, text: str) -> Iterator[str]:
    indent = " " * (len(name) + 7)
    lines = wrap(text, WIDTH - len(indent), break_long_words=False, break_on_hyphens=False)
    yield f"   = {name}: {lines[0] if lines else ''}"
    yield from (indent + line for line in lines[1:])


def savings(finding: ReportedFinding) -> str:
    """Return what the suggestion saves, in words; "" where it saves nothing that is counted."""
    return _amounts(finding.saving, 1)


def costs(finding: ReportedFinding) -> str:
    """Return what the suggestion costs, in words; "" where it costs nothing that is counted."""
    return _amounts(finding.saving, -1)


def _amounts(saving: Saving, sign: int) -> str:
    parts = []
    if sign * (saving.macs or 0) > 0:
        parts.append(numbers.macs(abs(saving.macs or 0)))
    if sign * (saving.params or 0) > 0:
        parts.append(numbers.params(abs(saving.params or 0)))
    if sign * (saving.activation_bytes or 0) > 0:
        parts.append(f"{numbers.size(abs(saving.activation_bytes or 0))} of activations")
    return ", ".join(parts)
