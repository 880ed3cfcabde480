"""The file of a baseline, ``cnnlint-baseline/1``: JSON with one line a finding, made for git."""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeAlias, TypeGuard

from cnnlint.errors import MissingPathError, UsageError
from cnnlint.lint.baseline import Baseline, KnownModel
from cnnlint.lint.matching import Known
from cnnlint.lint.reading import read_bytes
from cnnlint.report.report import Amount

SCHEMA = "cnnlint-baseline/1"
MAX_BYTES = 1 << 25
"""A larger file is no baseline."""
UNITS = ("macs", "params", "activation_bytes")
HIGHEST = 10**30
"""More than anything costs."""
LONGEST = 60
"""Characters of what is wrong that a message has."""
_FINGERPRINT = re.compile("[0-9a-f]{16}")
_AGAIN = "resolve its conflicts, or make it anew: cnnlint baseline create --force"
_CONFLICT = re.compile(rb"^(<{7}|>{7}) ", re.MULTILINE)

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
_Object: TypeAlias = "dict[str, Json]"


def is_baseline(file: Path) -> bool:
    """Tell whether a file says that it is a baseline, one that can't be read any more too."""
    try:
        with file.open("rb") as stream:
            return b'"cnnlint-baseline/' in stream.read(4096)
    except OSError:
        return False


def read_baseline(file: Path) -> Baseline:
    """Return the baseline in a file.

    Raises:
        MissingPathError: there is no such file.
        UsageError: it is no baseline, or not one of this version.
    """
    data = _bytes(file)
    if _CONFLICT.search(data):
        raise UsageError(f"{file} has conflicts of a merge in it", _AGAIN)
    try:
        document: Json = json.loads(
            data.decode("utf-8-sig"),  # editors on Windows put a mark in front
            object_pairs_hook=_no_key_twice,
            parse_constant=_no_number,
        )
    except RecursionError as error:
        raise UsageError(f"{file} is no baseline: it nests too deeply", _AGAIN) from error
    except ValueError as error:  # of the encoding, the grammar, a number, a key
        raise UsageError(f"{file} is no baseline: {error}", _AGAIN) from error
    return Baseline(file, dict(_models(document, str(file))))


def written(baseline: Baseline) -> str:
    """Return the text of the file: the same for the same baseline, and a finding on one line."""
    models = sorted(baseline.models.items())
    texts = [f"{json.dumps(key)}: {_model(each)}" for key, each in models]
    return f'{{\n "schema": {json.dumps(SCHEMA)},\n "models": {_block(texts, 1)}\n}}\n'


def _bytes(file: Path) -> bytes:
    try:
        return read_bytes(file, "baseline", MAX_BYTES)
    except MissingPathError as error:
        cure = "check the path, or make it: cnnlint baseline create"
        raise MissingPathError(f"the baseline {file} does not exist", cure) from error


def _no_key_twice(pairs: list[tuple[str, Json]]) -> "dict[str, Json]":
    found: dict[str, Json] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"{_shown(key)} is there twice")
        found[key] = value
    return found


def _no_number(word: str) -> Json:
    raise ValueError(f"{word} is no number")


def _models(document: Json, where: str) -> Iterator[tuple[str, KnownModel]]:
    if not isinstance(document, dict) or "schema" not in document:
        raise UsageError(f"{where} is no baseline: it names no schema", "name a baseline")
    if document["schema"] != SCHEMA:
        cause = f"{where}: its schema is {_shown(document['schema'])}, and {SCHEMA} is known here"
        raise UsageError(cause, "update cnnlint, or make the baseline anew")
    _keys(document, where, {"schema", "models"})
    for key, value in _object(document, "models", where).items():
        if not key or key.startswith("/"):
            raise _wrong(where, f"{_shown(key)} is no path from the folder of the file")
        yield key, _read_model(value, f"{where}: {_shown(key)}")


def _read_model(value: Json, where: str) -> KnownModel:
    if not isinstance(value, dict):
        raise _wrong(where, f"{_shown(value)} is no model")
    _keys(value, where, {"nodes", "costs", "findings"}, {"sizes"})
    costs: dict[str, float] = {}
    for key, cost in _object(value, "costs", where).items():
        if not _is_amount(cost):
            raise _wrong(where, f"{_shown(cost)} is no cost of {_shown(key)}")
        costs[key] = cost
    found = (
        _read_finding(each, f"{where}: finding {number}")
        for number, each in enumerate(_list(value, "findings", where), 1)
    )
    sizes = _object(value, "sizes", where) if "sizes" in value else {}
    bound = {name: _whole(sizes, name, where) for name in sizes}
    return KnownModel(costs, tuple(found), _whole(value, "nodes", where), bound)


def _read_finding(value: Json, where: str) -> Known:
    if not isinstance(value, dict):
        raise _wrong(where, f"{_shown(value)} is no finding")
    _keys(value, where, {"rule", "layer", "is", "value", "unit", "fingerprint"}, {"more"})
    fingerprint = _string(value, "fingerprint", where)
    if not _FINGERPRINT.fullmatch(fingerprint):
        raise _wrong(where, f"{_shown(fingerprint)} is no fingerprint")
    return Known(
        fingerprint=fingerprint,
        rule=_string(value, "rule", where),
        layer=_string(value, "layer", where),
        label=_string(value, "is", where),
        cost=_read_cost(value, where),
        more=tuple(_paths(value, where)),
    )


def _read_cost(value: _Object, where: str) -> Amount | None:
    if value["value"] is None and value["unit"] is None:
        return None
    unit = _string(value, "unit", where)
    if unit not in UNITS:
        raise _wrong(where, f"{_shown(unit)} is no unit")
    return Amount(_whole(value, "value", where), unit)


def _paths(value: _Object, where: str) -> Iterator[str]:
    for path in _list(value, "more", where) if "more" in value else ():
        if not isinstance(path, str):
            raise _wrong(where, f"{_shown(path)} is no layer")
        yield path


def _keys(value: _Object, where: str, needed: set[str], allowed: Iterable[str] = ()) -> None:
    for key in sorted(needed - value.keys()):
        raise _wrong(where, f"{key!r} is missing")
    for key in sorted(value.keys() - needed - set(allowed)):
        raise _wrong(where, f"{_shown(key)} is no key of it")


def _object(value: _Object, key: str, where: str) -> _Object:
    found = value[key]
    if not isinstance(found, dict):
        raise _wrong(where, f"{key} is no object, but {_shown(found)}")
    return found


def _list(value: _Object, key: str, where: str) -> "list[Json]":
    found = value[key]
    if not isinstance(found, list):
        raise _wrong(where, f"{key} is no list, but {_shown(found)}")
    return found


def _string(value: _Object, key: str, where: str) -> str:
    found = value[key]
    if not isinstance(found, str):
        raise _wrong(where, f"{key} is no text, but {_shown(found)}")
    return found


def _whole(value: _Object, key: str, where: str) -> int:
    found = value[key]
    if not _is_amount(found) or not isinstance(found, int):
        raise _wrong(where, f"{key} is no whole number from 0 on, but {_shown(found)}")
    return found


def _is_amount(value: Json) -> TypeGuard[int | float]:
    """Tell whether something is a number that a cost can have; Python's ``True`` is an int."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return 0 <= value <= HIGHEST


def _wrong(where: str, what: str) -> UsageError:
    return UsageError(f"{where}: {what}", _AGAIN)


def _shown(value: Json) -> str:
    """Return a value of the file as a message shows it, which is not all of a long one."""
    text = (
        json.dumps(value) if isinstance(value, str | int | float | None) else type(value).__name__
    )
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def _model(known: KnownModel) -> str:
    costs = [f"{json.dumps(key)}: {json.dumps(known.costs[key])}" for key in sorted(known.costs)]
    findings = [_finding(each) for each in sorted(known.findings, key=_order)]
    sizes = json.dumps(dict(known.sizes), sort_keys=True)
    parts = (
        f'"nodes": {known.nodes or 0}',
        *([f'"sizes": {sizes}'] if known.sizes else []),
        f'"costs": {_block(costs, 3)}',
        f'"findings": {_block(findings, 3, "[]")}',
    )
    return _block(parts, 2)


def _finding(known: Known) -> str:
    """Return a finding on one line, what a reader knows it by in front."""
    values: _Object = {"rule": known.rule, "layer": known.layer, "is": known.label}
    values["value"] = known.cost.value if known.cost else None
    values["unit"] = known.cost.unit if known.cost else None
    values |= {"more": list(known.more)} if known.more else {}
    return json.dumps({**values, "fingerprint": known.fingerprint})


def _order(known: Known) -> tuple[str, str, str, int, str]:
    value, unit = (known.cost.value, known.cost.unit) if known.cost else (-1, "")
    return known.rule, known.layer, known.fingerprint, value, unit


def _block(parts: Iterable[str], depth: int, ends: str = "{}") -> str:
    """Return texts between brackets, each on a line of its own."""
    lines = ",".join(f"\n{' ' * (depth + 1)}{part}" for part in parts)
    return f"{ends[0]}{lines}\n{' ' * depth}{ends[1]}" if lines else ends
