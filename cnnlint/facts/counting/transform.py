"""Fourier transforms and determinants: FLOPs of the fast algorithm, and no MACs."""

from collections.abc import Mapping
from math import log2, prod

from cnnlint.facts.counting.call import Call, Cost, Count

_FREE_FLOPS = Cost(0, None)


def fft_flops(length: int) -> int:
    """Return the FLOPs of a complex fast Fourier transform, 5 n log2 n.

    The usual convention, that of FFTW's benchmarks (Frigo and Johnson, 2005): it stands for the
    work whatever algorithm is used; a transform of real numbers is half of it.
    """
    return round(5 * length * log2(length)) if length > 0 else 0


def _dft(call: Call) -> Cost:
    """Count a DFT of ``[..., length, ..., 1 or 2]`` along one axis, others being batch."""
    into = call.shape(0)
    axis = call.integer(2) if call.has(2) else call.node.get_int("axis", _default_axis(call))
    if into is None or axis is None or not -len(into) <= axis < len(into):
        return _FREE_FLOPS
    length = call.integer(1) if call.has(1) else into[axis]
    if length is None or not into[axis]:
        return _FREE_FLOPS
    transforms = prod(into[:-1]) // into[axis]
    return Cost(0, transforms * fft_flops(length) // (1 if into[-1] == 2 else 2))


def _default_axis(call: Call) -> int:
    """Return the axis of a DFT that doesn't name one: the first signal axis before opset 20."""
    return 1 if call.model.opsets.get("", 20) < 20 else -2


def _stft(call: Call) -> Cost:
    """Count the transforms of the frames ``[batch, frames, bins, 2]`` and their window."""
    signal, out, window = call.shape(0), call.out(), call.shape(2)
    length = call.integer(3) if call.has(3) else window[0] if window else None
    if signal is None or out is None or length is None:
        return _FREE_FLOPS
    flops = fft_flops(length) // (1 if signal[-1] == 2 else 2)
    return Cost(0, prod(out[:2]) * (flops + (length if call.has(2) else 0)))


def _det(call: Call) -> Cost:
    """Count determinants by LU decomposition: 2/3 n^3 each."""
    into = call.shape(0)
    return _FREE_FLOPS if not into else Cost(0, prod(into) * into[-1] * 2 // 3)


TRANSFORM: Mapping[str, Count] = {"DFT": _dft, "STFT": _stft, "Det": _det}
