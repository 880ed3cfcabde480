import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from cnnlint.facts.weights.folded import folded_skips, identity_score
from tests.net import Net

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float32]]


def kernel(centre: float) -> Floats:
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


SIDES = st.lists(st.sampled_from([1, 3, 5]), min_size=1, max_size=3)


@st.composite
def square_kernels(draw: st.DrawFn) -> Floats:
    channels = draw(st.integers(1, 4))
    numbers = st.floats(-4, 4, width=32)
    return draw(arrays.arrays(np.float32, (channels, channels, *draw(SIDES)), elements=numbers))


@given(square_kernels())
def test_identity_score_by_hand(weight: Floats) -> None:
    inside: list[float] = []
    outside: list[float] = []
    for place in np.ndindex(weight.shape):
        centre = all(at == side // 2 for at, side in zip(place[2:], weight.shape[2:], strict=True))
        (inside if centre and place[0] == place[1] else outside).append(abs(float(weight[place])))
    score = identity_score(weight)
    if not outside or not sum(outside):
        assert score is None
    else:
        mean = sum(outside) / len(outside)
        assert score == pytest.approx(sum(inside) / len(inside) / mean, rel=1e-4, abs=1e-6)


def test_identity_score_tells_a_folded_skip_connection() -> None:
    weight = np.random.default_rng(0).normal(0, 0.05, (64, 64, 3, 3)).astype(np.float32)
    ordinary = identity_score(weight)
    weight[range(64), range(64), 1, 1] += 1
    folded = identity_score(weight)
    assert ordinary
    assert folded
    assert 0.8 < ordinary < 1.2
    assert folded > 15


@pytest.mark.parametrize(
    "shape",
    [
        pytest.param((4, 3, 3, 3), id="not square"),
        pytest.param((4, 4, 2, 2), id="no centre"),
        pytest.param((4, 4, 3, 2), id="no centre on one axis"),
        pytest.param((1, 1, 1, 1), id="nothing but a centre"),
    ],
)
def test_identity_score_is_not_defined(shape: tuple[int, ...]) -> None:
    assert identity_score(np.ones(shape, np.float32)) is None


def test_identity_alone_has_no_score() -> None:
    assert identity_score(np.eye(4, dtype=np.float32).reshape(4, 4, 1, 1)) is None
