"""Layers of the configuration: files, the files that they extend, and what is typed."""

import json
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cnnlint.config.files import absolute, read_source, shown
from cnnlint.config.given import Given
from cnnlint.config.places import Steps
from cnnlint.errors import UsageError
from cnnlint.lint.rule import Rule
from cnnlint.lint.toml import parsed

MOST = 20
"""Files that one file may extend, those that they extend included."""
LISTS = ("extend", "select", "extend-select", "ignore", "exclude")
"""Keys that take a list, which ``--config`` takes with commas too."""
OPTIONS = {"model-suppressions": "no-model-suppressions"}
"""Options that aren't called like their key."""
FORM = "write KEY=VALUE, as in rules.K101.min_kernel=7, or the path of a file"


@dataclass(frozen=True, slots=True)
class Layer:
    """What is said in one place."""

    name: str
    """The file, as a user calls it; or the option."""
    folder: Path
    """What its globs are relative to."""
    given: Given
    file: Path | None = None
    """None for what is typed."""


class Reader:
    """Reads layers, each file once, and collects what is wrong with them."""

    def __init__(self, rules: Sequence[Rule], only: Collection[str] | None = None) -> None:
        """Know the rules that there are, those that are off included, and the keys to read.

        Where only some keys are, nothing is said of what is wrong with others.
        """
        self._rules = rules
        self._only = only
        self._files: dict[Path, Layer | UsageError] = {}
        self._mistakes: dict[str, None] = {}
        self._warnings: dict[str, None] = {}

    @property
    def mistakes(self) -> tuple[str, ...]:
        """All that is wrong, each once."""
        return tuple(self._mistakes)

    @property
    def warnings(self) -> tuple[str, ...]:
        """All that is odd, each once."""
        return tuple(self._warnings)

    @property
    def files(self) -> tuple[Path, ...]:
        """All files that were read, or should have been."""
        return tuple(self._files)

    def file(self, file: Path) -> tuple[Layer, ...]:
        """Return what a file says, behind what the files say that it extends."""
        layer = self._layer(file)
        return () if layer is None else self._with_extended(layer)

    def setting(self, text: str) -> tuple[Layer, ...]:
        """Return what ``key=value`` says, behind the files that it extends."""
        try:
            values = _toml(text)
        except UsageError as error:
            self._mistake(f"--config {text!r}: {error.cause}; {error.cure}")
            return ()
        key = f"--config {text.partition('=')[0].strip()}"
        if self._only is not None and not values.keys() <= set(self._only):
            self._mistake(f"{key} is of no use here; this command heeds {', '.join(self._only)}")
        layer = self._read(key, values, lambda _: key, Path())
        return self._with_extended(layer)

    def typed(self, values: Mapping[str, object]) -> Layer:
        """Return what options say that are called like keys."""
        return self._read("the command line", values, _option, Path())

    def _read(
        self,
        name: str,
        values: Mapping[str, object],
        place: Callable[[Steps], str],
        folder: Path,
        file: Path | None = None,
    ) -> Layer:
        from cnnlint.config.keys import read  # noqa: PLC0415  (not where nothing is configured)

        if self._only is not None:
            values = {key: value for key, value in values.items() if key in self._only}
        given, mistakes, warnings = read(values, self._rules, place, folder)
        self._mistakes |= dict.fromkeys(mistakes)
        self._warnings |= dict.fromkeys(warnings)
        return Layer(name, folder, given, file)

    def _mistake(self, text: str) -> None:
        self._mistakes[text] = None

    def _layer(self, file: Path, where: str = "") -> Layer | None:
        """Return what a file says; None where it can't be read, which is noted."""
        if file not in self._files:
            try:
                source = read_source(file)
                layer = self._read(shown(file), source.values, source.place, file.parent, file)
                self._files[file] = layer
            except UsageError as error:
                self._files[file] = error
        found = self._files[file]
        if isinstance(found, UsageError):
            self._mistake(f"{where}{found.cause}; {found.cure}")
            return None
        return found

    def _with_extended(self, layer: Layer) -> tuple[Layer, ...]:
        found: list[Layer] = []
        self._follow(layer, (), found)
        return tuple(found)

    def _follow(self, layer: Layer, trail: tuple[Path, ...], found: list[Layer]) -> None:
        """Append the layers that a layer extends, farthest first, and itself."""
        trail = (*trail, layer.file) if layer.file else trail
        for index, text in enumerate(layer.given.extend):
            places = layer.given.places
            place = places.get(f"extend.{index}") or places.get("extend", layer.name)
            file = absolute(layer.folder / text)
            if any(_same(file, other) for other in trail):
                circle = " extends ".join(map(shown, (*trail, file)))
                self._mistake(f"{place}: files extend each other in a circle: {circle}")
            elif len(trail) + len(found) > MOST:
                self._mistake(f"{place}: more than {MOST} files are extended; leave some out")
                break
            elif other := self._layer(file, f"{place}: "):
                self._follow(other, trail, found)
        found.append(layer)


def _option(path: Steps) -> str:
    """Return the option that says a value; each limit of a budget has its own."""
    if not path:
        return "the command line"
    name = path[1] if path[0] == "budget" and len(path) > 1 else path[0]
    return f"--{OPTIONS.get(str(name)) or str(name).replace('_', '-')}"


def _same(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


def _toml(setting: str) -> dict[str, object]:
    """Return what a line of TOML says; a value that is none is taken for a text.

    Raises:
        UsageError: it is no setting.
    """
    key, _, value = setting.partition("=")
    try:
        found = dict(parsed(setting.encode(), "it").values)
    except UsageError:
        line = f"{key}={json.dumps(value.strip(), ensure_ascii=False)}"
        try:
            found = dict(parsed(line.encode(), "it").values)
        except UsageError as error:
            raise UsageError("it is no setting", FORM) from error
    name, text = key.strip(), found.get(key.strip())
    if name in LISTS and isinstance(text, str):
        found[name] = [part.strip() for part in text.split(",") if part.strip()] or [""]
    return found
