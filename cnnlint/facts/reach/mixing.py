"""Operators that compute position by position, or over all positions of an axis at once."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from cnnlint.facts.counting.cost import FLOPS_PER_INPUT, FLOPS_PER_OUTPUT
from cnnlint.facts.layers import DENSE_OPERANDS, RECURRENT
from cnnlint.facts.reach.axes import Parts, extent, origins
from cnnlint.facts.reach.call import Call, Rule, Rules, Seen, joined, single

_PLAIN = ("Cast", "CastLike", "Dropout", "Expand", "Identity", "MeanVarianceNormalization")
_QUANTISED = ("QLinearAdd", "QLinearMul", "QLinearSigmoid", "QLinearLeakyRelu")
_ATTENTION = ("Attention", "MultiHeadAttention")


def _elementwise(call: Call) -> Seen | None:
    """Join the inputs, aligned from the right as in broadcasting."""
    shape, known = call.shape(), call.known
    if len(known) == 1 and shape == tuple(map(extent, known[0].axes)):
        return known[0]
    rank = max((len(seen.axes) for seen in known), default=0)
    if shape is not None:
        if len(shape) < rank:
            return None
        rank = len(shape)
    sides: list[list[Parts]] = [[] for _ in range(rank)]
    for seen in known:
        for side, parts in zip(sides[rank - len(seen.axes) :], seen.axes, strict=True):
            side.append(parts)
    return joined(sides, call.sizes(rank), known)


def collapsed(seen: Seen, over: Iterable[int], *, keep: bool = True) -> Seen:
    """Return a tensor whose axes ``over`` have become one number each, which sees all of them."""
    rank = len(seen.axes)
    gone = {axis % rank for axis in over if -rank <= axis < rank}
    mixed = seen.mixed.union(*(origins(seen.axes[axis]) for axis in gone))
    axes = (single(1) if axis in gone else parts for axis, parts in enumerate(seen.axes))
    return Seen(tuple(p for axis, p in enumerate(axes) if keep or axis not in gone), mixed)


def _reduce(call: Call) -> Seen | None:
    seen, axes = call.main(), call.integers("axes", 1)
    if seen is None or (axes is None and call.has(1)):
        return None
    if not axes and not call.node.get_int("noop_with_empty_axes", 0):
        axes = tuple(range(len(seen.axes)))
    return collapsed(seen, axes or (), keep=call.node.get_int("keepdims", 1) == 1)


def _arg(call: Call) -> Seen | None:
    seen, node = call.main(), call.node
    if seen is None:
        return None
    return collapsed(seen, [node.get_int("axis", 0)], keep=node.get_int("keepdims", 1) == 1)


def _quantised_pool(call: Call) -> Seen | None:
    seen, last = call.main(), call.node.get_int("channels_last", 0)
    return seen and collapsed(seen, range(2 - last, len(seen.axes) - last))


Labels = tuple[str, ...]
"""A name for each axis of an operand, as in Einsum: equal ones run along together."""


def _contract(call: Call, terms: Sequence[tuple[int, Labels]], out: Labels) -> Seen | None:
    """Return a sum of products over every label that ``out`` lacks."""
    operands = [(seen, labels) for at, labels in terms if (seen := call.main(at))]
    if any(len(seen.axes) != len(labels) for seen, labels in operands):
        return None
    axes: dict[str, list[Parts]] = {label: [] for label in out}
    mixed: set[int] = set()
    for seen, labels in operands:
        for parts, label in zip(seen.axes, labels, strict=True):
            if label in axes:
                axes[label].append(parts)
            else:
                mixed |= origins(parts)
    sides = [axes[label] for label in out]
    found = joined(sides, call.sizes(len(out)), [seen for seen, _ in operands])
    return found and Seen(found.axes, found.mixed | mixed)


def _matmul(call: Call) -> Seen | None:
    """Sum over the inner axis; the others are aligned from the right."""
    at = DENSE_OPERANDS[call.node.op]
    ranks = [call.rank(index) for index in at]
    rank = next(filter(None, ranks), 0)  # of an operand of unknown rank, it is that of the other
    left = _term(ranks[0] or rank, "i", "k", flipped=bool(call.node.get_int("transA", 0)))
    right = _term(ranks[1] or rank, "k", "j", flipped=bool(call.node.get_int("transB", 0)))
    batch = max(left[:-2], right[:-2], key=len)
    out = (*batch, *(label for label in ("i", "j") if label in left + right))
    return _contract(call, list(zip(at, (left, right), strict=True)), out)


def _term(rank: int, row: str, column: str, *, flipped: bool) -> Labels:
    if rank == 1:
        return ("k",)
    batch = (str(place) for place in range(rank - 2, 0, -1))
    return (*batch, column, row) if flipped else (*batch, row, column)


def _einsum(call: Call) -> Seen | None:
    equation = call.node.get_str("equation", "").replace(" ", "")
    left, arrow, right = equation.partition("->")
    if "." in equation:
        return None
    if not arrow:
        letters = sorted(left.replace(",", ""))
        right = "".join(letter for letter in letters if letters.count(letter) == 1)
    terms = [(at, tuple(term)) for at, term in enumerate(left.split(","))]
    return _contract(call, terms, tuple(right))


def _attend(call: Call) -> Seen | None:
    """Every position of the queries sees every position of the keys."""
    seen = call.main()
    if seen is None:
        return None
    mixed = seen.mixed.union(*(operand.mixed for operand in call.known))
    mixed = mixed.union(*(origins(parts) for operand in call.known for parts in operand.axes))
    return Seen((*seen.axes[:-1], single(None)), mixed)


def _recur(call: Call) -> Iterator[Seen | None]:
    """Every step sees the whole sequence [steps, batch, features]."""
    seen = call.main()
    if seen is None:
        return
    mixed = seen.mixed.union(*map(origins, seen.axes))
    for output in range(len(call.node.outputs)):
        shape = call.shape(output)
        yield None if shape is None else Seen(tuple(map(single, shape)), mixed)


RULES: Mapping[str, Rule] = {
    **dict.fromkeys((*FLOPS_PER_OUTPUT, *_PLAIN, *_QUANTISED), _elementwise),
    **{op: _reduce for op in FLOPS_PER_INPUT if op.startswith("Reduce")},
    **dict.fromkeys(DENSE_OPERANDS, _matmul),
    **dict.fromkeys(_ATTENTION, _attend),
    **dict.fromkeys(("ArgMax", "ArgMin"), _arg),
    "QLinearGlobalAveragePool": _quantised_pool,
    "Einsum": _einsum,
}
ALL_OUTPUTS: Mapping[str, Rules] = dict.fromkeys(RECURRENT, _recur)
