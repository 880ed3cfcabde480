"""P406."""

from collections.abc import Iterator
from math import prod
from typing import Annotated

from cnnlint.facts.dataflow import size_in_bytes
from cnnlint.facts.facts import Facts
from cnnlint.facts.layers import Conv, sides, steps
from cnnlint.facts.reach.receptive import in_pixels
from cnnlint.facts.structure.linear import LAYOUT
from cnnlint.lint.finding import Basis, Finding, Fix, Part, Saving, Severity, Silence
from cnnlint.lint.rule import rule

MAX_LAYOUT = 8
"""How many changes of layout in a row are seen through."""


@rule(
    "P406",
    severity=Severity.NOTE,
    basis=Basis.HEURISTIC,
    fix=Fix.UNSAFE,
    proven="ResNet (steps of 2)",
    since="0.1",
    marks=Part.STRIDE,
)
def stride_above_two(
    facts: Facts,
    *,
    max_stride: Annotated[int, "largest stride of which nothing is said"] = 2,
) -> Iterator[Finding | Silence]:
    """Convolution inside the network that downsamples by more than two in one step.

    ## What it does
    Reports a convolution with a stride above `max_stride` on some axis, and computes what steps
    of 2 with 3x3 kernels cost instead. Where the stride is no power of two it computes what the
    layer costs at stride 2. The limit is a house value: networks that are known to work
    seldom take larger strides behind the stem, but for attention.

    ## Why is this bad?
    At stride 4 one position is left of 16, at once, and seldom does the number of channels grow
    as much: what the layer can pass on shrinks abruptly. Two steps of 2 have a layer and an
    activation on the size between.

    ## Example
    `Conv 5x5 s4 16->32` on 64x64 leaves 1/8 of the numbers, for 3,276,800 MACs. Two `Conv 3x3
    s2`, 16->16 and 16->32, cost 3,538,944 MACs and have 6,912 weights instead of 12,800.

    ## When to ignore it
    When the network works as it is; a file doesn't show what is lost. Stems, patches (stride =
    kernel, no padding) of a map that others read too, as for the keys of attention (PVT),
    transposed convolutions and an axis on which the window stands once are left alone. A window
    that steps over positions is P401's, but for a 1x1 kernel, whose step is judged here. Pooling
    has a rule of its own (P407).

    ## References
    - Szegedy et al., Rethinking the Inception Architecture for Computer Vision, 2016, section 2
      (representational bottlenecks)
    """
    for conv in facts.convs:
        reason = _reason(facts, conv, max_stride)
        yield Silence(conv.node, reason) if reason else _finding(facts, conv)


def _reason(facts: Facts, conv: Conv, max_stride: int) -> str:
    """Return why a layer is left alone, "" where it isn't."""
    if conv.transposed:
        return "a transposed convolution upsamples by its stride"
    if max(_strides(conv)) <= max_stride:
        return f"stride {steps(_strides(conv))}, the limit is {max_stride}"
    if conv.node.key in facts.stems:
        return "it is a stem"
    if conv.patchify and _is_branch(facts, conv):
        return f"it cuts patches of {sides(conv.kernel)} of a map that others read too"
    if not conv.pointwise and conv.node.key in facts.partly_read:
        return f"stride {steps(conv.stride)} is above its kernel: see P401"
    return ""


def _is_branch(facts: Facts, conv: Conv) -> bool:
    """Return whether others read its map too, seen through changes of layout."""
    name = conv.node.inputs[0]
    for _ in range(MAX_LAYOUT):
        readers = facts.model.consumers_of.get(name, ())
        if sum(any(made in facts.data for made in reader.outputs) for reader in readers) > 1:
            return True
        node = facts.model.producer_of.get(name)
        if node is None or node.op not in LAYOUT:
            return False
        name = node.inputs[0]
    return False


def _strides(conv: Conv) -> tuple[int, ...]:
    """Return the stride of each axis, 1 where the window stands once."""
    grid = conv.grid or (None,) * len(conv.stride)
    return tuple(1 if n == 1 else step for step, n in zip(conv.stride, grid, strict=True))


def _axes(conv: Conv) -> Iterator[tuple[int, int]]:
    """Yield the kernel side and the stride of each axis."""
    yield from zip(conv.kernel, conv.stride, strict=True)


def _finding(facts: Facts, conv: Conv) -> Finding:
    stepwise = all(step & (step - 1) == 0 for step in conv.stride)
    words, saving = _in_steps(facts, conv) if stepwise else _at_two(facts, conv)
    kept = None
    if conv.in_shape is not None and conv.out_shape is not None and 0 not in conv.in_shape:
        kept = prod(conv.out_shape) / prod(conv.in_shape)
    left = "" if kept is None else f", which leaves {kept:.0%} of the numbers"
    return Finding(
        nodes=(conv.node,),
        message=f"downsamples by {steps(conv.stride)} in one step{left}",
        suggestion=f"{words}; needs retraining",
        evidence={
            "stride": conv.stride,
            "kernel": conv.kernel,
            "kept": None if kept is None else round(kept, 4),
            "macs": facts.macs_of(conv.node),
        },
        saving=saving,
    )


def _in_steps(facts: Facts, conv: Conv) -> tuple[str, Saving]:
    """Return the remedy with 3x3 kernels at stride 2, and what it saves."""
    window = tuple(3 if step > 1 else min(3, side) for side, step in _axes(conv))
    depth = max(conv.stride).bit_length() - 1
    widths = (*(conv.cin,) * depth, conv.cout)
    weights = [prod(window) * conv.cin // conv.groups * width for width in widths[1:]]
    now = facts.macs_of(conv.node)
    macs = size = None
    if conv.out_shape is not None and now is not None:
        # After each step every axis still has to shrink by what is left of its stride.
        left = [[max(1, s >> done) for s in conv.stride] for done in range(1, depth + 1)]
        positions = [prod(conv.out_shape[2:]) * conv.out_shape[0] * prod(s) for s in left]
        macs = sum(w * n for w, n in zip(weights, positions, strict=True))
        dtype = facts.model.value(conv.node.outputs[0]).dtype
        size = size_in_bytes(conv.cin * sum(positions[:-1]), dtype)
    # An axis of stride s takes log2(s) of the steps; the layers after them move by s on it.
    moved = [step - 1 + (depth - step.bit_length() + 1) * step for step in conv.stride]
    sees = zip(window, moved, conv.reach, strict=True)
    changes = [(side - 1) * by - (reach - 1) for side, by, reach in sees]
    field = facts.receptive.get(conv.node.inputs[0])
    cost = "" if macs is None else f": {macs:,} instead of {now:,} MACs"
    return (
        f"{depth} Conv {sides(window)} {'->'.join(map(str, widths))} in steps of 2"
        f"{cost}{',' if cost else ':'} {sum(weights):,} instead of {conv.weights:,} weights"
    ), Saving(
        macs=None if macs is None or now is None else now - macs,
        params=conv.weights - sum(weights),
        activation_bytes=None if size is None else -size,
        receptive_field=in_pixels(field, changes),
    )


def _at_two(facts: Facts, conv: Conv) -> tuple[str, Saving]:
    """Return the remedy with stride 2, and what it saves on this layer."""
    stride = tuple(min(step, 2) for step in conv.stride)
    now, more = facts.macs_of(conv.node), None
    cost = ""
    if conv.in_grid is not None and conv.grid and now is not None and 0 not in conv.grid:
        sizes = zip(conv.in_grid, conv.reach, *conv.pads, stride, strict=True)
        grid = tuple((n + a + b - reach) // step + 1 for n, reach, a, b, step in sizes)
        more = now * prod(grid) // prod(conv.grid)
        cost = f": a map of {sides(grid)}, and {more:,} instead of {now:,} MACs here"
    return f"stride {steps(stride)}, and the next step further on{cost}", Saving(
        macs=None if more is None or now is None else now - more,
        activation_bytes=None,
        receptive_field=None,
    )
