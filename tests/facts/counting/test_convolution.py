"""Convolutions against loops that count their multiplications one by one."""

from math import prod
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlint.facts.counting.convolution import conv_macs
from cnnlint.facts.counting.cost import Cost
from cnnlint.model.graph import Shape
from tests.facts.counted import cost_of

sizes = st.integers(1, 4)
grids = st.lists(st.tuples(sizes, sizes), min_size=1, max_size=3)  # size and kernel by axis
OUT, INTO = (2, 6, 5, 7), (2, 4, 9, 11)


def multiplications(into: tuple[int, ...], weight: tuple[int, ...], groups: int) -> int:
    """Convolve at stride 1, padded so that every tap of a window meets a number, and count."""
    batch, _, *grid = into
    cout, per_group, *kernel = weight
    count = 0
    for _ in range(batch):
        for channel in range(cout):
            group = channel // (cout // groups)
            reads = range(group * per_group, (group + 1) * per_group)
            for _ in np.ndindex(*grid):
                count += len(reads) * prod(kernel)
    return count


@given(batch=sizes, per_group=sizes, groups=sizes, out_per_group=sizes, axes=grids)
def test_conv(
    batch: int, per_group: int, groups: int, out_per_group: int, axes: list[tuple[int, int]]
) -> None:
    grid, kernel = zip(*axes, strict=True)
    cin, cout = per_group * groups, out_per_group * groups
    macs = multiplications((batch, cin, *grid), (cout, per_group, *kernel), groups)
    out, weight = (batch, cout, *grid), (cout, per_group, *kernel)
    assert conv_macs(out, weight) == macs
    assert cost_of("Conv", (batch, cin, *grid), weight, out=out, group=groups).macs == macs


@given(batch=sizes, per_group=sizes, groups=sizes, out_per_group=sizes, axes=grids)
def test_transposed_conv_is_the_conv_turned_round(
    batch: int, per_group: int, groups: int, out_per_group: int, axes: list[tuple[int, int]]
) -> None:
    """Its gradient, from the wide map back to the small one, has the same multiplications."""
    grid, kernel = zip(*axes, strict=True)
    cin, cout = per_group * groups, out_per_group * groups
    macs = multiplications((batch, cout, *grid), (cin, out_per_group, *kernel), groups)
    into, weight = (batch, cin, *grid), (cin, out_per_group, *kernel)
    assert conv_macs(into, weight) == macs
    assert cost_of("ConvTranspose", into, weight, out=None, group=groups).macs == macs


MACS = prod(OUT) * 4 * 9
SCALE, ZERO = (), ()


@pytest.mark.parametrize(
    ("op", "operands", "attrs", "besides"),
    [
        ("Conv", (INTO, (6, 4, 3, 3)), {}, 0),
        ("Conv", (INTO, (6, 4, 3, 3), (6,)), {}, 1),
        ("ConvInteger", (INTO, (6, 4, 3, 3), ZERO, ZERO), {}, 0),
        ("FusedConv", (INTO, (6, 4, 3, 3), None, OUT), {}, 1),
        ("FusedConv", (INTO, (6, 4, 3, 3), (6,), OUT), {"activation": "Relu"}, 3),
        ("NhwcConv", ((2, 9, 11, 4), (6, 4, 3, 3), (6,)), {}, 1),
        ("NhwcFusedConv", ((2, 9, 11, 4), (6, 4, 3, 3), (6,), OUT), {"activation": "Relu"}, 3),
        ("QLinearConv", (INTO, SCALE, ZERO, (6, 4, 3, 3), SCALE, ZERO, SCALE, ZERO), {}, 0),
        ("QLinearConv", (INTO, SCALE, ZERO, (6, 4, 3, 3), SCALE, ZERO, SCALE, ZERO, (6,)), {}, 1),
    ],
)
def test_kin(
    op: str, operands: tuple[Shape | None, ...], attrs: dict[str, Any], besides: int
) -> None:
    found = cost_of(op, *operands, out=OUT, **attrs)
    assert found == Cost(MACS, 2 * MACS + besides * prod(OUT))


@pytest.mark.parametrize(
    ("op", "bias"), [("ConvTranspose", ()), ("ConvTransposeWithDynamicPads", ((4,),))]
)
def test_kin_of_the_transposed(op: str, bias: tuple[Shape, ...]) -> None:
    macs = prod(INTO) * 3 * 16
    operands = (INTO, (4, 3, 4, 4), *bias, (3,))
    assert cost_of(op, *operands, out=OUT) == Cost(macs, 2 * macs + prod(OUT))
    assert cost_of(op, *operands, out=(2, 6, None, None)) == Cost(macs, None)


@pytest.mark.parametrize(
    ("operands", "out"),
    [
        ((INTO, (6, 4, 3, None)), OUT),
        ((INTO, (6, 4)), OUT),
        ((INTO, (6, 4, 3, 3)), (2, 6, None, 7)),
        ((INTO,), OUT),
    ],
)
def test_unknown_sizes(operands: tuple[Shape, ...], out: Shape) -> None:
    assert cost_of("Conv", *operands, out=out) == Cost(None, None)


@pytest.mark.parametrize(("masked", "each"), [(False, 7), (True, 8)])
@pytest.mark.parametrize("bias", [False, True])
def test_deformable(*, masked: bool, each: int, bias: bool) -> None:
    offsets = (2, 2 * 9, 5, 7)
    operands = (
        INTO,
        (6, 2, 3, 3),
        offsets,
        (6,) if bias else None,
        (2, 9, 5, 7) if masked else None,
    )
    found = cost_of("DeformConv", *operands, out=OUT, group=2)
    macs = prod(OUT) * 2 * 9
    samples = sum(1 for _ in np.ndindex(2, 4, 5, 7, 3, 3))  # each tap, channel and place
    assert found == Cost(macs, 2 * macs + each * samples + bias * prod(OUT))
    unknown = cost_of("DeformConv", (2, None, 9, 11), *operands[1:], out=OUT, group=2)
    assert unknown == Cost(macs, None)


@pytest.mark.parametrize(
    ("operands", "attrs", "besides"),
    [
        (((2, 8, 20), (8, 1, 4)), {}, 0),
        (((2, 8, 20), (8, 1, 4), (8,)), {"activation": "none"}, 1),
        (((2, 8, 20), (8, 1, 4), (8,)), {"activation": "silu"}, 2),
    ],
)
def test_causal(operands: tuple[Shape, ...], attrs: dict[str, Any], besides: int) -> None:
    macs = 2 * 8 * 20 * 4
    found = cost_of("CausalConvWithState", *operands, out=(2, 8, 20), **attrs)
    assert found == Cost(macs, 2 * macs + besides * 320)
    assert cost_of("CausalConvWithState", (2, None, 20), (8, 1, 4)).macs is None
