"""Output shapes of operators that look up, reduce, count or generate elements."""

import math
from collections.abc import Mapping

from cnnlint.model.defect import Kind
from cnnlint.model.graph import Dim, Shape
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
    spell,
)


def _gather(call: Call) -> Shapes:
    data, indices = call.shape(0), call.shape(1)
    axis = one_axis(call.attr_int("axis", 0), len(data))
    return ((*data[:axis], *indices, *data[axis + 1 :]),)


def _gather_elements(call: Call) -> Shapes:
    data, indices = call.shape_or_none(0), call.shape(1)
    if data is not None:
        one_axis(call.attr_int("axis", 0), len(data))
        if len(data) != len(indices):
            clash = f"the indices have {len(indices)} axes, the input {len(data)}"
            raise Contradiction(clash, Kind.RANK)
    return (indices,)


def _gather_nd(call: Call) -> Shapes:
    """(indices but their last axis, the axes of data that an index doesn't reach)."""
    data, indices = call.shape(0), call.shape(1)
    batch = call.attr_int("batch_dims", 0)
    if not indices:
        raise Contradiction("the indices are a scalar", Kind.RANK)
    reach = indices[-1]
    if reach is None:
        raise Unresolved
    if not 0 <= reach <= len(data) - batch:  # an index of no numbers stands for all of data
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
    if call.has(1) and len(call.vector(1) or (None,)) != 1:
        raise Contradiction("k is more than one number", Kind.LENGTH)
    k = (call.vector(1) or (None,))[0] if call.has(1) else call.needed_int("k")
    size = data[axis]
    if k is not None and size is not None and k > size:
        raise Contradiction(f"the top {k} of {size}", Kind.NODE)
    shape = (*data[:axis], k, *data[axis + 1 :])
    return (shape, shape)


def _reduce(call: Call) -> Shapes:
    data = call.shape(0)
    keep = call.attr_int("keepdims", 1) == 1
    try:
        return (_without(data, reduced_axes(call, len(data)), keep=keep),)
    except Unresolved:
        return ((None,) * len(data) if keep else None,)


def reduced_axes(call: Call, rank: int) -> tuple[int, ...]:
    """Return the axes that a Reduce operator folds up; runtimes let one be named twice.

    Raises:
        Contradiction: one does not exist.
        Unresolved: they are unknown.
    """
    axes = call.setting("axes", 1) if call.sets("axes", 1) else ()
    if axes is None:
        raise Unresolved
    if not axes:
        return () if call.attr_int("noop_with_empty_axes", 0) else tuple(range(rank))
    return tuple(dict.fromkeys(one_axis(axis, rank) for axis in all_known(axes)))


def _without(data: Shape, axes: tuple[int, ...], *, keep: bool) -> Shape:
    if keep:
        return tuple(1 if axis in axes else d for axis, d in enumerate(data))
    return tuple(d for axis, d in enumerate(data) if axis not in axes)


def _arg_reduce(call: Call) -> Shapes:
    data = call.shape(0)
    axis = one_axis(call.attr_int("axis", 0), len(data))
    return (_without(data, (axis,), keep=call.attr_int("keepdims", 1) == 1),)


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
    return (call.vector(0),)


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


def _compress(call: Call) -> Shapes:
    """The slices along an axis, or the elements, where the condition is true.

    onnxruntime reads no more of the condition than there is of the data.
    """
    data = call.shape(0)
    if "axis" not in call.node.attrs:
        return ((_selected(call, product(data)),),)
    axis = one_axis(call.attr_int("axis", 0), len(data))
    return ((*data[:axis], _selected(call, data[axis]), *data[axis + 1 :]),)


def _selected(call: Call, size: Dim) -> Dim:
    """Return how many of ``size`` places the condition of a Compress is true at."""
    condition = call.whole_or_none(1)
    if condition is None or (size is None and condition.any()):
        return None
    return int((condition.reshape(-1)[:size] != 0).sum())


def _unique(call: Call) -> Shapes:
    """The distinct elements or slices, then where each comes first, which each is, how many."""
    data, found = call.shape(0), (None,)
    if "axis" not in call.node.attrs:
        return (found, found, (product(data),), found)
    axis = one_axis(call.attr_int("axis", 0), len(data))
    return ((*data[:axis], None, *data[axis + 1 :]), found, (data[axis],), found)


def _multinomial(call: Call) -> Shapes:
    """(N, samples) from (N, classes)."""
    data, samples = call.shape(0), call.attr_int("sample_size", 1)
    if len(data) != 2:
        raise Contradiction(f"the input has {len(data)} axes where 2 are needed", Kind.RANK)
    return ((data[0], samples),)


def _tf_idf(call: Call) -> Shapes:
    """(N, n-grams) from (N, words); N may be left out."""
    data, places = call.shape(0), call.attr_ints("ngram_indexes")
    if len(data) not in {1, 2}:
        raise Contradiction(f"the input has {len(data)} axes where 1 or 2 are needed", Kind.RANK)
    return ((*data[:-1], max(places) + 1 if places else None),)


def _non_max_suppression(call: Call) -> Shapes:
    """(selected boxes, 3) of boxes (N, boxes, 4) and scores (N, classes, boxes).

    How many are selected depends on the data.
    """
    boxes, scores = call.value(0).shape, call.value(1).shape
    if boxes is not None and (len(boxes) != 3 or boxes[2] not in {None, 4}):
        raise Contradiction(f"the boxes are {spell(boxes)}, not so many of 4 numbers", Kind.RANK)
    if scores is not None and len(scores) != 3:
        raise Contradiction(f"the scores have {len(scores)} axes where 3 are needed", Kind.RANK)
    if boxes is not None and scores is not None:
        one_dim(boxes[1], scores[2], f"{boxes[1]} boxes with scores for {scores[2]}")
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
    "Compress": _compress,
    "Unique": _unique,
    "Multinomial": _multinomial,
    "TfIdfVectorizer": _tf_idf,
    "Col2Im": _col_to_im,
    "CenterCropPad": _center_crop_pad,
}
