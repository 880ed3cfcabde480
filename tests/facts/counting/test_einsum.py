"""Einsum, pair by pair from the left, against a loop over all indices."""

from itertools import product
from math import prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlint.facts.counting.call import Unknown
from cnnlint.facts.counting.einsum import einsum_cost
from tests.facts.counted import cost_of


@pytest.mark.parametrize(
    ("equation", "ins", "macs"),
    [
        ("bij,bjk->bik", [(2, 3, 4), (2, 4, 5)], 2 * 3 * 4 * 5),
        ("bhid,bhjd->bhij", [(1, 2, 3, 4), (1, 2, 5, 4)], 2 * 3 * 4 * 5),
        ("ij,jk", [(3, 4), (4, 5)], 60),
        (" i j , j k -> i k ", [(3, 4), (4, 5)], 60),
        ("i,j->ij", [(3,), (4,)], 0),
        ("ij,ij->ij", [(3, 4), (3, 4)], 0),
        ("i,i->", [(3,), (3,)], 3),
        ("ij->ji", [(3, 4)], 0),
        ("ij->", [(3, 4)], 0),
        ("ij,jk,kl->il", [(3, 4), (4, 5), (5, 6)], 3 * 4 * 5 + 3 * 5 * 6),
        ("ij,kl,jk->il", [(3, 4), (5, 6), (4, 5)], 3 * 4 * 5 * 6),
        ("a,a,a->", [(7,), (7,), (7,)], 7),
        ("a,a,a->a", [(7,), (7,), (7,)], 0),
        ("...ij,...jk->...ik", [(2, 3, 4), (2, 4, 5)], 120),
        ("...ij,jk->...ik", [(2, 7, 3, 4), (4, 5)], 2 * 7 * 60),
        ("...ij,...jk->...ik", [(2, 1, 3, 4), (7, 4, 5)], 2 * 7 * 60),
        ("...i,...i", [(2, 3), (2, 3)], 6),
        ("...i,...i->", [(2, 3), (2, 3)], 6),
        ("ii,ij->j", [(3, 3), (3, 4)], 12),
        ("iij,jk->ik", [(3, 3, 4), (4, 5)], 60),
        ("ij,kl->ik", [(3, 4), (5, 6)], 0),
        ("ij,jk->ik", [(3, 1), (1, 5)], 15),
        ("ij,jk->ik", [(3, 1), (4, 5)], 0),
    ],
)
def test_macs(equation: str, ins: list[tuple[int, ...]], macs: int) -> None:
    assert einsum_cost(equation, ins).macs == macs


@pytest.mark.parametrize(
    ("equation", "ins", "flops"),
    [
        ("ij,jk->ik", [(3, 4), (4, 5)], 2 * 60),
        ("i,j->ij", [(3,), (4,)], 12),
        ("ij->ji", [(3, 4)], 0),
        ("ii->i", [(3, 3)], 0),
        ("ij->i", [(3, 4)], 12),
        ("ij,kl->ik", [(3, 4), (5, 6)], 12 + 30 + 15),
        ("a,a,a->", [(7,), (7,), (7,)], 7 + 2 * 7),
        ("ab,a->a", [(3, 4), (3,)], 12 + 3),
    ],
)
def test_flops(equation: str, ins: list[tuple[int, ...]], flops: int) -> None:
    assert einsum_cost(equation, ins).flops == flops


@pytest.mark.parametrize(
    ("equation", "ins"),
    [
        ("ij,jk->ik", [(3, 4, 5), (4, 5)]),
        ("ij,jk->ik", [(3, 4)]),
        ("ij,jk->ik", [(3,), (4, 5)]),
        ("...ijk->ij", [(3, 4)]),
        ("", [(3, 4)]),
    ],
)
def test_what_does_not_fit_is_unknown(equation: str, ins: list[tuple[int, ...]]) -> None:
    with pytest.raises(Unknown):
        einsum_cost(equation, ins)
    assert cost_of("Einsum", *ins, out=(3,), equation=equation).macs is None


@given(equation=st.text("ab,.->* A", max_size=12), ranks=st.lists(st.integers(0, 3), max_size=4))
def test_any_text_is_counted_or_unknown(equation: str, ranks: list[int]) -> None:
    operands = [(2,) * rank for rank in ranks]
    found = cost_of("Einsum", *operands, out=(2,), equation=equation)
    assert found.macs is None or found.macs <= 2**8 * len(operands)


def test_operand_of_unknown_shape() -> None:
    """Inference leaves the output unknown where equation and shapes contradict each other."""
    lost = cost_of("Einsum", (3, 4), (5, 6), equation="ij,jk->ik")
    assert (lost.macs, lost.counted) == (None, True)
    found = cost_of("Einsum", (3, 4), (4, None), out=(3, None), equation="ij,jk->ik")
    assert (found.macs, found.counted) == (None, True)


def test_long_equations_do_not_hang() -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    terms = [letters[i % 26] + letters[(i + 1) % 26] for i in range(20_000)]
    found = einsum_cost(",".join(terms) + "->az", [(2, 2)] * len(terms))
    assert found.macs is not None


shapes = st.dictionaries(st.sampled_from("abcd"), st.integers(1, 3), min_size=4, max_size=4)
axes = st.lists(st.sampled_from("abcd"), min_size=0, max_size=3).map("".join)


@given(left=axes, right=axes, sizes=shapes, data=st.data())
def test_two_operands_against_a_loop(
    left: str, right: str, sizes: dict[str, int], data: st.DataObject
) -> None:
    """Each number of the product that is added to another one is a MAC."""
    letters = sorted({*left, *right})
    out = "".join(letter for letter in letters if data.draw(st.booleans()))
    ins = [tuple(sizes[c] for c in term) for term in (left, right)]
    lone = {c for c in letters if c not in out and (c in left) != (c in right)}
    summed = {c for c in letters if c not in out} - lone
    loop = sum(1 for _ in product(*(range(sizes[c]) for c in letters if c not in lone)))
    assert einsum_cost(f"{left},{right}->{out}", ins).macs == (loop if summed else 0)


@given(n=st.integers(1, 4), terms=st.integers(2, 5))
def test_chain_is_matrix_products(n: int, terms: int) -> None:
    letters = "abcdefg"
    chain = [letters[i : i + 2] for i in range(terms)]
    equation = f"{','.join(chain)}->a{letters[terms]}"
    assert einsum_cost(equation, [(n, n)] * terms).macs == (terms - 1) * n**3


@given(batch=st.lists(st.integers(1, 3), max_size=2), m=st.integers(1, 4), k=st.integers(1, 4))
def test_ellipsis_is_a_batch(batch: list[int], m: int, k: int) -> None:
    left = np.ones((*batch, m, k))
    right = np.ones((k, 2))
    found = einsum_cost("...mk,kn->...mn", [left.shape, right.shape])
    assert found.macs == prod(np.matmul(left, right).shape) * k
