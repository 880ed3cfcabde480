"""What makes a model, or a part of it, impossible to run as the file has it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnlint.model.graph import Key


class Kind(StrEnum):
    """The kinds of defects; each has a rule of the family ``graph`` that tells of it."""

    CHANNELS = "channels"
    """A convolution's weight takes another number of channels than the input has."""
    GROUPS = "groups"
    """A group count that isn't positive or doesn't divide the channels."""
    FIT = "fit"
    """A window larger than the padded input, or padding that leaves nothing."""
    KERNEL = "kernel"
    """A kernel_shape unlike the weight's."""
    RANK = "rank"
    """An operand with the wrong number of axes."""
    LENGTH = "length"
    """A bias, scale or statistic with the wrong number of values."""
    WINDOW = "window"
    """A stride, dilation, kernel size or padding that can't be."""
    ELEMENTS = "elements"
    """A tensor taken apart or put into a shape for which its elements don't come out even."""
    SHAPES = "shapes"
    """Operands whose shapes don't go together."""
    AXIS = "axis"
    """An axis that the tensor doesn't have."""
    EMPTY = "empty"
    """A weight without any numbers in it."""
    SIZE = "size"
    """A size that no tensor can have: negative, beyond 64 bits."""
    NODE = "node"
    """An input or attribute that is missing, unknown, or not what the operator takes."""
    OPERATOR = "operator"
    """An operator that ONNX has at no operator set."""
    TENSOR = "tensor"
    """A stored tensor whose bytes don't fit what is said of it."""
    LOCATION = "location"
    """External data outside the model's folder."""
    FILE = "file"
    """A file of a form or size that no runtime opens."""
    NAME = "name"
    """A name that is no text."""
    OUTPUT = "output"
    """An output that is declared as something else than what the nodes make."""


@dataclass(frozen=True, slots=True)
class Defect:
    """One defect: of a node, or of a tensor, or of the file where neither is given."""

    kind: Kind
    text: str
    """What is wrong, in lower case and with numbers."""
    node: "Key | None" = None
    tensor: str = ""
    """The input or stored tensor that is wrong, whoever reads it."""
