"""Recurrent layers: every weight once a time step, direction and sample, and the gates."""

from collections.abc import Mapping
from math import prod

from cnnlint.facts.counting.call import Call, Cost, Count, products

_CELL = {"LSTM": (13, 8), "DynamicQuantizeLSTM": (13, 8), "GRU": (11, 6), "RNN": (2, 2)}
"""Operations of a cell for each of its units, and those that biases add (two for each gate).

Counted from the equations in the ONNX operator specifications. LSTM: 4 sums of both products,
5 activations, 3 for the cell state, 1 for the output. GRU: 3 sums, 3 activations, 1 reset, 4 to
blend. RNN: a sum and an activation.
"""
_PEEPHOLES = 6
"""Of an LSTM: three gates read the cell state, a multiplication and an addition each."""


def recurrent_macs(steps: int, batch: int, weights: int, recurrences: int) -> int:
    """Return the MACs of a recurrent layer: all of W and R once a step, direction and sample."""
    return steps * batch * (weights + recurrences)


def _recurrent(call: Call) -> Cost:
    """Count X ``[steps, batch, inputs]`` (or batch first) with W and R of all directions."""
    x, weight, recurrence = (call.needed(index, 3) for index in range(3))
    cell, biases = _CELL[call.node.op]
    cell += biases if call.has(3) else 0
    cell += _PEEPHOLES if call.has(7) else 0
    units = recurrence[0] * min(recurrence[1:])  # [directions, gates * hidden, hidden], or turned
    macs = recurrent_macs(x[0], x[1], prod(weight), prod(recurrence))
    return products(macs, besides=x[0] * x[1] * units * cell)


RECURRENCE: Mapping[str, Count] = dict.fromkeys(_CELL, _recurrent)
