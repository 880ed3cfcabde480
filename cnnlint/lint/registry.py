"""Which rules there are."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from pkgutil import walk_packages
from types import ModuleType

import cnnlint.rules
from cnnlint.errors import RuleError, UsageError
from cnnlint.lint.rule import Rule


@cache
def builtin_rules() -> tuple[Rule, ...]:
    """Return the rules of every family folder, by code.

    Raises:
        RuleError: two rules share a code or a name, or a rule's file can't be imported.
    """
    rules: dict[str, Rule] = {}
    for module in walk_packages(cnnlint.rules.__path__, "cnnlint.rules."):
        for found in vars(_imported(module.name)).values():
            if isinstance(found, Rule):
                for key in (found.code, found.name):
                    if rules.setdefault(key, found) is not found:
                        raise RuleError(f"two rules are called {key}", "rename one of them")
    return tuple(sorted(set(rules.values()), key=lambda r: r.code))


def _imported(name: str) -> ModuleType:
    try:
        return import_module(name)
    except Exception as error:
        cause = f"{name} can't be imported: {type(error).__name__}: {error}"
        raise RuleError(cause, "mend or remove that file") from error


def find(key: str) -> Rule:
    """Return a rule by its code or name, however it is capitalised.

    Raises:
        UsageError: there is none, with the nearest that there is.
    """
    for found in builtin_rules():
        if key.lower() in (found.code.lower(), found.name):
            return found
    raise unknown(key, (name for r in builtin_rules() for name in (r.code, r.name)))


def select(
    select: Sequence[str],
    ignore: Sequence[str],
    extend: Sequence[str] = (),
) -> tuple[list[Rule], list[UsageError]]:
    """Return the rules that are on, and what is odd about the asking but no reason to stop.

    A selector is a code, a prefix of codes, a name, a family or ``ALL``. Nothing selected means
    all that are on by default; what is in ``extend`` is on besides. The longer selector wins over
    the shorter, and to ignore wins over to select.

    Raises:
        UsageError: a selected rule doesn't exist.
    """
    rules = builtin_rules()
    asked = (*select, *extend)
    meaningless = [k for k in (*asked, *ignore) if not any(_matches(k, r) for r in rules)]
    for key in meaningless:
        if key in asked:
            raise unknown(key, _selectors(rules))
    odd = [unknown(key, _selectors(rules)) for key in meaningless]
    on = [
        r
        for r in rules
        if max((_matches(key, r) for key in asked), default=0) or (r.default and not select)
        if max(_matches(key, r) for key in (*asked, "ALL"))
        > max((_matches(key, r) for key in ignore), default=0)
    ]
    return on, odd


def unknown(key: str, known: Iterable[str]) -> UsageError:
    """Return the error for a rule that doesn't exist."""
    near = get_close_matches(key.upper() if key[:1].isupper() else key.lower(), list(known), 1)
    cure = f"did you mean {near[0]}?" if near else "`cnnlint rules` lists what there is"
    return UsageError(f"there is no rule {key!r}", cure)


def _selectors(rules: Iterable[Rule]) -> list[str]:
    return ["ALL", *{name for r in rules for name in (r.code, r.name, r.family)}]


def _matches(key: str, rule: Rule) -> int:
    """Return how closely a selector means a rule: 0 not at all, more the more it says."""
    if key.upper() == "ALL":
        return 1
    if key.lower() == rule.family:
        return 2
    if key.lower() in (rule.name, rule.code.lower()):
        return 100
    return 2 + len(key) if key and rule.code.lower().startswith(key.lower()) else 0
