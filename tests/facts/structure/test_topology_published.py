"""Depth and plain runs of real exports."""

import json
from pathlib import Path

import pytest

from cnnlint.model.loader import load
from tests.facts.onnx_text import topology

PUBLISHED = {
    # depth, shortest path, units and layers of the longest plain run
    "keras/ConvNeXtTiny": (59, 5, 3, 3),
    "keras/MobileNetV2": (36, 16, 4, 6),
    "keras/VGG16": (16, 16, 16, 16),
    "timm/convmixer_768_32.ts": (66, 34, 2, 2),
    "timm/hrnet_w18_small.ts": (31, 9, 3, 3),
    "timm/hrnet_w18_small.dy": (31, 9, 3, 3),
    "timm/lcnet_100.ts": (16, 16, 16, 29),
    "timm/mobileone_s0.ts": (44, 9, 1, 1),
    "timm/mobileone_s0.dy": (44, 9, 1, 1),
    "timm/repvgg_a0_reparam.ts": (23, 23, 23, 23),
    "timm/repvit_m1_reparam.ts": (81, 29, 3, 3),
    "timm/starnet_s1.ts": (66, 6, 2, 2),
    "timm/vgg19.ts": (19, 19, 19, 19),
    **{
        f"torchvision/{name}.{exporter}": expected
        for exporter in ("ts", "dy")
        for name, expected in {
            "alexnet": (8, 8, 8, 8),
            "convnext_tiny": (59, 5, 3, 3),
            "densenet121": (121, 5, 2, 2),
            "efficientnet_b0": (34, 16, 4, 6),
            "efficientnet_v2_s": (81, 13, 2, 3),
            "fcn_resnet50": (51, 7, 3, 3),
            "googlenet": (22, 13, 3, 3),
            "inception_v3": (48, 15, 5, 5),
            "lraspp_mobilenet_v3_large": (33, 6, 3, 3),
            "mnasnet1_0": (36, 16, 4, 6),
            "mobilenet_v2": (36, 16, 4, 6),
            "mobilenet_v3_small": (25, 13, 4, 6),
            "regnet_x_400mf": (68, 6, 3, 3),
            "resnet18": (18, 5, 2, 2),
            "resnet50": (50, 6, 3, 3),
            "resnext50_32x4d": (50, 6, 3, 3),
            "shufflenet_v2_x1_0": (35, 6, 2, 3),
            "squeezenet1_0": (18, 18, 2, 2),
            "squeezenet1_1": (18, 18, 2, 2),
            "swin_t": (53, 5, 2, 2),
            "vgg16": (16, 16, 16, 16),
        }.items()
    },
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_network(corpus: Path, name: str) -> None:
    found = topology(load(corpus / f"{name}.onnx"))
    run = (found.plain_run_units, len(found.plain_run))
    assert (found.depth, found.shortest_path, *run) == PUBLISHED[name]


def test_labelled_plain_runs_are_found(corpus: Path) -> None:
    for entry in json.loads((corpus / "mutants" / "mutants.json").read_text()):
        present = any(p["antipattern"] == "deep_no_skip" for p in entry["present"])
        if present or "deep_no_skip" in entry["absent"]:
            units = topology(load(corpus / "mutants" / entry["file"])).plain_run_units
            assert units >= 20 if present else units <= 16, entry["file"]
