"""What the rules say of every model: the golden table, and what must hold of it.

``python tools/update_verdicts.py`` renews the table; look at its diff before you commit it.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from cnnlint.lint.registry import builtin_rules
from cnnlint.report.report import Failure, ModelReport
from tools.update_verdicts import (
    FOLDERS,
    GOLDEN,
    HEAD,
    ROOT,
    SAMPLES,
    changes,
    main,
    read,
    rendered,
    renewed,
    verdict,
    verdicts,
)

VERDICTS = read(GOLDEN)
CODES = {rule.code for rule in builtin_rules()}


def of_folder(folder: str) -> dict[str, str]:
    """Return what the table says of the models of a folder."""
    return {model: said for model, said in VERDICTS.items() if model.startswith(f"{folder}/")}


def test_sample_models() -> None:
    assert not changes(of_folder(SAMPLES), verdicts(ROOT / SAMPLES))


@pytest.mark.parametrize("folder", FOLDERS)
def test_corpus(folder: str, corpus: Path) -> None:
    assert not changes(of_folder(folder), verdicts(corpus / folder))


def test_table_is_in_order_and_names_rules_that_exist() -> None:
    assert GOLDEN.read_text(encoding="utf-8") == HEAD + "\n".join([*rendered(VERDICTS), ""])
    assert list(VERDICTS) == sorted(VERDICTS)
    for said in VERDICTS.values():
        assert re.fullmatch(r"-|(([EWI]: )([A-Z]\d{3}(x\d+)?(\(\d+\))?\s*)+)+", said)
        assert set(re.findall(r"[A-Z]\d{3}", said)) <= CODES


# ---- what must hold of models whose faults and merits are known ----


@dataclass(frozen=True)
class Known:
    """What networks of one kind must have said of them, and what not."""

    models: str
    """Names in the table, as a regular expression."""
    loud: str = ""
    """Codes of all errors and warnings; where rules don't exist yet, those that do."""
    notes: str = ""
    """Codes of notes that must be among them."""
    may: str = ""
    """Codes that are true of some of them: errors and warnings too."""
    others: bool = False
    """Whether other errors and warnings are right too: the model stands in for another."""


MATRIX = {
    "ResNet": Known(
        r"torchvision/(resnet(18|50)|wide_resnet50_2|resnext50_32x4d)\..*|mutants/tv_resnet34\.ts",
        notes="P403",
    ),
    "ResNet-D, SE, V2, RegNet": Known(r"torchvision/regnet_x_.*|timm/regnety_.*", notes="P403"),
    "DenseNet": Known(r"torchvision/densenet121\..*", "P412"),
    "Inception": Known(r"torchvision/inception_v3\..*", notes="K101"),
    "GoogLeNet": Known(r"torchvision/googlenet\..*"),
    "MobileNetV2, MNASNet, EfficientNet": Known(
        r"torchvision/(mobilenet_v2|mnasnet1_0|efficientnet_b0|efficientnet_v2_s)\..*"
        r"|keras/MobileNetV2|mutants/tv_efficientnet_b0\..*|timm/(tf_efficientnet_b4|fbnetc_100)\..*"
    ),
    "MobileNetV3 small": Known(r"torchvision/mobilenet_v3_small\..*", "K112", notes="H502"),
    "ShuffleNetV2": Known(r"torchvision/shufflenet_v2_.*|runnable/shufflenet_v2_x0_5"),
    "SqueezeNet": Known(r"torchvision/squeezenet.*|runnable/squeezenet1_1", notes="H503"),
    "ConvNeXt, Swin, ViT, ConvMixer": Known(
        r"torchvision/(convnext_tiny|swin_t|vit_b_16|vit_b_16_384)\..*|keras/ConvNeXtTiny"
        r"|timm/(convnext_.*|convmixer_.*|deit_small_.*)"
    ),
    "VGG": Known(
        r"torchvision/vgg(11_bn|16)\..*|keras/VGG16|mutants/tv_vgg11_bn\.ts", "H501", notes="K107"
    ),
    "VGG-19, its head a convolution": Known(r"timm/vgg19\.ts", notes="S201 K107", may="H501"),
    "AlexNet": Known(r"torchvision/alexnet\..*", "H501 K101 K103 P405"),
    "RepVGG, MobileOne, trained form": Known(
        r"timm/(mobileone_s0|repvgg_d2se)\..*", "K113", may="N601"
    ),
    "RepVGG, deployed": Known(r"timm/repvgg_a0_reparam\.ts", notes="S201"),
    "RepViT, deployed": Known(r"timm/repvit_m1_reparam\.ts"),
    "FCN": Known(r"torchvision/fcn_resnet50\..*", notes="P403"),
    "LR-ASPP": Known(r"torchvision/lraspp_mobilenet_v3_large\..*"),
    "U-Net": Known(r"sample_models/clean_unet|mutants/clean_unet_.*|runnable/unet_tiny"),
    "training-mode export": Known(
        r"mutants/(bbn_1d|bbn_res|fc_nodrop_train_mb|clean_dropout_train)\.ts",
        "N603",
        others=True,
    ),
    "training-mode export with Dropout": Known(
        r"mutants/clean_dropout_train\.ts", "N603 N604", others=True
    ),
    "decoder of 3x3 at stride 2": Known(
        r"sample_models/checkerboard_decoder|mutants/combo_ed_ct3_relu_out\..*",
        "P409",
        others=True,
    ),
    "plain 34": Known(r"mutants/tv_resnet34_noadd\..*", "S201 R701"),
    "plain 50": Known(r"mutants/tv_resnet50_noadd\..*", "S201"),
    "plain, deeper": Known(
        r"mutants/(tv_resnet101_noadd|deep_unet_plainmid)\.ts"
        r"|runnable/plain24_sigmoid|sample_models/plain_24",
        "S201",
        others=True,
    ),
    "plain, 3x3 alone, its weights not here": Known(
        r"mutants/deep_(basic30_noskip|plain).*", notes="S201", others=True
    ),
    "U-Net without skips": Known(
        r"mutants/(ed_noskip_stride|combo_ed_ct3_relu_out)\..*", "S203", others=True
    ),
    "tall and skinny, its weights not here": Known(
        r"mutants/tall_48x16\.ts", "S204", notes="S201", others=True
    ),
    "plain 8 with Tanh": Known(r"mutants/act_plain_all_tanh\..*", "A301"),
    "clean samples": Known(r"sample_models/clean_.*"),
    "other proven networks": Known(
        r"(?!.*/(alexnet|vgg|densenet|mobilenet_v3_small|mobileone|repvgg))(torchvision|timm)/.*"
        r"|mutants/tv_mobilenet_v3_large\.ts",
        may="K112 K113 N601",
    ),
}
"""What is asked of the set of rules, by kind of network.

Not in the corpus: resnet50d, seresnet50, resnetv2_50; inception_v4, inception_resnet_v2;
mobilenet_v1; ghostnet, rexnet, mixnet; mixer, poolformer; vgg19_bn; mobileone deployed;
xception41; deeplabv3, dwm, yolov2; darknet19, dncnn, vdsr; resnet18, mobilenet_v2 and vgg16 in
training mode; dcgan; plain18, plain32; a U-Net of 23 layers without skips; skinny40; plain 8 with
Sigmoid; resnet18 at 32 and at 1024; VGG-16-BN with global average pooling at 32; Keras GELU of
tf2onnx. Where another model has the same fault, it stands in (``others``).
"""


def said_of(model: str, letters: str) -> set[str]:
    """Return the codes that a model has at these severities."""
    parts = re.findall(r"([EWI]): ([^:]*)(?=  [EWI]: |$)", VERDICTS[model])
    codes = " ".join(codes for letter, codes in parts if letter in letters)
    return set(re.findall(r"[A-Z]\d{3}", codes))


def existing(codes: str) -> set[str]:
    """Return the codes of rules that exist."""
    return set(codes.split()) & CODES


@pytest.mark.parametrize("known", MATRIX.values(), ids=MATRIX)
def test_matrix(known: Known) -> None:
    models = [model for model in VERDICTS if re.fullmatch(known.models, model)]
    assert models
    wrong = {}
    for model in models:
        loud, quiet = said_of(model, "EW"), said_of(model, "I")
        expected = existing(known.loud)
        missing = (expected - loud) | (existing(known.notes) - quiet)
        unwanted = set() if known.others else loud - expected - existing(known.may)
        if missing or unwanted:
            wrong[model] = f"lacks {sorted(missing)}, has {sorted(unwanted)} too much"
    assert not wrong


def test_every_published_network_is_in_the_matrix() -> None:
    published = {model for model in VERDICTS if model.startswith(("torchvision/", "timm/"))}
    assert not {
        model
        for model in published
        if not any(re.fullmatch(known.models, model) for known in MATRIX.values())
    }


# ---- the tool ----


def test_without_the_corpus_its_lines_stay(tmp_path: Path) -> None:
    old = {f"{SAMPLES}/gone": "-", "timm/vgg19.ts": "I: S201(19)"}
    new = renewed(old, tmp_path / "nothing")
    assert new == {**verdicts(ROOT / SAMPLES), "timm/vgg19.ts": "I: S201(19)"}


def test_a_folder_of_the_corpus(tmp_path: Path) -> None:
    (tmp_path / "corpus" / "timm").mkdir(parents=True)
    (tmp_path / "corpus" / "timm" / "a.b.onnx").write_text("no model")
    new = renewed({"timm/gone": "-"}, tmp_path / "corpus")
    assert new == {**verdicts(ROOT / SAMPLES), "timm/a.b": "unreadable: not-onnx"}


def test_check_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    golden = tmp_path / "golden" / "verdicts.txt"
    arguments = ["x", "--golden", str(golden), "--corpus", str(tmp_path / "nothing")]
    monkeypatch.setattr("sys.argv", [*arguments, "--check"])
    assert main() == 1
    out, err = capsys.readouterr()
    assert "\n+sample_models/flatten_head  W: H501" in out
    assert "only sample_models is looked at" in err
    assert not golden.exists()
    monkeypatch.setattr("sys.argv", arguments)
    assert main() == 0
    assert read(golden) == verdicts(ROOT / SAMPLES)
    capsys.readouterr()
    monkeypatch.setattr("sys.argv", [*arguments, "--check"])
    assert main() == 0
    assert capsys.readouterr().out == "no verdict changes\n"


def test_changes_are_lines_of_the_table() -> None:
    old, new = {"a": "-", "b": "-", "c": "-"}, {"a": "-", "b": "W: K101", "d": "-"}
    assert changes(old, new) == ["-b  -", "-c  -", "+b  W: K101", "+d  -"]


def test_what_cannot_be_judged() -> None:
    assert verdict(ModelReport("x", failure=Failure("cut-off", "m", "h"))) == "unreadable: cut-off"
    assert verdict(ModelReport("x", findings=(), internal=("rule K101 failed",))) == (
        "broken: rule K101 failed"
    )
