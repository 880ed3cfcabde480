"""Which reports make a run fail."""

from dataclasses import replace

import pytest

from cnnlint.facts.facts import Facts
from cnnlint.lint.engine import run_rules
from cnnlint.lint.finding import Severity
from cnnlint.lint.registry import find
from cnnlint.report.describe import cost_of, present
from cnnlint.report.report import (
    Amount,
    BudgetVerdict,
    By,
    Failure,
    ModelReport,
    Report,
    ReportedFinding,
    Suppressed,
    Verdict,
)
from tests.net import Net

NET = Net(3, 6).conv(16).relu().gap().flatten().dense(10).relu()


@pytest.fixture(scope="module")
def warning() -> ReportedFinding:
    (found,) = run_rules(NET.facts(), [find("H503")]).findings
    return found


@pytest.mark.parametrize(
    ("fail_on", "fails"),
    [(Severity.NOTE, True), (Severity.WARNING, True), (Severity.ERROR, False), (None, False)],
)
def test_findings(fail_on: Severity | None, fails: bool, warning: ReportedFinding) -> None:
    model = ModelReport("n", findings=(warning,), fail_on=fail_on)
    assert model.fails is fails
    assert Report("0", (ModelReport("m"), model)).exit_code == int(fails)
    quiet = replace(warning, suppressed=Suppressed(By.CONFIG, "why"))
    assert not replace(model, findings=(quiet,)).fails
    assert replace(model, findings=(quiet, warning)).counting == (warning,)


@pytest.mark.parametrize(
    ("verdict", "fails"),
    [
        (Verdict.KEPT, False),
        (Verdict.NOT_CHECKED, False),
        (Verdict.BROKEN, True),
        (Verdict.UNDECIDABLE, True),
    ],
)
def test_budgets(verdict: Verdict, fails: bool) -> None:
    budget = BudgetVerdict("max_macs", verdict, 10, 11, "why", "cnnlint.toml:1")
    model = ModelReport("n", budgets=(budget,), fail_on=Severity.ERROR)
    assert model.fails is fails
    assert not replace(model, fail_on=None).fails


@pytest.mark.parametrize(("internal", "code"), [(False, 1), (True, 2)])
def test_failures(internal: bool, code: int) -> None:
    failure = Failure("empty", "m", "h", internal=internal)
    assert Report("0", (ModelReport("n", failure=failure, fail_on=None),)).exit_code == code
    assert Report("0", (ModelReport("n", internal=("rule",), fail_on=None),)).exit_code == 2


def facts_and_ops() -> tuple[Facts, dict[str, int]]:
    facts = NET.facts()
    return facts, {node.op: index for index, node in enumerate(facts.model.nodes)}


@pytest.mark.parametrize(
    ("ops", "cost"),
    [
        (["Conv"], Amount(16 * 27 * 36, "macs")),
        (["Conv", "Gemm"], Amount(16 * 27 * 36 + 160, "macs")),
        (["Conv", "Conv"], Amount(16 * 27 * 36, "macs")),
        (["GlobalAveragePool"], Amount(64, "activation_bytes")),
        ([], None),
    ],
)
def test_cost_of_layers(ops: list[str], cost: Amount | None) -> None:
    facts, place = facts_and_ops()
    assert cost_of(present(facts, [facts.model.nodes[place[op]] for op in ops])) == cost


def test_cost_of_what_has_weights_only() -> None:
    facts = Net(3, 6).conv(4).bn().gap().facts()
    (node,) = [node for node in facts.model.nodes if node.op == "BatchNormalization"]
    assert cost_of(present(facts, [node])) == Amount(8, "params")
