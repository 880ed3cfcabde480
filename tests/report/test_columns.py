"""How wide text is, and where it breaks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlint.report.columns import columns, flowed, hanging, padded, wrapped


@pytest.mark.parametrize(
    ("text", "width"),
    [("", 0), ("conv1", 5), ("畳み込み", 8), ("\uff46", 2), ("e\u0301", 1), ("é", 1), ("…·", 2)],
)
def test_columns(text: str, width: int) -> None:
    assert columns(text) == width
    assert padded(text, 12) == text + " " * (12 - width)
    assert padded(text, 0) == text


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("one two three", ["one two", "three"]),
        ("(-45 %) 2 (+200 %)", ["(-45 %) 2", "(+200 %)"]),
        ("now 5.8 MMACs", ["now", "5.8 MMACs"]),
        *(
            (f"now 1.2345 {unit}", ["now", f"1.2345 {unit}"])
            for unit in ("MAC", "GMACs", "B", "KiB", "MB", "M params", "param", "bytes")
        ),
        ("in aaa-aaaaaaa", ["in", "aaa-aaaaaaa"]),
        ("just 9 macsa", ["just 9", "macsa"]),
        ("a_name_that_is_too_long x", ["a_name_that_is_too_long", "x"]),
        ("畳み 込み", ["畳み 込み"]),
        ("畳み込 畳み", ["畳み込", "畳み"]),
    ],
)
def test_a_number_stays_with_its_unit(text: str, lines: list[str]) -> None:
    assert wrapped(text, 10, 0, 0) == lines


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("aa bb cc dd", ["aa bb", "cc dd"]),
        ("aa bb cc dd ee", ["aa bb cc", "dd ee"]),
        ("aa bb cc dd eeeeeee", ["aa bb cc", "dd eeeeeee"]),
        ("aa bb cc dd eeeeeeee", ["aa bb cc", "dd", "eeeeeeee"]),
    ],
)
def test_no_word_stands_alone_on_the_last_line(text: str, lines: list[str]) -> None:
    assert wrapped(text, 10, 0, 0) == lines


def test_what_is_taken_already() -> None:
    assert wrapped("aa bb cc dd", 10, 4, 6) == ["aa bb", "cc", "dd"]
    assert flowed(["aa", "bb"], 6, 0, 0, "  ") == ["aa  bb"]
    assert flowed(["aa", "bb"], 5, 0, 0, "  ") == ["aa", "bb"]
    assert list(hanging("= x: ", "aa bb", 8)) == ["= x: aa", "     bb"]
    assert list(hanging("= x: ", "aa bb", 8, 2)) == ["= x: aa", "  bb"]


@given(st.lists(st.text("ab畳\u0301", min_size=1), max_size=20), st.integers(1, 30))
def test_nothing_is_lost_and_only_words_stand_over(words: list[str], width: int) -> None:
    lines = wrapped(" ".join(words), width, 0, 0)
    assert " ".join(lines).split(" ") == (words or [""])
    assert all(columns(line) <= width or line in words for line in lines)
