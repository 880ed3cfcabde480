"""A finding among its neighbours, and those of its rule below it."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from cnnlint.lint.engine import check_model
from cnnlint.lint.finding import Saving, Severity
from cnnlint.model.binding import Bindings
from cnnlint.report.amounts import amounts, gist, together
from cnnlint.report.block import MAX_PER_RULE, blocks
from cnnlint.report.columns import columns
from cnnlint.report.report import (
    Amount,
    BudgetVerdict,
    By,
    Mark,
    ModelReport,
    Neighbour,
    Present,
    Report,
    ReportedFinding,
    ReportedLayer,
    Suppressed,
    Surroundings,
    Verdict,
)
from cnnlint.report.style import TextStyle
from cnnlint.report.text import render_text
from tests.net import Net

LABEL = "Conv 7x7 4->4"
MARK = Mark(("Conv ", "7x7", " 4->4"), "784 weights")
BEFORE = Neighbour("relu0", "Relu", (1, 4, 8, 8), 0)
AFTER = Neighbour("add", "Add", (1, 4, None, None), 2)


def layer(path: str, macs: int = 50_176, label: str = LABEL) -> ReportedLayer:
    return ReportedLayer(path, path, (f"{path}_out",), None, None, label, (1, 4, 8, 8), macs)


def finding(*paths: str, place: Surroundings | None = None, macs: int = 100) -> ReportedFinding:
    return ReportedFinding(
        code="K101",
        name="large-dense-kernel",
        family="kernels",
        severity=Severity.WARNING,
        basis="computed",
        message="too large",
        suggestion="make it smaller",
        layers=tuple(map(layer, paths)),
        evidence={},
        saving=Saving(macs=macs),
        proven=None,
        fix="unsafe",
        fingerprint="0",
        place=place,
        present=Present(macs=1000, params=10, activation_bytes=0),
    )


def drawn(findings: Sequence[ReportedFinding], style: TextStyle | None = None) -> list[str]:
    model = ModelReport("net.onnx", findings=tuple(findings))
    return "\n".join(blocks(model, style or TextStyle())).splitlines()


def picture(found: ReportedFinding, style: TextStyle | None = None) -> list[str]:
    return [line for line in drawn([found], style) if line.startswith("   |") and line[4:]]


def test_a_layer_between_its_neighbours() -> None:
    place = Surroundings(BEFORE, MARK, AFTER)
    assert picture(finding("a", place=place)) == [
        "   |  relu0  Relu           1x4x8x8",
        "   |> a      Conv 7x7 4->4  1x4x8x8  50,176 MACs",
        "   |              ^^^ 784 weights",
        "   |  add    Add            1x4x?x?  and 2 more",
    ]


def test_other_layers_stand_below_a_neighbour_that_is_meant_too_does_not() -> None:
    place = Surroundings(BEFORE, MARK, replace(AFTER, path="b", more=0))
    found = finding("a", "b", "c", place=place)
    lines = drawn([found])
    assert lines[3:8] == [
        "   |  relu0  Relu           1x4x8x8",
        "   |> a      Conv 7x7 4->4  1x4x8x8  50,176 MACs",
        "   |              ^^^ 784 weights",
        "   |> b      Add            1x4x?x?  50,176 MACs",
        "   |",
    ]
    assert lines[8] == "   |> c      Conv 7x7 4->4  1x4x8x8  50,176 MACs"
    told = drawn([found], TextStyle(drawing=False))
    assert "  after, meant too: b, Add, 1x4x?x?, 50,176 MACs" in told
    assert "  also: c, Conv 7x7 4->4, 1x4x8x8, 50,176 MACs" in told


def test_the_ends_of_a_graph_are_never_meant() -> None:
    end = Neighbour("b", "output", None, 0, is_end=True)
    lines = picture(finding("a", "b", place=Surroundings(None, MARK, end)))
    assert [line[:7] for line in lines] == ["   |> a", "   |   ", "   |  b", "   |> b"]
    assert lines[2].endswith("output         ?")


def test_what_nothing_reads_and_what_has_no_surroundings() -> None:
    lines = picture(finding("a", place=Surroundings(None, MARK, None)))
    assert lines[-1] == "   |  nothing reads it"
    assert picture(finding("a")) == ["   |> a  Conv 7x7 4->4  1x4x8x8  50,176 MACs"]
    told = drawn([finding("a", place=Surroundings(None, MARK, None))], TextStyle(drawing=False))
    assert "  after: nothing reads it" in told


def test_a_finding_about_no_layer() -> None:
    assert drawn([finding()]) == [
        "warning[K101]: too large",
        "  --> net.onnx",
        "   = help: make it smaller",
        "   = saves: 100 MACs (-10 %)",
        "   = note: basis computed",
        "   = rule: cnnlint rule K101 (large-dense-kernel)",
    ]


def test_the_shape_is_underlined() -> None:
    mark = Mark((LABEL, "", ""), "1.0 KiB", on_shape=True)
    found = finding("a", place=Surroundings(None, mark, AFTER))
    assert picture(found)[:2] == [
        "   |> a    Conv 7x7 4->4  1x4x8x8  50,176 MACs",
        "   |                      ^^^^^^^ 1.0 KiB",
    ]
    assert "  at fault: shape, 1.0 KiB" in drawn([found], TextStyle(drawing=False))


def test_a_long_path_stands_above_its_row_and_the_columns_stay() -> None:
    long = "stages.0.blocks.0." * 3 + "conv"
    place = Surroundings(BEFORE, MARK, replace(AFTER, path=f"{long}.act"))
    assert picture(finding(long, place=place)) == [
        "   |  relu0  Relu           1x4x8x8",
        f"   |> {long}",
        "   |         Conv 7x7 4->4  1x4x8x8  50,176 MACs",
        "   |              ^^^ 784 weights",
        f"   |  {long}.act",
        "   |         Add            1x4x?x?  and 2 more",
    ]


def test_wide_characters_keep_the_columns() -> None:
    place = Surroundings(replace(BEFORE, path="活性化"), MARK, None)
    assert picture(finding("畳み", place=place)) == [
        "   |  活性化  Relu           1x4x8x8",
        "   |> 畳み    Conv 7x7 4->4  1x4x8x8  50,176 MACs",
        "   |               ^^^ 784 weights",
        "   |  nothing reads it",
    ]


def test_a_row_too_long_for_a_line_of_its_own_flows() -> None:
    words = ("ConvTranspose ", "3x3", " s2 dilated 4096->4096")
    found = finding("a.b.c.d.e.f.g.h.i.j", place=Surroundings(None, Mark(words, "x" * 30), None))
    assert picture(found, TextStyle(width=60)) == [
        "   |> a.b.c.d.e.f.g.h.i.j",
        "   |      ConvTranspose 3x3 s2 dilated 4096->4096  1x4x8x8",
        "   |                    ^^^ " + "x" * 30,
        "   |      50,176 MACs",
        "   |  nothing reads it",
    ]


def test_a_shape_that_is_not_beside_its_label_is_named() -> None:
    mark = Mark(("Operator" * 7, "", ""), "1.0 KiB", on_shape=True)
    lines = picture(finding("a", place=Surroundings(None, mark, None)), TextStyle(width=60))
    assert lines[1:3] == ["   |      " + "Operator" * 7, "   |      at fault: shape, 1.0 KiB"]


def test_findings_of_one_rule_are_one_block() -> None:
    others = [replace(finding("b", macs=0), message="also too large"), finding("c", "d", macs=-50)]
    lines = drawn([finding("a"), *others])
    assert lines[lines.index("   = also: 2 more findings of K101 in this model") :] == [
        "   = also: 2 more findings of K101 in this model",
        "   |> b  Conv 7x7 4->4  1x4x8x8",
        "   |      also too large",
        "   |> c  Conv 7x7 4->4  1x4x8x8  and 1 more layer, costs 50 MACs",
        "   = together: saves 50 MACs (-2 %)",
    ]


def test_rows_say_how_many_layers_only_where_that_differs() -> None:
    lines = drawn([finding("a", "b"), finding("c", "d"), finding("e"), finding("f", "g", "h")])
    rows = [line.split("1x4x8x8")[1].strip() for line in lines if line[:7] in _ROWS]
    assert rows == ["saves 100 MACs", "saves 100 MACs", "and 2 more layers, saves 100 MACs"]


_ROWS = ("   |> c", "   |> e", "   |> f")


def test_findings_about_no_layer_are_rows_of_their_message_alone() -> None:
    other = replace(finding(), message="missing " * 12)
    lines = drawn([finding(), other])
    assert lines[-2:] == ["   |> " + "missing " * 8 + "missing", "   |  missing missing missing"]


def test_a_part_without_a_name_is_pointed_at() -> None:
    found = finding("a", place=Surroundings(None, Mark(("", "", ""), "1 weights"), None))
    assert picture(found)[1] == "   |     ^ 1 weights"


def test_other_rules_and_other_severities_are_other_blocks() -> None:
    found = [finding("a"), replace(finding("b"), code="K102"), finding("c")]
    found.append(replace(finding("d"), severity=Severity.NOTE))
    titles = [line for line in drawn(found) if line.endswith(": too large")]
    assert titles == [f"{t}: too large" for t in ("warning[K101]", "warning[K102]", "note[K101]")]


@pytest.mark.parametrize(
    ("most", "shown", "cut"), [(None, MAX_PER_RULE, 20), (0, 30, 0), (1, 1, 29), (4, 4, 26)]
)
def test_caps_say_how_many_they_cut(most: int | None, shown: int, cut: int) -> None:
    found = [finding(f"l{i}") for i in range(30)]
    for drawing in (True, False):
        text = "\n".join(drawn(found, TextStyle(max_per_rule=most, drawing=drawing)))
        assert sum(f"l{i} " in text or f"l{i}," in text for i in range(30)) == shown
        assert (f"and {cut} more; --max-per-rule 0 shows all" in text) == bool(cut)
        assert "together: saves 3,000 MACs (-10 %)" in text


def test_verbose_shows_each_in_full_and_who_suppressed_it() -> None:
    known = Suppressed(By.CONFIG, "old\x1b", "cnnlint.toml:3", "2026-12-31")
    found = [finding("a"), replace(finding("b"), suppressed=known)]
    assert "b" not in "".join(line[6:7] for line in drawn(found))
    lines = drawn(found, TextStyle(verbose=True))
    assert lines.count("   = help: make it smaller") == 2
    assert "warning[K101], suppressed: too large" in lines
    text = " ".join(" ".join(lines).split())
    said = r"suppressed by the configuration (cnnlint.toml:3): old\x1b; until 2026-12-31"
    assert f"= note: {said} = rule" in text


def test_growth_is_told_in_full_and_in_short() -> None:
    found = [
        replace(finding(path), cost=Amount(130, "macs"), grown_from=Amount(100, "macs"))
        for path in "ab"
    ]
    lines = drawn(found)
    said = "in the baseline at 100 MACs, now 130 MACs (+30 %)"
    assert f"   = note: {said}" in lines
    assert lines[lines.index(f"   |      {said}") - 1].startswith("   |> b ")


def test_budgets_that_fail_are_told_even_when_quiet() -> None:
    broken = BudgetVerdict("max_macs", Verdict.BROKEN, 1, 2, "2 MACs, above 1", "--max-macs")
    later = replace(broken, key="max_latency_ms", verdict=Verdict.NOT_CHECKED, reason="`profile`")
    model, _ = check_model(Net(3, 8).conv(4).proto().SerializeToString(), (), Bindings())
    report = Report("0", (replace(model, budgets=(broken, later)),))
    failing = "budget max_macs: broken: 2 MACs, above 1 (--max-macs)\n"
    assert render_text(report, TextStyle(quiet=True)) == f"{failing}  --> <stdin>\n\n"
    text = render_text(report, TextStyle(drawing=False))
    assert text.startswith(f"{failing}  in: <stdin>\n\n<stdin>: no findings, budgets: 1 broken")
    assert "  note: budget max_latency_ms: not checked here: `profile` (--max-macs)\n" in text


@pytest.mark.parametrize(
    ("saving", "saved", "cost", "short"),
    [
        (Saving(), "", "", ""),
        (Saving(None, None, None), "", "", ""),
        (Saving(450, 4), "450 MACs (-45 %), 4 params (-40 %)", "", "saves 450 MACs"),
        (Saving(4), "4 MACs (-0.4 %)", "", "saves 4 MACs"),
        (Saving(1001), "1,001 MACs", "", "saves 1,001 MACs"),
        (Saving(-10_000), "", "10,000 MACs (+1000 %)", "costs 10,000 MACs"),
        (Saving(-10_001), "", "10,001 MACs", "costs 10,001 MACs"),
        (Saving(-500, 1), "1 param (-10 %)", "500 MACs (+50 %)", "saves 1 param"),
        (Saving(activation_bytes=-64), "", "64 B of activations", "costs 64 B"),
    ],
)
def test_amounts(saving: Saving, saved: str, cost: str, short: str) -> None:
    present = Present(macs=1000, params=10, activation_bytes=0)
    assert amounts(saving, 1, present) == saved
    assert amounts(saving, -1, present) == cost
    assert gist(saving) == short


def test_together_is_a_sum_or_nothing() -> None:
    a, b = finding("a"), finding("b", macs=-300)
    assert together([a, b]) == "costs 200 MACs (+10 %)"
    assert together([a, replace(a, present=Present())]) == ""  # the same layer twice
    assert together([a, replace(b, present=Present())]) == "costs 200 MACs"
    assert together([a, replace(b, saving=Saving(None))]) == ""
    assert together([finding(), finding()]) == ""


def test_names_from_a_model_are_made_harmless() -> None:
    evil = "\x1b[2J\u202e"
    mark = Mark((f"{evil} ", evil, f" {evil}"), "")
    place = Surroundings(replace(BEFORE, path=evil, label=evil), mark, replace(AFTER, label=evil))
    found = [finding(evil, place=place), finding(f"{evil}2")]
    for style in (TextStyle(), TextStyle(drawing=False), TextStyle(verbose=True, width=60)):
        assert all(char.isprintable() for line in drawn(found, style) for char in line)


def test_endless_names_do_not_make_an_endless_table() -> None:
    name = "n" * 1_000_000
    place = Surroundings(replace(BEFORE, label=name), Mark(("", name, ""), ""), AFTER)
    lines = drawn([finding("a", place=place), *[finding(f"b{i}") for i in range(9)]])
    assert sum(map(columns, lines)) < 15_000


def test_one_empty_line_behind_findings_and_in_front_of_them() -> None:
    summary, _ = check_model(Net(3, 8).conv(4).proto().SerializeToString(), (), Bindings())
    found = replace(summary, findings=(finding("a"),))
    text = render_text(Report("0", (summary, summary, found, found)), TextStyle())
    starts = [line[:7] for line in text.splitlines() if line[:1] in {"", "<", "w"}]
    assert starts == ["<stdin>", "<stdin>", *["", "warning", "", "<stdin>"] * 2]
    quiet = render_text(Report("0", (summary, found, found)), TextStyle(quiet=True))
    assert "\n\n\n" not in quiet
    assert quiet.startswith("warning")


def test_notes_on_a_model_stand_below_its_summary() -> None:
    model, _ = check_model(Net(3, 8).conv(4).proto().SerializeToString(), (), Bindings())
    report = Report("0", (replace(model, notes=("stale \x1b",)),))
    assert render_text(report, TextStyle()).endswith("\n  = note: stale \\x1b\n")
    assert render_text(report, TextStyle(quiet=True)) == ""


def test_notes_of_the_run_come_last_and_quiet_has_none() -> None:
    report = Report("0", (ModelReport("net.onnx", findings=(finding("a"),)),), ("unused \x1b",))
    text = render_text(report, TextStyle())
    assert text.endswith("\n\nnote: unused \\x1b\n")
    assert "unused" not in render_text(report, TextStyle(quiet=True))
    assert "too large" in render_text(report, TextStyle(quiet=True))
