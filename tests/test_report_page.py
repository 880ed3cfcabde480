"""docs/reading-the-report.md shows what the tool says, and says what it does."""

import os
import re
from pathlib import Path

import pytest

from cnnlint.cli.screen import NARROWEST, WIDEST
from cnnlint.report.block import MAX_PER_RULE
from cnnlint.report.neighbourhood import MAX_LAYERS
from cnnlint.report.style import WIDTH

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reading-the-report.md"


@pytest.mark.parametrize(("name", "kind"), [("drawn", ""), ("told", ".words")])
def test_the_samples_are_those_of_the_golden_texts(name: str, kind: str) -> None:
    """``UPDATE_GOLDEN=1`` writes them anew, as it does the golden texts."""
    golden = ROOT / "tests" / "golden" / "text" / f"checkerboard_decoder{kind}.txt"
    sample = golden.read_text(encoding="utf-8").partition("\n\n")[0]
    page = PAGE.read_text(encoding="utf-8")
    place = re.compile(rf"(<!-- {name} -->\n```text\n)(.*?)\n```\n", re.DOTALL)
    if "UPDATE_GOLDEN" in os.environ:
        page = place.sub(lambda found: f"{found[1]}{sample}\n```\n", page)
        PAGE.write_text(page, encoding="utf-8")
    assert [text for _, text in place.findall(page)] == [sample]


def test_the_numbers_of_the_page() -> None:
    page = " ".join(PAGE.read_text(encoding="utf-8").split())
    assert f"names the first {['', 'one', 'two', 'three', 'four', 'five'][MAX_LAYERS]} of" in page
    assert f"No more than {MAX_PER_RULE} of a rule are shown" in page
    assert f"between {NARROWEST} and {WIDEST} columns; in a file or a pipe, {WIDTH}." in page
