"""Ready-made sets of rules for what a team is after: ``--preset``."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cnnlint.lint.finding import Severity


@dataclass(frozen=True, slots=True)
class Preset:
    """What differs from the defaults."""

    about: str
    on: tuple[str, ...] = ()
    """Selectors of rules that are on besides those that are on by default."""
    louder: Mapping[str, Severity] = field(default_factory=dict)
    """The least severity that findings of a rule have, by code."""
    least: Severity = Severity.NOTE
    """The least severity that any finding has."""
    required: tuple[str, ...] = ()
    """Families of rules that must be able to judge: what they lack is a finding."""

    def severity(self, code: str, severity: Severity) -> Severity:
        """Return the severity that a finding of a rule has under this preset."""
        return max(
            (severity, self.least, self.louder.get(code, severity)), key=lambda each: each.rank
        )


PRESETS: Mapping[str, Preset] = {
    "default": Preset("silent on networks that are known to work"),
    "seed": Preset(
        "the classic advice on CNN design taken by its word: ReLU alone, cheap convolutions, "
        "and a training recipe to look at",
        on=("A305",),
        louder={"K107": Severity.WARNING, "K108": Severity.WARNING},
        required=("training",),
    ),
    "accuracy": Preset(
        "what costs accuracy though proven networks do it",
        on=("K104",),
        louder={"P403": Severity.WARNING},
    ),
    "strict": Preset("every note is a warning", least=Severity.WARNING),
}
