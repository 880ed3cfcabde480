"""How budgets are written: ``[budget]``, or ``[[budget]]`` for several."""

from collections.abc import Mapping
from dataclasses import dataclass

from cnnlint.config.amounts import LIMITS, Measure, Quantity, quantity
from cnnlint.config.kinds import Globs, Schema, Spot, Text, either
from cnnlint.config.tables import Key, Table
from cnnlint.lint.limit import Limit
from cnnlint.lint.patterns import Patterns

_DOCS = {
    "max_params": "Parameters that a model may have.",
    "max_macs": "Multiply-adds that one run may take.",
    "max_weight_bytes": "Bytes that the weights may take.",
    "max_peak_memory": "Bytes that activations may take at once.",
    "max_file_size": "Bytes on disk, external weights included.",
    "max_plain_run": "Layers in series that nothing bypasses.",
    "max_latency_ms": "Milliseconds of one run; `check` doesn't measure it, and says so.",
}
_EXAMPLES: Mapping[str, object] = {
    "max_params": "5M",
    "max_macs": "1.8G",
    "max_weight_bytes": "20MiB",
    "max_peak_memory": "+5%",
    "max_file_size": "25 MB",
    "max_plain_run": 16,
    "max_latency_ms": 12.5,
}


@dataclass(frozen=True, slots=True)
class Amount:
    """A limit: an amount, or growth over a reference."""

    measure: Measure

    def read(self, value: object, spot: Spot) -> Quantity | None:
        """See :class:`cnnlint.config.kinds.Kind`."""
        try:
            return quantity(value, self.measure)
        except ValueError as error:
            what, _, cure = str(error).partition("; ")
            spot.must_be(what, value, f"; {cure}" if cure else "")
            return None

    def schema(self) -> Schema:
        """See :class:`cnnlint.config.kinds.Kind`."""
        number: Schema = {"type": ["number", "string"], "exclusiveMinimum": 0}
        whole: Schema = {"type": ["integer", "string"], "minimum": 1}
        return (whole if self.measure.whole else number) | {"pattern": self.measure.pattern}


LIMIT_KEYS = tuple(Key(n, _DOCS[n], Amount(m), _EXAMPLES[n]) for n, m in LIMITS.items())
KEYS = (
    Key(
        "files",
        "Patterns of the models that it is for; all where it isn't given.",
        Globs(),
        ["models/mobile/*.onnx"],
    ),
    Key(
        "reference",
        'The model that limits such as "+5%" are relative to; the baseline where none is given.',
        Text("the path of a model"),
        "models/released.onnx",
    ),
    *LIMIT_KEYS,
)
"""The keys of a budget."""


@dataclass(frozen=True, slots=True)
class Budgets:
    """One table, or a list of them, as limits."""

    table: Table

    def read(self, value: object, spot: Spot) -> tuple[Limit, ...] | None:
        """See :class:`cnnlint.config.kinds.Kind`."""
        if isinstance(value, Mapping):
            return self._limits(value, spot)
        if isinstance(value, list | tuple):
            each = (self._limits(one, spot.at(i)) for i, one in enumerate(value))
            return tuple(limit for limits in each for limit in limits)
        spot.must_be("a table", value, '; write under [budget] as in max_params = "5M"')
        return None

    def _limits(self, value: object, spot: Spot) -> tuple[Limit, ...]:
        told = len(spot.book.mistakes)
        read = self.table.read(value, spot) or {}
        sound = len(spot.book.mistakes) == told
        folder = spot.book.folder
        globs, reference = read.get("files"), read.get("reference")
        limits = {key: each for key, each in read.items() if isinstance(each, Quantity)}
        relative = any(limit.growth is not None for limit in limits.values())
        if reference and sound and not relative:
            text = 'no limit is relative to it; write one as in max_macs = "+5%", or leave it out'
            spot.at("reference").mistake(f"budget has a reference, but {text}")
        return tuple(
            Limit(
                key=key,
                place=spot.at(key).place,
                amount=limit.amount,
                growth=limit.growth,
                reference=folder / reference if isinstance(reference, str) else None,
                files=Patterns(folder, globs) if isinstance(globs, tuple) else None,
            )
            for key, limit in limits.items()
        )

    def schema(self) -> Schema:
        """See :class:`cnnlint.config.kinds.Kind`."""
        relative = [
            {"required": [key], "properties": {key: {"type": "string", "pattern": "%$"}}}
            for key in LIMITS
        ]
        table = self.table.schema() | {"dependentSchemas": {"reference": {"anyOf": relative}}}
        return either(table)
