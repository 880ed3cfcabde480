"""What one layer of the configuration says: a file, or ``--config`` on the command line."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cnnlint.lint.finding import Severity
from cnnlint.lint.limit import Limit
from cnnlint.lint.rule import OptionValue
from cnnlint.lint.suppress import Suppression


@dataclass(frozen=True, slots=True)
class Given:
    """The values that are given; None or empty where nothing is."""

    extend: tuple[str, ...] = ()
    """Paths of files that come first, as they are written."""
    preset: str | None = None
    target: str | None = None
    select: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    fail_on: str | None = None
    """One of ``FAIL_ON``."""
    severity: Mapping[str, Severity] = field(default_factory=dict)
    """By selector, as it is written."""
    rules: Mapping[str, Mapping[str, OptionValue]] = field(default_factory=dict)
    """Values of options by the code of their rule."""
    per_file_ignores: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Selectors by glob."""
    suppress: tuple[Suppression, ...] = ()
    model_suppressions: bool | None = None
    baseline: Path | None = None
    """In the folder of the file that names it, unless it is absolute."""
    budget: tuple[Limit, ...] = ()
    exclude: tuple[str, ...] | None = None
    force_exclude: bool | None = None
    max_per_rule: int | None = None
    """0 for all."""
    batch: int | None = None
    dim: Mapping[str, int] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    """Where each value is said, by its key: ``rules.K101.min_kernel``, ``suppress.0``."""
