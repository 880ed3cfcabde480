"""Windows at their limits: sizes that no net has, and files that mean harm."""

from fractions import Fraction

import pytest

from cnnlint.facts.reach.window import (
    MAX_READS,
    Window,
    blocks,
    merge,
    pixels,
    resample,
    slide,
    slide_transposed,
)

HUGE = 2**62


def upsampled(factor: int) -> Window:
    window = resample(pixels(2), Fraction(factor))
    assert window
    return window


def test_a_huge_kernel_is_no_work() -> None:
    window = slide(pixels(2), HUGE, HUGE, 3)
    assert window
    assert (window.largest, window.jump) == ((HUGE - 1) * 3 + 1, Fraction(HUGE))


def test_a_kernel_wider_than_the_period_reads_it_all() -> None:
    window = slide(upsampled(4), 1001, dilation=3)
    assert window
    assert window.largest == 3000 // 4 + 1


@pytest.mark.parametrize(("factor", "followed"), [(MAX_READS, True), (MAX_READS + 1, False)])
def test_the_period_has_a_limit(factor: int, followed: bool) -> None:
    assert (resample(pixels(2), Fraction(factor)) is not None) is followed
    assert (slide_transposed(pixels(2), 1, factor, 1, 0) is not None) is followed


def test_the_readings_have_a_limit() -> None:
    window = upsampled(64)
    assert slide(window, 128)
    assert slide(window, HUGE)  # no more than two periods of it are read
    window = upsampled(128)
    assert slide(window, 128)
    assert slide(window, 129) is None
    assert blocks(window, HUGE) is not None  # every block is the same


def test_what_is_beyond_the_limit_is_not_tried() -> None:
    # Each would take hours.
    assert resample(pixels(2), Fraction(HUGE)) is None
    assert slide_transposed(pixels(2), HUGE, HUGE, 1, 0) is None
    assert slide(upsampled(MAX_READS), HUGE) is None


def test_blocks_too_many_to_read_are_lost() -> None:
    assert blocks(upsampled(MAX_READS), 3) is None


def test_branches_of_too_long_a_period_go_on_as_the_wider_one() -> None:
    long = Window(2, MAX_READS - 1, ((0, 6),) * (MAX_READS - 1), ((0, 6),) * (MAX_READS - 1))
    other = Window(2, MAX_READS - 2, ((0, 3),) * (MAX_READS - 2), ((0, 3),) * (MAX_READS - 2))
    for pair in ([long, other], [other, long]):
        met = merge(pair)
        assert (met.largest, met.smallest) == (7, 4)


def test_blocks_go_through_their_best_position() -> None:
    behind = slide_transposed(pixels(2), 3, 2, 1, 0)  # reads 2 pixels, 1, 2, 1 ...
    assert behind
    window = blocks(behind, 2)
    assert window
    assert (window.smallest, window.largest, window.jump) == (1, 2, Fraction(1))


def test_a_position_that_reads_nothing_counts_for_nothing() -> None:
    holes = slide_transposed(pixels(2), 2, 3, 1, 0)  # every third output reads nothing
    assert holes
    assert (holes.smallest, holes.largest) == (1, 1)
    assert merge([holes, upsampled(3)]).smallest == 1
    nothing = Window(2, 1, (None,), (None,))
    assert (nothing.smallest, nothing.largest) == (0, 0)


def test_places_that_read_nothing_stay_so_beside_another_jump() -> None:
    holes = slide_transposed(pixels(2), 2, 3, 1, 0)
    assert holes
    assert merge([holes, pixels(2)]).narrow == holes.narrow
