"""Options that say what a model may cost."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import click

from cnnlint.cli.gathering import gathered
from cnnlint.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from cnnlint.lint.budget import Limit
    from cnnlint.lint.engine import Settings


@dataclass(frozen=True, slots=True)
class Budgets:
    """Limits as they were typed, by the key of their budget; None where none was."""

    max_params: str | None = None
    max_macs: str | None = None
    max_weight_bytes: str | None = None
    max_peak_memory: str | None = None
    max_file_size: str | None = None
    max_plain_run: str | None = None

    @property
    def limits(self) -> "tuple[Limit, ...]":
        """What they ask for, of every model.

        Raises:
            UsageError: some of them can't be read.
        """
        from cnnlint.config.amounts import LIMITS, quantity
        from cnnlint.lint.budget import Limit

        found, wrong = [], []
        for key, text in self._given:
            option = f"--{key.replace('_', '-')}"
            try:
                read = quantity(text, LIMITS[key])
            except ValueError as error:
                wrong.append(f"{option} {text!r} must be {error}")
            else:
                found.append(Limit(key, option, read.amount, read.growth))
        if wrong:
            raise UsageError("; and ".join(wrong))
        return tuple(found)

    @property
    def _given(self) -> Sequence[tuple[str, str]]:
        typed = ((field.name, getattr(self, field.name)) for field in fields(self))
        return [(key, text.strip()) for key, text in typed if text is not None]


def within(settings: "Settings", limits: "Sequence[Limit]") -> "Settings":
    """Return settings with the limits of the command line, which go before all others."""
    from cnnlint.lint.budget import effective

    counting = effective((*settings.gate.limits, *limits))
    return replace(settings, gate=replace(settings.gate, limits=counting))


def references(limits: "Iterable[Limit]") -> "list[Path]":
    """Return the models that limits are relative to."""
    return [limit.reference for limit in limits if limit.reference]


budget_options = gathered(
    "budgets",
    Budgets,
    click.option(
        "--max-params", metavar="COUNT", help="Parameters that a model may have: 5M, or +5%."
    ),
    click.option("--max-macs", metavar="COUNT", help="MACs that a run may take: 1.8G."),
    click.option(
        "--max-weight-bytes", metavar="SIZE", help="Bytes that the parameters may take: 20MiB."
    ),
    click.option(
        "--max-peak-memory", metavar="SIZE", help="Bytes that activations may take at once."
    ),
    click.option(
        "--max-file-size",
        metavar="SIZE",
        help="Bytes that the file and its data files may have.",
    ),
    click.option(
        "--max-plain-run",
        metavar="COUNT",
        help="Layers that may stand in series without a way around them.",
    ),
)
"""The options of what a model may cost; "+5%" is relative to the baseline."""
