import re
from collections.abc import Iterator
from typing import Annotated, Any

import pytest

from cnnlint.errors import RuleError, UsageError
from cnnlint.facts.facts import Facts
from cnnlint.lint.engine import fingerprint, run_rules
from cnnlint.lint.finding import (
    Basis,
    Finding,
    Remark,
    Saving,
    Severity,
    Silence,
    Unchecked,
)
from cnnlint.lint.registry import builtin_rules, find, select
from cnnlint.lint.rule import Check, Option, Rule, rule
from tests.net import Net


def codes(*asked: str, ignore: tuple[str, ...] = ()) -> set[str]:
    return {found.code for found in select(asked, ignore)[0]}


ALL = {found.code for found in builtin_rules() if found.default}
KERNELS = {found.code for found in builtin_rules() if found.family == "kernels"}


@pytest.mark.parametrize(
    ("asked", "ignored", "expected"),
    [
        ((), (), ALL),
        (("ALL",), (), {found.code for found in builtin_rules()}),
        (("K101",), (), {"K101"}),
        (("k101",), (), {"K101"}),
        (("large-dense-kernel",), (), {"K101"}),
        (("K",), (), KERNELS),
        (("kernels",), (), KERNELS),
        ((), ("K",), {c for c in ALL if c[0] != "K"}),
        (("K101",), ("K",), {"K101"}),
        (("K",), ("K101",), KERNELS - {"K101"}),
        (("K101",), ("K101",), set()),
        (("ALL",), ("ALL",), set()),
        (("K10",), ("kernels",), {c for c in KERNELS if c.startswith("K10")}),
    ],
)
def test_select(asked: tuple[str, ...], ignored: tuple[str, ...], expected: set[str]) -> None:
    assert codes(*asked, ignore=ignored) == expected


def test_unknown_rules() -> None:
    with pytest.raises(UsageError, match="no rule 'X999'"):
        select(["X999"], [])
    on, odd = select([], ["X999"])
    assert {found.code for found in on} == ALL
    assert [error.cause for error in odd] == ["there is no rule 'X999'"]


def test_find() -> None:
    assert find("k101") is find("large-dense-kernel")
    with pytest.raises(UsageError) as caught:
        find("K101a")
    assert "did you mean K101?" in caught.value.cure


def silent(facts: Facts, *, most: Annotated[int, "how many"] = 3) -> Iterator[Finding]:
    """Say something."""
    for conv in facts.convs[:most]:
        yield Finding((conv.node,), "m", "s", saving=Saving(macs=conv.cout))


def make(check: Any = silent, severity: Severity = Severity.NOTE) -> Rule:
    return rule("X101", severity=severity, basis=Basis.HEURISTIC, since="0")(check)


def test_options_are_the_signature() -> None:
    assert make().options == (Option("most", int, 3, "how many"),)
    assert make().name == "silent"
    assert make().summary == "Say something."


def test_option_without_description_is_refused() -> None:
    def bare(_facts: Facts, *, most: int = 3) -> Iterator[Finding]:
        del most
        yield from ()

    with pytest.raises(RuleError, match="'most' of X101"):
        _ = make(bare).options


def test_options_reach_the_check() -> None:
    facts = Net(3, 8).conv(4).conv(4).facts()
    assert len(make().run(facts)) == 2
    assert len(make().run(facts, {"most": 1})) == 1


def test_reasons_to_be_silent_are_no_findings() -> None:
    def judge(facts: Facts) -> Iterator[Remark]:
        """Say something."""
        for conv in facts.convs:
            yield (
                Silence(conv.node, "it is fine")
                if conv.cout > 4
                else Finding((conv.node,), "m", "s")
            )
        yield Unchecked(("optimizer", "weight_decay"))

    facts = Net(3, 8).conv(4, name="a").conv(8, name="b").facts()
    assert [f.nodes[0].path for f in make(judge).run(facts)] == ["a"]
    assert len(list(make(judge).remarks(facts))) == 3
    outcome = run_rules(facts, [make(judge)])
    assert [f.layers[0].path for f in outcome.findings] == ["a"]
    assert outcome.unchecked == ("X101 judge (needs optimizer, weight_decay)",)


def test_findings_are_sorted_by_severity_then_saving() -> None:
    facts = Net(3, 8).conv(4, name="a").conv(8, name="b").facts()
    loud = make(severity=Severity.WARNING)
    outcome = run_rules(facts, [make(), loud])
    assert outcome.broken == ()
    assert [(f.severity, f.layers[0].path) for f in outcome.findings] == [
        (Severity.WARNING, "b"),
        (Severity.WARNING, "a"),
        (Severity.NOTE, "b"),
        (Severity.NOTE, "a"),
    ]


def raises(facts: Facts) -> Iterator[Finding]:
    yield Finding((facts.convs[0].node,), "m", "s")
    raise KeyError("x")


def leaves(_facts: Facts) -> Iterator[Finding]:
    raise SystemExit(3)


def says_what_it_must_not(facts: Facts) -> Iterator[Finding]:
    yield Finding((facts.convs[0].node,), "m", "s", saving=Saving(macs="many"))  # type: ignore[arg-type]  # what is refused


def says_nothing(_facts: Facts) -> None:
    pass


@pytest.mark.parametrize(
    ("check", "told"),
    [
        (raises, rf"rule X101 failed in line \d+ of {re.escape(__file__)}: KeyError: 'x'"),
        (leaves, r"rule X101 failed in line \d+ of .*: SystemExit: 3"),
        (says_what_it_must_not, r"rule X101 failed: TypeError: macs of a Saving can't be 'many'"),
        (says_nothing, r"rule X101 failed: TypeError: 'NoneType' object is not iterable"),
    ],
)
def test_a_broken_rule_does_not_silence_the_others(check: Check, told: str) -> None:
    facts = Net(3, 8).conv(4).facts()
    outcome = run_rules(facts, [make(check), make()])
    assert len(outcome.findings) == 1
    (broken,) = outcome.broken
    assert re.fullmatch(told, broken)


def test_a_rule_that_takes_all_the_memory_is_no_broken_rule() -> None:
    def greedy(_facts: Facts) -> Iterator[Finding]:
        raise MemoryError

    with pytest.raises(MemoryError):
        run_rules(Net(3, 8).conv(4).facts(), [make(greedy)])


def test_fingerprint_has_no_numbers_in_it() -> None:
    small, large = (
        Net(3, size).conv(cout, k, name="a").facts() for size, cout, k in ((8, 4, 3), (9, 5, 1))
    )
    prints = {fingerprint("K101", facts.convs[0].node) for facts in (small, large)}
    assert len(prints) == 1
    assert fingerprint("K102", small.convs[0].node) not in prints


def test_severity_rank() -> None:
    assert Severity.ERROR.rank > Severity.WARNING.rank > Severity.NOTE.rank
