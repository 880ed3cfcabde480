"""How each model is checked: from files and options to rules and settings."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from os.path import exists, isfile
from pathlib import Path

from cnnlint.config.files import Finder, absolute, shown
from cnnlint.config.folding import Effective, fold, means
from cnnlint.config.given import Given
from cnnlint.config.layers import Layer, Reader
from cnnlint.config.selection import Choice
from cnnlint.errors import ConfigError, MissingPathError, UsageError
from cnnlint.lint.engine import Settings
from cnnlint.lint.finding import NEVER
from cnnlint.lint.gate import Gate
from cnnlint.lint.rule import Rule
from cnnlint.model.binding import Bindings

EXIT_ZERO = Layer("--exit-zero", Path(), Given(fail_on=NEVER, places={"fail-on": "--exit-zero"}))

SIZES = ("extend", "batch", "dim")
"""The keys that say how large a model is, and where else that is said."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says of the configuration."""

    config: tuple[str, ...] = ()
    """Settings such as ``fail-on=error``, and at most one file."""
    isolated: bool = False
    """Whether no file is read."""
    typed: Mapping[str, object] = field(default_factory=dict)
    """What options say that are called like keys of a file, as a file would have it."""
    exit_zero: bool = False
    """Whether nothing that is found matters in the end."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How one model is checked."""

    rules: tuple[Rule, ...]
    """Those that are on."""
    settings: Settings
    baseline: Path | None
    batch: int | None
    dims: Mapping[str, int]
    max_per_rule: int | None
    """0 for all, None where nobody says."""

    def bindings(self, asked: Bindings) -> Bindings:
        """Return the sizes of open dimensions: as asked, else as the configuration has them."""
        return replace(asked, usual_batch=self.batch, usual_dims=self.dims)


class Planner:
    """Makes the plans of a run; each file of configuration is read once."""

    def __init__(
        self,
        rules: Sequence[Rule],
        asked: Asked = Asked(),
        only: Collection[str] | None = None,
    ) -> None:
        """Read what the command line says.

        Args:
            rules: those that there are, those that are off included.
            asked: what the command line says.
            only: the keys of files that matter; None for all.

        Raises:
            UsageError: it names several files, or one that can't be read.
        """
        self.rules = tuple(rules)
        self._isolated = asked.isolated
        self._finder = Finder()
        self._reader = Reader(rules, only)
        files, settings = _sorted_out(asked.config)
        self._file = _the_file(files, isolated=asked.isolated)
        self._typed: list[Layer] = []
        for setting in settings:
            self._typed += self._reader.setting(setting)
        if asked.typed:
            self._typed.append(self._reader.typed(asked.typed))
        if asked.exit_zero:
            self._typed.append(EXIT_ZERO)
        self._effective: dict[Path | None, Effective] = {}

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is odd about all that has been read so far, each once."""
        return self._reader.warnings

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that have been read so far; nothing may be written over them."""
        return self._reader.files

    def check(self) -> None:
        """See that all that has been read so far is sound.

        Raises:
            ConfigError: it isn't; with all that is wrong.
        """
        if self._reader.mistakes:
            raise ConfigError(self._reader.mistakes)

    def plans(self, models: Iterable[Path | None]) -> list[Plan]:
        """Return how models are checked; None is standard input.

        Raises:
            ConfigError: the configuration of some has mistakes; with all of them.
        """
        found = [plan_of(self._of(model), self.rules, model) for model in models]
        self.check()
        return found

    def plan(self, model: Path | None) -> Plan:
        """Return how one model is checked; see :meth:`plans`."""
        return self.plans((model,))[0]

    def effective(self, folder: Path) -> Effective:
        """Return what holds in a folder. Call :meth:`check` before it is shown or used."""
        file = self._file
        if file is None and not self._isolated:
            file = self._finder.find(absolute(folder))
        if file not in self._effective:
            layers = self._reader.file(file) if file else ()
            self._effective[file] = fold((*layers, *self._typed), self.rules)
        return self._effective[file]

    def idle(self, models: Sequence[Path | None], folders: Iterable[Path]) -> tuple[str, ...]:
        """Return which budgets and suppressions are for files that nobody has, in words.

        A misspelt pattern would keep a budget for ever. Only a run over the whole folder of a
        configuration can tell.

        Args:
            models: those of the run.
            folders: all below which was looked at.
        """
        whole = [absolute(folder) for folder in folders]
        notes = []
        for effective in self._effective.values():
            given = effective.given
            said = [(each.place, each.key, each.files) for each in given.budget]
            said += [(each.place, each.rule, each.files) for each in given.suppress]
            for place, what, files in said:
                seen = files and any(absolute(files.root).is_relative_to(each) for each in whole)
                if files and seen and not any(means(files, model) for model in models):
                    called = ", ".join(files.globs)
                    notes.append(f"{place}: {what} is for no model of this run: {called}")
        return tuple(dict.fromkeys(notes))

    def choice(self, rule: Rule, model: Path | None) -> Choice:
        """Return whether a rule runs on a model, and who says so; see :meth:`effective`."""
        return self._of(model).choices((rule,), model)[rule.code]

    def _of(self, model: Path | None) -> Effective:
        return self.effective(Path.cwd() if model is None else absolute(model).parent)


def plan_of(effective: Effective, rules: Sequence[Rule], model: Path | None) -> Plan:
    """Return how a model is checked for which a configuration holds."""
    given = effective.given
    choices = effective.choices(rules, model)
    gate = Gate(
        suppressions=tuple(each for each in given.suppress if means(each.files, model)),
        model_suppressions=given.model_suppressions is not False,
        limits=tuple(each for each in given.budget if means(each.files, model)),
    )
    return Plan(
        rules=tuple(rule for rule in rules if choices[rule.code].on),
        settings=Settings(
            preset=effective.preset,
            options=effective.options,
            severities=effective.severities,
            gate=gate,
            fail_on=effective.fail_on,
        ),
        baseline=Path(shown(given.baseline)) if given.baseline else None,
        batch=given.batch,
        dims=given.dim,
        max_per_rule=given.max_per_rule,
    )


def _sorted_out(config: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the files and the settings among what is given as ``--config``."""
    files: list[str] = []
    settings: list[str] = []
    for text in config:
        if not text:
            raise UsageError("a --config is empty", "check the variable that it comes from")
        is_file = "=" not in text or isfile(text)  # noqa: PTH113  (Path's raises on long names)
        (files if is_file else settings).append(text)
    return files, settings


def _the_file(files: Sequence[str], *, isolated: bool) -> Path | None:
    if not files:
        return None
    if len(files) > 1:
        raise UsageError(f"--config names several files: {', '.join(files)}", "name one")
    if isolated:
        cause = f"--isolated ignores all files of configuration, and --config names {files[0]}"
        raise UsageError(cause, "leave one of them out")
    if not exists(files[0]):  # noqa: PTH110  (as above)
        cure = "check the path; a setting is KEY=VALUE, as in fail-on=error"
        raise MissingPathError(f"--config {files[0]} does not exist", cure)
    return absolute(Path(files[0]))
