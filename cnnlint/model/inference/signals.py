"""Output shapes of operators on signals: Fourier transforms, windows, mel filters."""

from collections.abc import Mapping

from cnnlint.model.defect import Kind
from cnnlint.model.graph import Dim
from cnnlint.model.inference.call import Call, Contradiction, Handler, Shapes, one_axis


def _dft(call: Call) -> Shapes:
    """The signal's shape, the length of one axis changed; the last axis holds 1 or 2 parts.

    One-sided, a real signal of n has n // 2 + 1 frequencies, and back 2 (f - 1) samples.
    """
    data = call.shape(0)
    if len(data) < 2:
        raise Contradiction(f"the signal has {len(data)} axes, 2 are the least", Kind.RANK)
    if data[-1] not in {None, 1, 2}:
        raise Contradiction(f"the last axis holds {data[-1]} parts, not 1 or 2")
    inverse, one_sided = bool(call.attr_int("inverse", 0)), bool(call.attr_int("onesided", 0))
    axis = call.attr_int("axis", 1) if call.opset < 20 else _number(call, 2, -2)
    if axis is None:
        return ((None,) * (len(data) - 1) + (1 if inverse and one_sided else 2,),)
    axis = one_axis(axis, len(data))
    if axis == len(data) - 1:
        raise Contradiction("the last axis holds the parts of a number", Kind.AXIS)
    length = _number(call, 1, None) if call.has(1) else data[axis]
    if length is not None and length < 1:
        raise Contradiction(f"a transform of {length} samples", Kind.SIZE)
    if one_sided and inverse and not call.has(1):
        length = None if length is None else 2 * (length - 1)
    elif one_sided and not inverse:
        length = None if length is None else length // 2 + 1
    parts = 1 if inverse and one_sided else 2
    return ((*data[:axis], length, *data[axis + 1 : -1], parts),)


def _number(call: Call, index: int, absent: Dim) -> Dim:
    """Return an input that is one integer, None where it is unknown."""
    if not call.has(index):
        return absent
    numbers = call.input_ints(index)
    return numbers[0] if numbers else None


def _stft(call: Call) -> Shapes:
    """(N, frames, frequencies, 2) of a signal (N, length, 1 or 2), as the specification has it."""
    signal, step, window = call.shape(0), call.input_ints(1), call.shape_or_none(2)
    length = call.input_ints(3) if call.has(3) else None
    frame = length[0] if length else window[0] if window else None
    if not step or step[0] is None or frame is None:
        return ((signal[0], None, None, 2),)
    if step[0] < 1 or frame < 1:
        clash = f"frames of {frame} every {step[0]} samples"
        raise Contradiction(clash, Kind.NODE)
    frames = None if signal[1] is None else (signal[1] - frame) // step[0] + 1
    return ((signal[0], frames, frame // 2 + 1 if call.attr_int("onesided", 1) else frame, 2),)


def _window(call: Call) -> Shapes:
    """(size,) of HannWindow and its like."""
    return ((_number(call, 0, None),),)


def _mel(call: Call) -> Shapes:
    """(frequencies, mel bins) of MelWeightMatrix."""
    bins, length = _number(call, 0, None), _number(call, 1, None)
    return ((None if length is None else length // 2 + 1, bins),)


SIGNALS: Mapping[str, Handler] = {
    "BlackmanWindow": _window,
    "DFT": _dft,
    "HammingWindow": _window,
    "HannWindow": _window,
    "MelWeightMatrix": _mel,
    "STFT": _stft,
}
