"""The file that a team begins with: every key with what it does, and none of them set."""

from collections.abc import Iterator, Mapping, Sequence

from cnnlint.config.budgets import Budgets
from cnnlint.config.keys import keys
from cnnlint.config.suppressions import Suppressions
from cnnlint.config.tables import Key
from cnnlint.config.written import toml
from cnnlint.lint.rule import Rule

NAME = "cnnlint.toml"
_HEAD = """\
# Configuration of cnnlint. Whatever is commented out here has its default, or is an example:
# take out the # in front to set it. Keys stand above the first [table].
# `cnnlint config show` tells what is set, and where. For completion in an editor, begin with
#   #:schema ./cnnlint.schema.json
# and run `cnnlint config schema > cnnlint.schema.json`.
"""


def starter(rules: Sequence[Rule]) -> str:
    """Return the text of a configuration in which every setting is commented out."""
    return "\n".join([_HEAD, *("\n".join(_block(key)) + "\n" for key in keys(rules))])


def _block(key: Key) -> Iterator[str]:
    """Yield the lines of one key of the top."""
    yield f"# {key.doc}"
    if isinstance(key.kind, Budgets | Suppressions):
        yield f"#[[{key.name}]]"
        for each in key.kind.table.keys:
            yield f"# {each.doc}"
            yield f"#{each.name} = {toml(each.example)}"
    elif isinstance(key.example, Mapping):
        yield from _table(key.name, key.example)
    else:
        yield f"#{key.name} = {toml(key.example)}"


def _table(name: str, values: Mapping[str, object]) -> Iterator[str]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _table(f"{name}.{key}", value)
        else:
            yield f"#[{name}]"
            yield f"#{_bare(key)} = {toml(value)}"


def _bare(key: str) -> str:
    return key if key.replace("-", "").replace("_", "").isalnum() else toml(key)
