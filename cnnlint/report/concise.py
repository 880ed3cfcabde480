"""One line a finding, for grep: ``path:layer: warning[K101] message``; budgets likewise."""

from collections import Counter
from collections.abc import Iterator

from cnnlint.report import budgets
from cnnlint.report.amounts import savings
from cnnlint.report.escape import plain
from cnnlint.report.growth import growth
from cnnlint.report.numbers import plural
from cnnlint.report.remarks import untold
from cnnlint.report.report import ModelReport, Report, ReportedFinding


def render_concise(report: Report, max_per_rule: int | None = None) -> str:
    """Return a line for each finding, each budget that isn't kept, and what else fails.

    ``max_per_rule`` is how many findings of one rule and model are shown, 0 for all; None for what
    the configuration of each model says, else all.
    """
    lines = (line for model in report.models for line in _model(model, max_per_rule))
    return "".join(f"{line}\n" for line in lines)


def _model(model: ModelReport, max_per_rule: int | None) -> Iterator[str]:
    most = model.max_per_rule if max_per_rule is None else max_per_rule
    found: Counter[str] = Counter()
    for finding in model.counting:
        found[finding.code] += 1
        if not most or found[finding.code] <= most:
            yield _line(model, finding)
    for code, number in found.items():
        if most and number > most:
            more = plural(number - most, "more finding")
            yield f"{plain(model.path)}: {more} of {code}; --max-per-rule 0 shows all"
    texts = (*untold(model), *budgets.told(model.budgets))
    yield from (f"{plain(model.path)}: {text}" for text in texts)


def _line(model: ModelReport, finding: ReportedFinding) -> str:
    first = f":{plain(finding.layers[0].path)}" if finding.layers else ""
    more = f" (and {len(finding.layers) - 1} more)" if len(finding.layers) > 1 else ""
    saved = f" [saves {savings(finding)}]" if savings(finding) else ""
    grown = f" [{growth(finding)}]" if finding.grown_from else ""
    where = f"{plain(model.path)}{first}{more}"
    return f"{where}: {finding.severity}[{finding.code}] {plain(finding.message)}{saved}{grown}"
