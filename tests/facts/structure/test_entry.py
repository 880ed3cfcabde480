import pytest

from tests.net import Net


def entry(net: Net) -> tuple[str | None, tuple[int, ...]] | None:
    found = net.facts().entry
    if found is None:
        return None
    return found.pool.node.op if found.pool else None, tuple(map(int, found.jump))


@pytest.mark.parametrize(
    ("net", "found"),
    [
        pytest.param(Net(3, 32).conv(4, 7, stride=2), (None, (2, 2)), id="alone"),
        pytest.param(Net(3, 32).conv(4, 7, stride=2).pool(), ("MaxPool", (4, 4)), id="pool"),
        pytest.param(Net(3, (32,)).conv(4, 7).pool(), ("MaxPool", (2,)), id="1-D"),
        pytest.param(
            Net(3, 32).conv(4, stride=2).conv(4).conv(4).pool(), ("MaxPool", (4, 4)), id="three"
        ),
        pytest.param(Net(3, 32).conv(4).conv(4).conv(4).conv(4).pool(), (None, (1, 1)), id="four"),
        pytest.param(Net(3, 32).conv(4).conv(4, stride=2).pool(), (None, (1, 1)), id="strided"),
        pytest.param(Net(3, 32).conv(4).gap(), (None, (1, 1)), id="global pool"),
        pytest.param(Net(3, 32).conv(4).pool(3, 1, pad=1), (None, (1, 1)), id="pool of stride 1"),
        pytest.param(Net(3, 32).conv(4).op("Erf").pool(), (None, (1, 1)), id="something else"),
        pytest.param(Net(3, 32).conv(4, 1), None, id="no window"),
        pytest.param(Net(4, ()).dense(2), None, id="no convolution"),
    ],
)
def test_entry(net: Net, found: tuple[str | None, tuple[int, ...]] | None) -> None:
    assert entry(net) == found
