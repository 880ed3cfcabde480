"""Axes as rows of parts: reshapes that don't fit, unknown sizes, and what can't be told apart."""

import pytest

from cnnlint.facts.reach.axes import (
    NOTHING,
    Part,
    Parts,
    Track,
    cut,
    meet,
    origins,
    regroup,
    whole,
)
from cnnlint.facts.reach.window import MAX_READS, Window, pixels, slide
from cnnlint.model.graph import Dim, Shape

HIGH, WIDE = pixels(2), pixels(3)
LOST = frozenset((2,))


def axis(*parts: tuple[Dim, Track]) -> Parts:
    return tuple(Part(size, track) for size, track in parts)


def row(size: Dim, track: Track = NOTHING) -> Parts:
    return axis((size, track))


def strided(window: Window, step: int) -> Window:
    behind = slide(window, 1, step)
    assert behind
    return behind


@pytest.mark.parametrize(
    "shape", [(4,), (8,), (7,), (0,), (3, 2, 0), (4, None), (0, None), (None, None)]
)
def test_a_reshape_to_another_size_mingles_all(shape: Shape) -> None:
    mingled = frozenset((2, 3))
    found = regroup([row(2, HIGH), row(3, WIDE)], shape)
    assert found == tuple(row(size, mingled) for size in shape)


def test_a_reshape_of_nothing_mingles_all() -> None:
    assert regroup([row(0, HIGH)], (0,)) == (row(0, LOST),)


def test_axes_of_size_1_come_and_go() -> None:
    assert regroup([row(1, HIGH), row(3, WIDE)], (3, 1)) == (row(3, WIDE), ())
    assert whole(()) == NOTHING


def test_channels_are_regrouped_at_will() -> None:
    found = regroup([row(6), row(4), row(5, HIGH)], (4, 6, 5))
    assert [origins(parts) for parts in found] == [NOTHING, NOTHING, LOST]
    assert whole(found[2]) == HIGH


def test_two_axes_that_only_divide_together_are_mingled() -> None:
    mingled = frozenset((2, 3))
    found = regroup([row(6, HIGH), row(4, WIDE)], (4, 6))
    assert found == (row(4, mingled), row(6, mingled))


@pytest.mark.parametrize("unknown", [1, 2, 3])
def test_as_many_unknown_sizes_as_there_are_stand_in_for_each_other(unknown: int) -> None:
    sides = [row(None, pixels(at)) for at in range(unknown)]
    found = regroup([row(6), *sides], (2, 3, *(None for _ in sides)))
    assert list(found[2:]) == sides


def test_more_unknown_sizes_than_that_are_mingled() -> None:
    sides = [row(None, pixels(at)) for at in range(4)]
    assert regroup(sides, (None,) * 4) == tuple(row(None, frozenset(range(4))) for _ in sides)


def test_blocks_of_unknown_size_are_lost() -> None:
    found = regroup([row(None, HIGH), row(4)], (4, None))
    assert found == (row(4, LOST), row(None, LOST))


def test_a_single_unknown_size_is_what_is_left() -> None:
    parts = (Part(None, HIGH), Part(None, WIDE))
    assert regroup([row(6), row(None, HIGH), row(None, WIDE)], (6, None)) == (row(6), parts)
    assert regroup([row(6), row(8, HIGH)], (None, 8)) == (row(6), row(8, HIGH))


def test_an_axis_of_unknown_size_merges_and_is_found_again() -> None:
    merged = regroup([row(None, HIGH), row(4, WIDE)], (None,))
    assert merged == (axis((None, HIGH), (4, WIDE)),)
    assert whole(merged[0]) == frozenset((2, 3))
    assert regroup(merged, (None, 4)) == (row(None, HIGH), row(4, WIDE))


def test_a_mingled_axis_stays_so_when_it_is_split() -> None:
    assert regroup([row(6, LOST)], (2, 3)) == (row(2, LOST), row(3, LOST))


def test_blocks_of_channels_behind_pixels_are_finer_pixels() -> None:
    assert whole(axis((8, strided(HIGH, 4)), (2, NOTHING), (2, NOTHING))) == HIGH_QUARTERS
    assert whole(axis((8, HIGH), (None, NOTHING))) == LOST
    assert whole(axis((8, HIGH), (MAX_READS + 1, NOTHING))) == LOST
    assert whole(axis((4, NOTHING), (8, HIGH))) == LOST


HIGH_QUARTERS = Window(2, 4, ((0, 0),) * 4, ((0, 0),) * 4)


def test_tensors_meet_part_by_part_where_they_are_cut_alike() -> None:
    flat = axis((8, HIGH), (8, WIDE))
    assert meet([flat, flat], 64) == (flat, NOTHING)
    assert meet([flat, row(64)], 64) == (row(64, frozenset((2, 3))), NOTHING)
    blocks = axis((8, strided(HIGH, 4)), (4, NOTHING))
    assert meet([blocks, row(32, HIGH)], 32)[0][0].size == 32
    assert whole(meet([blocks, row(32, HIGH)], 32)[0]) != LOST


def test_what_is_lost_reaches_everywhere_where_something_is_known() -> None:
    assert meet([row(8, HIGH), row(8, LOST)], 8) == (row(8, HIGH), LOST)
    assert meet([row(8), row(8, LOST)], 8) == (row(8, LOST), NOTHING)


def test_what_is_stretched_reaches_everywhere() -> None:
    assert meet([row(8, HIGH), row(1, WIDE)], 8) == (row(8, HIGH), frozenset((3,)))
    assert meet([row(None, HIGH), row(1, WIDE)], None) == (row(None, HIGH), frozenset((3,)))
    assert meet([row(1, HIGH), row(1, HIGH)], 1) == (row(1, HIGH), NOTHING)
    assert meet([row(1, HIGH)], 8) == (row(8), LOST)
    assert meet([], 8) == (row(8), NOTHING)


def test_a_cut_that_leaves_everything_keeps_the_parts() -> None:
    flat = axis((8, HIGH), (8, WIDE))
    assert cut(flat, 64, 0) == flat
    for size, start, step in [(63, 0, 1), (64, 1, 1), (64, 0, 2), (None, 0, 1)]:
        assert cut(flat, size, start, step) == row(size, frozenset((2, 3)))
