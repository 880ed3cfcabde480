"""Receptive fields against the truth: index sets on an endless line, and pixels in a runtime."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlint.facts.dataflow import data_tensors
from cnnlint.facts.layers import typed_layers
from cnnlint.facts.reach.receptive import Axis, Reach, receptive_fields
from cnnlint.model.graph import Model
from tests.net import Net

LENGTH = 4000
"""Of the line that random chains run along: long enough for any of them."""

Reads = Callable[[int], set[int]]
"""Which positions before a layer one position behind it reads."""


@dataclass(frozen=True)
class Layer:
    """One layer on a line: kernel, stride (or factor), dilation, and padding before."""

    kind: str
    k: int = 1
    s: int = 1
    d: int = 1
    p: int = 0

    def reads(self, place: int) -> set[int]:
        """Return the positions that the definition of the operator names."""
        taps = range(self.k)
        if self.kind == "transposed":
            sources = {(place + self.p - tap * self.d, self.s) for tap in taps}
            return {ahead // s for ahead, s in sources if ahead % s == 0}
        if self.kind == "nearest":
            return {place // self.s}
        return {place * self.s - self.p + tap * self.d for tap in taps}

    def append(self, net: Net) -> Net:
        """Append it to a net."""
        pads: dict[str, Any] = {
            "pads": [self.p, (self.k - 1) * self.d - self.p],
            "strides": [self.s],
        }
        if self.kind == "nearest":
            name = f"scales{len(net.nodes)}"
            net = net.stored(name, np.array([1, 1, self.s], np.float32))
            return net.op("Resize", "", name, mode="nearest")
        if self.kind == "pool":
            return net.op("MaxPool", kernel_shape=[self.k], dilations=[self.d], **pads)
        if self.kind == "transposed":
            pads["pads"] = [self.p, 0]
        op = "ConvTranspose" if self.kind == "transposed" else "Conv"
        name = f"weight{len(net.nodes)}"
        return net.shaped(name, 1, 1, self.k).op(op, name, dilations=[self.d], **pads)


SIZES = {"k": st.integers(1, 5), "d": st.integers(1, 3)}
SLIDING = st.builds(Layer, st.sampled_from(["conv", "pool"]), s=st.integers(1, 3), **SIZES)
TRANSPOSED = st.builds(Layer, st.just("transposed"), s=st.integers(1, 4), **SIZES)
NEAREST = st.builds(Layer, st.just("nearest"), s=st.integers(2, 3))


@st.composite
def padded(draw: st.DrawFn, layers: st.SearchStrategy[Layer]) -> Layer:
    """Draw a layer and how much of its padding comes first."""
    layer = draw(layers)
    before = draw(st.integers(0, min(layer.k - 1, 2) if layer.kind != "nearest" else 0))
    return Layer(layer.kind, layer.k, layer.s, layer.d, before)


LAYERS = padded(st.one_of(SLIDING, TRANSPOSED, NEAREST))
KEEPING = padded(st.builds(Layer, st.sampled_from(["conv", "pool"]), **SIZES))
"""Layers that keep the length, so that branches of them can meet."""


def chained(layers: list[Layer], before: Reads) -> Reads:
    for layer in layers:
        before = follow(layer, before)
    return before


def follow(layer: Layer, before: Reads) -> Reads:
    return lambda place: set().union(*map(before, layer.reads(place)))


def meeting(left: Reads, right: Reads, *, least: bool) -> Reads:
    """Return what a sum reads: both sides, or the one that spans less."""

    def reads(place: int) -> set[int]:
        sides = [left(place), right(place)]
        return min(filter(None, sides), key=span, default=set()) if least else set().union(*sides)

    return reads


def span(pixels: set[int]) -> int:
    return max(pixels) - min(pixels) + 1


def spans(reads: Reads, layers: list[Layer]) -> list[int]:
    """Return how far the places of one period read."""
    period = prod(layer.s for layer in layers if layer.kind in ("transposed", "nearest"))
    return [span(pixels) for place in range(period) if (pixels := reads(place))]


def jump(layers: list[Layer]) -> Fraction:
    up = [layer.kind in ("transposed", "nearest") for layer in layers]
    return prod(
        (
            Fraction(1, layer.s) if u else Fraction(layer.s)
            for layer, u in zip(layers, up, strict=True)
        ),
        start=Fraction(1),
    )


def reach(model: Model, name: str) -> Reach:
    data = data_tensors(model)
    return receptive_fields(model, data, typed_layers(model, data), frozenset())[name]


def on_a_line(layers: list[Layer], net: Net | None = None) -> Net:
    net = net or Net(1, (LENGTH,)).pool(1, 1)
    for layer in layers:
        net = layer.append(net)
    return net


def itself(place: int) -> set[int]:
    return {place}


@given(st.lists(LAYERS, max_size=4))
def test_a_chain_reads_what_index_sets_say(layers: list[Layer]) -> None:
    net = on_a_line(layers)
    read = spans(chained(layers, itself), layers)
    expected = Axis(2, min(read, default=0), max(read, default=0), jump(layers))
    assert reach(net.model(), net.last) == Reach((None, None, expected), is_global=False)


@given(
    st.lists(padded(st.one_of(SLIDING, NEAREST)), max_size=2),
    st.lists(KEEPING, max_size=3),
    st.lists(KEEPING, max_size=3),
    st.lists(LAYERS, max_size=1),
)
def test_branches_read_what_index_sets_say(
    stem: list[Layer], left: list[Layer], right: list[Layer], tail: list[Layer]
) -> None:
    start = on_a_line(stem).mark("stem")
    side = on_a_line(left, start).mark("left")
    net = on_a_line(tail, on_a_line(right, side.goto("stem")).add("left"))
    before = chained(stem, itself)
    sides = chained(right, before), chained(left, before)  # as Add has them: ties go to the first
    layers = [*stem, *tail]
    most = spans(chained(tail, meeting(*sides, least=False)), layers)
    least = spans(chained(tail, meeting(*sides, least=True)), layers)
    found = reach(net.model(), net.last).axes[2]
    assert found == Axis(2, min(least, default=0), max(most, default=0), jump(layers))


# --- pixels in a runtime


def ones(*dims: int) -> "np.ndarray[Any, Any]":
    return np.ones(dims, np.float32)


def weighted(net: Net, k: int = 3, stride: int = 1, *, cin: int = 1) -> Net:
    """Append a convolution that sums its window into one channel."""
    name = f"ones{len(net.nodes)}"
    net = net.stored(name, ones(1, cin, k, k))
    return net.op("Conv", name, width=1, pads=[k // 2] * 4, strides=[stride] * 2)


def resized(net: Net, mode: str, factor: float) -> Net:
    name = f"scales{len(net.nodes)}"
    scales = np.array([1, 1, factor, factor], np.float32)
    return net.stored(name, scales).op("Resize", "", name, mode=mode)


def reshaped(net: Net, *shape: int) -> Net:
    return net.stored(f"shape{len(net.nodes)}", shape).op("Reshape", f"shape{len(net.nodes)}")


def in_windows(net: Net, size: int, side: int) -> Net:
    """Add to each pixel the mean of its window."""
    cut = (-1, 1, side // size, size, side // size, size)
    net = reshaped(net, *cut).mark("cut").op("ReduceMean", axes=[3, 5], keepdims=1).add("cut")
    return reshaped(net, -1, 1, side, side)


def rolled(net: Net, by: int, side: int) -> Net:
    """Roll the rows of a map."""
    at = len(net.nodes)
    for name, place in (("zero", 0), ("at", by % side), ("end", side), ("axis", 2)):
        net = net.stored(f"{name}{at}", [place])
    net = net.mark("x").op("Slice", f"zero{at}", f"at{at}", f"axis{at}").mark("head").goto("x")
    net = net.op("Slice", f"at{at}", f"end{at}", f"axis{at}")
    return net.op("Concat", net.marks["head"][0], axis=2)


def stacked(net: Net) -> Net:
    """Put the pixels of each 2 x 2 block into four channels, by slices."""
    net = net.stored("ends", [99, 99]).stored("axes", [2, 3]).stored("steps", [2, 2]).mark("all")
    for at in range(4):
        net = net.stored(f"corner{at}", [at % 2, at // 2]).goto("all")
        net = net.op("Slice", f"corner{at}", "ends", "axes", "steps").mark(f"piece{at}")
    return net.goto("piece0").concat("piece1").concat("piece2").concat("piece3")


def upsampled(net: Net, k: int, stride: int) -> Net:
    name = f"ones{len(net.nodes)}"
    return net.stored(name, ones(1, 1, k, k)).op("ConvTranspose", name, strides=[stride] * 2)


def map_of(side: int) -> Net:
    return Net(1, side, batch="n")


def shuffled(net: Net, side: int) -> Net:
    """Make a map of twice the size, each pixel four times, by a pixel shuffle in reshapes."""
    net = net.concat("four").concat("four").concat("four")
    net = reshaped(net, -1, 1, 2, 2, side, side).op("Transpose", perm=[0, 1, 4, 2, 5, 3])
    return reshaped(net, -1, 1, 2 * side, 2 * side)


RUN = {
    "three convolutions": weighted(weighted(weighted(map_of(24)), 5, 2)),
    "dilated stride": weighted(weighted(map_of(24), 3, 2), 3, 2),
    "transposed": weighted(upsampled(weighted(map_of(16), 3, 2), 3, 2)),
    "transposed, wide stride": weighted(upsampled(weighted(map_of(16), 3, 2), 5, 3)),
    "nearest": weighted(resized(weighted(map_of(16), 3, 2), "nearest", 2)),
    "linear": weighted(resized(weighted(map_of(16), 3, 2), "linear", 2)),
    "linear, uneven": resized(weighted(map_of(16), 3, 2), "linear", 2.5),
    "cubic": resized(weighted(map_of(24), 3, 2), "cubic", 2),
    "linear, down": resized(weighted(map_of(24)), "linear", 0.5),
    "focus": weighted(stacked(weighted(map_of(16))), cin=4),
    "windows": weighted(in_windows(weighted(map_of(24)), 4, 24)),
    "shifted windows": rolled(in_windows(rolled(weighted(map_of(24)), 2, 24), 4, 24), -2, 24),
    "pixel shuffle": weighted(shuffled(weighted(map_of(12)).mark("four"), 12)),
    "u-net": weighted(
        resized(weighted(weighted(map_of(24)).mark("skip"), 3, 2), "nearest", 2).add("skip")
    ),
}


def affected(net: Net) -> "np.ndarray[Any, np.dtype[np.bool]]":
    """Return whether a pixel changes an output, as [pixel y, pixel x, output y, output x]."""
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    side = net.grid[0]
    model = net.proto().SerializeToString()
    session = runtime.InferenceSession(model, providers=["CPUExecutionProvider"])
    pixels = np.eye(side * side, dtype=np.float32).reshape(-1, 1, side, side)
    changed = np.asarray(session.run(None, {"input": pixels})[0], np.float32)
    changes = np.abs(changed).sum(axis=1).reshape(side, side, *changed.shape[2:])
    return np.asarray(changes > 1e-6)


@pytest.mark.parametrize("net", RUN.values(), ids=RUN)
def test_the_pixels_that_change_an_output(net: Net) -> None:
    seen = affected(net)
    high, wide = (slice(size // 3, size - size // 3) for size in seen.shape[2:])  # off the borders
    widest = []
    for read in (seen[:, :, high].any(axis=(1, 3)), seen[..., wide].any(axis=(0, 2))):
        axis = np.asarray(read)  # [pixel, output]
        places = [np.flatnonzero(axis[:, at]) for at in range(axis.shape[1])]
        widest.append(max(int(place[-1] - place[0]) + 1 for place in places))
    assert list(reach(net.model(), net.last).largest) == widest


def test_a_global_output_changes_with_every_pixel() -> None:
    net = weighted(map_of(8)).gap()
    assert affected(net).all()
    assert reach(net.model(), net.last).is_global
