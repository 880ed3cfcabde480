from hypothesis import given
from hypothesis import strategies as st

from cnnlint.facts.facts import Facts
from cnnlint.facts.remedies.widening import Widening, seen_share, widen
from tests.net import Net


def widened(facts: Facts, size: int, enough: float) -> Widening | None:
    (head,) = facts.heads.found
    return widen(facts.paced, facts.receptive, head, (size, size), enough)


def test_seen_share() -> None:
    assert seen_share((3, 8), (6, 10)) == 0.8


@given(
    st.lists(st.sampled_from([1, 3, 5]), max_size=3),
    st.lists(st.sampled_from([1, 3, 5]), min_size=1, max_size=4),
    st.sampled_from([0.1, 0.5, 0.9]),
)
def test_widened_network_sees_and_costs_as_much(
    first: list[int], last: list[int], enough: float
) -> None:
    """It is compared with the network that has a pool in front of its last convolutions."""

    def built(factor: int) -> Facts:
        net = Net(3, 64).conv(4, 3).pool()
        for k in first:
            net = net.conv(4, k)
        net = net.pool()
        for place, k in enumerate(last):
            window = next((i for i, side in enumerate(last) if side > 1), -1)
            if place == window and factor > 1:
                net = net.pool(factor, factor, op="AveragePool")
            net = net.conv(4, k)
        return net.gap().facts()

    before = built(1)
    found = widened(before, 64, enough)
    if found is None or all(k == 1 for k in last):
        return
    after = built(found.factor)
    assert found.field == tuple(axis.largest for axis in after.heads.found[0].axes)
    assert found.layers == sum(k > 1 for k in last)
    assert before.macs is not None
    assert after.macs is not None
    assert found.saved == before.macs - after.macs


def test_layers_over_tokens_are_cheaper_too() -> None:
    net = Net(3, 64).conv(4, name="a").op("Transpose", perm=[0, 2, 3, 1])
    net = net.shaped("w", 4, 6).op("MatMul", "w", width=6).op("Transpose", perm=[0, 3, 1, 2])
    facts = net.gap().facts()
    found = widened(facts, 64, 0.05)
    assert found is not None
    assert found.saved == (facts.macs or 0) * 3 // 4


def test_no_convolution_with_a_window() -> None:
    assert widened(Net(3, 64).conv(4, 1).gap().facts(), 64, 0.5) is None
