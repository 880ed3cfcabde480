"""Which findings suppressions mean, and what is said of those that are of no use."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlint.facts.facts import Facts
from cnnlint.lint.engine import run_rules
from cnnlint.lint.patterns import Patterns
from cnnlint.lint.registry import builtin_rules, find
from cnnlint.lint.suppress import Suppression, suppress
from cnnlint.lint.useless import useless
from cnnlint.report.report import By, Failure, ModelReport, ReportedFinding, Suppressed
from tests.net import Net

TODAY = date(2026, 11, 24)
LAST = date(2026, 11, 30)


def _finding(code: str, *paths: str, suppressible: bool = True) -> ReportedFinding:
    rule, layer = find(code), _LAYER
    return replace(
        _SAMPLE,
        code=code,
        name=rule.name,
        family=rule.family,
        layers=tuple(replace(layer, path=path) for path in paths),
        suppressible=suppressible,
    )


def _sample(facts: Facts) -> ReportedFinding:
    (found,) = run_rules(facts, [find("H503")]).findings
    return found


_SAMPLE = _sample(Net(3, 6).conv(16).relu().gap().flatten().dense(10).relu().facts())
_LAYER = _SAMPLE.layers[0]
ONE = _finding("K101", "stages.2.conv1")
TWO = _finding("K101", "stages.2.conv1", "stages.3.conv1")
NONE = _finding("H501")
BROKEN = _finding("G920", "stages.2.conv1", suppressible=False)


def said(rule: str, layer: str | None = None, expires: date | None = None) -> Suppression:
    return Suppression(rule, "why", "cnnlint.toml:3", layer, None, expires)


def quiet(finding: ReportedFinding, *suppressions: Suppression) -> Suppressed | None:
    (settled,) = suppress([finding], suppressions, TODAY)
    assert replace(settled, suppressed=None) == finding
    return settled.suppressed


@pytest.mark.parametrize(
    ("finding", "rule", "layer", "means"),
    [
        (ONE, "K101", None, True),
        (ONE, "k101", None, True),
        (ONE, "large-dense-kernel", None, True),
        (ONE, "kernels", None, True),
        (ONE, "K", None, True),
        (ONE, "K10", None, True),
        (ONE, "ALL", None, True),
        (ONE, "K102", None, False),
        (ONE, "H", None, False),
        (ONE, "K1011", None, False),
        (ONE, "K101", "stages.2.conv1", True),
        (ONE, "K101", "stages.2.*", True),
        (ONE, "K101", "stages.[12].*", True),
        (ONE, "K101", "*", True),
        (ONE, "K101", "stages.2", False),
        (ONE, "K101", "Stages.2.*", False),
        (ONE, "K102", "stages.2.*", False),
        (TWO, "K101", None, True),
        (TWO, "K101", "stages.*", True),
        (TWO, "K101", "stages.2.*", False),
        (TWO, "K101", "stages.3.*", False),
        (NONE, "H501", None, True),
        (NONE, "H501", "*", False),
        (BROKEN, "ALL", None, False),
        (BROKEN, "G920", None, False),
        (BROKEN, "G920", "stages.2.conv1", False),
        (BROKEN, "graph", "*", False),
    ],
)
def test_what_is_meant(
    finding: ReportedFinding, rule: str, layer: str | None, *, means: bool
) -> None:
    expected = Suppressed(By.CONFIG, "why", "cnnlint.toml:3") if means else None
    assert quiet(finding, said(rule, layer)) == expected


@pytest.mark.parametrize(
    ("expires", "holds"),
    [(date(2026, 11, 25), True), (TODAY, True), (date(2026, 11, 23), False)],
)
def test_the_last_day(expires: date, *, holds: bool) -> None:
    by = quiet(ONE, said("K101", expires=expires))
    assert (by and by.expires) == (expires.isoformat() if holds else None)


def test_the_first_that_is_written_counts() -> None:
    first, second = (replace(said("K101"), reason=text) for text in ("first", "second"))
    expired = said("K101", expires=date(2020, 1, 1))
    elsewhere = said("K101", "head.*")
    by = quiet(ONE, expired, elsewhere, first, replace(second, rule="ALL"))
    assert by
    assert by.reason == "first"


SELECTORS = st.sampled_from(["K101", "K", "kernels", "ALL", "H501", "head", "G920", "X"])
GLOBS = st.sampled_from([None, "*", "stages.*", "stages.2.*", "head.fc", "?"])
ORDER = st.permutations([ONE, TWO, NONE, BROKEN])


@given(
    st.lists(st.builds(said, SELECTORS, GLOBS, st.sampled_from([None, LAST])), max_size=4), ORDER
)
def test_nothing_else_changes(
    suppressions: Sequence[Suppression], findings: Sequence[ReportedFinding]
) -> None:
    settled = suppress(findings, suppressions, TODAY)
    assert [replace(finding, suppressed=None) for finding in settled] == list(findings)
    for finding in settled:
        means = any(each.means(finding) for each in suppressions)
        assert (finding.suppressed is not None) == (means and finding.suppressible)


def notes(
    suppression: Suppression, *findings: ReportedFinding, path: str = "m.onnx"
) -> tuple[str, ...]:
    settled = suppress(findings, [suppression], TODAY)
    return useless([suppression], [ModelReport(path, findings=settled)], builtin_rules(), TODAY)


@pytest.mark.parametrize(
    ("suppression", "findings", "said_of_it"),
    [
        (said("K101"), [ONE], ""),
        (said("K101", "stages.2.*"), [ONE], ""),
        (said("K101", "head.*"), [ONE], "suppresses nothing in this run: K101 on 'head.*'"),
        (said("K101"), [], "suppresses nothing in this run: K101"),
        (
            said("G920"),
            [],
            "suppresses nothing in this run, for errors of it say that a file is broken: G920",
        ),
        (
            said("ALL"),
            [ONE, BROKEN],
            "does not suppress G920, which says that a file is broken: ALL",
        ),
        (
            said("G920", "stages.*"),
            [BROKEN, BROKEN],
            "does not suppress G920, which says that a file is broken: G920 on 'stages.*'",
        ),
        (
            said("K101", "s*.2.*"),
            [TWO, ONE],
            "means 1 of the 2 layers of K101 at 'stages.2.conv1', so it counts: K101 on 's*.2.*'",
        ),
        (said("K103", "s*.2.*"), [TWO], "suppresses nothing in this run: K103 on 's*.2.*'"),
        (
            said("graph", "s*.2.*"),
            [replace(TWO, code="G920", family="graph", suppressible=False)],
            "suppresses nothing in this run: graph on 's*.2.*'",
        ),
        (said("K101", expires=TODAY), [ONE], ""),
        (
            said("K101", expires=date(2026, 11, 23)),
            [ONE],
            "expired after 2026-11-23, 1 finding would need it: K101",
        ),
        (
            said("K101", "stages.*", date(2026, 11, 23)),
            [ONE, TWO],
            "expired after 2026-11-23, 2 findings would need it: K101 on 'stages.*'",
        ),
        (
            said("K101", expires=date(2026, 11, 23)),
            [NONE],
            "expired after 2026-11-23, nothing needs it any more: K101",
        ),
        (said("X999"), [ONE], ""),
    ],
)
def test_what_is_of_no_use(
    suppression: Suppression, findings: Sequence[ReportedFinding], said_of_it: str
) -> None:
    expected = (f"cnnlint.toml:3: {said_of_it}",) if said_of_it else ()
    assert notes(suppression, *findings) == expected


def test_many_findings_of_which_a_part_is_meant() -> None:
    many = [_finding("K101", f"a.{i}", f"b.{i}") for i in range(7)]
    told = notes(said("K101", "b.*"), *many, *many)
    assert len(told) == 6
    assert told[4].endswith(
        "means 1 of the 2 layers of K101 at 'a.4', so it counts: K101 on 'b.*'"
    )
    assert told[5].endswith("means only a part of the layers of 2 more findings: K101 on 'b.*'")


def test_a_part_that_counts_no_more_is_no_note() -> None:
    known = replace(TWO, suppressed=Suppressed(By.BASELINE, "it was there"))
    other = said("K101", "stages.2.*")
    model = ModelReport("m.onnx", findings=(known, ONE))
    assert not useless([other], [model], builtin_rules(), TODAY)


def test_what_a_run_does_not_show(tmp_path: Path) -> None:
    """Other files, files that can't be read, and rules that are off show nothing."""
    here = replace(said("K101"), files=Patterns(tmp_path, ("sub/*.onnx",)))
    inside, outside = (str(tmp_path / name) for name in ("sub/m.onnx", "m.onnx"))
    nothing = ("cnnlint.toml:3: suppresses nothing in this run: K101",)
    assert notes(here, path=inside) == nothing
    assert not notes(here, path=outside)
    unreadable = ModelReport("m.onnx", failure=Failure("empty", "c", "h"))
    assert not useless([said("K101")], [unreadable], builtin_rules(), TODAY)
    clean = ModelReport("m.onnx", findings=())
    assert not useless([said("K101")], [clean], [find("H501")], TODAY)
    assert useless([said("K")], [clean], [find("K101")], TODAY)
    lacking = replace(clean, unchecked=("T701 no-weight-decay (needs weight_decay)",))
    assert not useless([said("T701")], [lacking], builtin_rules(), TODAY)
    assert useless([said("T701")], [lacking, clean], builtin_rules(), TODAY)


def test_what_can_not_be_suppressed_needs_none_that_has_expired() -> None:
    told = notes(said("ALL", expires=date(2026, 11, 23)), BROKEN)
    assert told == (
        "cnnlint.toml:3: does not suppress G920, which says that a file is broken: ALL",
        "cnnlint.toml:3: expired after 2026-11-23, nothing needs it any more: ALL",
    )


def test_what_others_suppress_needs_none_that_has_expired() -> None:
    old, new = said("K101", expires=date(2026, 11, 23)), said("K101")
    model = ModelReport("m.onnx", findings=suppress([ONE], [old, new], TODAY))
    (told,) = useless([old, new], [model], builtin_rules(), TODAY)
    assert told.endswith("expired after 2026-11-23, nothing needs it any more: K101")


def test_what_is_said_twice_is_told_once() -> None:
    model = ModelReport("m.onnx", findings=())
    assert len(useless([said("K101")] * 2, [model], builtin_rules(), TODAY)) == 1


def test_one_model_of_several_is_enough() -> None:
    models = [ModelReport("a.onnx", findings=()), ModelReport("b.onnx", findings=(ONE,))]
    assert not useless([said("K101")], models, builtin_rules(), TODAY)
