"""One line a finding, for grep: ``path:layer: warning[K101] message``."""

from cnnlint.report.amounts import savings
from cnnlint.report.escape import plain
from cnnlint.report.report import Report


def render_concise(report: Report) -> str:
    """Return a line for each finding; nothing for a model without any."""
    lines = []
    for model in report.models:
        for finding in model.counting:
            first = f":{plain(finding.layers[0].path)}" if finding.layers else ""
            more = f" (and {len(finding.layers) - 1} more)" if len(finding.layers) > 1 else ""
            saved = f" [saves {savings(finding)}]" if savings(finding) else ""
            where = f"{plain(model.path)}{first}{more}"
            what = f"{finding.severity}[{finding.code}] {plain(finding.message)}"
            lines.append(f"{where}: {what}{saved}\n")
    return "".join(lines)
