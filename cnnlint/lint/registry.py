"""Which rules there are."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from types import ModuleType

import cnnlint.rules
from cnnlint.errors import RuleError, UsageError
from cnnlint.lint.others import checked, folder_rules, installed_rules, rules_in
from cnnlint.lint.rule import Rule


@cache
def builtin_rules() -> tuple[Rule, ...]:
    """Return the rules of every family folder, by code.

    Raises:
        RuleError: two rules share a code or a name, or a rule's file can't be imported.
    """
    modules = walk_packages(cnnlint.rules.__path__, "cnnlint.rules.")
    return _sorted(rule for module in modules for rule in rules_in(_imported(module.name)))


def catalogue(folders: Iterable[Path] = (), *, installed: bool = True) -> tuple[Rule, ...]:
    """Return our rules, those of folders and those that installed packages bring, by code.

    Raises:
        RuleError: two rules share a code or a name, or one is written in a way that can't work.
        UsageError: a folder that isn't there, or without any rule.
    """
    ours = builtin_rules()
    others = [rule for folder in folders for rule in folder_rules(folder)]
    others += installed_rules() if installed else ()
    theirs = [checked(rule) for rule in others if rule not in ours]
    return _sorted((*ours, *theirs)) if theirs else ours


def _sorted(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """Return rules by code, each once, however often its file was read.

    Raises:
        RuleError: two rules share a code or a name.
    """
    taken: dict[str, Rule] = {}
    for found in rules:
        for key in (found.code, found.name):
            other = taken.setdefault(key, found)
            if (other.file, other.name) != (found.file, found.name):
                both = f"{other.file} and {found.file}"
                raise RuleError(f"two rules are called {key}: {both}", "rename one of them")
    return tuple(sorted(set(taken.values()), key=lambda rule: rule.code))


def _imported(name: str) -> ModuleType:
    try:
        return import_module(name)
    except Exception as error:
        cause = f"{name} can't be imported: {type(error).__name__}: {error}"
        raise RuleError(cause, "mend or remove that file") from error


def find(key: str, rules: Sequence[Rule] | None = None) -> Rule:
    """Return one of the rules, ours by default, by its code or name, however capitalised.

    Raises:
        UsageError: there is none, with the nearest that there is.
    """
    rules = builtin_rules() if rules is None else rules
    for found in rules:
        if key.lower() in (found.code.lower(), found.name):
            return found
    raise unknown(key, (name for r in rules for name in (r.code, r.name)))


def select(
    select: Sequence[str],
    ignore: Sequence[str],
    extend: Sequence[str] = (),
    rules: Sequence[Rule] | None = None,
) -> tuple[list[Rule], list[UsageError]]:
    """Return which of the rules, ours by default, are on, and what is odd about the asking.

    What is odd is no reason to stop. A selector is a code, a prefix of codes, a name, a family or
    ``ALL``. Nothing selected means all that are on by default; what is in ``extend`` is on
    besides. The longer selector wins over the shorter, and to ignore wins over to select.

    Raises:
        UsageError: a selected rule doesn't exist.
    """
    rules = builtin_rules() if rules is None else rules
    asked = (*select, *extend)
    meaningless = [k for k in (*asked, *ignore) if not any(r.closeness(k) for r in rules)]
    for key in meaningless:
        if key in asked:
            raise unknown(key, _selectors(rules))
    odd = [unknown(key, _selectors(rules)) for key in meaningless]
    on = [
        r
        for r in rules
        if max((r.closeness(key) for key in asked), default=0) or (r.default and not select)
        if max(r.closeness(key) for key in (*asked, "ALL"))
        > max((r.closeness(key) for key in ignore), default=0)
    ]
    return on, odd


def unknown(key: str, known: Iterable[str]) -> UsageError:
    """Return the error for a rule that doesn't exist."""
    near = get_close_matches(key.upper() if key[:1].isupper() else key.lower(), list(known), 1)
    cure = f"did you mean {near[0]}?" if near else "`cnnlint rules` lists what there is"
    return UsageError(f"there is no rule {key!r}", cure)


def _selectors(rules: Iterable[Rule]) -> list[str]:
    return ["ALL", *{name for r in rules for name in (r.code, r.name, r.family)}]
