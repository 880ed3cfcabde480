import numpy as np
import pytest

from cnnlint.facts.weights.folded import folded_skips
from tests.net import Net


def kernel(centre: float) -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
    weight = np.ones((4, 4, 3, 3), np.float32)
    weight[range(4), range(4), 1, 1] = centre
    return weight


@pytest.mark.parametrize(
    ("net", "folded"),
    [
        pytest.param(Net(4, 8).conv(4, weight=kernel(1.5)), "yes", id="holds one"),
        pytest.param(Net(4, 8).conv(4, weight=kernel(1.49)), "no", id="holds none"),
        pytest.param(
            Net(4, 8).conv(4, weight=kernel(9)).conv(4, weight=kernel(1)), "yes", id="half"
        ),
        pytest.param(Net(4, 8).conv(4), "unreadable", id="unreadable"),
        pytest.param(Net(4, 8).conv(4, bias=False), "no", id="without bias"),
        pytest.param(Net(4, 8).conv(8), "no", id="other channels"),
        pytest.param(Net(4, ()).dense(4), "no", id="dense"),
    ],
)
def test_folded_skips(net: Net, folded: str) -> None:
    facts = net.facts()
    assert folded_skips(facts.model, tuple(facts.weighted.values()), 1.5) == folded


def test_what_the_recipe_says() -> None:
    model = Net(4, 8).conv(8).model()
    assert folded_skips(model, (), 1.5, told=True) == "yes"
    assert folded_skips(model, (), 1.5, told=False) == "no"
