"""What was there when a team began to use cnnlint: it is known, and may only get better."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cnnlint.report.report import Amount


@dataclass(frozen=True, slots=True)
class Known:
    """A finding of the baseline."""

    fingerprint: str
    rule: str
    """Its code."""
    layer: str
    """Path of the layer that it names first; "" where it names none."""
    label: str
    """What that layer is: ``Conv 7x7 32->32``."""
    cost: Amount | None


@dataclass(frozen=True, slots=True)
class KnownModel:
    """What the baseline knows of one model."""

    costs: Mapping[str, float] = field(default_factory=dict)
    """Its costs by the key of their budget: ``max_macs``. What isn't known is missing."""
    findings: tuple[Known, ...] = ()


@dataclass(frozen=True, slots=True)
class Baseline:
    """All models of a baseline, by their path from the folder of its file, with ``/``."""

    file: Path
    models: Mapping[str, KnownModel] = field(default_factory=dict)
