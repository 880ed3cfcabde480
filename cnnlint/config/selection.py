"""Which rules are on, and who says so."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cnnlint.config.layers import Layer
from cnnlint.lint.presets import PRESETS
from cnnlint.lint.rule import Rule

BY_DEFAULT = "default"
"""Who decides where nobody says anything."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Whether a rule is on."""

    on: bool
    why: str
    """Who decided: ``default``, ``preset seed``, ``ignore 'K', cnnlint.toml:3``."""


def chosen(rules: Sequence[Rule], preset: str, layers: Iterable[Layer]) -> Mapping[str, Choice]:
    """Return by code which rules are on.

    The defaults come first, then the preset, then each layer: one that selects begins anew, any
    other takes rules in and out. In one layer the selector that says more wins, and to ignore
    wins over to select.
    """
    found = {rule.code: Choice(rule.default, BY_DEFAULT) for rule in rules}
    for rule in rules:
        if any(map(rule.closeness, PRESETS[preset].on)):
            found[rule.code] = Choice(True, f"preset {preset}")
    for layer in layers:
        for rule in rules:
            found[rule.code] = _in_layer(rule, layer, found[rule.code])
    return found


def _in_layer(rule: Rule, layer: Layer, before: Choice) -> Choice:
    given = layer.given
    asked, selector, key = max(
        _closest(rule, "select", given.select or ()),
        _closest(rule, "extend-select", given.extend_select),
        key=lambda each: each[0],
    )
    ignored, other, _ = _closest(rule, "ignore", given.ignore)
    if ignored and ignored >= asked:
        return Choice(False, _why("ignore", other, layer))
    if asked:
        return Choice(True, _why(key, selector, layer))
    if given.select is not None:
        return Choice(False, f"not in select, {_place('select', layer)}")
    return before


def _closest(rule: Rule, key: str, selectors: Sequence[str]) -> tuple[int, str, str]:
    """Return how closely one of the selectors means a rule, the closest, and the key."""
    return max(((rule.closeness(each), each, key) for each in selectors), default=(0, "", key))


def _why(key: str, selector: str, layer: Layer) -> str:
    return f"{key} {selector!r}, {_place(key, layer)}"


def _place(key: str, layer: Layer) -> str:
    return layer.given.places.get(key, layer.name)
