"""W809."""

from collections.abc import Iterator
from typing import Annotated

from cnnlint.facts import measures
from cnnlint.facts.facts import Facts
from cnnlint.facts.measures import Measure
from cnnlint.lint.finding import Basis, Finding, Saving, Severity, Silence
from cnnlint.lint.rule import rule

MIB = 2**20


@rule("W809", severity=Severity.ERROR, basis=Basis.COMPUTED, since="0.1")
def over_budget(
    facts: Facts,
    *,
    max_params: Annotated[int, "parameters that the model may have; 0 for any number"] = 0,
    max_macs: Annotated[int, "MACs that a run may take; 0 for any number"] = 0,
    max_peak_mib: Annotated[float, "MiB that activations may take at once; 0 for any"] = 0.0,
    max_weight_mib: Annotated[float, "MiB that the parameters may take; 0 for any"] = 0.0,
) -> Iterator[Finding | Silence]:
    """Model that costs more than a budget that you have set, or can't be held against it.

    ## What it does
    Compares the model at its bound shapes with `max_params`, `max_macs`, `max_peak_mib` (what
    activations take at once) and `max_weight_mib` (parameters as stored), each where it isn't 0.
    What is above is an error. So is what can't be decided, as where a shape is unknown or an
    operator can't be counted, unless what is known is above already.

    ## Why is this bad?
    What a device can do is known before a network is trained for it. A budget that is checked at
    every change stops the one that breaks it; a budget that can't be checked stops nothing.

    ## Example
    ResNet-18 on 224x224 takes 1,814,073,344 MACs: a budget of 1.5 billion, set by
    `--config rules.W809.max_macs=1_500_000_000`, is broken by 21 %.

    ## When to ignore it
    Set another budget instead. MACs say little about time: measure that with
    `cnnlint profile`. Without a budget, as by default, nothing is said.

    As a gate, `[budget]` of the configuration does more: per model, on the size of the file and
    plain runs too, relative to another model or the baseline, and nothing can suppress it.

    ## References
    - docs/costs.md in the repository of cnnlint: how each of these numbers is counted
    """
    limits = (max_params, max_macs, max_peak_mib, max_weight_mib)
    if not any(limits):
        yield Silence(None, "no budget is set")
    if max_params:
        yield _held("parameters", measures.params(facts), max_params)
    if max_macs:
        yield _held("MACs", measures.macs(facts), max_macs)
    if max_peak_mib:
        peak = measures.peak_memory(facts)
        yield _held("bytes of activations at once", peak, int(max_peak_mib * MIB))
    if max_weight_mib:
        stored = measures.weight_bytes(facts)
        yield _held("bytes of parameters", stored, int(max_weight_mib * MIB))


def _held(what: str, measure: Measure, limit: int) -> Finding | Silence:
    """Return whether a budget is kept."""
    value, unsure = measure.value, measure.unsure
    known = "" if value is None else f"at least {value:,}" if unsure else f"{value:,}"
    broken = value is not None and value > limit
    if value is not None and broken:
        message = f"{known} {what}, {value / limit - 1:.1%} above the budget of {limit:,}"
        suggestion = f"save {value - limit:,} {what}, or raise the budget"
    elif unsure:
        counted = f" ({known})" if known else ""
        message = f"a budget of {limit:,} {what} that can't be checked{counted}: {unsure}"
        bind = "bind open sizes with --dim, or " if value is None else ""
        suggestion = f"{bind}take the budget out"
    else:
        return Silence(None, f"{known} of {limit:,} {what}")
    return Finding(
        nodes=(),
        message=message,
        suggestion=suggestion,
        evidence={"what": what, "value": value, "budget": limit, "decided": broken},
        saving=Saving(macs=None, params=None, activation_bytes=None),
    )
