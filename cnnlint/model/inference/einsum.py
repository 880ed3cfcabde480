"""The subscripts of Einsum: parsed and applied to shapes without any library's parser.

Equations come from untrusted files, and native parsers are known to hang on odd ones.
"""

from collections import Counter
from collections.abc import Sequence

from cnnlint.model.defect import Kind
from cnnlint.model.graph import Dim, Shape
from cnnlint.model.inference.call import Contradiction, Unresolved, broadcast

_ELLIPSIS = "*"
"""Stands for ``...`` once the equation is parsed: one character an axis or a group of them."""


def einsum_shape(equation: str, shapes: Sequence[Shape | None]) -> Shape:
    """Return the output shape of an Einsum; linear in the length of the equation.

    Raises:
        Contradiction: no equation, or one that the operands don't fit.
        Unresolved: the rank depends on an operand whose rank is unknown.
    """
    terms, output = _parse(equation)
    if len(terms) != len(shapes):
        raise Contradiction(
            f"the equation has {len(terms)} operands, the node {len(shapes)}", Kind.NODE
        )
    sizes: dict[str, Dim] = {}
    rest: Shape | None = ()
    covered: int | None = None
    for index, (term, shape) in enumerate(zip(terms, shapes, strict=True)):
        if shape is not None:
            spread = _bind(index, term, shape, sizes)
            if _ELLIPSIS in term:
                covered = len(spread) if covered is None else covered
                _same_cover(covered, len(spread))
                rest = None if rest is None else broadcast(rest, spread)
        elif _ELLIPSIS in term:
            rest = None
    return _output(output, sizes, rest)


def _same_cover(one: int, other: int) -> None:
    if one != other:
        clash = f"the ellipsis stands for {one} axes of one operand, for {other} of another"
        raise Contradiction(clash, Kind.RANK)


def _parse(equation: str) -> tuple[list[str], str]:
    """Return the terms and the output (the implied one where none is given)."""
    text = equation.replace(" ", "").replace("...", _ELLIPSIS)
    left, arrow, output = text.partition("->")
    terms = left.split(",")
    if _ELLIPSIS in equation:
        raise Contradiction("the equation is malformed", Kind.NODE)
    for term in (*terms, output):
        letters = term.replace(_ELLIPSIS, "", 1)
        if letters and not (letters.isalpha() and letters.isascii()):
            raise Contradiction("the equation is malformed", Kind.NODE)
    if not set(output) <= set("".join(terms)):
        raise Contradiction("the output names an axis that no operand has", Kind.NODE)
    if not arrow:
        counts = Counter("".join(terms))
        output = _ELLIPSIS * (_ELLIPSIS in counts)
        output += "".join(sorted(c for c, n in counts.items() if n == 1 and c != _ELLIPSIS))
    return terms, output


def _bind(index: int, term: str, shape: Shape, sizes: dict[str, Dim]) -> Shape:
    """Note the sizes of a term's letters; return the dimensions that its ellipsis covers."""
    head, dots, tail = term.partition(_ELLIPSIS)
    covered = len(shape) - len(head) - len(tail)
    if covered < 0 or (covered and not dots):
        raise Contradiction(
            f"operand {index} has {len(shape)} axes, the equation names {len(head) + len(tail)}",
            Kind.RANK,
        )
    after = len(head) + covered
    pairs = (*zip(head, shape, strict=False), *zip(tail, shape[after:], strict=True))
    for letter, size in pairs:
        sizes[letter] = broadcast((sizes.get(letter, 1),), (size,))[0]
    return shape[len(head) : after]


def _output(output: str, sizes: dict[str, Dim], rest: Shape | None) -> Shape:
    if len(set(output)) < len(output):
        raise Contradiction("the equation names an output axis twice", Kind.NODE)
    dims: list[Dim] = []
    for letter in output:
        if letter != _ELLIPSIS:
            dims.append(sizes.get(letter))
        elif rest is None:
            raise Unresolved
        else:
            dims.extend(rest)
    return tuple(dims)
