"""The classification networks inside the onnx package, whose weights are ConstantOfShape."""

from pathlib import Path

import onnx
import pytest

from cnnlint.facts.facts import Facts
from cnnlint.model.loader import load

LIGHT = Path(onnx.__file__).parent / "backend/test/data/light"
MACS = {
    "bvlc_alexnet": 654_560_384,
    "densenet121": 2_834_161_664,
    "inception_v1": 1_431_556_352,
    "inception_v2": 2_018_851_840,
    "resnet50": 4_089_184_256,
    "shufflenet": 124_664_528,
    "squeezenet": 349_151_936,
    "vgg19": 19_632_062_464,
    "zfnet512": 1_481_727_008,
}


@pytest.mark.parametrize(("name", "macs"), MACS.items())
def test_macs(name: str, macs: int) -> None:
    facts = Facts(load(LIGHT / f"light_{name}.onnx"))
    assert facts.macs == macs
    assert facts.uncounted_ops == {}
