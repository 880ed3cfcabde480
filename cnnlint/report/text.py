"""The report for people: findings with their remedy, then one line a model."""

from collections.abc import Iterator, Sequence

from cnnlint.lint.finding import Severity
from cnnlint.report import budgets, numbers
from cnnlint.report.block import blocks
from cnnlint.report.columns import flowed, hanging
from cnnlint.report.counts import verdict
from cnnlint.report.escape import plain
from cnnlint.report.remarks import remarks, untold
from cnnlint.report.report import ModelReport, Report, Summary
from cnnlint.report.style import COLOURS, TextStyle

_NOTE = "  = note: "


def render_text(report: Report, style: TextStyle) -> str:
    """Return findings and one summary line a model; unreadable models are told on stderr."""
    parts: list[str] = []
    told: set[tuple[str, ...]] = set()
    for model in report.models:
        found = [*blocks(model, style), *_failing(budgets.failing(model.budgets), model, style)]
        if style.quiet:  # no summary says it
            found += _failing(list(untold(model)), model, style)
        behind_summary = bool(found and parts) and not parts[-1].endswith("\n")
        parts += ["", *found] if behind_summary else found
        if model.summary and not style.quiet:
            lines = list(_summary(model, model.summary, style))
            if model.unchecked and model.unchecked not in told:
                lines += _note(_unchecked(model.unchecked), style)
                told.add(model.unchecked)
            parts.append("\n".join(lines))
    if report.notes and not style.quiet:
        lines = [
            line for note in report.notes for line in hanging("note: ", plain(note), style.width)
        ]
        parts.append("\n".join(lines))
    return "".join(f"{part}\n" for part in parts)


def _failing(texts: Sequence[str], model: ModelReport, style: TextStyle) -> Iterator[str]:
    """Yield a block on what fails besides findings, if anything does."""
    lines = [line for text in texts for line in hanging("", text, style.width, 2)]
    arrow = "-->" if style.drawing else "in:"
    if lines:
        yield "\n".join((*lines, f"  {arrow} {plain(model.path)}")) + "\n"


def _note(text: str, style: TextStyle) -> Iterator[str]:
    return hanging(_NOTE if style.drawing else "  note: ", text, style.width)


def _unchecked(rules: Sequence[str]) -> str:
    """Return which rules lack a recipe; what each of them needs, its manual page says."""
    codes = ", ".join(rule.partition(" ")[0] for rule in rules)
    return f"not checked without a training recipe (--recipe FILE): {codes}"


def facts(summary: Summary) -> Iterator[str]:
    """Yield the size and reach of a model."""
    at_least = "at least " if summary.macs_are_lower_bound and summary.macs is not None else ""
    yield numbers.params(summary.params)
    yield at_least + numbers.macs(summary.macs)
    if summary.receptive_field:
        yield f"receptive field {numbers.shape(summary.receptive_field)}"


def _summary(model: ModelReport, summary: Summary, style: TextStyle) -> Iterator[str]:
    worst = max((f.severity for f in model.counting), key=lambda s: s.rank, default=None)
    holes = summary.coverage.unresolved_shapes or summary.uncounted_ops
    clean = None if holes else "green"
    worst = Severity.ERROR if any(budget.fails for budget in model.budgets) else worst
    state = verdict(model)
    painted = style.paint(state, COLOURS[worst] if worst else clean, bold=True)
    head = f"{plain(model.path)}: "  # the verdict stays on the line of its file
    held = budgets.tally(model.budgets)
    pieces = [f"{head}{state},", held] if held else [head + state]
    pieces += [f"· {fact}" for fact in facts(summary)]
    first, *rest = flowed(pieces, style.width, 0, len(_NOTE), " ")
    yield head + painted + first.removeprefix(head + state)
    yield from (" " * len(_NOTE) + line for line in rest)
    for remark in (*remarks(model), *budgets.standing(model.budgets, kept=style.verbose)):
        yield from _note(remark, style)
