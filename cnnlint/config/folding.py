"""What all layers of the configuration say together."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from cnnlint.config.files import absolute
from cnnlint.config.given import Given
from cnnlint.config.layers import Layer
from cnnlint.config.selection import Choice, chosen
from cnnlint.lint.finding import NEVER, Severity
from cnnlint.lint.patterns import Patterns
from cnnlint.lint.presets import PRESETS, Preset
from cnnlint.lint.rule import OptionValue, Rule
from cnnlint.lint.targets import TARGETS

T = TypeVar("T")
NEAREST = (
    *("preset", "target", "fail_on", "model_suppressions", "baseline"),
    *("force_exclude", "max_per_rule", "batch"),
)
"""Values of which the nearest layer has the last word."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """Rules that don't run on some models."""

    glob: str
    files: Patterns
    selectors: tuple[str, ...]
    place: str


@dataclass(frozen=True)
class Effective:
    """What holds for all models that have the same layers."""

    layers: tuple[Layer, ...]
    """Far ones first."""
    given: Given
    """What they say; of tables all that any of them has."""
    rules: Mapping[str, Choice]
    """Which are on, by code."""
    severities: Mapping[str, Severity]
    """By code."""
    options: Mapping[str, Mapping[str, OptionValue]]
    """By code, those of the target included."""
    ignored: tuple[Ignored, ...]
    exclude: tuple[Patterns, ...]

    @property
    def preset(self) -> Preset:
        """What differs from the defaults before any layer says anything."""
        return PRESETS[self.given.preset or "default"]

    def choices(self, rules: Iterable[Rule], model: Path | None) -> Mapping[str, Choice]:
        """Return by code which rules run on a model, and who says so."""
        ignored = [each for each in self.ignored if means(each.files, model)]
        return {rule.code: self._choice(rule, ignored) for rule in rules}

    def _choice(self, rule: Rule, ignored: Iterable[Ignored]) -> Choice:
        choice = self.rules[rule.code]
        if choice.on and rule.suppressible:
            for each in ignored:
                if any(map(rule.closeness, each.selectors)):
                    return Choice(False, f"per-file-ignores {each.glob!r}, {each.place}")
        return choice

    @property
    def fail_on(self) -> Severity | None:
        """The least severity that makes a model fail."""
        said = self.given.fail_on or Severity.WARNING
        return None if said == NEVER else Severity(said)


def means(files: Patterns | None, model: Path | None) -> bool:
    """Tell whether patterns mean a model; standard input has no name that they could mean."""
    return files is None or (model is not None and files.match(absolute(model)))


def fold(layers: Sequence[Layer], rules: Sequence[Rule]) -> Effective:
    """Return what layers say together, far ones first."""
    said = [layer.given for layer in layers]
    severity = _latest(given.severity for given in said)
    options = _options(said)
    values: dict[str, Any] = {name: _nearest(said, name) for name in NEAREST}
    given = Given(
        **values,
        severity=severity,
        rules=options,
        suppress=tuple(each for given in said for each in given.suppress),
        budget=tuple(each for given in said for each in given.budget),
        dim=_latest(given.dim for given in said),
        places={key: place for given in said for key, place in given.places.items()},
    )
    return Effective(
        layers=tuple(layers),
        given=given,
        rules=chosen(rules, given.preset or "default", layers),
        severities=_severities(severity, rules),
        options=_over(TARGETS[given.target or "generic"].options, options),
        ignored=_ignored(layers),
        exclude=_excluded(layers),
    )


def _nearest(said: Sequence[Given], name: str) -> object:
    values = [value for given in said if (value := getattr(given, name)) is not None]
    return values[-1] if values else None


def _latest(tables: Iterable[Mapping[str, T]]) -> dict[str, T]:
    """Return tables as one, key by key; what is said last stands last."""
    found: dict[str, T] = {}
    for table in tables:
        for key, value in table.items():
            found.pop(key, None)
            found[key] = value
    return found


def _options(said: Iterable[Given]) -> Mapping[str, Mapping[str, OptionValue]]:
    found: Mapping[str, Mapping[str, OptionValue]] = {}
    for given in said:
        found = _over(found, given.rules)
    return found


def _over(
    far: Mapping[str, Mapping[str, OptionValue]], near: Mapping[str, Mapping[str, OptionValue]]
) -> Mapping[str, Mapping[str, OptionValue]]:
    return {code: {**far.get(code, {}), **near.get(code, {})} for code in {**far, **near}}


def _severities(said: Mapping[str, Severity], rules: Sequence[Rule]) -> Mapping[str, Severity]:
    """Return severities by code: the selector that says most wins, of two the later one."""
    found = {}
    for rule in rules:
        means = [(rule.closeness(selector), i) for i, selector in enumerate(said)]
        closest, index = max(means, default=(0, 0))
        if closest and rule.suppressible:
            found[rule.code] = list(said.values())[index]
    return found


def _ignored(layers: Iterable[Layer]) -> tuple[Ignored, ...]:
    found: dict[str, Ignored] = {}
    for layer in layers:
        for glob, selectors in layer.given.per_file_ignores.items():
            place = layer.given.places.get(f"per-file-ignores.{glob}", layer.name)
            found[glob] = Ignored(glob, Patterns(layer.folder, (glob,)), selectors, place)
    return tuple(found.values())


def _excluded(layers: Sequence[Layer]) -> tuple[Patterns, ...]:
    """Return what the nearest file leaves out, and what the command line does."""
    said = [layer for layer in layers if layer.given.exclude is not None]
    of_files = [layer for layer in said if layer.file][-1:]
    typed = [layer for layer in said if not layer.file]
    return tuple(Patterns(layer.folder, layer.given.exclude or ()) for layer in of_files + typed)
