import pytest

from cnnlint.lint.finding import Finding, Remark, Saving, Severity, Silence, Unchecked
from rules.training.scratch_on_small_data import scratch_on_small_data
from tests.rules.training.recipes import Values, with_recipe

SCRATCH: Values = {"pretrained": "none"}


@pytest.mark.parametrize(
    ("recipe", "reasons", "each"),
    [
        pytest.param(
            {"train_images": 2040, "classes": 102},
            "2,040 images (fewer than 10,000) and 20 for each class (fewer than 100)",
            20.0,
            id="flowers",
        ),
        pytest.param(
            {"train_images": 9999}, "9,999 images (fewer than 10,000)", None, id="images"
        ),
        pytest.param(
            {"train_images": 9999, "classes": 10},
            "9,999 images (fewer than 10,000)",
            999.9,
            id="images, enough for each class",
        ),
        pytest.param(
            {"train_images": 10_000, "classes": 101, "task": "classification"},
            "99 for each class (fewer than 100)",
            10_000 / 101,
            id="for each class",
        ),
        pytest.param(
            {"train_images": 9999, "classes": 1000, "task": "detection"},
            "9,999 images (fewer than 10,000)",
            None,
            id="detection",
        ),
    ],
)
def test_reports(recipe: Values, reasons: str, each: float | None) -> None:
    (finding,) = scratch_on_small_data.remarks(with_recipe({**SCRATCH, **recipe}))
    assert isinstance(finding, Finding)
    assert finding.message == f"trained from scratch on {reasons}"
    assert finding.suggestion == (
        "fine-tune a network that was trained on a larger set; needs retraining"
    )
    assert finding.evidence == {
        "train_images": recipe["train_images"],
        "classes": recipe.get("classes"),
        "images_per_class": each,
    }
    assert (finding.nodes, finding.severity, finding.saving) == ((), None, Saving())


@pytest.mark.parametrize(
    ("recipe", "remark"),
    [
        ({}, Unchecked(("pretrained", "train_images"))),
        ({"train_images": 10}, Unchecked(("pretrained",))),
        (SCRATCH, Unchecked(("train_images",))),
        ({**SCRATCH, "train_images": 10_000}, Unchecked(("classes",))),
        (
            {"pretrained": "ImageNet", "train_images": 10},
            Silence(None, "training started with weights of ImageNet"),
        ),
        (
            {"pretrained": "ImageNet"},
            Silence(None, "training started with weights of ImageNet"),
        ),
        (
            {**SCRATCH, "train_images": 10_000, "classes": 100},
            Silence(None, "10,000 images are enough to train from scratch"),
        ),
        (
            {**SCRATCH, "train_images": 10_000, "classes": 1000, "task": "segmentation"},
            Silence(None, "10,000 images are enough to train from scratch"),
        ),
        (
            {**SCRATCH, "train_images": 10_000, "task": "regression"},
            Silence(None, "10,000 images are enough to train from scratch"),
        ),
    ],
)
def test_says_nothing(recipe: Values, remark: Remark) -> None:
    assert list(scratch_on_small_data.remarks(with_recipe(recipe))) == [remark]


@pytest.mark.parametrize("option", [{"min_images": 1000}, {"min_per_class": 10}])
def test_options(option: dict[str, int]) -> None:
    facts = with_recipe({**SCRATCH, "train_images": 2040, "classes": 102})
    (finding,) = scratch_on_small_data.run(facts, option)
    assert " and " not in finding.message
    assert not scratch_on_small_data.run(facts, {"min_images": 1000, "min_per_class": 20})


def test_severity() -> None:
    assert scratch_on_small_data.severity is Severity.WARNING
