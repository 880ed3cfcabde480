"""Einsum of any number of operands, counted pair by pair from the left.

That is how onnxruntime and torch evaluate one without an optimised path: the first two operands
make a matrix, which meets the third, and so on; an axis is summed as soon as nothing later needs
it. Sums over an axis that only one operand has are done before its product, and are no MACs. An
axis of size 1 that is stretched to the size of another operand's counts as absent.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import prod
from typing import TypeAlias

from cnnlint.facts.counting.call import Call, Cost, Count, Unknown, checked, products
from cnnlint.model.graph import StaticShape

Axis: TypeAlias = str | int
"""A letter, or an axis of the ellipsis, counted from its right."""
Sizes: TypeAlias = Mapping[Axis, int]
_ELLIPSIS = "*"
"""Stands for ``...`` once the equation is parsed."""


def einsum_cost(equation: str, shapes: Sequence[StaticShape]) -> Cost:
    """Return the cost of an Einsum.

    Linear in the length of the equation. FLOPs are two for each MAC, and one for each number of
    a product that sums nothing, or of an operand that is summed on its own.

    Raises:
        Unknown: the terms don't fit the shapes.
    """
    texts, output = _parse(equation)
    if len(texts) != len(shapes):
        raise Unknown
    named = [_named(term, shape) for term, shape in zip(texts, shapes, strict=True)]
    sizes: dict[Axis, int] = {}
    for axes in named:
        for axis, size in axes:
            sizes[axis] = size if sizes.get(axis, 1) == 1 else sizes[axis]
    terms = [frozenset(axis for axis, n in axes if n == sizes[axis]) for axes in named]
    spread = _ELLIPSIS in output
    kept = {axis for axis in sizes if (spread if isinstance(axis, int) else axis in output)}
    return _pairwise(terms, kept, sizes)


def _parse(equation: str) -> tuple[list[str], str]:
    """Return the terms and the output, where none is given what occurs once and the ellipsis."""
    text = equation.replace(" ", "").replace("...", _ELLIPSIS)
    left, arrow, output = text.partition("->")
    terms = left.split(",")
    counts = Counter("".join(terms))
    implied = (c for c, n in counts.items() if c == _ELLIPSIS or n == 1)
    return terms, output if arrow else "".join(implied)


def _named(term: str, shape: StaticShape) -> list[tuple[Axis, int]]:
    """Return each axis of an operand with its size; a repeated letter (a diagonal) twice.

    Raises:
        Unknown: they are not as many.
    """
    head, dots, tail = term.partition(_ELLIPSIS)
    spread = len(shape) - len(head) - len(tail)
    if spread < 0 or (spread and not dots):
        raise Unknown
    names: list[Axis] = [*head, *range(spread, 0, -1), *tail]
    return list(zip(names, shape, strict=True))


def _pairwise(terms: Sequence[frozenset[Axis]], kept: set[Axis], sizes: Sizes) -> Cost:
    last = {axis: index for index, term in enumerate(terms) for axis in term}
    last |= dict.fromkeys(kept, len(terms))
    macs = others = 0
    done, *rest = terms
    for index, term in enumerate(rest, 1):
        shared = done & term
        needed = frozenset(axis for axis in done | term if last[axis] > index)
        for operand in (done, term):
            others += _sum_alone(operand, needed | shared, sizes)
        joined = needed | shared
        if joined > needed:
            macs += _size(joined, sizes)
        else:
            others += _size(joined, sizes)
        done = needed
    others += _sum_alone(done, frozenset(kept), sizes)
    return products(macs, besides=others)


def _sum_alone(operand: frozenset[Axis], needed: frozenset[Axis], sizes: Sizes) -> int:
    """Return the additions of a sum over the axes that nothing else needs."""
    return 0 if operand <= needed else _size(operand, sizes)


def _size(axes: Iterable[Axis], sizes: Sizes) -> int:
    return prod(sizes[axis] for axis in axes)


def _einsum(call: Call) -> Cost:
    """Count an Einsum whose output has a shape, so that equation and operands fit together."""
    checked(call.out())
    shapes = [call.needed(index) for index in range(len(call.node.inputs))]
    return einsum_cost(call.node.get_str("equation", ""), shapes)


EINSUM: Mapping[str, Count] = {"Einsum": _einsum}
