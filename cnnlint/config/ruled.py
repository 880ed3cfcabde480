"""Kinds of values that mean rules: selectors, severities and options."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from string import ascii_lowercase, ascii_uppercase

from cnnlint.config.kinds import (
    Choice,
    Flag,
    Kind,
    Number,
    Schema,
    Spot,
    Text,
    Whole,
    plain,
    shown,
    suggested,
)
from cnnlint.lint.finding import Severity
from cnnlint.lint.rule import Option, OptionValue, Rule

TOP = "write that key above the first [table]"
"""The cure for a key of the top that got into a table."""
BROKEN = "a-rule-that-says-that-the-file-is-broken"
"""What the schema calls such a rule; editors show it."""
_DIGITS = "0123456789"
_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)
"""Case as the patterns of :func:`any_case` have it: other alphabets have theirs."""
_KINDS: Mapping[type, Kind[OptionValue]] = {
    int: Whole(),
    float: Number(),
    bool: Flag(),
    str: Text(empty=True),
}


@dataclass(frozen=True)
class Known:
    """The rules that there are, and all that means them."""

    rules: tuple[Rule, ...]
    top: Sequence[str] = ()
    """Keys of the top of a file, which get into the wrong table easily."""

    @cached_property
    def exact(self) -> dict[str, Rule]:
        """Rules by what means one of them alone, in lower case."""
        return {
            name.translate(_LOWER): rule for rule in self.rules for name in (rule.code, rule.name)
        }

    @cached_property
    def selectors(self) -> tuple[str, ...]:
        """Whatever means some rules."""
        return tuple(dict.fromkeys(("ALL", *self._families, *self._prefixes, *self._names)))

    @cached_property
    def meaningful(self) -> frozenset[str]:
        """The selectors in lower case."""
        return frozenset(each.translate(_LOWER) for each in self.selectors)

    @property
    def _families(self) -> Iterable[str]:
        return sorted({rule.family for rule in self.rules})

    @property
    def _names(self) -> Iterable[str]:
        return (rule.name for rule in self.rules)

    @property
    def _prefixes(self) -> Iterable[str]:
        """Yield codes and what they begin with; all letters of a code belong together."""
        for code in (rule.code for rule in self.rules):
            letters = len(code.rstrip(_DIGITS))
            yield from (code[:end] for end in range(max(letters, 1), len(code) + 1))

    def means(self, selector: str) -> bool:
        """Tell whether a selector means any rule, however capitalised."""
        return selector.translate(_LOWER) in self.meaningful

    def rule(self, key: str) -> Rule | None:
        """Return the rule of a code or a name, None where there is none."""
        return self.exact.get(key.translate(_LOWER))

    def unknown(self, key: str, spot: Spot) -> str:
        """Return in words that there is no such rule, and what was meant."""
        cause = f"there is no rule {shown(key)}"
        if spot.book.full:
            return cause
        if len(spot.path) > 1 and plain(key) in self.top:
            return f"{cause}; {TOP}"
        owners = [r.code for r in self.rules if key in {option.name for option in r.options}]
        if owners:
            return f"{cause}; it is an option: write it under [rules.{owners[0]}]"
        codes = (rule.code for rule in self.rules)
        near = spot.meant(key, ("ALL", *self._families, *codes, *self._names))
        return cause + (suggested(near) if near else "; `cnnlint rules` lists what there is")


@dataclass(frozen=True, slots=True)
class Selector:
    """What means rules: a code, a prefix of codes, a name, a family or ``ALL``."""

    known: Known
    lenient: bool = False
    """Whether one that means no rule is only odd."""

    def read(self, value: object, spot: Spot) -> str | None:
        """See :class:`Kind`."""
        text = Text("a rule").read(value, spot)
        if text is None or self.known.means(text):
            return text
        if self.lenient:
            spot.warn(self.known.unknown(text, spot))
            return text
        spot.mistake(self.known.unknown(text, spot))
        return None

    def schema(self) -> Schema:
        """See :class:`Kind`."""
        selector: Schema = {"$ref": "#/$defs/selector"}
        return {"anyOf": [selector, Text().schema()]} if self.lenient else selector


@dataclass(frozen=True, slots=True)
class Severities:
    """Severities by selector."""

    known: Known
    words: Choice = field(default=Choice(tuple(Severity)))

    def read(self, value: object, spot: Spot) -> dict[str, Severity] | None:
        """See :class:`Kind`."""
        if not isinstance(value, Mapping):
            spot.must_be("a table", value, '; write under [severity] as in K101 = "note"')
            return None
        found: dict[str, Severity] = {}
        for name, given in value.items():
            here = spot.at(name)
            key = Selector(self.known).read(name, here)
            word = self.words.read(given, here) if key else None
            rule = self.known.rule(name)
            if word and rule and not rule.suppressible and word != Severity.ERROR:
                here.mistake(
                    f"{rule.code} says when a file is broken, so its severity stays as it is"
                )
            elif key and word:
                here.remember()
                found[key] = Severity(word)
        return found

    def schema(self) -> Schema:
        """See :class:`Kind`."""
        always_an_error: Schema = {unsuppressible(self.known): {"const": Severity.ERROR.value}}
        return {
            "type": "object",
            "propertyNames": {"$ref": "#/$defs/selector"},
            "patternProperties": always_an_error,
            "additionalProperties": self.words.schema(),
        }


@dataclass(frozen=True, slots=True)
class Options:
    """Options of rules, by the code or the name of each."""

    known: Known

    def read(self, value: object, spot: Spot) -> dict[str, dict[str, OptionValue]] | None:
        """Return the options by code; see :class:`Kind`."""
        if not isinstance(value, Mapping):
            spot.must_be("a table", value, "; write under [rules.K101] as in min_kernel = 7")
            return None
        found: dict[str, dict[str, OptionValue]] = {}
        for name, given in value.items():
            here = spot.at(name)
            rule = self.known.rule(name)
            if rule is None:
                here.mistake(self.known.unknown(name, here))
            elif not isinstance(given, Mapping):
                here.must_be("a table of options", given, f"; write them under [rules.{name}]")
            else:
                found.setdefault(rule.code, {}).update(_options(rule, given, here))
        return found

    def schema(self) -> Schema:
        """See :class:`Kind`."""
        named: Schema = {}
        in_any_case: Schema = {}
        for rule in self.known.rules:
            of_rule: Schema = {"$ref": f"#/$defs/{rule.code}"}
            named |= {rule.code: of_rule, rule.name: of_rule}
            in_any_case[any_case((rule.code, rule.name))] = of_rule
        return {
            "type": "object",
            "properties": named,
            "patternProperties": in_any_case,
            "additionalProperties": False,
        }


def _options(rule: Rule, given: Mapping[str, object], spot: Spot) -> dict[str, OptionValue]:
    """Return the options of one rule."""
    options = {option.name: option for option in rule.options}
    found: dict[str, OptionValue] = {}
    for name, value in given.items():
        here = spot.at(name)
        if name not in options:
            near = here.meant(name, options)
            cure = suggested(near) or f"; `cnnlint rule {rule.code}` lists its options"
            here.mistake(f"{spot.name} has no option {shown(name)}{cure}")
            continue
        read = _KINDS[options[name].type].read(value, here)
        if read is not None:
            spot.book.places[f"rules.{rule.code}.{name}"] = here.place
            found[name] = read
    return found


def definitions(known: Known) -> Schema:
    """Return what the schemas of these kinds refer to."""
    selector: Schema = {
        "description": "A rule's code or name, the beginning of codes, a family, or ALL.",
        "anyOf": [{"enum": list(known.selectors)}, {"pattern": any_case(known.selectors)}],
        "type": "string",
    }
    broken: Schema = {"pattern": unsuppressible(known)}
    defined: Schema = {"selector": selector, BROKEN: broken}
    return defined | {rule.code: _option_table(rule) for rule in known.rules}


def _option_table(rule: Rule) -> Schema:
    return {
        "type": "object",
        "description": f"{rule.name}: {rule.summary}",
        "properties": {option.name: _option(option) for option in rule.options},
        "additionalProperties": False,
    }


def _option(option: Option) -> Schema:
    said: Schema = {"default": option.default, "description": option.doc}
    return _KINDS[option.type].schema() | said


def unsuppressible(known: Known) -> str:
    """Return a pattern of what names a rule that says that a file is broken."""
    return any_case(name for name, rule in known.exact.items() if not rule.suppressible)


def any_case(words: Iterable[str]) -> str:
    """Return a pattern of these words, however capitalised; JSON Schema has no flag for that."""
    return f"^(?:{'|'.join(''.join(map(_any_case, word)) for word in words)})$"


def _any_case(letter: str) -> str:
    if letter.isascii() and letter.isalpha():
        return f"[{letter.upper()}{letter.lower()}]"
    return re.sub(r"[.^$*+?()\[\]{}|\\/]", r"\\\g<0>", letter)  # ECMAScript has no \-
