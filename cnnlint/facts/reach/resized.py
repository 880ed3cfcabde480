"""Whether a model runs on inputs of other sizes than those that it is bound to.

Shapes are inferred once more with inputs of other shapes, even where the file declares a fixed
size. What the file has baked in (a reshape to 1x2048, a table of positions, a dense layer behind
a flatten) contradicts itself then. That takes about as long as loading did, and reads no weight.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from cnnlint.facts.reach.receptive import Reach
from cnnlint.model.graph import Input, Model, Node, StaticShape

Spatial: TypeAlias = tuple[Input, tuple[int, ...]]
"""An input and some of its axes."""
USUAL = 224
"""The size that is tried where none is known."""
_STANDARD = ("", "com.microsoft")


@dataclass(frozen=True, slots=True)
class Trial:
    """What happens at other sizes."""

    shapes: Mapping[str, StaticShape]
    """The inputs that were changed."""
    fault: str
    """Why it can't run, "" where it can."""
    node: Node | None
    """The first node that can't."""
    outputs: tuple[StaticShape | None, ...]
    """The shapes of the outputs, None where they are not fully known."""


def spatial_inputs(model: Model, receptive: Mapping[str, Reach]) -> list[Spatial]:
    """Return the inputs that windows run along, each with its spatial axes."""
    found = []
    for entry in model.inputs:
        reach = receptive.get(entry.name)
        axes = tuple(i for i, axis in enumerate(reach.axes) if axis) if reach else ()
        if axes:
            found.append((entry, axes))
    return found


def is_open(entry: Input, axis: int) -> bool:
    """Return whether the file leaves the size of an axis open."""
    return entry.declared is not None and not isinstance(entry.declared[axis], int)


def scaled(found: Sequence[Spatial], times: float) -> Mapping[str, StaticShape] | None:
    """Return inputs with so many times their size along some axes; None where others are open.

    Where a size is unknown, that is twice the usual one, or else the usual one.
    """
    shapes = {}
    for entry, axes in found:
        sizes = list(entry.bound or ())
        for axis in axes:
            size = sizes[axis]
            scale = USUAL * (2 if times > 1 else 1) if size is None else int(size * times)
            sizes[axis] = max(1, scale)
        whole = tuple(size for size in sizes if size is not None)
        if len(whole) < len(sizes):
            return None
        shapes[entry.name] = whole
    return shapes


def can_be_tried(model: Model) -> bool:
    """Return whether a model runs as it is bound, and each of its operators can be followed."""
    known = all(node.domain in _STANDARD for node in model.nodes)
    return known and model.reshaped is not None and not model.obstacles and not model.newer_opsets


def tried(model: Model, shapes: Mapping[str, StaticShape]) -> Trial:
    """Return what becomes of a model that can be tried on inputs of other shapes."""
    other = model.reshaped(shapes) if model.reshaped else model
    defect = other.obstacles[0] if other.obstacles else None
    node = next((n for n in model.nodes if defect and n.key == defect.node), None)
    return Trial(
        shapes=shapes,
        fault=defect.text if defect else "",
        node=node,
        outputs=tuple(other.static(name) for name in model.outputs),
    )
