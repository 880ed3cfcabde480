"""What the machine that models are to run on says about the options of rules: ``target``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnlint.lint.rule import OptionValue


@dataclass(frozen=True, slots=True)
class Target:
    """A machine, as far as rules care."""

    about: str
    options: "Mapping[str, Mapping[str, OptionValue]]" = field(default_factory=dict)
    """Options of rules that nobody has set otherwise, by code."""
    source: str = ""
    """What says so."""


def _blocks(channels: int) -> "Mapping[str, Mapping[str, OptionValue]]":
    """Return the options for kernels that work on blocks of so many channels."""
    return {"W801": {"multiple": channels}}


_NVIDIA = "NVIDIA, Matrix Multiplication Background User's Guide: sizes of 16 bytes"
_MLAS = "onnxruntime, core/mlas/lib/platform.cpp: NchwcBlockSize"
TARGETS: Mapping[str, Target] = {
    "generic": Target("no machine in particular"),
    "cpu-avx2": Target("x86 without AVX-512: blocks of 8 channels", _blocks(8), _MLAS),
    "cpu-avx512": Target(
        "x86 with AVX-512: blocks of 4 channels",
        _blocks(4),
        "measured with onnxruntime: 60 channels take as long as 64, see W801",
    ),
    "gpu-fp16": Target("NVIDIA in half precision: blocks of 8 channels", _blocks(8), _NVIDIA),
    "gpu-tf32": Target("NVIDIA in TF32: blocks of 4 channels", _blocks(4), _NVIDIA),
    "gpu-int8": Target("NVIDIA in int8: blocks of 16 channels", _blocks(16), _NVIDIA),
    "hexagon-htp": Target(
        "Qualcomm Hexagon Tensor Processor: blocks of 32 channels",
        _blocks(32),
        "Qualcomm, 80-63442-10, Avoid low depth Activations",
    ),
    "artpec-8": Target(
        "Axis ARTPEC-8: multiples of 6 filters",
        _blocks(6),
        "developer.axis.com, ARTPEC-8, Optimization Tips",
    ),
    "artpec-9": Target(
        "Axis ARTPEC-9: blocks of 16 channels",
        _blocks(16),
        "developer.axis.com, ARTPEC-9, Optimization Tips",
    ),
}
