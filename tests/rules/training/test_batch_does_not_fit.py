from pathlib import Path

import pytest

from cnnlint.facts.facts import Facts
from cnnlint.facts.training.recipe import Recipe
from cnnlint.lint.finding import Finding, Remark, Saving, Severity, Silence, Unchecked
from cnnlint.model.loader import load
from rules.training.batch_does_not_fit import batch_does_not_fit
from tests.net import Net
from tests.rules.training.recipes import NET, Values, with_recipe

DATA = Path(__file__).parents[2] / "data"
MIB = 1 / 1024
NET_1 = Net(64, 32).conv(64, bias=False).relu()
"""Keeps 512 KiB of each image, and has 36,864 weights."""


def test_resnet50() -> None:
    recipe = Recipe(optimizer="sgd", norm="bn", batch_size=256, device_memory=16.0)
    (finding,) = batch_does_not_fit.remarks(Facts(load(DATA / "resnet50.ts.onnx"), recipe))
    assert isinstance(finding, Finding)
    assert finding.message == "256 images a device take at least 20.4 GiB of 16"
    assert finding.suggestion == (
        "a batch of 128 fits; if yours must stay, add up the gradients of several"
    )
    assert finding.evidence["bytes_per_image"] == 84_303_872
    assert f"{84_303_872 / 2**20:.1f} MiB" in batch_does_not_fit.doc
    assert (finding.nodes, finding.severity, finding.saving) == ((), None, Saving())
    assert batch_does_not_fit.severity is Severity.WARNING


@pytest.mark.parametrize(
    ("recipe", "largest"),
    [
        pytest.param({"batch_size": 2}, 1, id="one less"),
        pytest.param({"batch_size": 3, "devices": 2}, 1, id="uneven"),
        pytest.param({"batch_size": 64, "devices": 2}, 1, id="two devices"),
        pytest.param({"batch_size": 1, "device_memory": 0.5 * MIB}, 0, id="not one"),
        pytest.param({"batch_size": 8, "device_memory": 4 * MIB}, 4, id="with weights"),
        pytest.param(
            {"batch_size": 8, "precision": "mixed", "device_memory": 2 * MIB}, 4, id="mixed"
        ),
    ],
)
def test_reports(recipe: Values, largest: int) -> None:
    (finding,) = batch_does_not_fit.run(with_recipe({"device_memory": MIB} | dict(recipe), NET_1))
    assert finding.evidence["largest_batch"] == largest
    assert finding.suggestion == (
        f"a batch of {largest} fits; if yours must stay, add up the gradients of several"
        if largest
        else "not one image fits: a smaller input or network, or a larger device"
    )


def test_evidence() -> None:
    facts = with_recipe({"batch_size": 4, "device_memory": MIB, "optimizer": "adam"}, NET_1)
    (finding,) = batch_does_not_fit.run(facts)
    assert finding.evidence == {
        "images_per_device": 4,
        "bytes": 4 * 524_288 + 36_864 * 16,
        "bytes_per_image": 524_288,
        "bytes_of_parameters": 36_864 * 16,
        "largest_batch": 0,
    }


@pytest.mark.parametrize(
    ("recipe", "net", "remark"),
    [
        ({}, NET, Unchecked(("batch_size", "device_memory"))),
        ({"batch_size": 1}, NET, Unchecked(("device_memory",))),
        ({"device_memory": 1}, NET, Unchecked(("batch_size",))),
        (
            {"batch_size": 2, "device_memory": 1.28125 * MIB, "optimizer": "mine"},
            NET_1,
            Silence(None, "2 images take at least 0.0013 GiB of 0.00125122"),
        ),
        (
            {"batch_size": 1024, "device_memory": 16},
            NET_1,
            Silence(None, "1,024 images take at least 0.5 GiB of 16"),
        ),
        (
            {"batch_size": 10**6, "device_memory": 16, "frozen_layers": ["conv0"]},
            NET_1,
            Silence(None, "layers are frozen, so nobody knows what the backward pass keeps"),
        ),
        (
            {"batch_size": 10**6, "device_memory": 16},
            Net(3, 8).op("Wavelet", domain="acme").bn(),
            Silence(
                None, "sizes of maps are unknown, so nobody knows what the backward pass keeps"
            ),
        ),
    ],
)
def test_says_nothing(recipe: Values, net: Net, remark: Remark) -> None:
    assert list(batch_does_not_fit.remarks(with_recipe(recipe, net))) == [remark]
