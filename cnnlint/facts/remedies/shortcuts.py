"""Skip connections around the layers of a plain run, and what they would cost."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from math import prod

from cnnlint.facts.layers import Conv, Dense, Recurrent, Weighted
from cnnlint.model.graph import Key


@dataclass(frozen=True, slots=True)
class Shortcuts:
    """Skip connections around every ``block`` layers of a run, and what they cost."""

    block: int
    free: int = 0
    projections: int = 0
    macs: int = 0
    weights: int = 0
    largest_map: int = 0
    """Numbers in the largest map that a skip connection keeps alive."""

    @property
    def costs(self) -> str:
        """What they cost in words."""
        words = [f"{self.free} at no cost (same channels and grid)"] if self.free else []
        if self.projections:
            words.append(
                f"{self.projections} with a 1x1 projection ({self.macs:,} MACs, "
                f"{self.weights:,} weights)"
            )
        return f": {', '.join(words)}" if words else ""


def plan(run: Sequence[Weighted], stems: AbstractSet[Key] = frozenset()) -> Shortcuts:
    """Return the cheaper of the skip connections around every two and every three layers.

    They begin behind the stem, as those of a ResNet do.
    """
    units = _units([layer for layer in run if not isinstance(layer, Recurrent)])
    inner = [unit for unit in units if unit[0].node.key not in stems]
    return min((_shortcuts(inner, block) for block in (2, 3)), key=lambda s: s.macs)


def _shortcuts(units: Sequence[Sequence[Conv | Dense]], block: int) -> Shortcuts:
    """Return the skip connections around each ``block`` of units in a row.

    A projection runs on the coarser of the two grids, strided or before a Resize.
    """
    free = projections = macs = weights = largest = 0
    for first, last in zip(units[::block], units[block - 1 :: block], strict=False):
        start, end = first[0], last[-1]
        if start.in_shape is None or end.out_shape is None:
            continue
        if len(start.in_shape) != len(end.out_shape):
            continue  # a map is flattened between
        largest = max(largest, prod(start.in_shape))
        if start.in_shape == end.out_shape:
            free += 1
        else:
            projections += 1
            weights += start.cin * end.cout
            macs += min(prod(start.in_shape) * end.cout, prod(end.out_shape) * start.cin)
    return Shortcuts(block, free, projections, macs, weights, largest)


def _units(run: Sequence[Conv | Dense]) -> list[list[Conv | Dense]]:
    """Return the layers of a run, a depthwise one together with the pointwise one behind it."""
    units: list[list[Conv | Dense]] = []
    for layer in run:
        before = units[-1][-1] if units else None
        depthwise = isinstance(before, Conv) and before.depthwise
        if depthwise and isinstance(layer, Conv) and layer.pointwise:
            units[-1].append(layer)
        else:
            units.append([layer])
    return units
