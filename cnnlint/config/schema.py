"""The JSON Schema of a configuration, from which editors complete and check it."""

from collections.abc import Sequence

from cnnlint.config.keys import keys
from cnnlint.config.kinds import Schema
from cnnlint.config.ruled import Known, definitions
from cnnlint.config.tables import Table
from cnnlint.lint.rule import Rule

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema(rules: Sequence[Rule]) -> Schema:
    """Return what a configuration may say when there are these rules."""
    about: Schema = {
        "$schema": DIALECT,
        "title": "cnnlint",
        "description": "Configuration of cnnlint: cnnlint.toml, .cnnlint.toml, or [tool.cnnlint].",
    }
    defined: Schema = {"$defs": definitions(Known(tuple(rules)))}
    return about | Table(keys(rules)).schema() | defined
