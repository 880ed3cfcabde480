"""Output shapes of pooling, and of what else samples a feature map by windows or points.

Layout is NCHW (N, channels, then the spatial axes) unless a name says NHWC.
"""

from collections.abc import Mapping

from cnnlint.model.defect import Kind
from cnnlint.model.graph import Shape
from cnnlint.model.inference.call import Call, Contradiction, Handler, Shapes, one_dim, spell
from cnnlint.model.inference.window import list_or_default, read_window, transposed_sizes


def _pool(call: Call) -> Shapes:
    """Shape of a pooling layer; MaxPool may give the indices as a second output."""
    data = call.shape(0)
    shape = _pooled(call, data)
    return (shape, shape)


def _pooled(call: Call, data: Shape) -> Shape:
    kernel = call.attr_ints("kernel_shape")
    if not kernel:
        raise Contradiction("attribute kernel_shape is missing", Kind.NODE)
    if len(data) != len(kernel) + 2:
        clash = f"a window of {len(kernel)} axes on an input with {len(data)} axes"
        raise Contradiction(clash, Kind.RANK)
    window = read_window(call, kernel)
    for pads in (window.begin, window.end):
        for pad, size in zip(pads, kernel, strict=True):
            if pad >= size:  # such a window would see nothing but padding
                raise Contradiction(f"a padding of {pad} beside a window of {size}", Kind.WINDOW)
    return (*data[:2], *window.slid_over(data[2:], ceil=bool(call.attr_int("ceil_mode", 0))))


def _nhwc_pool(call: Call) -> Shapes:
    data = call.shape(0)
    if call.node.op == "QLinearAveragePool" and not call.attr_int("channels_last", 0):
        return (_pooled(call, data),)
    if len(data) < 3:
        clash = f"pooling needs 3 axes or more, the input has {len(data)}"
        raise Contradiction(clash, Kind.RANK)
    n, channels, *spatial = _pooled(call, (data[0], data[-1], *data[1:-1]))
    return ((n, *spatial, channels),)


def _global_pool(call: Call) -> Shapes:
    data = call.shape(0)
    if len(data) < 2:
        clash = f"global pooling needs 2 axes or more, the input has {len(data)}"
        raise Contradiction(clash, Kind.RANK)
    if call.attr_int("channels_last", 0):  # com.microsoft.QLinearGlobalAveragePool
        return ((data[0], *(1,) * (len(data) - 2), data[-1]),)
    return ((*data[:2], *(1,) * (len(data) - 2)),)


def _max_unpool(call: Call) -> Shapes:
    data = call.shape(0)
    if call.has(2):
        return (call.input_ints(2),)
    kernel = call.attr_ints("kernel_shape") or ()
    if len(data) != len(kernel) + 2:
        clash = f"a window of {len(kernel)} axes on an input with {len(data)} axes"
        raise Contradiction(clash, Kind.RANK)
    return ((*data[:2], *transposed_sizes(call, read_window(call, kernel), data[2:])),)


def _roi_pool(call: Call) -> Shapes:
    """(rois, C, height, width): RoiAlign with two attributes, MaxRoiPool with one list."""
    data, rois = call.shape(0), call.shape_or_none(1)
    if len(data) != 4:
        clash = f"regions are pooled from 4 axes, the input has {len(data)}"
        raise Contradiction(clash, Kind.RANK)
    corners = 5 if call.node.op == "MaxRoiPool" else 4
    if rois is not None and (len(rois) != 2 or rois[1] not in {None, corners}):
        clash = f"the regions are {spell(rois)}, not so many of {corners} numbers"
        raise Contradiction(clash, Kind.RANK)
    count = rois[0] if rois else None
    if call.node.op == "MaxRoiPool":
        size = list_or_default(call, "pooled_shape", 2, 1)
    else:
        size = (call.attr_int("output_height", 1), call.attr_int("output_width", 1))
    if min(size) < 1:
        raise Contradiction(f"regions are pooled to {spell(size)}", Kind.SIZE)
    return ((count, data[1], *size),)


def _grid_sample(call: Call) -> Shapes:
    """(N, C, the spatial axes of the grid): grid is (N, spatial ..., coordinates)."""
    data, grid = call.shape(0), call.shape(1)
    if len(data) != len(grid):
        raise Contradiction(f"the grid has {len(grid)} axes, the input {len(data)}", Kind.RANK)
    clash = f"the grid holds {grid[-1]} coordinates for {len(data) - 2} axes" if grid else ""
    if not grid or grid[-1] not in {None, len(data) - 2}:
        raise Contradiction(clash or "the grid is a scalar")
    batch = one_dim(data[0], grid[0], f"a batch of {data[0]} with a grid for {grid[0]}")
    return ((batch, data[1], *grid[1:-1]),)


POOLING: Mapping[str, Handler] = {
    "MaxPool": _pool,
    "AveragePool": _pool,
    "LpPool": _pool,
    "GlobalAveragePool": _global_pool,
    "GlobalMaxPool": _global_pool,
    "GlobalLpPool": _global_pool,
    "MaxUnpool": _max_unpool,
    "RoiAlign": _roi_pool,
    "MaxRoiPool": _roi_pool,
    "GridSample": _grid_sample,
}
MICROSOFT_POOLING: Mapping[str, Handler] = {
    "NhwcMaxPool": _nhwc_pool,
    "QLinearAveragePool": _nhwc_pool,
    "QLinearGlobalAveragePool": _global_pool,
    "GridSample": _grid_sample,
}
