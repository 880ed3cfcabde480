"""What a model asks to ignore of itself, and what becomes of it."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from cnnlint.facts.training.recipe import Exemption, Recipe
from cnnlint.lint import exempt
from cnnlint.lint.engine import Settings, check_model
from cnnlint.lint.gate import Gate
from cnnlint.lint.registry import builtin_rules, find
from cnnlint.lint.suppress import Suppression
from cnnlint.model.binding import Bindings
from cnnlint.report.report import By, ModelReport, Suppressed
from tests.net import Net

NET = Net(3, 6).conv(16).relu().gap().flatten().dense(10).relu()
"""H503 alone speaks of it."""
METADATA = "the model's metadata"
RECIPE = "the model's recipe"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    file = tmp_path / "net.onnx"
    file.write_bytes(NET.proto().SerializeToString())
    return file


def stamp(model: Path, ignore: str) -> None:
    proto = NET.proto()
    proto.metadata_props.add(key="cnnlint.ignore", value=ignore)
    model.write_bytes(proto.SerializeToString())


def asking(*rules: str) -> str:
    return json.dumps([{"rule": rule, "reason": f"why {rule}"} for rule in rules])


def check(model: Path | bytes, settings: Settings | None = None, *codes: str) -> ModelReport:
    rules = [find(code) for code in codes] or list(builtin_rules())
    return check_model(model, rules, Bindings(), settings=settings)[0]


def by(report: ModelReport) -> Suppressed | None:
    (found,) = report.findings or ()
    return found.suppressed


@pytest.mark.parametrize(
    ("rules", "reason", "notes"),
    [
        (["H503"], "why H503", []),
        (["h503"], "why h503", []),
        (["head", "ALL"], "why head", []),
        (["ALL"], "why ALL", []),
        (["K101", "H503"], "why H503", ["exempts 'K101', and nothing of that is found"]),
        (["K101"], None, ["exempts 'K101', and nothing of that is found"]),
        (["K101", "K101"], None, ["exempts 'K101', and nothing of that is found"]),
        (["\x1b[2J"], None, ["exempts '\\x1b[2J', which is no rule of cnnlint"]),
        (["X" * 100], None, [f"exempts '{'X' * 60}', which is no rule of cnnlint"]),
        (["A305"], None, ["exempts 'A305', and nothing of that is found"]),
        (["G920"], None, ["exempts 'G920', and nothing of that is found"]),
    ],
)
def test_metadata(
    model: Path, rules: Sequence[str], reason: str | None, notes: Sequence[str]
) -> None:
    stamp(model, asking(*rules))
    report = check(model)
    expected = Suppressed(By.MODEL, reason, METADATA) if reason else None
    assert by(report) == expected
    assert report.notes == tuple(f"{METADATA} {text}" for text in notes)
    assert report.fails is not bool(reason)


@pytest.mark.parametrize("text", ["H503", "[]", '[{"rule": "H503"}]', "[1]", '["H503"]', "{"])
def test_what_can_not_be_read_suppresses_nothing(model: Path, text: str) -> None:
    stamp(model, text)
    report = check(model)
    assert by(report) is None
    assert bool(report.odd_metadata) == (text != "[]")
    assert not report.notes


def test_rules_that_are_off_are_not_in_vain(model: Path) -> None:
    stamp(model, asking("K101"))
    assert not check(model, None, "H503").notes
    stamp(model, asking("T701"))  # which lacks a recipe
    assert not check(model).notes


def test_the_recipe_beside_the_model(model: Path) -> None:
    beside = model.with_name("net.recipe.toml")
    beside.write_text('ignore = [{rule = "H503", reason = "why"}]')
    assert by(check(model)) == Suppressed(By.MODEL, "why", RECIPE)
    stamp(model, asking("H503"))
    assert by(check(model)) == Suppressed(By.MODEL, "why", RECIPE)
    beside.write_text("ignore = []")
    assert by(check(model)) is None
    beside.write_text("lr = 1")
    assert by(check(model)) == Suppressed(By.MODEL, "why H503", METADATA)
    given = Settings(recipe=Recipe(ignore=(Exemption("ALL", "given"),)))
    assert by(check(model, given)) == Suppressed(By.MODEL, "given", RECIPE)


@pytest.mark.parametrize(
    ("rules", "notes"),
    [
        (["H503", "X"], (f"{METADATA} asks to ignore 1 finding: refused",)),
        (["K101"], ()),
        ([], ()),
    ],
)
def test_refused(model: Path, rules: Sequence[str], notes: tuple[str, ...]) -> None:
    stamp(model, asking(*rules))
    report = check(model, Settings(gate=Gate(model_suppressions=False)))
    assert by(report) is None
    assert report.fails
    assert report.notes == notes


def test_the_team_goes_first(model: Path) -> None:
    stamp(model, asking("H503"))
    gate = Gate((Suppression("H503", "ours", "cnnlint.toml:1"),))
    for heeded in (True, False):
        report = check(model, Settings(gate=replace(gate, model_suppressions=heeded)))
        assert by(report) == Suppressed(By.CONFIG, "ours", "cnnlint.toml:1")
        assert not report.notes


def broken_model(ignore: str) -> bytes:
    """Return a model with a convolution that reads too few channels."""
    proto = Net(3, 8).conv(8).relu().conv(8).relu().proto()
    weight = next(t for t in proto.graph.initializer if list(t.dims) == [8, 8, 3, 3])
    weight.dims[1] = 5
    proto.metadata_props.add(key="cnnlint.ignore", value=ignore)
    return proto.SerializeToString()


@pytest.mark.parametrize("selector", ["ALL", "G920", "G", "graph", "channel-mismatch"])
def test_a_broken_file_can_not_be_silenced(selector: str) -> None:
    gate = Gate((Suppression(selector, "why", "p"), Suppression(selector, "why", "p", "*")))
    report = check(broken_model(asking(selector)), Settings(gate=gate), "G920", "A301")
    assert [f.code for f in report.counting] == ["G920"]
    assert report.fails
    assert report.notes == (
        f"{METADATA} can't exempt '{selector}': G920 says that the file is broken",
    )


def test_what_is_said_less_loudly_can_be_suppressed() -> None:
    """An operator of one runtime is no broken file, though it is of a rule on such."""
    model = Net(3, 8).conv(8).op("Gelu", domain="com.microsoft").proto()
    model.opset_import.add(domain="com.microsoft", version=1)
    gate = Gate((Suppression("G917", "we run it there", "p"),))
    report = check(model.SerializeToString(), Settings(gate=gate), "G917")
    assert by(report) == Suppressed(By.CONFIG, "we run it there", "p")


def test_very_many(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exempt, "MOST", 13)
    stamp(model, asking(*(f"X{i}" for i in range(13)), "H503"))
    report = check(model)
    assert by(report) is None
    assert report.notes[-2:] == (
        f"{METADATA} has 3 more exemptions in vain",
        f"{METADATA} exempts 14 rules: only the first 13 count",
    )
    assert len(report.notes) == 12
