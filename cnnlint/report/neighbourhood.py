"""Layers in the graph: drawn with bars and arrows, or told in plain words."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from cnnlint.report import numbers
from cnnlint.report.columns import columns, flowed, hanging, padded, wrapped
from cnnlint.report.escape import plain
from cnnlint.report.report import Mark, Neighbour, ReportedFinding, ReportedLayer
from cnnlint.report.style import COLOURS, TextStyle

MAX_LAYERS = 5
"""Layers of one finding that are shown; the others are counted. JSON has them all."""
BAR = "   |"
_GAP = "  "
_STEP = 4
"""By how much what doesn't fit beside a path is set in below it."""
_CARETS = re.compile(r"^ *\^+")
_LEAST = 24
"""Columns that the facts beside a mark need, or they stand below it."""


class Where(StrEnum):
    """Where a row stands, in the word that says so."""

    BEFORE = "before"
    HERE = "here"
    AFTER = "after"
    ALSO = "also"


@dataclass(frozen=True, slots=True)
class Row:
    """A line about one layer; its texts are safe to show."""

    where: Where
    path: str
    label: str = ""
    shape: str = ""
    rest: str = ""
    meant: bool = True
    """Whether the finding is about this layer."""


def neighbourhood(finding: ReportedFinding, style: TextStyle) -> Iterator[str]:
    """Yield the first layer of a finding between its neighbours, and the others below it."""
    first, *others = finding.layers[:MAX_LAYERS]
    place = finding.place
    near = [layer_row(Where.HERE, first, place.mark if place else None)]
    if place:
        after = list(_beside(Where.AFTER, place.after, others))
        near = [*_beside(Where.BEFORE, place.before, others), *near]
        near += after or [Row(Where.AFTER, "nothing reads it", meant=False)]
    told = {row.path for row in near if row.meant}
    rows = (layer_row(Where.ALSO, layer) for layer in others)
    far = [row for row in rows if row.path not in told]
    mark = place.mark if place else None
    table = Table.of([*near, *far], style)
    yield from table.lines(near, finding, mark)
    yield from [BAR] if style.drawing and place and far else []
    yield from table.lines(far, finding)
    if len(finding.layers) > MAX_LAYERS:
        count = numbers.plural(len(finding.layers) - MAX_LAYERS, "more layer")
        yield f"{BAR}  and {count}" if style.drawing else f"  and {count}"


def layer_row(where: Where, layer: ReportedLayer, mark: Mark | None = None) -> Row:
    """Return the row of a layer of a finding."""
    label = "".join(map(plain, mark.label)) if mark else plain(layer.label)
    cost = numbers.macs(layer.macs) if layer.macs else ""
    return Row(where, plain(layer.path), label, numbers.shape(layer.out_shape), cost)


def _beside(
    where: Where, neighbour: Neighbour | None, meant: Iterable[ReportedLayer]
) -> Iterator[Row]:
    if neighbour is None:
        return
    same = [layer for layer in meant if layer.path == neighbour.path and not neighbour.is_end]
    cost = [numbers.macs(layer.macs) for layer in same if layer.macs]
    more = [f"and {neighbour.more:,} more"] if neighbour.more else []
    yield Row(
        where,
        plain(neighbour.path),
        plain(neighbour.label),
        numbers.shape(neighbour.out_shape),
        ", ".join(cost + more),
        meant=bool(same),
    )


@dataclass(frozen=True, slots=True)
class Table:
    """Rows in columns that fit a terminal; where they don't, a row takes several lines."""

    style: TextStyle
    paths: int
    labels: int
    shapes: int

    @classmethod
    def of(cls, rows: Sequence[Row], style: TextStyle) -> "Table":
        """Measure the columns of some rows; one much longer than the others doesn't count."""
        room = style.width - len(BAR) - 2
        labels = _widest([row.label for row in rows], room // 2)
        shapes = _widest([row.shape for row in rows], room // 3)
        rest = _widest([row.rest for row in rows], room // 3)
        left = room - labels - shapes - rest - 3 * len(_GAP)
        return cls(
            style,
            _widest([row.path for row in rows if row.shape], left) or _STEP - len(_GAP),
            labels,
            shapes,
        )

    def lines(
        self, rows: Iterable[Row], finding: ReportedFinding, mark: Mark | None = None
    ) -> Iterator[str]:
        """Yield the lines of some rows, the mark below the row that is here."""
        for row in rows:
            own = mark if row.where is Where.HERE else None
            if self.style.drawing:
                yield from self._drawn(row, finding, own)
            else:
                yield from _told(row, own, self.style)

    def _drawn(self, row: Row, finding: ReportedFinding, mark: Mark | None) -> Iterator[str]:
        colour = COLOURS[finding.severity]
        pieces, at = self._placed(row)
        for number, piece in enumerate(pieces):
            arrow = row.meant and not number
            bar = BAR + (self.style.paint(">", colour, bold=True) if arrow else " ")
            yield f"{bar} {piece}".rstrip()
            for under in self._under(row, mark, at) if mark and number == at.line else ():
                yield f"{BAR}  {_CARETS.sub(lambda c: self.style.paint(c[0], colour), under)}"

    def _placed(self, row: Row) -> "tuple[list[str], _Place]":
        """Return the lines of a row, and where in them its label stands."""
        room = self.style.width - len(BAR) - 2
        start = self.paths + len(_GAP)
        cells = [padded(row.label, self.labels), padded(row.shape, self.shapes), row.rest]
        rest = _GAP.join(cells).rstrip()
        whole = padded(row.path, self.paths) + _GAP + rest
        shape = start + columns(cells[0]) + len(_GAP)
        if not rest:
            return wrapped(row.path, room, 0, 0), _Place(0, 0, None)
        if columns(row.path) <= self.paths and columns(whole) <= room:
            return [whole], _Place(0, start, shape)
        below = " " * start + rest
        if columns(below) <= room:
            return [row.path, below], _Place(1, start, shape)
        there = [cell for cell in (row.label, row.shape, row.rest) if cell]
        lines = flowed(there, room, _STEP, _STEP, _GAP)
        return [row.path, *(" " * _STEP + line for line in lines)], _Place(1, _STEP, None)

    def _under(self, row: Row, mark: Mark, at: "_Place") -> list[str]:
        """Return what stands below a row: carets under what is at fault, facts beside them."""
        room = self.style.width - len(BAR) - 2
        before, marked, _ = map(plain, mark.label)
        start, size = at.label + columns(before), columns(marked)
        if mark.on_shape:
            if at.shape is None:
                return list(hanging(" " * _STEP, _at_fault("shape", mark), room))
            start, size = at.shape, columns(row.shape)
        carets = " " * start + "^" * max(1, size)
        if not mark.facts:
            return [carets]
        if room - len(carets) - 1 >= min(_LEAST, columns(mark.facts)):
            return list(hanging(f"{carets} ", mark.facts, room))
        return [carets, *(" " * _STEP + line for line in wrapped(mark.facts, room, _STEP, _STEP))]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a label stands: in which line of its row, from which column on."""

    line: int
    label: int
    shape: int | None
    """From which column on the shape stands; None where that isn't beside the label."""


def _widest(texts: Iterable[str], most: int) -> int:
    return max((size for text in texts if (size := columns(text)) <= most), default=0)


def _told(row: Row, mark: Mark | None, style: TextStyle) -> Iterator[str]:
    word = f"{row.where}, meant too" if row.meant and row.where in _SIDES else row.where
    by_part = mark is not None and (mark.on_shape or bool(mark.label[0]))
    facts = mark.facts if mark and not by_part else ""
    cells = ", ".join(filter(None, (row.path, row.label, row.shape, row.rest, facts)))
    yield from hanging(f"  {word}: ", cells, style.width, _STEP)
    if mark and by_part:
        part = "shape" if mark.on_shape else plain(mark.label[1])
        yield from hanging("  ", _at_fault(part, mark), style.width, _STEP)


def _at_fault(part: str, mark: Mark) -> str:
    return f"at fault: {part}{', ' if mark.facts else ''}{mark.facts}"


_SIDES = frozenset({Where.BEFORE, Where.AFTER})
