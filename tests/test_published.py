"""Real exports of published architectures: their costs, their structure, and silence about them.

MACs are torch's FlopCounterMode divided by two, and to three decimals the GMACs of torchvision's
weight metadata. Parameters are fewer than published by what exporters fold: a batch
normalisation's scale and shift go into the convolution's bias, and equal tensors are stored once
(the layer scales of an untrained ConvNeXt; shifts and means of an untrained Keras model). The
receptive fields of alexnet, vgg16 and inception_v3 are those of Araujo et al., Computing
Receptive Fields of Convolutional Neural Networks, Distill, 2019.
"""

import csv
import math
from pathlib import Path

import pytest

from cnnlint.facts.facts import Facts
from cnnlint.lint.engine import run_rules
from cnnlint.lint.finding import Severity
from cnnlint.lint.registry import select
from cnnlint.model.binding import Bindings
from cnnlint.model.loader import load

DATA = Path(__file__).parent / "data"
OPEN = Bindings(dims={"H": 224, "W": 224})

# file: MACs, params in the file, depth, shortest path, plain run, receptive field, warnings
PUBLISHED = {
    "alexnet.ts": (714_188_480, 61_100_840, 8, 8, 8, 195, {"H501", "K101", "K103", "P405"}),
    "convnext_tiny.ts": (4_455_531_264, 28_583_944, 59, 5, 3, 1688, set()),
    "densenet121.ts": (2_834_161_664, 7_971_368, 121, 5, 2, 2071, {"P412"}),
    "efficientnet_b0.ts": (385_814_752, 5_267_540, 34, 16, 4, 851, set()),
    "inception_v3.ts": (5_713_216_096, 23_817_352, 48, 15, 5, 1311, set()),
    "keras_mobilenet_v2": (300_774_272, 3_480_536, 36, 16, 4, 491, set()),
    "mobilenet_v2.ts": (300_774_272, 3_487_816, 36, 16, 4, 491, set()),
    "mobilenet_v2.ts_dyn": (300_774_272, 3_487_816, 36, 16, 4, 491, set()),
    "resnet18.dy": (1_814_073_344, 11_684_712, 18, 5, 2, 435, set()),
    "resnet18.ts": (1_814_073_344, 11_684_712, 18, 5, 2, 435, set()),
    "resnet50.ts": (4_089_184_256, 25_530_472, 50, 6, 3, 427, set()),
    "shufflenet_v2_x1_0.ts": (144_907_992, 2_270_514, 35, 6, 2, 527, set()),
    "tf_efficientnet_b4.ts": (4_393_771_024, 19_279_016, 65, 16, 2, 1799, set()),
    "vgg16.ts": (15_470_264_320, 138_357_544, 16, 16, 16, 212, {"H501"}),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_architecture(name: str) -> None:
    facts = Facts(load(DATA / f"{name}.onnx", OPEN if name.endswith("_dyn") else None))
    topology = facts.topology
    macs, params, depth, shortest, plain_run, field, warnings = PUBLISHED[name]
    assert (facts.macs, facts.params) == (macs, params)
    assert not facts.uncounted_ops
    assert not facts.unresolved
    assert (topology.depth, topology.shortest_path) == (depth, shortest)
    assert topology.plain_run_units == plain_run
    assert facts.receptive_field == (field, field)
    outcome = run_rules(facts, select((), ())[0])
    assert not outcome.broken
    assert {f.code for f in outcome.findings if f.severity is not Severity.NOTE} == warnings


def test_open_height_and_width_are_those_of_the_published_figures() -> None:
    facts = Facts(load(DATA / "mobilenet_v2.ts_dyn.onnx"))
    assert facts.model.assumptions == ("N = 1", "H = 224", "W = 224")
    assert facts.model.free_dims == ()
    assert facts.macs == 300_774_272
    assert facts.params == 3_487_816
    assert facts.topology.depth == 36


def test_source_lines_of_a_dynamo_export() -> None:
    model = load(DATA / "resnet18.dy.onnx")
    stem = model.nodes[0]
    assert stem.path == "conv1"
    assert stem.source is not None
    assert stem.source.file.endswith("torchvision/models/resnet.py")
    assert stem.source.line == 285


def test_both_exporters_name_layers_alike() -> None:
    paths = [
        [
            layer.node.path
            for layer in Facts(load(DATA / f"resnet18.{form}.onnx")).weighted.values()
        ]
        for form in ("ts", "dy")
    ]
    assert sorted(paths[0]) == sorted(paths[1])


@pytest.mark.parametrize("folder", ["torchvision", "timm", "keras"])
def test_macs_of_the_whole_corpus(corpus: Path, folder: str) -> None:
    wrong = []
    table = (corpus / folder / "table.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(table.splitlines()):
        path = corpus / folder / row["file"]
        if not path.is_file() or not row["macs"]:
            continue
        found = Facts(load(path, OPEN)).macs
        if found is None or not math.isclose(found, float(row["macs"]), rel_tol=1e-3):
            wrong.append(row["file"])
    # Position encodings: computed from constants alone, by torch at each run, here never.
    assert set(wrong) <= {
        "edgenext_xx_small.dy.onnx",
        "edgenext_xx_small.ts.onnx",
        "maxvit_rmlp_pico_rw_256.ts.onnx",
    }
