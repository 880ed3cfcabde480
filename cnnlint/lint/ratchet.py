"""How a baseline is made of reports, and how it follows models that have got better."""

from dataclasses import dataclass, replace

from cnnlint.lint.baseline import KnownModel, can_tell, partners
from cnnlint.lint.budget import measures_of, sizes_of
from cnnlint.lint.engine import Looked
from cnnlint.lint.gate import labels, unsized
from cnnlint.lint.growth import grown
from cnnlint.lint.matching import Known, label_of
from cnnlint.report.numbers import plural
from cnnlint.report.report import Amount, ReportedFinding

MOST_LAYERS = 10
"""Layers that an entry names besides the first."""


def known_model(looked: Looked) -> KnownModel:
    """Return what a baseline is to know of a model: what counts, and may be suppressed."""
    counting = (each for each in looked.findings if each.suppressible and not each.suppressed)
    present = labels(looked.facts)
    entries = tuple(map(entry_of, counting))
    costs, sizes = measures_of(looked.facts), sizes_of(looked.facts)
    return KnownModel(costs, entries, len(present), sizes)


def entry_of(finding: ReportedFinding) -> Known:
    """Return a finding as a baseline knows it."""
    paths = [layer.path for layer in finding.layers]
    return Known(
        fingerprint=finding.fingerprint,
        rule=finding.code,
        layer=paths[0] if paths else "",
        label=label_of(finding),
        cost=finding.cost,
        more=tuple(dict.fromkeys(paths[1:]))[:MOST_LAYERS],
    )


@dataclass(frozen=True, slots=True)
class Change:
    """What pruning has done to a model, in numbers."""

    taken_out: int
    lowered: int
    followed: int
    costs: int

    def __bool__(self) -> bool:
        """Tell whether it has done anything that is worth telling."""
        return any((self.taken_out, self.lowered, self.followed, self.costs))

    def __str__(self) -> str:
        """Return it in words."""
        parts = {
            "taken out": self.taken_out,
            "lowered": self.lowered,
            "followed to another name": self.followed,
        }
        words = [f"{plural(count, 'finding')} {what}" for what, count in parts.items() if count]
        words += [f"{plural(self.costs, 'cost')} of the model lowered"] if self.costs else []
        return ", ".join(words)


def pruned(known: KnownModel, looked: Looked) -> tuple[KnownModel, Change]:
    """Return what is left to know of a model: nothing is added, and no cost goes up.

    Entries of which nobody can tell whether they are mended, of findings that have grown, and of
    such that are suppressed elsewhere stay as they are; all of them at other sizes of the input,
    where nothing can be compared.
    """
    if known.resized(sizes_of(looked.facts)):
        return known, Change(0, 0, 0, 0)
    present, open_ones = labels(looked.facts), unsized(looked.facts)
    matched = partners(looked.findings, known, present)
    findings = {entry: looked.findings[at] for at, entry in matched.items()}
    left = [
        (entry, _followed(entry, findings.get(number)))
        for number, entry in enumerate(known.findings)
        if number in findings or not can_tell(entry, looked.ran, open_ones)
    ]
    now = measures_of(looked.facts)
    costs = {key: min(cost, now.get(key, cost)) for key, cost in known.costs.items()}
    seen_all = all(can_tell(entry, looked.ran, open_ones) for entry in known.findings)
    nodes = len(present) if seen_all else known.nodes
    change = Change(
        taken_out=len(known.findings) - len(left),
        lowered=sum(then.cost != now.cost for then, now in left),
        followed=sum(then.layer != now.layer for then, now in left),
        costs=sum(costs[key] != cost for key, cost in known.costs.items()),
    )
    return KnownModel(costs, tuple(entry for _, entry in left), nodes, known.sizes), change


def _followed(entry: Known, finding: ReportedFinding | None) -> Known:
    if finding is None or finding.suppressed or grown(entry.cost, finding.cost):
        return entry
    return replace(entry_of(finding), cost=_lower(entry.cost, finding.cost))


def _lower(then: Amount | None, now: Amount | None) -> Amount | None:
    """Return the lower of two costs of one unit; what is known now where nothing was."""
    if then is None or now is None:
        return then or now
    return min(then, now, key=lambda amount: amount.value)
