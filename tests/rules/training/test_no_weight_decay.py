import pytest

from cnnlint.lint.finding import Finding, Saving, Severity, Silence, Unchecked
from rules.training.no_weight_decay import no_weight_decay
from tests.rules.training.recipes import with_recipe


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        ({"optimizer": "sgd"}, "no weight decay: the recipe names none"),
        ({"optimizer": "Adam"}, "no weight decay: the recipe names none"),
        (
            {"optimizer": "mine", "weight_decay": 0},
            "no weight decay: the recipe says weight_decay = 0",
        ),
        ({"weight_decay": 0}, "no weight decay: the recipe says weight_decay = 0"),
        (
            {"optimizer": "adamw", "weight_decay": 0},
            "no weight decay: the recipe says weight_decay = 0",
        ),
        ({"optimizer": "rmsprop"}, "no weight decay: the recipe names none"),
        (
            {"optimizer": "lamb", "weight_decay": 0},
            "no weight decay: the recipe says weight_decay = 0",
        ),
    ],
)
def test_reports(recipe: dict[str, object], message: str) -> None:
    (finding,) = no_weight_decay.remarks(with_recipe(recipe))
    assert isinstance(finding, Finding)
    assert finding.message == message
    assert finding.nodes == ()
    assert finding.severity is None
    assert finding.saving == Saving()
    assert finding.evidence == {"optimizer": None, "weight_decay": None} | recipe
    start = {
        **dict.fromkeys(("adamw", "lamb"), "weight_decay = 0.05"),
        **dict.fromkeys(("Adam", "rmsprop"), "AdamW with weight_decay = 0.05"),
    }.get(str(recipe.get("optimizer")), "weight_decay = 5e-4")
    assert finding.suggestion == (
        f"{start} is a start; try 10 times more and less; needs retraining"
    )


@pytest.mark.parametrize(
    ("recipe", "remark"),
    [
        ({}, Unchecked(("optimizer", "weight_decay"))),
        ({"lr": 0.1}, Unchecked(("optimizer", "weight_decay"))),
        ({"optimizer": "AdamW"}, Unchecked(("weight_decay",))),
        ({"optimizer": "mine"}, Unchecked(("weight_decay",))),
        ({"weight_decay": 1e-9}, Silence(None, "weight decay is 1e-09")),
        ({"optimizer": "sgd", "weight_decay": 5e-4}, Silence(None, "weight decay is 0.0005")),
    ],
)
def test_says_nothing(recipe: dict[str, object], remark: Silence | Unchecked) -> None:
    assert list(no_weight_decay.remarks(with_recipe(recipe))) == [remark]


def test_severity() -> None:
    assert no_weight_decay.severity is Severity.WARNING
