"""MACs as a polynomial in the dimensions that the file leaves open: ``1814073344*batch``.

Found by counting at several sizes. Three points decide a polynomial of degree 2 (attention is
quadratic in its length), one more near by and one far off confirm it. Where strides round sizes,
as they do to the height and width of most networks, there is none, and the dimension stays as it
is bound.
"""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cache
from itertools import pairwise, product
from math import prod
from operator import add
from typing import TypeAlias

DEGREE = 2
MAX_DIMS = 3
"""Dimensions that are followed; each one more would triple the sizes to count at."""

FAR = 100
"""How many times its size a dimension must follow the polynomial: a limit may lie in between."""

TRIAL_SIZE = 16
"""What a dimension is tried at that is not bound."""

Count: TypeAlias = Callable[[Mapping[str, int]], int | None]
"""Counts at other sizes; dimensions that are not among them stay as they are bound."""
Steps: TypeAlias = tuple[int, ...]
"""For each dimension how much larger it is than bound, or its exponent."""


def symbolic(count: Count, bound: Mapping[str, int], free: Sequence[str] = ()) -> str | None:
    """Return the count as a polynomial in the open dimensions, None where it is unknown.

    ``bound`` are open dimensions with what they are bound to. One in which the count is no
    polynomial of degree 2 at most is not in the result, which then holds for its bound size;
    None where such a one is in ``free``, of which the sizes are made up.
    """
    sizes = {**bound, **dict.fromkeys(free, TRIAL_SIZE)}
    if len(sizes) > MAX_DIMS and free:
        return None
    names = list(sizes)[:MAX_DIMS]

    @cache
    def at(steps: Steps) -> int | None:
        moved = zip(names, steps, strict=True)
        return count({n: sizes[n] + step for n, step in moved if step or n in free})

    degrees = [_degree(at, axis, len(names)) for axis in range(len(names))]
    starts = [sizes[name] for name in names]
    for followed in reversed(range(len(names) + 1)):  # fewer dimensions where all don't fit
        held = degrees[:followed] + [0] * (len(names) - followed)
        terms = _fitted(at, held, starts)
        if terms is None:
            continue
        near = tuple(degree + 2 if degree else 0 for degree in held)
        told = (step or name in free for name, step in zip(names, near, strict=True))
        far = tuple(start * FAR if t else 0 for start, t in zip(starts, told, strict=True))
        points = ((steps, list(map(add, starts, steps))) for steps in (near, far))
        if all(_value(terms, point) == at(steps) for steps, point in points):
            return _text(terms, names)
    return None


def through(values: Sequence[Fraction], start: int) -> list[Fraction]:
    """Return the coefficients, constant first, of the polynomial through consecutive points.

    ``values[i]`` is its value at ``start + i``. Newton's forward differences.
    """
    found = [Fraction(0)] * len(values)
    basis, differences = [Fraction(1)], list(values)
    for step in range(len(values)):
        for power, factor in enumerate(basis):
            found[power] += differences[0] * factor
        differences = [after - before for before, after in pairwise(differences)]
        place = start + step  # the next basis is this one times (x - place) / (step + 1)
        raised = zip([Fraction(0), *basis], [*basis, Fraction(0)], strict=True)
        basis = [(up - place * same) / (step + 1) for up, same in raised]
    return found


def _degree(at: Callable[[Steps], int | None], axis: int, axes: int) -> int:
    """Return the degree in one dimension, 0 too where the count is no such polynomial."""
    values: list[int] = []
    for step in range(DEGREE + 2):
        value = at(tuple(step if index == axis else 0 for index in range(axes)))
        if value is None:
            return 0
        values.append(value)
        differences = values
        for degree in range(step):
            differences = [after - before for before, after in pairwise(differences)]
            if not any(differences):
                return degree
    return 0


def _fitted(
    at: Callable[[Steps], int | None], degrees: Sequence[int], starts: Sequence[int]
) -> dict[Steps, Fraction] | None:
    """Return the coefficient of each product of powers, None where a count is unknown."""
    terms: dict[Steps, Fraction] = {}
    for steps in product(*(range(degree + 1) for degree in degrees)):
        value = at(steps)
        if value is None:
            return None
        terms[steps] = Fraction(value)
    for axis, (degree, start) in enumerate(zip(degrees, starts, strict=True)):
        for steps in [steps for steps in terms if steps[axis] == 0]:
            line = [(*steps[:axis], power, *steps[axis + 1 :]) for power in range(degree + 1)]
            terms |= zip(line, through([terms[place] for place in line], start), strict=True)
    return terms


def _value(terms: Mapping[Steps, Fraction], point: Sequence[int]) -> Fraction:
    powers_of = (prod(n**p for n, p in zip(point, powers, strict=True)) for powers in terms)
    return sum((f * n for f, n in zip(terms.values(), powers_of, strict=True)), Fraction(0))


def _text(terms: Mapping[Steps, Fraction], names: Sequence[str]) -> str:
    """Return a polynomial with the highest powers first."""
    words = []
    for powers, factor in sorted(terms.items(), reverse=True):
        if factor:
            named = [f"{n}^{p}" if p > 1 else n for n, p in zip(names, powers, strict=True) if p]
            words.append("*".join([str(factor)] * (factor != 1 or not named) + named))
    return " + ".join(words).replace("+ -", "- ") or "0"
