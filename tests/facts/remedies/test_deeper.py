import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlint.facts.remedies.deeper import deeper
from tests.net import Net


def planned(net: Net) -> tuple[int, int, int] | None:
    facts = net.facts()
    plan = deeper(facts.convs, facts.stems)
    return None if plan is None else (plan.conv.cin, plan.middle, plan.cout)


@pytest.mark.parametrize(
    ("net", "channels"),
    [
        pytest.param(Net(3, 8).conv(64).conv(64), (64, 32, 64), id="half"),
        pytest.param(Net(3, 8).conv(64).conv(192), (64, 48, 192), id="harmonic mean"),
        pytest.param(Net(3, 8).conv(64).conv(65), (64, 32, 65), id="a multiple of 8"),
        pytest.param(Net(3, 8).conv(900).conv(4), None, id="nothing left"),
        pytest.param(Net(3, 8).conv(64).conv(16).conv(32, 5), (16, 8, 32), id="largest"),
        pytest.param(Net(3, 8).conv(1024), (3, 48, 48), id="alone"),
        pytest.param(Net(3, 8).conv(24), None, id="alone and narrow"),
        pytest.param(Net(3, 8).conv_transpose(1024, 2), None, id="alone and transposed"),
        pytest.param(Net(3, 8).conv(64).conv_transpose(64, 2), None, id="transposed"),
    ],
)
def test_channels(net: Net, channels: tuple[int, int, int] | None) -> None:
    assert planned(net) == channels


@given(
    st.integers(1, 400),
    st.integers(1, 400),
    st.sampled_from([1, 3, 5]),
    st.integers(1, 2),
    st.booleans(),
)
def test_costs(cin: int, cout: int, k: int, stride: int, behind: bool) -> None:
    start = Net(3, 8, batch=2).conv(cin, bias=False) if behind else Net(cin, 8, batch=2)
    before = start.conv(cout, k, stride=stride, bias=False).facts()
    plan = deeper(before.convs[-1:], before.stems)
    if plan is None:
        return
    net = start.conv(plan.middle, k, bias=False)
    after = net.conv(plan.cout, k, stride=stride, bias=False).facts()
    assert plan.weights == sum(conv.weights for conv in after.convs[-2:])
    assert plan.weights <= before.convs[-1].weights
    assert plan.macs == sum(after.macs_of(conv.node) or 0 for conv in after.convs[-2:])
