"""Findings that somebody has looked at and accepts, with a reason and perhaps for a time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from cnnlint.lint.patterns import Patterns, names_layer
from cnnlint.lint.rule import closeness
from cnnlint.report.report import By, ReportedFinding, Suppressed


@dataclass(frozen=True, slots=True)
class Suppression:
    """What is not to count, as a configuration file says it."""

    rule: str
    """A selector: code, prefix, name, family or ``ALL``."""
    reason: str
    place: str
    """Where it is said: ``cnnlint.toml:12``."""
    layer: str | None = None
    """A glob on layer paths; None for every layer, and for findings about no layer."""
    files: Patterns | None = None
    """None for every model."""
    expires: date | None = None
    """The last day on which it holds."""

    def holds(self, day: date) -> bool:
        """Tell whether it has not expired."""
        return self.expires is None or day <= self.expires

    def layers_meant(self, finding: ReportedFinding) -> int:
        """Return how many layers of a finding its glob means."""
        glob = "*" if self.layer is None else self.layer
        return sum(names_layer(glob, layer.path) for layer in finding.layers)

    def means(self, finding: ReportedFinding) -> bool:
        """Tell whether it means a finding: its rule, and all of its layers.

        With one layer of several the glob would hide the others, which nobody has looked at.
        What is about no layer is meant only where no layer is named.
        """
        if not closeness(self.rule, finding):
            return False
        named = self.layer is None or bool(finding.layers)
        return named and self.layers_meant(finding) == len(finding.layers)


def today() -> date:
    """Return the day that it is where this computer stands."""
    return datetime.now().astimezone().date()


def suppress(
    findings: Iterable[ReportedFinding], suppressions: Sequence[Suppression], day: date
) -> tuple[ReportedFinding, ...]:
    """Return all findings; those that are suppressed say by what.

    Which files a suppression means was looked at when the model was planned. Of several that
    mean a finding the first that is written counts.
    """
    holding = [each for each in suppressions if each.holds(day)]
    return tuple(_settled(finding, holding) for finding in findings)


def _settled(finding: ReportedFinding, holding: Sequence[Suppression]) -> ReportedFinding:
    if finding.suppressible:
        for each in holding:
            if each.means(finding):
                expires = each.expires.isoformat() if each.expires else None
                by = Suppressed(By.CONFIG, each.reason, each.place, expires)
                return replace(finding, suppressed=by)
    return finding
