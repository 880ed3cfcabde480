"""The training recipe: what a model was trained with, which its file doesn't show.

Keys have the same names everywhere: in a TOML file, and with :data:`PREFIX` in the metadata of a
model, where all but texts are written as JSON. Nothing here reads a file.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from difflib import get_close_matches
from math import inf
from typing import Any, TypeAlias

PREFIX = "cnnlint."
"""What the keys of a recipe begin with in the metadata of a model."""
MAX_TEXT = 1 << 22
"""Characters of one value in the metadata of a model; more are no value. Any file's go in."""
MAX_SHOWN = 60
"""Characters of what is wrong that a message has."""
MAX_MISTAKES = 20
"""Mistakes that are told; the others are counted."""
MAX_MEMORY = 10_000
"""More GiB no device has: a larger number is in bytes."""
MAX_NUMBER = 1e300
LEAST_NUMBER = 1e-300
"""What is above 0."""
MOST_DROPPED = 1 - 1e-9
NONE = "none"
"""What ``pretrained`` is where training started from scratch."""
_SURROGATE = re.compile("[\ud800-\udfff]")
"""What no file can hold as text."""
FLAGS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
"""How metadata says yes and no, in any case."""


@dataclass(frozen=True, slots=True)
class Dropout:
    """A Dropout in training: behind which layer, and which share of its outputs it drops."""

    layer: str
    p: float


@dataclass(frozen=True, slots=True)
class Exemption:
    """A rule that is not to speak, and why."""

    rule: str
    reason: str


Value: TypeAlias = (
    int
    | float
    | str
    | bool
    | tuple[str, ...]
    | tuple[float, ...]
    | tuple[Dropout, ...]
    | tuple[Exemption, ...]
)


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a model was trained and what for; None where nobody says."""

    task: str | None = None
    classes: int | None = None
    train_images: int | None = None
    val_metric: str | None = None
    val_value: float | None = None
    train_value: float | None = None
    optimizer: str | None = None
    lr: float | None = None
    weight_decay: float | None = None
    batch_size: int | None = None
    """Images in one step, on all devices together."""
    devices: int | None = None
    device_memory: float | None = None
    """GiB of each device."""
    precision: str | None = None
    epochs: int | None = None
    dropout: tuple[Dropout, ...] | None = None
    """Empty where there is none."""
    label_smoothing: float | None = None
    augment: tuple[str, ...] | None = None
    pretrained: str | None = None
    """``none``, or where the weights come from that training started with."""
    frozen_layers: tuple[str, ...] | None = None
    norm: str | None = None
    reparameterized: bool | None = None
    input_range: tuple[float, ...] | None = None
    output: str | None = None
    target: str | None = None
    ignore: tuple[Exemption, ...] | None = None
    git: str | None = None

    @property
    def said(self) -> dict[str, Value]:
        """The keys that somebody has given a value, in order."""
        values = ((key.name, getattr(self, key.name)) for key in fields(self))
        return {name: value for name, value in values if value is not None}

    def over(self, other: "Recipe") -> "Recipe":
        """Return this recipe with the keys of another one where this one says nothing."""
        values: dict[str, Any] = other.said | self.said
        return Recipe(**values)


Reader: TypeAlias = Callable[[object], Value]
"""Turns what a file has into the value of a key; a ValueError says what it must be."""


def _text(value: object) -> str:
    if isinstance(value, str) and value.strip() and not _SURROGATE.search(value):
        return value.strip()
    raise ValueError("a text")


def _source(value: object) -> str:
    text = _text(value)
    return text.lower() if text.lower() == NONE else text


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError("true or false")


def _one_of(*words: str) -> Reader:
    def read(value: object) -> str:
        if isinstance(value, str) and value.lower() in words:
            return value.lower()
        raise ValueError(f"one of {', '.join(words)}")

    return read


def _number(
    least: float | None = None, most: float | None = None, *, what: str
) -> Callable[[object], float]:
    def read(value: object) -> float:
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < inf:
            number = float(value) if abs(value) < MAX_NUMBER else inf
            low = least is None or number >= least
            if number < inf and low and (most is None or number <= most):
                return number
        raise ValueError(what)

    return read


def _count(value: object) -> int:
    whole = int(value) if isinstance(value, float) and value.is_integer() else value
    if isinstance(whole, int) and not isinstance(whole, bool) and 0 < whole < 2**63:
        return whole
    raise ValueError("a whole number from 1")


def _texts(value: object) -> tuple[str, ...]:
    given = [value] if isinstance(value, str) and not value.startswith("[") else value
    if isinstance(given, list | tuple):  # what begins with a bracket is no text but broken JSON
        with suppress(ValueError):
            return tuple(map(_text, given))
    raise ValueError("a list of texts")


def _range(value: object) -> tuple[float, ...]:
    what = "two numbers, the smaller one first"
    if isinstance(value, list | tuple) and len(value) == 2:
        least, most = map(_number(what=what), value)
        if least < most:
            return (least, most)
    raise ValueError(what)


def _dropouts(value: object) -> tuple[Dropout, ...]:
    what = 'a list of {layer = "path", p = 0.5}, with p from 0 to below 1'
    share = _number(0, MOST_DROPPED, what=what)
    return tuple(
        Dropout(_text(entry["layer"]), share(entry["p"]))
        for entry in _entries(value, {"layer", "p"}, what)
    )


def _exemptions(value: object) -> tuple[Exemption, ...]:
    what = 'a list of {rule = "K101", reason = "why"}'
    return tuple(
        Exemption(_text(entry["rule"]), _text(entry["reason"]))
        for entry in _entries(value, {"rule", "reason"}, what)
    )


def _entries(value: object, names: set[str], what: str) -> Iterator[Mapping[str, object]]:
    if not isinstance(value, list | tuple):
        raise ValueError(what)  # noqa: TRY004  (one error for whatever is wrong with a value)
    for entry in value:
        if not isinstance(entry, Mapping) or set(entry) != names:
            raise ValueError(what)
        yield entry


_WORDS: Mapping[str, Reader] = {
    "task": _one_of(
        *("classification", "segmentation", "detection", "regression", "restoration"),
        *("generation", "compression", "embedding", "backbone"),
    ),
    **dict.fromkeys(("val_metric", "optimizer", "target", "git"), _text),
    "precision": _one_of("float32", "mixed"),
    "pretrained": _source,
    "norm": _one_of("bn", "gn", "ln", "in", "none"),
    "output": _one_of("logits", "probabilities"),
}
"""How each key is read that is a text: metadata has it as it is."""
READERS: Mapping[str, Reader] = {
    **_WORDS,
    **dict.fromkeys(("classes", "train_images", "batch_size", "devices", "epochs"), _count),
    **dict.fromkeys(("val_value", "train_value"), _number(what="a number")),
    "lr": _number(LEAST_NUMBER, what="a number above 0"),
    "weight_decay": _number(0, what="a number from 0"),
    "device_memory": _number(
        LEAST_NUMBER, MAX_MEMORY, what=f"a number of GiB, at most {MAX_MEMORY:,}"
    ),
    "dropout": _dropouts,
    "label_smoothing": _number(0, 1, what="a number from 0 to 1"),
    **dict.fromkeys(("augment", "frozen_layers"), _texts),
    "reparameterized": _flag,
    "input_range": _range,
    "ignore": _exemptions,
}
"""How each key is read."""


def parse(values: Mapping[str, object]) -> tuple[Recipe, list[str]]:
    """Return the recipe that plain values make, and what is wrong with the others, in words."""
    read: dict[str, Any] = {}
    mistakes: list[str] = []
    for key, value in values.items():
        if key not in READERS:
            mistakes.append(_unknown(str(key)) if len(mistakes) < MAX_MISTAKES else "")
            continue
        try:
            read[key] = READERS[key](value)
        except ValueError as error:
            mistakes.append(f"{key} is {_shown(value)} and must be {error}")
    more = len(mistakes) - MAX_MISTAKES
    told = [*mistakes[:MAX_MISTAKES], f"{more:,} more mistakes"] if more > 0 else mistakes
    return Recipe(**read), told


def from_metadata(metadata: Mapping[str, str]) -> tuple[Recipe, list[str]]:
    """Return the recipe in a model's metadata, and what in it can't be read.

    Metadata is text that anybody can have written: what can't be read is left out.
    """
    own = {k.removeprefix(PREFIX): v for k, v in metadata.items() if k.startswith(PREFIX)}
    return parse({key: _decoded(key, text) for key, text in own.items()})


def to_metadata(recipe: Recipe) -> dict[str, str]:
    """Return a recipe as the metadata of a model."""
    return {f"{PREFIX}{key}": _encoded(value) for key, value in recipe.said.items()}


def plain(recipe: Recipe) -> dict[str, object]:
    """Return a recipe as plain values, as a TOML file has them."""
    return {key: value for key, value in asdict(recipe).items() if value is not None}


def _encoded(value: Value) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, tuple):
        return json.dumps([asdict(v) if isinstance(v, Dropout | Exemption) else v for v in value])
    return json.dumps(value)


def _decoded(key: str, text: str) -> object:
    """Return the value that a text stands for; the text itself where it stands for none."""
    if READERS.get(key) is _flag:
        return FLAGS.get(text.lower(), text)
    if key in _WORDS or key not in READERS or len(text) > MAX_TEXT:
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _unknown(key: str) -> str:
    near = get_close_matches(key, READERS, 1)
    return f"there is no key {_shown(key)}" + (f" (did you mean {near[0]}?)" if near else "")


def _shown(value: object) -> str:
    try:
        text = repr(value)
    except ValueError:  # Python writes no integer of thousands of digits
        return "a number of very many digits"
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 1]}…"
