"""Output shapes of operators that look up, reduce, count or generate elements."""

import math
from collections.abc import Mapping

from cnnlint.model.defect import Kind
from cnnlint.model.graph import Shape
from cnnlint.model.inference.call import (
    Call,
    Contradiction,
    Handler,
    Shapes,
    Unresolved,
    all_axes,
    all_known,
    one_axis,
    one_dim,
    product,
)


def _gather(call: Call) -> Shapes:
    data, indices = call.shape(0), call.shape(1)
    axis = one_axis(call.attr_int("axis", 0), len(data))
    return ((*data[:axis], *indices, *data[axis + 1 :]),)


def _gather_elements(call: Call) -> Shapes:
    return (call.shape(1),)


def _gather_nd(call: Call) -> Shapes:
    """(indices but their last axis, the axes of data that an index doesn't reach)."""
    data, indices = call.shape(0), call.shape(1)
    batch = call.attr_int("batch_dims", 0)
    if not indices:
        raise Contradiction("the indices are a scalar", Kind.RANK)
    reach = indices[-1]
    if reach is None:
        raise Unresolved
    if not 0 < reach <= len(data) - batch:
        raise Contradiction(f"indices of {reach} numbers into {len(data) - batch} axes", Kind.RANK)
    return ((*indices[:-1], *data[batch + reach :]),)


def _one_hot(call: Call) -> Shapes:
    indices, depth = call.shape(0), call.whole_or_none(1)
    axis = one_axis(call.attr_int("axis", -1), len(indices) + 1)
    size = None if depth is None else int(depth.reshape(-1)[0])
    return ((*indices[:axis], size, *indices[axis:]),)


def _top_k(call: Call) -> Shapes:
    data = call.shape(0)
    axis = one_axis(call.attr_int("axis", -1), len(data))
    k = (call.input_ints(1) or (None,))[0] if call.has(1) else call.needed_int("k")
    size = data[axis]
    if k is not None and size is not None and k > size:
        raise Contradiction(f"the top {k} of {size}", Kind.NODE)
    shape = (*data[:axis], k, *data[axis + 1 :])
    return (shape, shape)


def _reduce(call: Call) -> Shapes:
    data = call.shape(0)
    keep = bool(call.attr_int("keepdims", 1))
    try:
        return (_without(data, reduced_axes(call, len(data)), keep=keep),)
    except Unresolved:
        return ((None,) * len(data) if keep else None,)


def reduced_axes(call: Call, rank: int) -> tuple[int, ...]:
    """Return the axes that a Reduce operator folds up.

    Raises:
        Contradiction: one does not exist.
        Unresolved: they are unknown.
    """
    axes = call.setting("axes", 1) if call.sets("axes", 1) else ()
    if axes is None:
        raise Unresolved
    if not axes:
        return () if call.attr_int("noop_with_empty_axes", 0) else tuple(range(rank))
    return all_axes(all_known(axes), rank)


def _without(data: Shape, axes: tuple[int, ...], *, keep: bool) -> Shape:
    if keep:
        return tuple(1 if axis in axes else d for axis, d in enumerate(data))
    return tuple(d for axis, d in enumerate(data) if axis not in axes)


def _arg_reduce(call: Call) -> Shapes:
    data = call.shape(0)
    axis = one_axis(call.attr_int("axis", 0), len(data))
    return (_without(data, (axis,), keep=bool(call.attr_int("keepdims", 1))),)


def _shape(call: Call) -> Shapes:
    shape = call.value(0).shape
    if shape is None:
        return ((None,),)
    return ((len(shape[shape_part(call)]),),)


def shape_part(call: Call) -> slice:
    """Return which axes a Shape operator tells of (``start`` and ``end``, since opset 15)."""
    end = call.attr_int("end", 0) if "end" in call.node.attrs else None
    return slice(call.attr_int("start", 0), end)


def _size(call: Call) -> Shapes:
    call.value(0)
    return ((),)


def _constant_of_shape(call: Call) -> Shapes:
    return (call.input_ints(0),)


def _random(call: Call) -> Shapes:
    shape = call.attr_ints("shape")
    if shape is None:
        raise Contradiction("attribute shape is missing", Kind.NODE)
    return (shape,)


def _range(call: Call) -> Shapes:
    """(max(0, ceil((limit - start) / delta)),)."""
    bounds = [bound for bound in map(call.whole_or_none, range(3)) if bound is not None]
    if len(bounds) < 3:
        return ((None,),)
    start, limit, delta = (bound.reshape(-1)[0].item() for bound in bounds)
    if not delta or not all(map(math.isfinite, (start, limit, delta))):
        clash = f"a range from {start:g} to {limit:g} in steps of {delta:g}"
        raise Contradiction(clash, Kind.NODE)
    if isinstance(delta, int):
        return ((max(0, -((start - limit) // delta)),),)
    return ((max(0, math.ceil((limit - start) / delta)),),)


def _non_zero(call: Call) -> Shapes:
    """(axes, how many are not zero): known of known numbers only."""
    data, numbers = call.shape(0), call.whole_or_none(0)
    return ((len(data), None if numbers is None else int((numbers != 0).sum())),)


def _non_max_suppression(call: Call) -> Shapes:
    """(selected boxes, 3): how many are selected depends on the data."""
    call.value(0)
    return ((None, 3),)


def _affine_grid(call: Call) -> Shapes:
    """(N, spatial sizes, coordinates) from a size of (N, C, spatial ...)."""
    size = call.input_ints(1)
    if size is None:
        raise Unresolved
    return ((*size[:1], *size[2:], len(size) - 2),)


def _col_to_im(call: Call) -> Shapes:
    """(N, C / block, image sizes) from columns of (N, C, positions)."""
    data, image, block = call.shape(0), call.input_ints(1), call.input_ints(2)
    if image is None or block is None:
        raise Unresolved
    size, rows = product(block), data[1]
    if size is None or rows is None:
        return ((data[0], None, *image),)
    if size < 1 or rows % size:
        clash = f"{rows} rows do not divide into blocks of {size}"
        raise Contradiction(clash, Kind.ELEMENTS)
    return ((data[0], rows // size, *image),)


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


def _center_crop_pad(call: Call) -> Shapes:
    data, target = call.shape(0), call.input_ints(1)
    axes = all_axes(call.attr_ints("axes") or range(len(data)), len(data))
    if target is None:
        raise Unresolved
    clash = f"{len(target)} sizes for {len(axes)} axes"
    one_dim(len(target), len(axes), clash, Kind.NODE)
    sizes = dict(zip(axes, target, strict=True))
    return (tuple(sizes.get(axis, d) for axis, d in enumerate(data)),)


_REDUCERS = "L1 L2 LogSum LogSumExp Max Mean Min Prod Sum SumSquare"
SELECT: Mapping[str, Handler] = {
    **{f"Reduce{name}": _reduce for name in _REDUCERS.split()},
    "Gather": _gather,
    "GatherElements": _gather_elements,
    "GatherND": _gather_nd,
    "OneHot": _one_hot,
    "TopK": _top_k,
    "ArgMax": _arg_reduce,
    "ArgMin": _arg_reduce,
    "Shape": _shape,
    "Size": _size,
    "ConstantOfShape": _constant_of_shape,
    "RandomNormal": _random,
    "RandomUniform": _random,
    "Range": _range,
    "NonZero": _non_zero,
    "NonMaxSuppression": _non_max_suppression,
    "AffineGrid": _affine_grid,
    "STFT": _stft,
    "Col2Im": _col_to_im,
    "CenterCropPad": _center_crop_pad,
}
