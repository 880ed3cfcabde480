import pytest

from cnnlint.lint.finding import Finding, Saving, Severity, Silence, Unchecked
from rules.training.weight_decay_range import weight_decay_range
from tests.rules.training.recipes import with_recipe


@pytest.mark.parametrize(
    ("optimizer", "decay", "message", "suggestion"),
    [
        ("sgd", 0.05, "weight decay 0.05 is above 0.01, unusual for sgd", "5e-4 is a start"),
        ("SGD", 9e-7, "weight decay 9e-07 is below 1e-06, unusual for SGD", "5e-4 is a start"),
        ("adamw", 0.31, "weight decay 0.31 is above 0.3, unusual for adamw", "0.05 is a start"),
        ("LAMB", 9e-5, "weight decay 9e-05 is below 0.0001, unusual for LAMB", "0.05 is a start"),
        (
            "Adam",
            1e-4,
            "weight decay 0.0001 goes through the adaptive step of Adam",
            "AdamW instead, which decays all weights alike; 0.05 is a start",
        ),
        (
            "rmsprop",
            5.0,
            "weight decay 5 goes through the adaptive step of rmsprop",
            "AdamW instead, which decays all weights alike; 0.05 is a start",
        ),
    ],
)
def test_reports(optimizer: str, decay: float, message: str, suggestion: str) -> None:
    facts = with_recipe({"optimizer": optimizer, "weight_decay": decay})
    (finding,) = weight_decay_range.remarks(facts)
    assert isinstance(finding, Finding)
    assert (finding.message, finding.nodes) == (message, ())
    assert finding.suggestion == f"{suggestion}; needs retraining"
    assert finding.evidence == {"optimizer": optimizer, "weight_decay": decay}
    assert (finding.severity, finding.saving) == (None, Saving())


@pytest.mark.parametrize(
    ("recipe", "remark"),
    [
        ({}, Unchecked(("optimizer", "weight_decay"))),
        ({"optimizer": "sgd"}, Unchecked(("weight_decay",))),
        ({"weight_decay": 0.1}, Unchecked(("optimizer",))),
        (
            {"optimizer": "sgd", "weight_decay": 1e-6},
            Silence(None, "weight decay 1e-06 is between 1e-06 and 0.01"),
        ),
        (
            {"optimizer": "sgd", "weight_decay": 1e-2},
            Silence(None, "weight decay 0.01 is between 1e-06 and 0.01"),
        ),
        (
            {"optimizer": "adamw", "weight_decay": 1e-4},
            Silence(None, "weight decay 0.0001 is between 0.0001 and 0.3"),
        ),
        (
            {"optimizer": "adamw", "weight_decay": 0.3},
            Silence(None, "weight decay 0.3 is between 0.0001 and 0.3"),
        ),
        ({"optimizer": "mine", "weight_decay": 5}, Silence(None, "no range is known for mine")),
        ({"optimizer": "adam", "weight_decay": 0}, Silence(None, "weight decay is 0")),
        ({"optimizer": "mine", "weight_decay": 0}, Silence(None, "weight decay is 0")),
    ],
)
def test_says_nothing(recipe: dict[str, object], remark: Silence | Unchecked) -> None:
    assert list(weight_decay_range.remarks(with_recipe(recipe))) == [remark]


@pytest.mark.parametrize(
    ("option", "limit", "optimizer", "decay"),
    [
        ("sgd_least", 1e-3, "sgd", 5e-4),
        ("sgd_most", 1e-4, "sgd", 5e-4),
        ("decoupled_least", 0.1, "adamw", 0.05),
        ("decoupled_most", 0.01, "adamw", 0.05),
    ],
)
def test_options(option: str, limit: float, optimizer: str, decay: float) -> None:
    facts = with_recipe({"optimizer": optimizer, "weight_decay": decay})
    assert not weight_decay_range.run(facts)
    assert weight_decay_range.run(facts, {option: limit})


def test_severity() -> None:
    assert weight_decay_range.severity is Severity.NOTE
