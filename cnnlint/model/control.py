"""If, Loop and Scan: how often a body runs, and what comes out of it.

See https://onnx.ai/onnx/operators/onnx__Loop.html and onnx__Scan.html.
"""

from collections.abc import Sequence
from itertools import zip_longest

from cnnlint.model.graph import Dim, Node, Shape, Value

MAX_RUNS = 2**31
"""A trip count from here on is how exporters write "until the condition fails"."""


def taken(condition: Value | None) -> str | None:
    """Return the branch of an If that is taken whatever the input, None where that depends."""
    if condition is None or condition.const is None or condition.const.size != 1:
        return None
    return "then_branch" if condition.const.reshape(-1)[0] else "else_branch"


def either(one: Shape | None, other: Shape | None) -> Shape | None:
    """Return what is sure of a tensor that has one shape or another."""
    if one is None or other is None or len(one) != len(other):
        return None
    return tuple(a if a == b else None for a, b in zip(one, other, strict=True))


def widened(before: Sequence[Value], after: Sequence[Value]) -> list[Value]:
    """Return what is sure of the state of a loop before any of its runs, given one of them."""
    pairs = zip_longest(before, after[: len(before)])
    return [Value(b.name, b.dtype, either(b.shape, a.shape if a else None)) for b, a in pairs]


def loop_runs(count: Value | None, start: Value | None, *, goes_on: bool) -> int | None:
    """Return how often the body of a Loop runs, None where that depends on data.

    Args:
        count: the most runs there may be; None where the Loop has no such input.
        start: the condition for the first run; None where it has no such input.
        goes_on: whether the body always asks for another run.
    """
    first = taken(start) if start else "then_branch"
    if first == "else_branch":
        return 0
    number = count.integer if count else None
    if number is None:
        return None
    if number <= 0:
        return 0
    known = first is not None and goes_on and number < MAX_RUNS
    return number if known else None


def scan_fault(node: Node, opset: int) -> str | None:
    """Return what is wrong with the numbers that a Scan gives of its inputs and outputs."""
    scanned = node.get_int("num_scan_inputs", 0)
    if not 0 <= scanned <= len(node.inputs):
        return f"num_scan_inputs is {scanned}, there are {len(node.inputs)} inputs"
    if opset < 9:  # it had sequence lengths, and no axes
        return None
    made = len(node.outputs) - (len(node.inputs) - scanned)
    for side, count in (("input", scanned), ("output", made)):
        for what in ("axes", "directions"):
            given = node.get_ints(f"scan_{side}_{what}")
            if given and len(given) != count:
                return f"scan_{side}_{what} has {len(given)} values where {count} are needed"
            if given and what == "directions" and not {0, 1}.issuperset(given):
                return f"scan_{side}_directions holds what is neither 0 nor 1"
    return None


def scan_axes(node: Node, name: str, count: int) -> tuple[int, ...]:
    """Return the axis of each scanned input or output; 0 where the Scan doesn't say."""
    axes = node.get_ints(name) or ()
    return axes if len(axes) == count else (0,) * count


def scan_runs(shapes: Sequence[Shape | None], axes: Sequence[int]) -> int | None:
    """Return how often the body of a Scan runs: the size of what it scans."""
    pairs = zip(shapes, axes, strict=True)
    sizes = {s[axis] for s, axis in pairs if s is not None and -len(s) <= axis < len(s)}
    return sizes.pop() if len(sizes) == 1 else None


def slice_of(shape: Shape | None, axis: int) -> Shape | None:
    """Return the shape of one of the slices that a Scan hands to its body."""
    if shape is None or not -len(shape) <= axis < len(shape):
        return None
    place = axis % len(shape)
    return shape[:place] + shape[place + 1 :]


def stacked(shape: Shape | None, axis: int, runs: Dim) -> Shape | None:
    """Return the shape of what the runs made, stacked along an axis of the result."""
    if shape is None or not -len(shape) - 1 <= axis <= len(shape):
        return None
    place = axis % (len(shape) + 1)
    return (*shape[:place], runs, *shape[place:])
