"""Recurrent layers against the equations of the specification, run one unit at a time."""

from collections import Counter
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlint.facts.counting.cost import Cost
from cnnlint.facts.counting.recurrent import recurrent_macs
from tests.facts.counted import cost_of

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
STEPS, BATCH, INPUTS, HIDDEN = 6, 2, 5, 3
sizes = st.integers(1, 4)


def weights(op: str, directions: int = 1) -> tuple[tuple[int, ...], tuple[int, ...]]:
    units = GATES[op] * HIDDEN
    return (directions, units, INPUTS), (directions, units, HIDDEN)


class Tally:
    """A number that counts what is done to it."""

    done: ClassVar[Counter[str]] = Counter()

    def _count(self, *_: object) -> "Tally":
        Tally.done["operation"] += 1
        return self

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _count

    def activated(self) -> "Tally":
        return self._count()


def cell(op: str, *, bias: bool, peepholes: bool) -> int:
    """Run one unit of a cell, its products done; return how many operations that takes."""
    Tally.done.clear()
    x = h = c = Tally()
    biases = [Tally()] * 2 if bias else []

    def gate(*more: Tally, peep: Tally | None = None) -> Tally:
        value = x + h
        for number in (*more, *biases):
            value += number
        return (value if peep is None else value + Tally() * peep).activated()

    peep = c if peepholes else None
    if op == "LSTM":
        i, f, new = gate(peep=peep), gate(peep=peep), gate()
        cell_state = f * c + i * new
        _ = gate(peep=peep) * cell_state.activated()
    elif op == "GRU":
        z = gate()
        _ = gate() * h  # reset
        _ = (1 - z) * gate() + z * h
    else:
        gate()
    return Tally.done["operation"]


@pytest.mark.parametrize("op", GATES)
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("directions", [1, 2])
def test_gates(op: str, directions: int, *, bias: bool) -> None:
    w, r = weights(op, directions)
    biases = (directions, 2 * w[1]) if bias else None
    found = cost_of(op, (STEPS, BATCH, INPUTS), w, r, biases)
    macs = STEPS * BATCH * directions * GATES[op] * HIDDEN * (INPUTS + HIDDEN)
    units = STEPS * BATCH * directions * HIDDEN
    assert found == Cost(macs, 2 * macs + units * cell(op, bias=bias, peepholes=False))


def test_peepholes() -> None:
    w, r = weights("LSTM")
    more = (None, None, None, None, (1, 3 * HIDDEN))
    plain = cost_of("LSTM", (STEPS, BATCH, INPUTS), w, r)
    found = cost_of("LSTM", (STEPS, BATCH, INPUTS), w, r, *more)
    units = STEPS * BATCH * HIDDEN * cell("LSTM", bias=False, peepholes=True)
    assert plain.macs is not None
    assert found == Cost(plain.macs, 2 * plain.macs + units)


def test_quantised_weights_are_turned() -> None:
    w, r = (2, INPUTS, 4 * HIDDEN), (2, HIDDEN, 4 * HIDDEN)
    found = cost_of("DynamicQuantizeLSTM", (STEPS, BATCH, INPUTS), w, r, domain="com.microsoft")
    assert found == cost_of("LSTM", (STEPS, BATCH, INPUTS), *weights("LSTM", 2))
    more = (2, 8 * HIDDEN), None, None, None, (2, 3 * HIDDEN)
    found = cost_of("DynamicQuantizeLSTM", (STEPS, BATCH, INPUTS), w, r, *more)
    assert found == cost_of("LSTM", (STEPS, BATCH, INPUTS), *weights("LSTM", 2), *more)


@pytest.mark.parametrize("lost", range(3))
def test_unknown_sizes(lost: int) -> None:
    operands: list[Any] = [(STEPS, BATCH, INPUTS), *weights("GRU")]
    for odd in ((None, 2, 3), (2, 3)):
        operands[lost] = odd
        assert cost_of("GRU", *operands).macs is None


@given(steps=sizes, batch=sizes, inputs=sizes, hidden=sizes, directions=st.integers(1, 2))
def test_recurrent_macs(steps: int, batch: int, inputs: int, hidden: int, directions: int) -> None:
    macs = 0
    for _ in range(steps * batch * directions * 4 * hidden):
        macs += inputs + hidden  # a row of W times x, and one of R times h
    w, r = directions * 4 * hidden * inputs, directions * 4 * hidden * hidden
    assert recurrent_macs(steps, batch, w, r) == macs
