"""Windows that slide over a feature map, and the output shapes of convolutions.

Layout is NCHW (N, channels, then the spatial axes) unless a name says NHWC. Size formulas:
ONNX operator specifications Conv, ConvTranspose, MaxPool, AveragePool.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from cnnlint.model.defect import Kind
from cnnlint.model.graph import Dim, Shape, StaticShape
from cnnlint.model.inference.call import (
    Call,
    Contradiction,
    Handler,
    Shapes,
    Unresolved,
    one_dim,
    one_shape,
    product,
    spell,
)


@dataclass(frozen=True, slots=True)
class Window:
    """A sliding window, one entry a spatial axis. ``same`` pads to ceil(size / stride)."""

    kernel: Shape
    strides: StaticShape
    dilations: StaticShape
    begin: StaticShape
    end: StaticShape
    same: bool

    def reach(self, axis: int) -> Dim:
        """Return how many pixels the window spans, holes of dilation included."""
        kernel = self.kernel[axis]
        return None if kernel is None else (kernel - 1) * self.dilations[axis] + 1

    def slid_over(self, sizes: Shape, *, ceil: bool = False) -> Shape:
        """Return how many positions the window has along each axis of a map."""
        if self.same:
            return tuple(
                None if size is None else -(-size // stride)
                for size, stride in zip(sizes, self.strides, strict=True)
            )
        return tuple(self._positions(axis, size, ceil=ceil) for axis, size in enumerate(sizes))

    def _positions(self, axis: int, size: Dim, *, ceil: bool) -> Dim:
        reach = self.reach(axis)
        if size is None or reach is None:
            return None
        begin, end = self.begin[axis], self.end[axis]
        count = count_windows(size, reach, self.strides[axis], (begin, end), ceil=ceil)
        if count <= 0:
            raise Contradiction(
                f"a window of {reach} does not fit into the padded input of {size + begin + end}",
                Kind.FIT,
            )
        return count


def count_windows(
    size: int, reach: int, stride: int, pads: tuple[int, int], *, ceil: bool = False
) -> int:
    """Return the number of window positions along one axis; 0 or less where none fits.

    ``reach`` is the dilated window. With ``ceil`` the last window may stick out at the end, but
    must start inside the input or the padding before it.
    """
    room = size + pads[0] + pads[1] - reach
    if not ceil:
        return room // stride + 1
    count = -(-room // stride) + 1
    return count - 1 if (count - 1) * stride >= size + pads[0] else count


def read_window(call: Call, kernel: Shape) -> Window:
    """Read strides, dilations and padding of a node.

    Raises:
        Contradiction: lists of the wrong length, sizes below 1, an unknown auto_pad.
    """
    axes = len(kernel)
    auto_pad = call.node.get_str("auto_pad", "NOTSET")
    if auto_pad not in {"", "NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"}:
        raise Contradiction("auto_pad has an unknown value", Kind.WINDOW)
    pads = _pads(call, 2 * axes)
    if auto_pad not in {"", "NOTSET"}:
        if "Conv" in call.node.op and any(pads):  # pooling goes by auto_pad then
            raise Contradiction(f"auto_pad {auto_pad} and pads are both given", Kind.WINDOW)
        pads = (0,) * (2 * axes)
    same = auto_pad.startswith("SAME")
    strides, dilations = (
        list_or_default(call, "strides", axes, 1),
        list_or_default(call, "dilations", axes, 1),
    )
    for name, sizes in (("stride", strides), ("dilation", dilations), ("kernel size", kernel)):
        for size in sizes:
            if size is not None and size < 1:
                raise Contradiction(f"a {name} of {size}", Kind.WINDOW)
    return Window(kernel, strides, dilations, pads[:axes], pads[axes:], same)


def _pads(call: Call, length: int) -> StaticShape:
    pads = list_or_default(call, "pads", length, 0)
    if min(pads, default=0) < 0:
        raise Contradiction(f"a padding of {min(pads)}", Kind.WINDOW)
    return pads


def list_or_default(call: Call, name: str, length: int, default: int) -> StaticShape:
    """Return a list of integers of a node; all are the default where it's absent or empty.

    Raises:
        Contradiction: it has another length.
    """
    values = call.attr_ints(name)
    if not values:
        return (default,) * length
    if len(values) != length:
        raise Contradiction(
            f"{name} has {len(values)} values where {length} are needed", Kind.WINDOW
        )
    return values


def kernel_of(call: Call, weight: Shape) -> Shape:
    """Return the spatial kernel sizes, from the attribute and the weight together.

    Raises:
        Contradiction: they differ, or the weight is empty.
    """
    if 0 in weight:
        raise Contradiction(f"the weight is {spell(weight)}: it holds no numbers", Kind.EMPTY)
    sizes, stored = call.attr_ints("kernel_shape"), weight[2:]
    if not sizes:
        return stored
    clash = f"kernel_shape is {spell(sizes)}, the weight is {spell(stored)}"
    if len(sizes) != len(stored):
        raise Contradiction(clash, Kind.KERNEL)
    return tuple(one_dim(a, b, clash, Kind.KERNEL) for a, b in zip(sizes, stored, strict=True))


def _data_and_weight(call: Call, x: int, w: int) -> tuple[Shape, Shape]:
    """Return the shapes of both operands; the rank of one tells that of the other."""
    data, weight = call.value(x).shape, call.value(w).shape
    known = weight if data is None else data
    if known is None:
        raise Unresolved
    unknown = (None,) * len(known)
    data, weight = (unknown if shape is None else shape for shape in (data, weight))
    if len(data) < 3:
        clash = f"the input has {len(data)} axes, a convolution needs 3 or more"
        raise Contradiction(clash, Kind.RANK)
    if len(data) != len(weight):
        raise Contradiction(f"the weight has {len(weight)} axes, the input {len(data)}", Kind.RANK)
    return data, weight


def _group(call: Call) -> int:
    group = call.attr_int("group", 1)
    if group < 1:
        raise Contradiction(f"a group count of {group}", Kind.GROUPS)
    return group


def _divides(group: int, channels: Dim, kind: str) -> None:
    if channels is not None and channels % group:
        clash = f"{channels} {kind} channels do not divide into {group} groups"
        raise Contradiction(clash, Kind.GROUPS)


def _takes(channels: Dim, weight: Dim) -> None:
    if channels is not None and weight is not None and channels != weight:
        clash = f"weight takes {weight} input channels, the input has {channels}"
        raise Contradiction(clash, Kind.CHANNELS)


def _bias(call: Call, index: int | None, channels: Dim) -> None:
    shape = None if index is None else call.shape_or_none(index)
    if shape is not None and len(shape) != 1:
        raise Contradiction(f"bias has {len(shape)} axes where 1 is needed", Kind.RANK)
    count = shape[0] if shape else None
    if count is not None and channels is not None and count != channels:
        clash = f"bias has {count} values for {channels} output channels"
        raise Contradiction(clash, Kind.LENGTH)


def _conv(x: int = 0, w: int = 1, b: int | None = 2) -> Handler:
    """Return the handler of a convolution whose operands stand at these inputs."""

    def conv(call: Call) -> Shapes:
        return (_convolved(call, *_data_and_weight(call, x, w), b),)

    return conv


def _convolved(call: Call, data: Shape, weight: Shape, b: int | None) -> Shape:
    kernel = kernel_of(call, weight)
    group, channels = _group(call), weight[0]
    _divides(group, data[1], "input")
    _divides(group, channels, "output")
    _takes(data[1], None if weight[1] is None else weight[1] * group)
    _bias(call, b, channels)
    window = read_window(call, kernel)
    return (data[0], channels, *window.slid_over(data[2:]))


def _deform_conv(call: Call) -> Shapes:
    """Shape of a deformable convolution: offset is (N, offset groups * taps * axes, output ...).

    The mask, input 4, is (N, offset groups * taps, output ...).
    """
    data, weight = _data_and_weight(call, 0, 1)
    out = _convolved(call, data, weight, 3)
    taps, groups = product(kernel_of(call, weight)), call.attr_int("offset_group", 1)
    for index, what, each in ((2, "offset", len(data) - 2), (4, "mask", 1)):
        shape = call.shape_or_none(index)
        if shape is None:
            continue
        wanted = (data[0], None if taps is None else groups * taps * each, *out[2:])
        clash = f"the {what} is {spell(shape)} where {spell(wanted)} is needed"
        one_shape(shape, wanted, clash)
    return (out,)


def _nhwc_conv(x: int = 0, w: int = 1, b: int = 2) -> Handler:
    """Return the same for an input whose channels come last; the weight stays OIHW."""

    def conv(call: Call) -> Shapes:
        data, weight = _data_and_weight(call, x, w)
        n, channels, *spatial = _convolved(call, (data[0], data[-1], *data[1:-1]), weight, b)
        return ((n, *spatial, channels),)

    return conv


def _qlinear_conv_microsoft(call: Call) -> Shapes:
    last = call.attr_int("channels_last", 0)
    return _nhwc_conv(0, 3, 8)(call) if last else _conv(0, 3, 8)(call)


def _conv_transpose(call: Call) -> Shapes:
    """Shape of a transposed convolution; its weight is (C_in, C_out / group, spatial ...)."""
    data, weight = _data_and_weight(call, 0, 1)
    kernel = kernel_of(call, weight)
    group = _group(call)
    _divides(group, data[1], "input")
    _takes(data[1], weight[0])
    channels = None if weight[1] is None else weight[1] * group
    _bias(call, 2, channels)
    window = read_window(call, kernel)
    return ((data[0], channels, *transposed_sizes(call, window, data[2:])),)


def transposed_sizes(call: Call, window: Window, sizes: Shape) -> Shape:
    """Return the spatial sizes of the output of a transposed convolution, or of unpooling.

    Raises:
        Contradiction: nothing is left of it, or it can't have the size that is asked for.
    """
    asked = call.attr_ints("output_shape")
    if asked and len(asked) == len(sizes) + 2:  # some exporters give batch and channels too
        return _reachable(window, sizes, asked[2:])
    if asked:
        return _reachable(window, sizes, list_or_default(call, "output_shape", len(sizes), 1))
    extra = list_or_default(call, "output_padding", len(sizes), 0)
    out: list[Dim] = []
    for axis, size in enumerate(sizes):
        reach, stride = window.reach(axis), window.strides[axis]
        if not 0 <= extra[axis] < max(stride, window.dilations[axis]) and extra[axis]:
            clash = f"an output_padding of {extra[axis]} beside a stride of {stride}"
            raise Contradiction(clash, Kind.WINDOW)
        if size is None or reach is None:
            out.append(None)
            continue
        pads = window.begin[axis] + window.end[axis]
        full = (size - 1) * stride + reach + extra[axis] - pads
        out.append(size * stride if window.same else full)
        if full < 1:
            raise Contradiction(
                f"a padding of {pads} leaves nothing of an output of {full + pads}", Kind.FIT
            )
    return tuple(out)


def _reachable(window: Window, sizes: Shape, asked: StaticShape) -> StaticShape:
    """Return the sizes that a transposed convolution is asked for; padding makes them smaller."""
    for axis, (size, wanted) in enumerate(zip(sizes, asked, strict=True)):
        if wanted < 1:
            raise Contradiction(f"an output_shape of {wanted}", Kind.SIZE)
        reach, stride = window.reach(axis), window.strides[axis]
        if size is not None and reach is not None and wanted >= size * stride + reach:
            most = size * stride + reach - 1
            clash = f"an output_shape of {wanted} where at most {most} can be reached"
            raise Contradiction(clash, Kind.SIZE)
    return asked


WINDOW: Mapping[str, Handler] = {
    "Conv": _conv(),
    "ConvInteger": _conv(b=None),
    "QLinearConv": _conv(0, 3, 8),
    "DeformConv": _deform_conv,
    "ConvTranspose": _conv_transpose,
}
MICROSOFT_WINDOW: Mapping[str, Handler] = {
    "FusedConv": _conv(),
    "NhwcConv": _nhwc_conv(),
    "NhwcFusedConv": _nhwc_conv(),
    "QLinearConv": _qlinear_conv_microsoft,
}
