"""What a rule says: findings with evidence and remedy, and why it says nothing elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from cnnlint.model.graph import Node

Evidence: TypeAlias = int | float | str | bool | tuple[int, ...] | tuple[str, ...] | None


class Severity(StrEnum):
    """How much a finding matters; compare them with :attr:`rank`."""

    ERROR = "error"
    """The file is wrong or its output is meaningless."""
    WARNING = "warning"
    """Published evidence or arithmetic says it is worse, and proven networks seldom do it."""
    NOTE = "note"
    """Worth knowing; proven networks do it."""

    @property
    def rank(self) -> int:
        """0 for a note, 2 for an error."""
        return list(reversed(Severity)).index(self)


NEVER = "never"
"""What ``fail-on`` is where nothing found makes the exit code 1."""
FAIL_ON = (*(severity.value for severity in Severity), NEVER)
"""What ``fail-on`` may be: the least severity that does."""


class Basis(StrEnum):
    """What a rule's claim rests on."""

    MEASURED = "measured"
    COMPUTED = "computed"
    PUBLISHED = "published"
    HEURISTIC = "heuristic"


class Fix(StrEnum):
    """Whether the remedy keeps the numbers (safe) or asks for training again (unsafe)."""

    NONE = "none"
    SAFE = "safe"
    UNSAFE = "unsafe"


class Part(StrEnum):
    """Which part of a layer a rule is about; the text report underlines it."""

    OPERATOR = "operator"
    KERNEL = "kernel"
    STRIDE = "stride"
    DILATION = "dilation"
    GROUPS = "groups"
    CHANNELS = "channels"
    SHAPE = "shape"
    """Of what the layer makes."""


@dataclass(frozen=True, slots=True)
class Saving:
    """What the suggestion saves on these layers; negative where it costs, None where unknown.

    ``receptive_field`` is the change of the receptive field's side in input pixels.
    """

    macs: int | None = 0
    params: int | None = 0
    activation_bytes: int | None = 0
    receptive_field: int | None = 0
    time_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a rule saw. The engine adds the rule, its severity and what suppresses it.

    ``nodes`` are all the layers concerned, the one to look at first in front; none where the file
    as a whole is. ``severity`` is set only where a rule speaks louder or softer than usual, and
    ``fix`` where this remedy keeps the numbers and others of the rule don't, or the other way.
    """

    nodes: tuple[Node, ...]
    message: str
    suggestion: str
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    saving: Saving = Saving()
    severity: Severity | None = None
    fix: Fix | None = None


@dataclass(frozen=True, slots=True)
class Silence:
    """Why a rule says nothing about a layer that it looked at; ``cnnlint why`` tells it.

    ``node`` is None where the reason holds for the model as a whole. The reason is a phrase in
    lower case with the numbers that decided: ``its stack of 3x3 would cost 2.1x the MACs``.
    """

    node: Node | None
    reason: str


@dataclass(frozen=True, slots=True)
class Unchecked:
    """What a rule could not judge, because the file doesn't show it: keys of the recipe."""

    needs: tuple[str, ...]


Remark: TypeAlias = Finding | Silence | Unchecked
