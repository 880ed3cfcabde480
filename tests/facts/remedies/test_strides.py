import pytest

from cnnlint.facts.remedies.strides import pooled_first, share_skipped
from tests.net import Net


@pytest.mark.parametrize(
    ("size", "stride", "skipped", "additions", "numbers", "odd"),
    [
        (16, 2, 0.75, 8 * 64 * 4, 8 * 64, False),
        (15, 2, 1 - 64 / 225, 8 * 64 * 4, 8 * 64, True),
        (16, (2, 1), 0.5, 8 * 128 * 2, 8 * 128, False),
        (1, 2, 0.0, 8 * 4, 8, True),
    ],
)
def test_pool_in_front(
    size: int,
    stride: int | tuple[int, int],
    skipped: float,
    additions: int,
    numbers: int,
    odd: bool,
) -> None:
    conv = Net(8, size).conv(16, 1, stride=stride).facts().convs[0]
    pool = pooled_first(conv)
    assert share_skipped(conv) == pytest.approx(skipped)
    assert (pool.additions, pool.map_size, pool.ceil_mode) == (additions, numbers, odd)
    assert pool.window == conv.stride


def test_pool_in_front_of_a_map_of_unknown_size() -> None:
    conv = Net(8, 8).conv(16, 1, stride=2).open_facts().convs[0]
    assert share_skipped(conv) == 0.75
    assert (pooled_first(conv).additions, pooled_first(conv).map_size) == (None, None)
