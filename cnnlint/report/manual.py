"""The manual page of a rule, in Markdown: what ``cnnlint rule`` shows and ``docs/rules`` holds."""

from collections.abc import Iterator

from cnnlint.lint.finding import Basis, Fix, Severity
from cnnlint.lint.presets import PRESETS
from cnnlint.lint.rule import Option, Rule

SEVERITIES = {
    Severity.ERROR: "the file is wrong",
    Severity.WARNING: "evidence or arithmetic says it is worse, and proven networks seldom do it",
    Severity.NOTE: "worth knowing; proven networks do it",
}
BASES = {
    Basis.MEASURED: "timed or counted on real models",
    Basis.COMPUTED: "follows from the model itself",
    Basis.PUBLISHED: "stated in the literature",
    Basis.HEURISTIC: "a threshold of ours",
}
FIXES = {
    Fix.NONE: "no remedy that would do for every model",
    Fix.SAFE: "the numbers stay the same",
    Fix.UNSAFE: "needs training again",
}


def manual(rule: Rule) -> str:
    """Return the page of a rule: what it is, its docstring, its options."""
    summary, _, sections = rule.doc.partition("\n")
    blocks = [f"# {rule.name} ({rule.code})", summary, "\n".join(_about(rule)), sections.strip()]
    if rule.options:
        setting = f"rules.{rule.code}.{rule.options[0].name}={_toml(rule.options[0])}"
        # A shell would cut it at a space.
        setting = f'--config "{setting}"' if " " in setting else f"--config {setting}"
        blocks += ["## Options", "\n".join(_options(rule)), f"To set one: `{setting}`"]
    return "\n\n".join(filter(None, blocks)) + "\n"


def _about(rule: Rule) -> Iterator[str]:
    yield f"- family: {rule.family}"
    yield f"- severity: {rule.severity} ({SEVERITIES[rule.severity]})"
    yield f"- basis: {rule.basis} ({BASES[rule.basis]})"
    yield f"- fix: {rule.fix} ({FIXES[rule.fix]})"
    if rule.proven:
        yield f"- done as suggested in: {rule.proven}"
    yield f"- since: {rule.since}"
    asked = f"only where asked for: `--extend-select {rule.code}`"
    yield f"- on: {'by default' if rule.default else asked}"
    if presets := "; ".join(_presets(rule)):
        yield f"- presets: {presets}"


def _presets(rule: Rule) -> Iterator[str]:
    """Yield what each preset changes about a rule."""
    for name, preset in PRESETS.items():
        if not rule.default and any(rule.closeness(selector) for selector in preset.on):
            yield f"`{name}` turns it on"
        least = preset.severity(rule.code, Severity.NOTE)
        named = rule.code in preset.louder or rule.severity is Severity.NOTE
        if named and least is not Severity.NOTE:
            yield f"`{name}` makes it {'an' if least is Severity.ERROR else 'a'} {least}"
        if rule.family in preset.required:
            yield f"`{name}` warns where it can't judge"


def _toml(option: Option) -> str:
    """Return the default of an option as a setting has it."""
    return str(option.default).lower() if option.type is bool else f"{option.default}"


def _options(rule: Rule) -> Iterator[str]:
    """Yield the lines of a table, of which the first columns stand in line as text too."""
    rows = [("name", "type", "default")]
    rows += [(f"`{o.name}`", o.type.__name__, _cell(f"{o.default}")) for o in rule.options]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rows.insert(1, ("-" * widths[0], "-" * widths[1], "-" * widths[2]))
    meanings = ["meaning", "---", *(_cell(option.doc) for option in rule.options)]
    for row, meaning in zip(rows, meanings, strict=True):
        cells = [f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)]
        yield f"| {' | '.join([*cells, meaning])} |"


def _cell(text: str) -> str:
    """Return a text as a table takes it, on one line."""
    return " ".join(text.split()).replace("|", "\\|")
