"""What a suggestion saves and costs, in words."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from cnnlint.lint.finding import Saving
from cnnlint.report import numbers
from cnnlint.report.report import Present, ReportedFinding

_MOST = 10.0
"""Times what is there now, above which a percentage says nothing: the cost is elsewhere."""
_OF_ACTIVATIONS = " of activations"
SPELLED: Mapping[str, Callable[[int], str]] = {
    "macs": numbers.macs,
    "params": numbers.params,
    "activation_bytes": lambda amount: f"{numbers.size(amount)}{_OF_ACTIVATIONS}",
}
"""How each unit of a cost is spelled."""


def savings(finding: ReportedFinding) -> str:
    """Return what the suggestion saves, in words; "" where it saves nothing that is counted."""
    return amounts(finding.saving, 1)


def gist(saving: Saving) -> str:
    """Return the first that is saved, or else that it costs, in words; "" where nothing is."""
    for verb, sign in (("saves", 1), ("costs", -1)):
        for words in _amounts(saving, sign, Present()):
            return f"{verb} {words.removesuffix(_OF_ACTIVATIONS)}"
    return ""


def amounts(saving: Saving, sign: int, present: Present | None = None) -> str:
    """Return what is saved (sign 1) or what it costs (-1), in words.

    Args:
        saving: of what, how much.
        sign: which of both.
        present: what the layers cost now, for percentages.
    """
    return ", ".join(_amounts(saving, sign, present or Present()))


def _amounts(saving: Saving, sign: int, present: Present) -> Iterator[str]:
    for name, spelled in SPELLED.items():
        amount: int = sign * (getattr(saving, name) or 0)
        if amount > 0:
            yield spelled(amount) + _change(-sign * amount, getattr(present, name))


def _change(change: int, now: int | None) -> str:
    """Return a change in percent; nothing where it can't be one of these layers alone."""
    if not now or not -now <= change <= _MOST * now:
        return ""
    share = 100 * change / now
    return f" ({share:+.0f} %)" if abs(share) >= 1 else f" ({share:+.1g} %)"


def together(findings: Sequence[ReportedFinding]) -> str:
    """Return what several findings save and cost, in words.

    "" where that is no sum: some are about the same layer, and both can't be had.
    """
    paths = [layer.path for finding in findings for layer in finding.layers]
    if len(paths) > len(set(paths)) or not paths:
        return ""
    saving = Saving(*(_sum([getattr(f.saving, name) for f in findings]) for name in SPELLED))
    present = Present(*(_sum([getattr(f.present, name) for f in findings]) for name in SPELLED))
    said = (("saves", amounts(saving, 1, present)), ("costs", amounts(saving, -1, present)))
    return "; ".join(f"{verb} {what}" for verb, what in said if what)


def _sum(numbers_: Sequence[int | None]) -> int | None:
    known = [number for number in numbers_ if number is not None]
    return sum(known) if len(known) == len(numbers_) else None
