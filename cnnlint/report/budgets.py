"""Budgets for people: a line or two for each that is broken, undecided or not checked."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from cnnlint.report import numbers
from cnnlint.report.escape import plain
from cnnlint.report.report import BudgetVerdict, Verdict

_STATES: Mapping[Verdict, str] = {
    Verdict.KEPT: "kept",
    Verdict.BROKEN: "broken",
    Verdict.UNDECIDABLE: "can't be decided",
    Verdict.NOT_CHECKED: "not checked here",
}
_FAILING = (Verdict.BROKEN, Verdict.UNDECIDABLE)


def _layers(number: int) -> str:
    return numbers.plural(number, "layer")


_SHORT: Mapping[str, Callable[[int], str]] = {
    "max_params": numbers.params,
    "max_macs": numbers.macs,
    "max_plain_run": _layers,
}
"""How the costs of a budget are spelled that are no bytes."""
_NOUNS = {"max_params": "param", "max_macs": "MAC", "max_plain_run": "layer"}
_DECIMAL = {"TB": 10**12, "GB": 10**9, "MB": 10**6, "kB": 10**3}
_MANY = 10
"""From so many times a limit on, percents are hard to read."""


def spelled(key: str, number: float) -> str:
    """Return a cost in the unit of its budget: ``1.81 GMACs``."""
    return _SHORT.get(key, numbers.size)(int(number))


def pair(key: str, value: float, limit: float) -> tuple[str, str]:
    """Return a cost and its limit in one kind of units: decimal ones for 20 MB, not 19.1 MiB."""
    decimal = key not in _SHORT and _is_round(limit, 1000) and not _is_round(limit, 1024)
    spell = _decimal if decimal else _SHORT.get(key, numbers.size)
    return spell(int(value)), spell(int(limit))


def above(key: str, value: float, limit: float) -> str:
    """Return a cost and how much it is above a limit: in short, or exactly where it is close."""
    cost, most = pair(key, value, limit)
    share = value / limit - 1 if limit > 0 else 0.0
    percents = numbers.percent(share)
    if percents == "0.0 %" or cost == most:
        noun = _NOUNS.get(key, "byte")
        cost, most = (numbers.plural(int(number), noun) for number in (value, limit))
        return f"{cost}, {value - limit:,.0f} above {most}"
    if share >= _MANY:
        times = value / limit
        return f"{cost}, {times:,.{0 if times >= 100 else 1}f} times {most}"
    return f"{cost}, {percents} above {most}"


def _is_round(number: float, base: int) -> bool:
    """Return whether one decimal is enough where units are powers of a base."""
    units = [unit for unit in (base, base**2, base**3) if unit <= number]
    return bool(units) and number * 10 % units[-1] == 0


def _decimal(number: int) -> str:
    unit = next((unit for unit in _DECIMAL if number >= _DECIMAL[unit]), "")
    return f"{number / _DECIMAL[unit]:.1f} {unit}" if unit else f"{number} B"


def failing(budgets: Iterable[BudgetVerdict]) -> list[str]:
    """Return a text on each budget that fails, broken ones first."""
    return [_line(budget) for budget in _of(budgets, _FAILING)]


def standing(budgets: Sequence[BudgetVerdict], *, kept: bool) -> list[str]:
    """Return a text on each budget that isn't checked, and on those that are kept if asked for."""
    which = [Verdict.NOT_CHECKED, *([Verdict.KEPT] if kept else [])]
    return [_line(budget) for budget in _of(budgets, which)]


def told(budgets: Sequence[BudgetVerdict]) -> list[str]:
    """Return a text on each budget that isn't kept, those that fail first."""
    return [_line(budget) for budget in _of(budgets, (*_FAILING, Verdict.NOT_CHECKED))]


def tally(budgets: Sequence[BudgetVerdict]) -> str:
    """Return how many budgets stand how: ``3 budgets kept, 1 broken``; "" without any."""
    counts = [(len(_of(budgets, [verdict])), state) for verdict, state in _STATES.items()]
    parts = [f"{number} {state}" for number, state in counts if number]
    return ", ".join((f"budgets: {parts[0]}", *parts[1:])) if parts else ""


def _line(budget: BudgetVerdict) -> str:
    state = f"budget {budget.key}: {_STATES[budget.verdict]}: {plain(budget.reason)}"
    return f"{state} ({plain(budget.place)})"


def _of(budgets: Iterable[BudgetVerdict], which: Sequence[Verdict]) -> list[BudgetVerdict]:
    found = [budget for budget in budgets if budget.verdict in which]
    return sorted(found, key=lambda budget: which.index(budget.verdict))
