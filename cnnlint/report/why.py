"""What one rule says about one layer: ``cnnlint why``."""

from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import wrap

from cnnlint.lint.finding import Severity
from cnnlint.report.escape import plain

WIDTH = 88


@dataclass(frozen=True, slots=True)
class Spoken:
    """What a rule reports about the layer, among others perhaps."""

    severity: Severity
    message: str
    suggestion: str
    layers: int
    """How many layers the finding is about."""


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


def render_answer(answer: Answer) -> str:
    """Return the answer as text."""
    what = f"{plain(answer.layer)} ({plain(answer.label)})"
    lines = [f"{answer.code} {answer.name} on {what} of {plain(answer.model)}"]
    for said in answer.findings:
        kind = "an error" if said.severity is Severity.ERROR else f"a {said.severity}"
        about = f", about {said.layers} layers" if said.layers > 1 else ""
        lines += _field(f"reports {kind}{about}", said.message)
        lines += _field("help", said.suggestion)
    silent = "otherwise silent" if answer.findings else "silent about this layer"
    for reason in answer.reasons:
        lines += _field(silent, reason)
    for reason in answer.general:
        lines += _field("about the model as a whole", reason)
    if len(lines) == 1:
        rule = f"nothing to say of this layer; `cnnlint rule {answer.code}` tells what it seeks"
        lines += _field("silent", rule)
    return "\n".join(lines) + "\n"


def _field(name: str, text: str) -> Iterator[str]:
    lines = wrap(plain(text), WIDTH - 4, break_long_words=False, break_on_hyphens=False)
    yield f"  {name}:"
    yield from (f"    {line}" for line in lines)
