"""What one rule says about one layer: ``cnnlint why``."""

from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import wrap

from cnnlint.lint.finding import Severity
from cnnlint.report.block import suppressed_by
from cnnlint.report.escape import plain
from cnnlint.report.report import Suppressed

WIDTH = 88


@dataclass(frozen=True, slots=True)
class Spoken:
    """What a rule reports about the layer, among others perhaps."""

    severity: Severity
    message: str
    suggestion: str
    layers: int
    """How many layers the finding is about."""
    suppressed: Suppressed | None = None
    """Why it doesn't count; None where it does."""


@dataclass(frozen=True, slots=True)
class Answer:
    """All that one rule says about one layer; all of it may be empty."""

    model: str
    layer: str
    label: str
    """What the layer is, for people: ``Conv 7x7 s2 3->64``."""
    code: str
    name: str
    findings: tuple[Spoken, ...]
    reasons: tuple[str, ...]
    """Why it is silent about this layer."""
    general: tuple[str, ...]
    """Why it is silent about the whole model, or has nothing to go on."""
    off: str | None = None
    """Who says that the rule doesn't run on this model; None where it does."""


def render_answer(answer: Answer) -> str:
    """Return the answer as text."""
    what = f"{plain(answer.layer)} ({plain(answer.label)})"
    lines = [f"{answer.code} {answer.name} on {what} of {plain(answer.model)}"]
    if answer.off is not None:
        lines += _field("off, so nothing of this is reported", answer.off)
    head = len(lines)
    for said in answer.findings:
        kind = "an error" if said.severity is Severity.ERROR else f"a {said.severity}"
        about = f", about {said.layers} layers" if said.layers > 1 else ""
        lines += _field(f"reports {kind}{about}", said.message)
        lines += _field("help", said.suggestion)
        if said.suppressed is not None:
            lines += _field("doesn't count", suppressed_by(said.suppressed))
    silent = "otherwise silent" if answer.findings else "silent about this layer"
    for reason in answer.reasons:
        lines += _field(silent, reason)
    for reason in answer.general:
        lines += _field("about the model as a whole", reason)
    if len(lines) == head:
        rule = f"nothing to say of this layer; `cnnlint rule {answer.code}` tells what it seeks"
        lines += _field("silent", rule)
    return "\n".join(lines) + "\n"


def _field(name: str, text: str) -> Iterator[str]:
    lines = wrap(plain(text), WIDTH - 4, break_long_words=False, break_on_hyphens=False)
    yield f"  {name}:"
    yield from (f"    {line}" for line in lines)
