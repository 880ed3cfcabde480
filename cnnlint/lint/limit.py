"""What a model may cost."""

from dataclasses import dataclass
from pathlib import Path

from cnnlint.lint.patterns import Patterns


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit, absolute or relative; exactly one of ``amount`` and ``growth`` is given."""

    key: str
    """As the configuration has it: ``max_macs``."""
    place: str
    """Where it is set: ``cnnlint.toml:12``, ``--max-macs``."""
    amount: float | None = None
    """In the unit of the key: a number, bytes, milliseconds."""
    growth: float | None = None
    """How much more than the reference: 0.05 for ``+5%``."""
    reference: Path | None = None
    """The model that growth is relative to; None for the baseline."""
    files: Patterns | None = None
    """None for every model."""
