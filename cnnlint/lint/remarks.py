"""What a rule may yield; anything else is a fault of the rule, told before it does harm."""

from collections.abc import Callable, Mapping
from math import isfinite
from reprlib import repr as short

from cnnlint.lint.finding import Finding, Fix, Remark, Saving, Severity, Silence, Unchecked
from cnnlint.model.graph import Node


def sound(said: object) -> Remark:
    """Return what a rule has yielded.

    Raises:
        TypeError: it is no remark, or a part of it isn't what it must be.
    """
    if not isinstance(said, Remark):
        raise TypeError(f"it yields {short(said)}, which is no Finding, Silence or Unchecked")
    _check(said)
    if isinstance(said, Finding):
        _check(said.saving)
    return said


def _check(said: Remark | Saving) -> None:
    for name, fits in _PARTS[type(said)].items():
        value = getattr(said, name)
        if not fits(value):
            raise TypeError(f"{name} of a {type(said).__name__} can't be {short(value)}")


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and isfinite(value)


def _is_evidence(value: object) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(key, str) and (_is_fact(inner) or _are(_is_fact)(inner))
        for key, inner in value.items()
    )


def _is_fact(value: object) -> bool:
    return value is None or isinstance(value, str) or _is_number(value)


def _are(fits: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, tuple | list) and all(map(fits, value))


_PARTS: Mapping[type[Remark | Saving], Mapping[str, Callable[[object], bool]]] = {
    Finding: {
        "nodes": _are(lambda value: isinstance(value, Node)),
        "message": _is_text,
        "suggestion": _is_text,
        "evidence": _is_evidence,
        "saving": lambda value: isinstance(value, Saving),
        "severity": lambda value: value is None or isinstance(value, Severity),
        "fix": lambda value: value is None or isinstance(value, Fix),
    },
    Silence: {
        "node": lambda value: value is None or isinstance(value, Node),
        "reason": _is_text,
    },
    Saving: {
        name: lambda value: value is None or _is_number(value)
        for name in ("macs", "params", "activation_bytes", "receptive_field", "time_ms")
    },
    Unchecked: {"needs": _are(_is_text)},
}
