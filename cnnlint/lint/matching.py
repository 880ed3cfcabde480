"""Which finding is which entry of the baseline.

Layers change their names: an exporter names them otherwise, a layer in front shifts the numbers
in ``features.3`` or ``Conv_7``. An entry follows its layer to another path as long as that can't
hide more than it knows: one entry is one finding of the same rule, whatever the names.
"""

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from cnnlint.lint.growth import grown, near
from cnnlint.report.report import Amount, ReportedFinding

Present: TypeAlias = Mapping[str, str]
"""What each layer of a model is, by its path: ``{"conv1": "Conv 7x7 s2 3->64"}``."""
_NUMBER = re.compile(r"[_~]?[0-9]+")


@dataclass(frozen=True, slots=True)
class Known:
    """A finding of the baseline."""

    fingerprint: str
    rule: str
    """Its code."""
    layer: str
    """Path of the layer that it names first; "" where it names none."""
    label: str
    """What that layer is: ``Conv 7x7 32->32``; without one see :func:`label_of`."""
    cost: Amount | None
    more: tuple[str, ...] = ()
    """Paths of other layers that it names: some of them, where they are many."""


@dataclass(frozen=True, slots=True)
class _Item:
    """An entry or a finding, as far as they are compared."""

    at: int
    fingerprint: str
    rule: str
    layers: tuple[str, ...]
    label: str
    cost: Amount | None

    @property
    def layer(self) -> str:
        return next(iter(self.layers), "")

    @property
    def value(self) -> int:
        return self.cost.value if self.cost else 0


_Key: TypeAlias = Callable[[_Item], Hashable]


@dataclass(slots=True)
class _Search:
    """What is left to match, and what has been matched."""

    entries: dict[int, _Item]
    findings: dict[int, _Item]
    found: dict[int, int] = field(default_factory=dict)

    def match(self, key: _Key, which: Callable[[_Item], bool] = lambda _: True) -> None:
        """Pair the entries of a kind with findings that have the same key and cost the same."""
        groups: dict[Hashable, tuple[list[_Item], list[_Item]]] = {}
        for entry in filter(which, self.entries.values()):
            groups.setdefault(key(entry), ([], []))[0].append(entry)
        for finding in self.findings.values():
            if group := groups.get(key(finding)):
                group[1].append(finding)
        for entries, findings in groups.values():
            for entry, finding in list(_same_cost(entries, findings)):
                self.take(entry, finding)

    def take(self, entry: _Item, finding: _Item) -> None:
        """Note a pair; neither is to be had any more."""
        del self.entries[entry.at], self.findings[finding.at]
        self.found[finding.at] = entry.at


def pairs(
    entries: Sequence[Known],
    findings: Sequence[ReportedFinding],
    present: Present,
    *,
    shifted: bool,
) -> dict[int, int]:
    """Return which finding is which entry, by their positions; the surest pairs come first.

    1. The same fingerprint, label, and cost within 5 %.
    2. Where layers came or went since: a path that differs in its numbers only, unless a layer
       like it stands at the old path and the rule is silent there, so that it was mended; rule,
       label and cost as before.
    3. The same rule on any layer in common: the cost may have changed, and which of many layers
       comes first. Findings on the very same layers cost the same, so that any of them will do.
    4. Where all old paths are gone: any path; rule, label and cost as before.

    Args:
        entries: those of the baseline.
        findings: those on the model now.
        present: the layers that it has now.
        shifted: whether it has more or fewer of them than it had.
    """
    search = _Search(dict(enumerate(_entries(entries))), dict(enumerate(_found(findings))))
    search.match(lambda item: (item.fingerprint, item.label))
    if shifted:
        spoken_of = {(finding.rule, finding.layer) for finding in search.findings.values()}
        search.match(
            lambda item: (item.rule, item.label, _NUMBER.sub("", item.layer)),
            lambda entry: (
                present.get(entry.layer) != entry.label or (entry.rule, entry.layer) in spoken_of
            ),
        )
    _overlapping(search)
    search.match(
        lambda item: (item.rule, item.label),
        lambda entry: present.keys().isdisjoint(entry.layers),
    )
    return search.found


def _entries(entries: Iterable[Known]) -> Iterator[_Item]:
    for at, known in enumerate(entries):
        layers = (known.layer, *known.more) if known.layer else ()
        yield _Item(at, known.fingerprint, known.rule, layers, known.label, known.cost)


def _found(findings: Iterable[ReportedFinding]) -> Iterator[_Item]:
    for at, each in enumerate(findings):
        layers = tuple(layer.path for layer in each.layers)
        yield _Item(at, each.fingerprint, each.code, layers, label_of(each), each.cost)


def label_of(finding: ReportedFinding) -> str:
    """Return what the first layer of a finding is.

    Of what is about no layer, whether a rule lacked something: to accept that it could not look
    is not to accept what it says once it can.
    """
    if finding.layers:
        return finding.layers[0].label
    return "not checked" if "needs" in finding.evidence else ""


def _same_cost(entries: list[_Item], findings: list[_Item]) -> Iterator[tuple[_Item, _Item]]:
    """Yield as many pairs as there can be whose cost is within 5 %, the cheapest first."""
    for unit in {_unit(entry) for entry in entries}:
        waiting = iter(sorted((e for e in entries if _unit(e) == unit), key=_by_cost))
        entry = next(waiting, None)
        for finding in sorted((f for f in findings if _unit(f) == unit), key=_by_cost):
            while entry and grown(entry.cost, finding.cost):
                entry = next(waiting, None)
            if entry and near(entry.cost, finding.cost):
                yield entry, finding
                entry = next(waiting, None)


def _overlapping(search: _Search) -> None:
    """Pair what the same rule says of layers in common: of most, and of the fewest others."""
    at: dict[tuple[str, str], list[int]] = {}
    for finding in search.findings.values():
        for layer in finding.layers:
            at.setdefault((finding.rule, layer), []).append(finding.at)
    for entry in list(search.entries.values()):
        common: dict[int, int] = {}
        for layer in entry.layers:
            for number in at.get((entry.rule, layer), ()):
                if number in search.findings:
                    common[number] = common.get(number, 0) + 1
        if common:
            best = min(
                (search.findings[number] for number in common),
                key=lambda each: (-common[each.at], len(each.layers), each.at),
            )
            search.take(entry, best)


def _unit(item: _Item) -> str | None:
    return item.cost.unit if item.cost else None


def _by_cost(item: _Item) -> tuple[int, list[tuple[int, str]]]:
    """Sort by cost, then by path, with ``features.2`` before ``features.10``."""
    parts = re.split(r"([0-9]+)", item.layer)
    return item.value, [(len(part) if i % 2 else 0, part) for i, part in enumerate(parts)]
