"""How suppressions are written: ``[[suppress]]``."""

from dataclasses import dataclass
from datetime import date

from cnnlint.config.kinds import Day, Globs, Schema, Spot, Text
from cnnlint.config.ruled import Known, Selector
from cnnlint.config.tables import Key, Table
from cnnlint.lint.patterns import Patterns
from cnnlint.lint.suppress import Suppression

NAMES = ("rule", "reason", "layer", "files", "expires")


@dataclass(frozen=True, slots=True)
class Suppressions:
    """A list of tables, ``[[suppress]]``."""

    table: Table

    def read(self, value: object, spot: Spot) -> tuple[Suppression, ...] | None:
        """See :class:`cnnlint.config.kinds.Kind`."""
        if not isinstance(value, list | tuple):
            spot.must_be("a list of tables", value, "; write each under [[suppress]]")
            return None
        found = (self._one(each, spot.at(index)) for index, each in enumerate(value))
        return tuple(each for each in found if each is not None)

    def _one(self, value: object, spot: Spot) -> Suppression | None:
        read = self.table.read(value, spot) or {}
        rule, reason, layer, globs, expires = (read.get(name) for name in NAMES)
        if not isinstance(rule, str) or not isinstance(reason, str):
            return None
        return Suppression(
            rule=rule,
            reason=reason.strip(),
            place=spot.place,
            layer=layer if isinstance(layer, str) else None,
            files=Patterns(spot.book.folder, globs) if isinstance(globs, tuple) else None,
            expires=expires if isinstance(expires, date) else None,
        )

    def schema(self) -> Schema:
        """See :class:`cnnlint.config.kinds.Kind`."""
        return {"type": "array", "items": self.table.schema()}


def suppress_keys(known: Known) -> tuple[Key, ...]:
    """Return the keys of a suppression."""
    return (
        Key(
            "rule",
            "What is accepted: a rule, or several as in `select`.",
            Selector(known),
            "K101",
        ),
        Key(
            "reason",
            "Why it is accepted.",
            Text("a reason in words"),
            "it is trained and will not be trained again",
        ),
        Key(
            "layer",
            "A pattern of layer paths; all where it isn't given.",
            Text("a pattern of layer paths"),
            "stages.0.*",
        ),
        Key(
            "files",
            "Patterns of the models; all where it isn't given.",
            Globs(),
            ["detector*.onnx"],
        ),
        Key(
            "expires",
            "The last day on which it holds; it has no end where it isn't given.",
            Day(),
            date(2026, 12, 31),
        ),
    )
