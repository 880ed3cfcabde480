"""What models cost, held against their limits.

A budget is broken, or kept, or nobody can tell: then it fails too, and says why. A cost of which
only a lower bound is known breaks a limit that is below it, and decides nothing else.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import floor

from cnnlint.facts.facts import Facts
from cnnlint.facts.measures import MEASURES, Measure
from cnnlint.lint.baseline import KnownModel
from cnnlint.lint.limit import Limit
from cnnlint.lint.reference import Measured, Reference, measured
from cnnlint.model.binding import Bindings, dim_name
from cnnlint.report.budgets import above, pair, spelled
from cnnlint.report.report import BudgetVerdict, Verdict

KEYS: Mapping[str, str] = {f"max_{name}": name for name in MEASURES}
"""The keys of limits on what is known without a run, in the order of reports."""
LATENCY = "max_latency_ms"
BY_SIZE = ("max_macs", "max_peak_memory")
"""The keys of what depends on the sizes of the input."""
SAME_SIZES = "give the same sizes: --dim, --batch"


def effective(limits: Iterable[Limit]) -> tuple[Limit, ...]:
    """Return the limits that count, one for each key: the last, in the order of reports."""
    last = {limit.key: limit for limit in limits}
    order = [*KEYS, LATENCY]
    return tuple(last[key] for key in order if key in last)


def measures_of(facts: Facts) -> Mapping[str, float]:
    """Return what a model costs by the key of its budget; what isn't sure is left out."""
    costs = {key: MEASURES[name](facts).exact for key, name in KEYS.items()}
    return {key: cost for key, cost in costs.items() if cost is not None}


def sizes_of(facts: Facts) -> Mapping[str, int]:
    """Return what the open dimensions of a model are bound to, by their names."""
    return {
        dim_name(entry, axis): size
        for entry in facts.model.inputs
        for axis, size in enumerate(entry.bound or ())
        if isinstance(size, int) and entry.declared and not isinstance(entry.declared[axis], int)
    }


def verdicts(
    facts: Facts, limits: Iterable[Limit], known: KnownModel | None, bindings: Bindings
) -> tuple[BudgetVerdict, ...]:
    """Hold a model against its limits.

    Args:
        facts: the model.
        limits: those that are meant for it; of several with one key the last counts.
        known: what it cost in the baseline; None where there is none, or not this model in it.
        bindings: the sizes that the model was loaded with; a reference is loaded with the same.
    """
    return tuple(
        _not_checked(limit)
        if limit.key == LATENCY
        else _verdict(
            limit, MEASURES[KEYS[limit.key]](facts), _ceiling(limit, known, bindings, facts)
        )
        for limit in effective(limits)
    )


@dataclass(frozen=True, slots=True)
class _Ceiling:
    """What a model may cost at most."""

    most: float | None
    """None where that is relative to what isn't known."""
    told: str = ""
    """What it is relative to, in words, or why that isn't known; "" where it is absolute."""


def _ceiling(limit: Limit, known: KnownModel | None, bindings: Bindings, facts: Facts) -> _Ceiling:
    if limit.growth is None:
        return _Ceiling(limit.amount)
    if limit.reference is None:
        resized = known.resized(sizes_of(facts)) if known and limit.key in BY_SIZE else ""
        if resized:
            return _Ceiling(None, f"{resized}; {SAME_SIZES}")
        return _grown_from_baseline(limit, limit.growth, known)
    return _grown_from_reference(limit, limit.growth, measured(limit.reference, bindings), facts)


def _grown_from_reference(limit: Limit, growth: float, found: Measured, facts: Facts) -> _Ceiling:
    if isinstance(found, str):
        return _Ceiling(None, f"the reference can't be read: {found}")
    name = limit.reference.name if limit.reference else ""
    if limit.key in BY_SIZE and (sizes := ", ".join(_others(found, facts))):
        cure = "name its open dimensions as the model does, or give --input-shapes"
        return _Ceiling(None, f"{name} is taken at {sizes}, and the model is not; {cure}")
    measure = found.costs[KEYS[limit.key]]
    if measure.exact is None:
        return _Ceiling(None, f"the same of {name} isn't known: {_in_doubt(measure)}")
    return _grown(limit, growth, measure.exact, name)


def _others(reference: Reference, facts: Facts) -> Iterator[str]:
    """Yield sizes that are assumed of a reference where the model has another size."""
    for entry, own in zip(reference.inputs, facts.model.inputs, strict=False):
        if entry.bound and own.bound and len(own.bound) == len(entry.bound):
            for axis, (size, ours) in enumerate(zip(entry.bound, own.bound, strict=True)):
                text = f"{dim_name(entry, axis)} = {size}"
                if size != ours and text in reference.assumed:
                    yield text


def _grown_from_baseline(limit: Limit, growth: float, known: KnownModel | None) -> _Ceiling:
    if known is None:
        cure = "make it with cnnlint baseline create, or name a model: reference = FILE"
        return _Ceiling(None, f"no baseline knows this model; {cure}")
    cost = known.costs.get(limit.key)
    if cost is None:
        cure = "it wasn't known when the baseline was made, or wasn't asked for"
        return _Ceiling(None, f"the baseline doesn't say what it cost: {cure}; make a new one")
    return _grown(limit, growth, cost, "the baseline")


def _grown(limit: Limit, growth: float, cost: float, source: str) -> _Ceiling:
    """Return a ceiling so much above a cost, without rounding: +5% of 100 is 105.

    ``str`` of a float gives the decimals as they were written. Costs are whole numbers, so that
    what is beyond the point of a ceiling makes no difference.
    """
    most = floor(Fraction(str(cost)) * (1 + Fraction(str(growth))))
    percents = float(100 * Fraction(str(growth)))
    told = f"{percents:+g}% against {spelled(limit.key, cost)} in {source}"
    return _Ceiling(most, told)


def _verdict(limit: Limit, measure: Measure, ceiling: _Ceiling) -> BudgetVerdict:
    most, value = ceiling.most, measure.value
    told = f", which is {ceiling.told}" if ceiling.told else ""
    if most is None:
        verdict, reason = Verdict.UNDECIDABLE, ceiling.told
    elif value is not None and value > most:
        least = "at least " if measure.unsure else ""
        verdict, reason = Verdict.BROKEN, f"{least}{above(limit.key, value, most)}{told}"
    elif value is None or measure.unsure:
        verdict, reason = Verdict.UNDECIDABLE, _undecided(limit, measure, most)
    else:
        cost, allowed = pair(limit.key, value, most)
        verdict, reason = Verdict.KEPT, f"{cost} of {allowed}{told}"
    return BudgetVerdict(limit.key, verdict, most, value, reason, limit.place)


def _undecided(limit: Limit, measure: Measure, most: float) -> str:
    if measure.value is None:
        return _in_doubt(measure)
    cost, allowed = pair(limit.key, measure.value, most)
    return f"at least {cost} of {allowed}: {_in_doubt(measure)}"


def _in_doubt(measure: Measure) -> str:
    return "; ".join(filter(None, (measure.unsure, measure.cure)))


def _not_checked(limit: Limit) -> BudgetVerdict:
    reason = "check runs nothing; cnnlint profile measures latency"
    return BudgetVerdict(limit.key, Verdict.NOT_CHECKED, limit.amount, None, reason, limit.place)
