import pytest

from cnnlint.lint.finding import Finding, Saving, Severity, Silence, Unchecked
from rules.training.batch_size import batch_size
from tests.net import Net
from tests.rules.training.recipes import NET, Values, with_recipe

BN = Net(3, 32).conv(48).bn().relu().conv(72).bn()
STATISTICS = " to take BatchNormalization's statistics from"
GROUP = "GroupNorm{} instead of BatchNormalization, or 8 or more images; needs retraining"


@pytest.mark.parametrize(
    ("net", "recipe", "message", "suggestion", "severity"),
    [
        pytest.param(
            NET,
            {"batch_size": 7},
            "7 images a device, fewer than 8",
            "8 or more; needs retraining",
            None,
            id="few",
        ),
        pytest.param(
            NET,
            {"batch_size": 1025},
            "1,025 images a device, more than 1,024",
            "1,024 or fewer; needs retraining",
            None,
            id="many",
        ),
        pytest.param(
            BN,
            {"batch_size": 1025},
            "1,025 images a device, more than 1,024",
            "1,024 or fewer; needs retraining",
            None,
            id="many, with BatchNormalization",
        ),
        pytest.param(
            BN,
            {"batch_size": 16, "devices": 8},
            f"2 images a device, fewer than 8{STATISTICS}",
            GROUP.format(" with 8 groups"),
            Severity.WARNING,
            id="BatchNormalization in the file",
        ),
        pytest.param(
            NET,
            {"batch_size": 4, "norm": "bn"},
            f"4 images a device, fewer than 8{STATISTICS}",
            GROUP.format(""),
            Severity.WARNING,
            id="BatchNormalization by the recipe",
        ),
        pytest.param(
            BN,
            {"batch_size": 4, "norm": "bn"},
            f"4 images a device, fewer than 8{STATISTICS}",
            GROUP.format(" with 8 groups"),
            Severity.WARNING,
            id="by both",
        ),
        pytest.param(
            Net(3, 8).conv(64).bn(),
            {"batch_size": 4},
            f"4 images a device, fewer than 8{STATISTICS}",
            GROUP.format(" with 32 groups"),
            Severity.WARNING,
            id="32 groups",
        ),
        pytest.param(
            BN,
            {"batch_size": 4, "norm": "gn"},
            "4 images a device, fewer than 8",
            "8 or more; needs retraining",
            None,
            id="not by the recipe",
        ),
        pytest.param(
            NET,
            {"batch_size": 15, "devices": 2},
            "7.5 images a device, fewer than 8",
            "8 or more; needs retraining",
            None,
            id="uneven",
        ),
        pytest.param(
            NET,
            {"batch_size": 1024, "lr": 0.1, "optimizer": "sgd"},
            "learning rate 0.1 at 1,024 images a step looks like that of 256",
            "scale it with the batch, to 0.4, and warm it up; needs retraining",
            None,
            id="unscaled",
        ),
        pytest.param(
            NET,
            {"batch_size": 257, "lr": 0.01, "optimizer": "sgd", "pretrained": "none"},
            "learning rate 0.01 at 257 images a step looks like that of 256",
            "scale it with the batch, to 0.0100391, and warm it up; needs retraining",
            None,
            id="unscaled, from scratch",
        ),
    ],
)
def test_reports(
    net: Net, recipe: Values, message: str, suggestion: str, severity: Severity | None
) -> None:
    (finding,) = batch_size.remarks(with_recipe(recipe, net))
    assert isinstance(finding, Finding)
    assert (finding.message, finding.suggestion) == (message, suggestion)
    assert (finding.nodes, finding.severity, finding.saving) == ((), severity, Saving())


@pytest.mark.parametrize(
    ("recipe", "images"),
    [
        ({"batch_size": 8}, "8"),
        ({"batch_size": 1024}, "1,024"),
        ({"batch_size": 8192, "devices": 256}, "32"),
        ({"batch_size": 256, "lr": 0.1, "optimizer": "sgd"}, "256"),
        ({"batch_size": 512, "lr": 0.11, "optimizer": "sgd"}, "512"),
        ({"batch_size": 512, "lr": 0.1, "optimizer": "adamw"}, "512"),
        ({"batch_size": 512, "lr": 0.1, "optimizer": "mine"}, "512"),
        ({"batch_size": 512, "lr": 0.1}, "512"),
        ({"batch_size": 512, "optimizer": "sgd"}, "512"),
        ({"batch_size": 512, "lr": 0.1, "optimizer": "sgd", "pretrained": "x"}, "512"),
    ],
)
def test_silent(recipe: Values, images: str) -> None:
    assert list(batch_size.remarks(with_recipe(recipe, BN))) == [
        Silence(None, f"{images} images a device are between 8 and 1,024")
    ]


def test_unchecked() -> None:
    facts = with_recipe({"lr": 0.1, "optimizer": "sgd", "devices": 2})
    assert list(batch_size.remarks(facts)) == [Unchecked(("batch_size",))]


def test_two_findings() -> None:
    facts = with_recipe({"batch_size": 1025, "lr": 0.1, "optimizer": "sgd"})
    assert [f.evidence for f in batch_size.run(facts)] == [
        {"images_per_device": 1025.0, "threshold": 1024, "batch_norm": False},
        {"batch_size": 1025, "lr": 0.1, "threshold": 0.1},
    ]


def test_evidence_of_few() -> None:
    (finding,) = batch_size.run(with_recipe({"batch_size": 4}, BN))
    assert finding.evidence == {"images_per_device": 4.0, "threshold": 8, "batch_norm": True}


@pytest.mark.parametrize(
    ("options", "recipe", "findings"),
    [
        ({"least": 4}, {"batch_size": 4}, 0),
        ({"most": 2048}, {"batch_size": 2048}, 0),
        ({"unscaled": 512}, {"batch_size": 512, "lr": 0.1, "optimizer": "sgd"}, 0),
        ({"base_lr": 0.2}, {"batch_size": 512, "lr": 0.2, "optimizer": "sgd"}, 1),
    ],
)
def test_options(options: dict[str, int | float], recipe: Values, findings: int) -> None:
    assert len(batch_size.run(with_recipe(recipe), options)) == findings


def test_normalisation_of_unknown_size() -> None:
    """One parameter is missing, and the node can't run."""
    (finding,) = batch_size.run(
        with_recipe({"batch_size": 4}, Net(3, 8).conv(8).op("BatchNormalization"))
    )
    assert finding.suggestion == GROUP.format("")
