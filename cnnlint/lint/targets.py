"""What the machine that models are to run on says about the options of rules: ``target``."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cnnlint.lint.rule import OptionValue


@dataclass(frozen=True, slots=True)
class Target:
    """A machine, as far as rules care."""

    about: str
    options: Mapping[str, Mapping[str, OptionValue]] = field(default_factory=dict)
    """Options of rules that nobody has set otherwise, by code."""


def _blocks(channels: int) -> Mapping[str, Mapping[str, OptionValue]]:
    """Return the options for kernels that work on blocks of so many channels."""
    return {"W801": {"multiple": channels}}


TARGETS: Mapping[str, Target] = {
    "generic": Target("no machine in particular"),
    "cpu-avx512": Target("x86 with AVX-512: blocks of 4 channels, as measured", _blocks(4)),
    "gpu-fp16": Target("NVIDIA in half precision: blocks of 8 channels", _blocks(8)),
    "gpu-tf32": Target("NVIDIA in TF32: blocks of 4 channels", _blocks(4)),
    "gpu-int8": Target("NVIDIA in int8: blocks of 16 channels", _blocks(16)),
    "hexagon-htp": Target("Qualcomm Hexagon: blocks of 32 channels", _blocks(32)),
    "artpec": Target("Axis ARTPEC: blocks of 16 channels", _blocks(16)),
}
