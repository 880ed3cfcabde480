"""What skip connections cost that are planned into a plain run."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlint.facts.remedies.shortcuts import Shortcuts, plan
from tests.net import Net


@st.composite
def runs(draw: st.DrawFn) -> list[tuple[int, str]]:
    """Draw layers by their channels and kind; grids stay even, so that any can be projected."""
    kinds = st.sampled_from(["conv", "1x1", "down", "up", "separable", "halved", "pool"])
    layers: list[tuple[int, str]] = []
    level = 0
    for _ in range(draw(st.integers(1, 9))):
        kind = draw(kinds)
        level += {"down": 1, "halved": 1, "pool": 1, "up": -1}.get(kind, 0)
        if not -1 <= level <= 3:
            break
        layers.append((draw(st.sampled_from([4, 4, 6])), kind))
    return layers


def opened(net: Net, kind: str) -> Net:
    return net.pool() if kind == "pool" else net


def append(net: Net, cout: int, kind: str) -> Net:
    if kind == "up":
        return net.conv_transpose(cout, 2)
    if kind in ("separable", "halved"):
        stride = 1 if kind == "separable" else 2
        net = net.conv(net.cin, stride=stride, groups=net.cin, bias=False)
    if kind in ("separable", "halved", "1x1"):
        return net.conv(cout, 1, bias=False)
    return net.conv(cout, stride=2 if kind == "down" else 1, bias=False)


def bypassed(net: Net, block: list[tuple[int, str]]) -> tuple[Net, bool]:
    """Append a block with a skip connection; say whether it was free."""
    net = opened(net, block[0][1]).mark("x")
    for place, (cout, kind) in enumerate(block):
        net = append(opened(net, kind) if place else net, cout, kind)
    net = net.mark("y")
    halvings = sum(
        kind in ("down", "halved", "pool" if i else "") for i, (_, kind) in enumerate(block)
    )
    doublings = sum(kind == "up" for _, kind in block)
    net = net.goto("x")
    if (before := net.cin) == block[-1][0] and halvings == doublings:
        return net.add("y"), True
    factor = 2.0 ** (doublings - halvings)
    net = net.conv(block[-1][0], 1, stride=max(1, int(1 / factor)), bias=False)
    if factor > 1:
        scales = np.array([1, 1, factor, factor], np.float32)
        net = net.stored(f"scales{before}{len(net.nodes)}", scales)
        net = net.op("Resize", "", net.weights[-1].name, mode="nearest")
    return net.add("y"), False


@given(runs())
@settings(max_examples=60)
def test_plan_costs_what_the_tool_counts_on_it(layers: list[tuple[int, str]]) -> None:
    start = Net(4, 16, batch=2).relu()
    costs = []
    for size in (2, 3):
        whole = len(layers) // size * size
        free, rebuilt, net = 0, start, start
        for place in range(0, whole, size):
            rebuilt, was_free = bypassed(rebuilt, layers[place : place + size])
            free += was_free
        for layer in layers[:whole]:
            net = append(opened(net, layer[1]), *layer)
        before, after = net.facts(), rebuilt.facts()
        assert not after.model.defects
        costs.append(
            Shortcuts(
                size,
                free,
                whole // size - free,
                (after.macs or 0) - (before.macs or 0),
                after.params - before.params,
            )
        )
    net = start
    for layer in layers:
        net = append(opened(net, layer[1]), *layer)
    found = plan(net.facts().convs)
    assert replace(found, largest_map=0) == min(costs, key=lambda cost: cost.macs)


def test_only_a_depthwise_and_a_pointwise_convolution_are_one_unit() -> None:
    depthwise = Net(8, 16).conv(8, groups=8)
    assert plan(depthwise.conv(8, groups=8).facts().convs).free == 1
    assert plan(depthwise.conv(8, 1).facts().convs) == Shortcuts(2)
    dense = depthwise.gap().op("Squeeze").dense(8)
    layers = tuple(Net(8, ()).dense(8).facts().dense)
    assert plan((*dense.facts().convs, *layers)) == Shortcuts(2)


def test_run_without_a_layer_has_no_plan() -> None:
    assert plan([]) == Shortcuts(2)
