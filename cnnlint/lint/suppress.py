"""Findings that somebody has looked at and accepts, with a reason and perhaps for a time."""

from dataclasses import dataclass
from datetime import date

from cnnlint.lint.patterns import Patterns


@dataclass(frozen=True, slots=True)
class Suppression:
    """What is not to count, as a configuration file says it."""

    rule: str
    """A selector: code, prefix, name, family or ``ALL``."""
    reason: str
    place: str
    """Where it is said: ``cnnlint.toml:12``."""
    layer: str | None = None
    """A glob on layer paths; None for every layer, and for findings about no layer."""
    files: Patterns | None = None
    """None for every model."""
    expires: date | None = None
    """The last day on which it holds."""
