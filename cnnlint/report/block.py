"""One finding in full, and the others of its rule in short."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from cnnlint.report import numbers
from cnnlint.report.amounts import amounts, gist, together
from cnnlint.report.columns import flowed, hanging, wrapped
from cnnlint.report.escape import plain
from cnnlint.report.growth import growth
from cnnlint.report.neighbourhood import BAR, Row, Table, Where, layer_row, neighbourhood
from cnnlint.report.report import By, ModelReport, ReportedFinding, Suppressed
from cnnlint.report.style import COLOURS, TextStyle

MAX_PER_RULE = 10
"""Findings of one rule on one model that are shown, where nobody asks for another number."""
_WHO = {
    By.CONFIG: "the configuration",
    By.MODEL: "the model",
    By.BASELINE: "the baseline",
}


def blocks(model: ModelReport, style: TextStyle) -> Iterator[str]:
    """Yield the findings on a model: one block a rule, or each in full where all is asked for."""
    if style.verbose:
        for finding in model.findings or ():
            yield _joined(_full(model, finding, style))
        return
    if style.max_per_rule is None:
        style = replace(style, max_per_rule=model.max_per_rule)
    groups: dict[tuple[str, str], list[ReportedFinding]] = {}
    for finding in model.counting:
        groups.setdefault((finding.severity, finding.code), []).append(finding)
    for findings in groups.values():
        lines = list(_full(model, findings[0], style))
        lines += _others(findings, style) if findings[1:] else []
        yield _joined(lines)


def _joined(lines: Iterator[str] | Sequence[str]) -> str:
    return "\n".join(lines) + "\n"


def _full(model: ModelReport, finding: ReportedFinding, style: TextStyle) -> Iterator[str]:
    yield from _title(finding, style)
    yield from _places(model, finding, style)
    if finding.layers:
        yield from [BAR] if style.drawing else []
        yield from neighbourhood(finding, style)
        yield from [BAR] if style.drawing else []
    yield from field("help", plain(finding.suggestion), style)
    for name, sign in (("saves", 1), ("costs", -1)):
        if words := amounts(finding.saving, sign, finding.present):
            yield from field(name, words, style)
    if grown := growth(finding):
        yield from field("note", grown, style)
    proven = f"; done as suggested in {finding.proven}" if finding.proven else ""
    yield from field("note", f"basis {finding.basis}{proven}", style)
    if finding.suppressed:
        yield from field("note", suppressed_by(finding.suppressed), style)
    yield from field("rule", f"cnnlint rule {finding.code} ({finding.name})", style)


def _title(finding: ReportedFinding, style: TextStyle) -> Iterator[str]:
    head = f"{finding.severity}[{finding.code}]"
    state = ", suppressed" if finding.suppressed else ""
    taken = len(head) + len(state) + 2
    indent = _INDENT
    lines = wrapped(plain(finding.message), style.width, taken, indent)
    for number, line in enumerate(lines):
        start = f"{style.paint(head, COLOURS[finding.severity], bold=True)}{state}: "
        yield (" " * indent if number else start) + style.paint(line, bold=True)


_INDENT = 6
"""Columns by which the second line of a title or place is set in."""


def _places(model: ModelReport, finding: ReportedFinding, style: TextStyle) -> Iterator[str]:
    """Yield where a finding is: the file, the layer, the line of source."""
    layer = finding.layers[0] if finding.layers else None
    source = f"{plain(layer.source.file)}:{layer.source.line}" if layer and layer.source else ""
    if not style.drawing:
        yield f"  in: {plain(model.path)}"
        yield from [f"  source: {source}"] if source else []
        return
    pieces = [plain(model.path)]
    pieces += [f"· {plain(layer.path)}"] if layer else []
    pieces += [f"  ({source})"] if source else []
    lines = flowed(pieces, style.width, _INDENT, _INDENT, " ")
    yield f"  --> {lines[0]}"
    yield from (" " * _INDENT + line.strip() for line in lines[1:])


def field(name: str, text: str, style: TextStyle) -> Iterator[str]:
    """Yield what there is to say under a name, its further lines below its beginning."""
    head = f"   = {name}: " if style.drawing else f"  {name}: "
    return hanging(head, text, style.width, None if style.drawing else 4)


def suppressed_by(suppressed: Suppressed) -> str:
    """Return who says that a finding doesn't count, where, why and how long."""
    place = f" ({plain(suppressed.place)})" if suppressed.place else ""
    until = f"; until {plain(suppressed.expires)}" if suppressed.expires else ""
    return f"suppressed by {_WHO[suppressed.by]}{place}: {plain(suppressed.reason)}{until}"


def _others(findings: Sequence[ReportedFinding], style: TextStyle) -> Iterator[str]:
    """Yield the other findings of a rule, a row each, and what all of them save together."""
    first, *others = findings
    most = MAX_PER_RULE if style.max_per_rule is None else style.max_per_rule
    shown = others[: most - 1] if most else others
    also = f"{numbers.plural(len(others), 'more finding')} of {first.code} in this model"
    yield from field("also", also, style)
    rows = [_short(finding, first) for finding in shown]
    table = Table.of(rows, style)
    for finding, row in zip(shown, rows, strict=True):
        yield from table.lines([row], finding)
        if finding.message != first.message and row.label:
            yield from _more(plain(finding.message), style)
        if grown := growth(finding):
            yield from _more(grown, style)
    if cut := len(others) - len(shown):
        head = f"{BAR}  " if style.drawing else "  "
        yield from hanging(f"{head}and ", f"{cut:,} more; --max-per-rule 0 shows all", style.width)
    if total := together(findings):
        yield from field("together", total, style)


def _more(text: str, style: TextStyle) -> Iterator[str]:
    head = f"{BAR}      " if style.drawing else "    "
    taken = len(head)
    lines = wrapped(text, style.width, taken, taken)
    return (head + line for line in lines)


def _short(finding: ReportedFinding, first: ReportedFinding) -> Row:
    """Return a finding as a row below the first of its rule; alike in number goes unsaid."""
    if not finding.layers:
        return Row(Where.ALSO, plain(finding.message))
    row = layer_row(Where.ALSO, finding.layers[0])
    more = len(finding.layers) - 1
    alike = len(finding.layers) == len(first.layers)
    words = [] if alike or not more else [f"and {numbers.plural(more, 'more layer')}"]
    words += [gist(finding.saving)] if gist(finding.saving) else []
    return replace(row, rest=", ".join(words))
