"""What a preset wants to be judged and no recipe tells is a finding."""

from cnnlint.lint.engine import Settings, run_rules
from cnnlint.lint.finding import Severity
from cnnlint.lint.presets import PRESETS
from cnnlint.lint.registry import builtin_rules
from tests.net import Net
from tests.rules.training.recipes import NET, with_recipe

RULES = [rule for rule in builtin_rules() if rule.family == "training"]
HEAD = Net(3, 32).conv(16).gap().flatten().dense(8).relu().dense(4)
FULL = {
    "optimizer": "sgd",
    "weight_decay": 1e-4,
    "batch_size": 32,
    "device_memory": 16,
    "dropout": [{"layer": "fc3", "p": 0.5}],
    "pretrained": "ImageNet",
}


def test_the_seed_wants_a_recipe() -> None:
    outcome = run_rules(HEAD.facts(), RULES, Settings(PRESETS["seed"]))
    codes = ["T701", "T702", "T703", "T704", "T705", "T706"]
    assert [finding.code for finding in outcome.findings] == codes
    assert {finding.severity for finding in outcome.findings} == {Severity.WARNING}


def test_by_default_they_are_listed() -> None:
    outcome = run_rules(NET.facts(), RULES)
    assert outcome.findings == ()
    assert [text[:4] for text in outcome.unchecked] == ["T701", "T702", "T704", "T705", "T706"]


def test_a_full_recipe_leaves_nothing_open() -> None:
    outcome = run_rules(with_recipe(FULL, HEAD), RULES, Settings(PRESETS["seed"]))
    assert (outcome.findings, outcome.unchecked, outcome.broken) == ((), (), ())
    assert outcome.ran == {rule.code for rule in RULES}
