"""Suppressions as a user sees them: what is shown, counted, told, and what the exit code is."""

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

import cnnlint
from cnnlint.config.planner import Plan, Planner
from cnnlint.lint.gate import Gate
from cnnlint.lint.suppress import Suppression
from tests.net import Net

Run = Callable[..., tuple[int, str, str]]
REASON = "trained\x1b[2J so"


@pytest.fixture
def agreed(monkeypatch: pytest.MonkeyPatch) -> Callable[[Gate], None]:
    """Return what puts a gate into the settings of a run."""

    def agree(gate: Gate) -> None:
        usual = Planner.plans

        def plans(self: Planner, models: Iterable[Path | None]) -> list[Plan]:
            return [
                replace(plan, settings=replace(plan.settings, gate=gate))
                for plan in usual(self, models)
            ]

        monkeypatch.setattr(Planner, "plans", plans)

    return agree


@pytest.fixture
def stamped(models: Path) -> Path:
    """Return a bad model that asks to be spared."""
    out = models / "stamped.onnx"
    ignore = [{"rule": "H503", "reason": REASON}, {"rule": "K101", "reason": "why"}]
    cnnlint.stamp(models / "bad.onnx", {"ignore": ignore}, out)
    return out


def unwrapped(out: str) -> str:
    """Return a text without its line breaks."""
    return " ".join(out.split())


def suppressed(out: str) -> list[object]:
    (model,) = json.loads(out)["models"]
    return [finding["suppressed"] for finding in model["findings"]]


def test_configuration(run: Run, models: Path, agreed: Callable[[Gate], None]) -> None:
    reasons = (Suppression("H503", "why", "cnnlint.toml:3"), Suppression("K101", "why", "p"))
    agreed(Gate(reasons))
    code, out, err = run("check", models / "bad.onnx")
    assert (code, err) == (0, "")
    assert "H503" not in out
    assert f"{models / 'bad.onnx'}: no findings (1 suppressed) ·" in unwrapped(out)
    assert unwrapped(out).endswith("note: p: suppresses nothing in this run: K101")
    assert run("check", models / "bad.onnx", "--quiet") == (0, "", "")
    assert run("check", models / "bad.onnx", "--format", "concise")[:2] == (0, "")
    code, out, _ = run("check", models / "bad.onnx", "--format", "json")
    by = {"by": "config", "reason": "why", "place": "cnnlint.toml:3", "expires": None}
    assert (code, suppressed(out)) == (0, [by])
    assert json.loads(out)["notes"] == ["p: suppresses nothing in this run: K101"]


def test_it_expires(run: Run, models: Path, agreed: Callable[[Gate], None]) -> None:
    """Until its last day it holds; the day after, the run fails and says why."""
    last = date(2026, 12, 31)
    until = (Suppression("H503", "why", "cnnlint.toml:3", expires=last),)
    for today in (date(2026, 12, 30), last):
        agreed(Gate(until, day=today))
        code, out, _ = run("check", models / "bad.onnx")
        assert code == 0
        assert "cnnlint.toml" not in out
    agreed(Gate(until, day=date(2027, 1, 1)))
    code, out, _ = run("check", models / "bad.onnx")
    assert code == 1
    assert out.startswith("warning[H503]")
    why = "expired after 2026-12-31, 1 finding would need it: H503"
    assert unwrapped(out).endswith(f"note: cnnlint.toml:3: {why}")


def test_the_model(run: Run, stamped: Path) -> None:
    code, out, err = run("check", stamped)
    assert (code, err) == (0, "")
    assert ": no findings (1 suppressed) ·" in unwrapped(out)
    told = "= note: the model's metadata exempts 'K101', and nothing of that is found"
    assert told in unwrapped(out)
    assert "\x1b" not in out
    by = {"by": "model", "reason": REASON, "place": "the model's metadata", "expires": None}
    assert suppressed(run("check", stamped, "--format", "json")[1]) == [by]


def test_the_model_is_refused(run: Run, stamped: Path, agreed: Callable[[Gate], None]) -> None:
    agreed(Gate(model_suppressions=False))
    code, out, _ = run("check", stamped)
    assert code == 1
    assert out.startswith("warning[H503]")
    assert "= note: the model's metadata asks to ignore 1 finding: refused" in unwrapped(out)


def broken(models: Path) -> Path:
    """Return a model that can't run and asks to be spared."""
    proto = Net(3, 8).conv(8, name="a").relu().conv(8, name="b").relu().proto()
    next(t for t in proto.graph.initializer if list(t.dims) == [8, 8, 3, 3]).dims[1] = 5
    proto.metadata_props.add(key="cnnlint.ignore", value='[{"rule": "ALL", "reason": "x"}]')
    (models / "broken.onnx").write_bytes(proto.SerializeToString())
    return models / "broken.onnx"


def test_a_broken_file(run: Run, models: Path, agreed: Callable[[Gate], None]) -> None:
    """Nothing that is said of a broken file in a configuration or the file silences it."""
    broken(models)
    agreed(Gate((Suppression("ALL", "why", "p"), Suppression("G920", "why", "p", "*"))))
    code, out, _ = run("check", models / "broken.onnx", "--fail-on", "error")
    assert code == 1
    assert out.startswith("error[G920]")
    told = "note: p: does not suppress G920, which says that a file is broken: ALL"
    assert told in unwrapped(out)


@pytest.mark.parametrize(
    ("view", "says"),
    [
        ([], "= note: can't run: b: weight takes 5 input channels, the input has 8"),
        (["-q"], "can't run: b: weight takes 5 input channels, the input has 8 --> {file}"),
        (["--format", "concise"], "{file}: can't run: b: weight takes 5 input channels, the i"),
        (["--format", "json"], '"b: weight takes 5 input channels, the input has 8"'),
    ],
)
@pytest.mark.parametrize("off", [["--ignore", "G9"], ["--select", "K"], ["--ignore", "ALL"]])
def test_a_broken_file_whose_rules_are_off_says_why_it_fails(
    off: list[str], view: list[str], says: str, run: Run, models: Path
) -> None:
    file = broken(models)
    code, out, _ = run("check", file, *off, *view, "--fail-on", "error")
    assert code == 1
    assert says.format(file=file) in unwrapped(out)
