from math import prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlint.facts.structure.flattening import dominates, flattened_map, size_giver
from tests.net import Net


@given(
    st.lists(st.integers(1, 6), min_size=1, max_size=3),
    st.integers(1, 9),
    st.permutations(range(1, 4)),
    st.booleans(),
)
@settings(max_examples=60)
def test_map_whatever_its_layout(
    grid: list[int], channels: int, order: list[int], turned: bool
) -> None:
    net = Net(2, tuple(grid)).conv(channels)
    if turned and len(grid) == 2:
        net = net.op("Transpose", perm=[0, *order])
    (dense,) = (facts := net.flatten().dense(3, cin=channels * prod(grid)).facts()).dense
    shape = flattened_map(facts, dense)
    if prod(grid) == 1:
        assert shape is None
    else:
        assert shape
        assert (shape[0], sorted(shape[1:])) == (channels, sorted(grid))


@pytest.mark.parametrize(
    ("units", "more", "limits", "found"),
    [
        pytest.param(256, 1, {}, True, id="most of a network of a million"),
        pytest.param(100, 1, {}, False, id="most of a smaller network"),
        pytest.param(100, 6000, {}, True, id="half of a network of a million"),
        pytest.param(100, 20_000, {}, False, id="less than a quarter"),
        pytest.param(256, 20_000, {}, True, id="a million itself"),
        pytest.param(100, 20_000, {"min_share": 0.1}, True, id="share"),
        pytest.param(100, 20_000, {"min_weights": 400_000}, True, id="number"),
        pytest.param(256, 1, {"max_grid": 8}, False, id="grid"),
    ],
)
def test_dominates(units: int, more: int, limits: dict[str, int], found: bool) -> None:
    facts = Net(3, 8).conv(64).flatten().dense(units, cin=4096).relu().dense(more).facts()
    assert dominates(facts, facts.dense[0], (64, 8, 8), **limits) is found


BOXES = np.zeros((5, 4), np.float32)


@pytest.mark.parametrize(
    ("net", "giver"),
    [
        pytest.param(Net(3, 8).conv(4), None, id="convolution"),
        pytest.param(
            Net(3, 8)
            .conv(4)
            .stored("boxes", BOXES)
            .stored("batch", [0] * 5)
            .op("RoiAlign", "boxes", "batch", output_height=8, output_width=8)
            .conv(4),
            "RoiAlign",
            id="regions",
        ),
        pytest.param(
            Net(3, 8).conv(4).stored("to", [1, 4, 8, 8]).op("Resize", "", "", "to").conv(4),
            "Resize",
            id="resized to a size",
        ),
        pytest.param(
            Net(3, 4)
            .conv(4)
            .stored("by", np.array([1, 1, 2, 2], np.float32))
            .op("Resize", "", "by"),
            None,
            id="resized by a factor",
        ),
        pytest.param(
            Net(3, 8).conv(4).beside("Shape", "input", result="to").op("Resize", "", "", "to"),
            None,
            id="resized to the size of the input",
        ),
    ],
)
def test_size_giver(net: Net, giver: str | None) -> None:
    facts = net.flatten().dense(10, cin=256).facts()
    found = size_giver(facts, facts.dense[0])
    assert (found and found.op) == giver


def test_heads_of_attention_are_no_map() -> None:
    """Tokens with the batch as their second axis: [tokens, 1, heads, channels]."""
    net = Net(3, 6).conv(8).gap().stored("heads", [4, 1, 2, 1])
    net = net.op("Trilu").op("Reshape", "heads").stored("merged", [4, 2]).op("Reshape", "merged")
    facts = net.dense(5, cin=2).facts()
    assert flattened_map(facts, facts.dense[0]) is None


@pytest.mark.parametrize(("mixed", "shape"), [(False, None), (True, (1, 4, 16))])
def test_heads_of_one_token_are_no_map(mixed: bool, shape: tuple[int, ...] | None) -> None:
    """What class attention makes: [1, 1, heads, channels]; what comes behind it may be a map."""
    net = Net(3, 4).conv(8).mark("x").stored("keys", [1, 4, 2, 16]).op("Reshape", "keys")
    net = net.mark("k").goto("x").gap().stored("query", [1, 4, 1, 2]).op("Reshape", "query")
    net = net.op("MatMul", net.marks["k"][0]).op("Transpose", perm=[0, 2, 1, 3])
    net = net.op("Trilu") if mixed else net
    facts = net.stored("flat", [1, 64]).op("Reshape", "flat").dense(5, cin=64).facts()
    assert flattened_map(facts, facts.dense[0]) == shape
