import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlint.model.graph import Shape
from cnnlint.model.inference.call import Contradiction, Unresolved
from cnnlint.model.inference.einsum import einsum_shape

LETTERS = "abcd"
SIZES = {"a": 2, "b": 3, "c": 4, "d": 5}


@pytest.mark.parametrize(
    ("equation", "shapes", "expected"),
    [
        ("ij,jk->ik", [(2, 3), (3, 4)], (2, 4)),
        (" i j , j k -> i k ", [(2, 3), (3, 4)], (2, 4)),
        ("ij,jk", [(2, 3), (3, 4)], (2, 4)),
        ("ba", [(2, 3)], (3, 2)),
        ("ii", [(3, 3)], ()),
        ("ii->i", [(3, 3)], (3,)),
        ("Ab->bA", [(2, 3)], (3, 2)),
        ("bA", [(2, 3)], (3, 2)),
        ("...ij,...jk->...ik", [(5, 1, 2, 3), (1, 6, 3, 4)], (5, 6, 2, 4)),
        ("...ij,kj->...ik", [(5, 1, 2, 3), (4, 3)], (5, 1, 2, 4)),
        ("...ij,jk", [(5, 2, 3), (3, 4)], (5, 2, 4)),
        ("b...c->c...b", [(2, 3, 4, 5)], (5, 3, 4, 2)),
        ("...->...", [()], ()),
        ("i,i->", [(3,), (3,)], ()),
        (",->", [(), ()], ()),
        ("ij,jk->ik", [(None, 3), (None, 4)], (None, 4)),
        ("ij,jk->ik", [None, (3, 4)], (None, 4)),
        ("ij,jk->ijk", [None, (3, 4)], (None, 3, 4)),
        ("ij,j->i", [(2, 1), (3,)], (2,)),
    ],
)
def test_einsum(equation: str, shapes: list[Shape | None], expected: Shape) -> None:
    assert einsum_shape(equation, shapes) == expected


@pytest.mark.parametrize(
    ("equation", "shapes", "message"),
    [
        ("ij->ij", [(2, 3), (3,)], "the equation has 1 operands, the node 2"),
        ("ijk", [(2, 3)], "operand 0 has 2 axes, the equation names 3"),
        ("...ij", [(3,)], "operand 0 has 1 axes, the equation names 2"),
        ("i", [(2, 3)], "operand 0 has 2 axes, the equation names 1"),
        ("i,i", [(2,), (3,)], "shapes 2 and 3 do not broadcast"),
        ("ij->ii", [(2, 3)], "the equation names an output axis twice"),
        ("......i->i", [(2, 3)], "the equation is malformed"),
        ("...i...->i", [(2, 3)], "the equation is malformed"),
        ("i.j->ij", [(2, 3)], "the equation is malformed"),
        ("i*j->ij", [(2, 3)], "the equation is malformed"),
        ("i->j->k", [(2,)], "the equation is malformed"),
        ("é->é", [(2,)], "the equation is malformed"),
        ("i1->i", [(2, 3)], "the equation is malformed"),
        ("i->ij", [(2,)], "the output names an axis that no operand has"),
        ("i->...i", [(2,)], "the output names an axis that no operand has"),
        (
            "...i,...i->i",
            [(2, 3), (2, 2, 3)],
            "the ellipsis stands for 1 axes of one operand, for 2 of another",
        ),
        (
            "...,...->...",
            [(), (2, 3)],
            "the ellipsis stands for 0 axes of one operand, for 2 of another",
        ),
    ],
)
def test_an_equation_that_does_not_fit(
    equation: str, shapes: list[Shape | None], message: str
) -> None:
    with pytest.raises(Contradiction, match=f"^{message}$"):
        einsum_shape(equation, shapes)


def test_an_ellipsis_of_unknown_rank() -> None:
    with pytest.raises(Unresolved):
        einsum_shape("...i,i->...", [None, (3,)])
    assert einsum_shape("...i,i->i", [None, (3,)]) == (3,)
    assert einsum_shape("i,...j->...", [None, (2, 3)]) == (2,)


def test_odd_equations_take_no_time() -> None:
    with pytest.raises(Contradiction):
        einsum_shape("." * 1_000_000 + "," * 1_000_000, [(2,)])


@given(
    st.lists(st.lists(st.sampled_from(LETTERS), min_size=1, max_size=4), min_size=1, max_size=3),
    st.data(),
)
def test_einsum_does_what_numpy_does(terms: list[list[str]], data: st.DataObject) -> None:
    left = ",".join("".join(term) for term in terms)
    used = sorted(set(left) - {","})
    output = data.draw(st.lists(st.sampled_from(used), unique=True))
    equation = left + data.draw(st.sampled_from(["", "->" + "".join(output)]))
    shapes: list[Shape | None] = [tuple(SIZES[c] for c in term) for term in terms]
    arrays = [np.ones([SIZES[c] for c in term]) for term in terms]
    assert einsum_shape(equation, shapes) == np.einsum(equation, *arrays).shape
