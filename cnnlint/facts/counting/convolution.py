"""Convolutions: plain, transposed, deformable, quantised, fused, channels last, causal."""

from collections.abc import Mapping
from math import prod

from cnnlint.facts.counting.call import Call, Cost, Count, Unknown, checked, products
from cnnlint.facts.layers import CONV_OPERANDS, NHWC_OPERANDS
from cnnlint.model.graph import StaticShape

INTERPOLATION = 7
"""FLOPs of a bilinear interpolation: four neighbours weighted and added."""
_TRANSPOSED = {"ConvTranspose": (0, 1, 2), "ConvTransposeWithDynamicPads": (0, 1, 3)}
_OPERANDS: Mapping[str, tuple[int, int, int]] = {**CONV_OPERANDS, **NHWC_OPERANDS, **_TRANSPOSED}
_ADDEND = 3
"""Where FusedConv and its kin have the map that is added to the result."""


def conv_macs(places: StaticShape, weight: StaticShape) -> int:
    """Return the MACs of a convolution, grouped or not.

    Args:
        places: the output, each number of which reads a window; of a transposed convolution the
            input, each number of which writes one.
        weight: ``[cout, cin / groups, *kernel]``; of a transposed one cin and cout are swapped.
    """
    return prod(places) * prod(weight[1:])


def _conv(call: Call) -> Cost:
    """Count any convolution whose weight is ``[cout, cin / groups, *kernel]``.

    A transposed one has ``[cin, cout / groups, *kernel]``. Where the channels stand in the maps
    makes no difference.
    """
    at_map, at_weight, at_bias = _OPERANDS[call.node.op]
    transposed = call.node.op in _TRANSPOSED
    weight, out = call.needed(at_weight), call.out()
    places = call.needed(at_map) if transposed else checked(out)
    if len(weight) < 3:
        raise Unknown
    more = int(call.has(at_bias)) + call.activated()
    if call.node.op in ("FusedConv", "NhwcFusedConv"):
        more += call.has(_ADDEND)
    macs = conv_macs(places, weight)
    return Cost(macs, None) if out is None else products(macs, besides=more * prod(out))


def _deform_conv(call: Call) -> Cost:
    """Count a deformable convolution: every tap is interpolated, then perhaps masked.

    Source: Dai et al. 2017, https://arxiv.org/abs/1703.06211; the mask: Zhu et al. 2018.
    """
    plain, weight, into, out = _conv(call), call.needed(1), call.shape(0), call.out()
    if plain.flops is None or into is None or out is None:
        return Cost(plain.macs, None)
    taps = prod(into[:2]) * prod(weight[2:]) * prod(out[2:])
    return Cost(plain.macs, plain.flops + taps * (INTERPOLATION + int(call.has(4))))


def _causal_conv(call: Call) -> Cost:
    """Count a depthwise convolution that carries its last inputs along: weight (C, 1, *kernel)."""
    into, weight = call.needed(0), call.needed(1)
    active = call.node.get_str("activation", "none") != "none"
    besides = (int(call.has(2)) + int(active)) * prod(into)
    return products(prod(into) * prod(weight[2:]), besides=besides)


CONVOLUTION: Mapping[str, Count] = {
    **dict.fromkeys(_OPERANDS, _conv),
    "DeformConv": _deform_conv,
    "CausalConvWithState": _causal_conv,
}
