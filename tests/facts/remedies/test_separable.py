from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlint.facts.remedies.separable import Separable
from tests.net import Net


@given(
    st.integers(1, 40),
    st.integers(1, 40),
    st.lists(st.integers(1, 5), min_size=1, max_size=3),
    st.integers(1, 2),
)
@settings(max_examples=60)
def test_separable_costs_what_the_tool_counts_on_it(
    cin: int, cout: int, kernel: list[int], stride: int
) -> None:
    grid, side = tuple(range(6, 6 + len(kernel))), tuple(kernel)
    net = Net(cin, grid, 2)
    dense = net.conv(cout, side, stride=stride, bias=False).facts()
    found = Separable(dense.convs[0])
    facts = net.conv(cin, side, stride=stride, groups=cin, bias=False)
    separable = facts.conv(cout, 1, bias=False).facts()
    assert (found.weights, found.macs) == (separable.params, separable.macs)
    assert found.dense_macs == dense.macs


def test_time_allows_for_slow_depthwise_layers() -> None:
    found = Separable(Net(256, 32).conv(128).facts().convs[0])
    assert found.time == (4.6 * 9 * 256 + 256 * 128) * 32 * 32
