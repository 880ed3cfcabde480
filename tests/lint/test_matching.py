"""Which finding is which entry, case by case: what is known, what has grown, what is new."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlint.lint.baseline import KnownModel, against, stale_note
from cnnlint.lint.finding import Saving, Severity
from cnnlint.lint.growth import grown, near
from cnnlint.lint.matching import Known
from cnnlint.lint.ratchet import MOST_LAYERS, entry_of
from cnnlint.report.report import Amount, By, ReportedFinding, ReportedLayer, Suppressed

CONV = "Conv 7x7 32->32"


def finding(
    *layers: str,
    label: str = CONV,
    cost: int | None = 100,
    rule: str = "K101",
    unit: str = "macs",
    print_: str = "",
) -> ReportedFinding:
    return ReportedFinding(
        code=rule,
        name="a-rule",
        family="kernels",
        severity=Severity.WARNING,
        basis="computed",
        message="",
        suggestion="",
        layers=tuple(
            ReportedLayer(path, path, (), None, None, label, None, None) for path in layers
        ),
        evidence={},
        saving=Saving(),
        proven=None,
        fix="none",
        fingerprint=print_ or f"{rule}:{layers[0] if layers else ''}",
        cost=None if cost is None else Amount(cost, unit),
    )


def judged(
    before: Sequence[ReportedFinding],
    after: Sequence[ReportedFinding],
    present: dict[str, str] | None = None,
    nodes: int = -1,
) -> str:
    """Tell of each finding after whether it is known, grown or new, and how many are stale.

    ``present`` are layers besides those of the findings.
    """
    there = {layer.path: layer.label for each in after for layer in each.layers}
    there |= present or {}
    known = KnownModel({}, tuple(map(entry_of, before)), len(there) if nodes < 0 else nodes)
    held = against(after, known, there, {"K101", "K102"})
    words = [
        "grown" if each.grown_from else "known" if each.suppressed else "new"
        for each in held.findings
    ]
    assert [replace(f, suppressed=None, grown_from=None) for f in held.findings] == list(after)
    return " ".join([*words, *["stale"] * len(held.stale)])


ONE = finding("a")


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        ([ONE], [ONE], "known"),
        ([], [ONE], "new"),
        ([ONE], [], "stale"),
        ([ONE], [finding("a", cost=105)], "known"),
        ([ONE], [finding("a", cost=106)], "grown"),
        ([ONE], [finding("a", cost=1)], "known"),
        ([ONE], [finding("a", label="Conv 7x7 32->40", cost=125)], "grown"),
        ([ONE], [finding("a", label="Conv 7x7 32->24", cost=75)], "known"),
        ([ONE], [finding("a", rule="K102")], "new stale"),
        # What isn't known any more, or is counted otherwise, may be anything.
        ([ONE], [finding("a", cost=None)], "grown"),
        ([ONE], [finding("a", unit="params")], "grown"),
        ([finding("a", cost=None)], [finding("a", cost=None)], "known"),
        ([finding("a", cost=None)], [finding("a", cost=10**12)], "known"),
        # Findings about no layer.
        ([finding(cost=None)], [finding(cost=None)], "known"),
        ([finding(cost=None)], [finding(cost=None, rule="K102")], "new stale"),
        # Several with one fingerprint: one to one.
        ([ONE], [ONE, ONE], "known new"),
        ([ONE, ONE], [ONE], "known stale"),
        ([finding("a", cost=c) for c in (10, 50)], [finding("a", cost=c) for c in (50, 10)],
         "known known"),
        ([finding("a", cost=c) for c in (10, 50)], [finding("a", cost=c) for c in (50, 20)],
         "known grown"),
        ([ONE], [finding("a", cost=90), ONE], "new known"),
        ([ONE, finding("a", cost=None)], [finding("a", cost=300), ONE], "known known"),
    ],
)  # fmt: skip
def test_the_same_fingerprint(
    before: list[ReportedFinding], after: list[ReportedFinding], verdict: str
) -> None:
    assert judged(before, after) == verdict


@pytest.mark.parametrize(
    ("before", "after", "present", "verdict"),
    [
        # The old path is gone: the entry follows, one to one, if all but the name is as before.
        ([ONE], [finding("b")], {}, "known"),
        ([ONE], [finding("b", cost=105)], {}, "known"),
        ([ONE], [finding("b", cost=95)], {}, "known"),
        ([ONE], [finding("b", cost=106)], {}, "new stale"),
        ([ONE], [finding("b", cost=94)], {}, "new stale"),
        ([ONE], [finding("b", label="Conv 7x7 32->33")], {}, "new stale"),
        ([ONE], [finding("b", rule="K102")], {}, "new stale"),
        ([ONE], [finding("b", unit="params")], {}, "new stale"),
        ([ONE], [finding("b"), finding("c")], {}, "known new"),
        ([ONE, finding("z")], [finding("b")], {}, "known stale"),
        ([ONE], [finding("c"), finding("b")], {}, "new known"),
        # It is there: it was mended, and the other one is new.
        ([ONE], [finding("b")], {"a": CONV}, "new stale"),
        ([ONE], [finding("b")], {"a": "Conv 3x3 32->32"}, "new stale"),
        # So it is where the model has some of its layers still, without the finding.
        ([finding("a", "b")], [finding("c", "d")], {"b": CONV}, "new stale"),
        ([finding("a", "b")], [finding("c", "d")], {}, "known"),
        # What is about no layer follows nothing.
        ([finding(cost=100, label=CONV)], [finding("b")], {}, "new stale"),
        ([ONE], [finding(cost=100)], {}, "new stale"),
    ],
)
def test_a_layer_of_another_name(
    before: list[ReportedFinding],
    after: list[ReportedFinding],
    present: dict[str, str],
    verdict: str,
) -> None:
    assert judged(before, after, present) == verdict


@pytest.mark.parametrize(
    ("before", "after", "present", "more_nodes", "verdict"),
    [
        # features.3 became features.5, since something is in front.
        (["f.3"], ["f.5"], {"f.3": "Relu"}, True, "known"),
        (["f.3", "f.5"], ["f.5", "f.7"], {"f.3": "Relu"}, True, "known known"),
        (["Conv"], ["Conv_1"], {"Conv": "Conv 1x1 3->3"}, True, "known"),
        (["f.3"], ["f.5", "f.7"], {"f.3": "Relu"}, True, "known new"),
        # As many layers as before: nothing came in front.
        (["f.3"], ["f.5"], {"f.3": "Relu"}, False, "new stale"),
        # There is such a layer at the old place still, without the finding.
        (["f.3"], ["f.5"], {"f.3": CONV}, True, "new stale"),
        # Not only the number differs.
        (["f.3"], ["g.5"], {"f.3": "Relu"}, True, "new stale"),
    ],
)
def test_a_number_that_shifted(
    *,
    before: list[str],
    after: list[str],
    present: dict[str, str],
    more_nodes: bool,
    verdict: str,
) -> None:
    nodes = 99 if more_nodes else -1
    then, now = ([finding(path) for path in paths] for paths in (before, after))
    assert judged(then, now, present, nodes) == verdict


def test_of_several_alike_the_one_that_is_new_counts() -> None:
    before = [finding("f.3"), finding("f.7")]
    after = [finding("f.3"), finding("f.5"), finding("f.7")]
    assert judged(before, after, nodes=99) == "known new known"


def test_shifted_findings_are_not_taken_for_grown_ones() -> None:
    before = [finding("f.3", cost=50), finding("f.5", cost=200)]
    after = [finding("f.5", cost=50), finding("f.7", cost=200)]
    assert judged(before, after, {"f.3": "Relu"}, nodes=99) == "known known"


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        ([finding("b", "c")], [finding("a", "b", "c", cost=105)], "known"),
        ([finding("b", "c")], [finding("a", "b", "c", cost=106)], "grown"),
        ([finding("a", "b", "c")], [finding("b", "c", cost=66)], "known"),
        ([finding("a", "b", "c")], [finding("c", "b")], "known"),
        ([finding("a", "b", "c")], [finding("d", cost=50)], "new stale"),
        ([finding("a", "b", "c")], [finding("b", rule="K102")], "new stale"),
        ([finding("b", "z"), finding("c", "z")], [finding("x", "b", "c")], "known stale"),
        # Of as many layers in common, that with the fewest others.
        ([finding("a"), finding("a", "b", cost=500)],
         [finding("a", "b", cost=400), finding("a", cost=80)], "known known"),
        # One entry is one finding, that with most in common.
        ([finding("a", "b", "c")], [finding("c", cost=30), finding("b", "x", "a", cost=60)],
         "new known"),
    ],
)  # fmt: skip
def test_several_layers(
    before: list[ReportedFinding], after: list[ReportedFinding], verdict: str
) -> None:
    assert judged(before, after, {"a": "Conv 3x3 32->32"}) == verdict


def test_an_entry_names_some_of_many_layers() -> None:
    paths = [f"l{number}" for number in range(200)]
    entry = entry_of(finding(*paths, paths[1]))
    assert (entry.layer, *entry.more) == tuple(paths[: MOST_LAYERS + 1])
    assert judged([finding(*paths)], [finding(*paths[MOST_LAYERS:], cost=90)]) == "known"


def test_what_is_suppressed_elsewhere_takes_no_entry_and_leaves_none_stale() -> None:
    excused = replace(ONE, suppressed=Suppressed(By.CONFIG, "why"))
    known = KnownModel({}, (entry_of(ONE),), 1)
    held = against([excused, ONE], known, {"a": CONV}, {"K101"})
    assert [each.suppressed.by for each in held.findings if each.suppressed] == [
        By.CONFIG,
        By.BASELINE,
    ]
    two = KnownModel({}, (entry_of(ONE), entry_of(ONE)), 1)
    assert against([excused, ONE], two, {"a": CONV}, {"K101"}).stale == ()
    held = against([excused], known, {"a": CONV}, {"K101"})
    assert (held.findings, held.stale) == ((excused,), ())


def test_what_a_broken_file_says_is_never_known() -> None:
    broken = replace(ONE, suppressible=False)
    held = against([broken], KnownModel({}, (entry_of(ONE),), 1), {"a": CONV}, {"K101"})
    assert held.findings == (broken,)


def test_not_to_have_looked_is_no_excuse_for_what_is_found_then() -> None:
    found = finding(cost=None)
    lacking = replace(found, evidence={"needs": ("lr",)})
    assert entry_of(lacking).label == "not checked"
    assert judged([lacking], [lacking]) == "known"
    assert judged([lacking], [found]) == "new stale"
    assert judged([found], [lacking]) == "new stale"


def test_entries_of_rules_that_did_not_look_are_not_stale() -> None:
    known = KnownModel({}, (entry_of(ONE), entry_of(finding("a", rule="K102"))), 1)
    assert [each.rule for each in against([], known, {}, {"K102"}).stale] == ["K102"]


def test_what_is_said_of_it() -> None:
    held = against(
        [ONE, finding("b", cost=130)],
        KnownModel({}, (entry_of(ONE), entry_of(finding("b"))), 2),
        {"a": CONV, "b": CONV},
        {"K101"},
    )
    assert held.findings[0].suppressed == Suppressed(By.BASELINE, "in the baseline at 100 MACs")
    assert held.findings[1].grown_from == Amount(100, "macs")
    stale = [entry_of(ONE)]
    assert stale_note([]) == ()
    assert stale_note(stale) == (
        "1 entry of the baseline matches nothing any more; `cnnlint baseline prune` takes it out",
    )
    assert stale_note(stale * 3) == (
        (
            "3 entries of the baseline match nothing any more; "
            "`cnnlint baseline prune` takes them out"
        ),
    )


@given(st.integers(1, 10**30), st.integers(0, 10**30))
def test_growth_is_exact(then: int, now: int) -> None:
    old, new = Amount(then, "macs"), Amount(now, "macs")
    assert grown(old, new) == (100 * now > 105 * then)
    assert near(old, new) == (95 * then <= 100 * now <= 105 * then)


NAMES = st.sampled_from(["a", "b", "c", "f.1", "f.2", "f.3"])
FINDINGS = st.lists(
    st.builds(
        lambda path, cost, label: finding(path, cost=cost, label=label),
        NAMES,
        st.sampled_from([10, 20, 100]),
        st.sampled_from([CONV, "Relu"]),
    ),
    max_size=6,
)


@given(before=FINDINGS, after=FINDINGS, more=st.integers(0, 1))
def test_nothing_new_hides(
    before: list[ReportedFinding], after: list[ReportedFinding], more: int
) -> None:
    """However names have changed, no more is known than there was, and it costs no more."""
    verdict = judged(before, after, nodes=99 * more).split()
    assert verdict.count("known") <= len(before)
    known = [each.cost.value for each, v in zip(after, verdict, strict=False)
             if v == "known" and each.cost]  # fmt: skip
    assert 20 * sum(known) <= 21 * sum(each.cost.value for each in before if each.cost)


def test_an_entry_is_plain_data() -> None:
    assert entry_of(ONE) == Known("K101:a", "K101", "a", CONV, Amount(100, "macs"))
