"""The table of keys: all that a configuration may say, and how it is read."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from cnnlint.config.amounts import LIMITS
from cnnlint.config.budgets import KEYS as BUDGET_KEYS
from cnnlint.config.budgets import Budgets
from cnnlint.config.given import Given
from cnnlint.config.kinds import (
    Choice,
    Flag,
    Glob,
    Listed,
    Notebook,
    Spot,
    Text,
    Whole,
    plain,
)
from cnnlint.config.places import Steps
from cnnlint.config.ruled import TOP, Known, Options, Selector, Severities
from cnnlint.config.suppressions import Suppressions, suppress_keys
from cnnlint.config.tables import FreeTable, Key, Table
from cnnlint.lint.finding import FAIL_ON
from cnnlint.lint.presets import PRESETS
from cnnlint.lint.rule import Rule
from cnnlint.lint.targets import TARGETS

SCALARS = (
    Key(
        "preset",
        "A ready-made set of rules and severities.",
        Choice(tuple(PRESETS)),
        "default",
        default=True,
    ),
    Key(
        "target",
        "What the models are to run on: sets the options of rules that depend on it.",
        Choice(tuple(TARGETS)),
        "generic",
        default=True,
    ),
    Key(
        "fail-on",
        "The least severity that makes the exit code 1.",
        Choice(FAIL_ON),
        "warning",
        default=True,
    ),
    Key(
        "baseline",
        "The file of the findings that are known, made by `cnnlint baseline create`.",
        Text("the path of a file"),
        "cnnlint-baseline.json",
    ),
    Key(
        "model-suppressions",
        "Whether a model may say in its own metadata what to ignore.",
        Flag(),
        True,
        default=True,
    ),
    Key(
        "exclude",
        "Patterns of files and folders that are left out, in place of folders of tools.",
        Listed(Glob(), "a list of patterns"),
        ["old/"],
    ),
    Key(
        "force-exclude",
        "Whether these are left out even where they are named on the command line.",
        Flag(),
        False,
        default=True,
    ),
    Key(
        "max-per-rule",
        "How many findings of one rule are shown for one model; 0 for all of them.",
        Whole(0),
        10,
        default=True,
    ),
    Key(
        "batch",
        "Size of the batch dimension where a model leaves it open.",
        Whole(1),
        1,
        default=True,
    ),
)
"""The keys that have nothing to do with the rules that there are."""


_ELSEWHERE = {
    **{name.replace("_", "-"): "write it under [budget]" for name in LIMITS},
    **dict.fromkeys(("reason", "layer", "expires"), "write it under [[suppress]]"),
    "tool": "in a file of its own, keys stand without [tool.cnnlint]",
}
"""Where keys belong that stand at the top by mistake."""


def keys(rules: Sequence[Rule]) -> tuple[Key, ...]:
    """Return the keys of the top of a file, tables last."""
    names = tuple(key.name for key in SCALARS)
    known = Known(tuple(rules), ("extend", "select", "extend-select", "ignore", *names))
    return (
        Key(
            "extend",
            "Files that are read first; what this file says wins over them.",
            Listed(Text("the path of a file"), "a path, or a list of paths", single=True),
            "../cnnlint.toml",
        ),
        *_selections(known),
        *SCALARS,
        *_tables(known),
    )


def _selections(known: Known) -> tuple[Key, ...]:
    rules = Listed(Selector(known), "a list of rules")
    odd = Listed(Selector(known, lenient=True), "a list of rules")
    return (
        Key(
            "select",
            "The rules that run, in place of those that are on.",
            rules,
            ["kernels", "S201"],
        ),
        Key("extend-select", "Rules that run besides those that are on.", rules, [], default=True),
        Key("ignore", "Rules that don't run.", odd, [], default=True),
    )


def _tables(known: Known) -> tuple[Key, ...]:
    odd = Listed(Selector(known, lenient=True), "a list of rules")
    tops = dict.fromkeys(known.top, TOP)
    budget = Table(BUDGET_KEYS, elsewhere=tops)
    return (
        Key("severity", "Severities by rule.", Severities(known), {"K101": "note"}),
        Key("rules", "Options of rules.", Options(known), {"K101": {"min_kernel": 7}}),
        Key(
            "per-file-ignores",
            "Rules that don't run on the models that a pattern means.",
            FreeTable(Glob(), odd),
            {"old/*.onnx": ["width"]},
        ),
        Key(
            "dim",
            "Sizes of other dimensions that models leave open, by name.",
            FreeTable(Text("the name of a dimension"), Whole(1)),
            {"height": 224},
        ),
        Key("budget", "What a model may cost, in one table or several.", Budgets(budget), {}),
        Key(
            "suppress",
            "Findings that are accepted, each with a reason.",
            Suppressions(Table(suppress_keys(known), required=("rule", "reason"), elsewhere=tops)),
            [],
        ),
    )


def read(
    values: Mapping[str, object],
    rules: Sequence[Rule],
    place: Callable[[Steps], str],
    folder: Path,
) -> tuple[Given, list[str], list[str]]:
    """Return what a configuration says, its mistakes, and what is odd about it, in words.

    Args:
        values: as TOML has them.
        rules: the rules that there are, those that are off included.
        place: where a value stands, such as ``cnnlint.toml:12``, by the keys and the numbers in
            lists that lead to it; by none for the file as a whole, and where there is no such
            value, the place of what it would be in.
        folder: what paths and globs are relative to.
    """
    book = Notebook(place, folder)
    spot = Spot(book)
    by_rule = {plain(name): rule.code for rule in rules for name in (rule.code, rule.name)}
    strays = {name: f"write options of a rule under [rules.{by_rule[name]}]" for name in by_rule}
    said = Table(keys(rules), elsewhere=strays | _ELSEWHERE).read(values, spot) or {}
    found: dict[str, Any] = {}
    for name, value in said.items():
        spot.at(name).remember()
        found[name.replace("-", "_")] = folder / str(value) if name == "baseline" else value
    return (Given(**found, places=book.places), *book.told())
