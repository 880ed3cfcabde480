"""What was there when a team began to use cnnlint: it is known, and may only get better."""

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from os.path import realpath
from pathlib import Path

from cnnlint.lint.growth import grown
from cnnlint.lint.matching import Known, Present, pairs
from cnnlint.report.growth import in_baseline
from cnnlint.report.report import By, ReportedFinding, Suppressed


@dataclass(frozen=True, slots=True)
class KnownModel:
    """What the baseline knows of one model."""

    costs: Mapping[str, float] = field(default_factory=dict)
    """Its costs by the key of their budget: ``max_macs``. What isn't known is missing."""
    findings: tuple[Known, ...] = ()
    nodes: int | None = None
    """How many it had."""
    sizes: Mapping[str, int] = field(default_factory=dict)
    """What its open dimensions were bound to, by their names."""

    def resized(self, sizes: Mapping[str, int]) -> str:
        """Return which of its open dimensions have other sizes now, in words; "" for none."""
        other = {name: size for name, size in self.sizes.items() if sizes.get(name, size) != size}
        then = ", ".join(f"{name} = {size}" for name, size in other.items())
        now = ", ".join(f"{name} = {sizes[name]}" for name in other)
        return f"the baseline was made with {then}, and now it is {now}" if other else ""


@dataclass(frozen=True, slots=True)
class Baseline:
    """All models of a baseline, by their path from the folder of its file, with ``/``."""

    file: Path
    models: Mapping[str, KnownModel] = field(default_factory=dict)

    def of(self, model: Path) -> KnownModel | None:
        """Return what is known of the model in a file; None for nothing."""
        return self.models.get(self.key(model))

    def key(self, model: Path) -> str:
        """Return what a model is called in the file: links to folders on the way don't matter."""
        folder = realpath(self.file.absolute().parent)
        there = Path(realpath(model.absolute().parent), model.name)
        return os.path.relpath(there, folder).replace(os.sep, "/")

    def path(self, key: str) -> Path:
        """Return the file of the model that is called so."""
        return self.file.parent / key


@dataclass(frozen=True, slots=True)
class Held:
    """The findings on a model, held against the baseline."""

    findings: tuple[ReportedFinding, ...]
    stale: tuple[Known, ...]
    """What the baseline has and the model hasn't any more."""


def against(
    findings: Sequence[ReportedFinding],
    known: KnownModel,
    present: Present,
    ran: Collection[str],
    unsized: Collection[str] = (),
) -> Held:
    """Say which findings are known, which have grown, and which entries match nothing.

    Args:
        findings: those on a model; what is suppressed stays so.
        known: what the baseline has on it.
        present: the layers of the model.
        ran: codes of the rules that looked at all of it.
        unsized: the layers whose output has no known size.
    """
    found = partners(findings, known, present)
    held = [
        _held(finding, known.findings[found[index]])
        if index in found and finding.suppressed is None
        else finding
        for index, finding in enumerate(findings)
    ]
    used = set(found.values())
    left = (each for index, each in enumerate(known.findings) if index not in used)
    return Held(tuple(held), tuple(each for each in left if can_tell(each, ran, unsized)))


def can_tell(entry: Known, ran: Collection[str], unsized: Collection[str]) -> bool:
    """Tell whether it says something of an entry that nothing of it is found.

    It doesn't where the rule had no look, or could see nothing since a size isn't known.
    """
    return entry.rule in ran and {entry.layer, *entry.more}.isdisjoint(unsized)


def partners(
    findings: Sequence[ReportedFinding], known: KnownModel, present: Present
) -> dict[int, int]:
    """Return which finding is which entry, by their positions.

    What is suppressed elsewhere gets what the others leave: it is still there, so its entry isn't
    stale, and it takes no entry away from what counts.
    """
    shifted = known.nodes != len(present)
    judged = [i for i, each in enumerate(findings) if each.suppressible]
    found: dict[int, int] = {}
    for suppressed in (False, True):
        mine = [i for i in judged if (findings[i].suppressed is not None) == suppressed]
        rules, taken = {findings[i].code for i in mine}, set(found.values())
        left = [
            i for i, each in enumerate(known.findings) if each.rule in rules and i not in taken
        ]
        matched = pairs(
            [known.findings[i] for i in left],
            [findings[i] for i in mine],
            present,
            shifted=shifted,
        )
        found |= {mine[finding]: left[entry] for finding, entry in matched.items()}
    return found


def stale_note(stale: Iterable[Known]) -> tuple[str, ...]:
    """Return what to say of entries that match nothing."""
    match len(list(stale)):
        case 0:
            return ()
        case 1:
            what = "1 entry of the baseline matches nothing any more"
            return (f"{what}; `cnnlint baseline prune` takes it out",)
        case count:
            what = f"{count:,} entries of the baseline match nothing any more"
            return (f"{what}; `cnnlint baseline prune` takes them out",)


def _held(finding: ReportedFinding, entry: Known) -> ReportedFinding:
    if grown(entry.cost, finding.cost):
        return replace(finding, grown_from=entry.cost)
    return replace(finding, suppressed=Suppressed(By.BASELINE, in_baseline(entry.cost)))
