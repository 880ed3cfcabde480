"""A baseline that follows a model: it goes down, and never up."""

from dataclasses import replace
from typing import Never

import pytest

from cnnlint.facts.facts import Facts
from cnnlint.lint.baseline import KnownModel, against
from cnnlint.lint.budget import measures_of
from cnnlint.lint.engine import Looked, run_rules
from cnnlint.lint.gate import labels, unsized
from cnnlint.lint.ratchet import entry_of, known_model, pruned
from cnnlint.lint.registry import find
from cnnlint.report.report import Amount, By, Suppressed
from tests.net import Net

NET = Net(3, 32).conv(64, name="stem").relu().conv(64, 7, name="wide").relu()
FACTS = NET.facts()
FOUND = run_rules(FACTS, [find("K101")]).findings
LOOKED = Looked(FACTS, FOUND, frozenset({"K101"}))
ENTRY = entry_of(FOUND[0])


def cost(value: int, unit: str = "macs") -> Amount:
    return Amount(value, unit)


def _fails(_facts: Facts) -> Never:
    raise ZeroDivisionError


def test_which_rules_have_looked() -> None:
    rules = [find("K101"), find("T701")]
    facts = Net(3, 32).conv(8).gap().flatten().dense(10).facts()
    assert run_rules(facts, rules).ran == {"K101"}  # the other lacks a recipe
    failing = replace(find("H503"), check=_fails)
    assert run_rules(facts, [failing, *rules]).ran == {"K101"}


def test_what_gets_in() -> None:
    assert known_model(LOOKED) == KnownModel(measures_of(FACTS), (ENTRY,), len(labels(FACTS)))
    excused = replace(FOUND[0], suppressed=Suppressed(By.CONFIG, "why"))
    broken = replace(FOUND[0], suppressible=False)
    assert known_model(replace(LOOKED, findings=(excused, broken))).findings == ()


NOW = FOUND[0].cost.value if FOUND[0].cost else 0


@pytest.mark.parametrize(
    ("then", "left"),
    [
        (cost(NOW), cost(NOW)),
        (cost(NOW + 1), cost(NOW)),
        (cost(2 * NOW), cost(NOW)),
        (cost(NOW - 1), cost(NOW - 1)),
        (cost(NOW // 2), cost(NOW // 2)),
        (cost(NOW, "params"), cost(NOW, "params")),
        (None, cost(NOW)),
    ],
)
def test_values_only_go_down(then: Amount | None, left: Amount) -> None:
    known = KnownModel({}, (replace(ENTRY, cost=then),), len(labels(FACTS)))
    after, change = pruned(known, LOOKED)
    assert [each.cost for each in after.findings] == [left]
    assert change.lowered == (then != left)
    assert bool(change) == (then != left)


def test_costs_only_go_down_and_none_is_added() -> None:
    now = measures_of(FACTS)
    then = {"max_params": now["max_params"] + 1, "max_macs": now["max_macs"] - 1, "of_old": 7}
    after, change = pruned(KnownModel(then, (), 4), LOOKED)
    assert after.costs == {
        "max_params": now["max_params"],
        "max_macs": now["max_macs"] - 1,
        "of_old": 7,
    }
    assert str(change) == "1 cost of the model lowered"


def test_what_stays_as_it_is() -> None:
    """What has grown, what is suppressed elsewhere, what no rule looked at."""
    less = replace(ENTRY, cost=cost(1), label="Conv 7x7 1->1")
    known = KnownModel({}, (less,), 4)
    assert pruned(known, LOOKED)[0].findings == (less,)
    excused = replace(FOUND[0], suppressed=Suppressed(By.MODEL, "why"))
    dearer = KnownModel({}, (replace(ENTRY, cost=cost(2 * NOW)),), 4)
    assert pruned(dearer, replace(LOOKED, findings=(excused,)))[0] == dearer
    unseen = replace(LOOKED, findings=(), ran=frozenset[str]())
    assert pruned(replace(dearer, nodes=3), unseen)[0] == replace(dearer, nodes=3)
    assert pruned(replace(dearer, nodes=3), replace(LOOKED, findings=()))[0] == KnownModel(
        {}, (), 4
    )


def test_what_is_not_seen_is_not_mended() -> None:
    """Behind an operator that nobody knows, rules that need sizes are silent."""
    unknown = Net(3, 32).op("Warp", name="warp", domain="my").conv(64, 7, name="wide").relu()
    now = Looked(unknown.facts(), (), frozenset({"K101"}))
    known = KnownModel({}, (ENTRY,), 4)
    assert pruned(known, now)[0] == known
    ran, there = {"K101"}, labels(now.facts)
    assert against((), known, there, ran, unsized(now.facts)).stale == ()
    elsewhere = KnownModel({}, (replace(ENTRY, layer="gone"),), 4)
    assert pruned(elsewhere, now)[0].findings == ()
    assert pruned(KnownModel({}, (replace(ENTRY, layer="a", more=("wide",)),)), now)[0].findings


def test_a_layer_of_another_name_is_followed() -> None:
    old = replace(ENTRY, layer="of_old", fingerprint="0" * 16, cost=cost(NOW + 1))
    after, change = pruned(KnownModel({}, (old,), 4), LOOKED)
    assert after.findings == (ENTRY,)
    assert str(change) == "1 finding lowered, 1 finding followed to another name"
