"""Every error that cnnlint raises on purpose, with the exit code it leads to.

::

    CnnlintError                2   whatever stops cnnlint: cause, cure, one line each
    ├── UsageError              2   options that don't fit together or the model
    │   ├── MissingPathError    2   a path that doesn't exist
    │   └── ConfigError         2   mistakes in the configuration, all of them
    ├── LoadError               1   this file is no readable model; others go on
    ├── RuleError               2   a rule is defined wrongly
    └── ProfileError            2   the model can't be run here

A finding is never an exception, and an exception never a finding.
"""

from collections.abc import Sequence
from typing import ClassVar


class CnnlintError(Exception):
    """What stopped cnnlint, in one line, and what to do about it, in another."""

    exit_code: ClassVar[int] = 2

    def __init__(self, cause: str, cure: str = "") -> None:
        """Keep both lines apart, so that every format can place them."""
        super().__init__(cause)
        self.cause = cause
        self.cure = cure

    @property
    def told(self) -> tuple[tuple[str, str], ...]:
        """Cause and cure of each line that a user sees."""
        return ((self.cause, self.cure),)


class UsageError(CnnlintError):
    """The command line asks for something that doesn't fit."""


class MissingPathError(UsageError):
    """A path was named that doesn't exist."""


class ConfigError(UsageError):
    """The configuration has mistakes: each in a line of its own."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        """Keep them apart, so that each can be shown in a line."""
        super().__init__("; ".join(mistakes))
        self.mistakes = tuple(mistakes)

    @property
    def told(self) -> tuple[tuple[str, str], ...]:
        """See :attr:`CnnlintError.told`; a mistake says itself what to do about it."""
        return tuple((mistake, "") for mistake in self.mistakes)


class LoadError(CnnlintError):
    """A file can't be read as a model; ``code`` is a stable word for scripts."""

    exit_code: ClassVar[int] = 1

    def __init__(self, code: str, cause: str, cure: str = "") -> None:
        """``code`` names the kind of failure, e.g. ``git-lfs-pointer``."""
        super().__init__(cause, cure)
        self.code = code


class RuleError(CnnlintError):
    """A rule is defined in a way that can't work (code twice, option without a type)."""


class ProfileError(CnnlintError):
    """The model can't be run here: no runtime, no weights, no such device."""
