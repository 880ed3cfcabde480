"""A depthwise and a 1x1 convolution in place of a dense one, and what they cost."""

from dataclasses import dataclass
from math import prod

from cnnlint.facts.layers import Conv

DEPTHWISE_TIME = 4.6
"""Time of a multiply-add in a depthwise 3x3, against a dense one: onnxruntime, one CPU core."""


@dataclass(frozen=True, slots=True)
class Separable:
    """A dense convolution, and the depthwise and 1x1 convolutions in its place."""

    conv: Conv

    @property
    def positions(self) -> int:
        """Output positions of the whole batch."""
        return self.conv.positions or 0

    @property
    def depthwise_weights(self) -> int:
        """Weights of the depthwise layer; those of the 1x1 are one for each pair of channels."""
        return self.conv.cin * prod(self.conv.kernel)

    @property
    def weights(self) -> int:
        """Weights of both, biases not counted."""
        return self.depthwise_weights + self.conv.cin * self.conv.cout

    @property
    def macs(self) -> int:
        """MACs of both."""
        return self.weights * self.positions

    @property
    def dense_macs(self) -> int:
        """MACs of the dense convolution."""
        return self.conv.weights * self.positions

    @property
    def time(self) -> float:
        """Estimated time of both, in dense multiply-adds."""
        return self.macs + (DEPTHWISE_TIME - 1) * self.depthwise_weights * self.positions
