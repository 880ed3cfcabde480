"""Normalisation and Dropout: which they are, and whether they are in training mode."""

from enum import Enum, auto

from cnnlint.model.graph import Model, Node

NORMALISATIONS = frozenset(
    {"BatchNormalization", "GroupNormalization", "InstanceNormalization", "LayerNormalization"}
)
NEWEST = 14
"""A version that means what all later ones do, where a file names none."""


class Dropping(Enum):
    """Whether a Dropout drops numbers."""

    YES = auto()
    NO = auto()
    NOTHING = auto()
    """It is in training mode, with a ratio of 0."""
    ASKED = auto()
    """An input of the model decides."""


def normalises_by_batch(model: Model, node: Node) -> bool:
    """Return whether a BatchNormalization takes mean and variance of the batch before it.

    Since operator set 14 an attribute says so. Before, more outputs than one mean training (so
    reads it onnxruntime too, whether they are used or not), and before 7 the lack of ``is_test``.
    """
    opset = model.opsets.get("", NEWEST)
    if opset >= 14:
        return node.get_int("training_mode", 0) != 0
    if opset < 7:
        return not node.get_int("is_test", 0)
    return any(node.outputs[1:])


def dropping(model: Model, node: Node) -> Dropping:
    """Return whether a Dropout drops numbers.

    Since operator set 12 its third input says so, before 7 the lack of ``is_test`` did; between
    it never drops.
    """
    opset = model.opsets.get("", NEWEST)
    ratio = _number(model, node, 1, node.get_float("ratio", 0.5))
    if opset < 7:
        training: float | None = not node.get_int("is_test", 0)
    elif opset < 12:
        training = 0
    else:
        training = _number(model, node, 2, 0)
    if training is None:
        return Dropping.ASKED
    if not training:
        return Dropping.NO
    return Dropping.YES if ratio != 0 else Dropping.NOTHING


def _number(model: Model, node: Node, place: int, default: float) -> float | None:
    """Return the number that an optional input holds, None where it is not known beforehand."""
    name = node.inputs[place] if len(node.inputs) > place else ""
    if not name:
        return default
    values = model.value(name).const
    if values is None or values.size != 1 or values.dtype.kind not in "biuf":
        return None
    return float(values.reshape(-1)[0])
