"""Options of rules as a user sets them: ``--config rules.K101.min_kernel=7``."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from math import isfinite
from typing import TypeAlias

from cnnlint.errors import UsageError
from cnnlint.lint.registry import find
from cnnlint.lint.rule import Option, OptionValue, Rule

Options: TypeAlias = Mapping[str, Mapping[str, OptionValue]]
"""Values of options by the code of their rule."""
FORM = "write rules.CODE.option=value, as in rules.K101.min_kernel=7"
KINDS = {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}


def parse_options(settings: Iterable[str], rules: Sequence[Rule]) -> Options:
    """Return the options of rules that settings give; of two for one option the later one.

    Args:
        settings: each a key and a value as TOML has them; a text may go without its quotes.
        rules: the rules that there are, those that are off included.

    Raises:
        UsageError: a setting can't be read, or names no option; all that is wrong is in one
            message.
    """
    found: dict[str, dict[str, OptionValue]] = {}
    wrong: list[str] = []
    for setting in settings:
        try:
            for code, name, value in _parsed(setting, rules):
                found.setdefault(code, {})[name] = value
        except UsageError as error:
            wrong.append(f"{setting!r}: {error.cause}, {error.cure}")
    if wrong:
        raise UsageError(f"--config {'; '.join(wrong)}", "`cnnlint rule CODE` lists the options")
    return found


def _parsed(setting: str, rules: Sequence[Rule]) -> Iterator[tuple[str, str, OptionValue]]:
    match _toml(setting):
        case {"rules": dict(by_rule), **other} if not other:
            for key, options in by_rule.items():
                rule = find(key, rules)
                if not isinstance(options, dict):
                    raise UsageError("it names no option", FORM)
                for name, value in options.items():
                    yield rule.code, name, _checked(_option(rule, name), value)
        case _:
            raise UsageError("only options of rules can be set", FORM)


def _toml(setting: str) -> dict[str, object]:
    """Return what a line of TOML says; a value that is none is taken for a text."""
    import tomllib  # noqa: PLC0415  (a check without settings doesn't need it)

    key, equals, value = setting.partition("=")
    for line in (setting, f"{key}={json.dumps(value.strip())}"):
        try:
            return tomllib.loads(line)
        except (ValueError, RecursionError):
            if not equals:
                break
    raise UsageError("it is no setting", FORM)


def _option(rule: Rule, name: str) -> Option:
    for option in rule.options:
        if option.name == name:
            return option
    near = get_close_matches(name, [option.name for option in rule.options], 1)
    cure = f"did you mean {near[0]}?" if near else f"`cnnlint rule {rule.code}` lists its options"
    raise UsageError(f"{rule.code} has no option {name!r}", cure)


def _checked(option: Option, value: object) -> OptionValue:
    """Return a value as the type that an option has."""
    if option.type is float and type(value) is int:
        value = float(value)
    fits = type(value) is option.type and (type(value) is not float or isfinite(value))
    if fits and isinstance(value, int | float | str | bool):
        return value
    kind = KINDS.get(option.type, option.type.__name__)
    raise UsageError(
        f"{option.name} takes {kind}, not {value!r}", f"the default is {option.default}"
    )
