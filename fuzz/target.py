"""One input checked as ``cnnlint check`` and ``cnnlint profile --static`` would, and judged.

A report and a refusal (:class:`~cnnlint.errors.CnnlintError`) are fine. A failure is anything
else: an exception, a rule that fails, a warning, a shape or cost below zero, two nodes of one
path, a finding that a baseline of the same model doesn't know, output that is no JSON or that
could move a cursor, more than :data:`CPU_S` seconds or :data:`MEMORY` bytes.
"""

import json
import re
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeAlias
from zlib import crc32

from cnnlint.errors import CnnlintError
from cnnlint.facts.facts import Facts
from cnnlint.lint.baseline import Baseline, against
from cnnlint.lint.baseline_file import read_baseline, written
from cnnlint.lint.budget import KEYS
from cnnlint.lint.engine import Looked, Settings, check_model
from cnnlint.lint.gate import Gate, labels
from cnnlint.lint.limit import Limit
from cnnlint.lint.ratchet import known_model
from cnnlint.lint.registry import builtin_rules
from cnnlint.lint.suppress import Suppression
from cnnlint.model.binding import Bindings
from cnnlint.model.graph import Model
from cnnlint.model.loader import load
from cnnlint.report.concise import render_concise
from cnnlint.report.csv import render_csv
from cnnlint.report.describe import body_reports, layer_rows, summary
from cnnlint.report.json import render_json
from cnnlint.report.report import ModelReport, Report
from cnnlint.report.style import TextStyle
from cnnlint.report.table import render_table
from cnnlint.report.text import render_text
from cnnlint.report.view import View, arranged

CPU_S = 10
"""A small model that takes longer hangs, for whoever waits for it."""
MEMORY = 3 << 29
"""Bytes that a worker may use besides what the libraries map: 1.5 GiB."""
PROPERTIES = tuple(n for n, value in vars(Facts).items() if isinstance(value, cached_property))
Check: TypeAlias = Callable[[Path], None]
_OURS = re.compile(r"[\\/]((?:cnnlint|rules)[\\/](?!.*site-packages).*)")
_COUNTS = """
    params macs flops weight_bytes peak_activation_bytes bytes bytes_moved weighted_layers
    depth activation_bytes receptive_field receptive_field_min in_shape out_shape kernel
    arithmetic_intensity bound runs
"""
_COUNTED = frozenset(_COUNTS.split())


class Slow(BaseException):
    """The time for one input is over; no Exception, so that nothing takes it for one."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What went wrong; ``place`` is the same for inputs that fail for the same reason."""

    place: str
    text: str


class Wrong(Exception):  # noqa: N818  (a verdict on an answer)
    """The answer is not what it may be."""


def examine(data: bytes, folder: Path, check: Check | None = None) -> Fault | None:
    """Return what is wrong with what comes out for one input.

    ``folder`` is where the input is written to; ``check`` stands for the tool in tests.
    """
    file = folder / "model.onnx"
    file.write_bytes(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            (check or _check)(file)
    except (Exception, Slow) as error:  # noqa: BLE001  (whatever it is, that is the answer)
        return Fault(_place(error), "".join(traceback.format_exception(error)))
    return None


def _check(file: Path) -> None:
    rules, settings = builtin_rules(), Settings(gate=_gate())
    asked, seen = _bindings(file), list[Looked]()
    try:
        report, model = check_model(
            file, rules, asked, settings=settings, rows=True, thorough=True, watch=seen.append
        )
    except CnnlintError:
        return
    too_much = report.failure and report.failure.code in {"too-large", "too-slow"}
    if too_much or (report.failure and report.failure.internal) or report.internal:
        _fail_again(file)
        raise Wrong(f"internal: {report.failure or report.internal}")
    if model is not None:
        _read_facts(model)
    for looked in seen:
        _accept(looked, file)
    _render(report)


def _gate() -> Gate:
    """Return a gate with a limit of each kind, that some models break."""
    return Gate(
        suppressions=(Suppression("kernels", "odd", "fuzz", layer="*1*"),),
        limits=tuple(Limit(key, "fuzz", amount=10_000) for key in KEYS),
    )


def _accept(looked: Looked, file: Path) -> None:
    """See that nothing counts of what a baseline has, once that is written and read."""
    baseline = Baseline(file.with_name("baseline.json"), {file.name: known_model(looked)})
    baseline.file.write_text(written(baseline), encoding="utf-8")
    known = read_baseline(baseline.file).of(file)
    if known is None:
        raise Wrong("a model isn't in its own baseline")
    held = against(looked.findings, known, labels(looked.facts), looked.ran)
    if held.stale or any(f.suppressible and not f.suppressed for f in held.findings):
        raise Wrong(f"not as in its own baseline: {held}")


def _bindings(file: Path) -> Bindings:
    """Return what a user may ask for, another thing for every few files, but always the same."""
    asked = (
        Bindings(),
        Bindings(batch=3),
        Bindings(dims={"N": 2, "H": 7}),
        Bindings(dims={"n": 5}, batch=2),
        Bindings(shapes={"": (1, 3, 8, 8)}),
    )
    return asked[crc32(file.read_bytes()) % len(asked)]


def _fail_again(file: Path) -> None:
    """Do what the engine does, without its safety net: the traceback says where it failed."""
    facts = Facts(load(file, _bindings(file)))
    for rule in builtin_rules():
        list(rule.run(facts))
    summary(facts, thorough=True)
    layer_rows(facts)
    body_reports(facts)


def _read_facts(model: Model) -> None:
    for name, value in model.values.items():
        if any(size is not None and size < 0 for size in value.shape or ()):
            raise Wrong(f"negative size: {name} is {value.shape}")
    if len({node.path for node in model.nodes}) < len(model.nodes):
        raise Wrong(f"a path twice: {[node.path for node in model.nodes]}")
    facts = Facts(model)
    for name in PROPERTIES:
        getattr(facts, name)
    for bodies in facts.bodies.values():
        for body in bodies:
            _read_facts(body.facts.model)


def _render(model: ModelReport) -> None:
    report = Report("0", (model,))
    document = json.loads(render_json(report), parse_constant=_no_constant)
    for name, number in _counted(document):
        if number < 0:
            raise Wrong(f"negative {name}: {number}")
    by_module = Report("0", (arranged(model, View("macs", 3, 2)),))
    texts = [
        render_text(report, TextStyle()),
        render_text(report, TextStyle(verbose=True, width=60, drawing=False)),
        render_concise(report),
        *(render(each) for render in (render_table, render_csv) for each in (report, by_module)),
    ]
    for text in texts:
        text.encode()
        odd = {char for char in text if char not in "\r\n" and not char.isprintable()} - {"\xa0"}
        if odd:
            raise Wrong(f"unprintable output: {sorted(odd)} in {text[:2000]!r}")


def _no_constant(name: str) -> None:
    raise Wrong(f"{name} in JSON")


def _counted(part: object, name: str = "") -> Iterator[tuple[str, float]]:
    """Yield every number of a document that counts or measures something, with its name."""
    if isinstance(part, dict):
        for key, value in part.items():
            if key != "saving":  # which may well cost something
                yield from _counted(value, key)
    elif isinstance(part, list):
        for value in part:
            yield from _counted(value, name)
    elif isinstance(part, int | float) and name in _COUNTED:
        yield name, part


def _place(error: BaseException) -> str:
    """Return the kind of error and the last line of ours that it came through."""
    kind = type(error).__name__
    if isinstance(error, Wrong):
        return f"{kind}: {str(error).split(':')[0]}"
    frames = reversed(traceback.extract_tb(error.__traceback__))
    found = ((_OURS.search(frame.filename), frame) for frame in frames)
    last = next(((match[1], frame) for match, frame in found if match), None)
    return f"{kind} at {last[0]}:{last[1].lineno} {last[1].name}" if last else f"{kind} outside"
