"""Output shapes of operators that resize feature maps: Resize and Upsample."""

from collections.abc import Mapping, Sequence

import numpy as np

from cnnlint.model.defect import Kind
from cnnlint.model.graph import Shape
from cnnlint.model.inference.call import Call, Contradiction, Handler, Shapes, all_axes, product


def _resize(call: Call) -> Shapes:
    """Shape of Resize: by sizes or scales; opset 10 has the scales where later ones have roi."""
    data = call.shape(0)
    at = 1 if call.opset < 11 else 2
    _one_of_both(call, at)
    axes = all_axes(call.attr_ints("axes") or range(len(data)), len(data))
    if call.has(3) and call.shape_or_none(3) != (0,):
        return (_resized_to(call, data, axes),)
    if call.node.get_str("coordinate_transformation_mode", "") == "tf_crop_and_resize":
        return (tuple(None if axis in axes else d for axis, d in enumerate(data)),)
    return (_rescaled(data, axes, _scales(call, at, len(axes))),)


def _one_of_both(call: Call, at: int) -> None:
    """Refuse a Resize that gives both scales and sizes, or neither; an empty list is none."""
    if at == 1:
        return
    given = [call.has(index) and call.shape_or_none(index) != (0,) for index in (at, 3)]
    if all(given) and all(call.shape_or_none(index) not in {None, (None,)} for index in (at, 3)):
        raise Contradiction("scales and sizes are both given", Kind.NODE)
    if call.is_since(11) and not any(given):
        raise Contradiction("neither scales nor sizes are given", Kind.NODE)


def _upsample(call: Call) -> Shapes:
    data = call.shape(0)
    if "width_scale" in call.node.attrs:  # opset 1
        sides = (call.node.get_float(f"{side}_scale", 1.0) for side in ("height", "width"))
        return (_rescaled(data, range(len(data)), [1.0] * (len(data) - 2) + list(sides)),)
    scales = _scales(call, 1, len(data))
    for scale in scales:
        if scale is not None and scale < 1:
            raise Contradiction(f"a scale of {scale:g} makes smaller", Kind.NODE)
    return (_rescaled(data, range(len(data)), scales),)


def _scales(call: Call, index: int, axes: int) -> Sequence[float | None]:
    """Return the scale of each axis, None where it is unknown."""
    attribute, whole = call.node.attrs.get("scales"), call.whole_or_none(index)
    if isinstance(attribute, tuple):
        scales = [float(scale) for scale in attribute]
    elif whole is None:
        shape = call.shape_or_none(index)
        if shape is not None and product(shape) not in {None, axes}:
            raise Contradiction(f"scales for {axes} axes are needed", Kind.NODE)
        return [None] * axes
    else:
        scales = whole[: axes + 1].tolist()
    if len(scales) != axes:
        raise Contradiction(f"scales for {axes} axes are needed", Kind.NODE)
    return list(scales)


def _rescaled(data: Shape, axes: Sequence[int], scales: Sequence[float | None]) -> Shape:
    """Return floor(size * scale), in 32-bit floats as runtimes reckon it."""
    out = list(data)
    for axis, scale in zip(axes, scales, strict=True):
        size = out[axis]
        if scale is not None and not 0 < scale < np.inf:
            raise Contradiction(f"a scale of {scale:g}", Kind.NODE)
        known = size is not None and scale is not None
        out[axis] = int(np.float32(size) * np.float32(scale)) if known else None
    return tuple(out)


def _resized_to(call: Call, data: Shape, axes: Sequence[int]) -> Shape:
    sizes = call.input_ints(3)
    if sizes is None:
        return tuple(None if axis in axes else d for axis, d in enumerate(data))
    if len(sizes) != len(axes):
        raise Contradiction(f"{len(sizes)} sizes for {len(axes)} axes", Kind.NODE)
    policy = call.node.get_str("keep_aspect_ratio_policy", "stretch")
    out = list(data)
    for axis, size in zip(axes, sizes, strict=True):
        if size is not None and size < 1 and policy == "stretch":
            raise Contradiction(f"a size of {size}", Kind.SIZE)
        out[axis] = size
    if policy == "stretch":
        return tuple(out)
    pairs = [(data[axis], out[axis]) for axis in axes]
    ratios = [s / d for d, s in pairs if d and s is not None]
    known = len(ratios) == len(pairs)
    scale = (min if policy == "not_larger" else max)(ratios) if known else None
    for axis, (size, _) in zip(axes, pairs, strict=True):
        out[axis] = None if scale is None or size is None else int(size * scale + 0.5)
    return tuple(out)


RESIZING: Mapping[str, Handler] = {
    "Resize": _resize,
    "Upsample": _upsample,
}
