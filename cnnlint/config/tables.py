"""Tables: with the keys that there are, or with names that the user gives."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from cnnlint.config.kinds import Kind, Schema, Spot, plain, shown, suggested

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class FreeTable(Generic[T]):
    """A table whose keys are names that the user gives."""

    key: Kind[str]
    item: Kind[T]

    def read(self, value: object, spot: Spot) -> dict[str, T] | None:
        """See :class:`Kind`."""
        if not isinstance(value, Mapping):
            spot.must_be("a table", value, f"; write it under [{spot.name}]")
            return None
        found: dict[str, T] = {}
        for name, given in value.items():
            here = spot.at(name)
            key = self.key.read(name, here)
            item = self.item.read(given, here)
            if key is not None and item is not None:
                here.remember()
                found[key] = item
        return found

    def schema(self) -> Schema:
        """See :class:`Kind`."""
        return {
            "type": "object",
            "propertyNames": self.key.schema(),
            "additionalProperties": self.item.schema(),
        }


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a table."""

    name: str
    doc: str
    """One sentence."""
    kind: Kind[object]
    example: object
    """A value: the default where there is one."""
    default: bool = False
    """Whether the example is the default."""

    @property
    def field(self) -> str:
        """What Python calls it."""
        return self.name.replace("-", "_")

    def schema(self) -> Schema:
        """Return what JSON Schema says of its values."""
        default: Schema = {"default": self.example} if self.default else {}
        return self.kind.schema() | {"description": self.doc} | default


@dataclass(frozen=True, slots=True)
class Table:
    """A table with the keys that there are."""

    keys: tuple[Key, ...]
    required: tuple[str, ...] = ()
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    """In words where keys belong that aren't of this table, by their :func:`plain` spelling."""

    def read(self, value: object, spot: Spot) -> dict[str, object] | None:
        """Return what could be read of it; see :class:`Kind`."""
        if not isinstance(value, Mapping):
            spot.must_be("a table", value)
            return None
        kinds = {key.name: key.kind for key in self.keys}
        found: dict[str, object] = {}
        for name, given in value.items():
            if name not in kinds:
                spot.at(name).mistake(self._unknown(str(name), spot))
            elif (item := kinds[name].read(given, spot.at(name))) is not None:
                found[name] = item
        for name in self.required:
            if name not in value:
                spot.mistake(f"{spot.name} has no {name}; every one needs it")
        return found

    def _unknown(self, name: str, spot: Spot) -> str:
        cause = f"{spot.name} has no key" if spot.path else "there is no key"
        place = self.elsewhere.get(plain(name))
        if place is not None:
            return f"{cause} {shown(name)}; {place}"
        near = spot.meant(name, (key.name for key in self.keys))
        return f"{cause} {shown(name)}{suggested(near)}"

    def schema(self) -> Schema:
        """See :class:`Kind`."""
        properties = {key.name: key.schema() for key in self.keys}
        made: Schema = {
            "type": "object",
            "properties": properties,
            "additionalProperties": False,
        }
        return made | ({"required": list(self.required)} if self.required else {})
