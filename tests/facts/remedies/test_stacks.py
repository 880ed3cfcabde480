from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cnnlint.facts.layers import Conv
from cnnlint.facts.remedies.stacks import Stack, cheapest_stack
from tests.net import Net


@pytest.mark.parametrize(
    ("cin", "cout", "channels"),
    [
        (64, 64, (64, 64, 64)),
        (48, 64, (48, 48, 64)),
        (64, 48, (64, 48, 48)),
        (12, 32, (12, 12, 32)),  # as the input
        (40, 8, (40, 16, 8)),  # no narrower than 16
        (14, 12, (14, 14, 12)),  # or than the input, where that has fewer
        (36, 148, (36, 37, 148)),  # at least a quarter of the output
    ],
)
def test_width_between_the_layers(cin: int, cout: int, channels: tuple[int, ...]) -> None:
    stack = cheapest_stack(Net(cin, 8).conv(cout, 5).facts().convs[0])
    assert stack
    assert stack.channels == channels


def test_width_fits_the_groups() -> None:
    conv = Net(96, 8).conv(192, 5, groups=6).facts().convs[0]
    stack = cheapest_stack(conv)
    assert stack
    assert stack.channels == (96, 96, 192)
    assert stack.weights == 9 * (96 * 96 + 96 * 192) // 6
    conv = Net(60, 8).conv(204, 5, groups=12).facts().convs[0]
    stack = cheapest_stack(conv)
    assert stack
    assert stack.channels == (60, 60, 204)
    narrow = cheapest_stack(Net(60, 8).conv(12, 5, groups=12).facts().convs[0])
    assert narrow
    assert narrow.channels == (60, 24, 12)  # 16 are no multiple of 12


SIDE = st.integers(2, 9)
PAIR = st.tuples(st.integers(1, 3), st.integers(1, 3))


@st.composite
def large_convs(draw: st.DrawFn) -> Conv:
    groups = draw(st.sampled_from([1, 1, 2, 3]))
    kernel, rate = draw(st.tuples(SIDE, SIDE)), draw(PAIR)
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, rate, strict=True)]
    pads = tuple(draw(st.integers(0, side)) for side in reach)
    grid = tuple(draw(st.integers(side, 40)) for side in reach)
    cin, cout = (groups * draw(st.integers(1, 24)) for _ in range(2))
    net = Net(cin, grid, draw(st.integers(1, 2)))
    net = net.conv(cout, kernel, stride=draw(PAIR), dilation=rate, pad=pads, groups=groups)
    return net.facts().convs[0]


def rebuilt(stack: Stack) -> Net:
    """Build what the rule suggests, each layer padded to leave the grid that it counts with."""
    conv = stack.conv
    assert conv.in_shape
    net = Net(conv.cin, conv.in_shape[2:], conv.in_shape[0])
    before = conv.in_shape[2:]
    for place, (cout, grid) in enumerate(zip(stack.channels[1:], stack.grids, strict=True)):
        strided = place == (0 if stack.stride_first else stack.depth - 1)
        stride = conv.stride if strided else (1,) * len(grid)
        sizes = zip(before, grid, stride, conv.dilation, strict=True)
        pads = [(after - 1) * s + 2 * d + 1 - size for size, after, s, d in sizes]
        assert all(pad > -s for pad, s in zip(pads, stride, strict=True)), "can't be built"
        pads = [max(0, pad) for pad in pads]
        net = net.shaped(f"w{place}", cout, net.cin // conv.groups, *(3 for _ in grid)).op(
            "Conv",
            f"w{place}",
            width=cout,
            group=conv.groups,
            strides=stride,
            dilations=conv.dilation,
            pads=[pad // 2 for pad in pads] + [pad - pad // 2 for pad in pads],
        )
        before = grid
    return net


@given(large_convs())
def test_stack_costs_what_the_tool_counts_on_it(conv: Conv) -> None:
    stack = cheapest_stack(conv)
    assume(stack is not None)
    assert stack
    facts = rebuilt(stack).facts()
    assert facts.macs == stack.macs
    assert facts.params == stack.weights
    assert [layer.grid for layer in facts.convs] == list(stack.grids)
    assert facts.convs[-1].out_shape == conv.out_shape
    maps = sum(facts.activation_bytes(layer.node) or 0 for layer in facts.convs[:-1])
    assert maps == 4 * stack.extra_numbers
    assert facts.receptive_field
    assert all(new >= old for new, old in zip(facts.receptive_field, conv.reach, strict=True))
    assert stack.sees_the_same == (facts.receptive_field == conv.reach)


@given(
    st.sampled_from([5, 7, 9]), st.integers(1, 40), st.integers(1, 40), st.sampled_from([1, 2, 4])
)
@settings(max_examples=50)
def test_cheapest_of_the_two_widths(kernel: int, cin: int, cout: int, groups: int) -> None:
    cin, cout = cin * groups, cout * groups
    conv = Net(cin, 6).conv(cout, kernel, groups=groups).facts().convs[0]
    widths = [
        next(
            width
            for width in range(groups, 1000, groups)
            if width >= wish and width >= min(cin, 16) and 4 * width >= cout
        )
        for wish in (min(cin, cout), cout)
    ]
    inner = kernel // 2 - 2
    costs = [9 * (cin * w + inner * w * w + w * cout) // groups for w in widths]
    stack = cheapest_stack(conv)
    assert stack is not None
    assert stack.weights == min(costs)
    assert stack.macs == min(costs) * 36
    assert stack.direct_macs == conv.weights * 36


def test_stride_stands_where_it_can() -> None:
    """The first layer takes the stride where the padding allows it, since that is cheaper."""
    padded = cheapest_stack(Net(64, 32).conv(64, 7, stride=2).facts().convs[0])
    assert padded
    assert (padded.stride_first, padded.grids) == (True, ((16, 16),) * 3)
    wide = cheapest_stack(Net(64, 32).conv(64, 7, stride=(1, 2)).facts().convs[0])
    assert wide
    assert (wide.stride_first, wide.grids) == (True, ((32, 16),) * 3)
    half = cheapest_stack(Net(64, 32).conv(16, 7, stride=2, pad=2).facts().convs[0])
    assert half
    assert (half.stride_first, half.grids) == (True, ((15, 15),) * 3)
    less = cheapest_stack(Net(64, 32).conv(16, 7, stride=(2, 1), pad=(1, 2)).facts().convs[0])
    assert less
    assert (less.stride_first, less.grids) == (False, ((32, 32), (30, 32), (14, 30)))


def test_no_stack_without_sizes() -> None:
    conv = Net(64, 1).conv(64, 7).facts().convs[0]
    assert cheapest_stack(conv)
    assert cheapest_stack(replace(conv, in_shape=None)) is None
    assert cheapest_stack(replace(conv, out_shape=None)) is None
